"""The server is the same for all tests of a file; what a file leaves behind is found at its end."""

from __future__ import annotations

import gc
import io
import logging
import threading
from collections.abc import Iterator
from typing import Final

import pytest

from tests.hostile.leaks import assert_hides
from tests.hostile.vendor import HostileVendor, certificate

pytest.register_assert_rewrite("tests.hostile.asking")

LOGGERS: Final = ("httpx2", "httpcore2", "polyvox", "asyncio")


@pytest.fixture(scope="module")
def vendor() -> Iterator[HostileVendor]:
    """A server that misbehaves on command."""
    before = set(threading.enumerate())
    with HostileVendor() as found:
        yield found
    gc.collect()  # a socket or a loop that nobody closed warns here, and a warning is an error
    assert set(threading.enumerate()) - before == set()


@pytest.fixture(autouse=True)
def heard() -> Iterator[io.StringIO]:
    """Everything that any logger says, at any level: whatever a test of this folder does, no key may be in it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(1)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    assert_hides(text.getvalue())


@pytest.fixture
def spans_tell_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is traced has its prompts and answers in it."""
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's certificate is good, as far as the process is concerned."""
    monkeypatch.setenv("SSL_CERT_FILE", certificate())
