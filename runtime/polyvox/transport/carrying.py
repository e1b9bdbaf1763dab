"""Requests through an httpx2 transport: one that the caller gives, or httpx2's own where the system names proxies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, cast

import httpx2
from typing_extensions import override

from .handshakes import closing
from .shelving import KEPT, KEPT_SECONDS
from .trusting import trust

if TYPE_CHECKING:
    from ..exchange import Headers


class _Preparing:
    """Makes requests for a transport. httpx2's client needs ten times as long for it, and would send cookies that
    another caller's reply had set."""

    is_closed = False

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> httpx2.Request:
        """The request, as httpx2 has it."""
        return httpx2.Request(method, url, headers=headers, content=content, extensions=dict(extensions))


class _CarriedReply:
    """A reply of a transport's: nothing stands between it and the transport but what unpacks."""

    __slots__ = ("_open", "_reply", "headers", "status_code")

    def __init__(self, reply: httpx2.Response) -> None:
        self._reply = reply
        self._open = True
        self.headers: Mapping[str, str] = reply.headers
        self.status_code = reply.status_code


class CarriedReply(_CarriedReply):
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


class AsyncCarriedReply(_CarriedReply):
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


class Carried(_Preparing):
    """A transport as a client. It never follows a redirect, and keeps no cookie: a key belongs to one host, a call to
    one caller."""

    def __init__(self, transport: httpx2.BaseTransport) -> None:
        self._transport = transport

    def send(self, request: object, *, stream: bool, follow_redirects: bool) -> CarriedReply:
        """The reply, with its body still to be read. Raises what httpx2 raises."""
        return CarriedReply(self._transport.handle_request(cast("httpx2.Request", request)))

    def leave(self) -> None:
        """After a fork: the transport is the parent's; nothing is closed."""

    def retire(self) -> None:
        """Its client is gone; the transport goes with the last reply that comes through it."""

    def close(self) -> None:
        """Close the transport."""
        self.is_closed = True
        self._transport.close()


class AsyncCarried(_Preparing):
    """The same, asynchronous."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport

    async def send(self, request: object, *, stream: bool, follow_redirects: bool) -> AsyncCarriedReply:
        """The reply, with its body still to be read. Raises what httpx2 raises."""
        return AsyncCarriedReply(await self._transport.handle_async_request(cast("httpx2.Request", request)))

    async def aclose(self) -> None:
        """Close the transport."""
        self.is_closed = True
        await self._transport.aclose()


def transport() -> httpx2.BaseTransport:
    """httpx2's own, with our trust."""
    return httpx2.HTTPTransport(verify=trust(), limits=_limits(KEPT))


def async_transport() -> httpx2.AsyncBaseTransport:
    """The same, asynchronous."""
    return httpx2.AsyncHTTPTransport(verify=trust(), limits=_limits(KEPT))


class Proxied(httpx2.BaseTransport):
    """httpx2's client as a transport: it knows which hosts the system's proxies are for."""

    def __init__(self, kept: int) -> None:
        self._client = httpx2.Client(verify=trust(), limits=_limits(kept), follow_redirects=False)

    @override
    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._client.send(request, stream=True)

    @override
    def close(self) -> None:
        self._client.close()


class AsyncProxied(httpx2.AsyncBaseTransport):
    """The same, asynchronous."""

    def __init__(self, kept: int) -> None:
        self._client = httpx2.AsyncClient(verify=trust(), limits=_limits(kept), follow_redirects=False)
        for made in (self._client._transport, *self._client._mounts.values()):
            if isinstance(made, httpx2.AsyncHTTPTransport):
                made._pool._network_backend = closing(made._pool._network_backend)

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._client.send(request, stream=True)

    @override
    async def aclose(self) -> None:
        await self._client.aclose()


def _limits(kept: int) -> httpx2.Limits:
    return httpx2.Limits(max_connections=None, max_keepalive_connections=kept, keepalive_expiry=KEPT_SECONDS)
