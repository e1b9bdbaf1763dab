"""aiohttp under an `AsyncClient`, for those who use it anyway: `AsyncClient(transport=AiohttpTransport())`.

At 200 calls in flight it costs more than the default connections and less than httpx2's. Needs the `aiohttp` extra.
HTTP/1.1 only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakKeyDictionary

import aiohttp
import httpx2
from multidict import CIMultiDict, CIMultiDictProxy
from typing_extensions import override

from .transport.trusting import trust

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ssl import SSLContext

_KEPT = 60.0
"""Seconds that an idle connection is kept."""
_PIECE = 1 << 16
# The first that fits; each is a part of those below it.
_ERRORS: Final[Sequence[tuple[type[Exception], type[httpx2.TransportError]]]] = (
    (aiohttp.ConnectionTimeoutError, httpx2.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx2.ReadTimeout),
    (TimeoutError, httpx2.ReadTimeout),
    (aiohttp.ClientProxyConnectionError, httpx2.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx2.ProxyError),
    (aiohttp.ClientConnectorError, httpx2.ConnectError),
    (aiohttp.InvalidURL, httpx2.UnsupportedProtocol),
    (aiohttp.ServerDisconnectedError, httpx2.RemoteProtocolError),
    (aiohttp.ClientPayloadError, httpx2.RemoteProtocolError),
    (aiohttp.ClientResponseError, httpx2.RemoteProtocolError),
    (aiohttp.ClientError, httpx2.ReadError),
    (OSError, httpx2.ReadError),
)


@contextmanager
def _as_httpx2() -> Generator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        if isinstance(error, aiohttp.ClientResponseError):
            _forget_headers(error)
        raise _kind(error)(str(error) or type(error).__name__) from error


def _forget_headers(error: aiohttp.ClientResponseError) -> None:
    """Such an error shows the request, and with its headers the key."""
    info, none = error.request_info, CIMultiDictProxy(CIMultiDict[str]())
    error.request_info = aiohttp.RequestInfo(info.url, info.method, none, info.real_url)
    error.args = (error.request_info, error.history)


def _kind(error: Exception) -> type[httpx2.TransportError]:
    return next(kind for theirs, kind in _ERRORS if isinstance(error, theirs))


class _Body(httpx2.AsyncByteStream):
    """A reply's body; closing it before its end closes the connection."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self._reply = reply

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx2():
            while piece := await self._reply.content.readany():
                yield piece

    @override
    async def aclose(self) -> None:
        self._reply.release() if self._reply.content.at_eof() else self._reply.close()


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Connections of aiohttp's, one pool per event loop. `verify` is the TLS context (default: the system's trust,
    `SSL_CERT_FILE` and `SSL_CERT_DIR`), for a certificate authority or a client certificate of one's own; `proxy` the
    address of a proxy; with `trust_env` the proxies that the environment names are used."""

    def __init__(self, *, verify: SSLContext | None = None, proxy: str | None = None, trust_env: bool = True) -> None:
        self._verify = verify
        self._proxy = proxy
        self._trust_env = trust_env
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The reply, with its body still to be read. Raises httpx2's errors."""
        given = cast("Mapping[str, float | None]", request.extensions.get("timeout") or {})
        timeout = aiohttp.ClientTimeout(
            sock_connect=given.get("connect"), sock_read=given.get("read"), connect=given.get("pool")
        )
        with _as_httpx2():
            reply = await self._session().request(
                request.method,
                str(request.url),
                data=await request.aread(),
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                allow_redirects=False,
                timeout=timeout,
                proxy=self._proxy,
            )
        return httpx2.Response(reply.status, headers=list(reply.raw_headers), stream=_Body(reply))

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        found = self._sessions.get(loop)
        if found is None or found.closed:
            found = self._sessions[loop] = self._open()
        return found

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=_KEPT, ssl=self._verify or trust(), enable_cleanup_closed=True
        )
        return aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,  # httpx2 decompresses
            cookie_jar=aiohttp.DummyCookieJar(),  # a reply to one caller must not mark the requests of another
            trust_env=self._trust_env and self._proxy is None,
            read_bufsize=_PIECE,
        )

    @override
    async def aclose(self) -> None:
        """Close the running loop's connections."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()
