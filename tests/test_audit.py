"""`make audit`, with a stand-in for the database of known vulnerabilities, which needs a network.

The tools have an environment of their own, and take a minute: `make audit-check` runs all of this, `make test` only
what needs no tools. (`test_supply_chain.py` looks at licences, too.)
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.mapping.asking import Json, as_bytes
from tests.serving import Asked, answering
from tests.test_supply_chain import LOCKS, ROOT, locked

with_tools = pytest.mark.skipif(not os.environ.get("AUDIT"), reason="takes a minute and tools: make audit-check")
NOWHERE: Final = "http://127.0.0.1:9/v1/query"


@contextmanager
def database(known: str = "", status: int = 200) -> Generator[str]:
    """The address of one that answers as OSV does: https://google.github.io/osv.dev/post-v1-query.

    Args:
        known: the one that is vulnerable, as `name==version`.
        status: of every answer.
    """

    def answer(request: Asked) -> tuple[int, bytes]:
        asked = json.loads(request.body)
        package = {"package": asked["package"], "ranges": list[Json]()}
        hole = {"id": "PYSEC-2026-1", "summary": "A hole.", "affected": [package]}
        found = f"{asked['package']['name']}=={asked['version']}" == known
        return status, as_bytes({"vulns": [hole]} if found else {})

    with answering(answer) as url:
        yield f"{url}/v1/query"


def audit(osv: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """The verb."""
    command = ["make", "--no-print-directory", *flags, "audit", f"OSV={osv}"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_it_asks_the_database_that_is_named_about_all_that_is_locked() -> None:
    said = audit(NOWHERE, "--dry-run").stdout
    assert f"--osv-url {NOWHERE}" in said
    assert all(f"-r {name}" in said for name in LOCKS)


@with_tools
def test_nothing_is_known() -> None:
    with database() as osv:
        done = audit(osv)
    assert (done.returncode, "No known vulnerabilities found" in done.stderr) == (0, True), done.stderr


@with_tools
@pytest.mark.parametrize(("lock", "name"), [(LOCKS[0], "pydantic"), (LOCKS[1], "uv")])
def test_a_locked_version_that_is_vulnerable_is_named(lock: str, name: str) -> None:
    (version,) = locked(lock)[name].specifier
    with database(f"{name}=={version.version}") as osv:
        done = audit(osv)
    assert done.returncode != 0
    assert [line.split() for line in done.stdout.splitlines() if "PYSEC" in line] == [
        [name, version.version, "PYSEC-2026-1"]
    ]


@with_tools
@pytest.mark.parametrize("status", [None, 503], ids=["nobody there", "down"])
def test_a_database_that_does_not_answer_is_said_so(status: int | None) -> None:
    with database(status=status or 200) as osv:
        done = audit(osv if status else NOWHERE)
    assert done.returncode != 0
    assert "gives no answer: vulnerabilities were not looked for" in done.stderr
    assert "Traceback" not in done.stderr


@with_tools
def test_a_licence_that_is_not_allowed_is_named(tmp_path: Path) -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(settings.replace("MPL-2.0;", ""), encoding="utf-8")
    (command,) = (line for line in audit(NOWHERE, "--dry-run").stdout.splitlines() if "--python .venv/bin" in line)
    words = [str(ROOT / word) if word.startswith(".venv") else word for word in command.split()]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "MPL-2.0 not in allow-only licenses was found for package hypothesis" in done.stderr
