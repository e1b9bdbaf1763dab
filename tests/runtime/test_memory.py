"""Nothing is kept of a call once its result is gone, nor of a stream's chunks once they are read. Counts, no clock."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from typing import Final

import httpx2
import pytest

import polyvox
from benchmarks.replies import events, reply

MESSAGES: Final = [{"role": "user", "content": "Hi"}]
CHUNKS: Final = 2000


def _answer(request: httpx2.Request) -> httpx2.Response:
    vendor = "anthropic" if request.url.path.endswith("/messages") else "openai"
    if json.loads(request.content).get("stream"):
        return httpx2.Response(200, content=_Pieces(events(vendor, CHUNKS)))
    return httpx2.Response(200, content=reply(vendor, "1kB"))


class _Pieces:
    """A body that comes event by event."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


def _left_behind(use: Callable[[], object]) -> int:
    """How many more objects there are after using something twenty times, once it is warm."""
    for _ in range(3):
        use()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        use()
    gc.collect()
    return len(gc.get_objects()) - before


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_a_call_leaves_nothing_behind(vendor: str) -> None:
    with polyvox.Client(
        api_key="key-12345", api_base="https://h.test", transport=httpx2.MockTransport(_answer)
    ) as client:
        assert _left_behind(lambda: client.completion("m", MESSAGES, provider=vendor)) < 20


def _chunks() -> int:
    return sum(isinstance(found, polyvox.ChatCompletionChunk) for found in gc.get_objects())


@pytest.mark.parametrize("vendor", ["openai", "anthropic"])
def test_chunks_that_were_read_are_not_kept(vendor: str) -> None:
    with polyvox.Client(
        api_key="key-12345", api_base="https://h.test", transport=httpx2.MockTransport(_answer)
    ) as client:
        gc.collect()
        before = _chunks()  # of other tests
        stream = client.completion("m", MESSAGES, provider=vendor, stream=True)
        read = 0
        for _ in stream:
            read += 1
            if read in (10, CHUNKS - 10):
                assert _chunks() - before <= 4
    assert read >= CHUNKS - 10
