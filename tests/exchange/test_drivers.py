"""What a driver leaves behind between two requests of one call: no open reply, and no frame that holds a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType

import httpx2
import pytest
from typing_extensions import override

from polyvox import AsyncClient, Client, FallbacksExhaustedError
from tests.mapping.asking import HELLO

MODELS = ("openai:one", "openai:two")


class Broken(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A stream that breaks before its first event."""

    closed = False

    @override
    def __iter__(self) -> Iterator[bytes]:
        raise httpx2.ReadError("broken")

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        raise httpx2.ReadError("broken")
        yield b""

    @override
    def close(self) -> None:
        self.closed = True

    @override
    async def aclose(self) -> None:
        self.closed = True


class Vendor:
    """Breaks each stream, and sees whether those before are closed by then."""

    def __init__(self) -> None:
        self.streams: list[Broken] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert all(stream.closed for stream in self.streams)
        self.streams.append(Broken())
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=self.streams[-1])


def test_a_stream_that_broke_is_closed_before_the_next_model_is_asked() -> None:
    vendor = Vendor()
    with Client(transport=httpx2.MockTransport(vendor), num_retries=0) as client:
        with pytest.raises(FallbacksExhaustedError):
            client.completion(MODELS[0], HELLO, stream=True, fallbacks=MODELS[1:], api_key="k")
        assert [stream.closed for stream in vendor.streams] == [True, True]


def test_the_same_asynchronously() -> None:
    vendor = Vendor()

    async def main() -> None:
        async with AsyncClient(transport=httpx2.MockTransport(vendor), num_retries=0) as client:
            with pytest.raises(FallbacksExhaustedError):
                await client.completion(MODELS[0], HELLO, stream=True, fallbacks=MODELS[1:], api_key="k")
            assert [stream.closed for stream in vendor.streams] == [True, True]

    asyncio.run(main())


class Begins:
    """Answers with a stream, and keeps how long its phases may take."""

    def __init__(self) -> None:
        self.phases: Mapping[str, float | None] = {}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.phases = request.extensions["timeout"]
        event = b'data: {"id": "1", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}\n\n'
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=event)


def test_each_piece_of_a_stream_that_has_begun_may_take_the_whole_time() -> None:
    vendor = Begins()
    client = Client(transport=httpx2.MockTransport(vendor))
    with client, client.completion(MODELS[0], HELLO, stream=True, timeout=30, api_key="k"):
        assert vendor.phases["read"] == 30


def test_the_same_of_an_asynchronous_one() -> None:
    vendor = Begins()

    async def main() -> None:
        client = AsyncClient(transport=httpx2.MockTransport(vendor))
        async with client, await client.completion(MODELS[0], HELLO, stream=True, timeout=30, api_key="k"):
            assert vendor.phases["read"] == 30

    asyncio.run(main())


def test_no_models_error_holds_a_frame_of_the_http_library() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with (
        Client(transport=httpx2.MockTransport(refuse), num_retries=0) as client,
        pytest.raises(FallbacksExhaustedError) as caught,
    ):
        client.completion(MODELS[0], HELLO, fallbacks=MODELS[1:], api_key="k")
    causes = [attempt.__cause__ for attempt in caught.value.attempts]
    assert [str(cause) for cause in causes] == ["refused", "refused"]
    seen = {module for cause in causes if cause for module in _modules(cause.__traceback__)}
    assert __name__ in seen
    assert not any(module.startswith(("httpx2", "polyvox.transport")) for module in seen)


def _modules(at: TracebackType | None) -> Iterator[str]:
    while at is not None:
        yield str(at.tb_frame.f_globals["__name__"])
        at = at.tb_next
