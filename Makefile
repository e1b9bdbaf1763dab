# The verbs. `make help` lists them; each does its own set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
VENDOR ?=
FROM ?=
OLD ?=
SINCE ?=
ONLY ?=
SECONDS ?= 60
ROUNDS ?= 15
UPGRADE ?=
# The database of known vulnerabilities that `make audit` asks, and a question to it
OSV ?= https://api.osv.dev/v1/query
NOBODY := {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "0"}

# Containers often forbid bytecode; the tests start hundreds of interpreters, each of which would compile all of it anew.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup lock audit audit-check demo docs refresh refresh-all diff diff-all changelog api generate check-generated format lint types mypy pyright test pytest history fuzz check bench bench-peers bench-check bench-refresh bench-profile bench-memory install-size soak record record-local clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the locked development environment

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "polyvox needs Python 3.11 or newer, which $(PYTHON) is not: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock \
	|| { echo "pip did not get all of requirements-dev.lock: is a package index reachable (PIP_INDEX_URL)?" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

TOOLS := .venv-tools/bin
COMPILED = $(TOOLS)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate $(UPGRADED)
UPGRADED = $(if $(UPGRADE),$(if $(filter all,$(UPGRADE)),--upgrade,--upgrade-package $(UPGRADE)))

.venv-tools/.ready: requirements-tools.lock
	$(PYTHON) -m venv .venv-tools
	$(TOOLS)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@touch $@

lock: .venv-tools/.ready ## resolve the environments, with hashes and without index addresses: make lock [UPGRADE=ruff, or all]
	$(COMPILED) --group dev pyproject.toml -o requirements-dev.lock
	$(COMPILED) --group pyproject.toml:tools -o requirements-tools.lock
	for peer in benchmarks/peers/*.in; do $(COMPILED) $$peer -o $${peer%.in}.lock; done

audit: $(READY) .venv-tools/.ready ## licences of all that is installed, and known vulnerabilities of all that is locked: make audit [OSV=address]
	$(TOOLS)/pip-licenses --python $(BIN)/python --with-system --summary
	$(TOOLS)/pip-licenses --python $(TOOLS)/python --with-system --summary
	@$(TOOLS)/python -c 'import requests; requests.post("$(OSV)", json=$(NOBODY), timeout=30).raise_for_status()' 2>/dev/null \
	|| { echo "make audit: $(OSV) gives no answer: vulnerabilities were not looked for; name another with OSV=" >&2; exit 1; }
	$(TOOLS)/pip-audit --strict --disable-pip --progress-spinner off --vulnerability-service osv --osv-url $(OSV) \
		-r requirements-dev.lock -r requirements-tools.lock

audit-check: $(READY) .venv-tools/.ready ## does make audit find what it should? Against a stand-in for the database; a minute
	AUDIT=1 $(BIN)/python -m pytest -q tests/test_audit.py

demo: $(READY) ## regenerate, then call each vendor over real HTTP and print what it answered
	$(BIN)/python -m codegen generate
	$(BIN)/python -m tests.demo

# What a verb needs, said in its own terms
WHOSE = $(or $(VENDOR),$(error VENDOR is missing: make $@ VENDOR=openai))

refresh: $(READY) ## take a vendor's new description: make refresh VENDOR=openai [FROM=file]
	$(BIN)/python -m codegen refresh $(WHOSE) $(if $(FROM),--from $(FROM))

refresh-all: $(READY) ## the same for each vendor by itself, whatever becomes of the others: make refresh-all [FROM=folder]
	$(BIN)/python -m codegen refresh --all $(if $(FROM),--from $(FROM))

diff: $(READY) ## what a new description means for us, nothing written: make diff VENDOR=openai [FROM=file] [OLD=file]
	$(BIN)/python -m codegen diff $(WHOSE) $(if $(FROM),--from $(FROM)) $(if $(OLD),--old $(OLD))

diff-all: $(READY) ## the same for each vendor: make diff-all [FROM=folder]
	$(BIN)/python -m codegen diff --all $(if $(FROM),--from $(FROM))

changelog: $(READY) ## draft entries for CHANGELOG.md: make changelog VENDOR=openai [FROM=file] [OLD=file]
	$(BIN)/python -m codegen diff $(WHOSE) --changelog $(if $(FROM),--from $(FROM)) $(if $(OLD),--old $(OLD)) || test $$? -lt 3

api: $(READY) ## is what callers use still there? Tells our breaking changes from the vendors': make api [SINCE=commit]
	$(BIN)/python -m codegen.stability $(if $(SINCE),--since $(SINCE))

generate: $(READY) ## compile specs/ into generated/
	$(BIN)/python -m codegen generate

check-generated: $(READY) ## would generate change anything? Prints the difference
	$(BIN)/python -m codegen generate --check
	$(BIN)/python -m docs.build --check

docs: $(READY) ## write the pages of docs/ that are made from code
	$(BIN)/python -m docs.build

format: $(READY) ## format what we wrote
	$(BIN)/ruff format runtime codegen tests benchmarks docs
	$(BIN)/ruff check --fix-only --quiet runtime codegen tests benchmarks docs

lint: $(READY) ## ruff: rules and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check runtime codegen tests benchmarks docs

types: mypy pyright ## mypy --strict and pyright strict on everything

mypy: $(READY) ## the first of these alone
	$(BIN)/mypy

pyright: $(READY) ## the second alone
	$(BIN)/pyright

# Files are handed out whole, in the order of tests/conftest.py
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -q

pytest: $(READY) ## the tests alone
	$(PYTEST)

history: $(READY) ## replay all published revisions of the vendors' descriptions, some minutes; make test takes a few of each
	HISTORY=all $(PYTEST) tests/codegen/test_history.py

fuzz: $(READY) ## the property tests with many random inputs: make fuzz [ONLY=tests/codegen/test_hostile.py]
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -m hypothesis $(ONLY)

# What one core does is done two at a time, each with its output in one piece where make can; the tests use all cores.
GROUPED := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

check: $(READY) ## everything CI runs
	$(MAKE) --no-print-directory --jobs=2 $(GROUPED) pyright mypy check-generated lint
	$(MAKE) --no-print-directory pytest

test: check ## the same as check

bench: $(READY) ## ours against raw httpx2 and others, everything, for the docs: make bench [ONLY="sync, openai"] [ROUNDS=5]
	$(BIN)/python -m benchmarks --rounds $(ROUNDS) $(if $(ONLY),--only "$(ONLY)",--save)

bench-peers: $(READY) ## an environment for each other library that make bench then measures too
	$(BIN)/python -m benchmarks.peers.environments

bench-profile: $(READY) ## where the microseconds of a call and of a chunk go, by module, for the docs
	$(BIN)/python -m benchmarks.profile

bench-memory: $(READY) ## what 100,000 calls leave behind, and what a long stream needs, for the docs; fails over the targets; some minutes
	$(BIN)/python -m benchmarks.memory

install-size: $(READY) ## megabytes and distributions of a fresh installation, for the docs; fails over 15 MB or 13
	$(BIN)/python -m benchmarks.install

bench-check: $(READY) ## ours against raw httpx2 alone; fails where a ratio is over its target by more than the tolerance (5 %)
	$(BIN)/python -m benchmarks --check

bench-refresh: $(READY) ## from a new description to the line to change, cold: make bench-refresh [VENDOR=openai]
	$(BIN)/python -m benchmarks.refreshing $(VENDOR)

soak: $(READY) ## load with faults, for a minute, for the docs: make soak [SECONDS=900]
	$(BIN)/python -m benchmarks.soak --seconds $(SECONDS)

record: $(READY) ## record the cassettes again, with keys from the environment
	$(BIN)/python -m tests.record

record-local: $(READY) ## run servers that people host themselves, and record them: make record-local [ONLY=llama-cpp-python]
	$(BIN)/python -m tests.local $(ONLY)

clean: ## remove the environment and all caches
	rm -rf $(VENV) .venv-local .venv-peers .venv-tools .mypy_cache .ruff_cache .hypothesis .pytest_cache
