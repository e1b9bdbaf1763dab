"""HTTP/2, by the ways to a vendor that a caller gives: a transport, or httpx2's own client."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final, TypeAlias

import httpx2
import pytest

from benchmarks.certificate import self_signed
from polyvox import AsyncClient, Client
from tests.runtime.http2_server import FOREVER, PIECES, Vendor, serving

MESSAGES: Final = [{"role": "user", "content": "Hi"}]
ENDLESS: Final = [{"role": "user", "content": FOREVER}]
MODEL: Final = "openai:m"


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    path.write_bytes(self_signed())
    return path


@pytest.fixture
def trusting(pem: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=pem)


@pytest.fixture
def vendor(pem: Path) -> Generator[Vendor]:
    with serving(pem) as found:
        yield found


@contextmanager
def _by_transport(context: ssl.SSLContext, url: str) -> Generator[Client]:
    transport = httpx2.HTTPTransport(http2=True, http1=False, verify=context)
    with Client(api_key="key-12345", api_base=url, num_retries=0, transport=transport) as client:
        yield client


@contextmanager
def _by_client(context: ssl.SSLContext, url: str) -> Generator[Client]:
    with httpx2.Client(http2=True, http1=False, verify=context) as own:
        yield Client(api_key="key-12345", api_base=url, num_retries=0, http_client=own)


@asynccontextmanager
async def _async_by_transport(context: ssl.SSLContext, url: str) -> AsyncGenerator[AsyncClient]:
    transport = httpx2.AsyncHTTPTransport(http2=True, http1=False, verify=context)
    async with AsyncClient(api_key="key-12345", api_base=url, num_retries=0, transport=transport) as client:
        yield client


@asynccontextmanager
async def _async_by_client(context: ssl.SSLContext, url: str) -> AsyncGenerator[AsyncClient]:
    async with httpx2.AsyncClient(http2=True, http1=False, verify=context) as own:
        yield AsyncClient(api_key="key-12345", api_base=url, num_retries=0, http_client=own)


Sync: TypeAlias = Callable[[ssl.SSLContext, str], AbstractContextManager[Client]]
Async: TypeAlias = Callable[[ssl.SSLContext, str], AbstractAsyncContextManager[AsyncClient]]
SYNC: Final = pytest.mark.parametrize("make", [_by_transport, _by_client], ids=["transport", "http_client"])
ASYNC: Final = pytest.mark.parametrize(
    "make", [_async_by_transport, _async_by_client], ids=["transport", "http_client"]
)


@SYNC
def test_calls_and_streams_share_one_connection(make: Sync, trusting: ssl.SSLContext, vendor: Vendor) -> None:
    with make(trusting, vendor.url) as client:
        for _ in range(2):
            assert client.completion(MODEL, MESSAGES).choices[0].message.content == "Hello"
            with client.completion(MODEL, MESSAGES, stream=True) as stream:
                assert stream.completion().choices[0].message.content == "x" * PIECES
    assert vendor.paths == ["/v1/chat/completions"] * 4
    assert vendor.connections == 1


class Heard(logging.Handler):
    """What is logged in the thread of a call, at any level; the server, in another, decodes what it is sent."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        if record.thread == self._thread:
            self.texts.append(record.getMessage())


@SYNC
def test_no_log_tells_what_is_sent(
    make: Sync, trusting: ssl.SSLContext, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    for name in ("hpack", "h2", "httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=name)
    logging.getLogger().addHandler(heard)
    try:
        with make(trusting, vendor.url) as client:
            client.completion(MODEL, MESSAGES, extra_headers={"x-api-key": "secret-key", "x-own-key": "secret-key"})
    finally:
        logging.getLogger().removeHandler(heard)
    assert any("Decoded" in text for text in heard.texts), "hpack is heard"
    assert "secret-key" not in "\n".join(heard.texts)
    assert "key-12345" not in "\n".join(heard.texts)
    assert "header block to" not in "\n".join(heard.texts)


@ASYNC
@pytest.mark.anyio
async def test_calls_and_streams_at_once_share_one_connection(
    make: Async, trusting: ssl.SSLContext, vendor: Vendor
) -> None:
    async def streamed(client: AsyncClient) -> str | None:
        async with await client.completion(MODEL, MESSAGES, stream=True) as stream:
            return (await stream.completion()).choices[0].message.content

    async with make(trusting, vendor.url) as client:
        assert (await client.completion(MODEL, MESSAGES)).choices[0].message.content == "Hello"
        assert await asyncio.gather(*(streamed(client) for _ in range(8))) == ["x" * PIECES] * 8
    assert vendor.connections == 1


@SYNC
def test_leaving_a_stream_keeps_the_connection(make: Sync, trusting: ssl.SSLContext, vendor: Vendor) -> None:
    with make(trusting, vendor.url) as client:
        with client.completion(MODEL, ENDLESS, stream=True) as stream:
            assert next(iter(stream)).choices[0].delta.content == "x"
        assert client.completion(MODEL, MESSAGES).choices[0].message.content == "Hello"
    assert vendor.connections == 1


@ASYNC
@pytest.mark.anyio
async def test_leaving_an_asynchronous_stream_keeps_the_connection(
    make: Async, trusting: ssl.SSLContext, vendor: Vendor
) -> None:
    async with make(trusting, vendor.url) as client:
        async with await client.completion(MODEL, ENDLESS, stream=True) as stream:
            async for chunk in stream:
                assert chunk.choices[0].delta.content == "x"
                break
        assert (await client.completion(MODEL, MESSAGES)).choices[0].message.content == "Hello"
    assert vendor.connections == 1
