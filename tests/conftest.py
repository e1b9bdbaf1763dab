"""What every test relies on: one backend for async tests, and nothing of the developer's environment."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from polyvox.call import Vendor
from polyvox.natives import NATIVE
from polyvox_wire.gateways import GATEWAYS, Gateway
from tests.tokens import TokenServer, token_server

# Names of variables inside a base URL, such as "https://{DATABRICKS_HOST}/...".
_PLACEHOLDER = re.compile(r"\{([A-Z0-9_]+)\}")
# Whatever looks like a key or an address, what HTTP clients read, and what three clouds know a caller by.
_SUSPECT = re.compile(
    r"(?i).*(_api_key|_auth_token|_base_url|_api_base|_proxy)|polyvox_.*|openai_(org|project)_id"
    r"|(aws|azure|gigachat|vertexai|google|watsonx|wx)_.*"
)
# No file of the developer's either, and no question to the machine that this may be.
_NOBODY = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "CLOUDSDK_CONFIG": os.devnull,
    "NO_GCE_CHECK": "true",
}


# CI gives the same verdict on the same commit; `make fuzz` looks for what it has not seen.
_SLOW_ALLOWED = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile(
    "repeatable", derandomize=True, database=None, deadline=None, suppress_health_check=_SLOW_ALLOWED
)
settings.register_profile("fuzz", max_examples=2000, database=None, deadline=None, suppress_health_check=_SLOW_ALLOWED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def _known_names() -> frozenset[str]:
    """Every variable that a provider's row names."""
    rows: list[Vendor | Gateway] = [*NATIVE.values(), *GATEWAYS.values()]
    named = [name for row in rows for name in (*row.key_variables, *row.base_variables)]
    return frozenset(named) | {name for row in rows for name in _PLACEHOLDER.findall(row.base_url or "")}


KNOWN = _known_names()
_CHARGED = {"WATSONX_PROJECT_ID": "p1", "GDC_PROJECT": "p1", "GDC_LOCATION": "l1"}
TOKEN_SERVERS = ("GIGACHAT_AUTH_URL", "WATSONX_IAM_URL")


LONGEST: Final = (
    "codegen/test_history.py",
    "recordings/test_cuts.py",
    "codegen/test_one_step_changes.py",
    "recordings/test_replies.py",
    "hostile/test_junk.py",
    "test_loading.py",
    "codegen/test_hostile.py",
    "hostile/test_replies.py",
    "codegen/test_generate.py",
    "typing/test_mistakes.py",
    "hostile/test_input.py",
    "hostile/test_connections.py",
    "readers/test_readers.py",
)
"""The files that take longest come first: `make pytest` hands whole files to its workers, which then end together."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    ranks = {Path(__file__).parent / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(LONGEST)))


def pytest_collection_finish() -> None:
    """What stays for the whole session (twenty thousand tests) is not looked through anew at each collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tokens() -> Generator[TokenServer, None, None]:
    """Who gives tokens for keys, in the place of all vendors' token servers."""
    with token_server() as server:
        yield server


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tokens: TokenServer) -> None:
    """No key, address or proxy of the developer's reaches a test; a test sets what it needs.

    What some vendors cannot be called without stands there: who is charged, and a token server on this machine.
    """
    for name in [name for name in os.environ if name in KNOWN or _SUSPECT.fullmatch(name)]:
        monkeypatch.delenv(name)
    for name, value in _NOBODY.items():
        monkeypatch.setenv(name, value)
    for name in TOKEN_SERVERS:
        monkeypatch.setenv(name, tokens.url)
    for name, value in _CHARGED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio, which is what the HTTP client and the drivers are written for."""
    return "asyncio"
