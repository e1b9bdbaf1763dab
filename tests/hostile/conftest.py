"""The server is the same for all tests of a file; what a file leaves behind is found at its end."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from tests.hostile.vendor import HostileVendor, certificate

pytest.register_assert_rewrite("tests.hostile.asking")


@pytest.fixture(scope="module")
def vendor() -> Iterator[HostileVendor]:
    """A server that misbehaves on command."""
    before = set(threading.enumerate())
    with HostileVendor() as found:
        yield found
    gc.collect()  # a socket or a loop that nobody closed warns here, and a warning is an error
    assert set(threading.enumerate()) - before == set()


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's certificate is good, as far as the process is concerned."""
    monkeypatch.setenv("SSL_CERT_FILE", certificate())
