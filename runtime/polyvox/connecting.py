"""Pools of connections of our own: the shortest way to an httpx2 transport, trust in certificates, proxies.

A call needs of httpx2's client neither cookies nor redirects, authentication or defaults: a request goes straight to
the transport, which saves an eighth of it. Where the system names proxies, httpx2's client chooses among them.
"""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import lru_cache
from os import environ, scandir
from typing import TYPE_CHECKING, Final, cast
from urllib.request import getproxies

import httpx2

from .handshakes import closing

if TYPE_CHECKING:
    from .exchange import Headers

# Hundreds of streams of minutes each are ordinary: no cap on connections, and idle ones are kept for a minute.
LIMITS: Final = httpx2.Limits(max_connections=None, max_keepalive_connections=200, keepalive_expiry=60.0)
NO_REUSE: Final = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_A_WHOLE_STORE = 80
"""Certificates: public stores have about 140; a folder with fewer may be only what somebody added."""


_OF_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding"})


@lru_cache(maxsize=256)
def _target(url: str, headers: Headers) -> tuple[httpx2.URL, list[tuple[bytes, bytes]] | None]:
    """Address and headers as they are sent, made once for each: both cost more than encoding a body. No headers where
    the caller sets one that belongs to the framing."""
    address = httpx2.URL(url)
    if not _OF_FRAMING.isdisjoint(name for name, _ in headers):
        return address, None
    return address, [(b"host", address.netloc), *httpx2.Headers(headers).raw]


class _Builder:
    """Makes requests for a pool of our own. httpx2's client needs ten times as long for it, and would send cookies
    that another caller's reply had set."""

    is_closed = False

    def build_request(
        self, method: str, url: str, *, headers: object, content: bytes, extensions: Mapping[str, object]
    ) -> httpx2.Request:
        """The request, as httpx2 has it. `headers` is a tuple of pairs."""
        pairs = cast("Headers", headers)
        address, raw = _target(url, pairs)
        held = dict(extensions)
        if raw is None:
            return httpx2.Request(method, address, headers=pairs, content=content, extensions=held)
        sent = [*raw, (b"content-length", b"%d" % len(content))]
        return httpx2.Request(method, address, headers=sent, stream=httpx2.ByteStream(content), extensions=held)


class _OwnReply:
    """A reply to a client of our own: nothing stands between it and the connection but what decompresses."""

    __slots__ = ("_open", "_reply", "headers", "status_code")

    def __init__(self, reply: httpx2.Response) -> None:
        self._reply = reply
        self._open = True
        self.headers: Mapping[str, str] = reply.headers
        self.status_code = reply.status_code


class OwnReply(_OwnReply):
    """Its body, read synchronously."""

    __slots__ = ()

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives."""
        if "content-encoding" in self.headers:
            return self._reply.iter_bytes()
        return iter(cast("httpx2.SyncByteStream", self._reply.stream))

    def close(self) -> None:
        """Give the connection back, or close it if the body has not been read."""
        if self._open:
            self._open = False
            cast("httpx2.SyncByteStream", self._reply.stream).close()


class AsyncOwnReply(_OwnReply):
    """The same, asynchronous."""

    __slots__ = ()

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        if "content-encoding" in self.headers:
            return self._reply.aiter_bytes()
        return aiter(cast("httpx2.AsyncByteStream", self._reply.stream))

    async def aclose(self) -> None:
        """Give the connection back, or close it if the body has not been read."""
        if self._open:
            self._open = False
            await cast("httpx2.AsyncByteStream", self._reply.stream).aclose()


class OwnClient(_Builder):
    """A pool made here. It never follows a redirect, and keeps no cookie: a key belongs to one host, a call to one
    caller. Threads may share it."""

    def __init__(self, transport: httpx2.BaseTransport | None = None, limits: httpx2.Limits = LIMITS) -> None:
        self._given = transport
        self._limits = limits
        self._opened: dict[str, httpx2.BaseTransport] = {}

    def send(self, request: object, *, stream: bool = True, follow_redirects: bool = False) -> OwnReply:
        """The reply, with its body still to be read. Raises what httpx2 raises."""
        sent = cast("httpx2.Request", request)
        if self._given is not None:
            sent.read()  # a caller's transport may look at `request.content`
            return OwnReply(self._given.handle_request(sent))
        scheme = sent.url.scheme
        transport = self._opened.get(scheme) or self._opened.setdefault(scheme, _open(scheme, self._limits))
        return OwnReply(transport.handle_request(sent))

    def close(self) -> None:
        """Close every connection, and the transport that was given."""
        self.is_closed = True
        for transport in (*self._opened.values(), *((self._given,) if self._given else ())):
            transport.close()


class OwnAsyncClient(_Builder):
    """The same, asynchronous; it belongs to the loop it is first used in."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None, limits: httpx2.Limits = LIMITS) -> None:
        self._given = transport
        self._limits = limits
        self._opened: dict[str, httpx2.AsyncBaseTransport] = {}

    async def send(self, request: object, *, stream: bool = True, follow_redirects: bool = False) -> AsyncOwnReply:
        """The reply, with its body still to be read. Raises what httpx2 raises."""
        sent = cast("httpx2.Request", request)
        if self._given is not None:
            sent.read()  # a caller's transport may look at `request.content`
            return AsyncOwnReply(await self._given.handle_async_request(sent))
        scheme = sent.url.scheme
        transport = self._opened.get(scheme) or self._opened.setdefault(scheme, _open_async(scheme, self._limits))
        return AsyncOwnReply(await transport.handle_async_request(sent))

    async def aclose(self) -> None:
        """Close every connection, and the transport that was given."""
        self.is_closed = True
        for transport in (*self._opened.values(), *((self._given,) if self._given else ())):
            await transport.aclose()


class _Proxied(httpx2.BaseTransport):
    """httpx2's client as a transport: it knows which hosts the system's proxies are for."""

    def __init__(self, limits: httpx2.Limits) -> None:
        self._client = httpx2.Client(verify=trust(), limits=limits, follow_redirects=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._client.send(request, stream=True)

    def close(self) -> None:
        self._client.close()


class _AsyncProxied(httpx2.AsyncBaseTransport):
    """The same, asynchronous."""

    def __init__(self, limits: httpx2.Limits) -> None:
        self._client = httpx2.AsyncClient(verify=trust(), limits=limits, follow_redirects=False)
        for made in (self._client._transport, *self._client._mounts.values()):
            _close_cancelled(made)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._client.send(request, stream=True)

    async def aclose(self) -> None:
        await self._client.aclose()


def _open(scheme: str, limits: httpx2.Limits) -> httpx2.BaseTransport:
    return _Proxied(limits) if getproxies() else httpx2.HTTPTransport(verify=_context(scheme), limits=limits)


def _open_async(scheme: str, limits: httpx2.Limits) -> httpx2.AsyncBaseTransport:
    if getproxies():
        return _AsyncProxied(limits)
    transport = httpx2.AsyncHTTPTransport(verify=_context(scheme), limits=limits)
    _close_cancelled(transport)
    return transport


def _close_cancelled(transport: httpx2.AsyncBaseTransport | None) -> None:
    """Close connections whose handshake is cancelled, too."""
    if isinstance(transport, httpx2.AsyncHTTPTransport):
        transport._pool._network_backend = closing(transport._pool._network_backend)


def _context(scheme: str) -> ssl.SSLContext:
    """What a transport for this scheme needs. One for http trusts nobody: it meets no certificate."""
    return trust() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def trust() -> ssl.SSLContext:
    """The process's TLS context, made at the first https connection: making one costs as much as fifty calls."""
    return _trusting(environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", ""))


@lru_cache(maxsize=8)
def _trusting(file: str, folder: str) -> ssl.SSLContext:
    """httpx2's own context for what the environment says; else one that reads from the system's store only the
    certificate that a server needs, where httpx2 reads all of them."""
    store = None if file or folder or sys.platform != "linux" else _hashed_store()
    if store is None:
        return httpx2.create_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(capath=store)
    return context


def _hashed_store() -> str | None:
    """The system's folder of certificates, if OpenSSL can look single ones up in it and it is a whole store."""
    folder = ssl.get_default_verify_paths().openssl_capath
    try:
        with scandir(folder) as entries:
            found = sum(1 for entry in entries if _HASHED.fullmatch(entry.name) and entry.is_file())
    except OSError:
        return None
    return folder if found >= _A_WHOLE_STORE else None
