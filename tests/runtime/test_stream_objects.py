"""`Stream` and `AsyncStream`: iterating, closing early, breaking off."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

import httpx2
import pytest
from typing_extensions import override

from polyvox import APIError, AsyncClient, Client, StreamInterruptedError, Timeout
from tests.mapping.asking import HELLO, sse
from tests.mapping.openai_events import COUNT, DONE, ROLE, STOP
from tests.mapping.openai_events import HELLO as TEXT
from tests.runtime.socket_server import serving

MODEL: Final = "openai:gpt-5"
PIECES: Final = [sse(ROLE), sse(TEXT), sse(STOP, COUNT), sse(DONE)]


@dataclass
class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in pieces that knows how far it was read and whether it was closed."""

    pieces: list[bytes]
    error: Exception | None = None
    read: int = 0
    closed: int = 0

    @override
    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.read += 1
            yield piece
        if self.error is not None:
            raise self.error

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    @override
    def close(self) -> None:
        self.closed += 1

    @override
    async def aclose(self) -> None:
        self.closed += 1


def _transport(body: Body, status: int = 200) -> httpx2.MockTransport:
    return httpx2.MockTransport(lambda _: httpx2.Response(status, stream=body))


def _client(body: Body, status: int = 200) -> Client:
    return Client(transport=_transport(body, status), api_key="k", api_base="https://h.test", num_retries=0)


def _async_client(body: Body, status: int = 200) -> AsyncClient:
    return AsyncClient(transport=_transport(body, status), api_key="k", api_base="https://h.test", num_retries=0)


def test_chunks_are_handed_out_as_they_come() -> None:
    body = Body(PIECES)
    stream = _client(body).completion(MODEL, HELLO, stream=True)
    assert body.read == 1, "the first has come: whatever was wrong before it could be tried again"
    assert next(stream).choices[0].delta.role == "assistant"
    assert body.read == 1
    assert next(stream).choices[0].delta.content == "Hello"
    assert body.read == 2
    stream.close()


def test_a_stream_that_is_read_to_its_end_is_closed() -> None:
    body = Body(PIECES)
    assert len(list(_client(body).completion(MODEL, HELLO, stream=True))) == 3
    assert body.closed >= 1


@pytest.mark.parametrize("taken", [0, 1, 2])
def test_closing_early_closes_the_connection(taken: int) -> None:
    body = Body(PIECES)
    stream = _client(body).completion(MODEL, HELLO, stream=True)
    for _ in range(taken):
        next(stream)
    stream.close()
    assert body.closed >= 1
    assert body.read == max(taken, 1)
    stream.close()
    assert list(stream) == []


@pytest.mark.parametrize("taken", [0, 1])
def test_leaving_a_with_block_closes_the_connection(taken: int) -> None:
    body = Body(PIECES)
    with _client(body).completion(MODEL, HELLO, stream=True) as stream:
        for _ in range(taken):
            next(stream)
    assert body.closed >= 1


def test_leaving_a_loop_and_forgetting_the_stream_closes_the_connection() -> None:
    body = Body(PIECES)
    for _ in _client(body).completion(MODEL, HELLO, stream=True):
        break
    gc.collect()
    assert body.closed >= 1


def test_completion_reads_what_is_left() -> None:
    stream = _client(Body(PIECES)).completion(MODEL, HELLO, stream=True)
    next(stream)
    assert stream.completion().choices[0].message.content == "Hello"
    assert stream.completion().choices[0].message.content == "Hello"
    assert list(stream) == []


def test_an_error_status_is_read_and_closed_before_it_is_raised() -> None:
    body = Body([b'{"error": {"message": ', b'"no such model"}}'])
    with pytest.raises(APIError, match="no such model"):
        _client(body, 404).completion(MODEL, HELLO, stream=True)
    assert body.closed >= 1


def test_a_plain_reply_is_closed_too() -> None:
    body = Body([b"{}"])
    with pytest.raises(APIError):
        _client(body).completion(MODEL, HELLO)
    assert body.closed >= 1


BROKEN: Final[dict[str, tuple[Exception, str]]] = {
    "reset": (httpx2.ReadError("connection reset"), "the connection broke"),
    "too late": (httpx2.ReadTimeout("slow"), "no more data came in time"),
    "protocol": (httpx2.RemoteProtocolError("peer closed connection"), "the connection broke"),
}


@pytest.mark.parametrize(("error", "says"), BROKEN.values(), ids=BROKEN)
def test_a_connection_that_breaks_is_an_interrupted_stream_with_what_arrived(error: Exception, says: str) -> None:
    body = Body(PIECES[:2], error)
    stream = _client(body).completion(MODEL, HELLO, stream=True)
    with pytest.raises(StreamInterruptedError, match=says) as caught:
        list(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hello"
    assert caught.value.__cause__ is error
    assert not caught.value.retryable
    assert body.closed >= 1


def test_a_connection_that_breaks_after_the_end_is_no_matter() -> None:
    stream = _client(Body(PIECES, httpx2.ReadError("reset"))).completion(MODEL, HELLO, stream=True)
    assert len(list(stream)) == 3


def test_a_plain_reply_that_breaks_is_a_failure_like_any_other() -> None:
    bodies = [Body([b'{"id"'], httpx2.ReadError("reset")), Body([b'{"choices": [{"message": {"content": "Hi"}}]}'])]
    rest = iter(bodies)
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=next(rest)))
    client = Client(transport=transport, api_key="k", api_base="https://h.test", num_retries=0)
    answer = client.completion(MODEL, HELLO, fallbacks=["openai:gpt-5-mini"])
    assert answer.choices[0].message.content == "Hi"
    assert all(body.closed >= 1 for body in bodies)


def test_a_plain_reply_that_is_too_late_is_a_timeout() -> None:
    with pytest.raises(Timeout):
        _client(Body([b"{"], httpx2.ReadTimeout("slow"))).completion(MODEL, HELLO)


def test_a_plain_reply_that_trickles_in_past_the_deadline_is_a_timeout() -> None:
    # No single piece is late; the whole is, by any clock.
    body = Body([b"{", b'"id"', b': "x"', b"}"])
    with pytest.raises(Timeout, match=r"no answer within 1e-09 s"):
        _client(body).completion(MODEL, HELLO, timeout=1e-9)
    assert body.closed >= 1
    assert body.read == 1


@pytest.mark.anyio
async def test_an_asynchronous_reply_that_trickles_in_past_the_deadline_is_a_timeout() -> None:
    body = Body([b"{", b'"id"', b': "x"', b"}"])
    async with _async_client(body) as client:
        with pytest.raises(Timeout):
            await client.completion(MODEL, HELLO, timeout=1e-9)
    assert body.closed >= 1


def test_closing_early_is_seen_by_the_vendor() -> None:
    with serving() as vendor, Client(api_base=vendor.url, api_key="k") as client:
        with client.completion(MODEL, HELLO, stream=True) as stream:
            next(stream)
        assert vendor.broken.wait(60)


@pytest.mark.anyio
async def test_an_asynchronous_stream() -> None:
    body = Body(PIECES)
    async with _async_client(body) as client:
        stream = await client.completion(MODEL, HELLO, stream=True)
        assert [chunk.choices[0].delta.content async for chunk in stream] == ["", "Hello", None]
        assert (await stream.completion()).choices[0].message.content == "Hello"
    assert body.closed >= 1


@pytest.mark.anyio
@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_closing_an_asynchronous_stream_early(taken: int) -> None:
    body = Body(PIECES)
    async with _async_client(body) as client:
        async with await client.completion(MODEL, HELLO, stream=True) as stream:
            for _ in range(taken):
                await anext(stream)
        assert body.closed >= 1
        assert body.read == max(taken, 1)
        await stream.close()
        assert [chunk async for chunk in stream] == []


@pytest.mark.anyio
@pytest.mark.parametrize(("error", "says"), BROKEN.values(), ids=BROKEN)
async def test_an_asynchronous_stream_that_breaks(error: Exception, says: str) -> None:
    body = Body(PIECES[:2], error)
    async with _async_client(body) as client:
        stream = await client.completion(MODEL, HELLO, stream=True)
        with pytest.raises(StreamInterruptedError, match=says) as caught:
            [chunk async for chunk in stream]
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hello"
    assert body.closed >= 1


@pytest.mark.anyio
async def test_an_asynchronous_error_status_is_read_and_closed() -> None:
    body = Body([b'{"error": {"message": ', b'"no such model"}}'])
    async with _async_client(body, 404) as client:
        with pytest.raises(APIError, match="no such model"):
            await client.completion(MODEL, HELLO, stream=True)
    assert body.closed >= 1
