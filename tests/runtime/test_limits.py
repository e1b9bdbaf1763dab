"""How long each phase of a request may take, as an HTTP client asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, cast

import httpx2
import pytest

from polyvox import APIResponseValidationError, AsyncClient, Client, Timeout
from polyvox.exchange import Timeouts
from polyvox.limits import Phases
from tests.mapping.asking import HELLO, sse
from tests.mapping.openai_events import DONE, STOP
from tests.mapping.openai_events import HELLO as HELLO_CHUNK

MODEL: Final = "openai:gpt-5"


def test_no_phase_is_longer_than_what_is_left_of_the_whole() -> None:
    phases = Phases(Timeouts(connect=1, read=600, total=100))
    first = phases["read"]
    assert first is not None
    assert first <= 100
    assert any((phases["read"] or 0) < first for _ in range(1_000_000)), "and less with every moment"
    assert phases["connect"] == 1


def test_where_nothing_is_left_to_ask_is_too_late() -> None:
    phases = Phases(Timeouts(read=600, total=0))
    with pytest.raises(TimeoutError):
        phases["read"]


def test_a_stream_that_has_begun_is_limited_piece_by_piece() -> None:
    phases = Phases(Timeouts(read=600, total=0))
    phases.begun()
    assert phases["read"] == 600


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_only_the_start_of_a_stream_counts(asynchronous: bool, stream: bool) -> None:
    seen: list[Mapping[str, float | None]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(cast("Mapping[str, float | None]", request.extensions["timeout"]))
        return httpx2.Response(200, content=sse(HELLO_CHUNK, STOP, DONE))

    transport = httpx2.MockTransport(answer)

    async def ask() -> None:
        async with AsyncClient(transport=transport) as client:
            await client.completion(MODEL, HELLO, stream=stream, timeout=50, api_key="k")

    def call() -> None:
        Client(transport=transport).completion(MODEL, HELLO, stream=stream, timeout=50, api_key="k")

    with suppress(APIResponseValidationError):  # of a whole answer: it is none
        asyncio.run(ask()) if asynchronous else call()
    assert (seen[0]["read"] == 50) is stream


def test_a_key_that_does_not_come_is_not_waited_for_beyond_the_deadline() -> None:
    async def key() -> str:
        await asyncio.Event().wait()
        return "never"

    async def ask() -> None:
        async with AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(500))) as client:
            await client.completion(MODEL, HELLO, timeout=0.05, num_retries=0, api_key=key)

    with pytest.raises(Timeout):
        asyncio.run(ask())
