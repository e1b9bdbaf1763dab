"""Tools that record traffic or answer for a vendor replace methods of httpx2 or httpcore2: they see our calls."""

from __future__ import annotations

from collections.abc import Iterator

import httpcore2
import httpx2
import pytest

from polyvox import AsyncClient, Client
from polyvox.transport.interception import is_intercepted
from tests.mapping.asking import HELLO

REPLY = (
    b'{"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, '
    b'"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}'
)
ADDRESS = "http://127.0.0.1:9"  # where nobody is


def answer(self: object, request: httpx2.Request) -> httpx2.Response:
    """What a tool puts in the place of `HTTPTransport.handle_request`."""
    return httpx2.Response(200, content=REPLY, headers={"x-seen": str(request.url)})


async def answer_later(self: object, request: httpx2.Request) -> httpx2.Response:
    return answer(self, request)


def answer_below(self: object, request: httpcore2.Request) -> httpcore2.Response:
    """The same for httpcore2's pool."""
    return httpcore2.Response(200, content=REPLY)


@pytest.fixture
def asked() -> Iterator[Client]:
    with Client(api_key="k", num_retries=0, api_base=ADDRESS) as client:
        yield client


def test_nobody_is_at_work() -> None:
    assert not is_intercepted()


def test_httpx2s_transport_is_replaced_for_a_while(asked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as tool:
        tool.setattr(httpx2.HTTPTransport, "handle_request", answer)
        assert asked.completion("openai:m", HELLO).id == "1"
    with pytest.raises(Exception, match="could not reach"):
        asked.completion("openai:m", HELLO)


@pytest.mark.anyio
async def test_the_same_asynchronously(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", answer_later)
    async with AsyncClient(api_key="k", num_retries=0, api_base=ADDRESS) as client:
        assert (await client.completion("openai:m", HELLO)).id == "1"


def test_httpcore2s_pool_is_replaced(asked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpcore2.ConnectionPool, "handle_request", answer_below)
    assert asked.completion("openai:m", HELLO).id == "1"


class Wrapper:
    """A tool that leaves an object which is no function."""

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        return answer(self, request)


def test_it_is_replaced_by_an_object(asked: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", Wrapper())
    assert asked.completion("openai:m", HELLO).id == "1"
