"""Connections that are kept and used again: httpcore2's HTTP/1.1, without its pool, whose work for each request grows
with the number of connections.

`Pool` and `AsyncPool` are the same thing twice; which connection is taken is decided in shelving.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from socket import socket
from typing import TYPE_CHECKING, NamedTuple, cast

import httpcore2

from ..headers import ReplyHeaders
from .interception import is_intercepted
from .shelving import KEPT, KEPT_SECONDS, Kept, Shelf
from .targets import Place, target_of
from .trusting import trust
from .unpacking import PACKED, Unpacker
from .wires import AsyncWire, Wire

if TYPE_CHECKING:
    from ..exchange import Headers
    from .carrying import AsyncCarried, Carried
    from .replies import AsyncReply, Reply


class Prepared(NamedTuple):
    """A request, and where to."""

    place: Place
    request: httpcore2.Request
    phases: Mapping[str, float | None]
    trace: Callable[[str, Mapping[str, object]], None] | None
    """Is told of the connection that is made for it, as httpcore2 would tell."""


def _prepared(method: str, url: str, headers: Headers, content: bytes, extensions: Mapping[str, object]) -> Prepared:
    place, address, raw = target_of(url, headers)
    sent = [*raw, (b"content-length", b"%d" % len(content))]
    phases = extensions["timeout"]
    request = httpcore2.Request(method, address, headers=sent, content=content, extensions={"timeout": phases})
    return Prepared(
        place,
        request,
        cast("Mapping[str, float | None]", phases),
        cast("Callable[[str, Mapping[str, object]], None] | None", extensions.get("trace")),
    )


class Connection(Kept):
    """A connection, and the wire under it."""

    __slots__ = ("http", "wire")

    def __init__(self, place: Place, origin: httpcore2.Origin, wire: Wire) -> None:
        self.wire = wire
        self.http = httpcore2.HTTP11Connection(origin, wire, KEPT_SECONDS)
        super().__init__(place, self.http)


class AsyncConnection(Kept):
    """The same, asynchronous."""

    __slots__ = ("http", "wire")

    def __init__(self, place: Place, origin: httpcore2.Origin, wire: AsyncWire) -> None:
        self.wire = wire
        self.http = httpcore2.AsyncHTTP11Connection(origin, wire, KEPT_SECONDS)
        super().__init__(place, self.http)


def _tell(asked: Prepared, stream: httpcore2.NetworkStream) -> None:
    if asked.trace is not None:
        asked.trace("connection.connect_tcp.complete", {"return_value": stream})


class Pool:
    """Connections of one process. Threads may share it. It never follows a redirect, and keeps no cookie: a key belongs
    to one host, a call to one caller."""

    def __init__(self, kept: int = KEPT) -> None:
        self._shelf: Shelf[Connection] = Shelf(kept)
        self._network = httpcore2.SyncBackend()
        self._carried: Carried | None = None
        self.is_closed = False

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> object:
        """The request, as `send` takes it."""
        if is_intercepted():
            return self._beside().build_request(method, url, headers=headers, content=content, extensions=extensions)
        return _prepared(method, url, headers, content, extensions)

    def _beside(self) -> Carried:
        """For the time that somebody stands in for httpx2's transport."""
        if self._carried is None:
            from .carrying import Carried, transport

            self._carried = Carried(transport())
        return self._carried

    def send(self, request: object, *, stream: bool, follow_redirects: bool) -> Reply:
        """The reply, with its body still to be read. Raises what httpcore2 raises."""
        if not isinstance(request, Prepared):
            return self._beside().send(request, stream=stream, follow_redirects=follow_redirects)
        return self._send(request)

    def _send(self, asked: Prepared) -> PoolReply:
        connection, stale = self._shelf.take(asked.place)
        self._close(stale)
        if connection is None:
            connection = self._connect(asked)
        connection.wire.phases = asked.phases
        try:
            reply = connection.http.handle_request(asked.request)
        except BaseException:
            self.give_back(connection)
            raise
        return PoolReply(self, connection, reply)

    def _connect(self, asked: Prepared) -> Connection:
        place, phases = asked.place, asked.phases
        stream = self._network.connect_tcp(place.host, place.port, phases["connect"])
        if place.secure:
            _tell(asked, stream)
            stream = stream.start_tls(trust(), place.host, phases["connect"])
        _tell(asked, stream)
        connection = Connection(place, asked.request.url.origin, Wire(stream))
        self._shelf.busy.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Its request is over: keep it for the next one, or close it."""
        self._close(self._shelf.put(connection))

    def _close(self, connections: Sequence[Connection]) -> None:
        for connection in connections:
            connection.http.close()

    def leave(self) -> None:
        """After a fork: forget every connection and close none. They are the parent's, and closing them here would end
        its TLS sessions."""
        for connection in self._shelf.clear():
            held = connection.wire.get_extra_info("socket")
            if isinstance(held, socket):
                held.detach()

    def close(self) -> None:
        """Close every connection."""
        self.is_closed = True
        self._close(self._shelf.clear())
        if self._carried is not None:
            self._carried.close()


class PoolReply:
    """A reply; nothing stands between it and the connection but what unpacks."""

    __slots__ = ("_connection", "_pool", "_reply", "headers", "status_code")

    def __init__(self, pool: Pool, connection: Connection, reply: httpcore2.Response) -> None:
        self._pool = pool
        self._connection: Connection | None = connection
        self._reply = reply
        self.status_code = reply.status
        self.headers: Mapping[str, str] = ReplyHeaders(reply.headers)

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives."""
        pieces = iter(cast("Iterator[bytes]", self._reply.stream))
        return _unpacked(self, pieces) if _is_packed(self._reply.headers) else pieces

    def close(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                self._reply.close()
            finally:
                self._pool.give_back(connection)


def _is_packed(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return any(name.lower() == b"content-encoding" for name, _ in headers)


def _unpacked(reply: PoolReply, pieces: Iterator[bytes]) -> Iterator[bytes]:
    encoding = reply.headers["content-encoding"].lower()
    if encoding not in PACKED:
        from httpx2 import Response

        return Response(reply.status_code, headers=dict(reply.headers), content=pieces).iter_bytes()
    unpacker = Unpacker(encoding)
    return (out for piece in pieces for out in unpacker.feed(piece))


class AsyncPool:
    """The same, asynchronous; it belongs to the loop it is first used in."""

    def __init__(self, kept: int = KEPT) -> None:
        self._shelf: Shelf[AsyncConnection] = Shelf(kept)
        self._network = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())  # untyped where anyio is absent
        self._carried: AsyncCarried | None = None
        self.is_closed = False

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> object:
        """The request, as `send` takes it."""
        if is_intercepted():
            return self._beside().build_request(method, url, headers=headers, content=content, extensions=extensions)
        return _prepared(method, url, headers, content, extensions)

    def _beside(self) -> AsyncCarried:
        """For the time that somebody stands in for httpx2's transport."""
        if self._carried is None:
            from .carrying import AsyncCarried, async_transport

            self._carried = AsyncCarried(async_transport())
        return self._carried

    async def send(self, request: object, *, stream: bool, follow_redirects: bool) -> AsyncReply:
        """The reply, with its body still to be read. Raises what httpcore2 raises."""
        if not isinstance(request, Prepared):
            return await self._beside().send(request, stream=stream, follow_redirects=follow_redirects)
        return await self._send(request)

    async def _send(self, asked: Prepared) -> AsyncPoolReply:
        connection, stale = self._shelf.take(asked.place)
        await self._close(stale)
        if connection is None:
            connection = await self._connect(asked)
        connection.wire.phases = asked.phases
        try:
            reply = await connection.http.handle_async_request(asked.request)
        except BaseException:
            self._shelf.busy.discard(connection)  # httpcore2 has closed it
            raise
        return AsyncPoolReply(self, connection, reply)

    async def _connect(self, asked: Prepared) -> AsyncConnection:
        place, phases = asked.place, asked.phases
        stream = await self._network.connect_tcp(place.host, place.port, phases["connect"])
        if place.secure:
            try:
                stream = await stream.start_tls(trust(), place.host, phases["connect"])
            except BaseException:  # httpcore2 closes only after failures, not when it is cancelled
                await _closed_all_the_same(stream)
                raise
        connection = AsyncConnection(place, asked.request.url.origin, AsyncWire(stream))
        self._shelf.busy.add(connection)
        return connection

    async def give_back(self, connection: AsyncConnection) -> None:
        """Its request is over: keep it for the next one, or close it."""
        await self._close(self._shelf.put(connection))

    async def _close(self, connections: Sequence[AsyncConnection]) -> None:
        for connection in connections:
            await connection.http.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        self.is_closed = True
        await self._close(self._shelf.clear())
        if self._carried is not None:
            await self._carried.aclose()


async def _closed_all_the_same(stream: httpcore2.AsyncNetworkStream) -> None:
    from anyio import CancelScope

    with CancelScope(shield=True):
        await stream.aclose()


class AsyncPoolReply:
    """The same as `PoolReply`, asynchronous."""

    __slots__ = ("_connection", "_pool", "_reply", "headers", "status_code")

    def __init__(self, pool: AsyncPool, connection: AsyncConnection, reply: httpcore2.Response) -> None:
        self._pool = pool
        self._connection: AsyncConnection | None = connection
        self._reply = reply
        self.status_code = reply.status
        self.headers: Mapping[str, str] = ReplyHeaders(reply.headers)

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        pieces = aiter(cast("AsyncIterator[bytes]", self._reply.stream))
        return _unpacked_async(self, pieces) if _is_packed(self._reply.headers) else pieces

    async def aclose(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                await self._reply.aclose()
            finally:
                await self._pool.give_back(connection)


def _unpacked_async(reply: AsyncPoolReply, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    encoding = reply.headers["content-encoding"].lower()
    if encoding not in PACKED:
        from httpx2 import Response

        return Response(reply.status_code, headers=dict(reply.headers), content=pieces).aiter_bytes()
    unpacker = Unpacker(encoding)
    return (out async for piece in pieces for out in unpacker.feed(piece))
