"""Connections that are kept and used again. What is said over one is h11's (talking.py), the bytes go through
httpcore2's network, and which one a request gets is decided in shelving.py.

`Pool` and `AsyncPool` are the same thing twice. httpcore2's own pool looks at each of its connections for each request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from socket import socket
from typing import TYPE_CHECKING, Final, NamedTuple, cast

import httpcore2

from ..headers import ReplyHeaders
from .interception import is_intercepted
from .shelving import KEPT, Kept, Shelf
from .talking import Head, RawHeaders, Talk
from .targets import Place, target_of
from .trusting import trust
from .unpacking import PACKED, Unpacker

if TYPE_CHECKING:
    from ..exchange import Headers
    from .carrying import AsyncCarried, Carried
    from .replies import AsyncReply, Reply

_READ: Final = 2**16
"""Bytes, at a time."""


class Prepared(NamedTuple):
    """A request, and where to."""

    place: Place
    target: bytes
    headers: RawHeaders
    body: bytes
    phases: Mapping[str, float | None]
    trace: Callable[[str, Mapping[str, object]], None] | None
    """Is told of the connection that is made for it, as httpcore2 would tell."""


def _prepared(url: str, headers: Headers, body: bytes, extensions: Mapping[str, object]) -> Prepared:
    place, target, raw = target_of(url, headers)
    phases = cast("Mapping[str, float | None]", extensions["timeout"])
    trace = cast("Callable[[str, Mapping[str, object]], None] | None", extensions.get("trace"))
    return Prepared(place, target, [*raw, (b"content-length", b"%d" % len(body))], body, phases, trace)


class Connection(Kept):
    """A connection. Each step of a request may take what is left of its time."""

    __slots__ = ("_phases", "_stream", "_talk")

    def __init__(self, place: Place, stream: httpcore2.NetworkStream) -> None:
        super().__init__(place)
        self._stream = stream
        self._talk = Talk()
        self._phases: Mapping[str, float | None] = {}

    def ask(self, asked: Prepared) -> Head:
        """Send a request; how its reply begins."""
        talk, phases = self._talk, asked.phases
        self._phases = phases
        with suppress(httpcore2.WriteError):  # a server may answer and close before it was sent everything
            for data in talk.request(asked.target, asked.headers, asked.body):
                self._stream.write(data, phases["write"])
        while (head := talk.head()) is None:
            talk.receive(self._stream.read(_READ, phases["read"]))
        return head

    def pieces(self) -> Iterator[bytes]:
        """The reply's body as it arrives."""
        talk = self._talk
        while True:
            yield from talk.body()
            if talk.ended:
                return
            talk.receive(self._stream.read(_READ, self._phases["read"]))

    def is_good_again(self) -> bool:
        """Whether it may be kept for another request."""
        return self._talk.ended and self._talk.again()

    def has_closed(self) -> bool:
        """Whether the server has closed it meanwhile, or sent what nobody asked for."""
        return bool(self._stream.get_extra_info("is_readable"))

    def leave(self) -> None:
        """Let go of its socket, without a word to the server."""
        held = self._stream.get_extra_info("socket")
        if isinstance(held, socket):
            held.detach()

    def close(self) -> None:
        """Close it, whatever it is at."""
        self._stream.close()


class AsyncConnection(Kept):
    """The same, asynchronous."""

    __slots__ = ("_phases", "_stream", "_talk")

    def __init__(self, place: Place, stream: httpcore2.AsyncNetworkStream) -> None:
        super().__init__(place)
        self._stream = stream
        self._talk = Talk()
        self._phases: Mapping[str, float | None] = {}

    async def ask(self, asked: Prepared) -> Head:
        """Send a request; how its reply begins."""
        talk, phases = self._talk, asked.phases
        self._phases = phases
        with suppress(httpcore2.WriteError):
            for data in talk.request(asked.target, asked.headers, asked.body):
                await self._stream.write(data, phases["write"])
        while (head := talk.head()) is None:
            talk.receive(await self._stream.read(_READ, phases["read"]))
        return head

    async def pieces(self) -> AsyncIterator[bytes]:
        """The reply's body as it arrives."""
        talk = self._talk
        while True:
            for piece in talk.body():
                yield piece
            if talk.ended:
                return
            talk.receive(await self._stream.read(_READ, self._phases["read"]))

    def is_good_again(self) -> bool:
        """Whether it may be kept for another request."""
        return self._talk.ended and self._talk.again()

    def has_closed(self) -> bool:
        """Whether the server has closed it meanwhile, or sent what nobody asked for."""
        return bool(self._stream.get_extra_info("is_readable"))

    async def aclose(self) -> None:
        """Close it, whatever it is at, even when the task is being cancelled."""
        await _closed_all_the_same(self._stream)


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
        return _prepared(url, headers, content, extensions)

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
        try:
            return PoolReply(self, connection, connection.ask(asked))
        except BaseException:
            self.give_back(connection)
            raise

    def _connect(self, asked: Prepared) -> Connection:
        place, phases = asked.place, asked.phases
        stream = self._network.connect_tcp(place.host, place.port, phases["connect"])
        if place.secure:
            _tell(asked, stream)
            stream = stream.start_tls(trust(), place.host, phases["connect"])
        _tell(asked, stream)
        connection = Connection(place, stream)
        self._shelf.busy.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Its request is over: keep it for the next one, or close it."""
        self._close(self._shelf.put(connection))

    def _close(self, connections: Sequence[Connection]) -> None:
        for connection in connections:
            connection.close()

    def leave(self) -> None:
        """After a fork: forget every connection and close none. They are the parent's, and closing them here would end
        its TLS sessions."""
        for connection in self._shelf.clear():
            connection.leave()

    def close(self) -> None:
        """Close every connection."""
        self.is_closed = True
        self._close(self._shelf.clear())
        if self._carried is not None:
            self._carried.close()


class PoolReply:
    """A reply; nothing stands between it and the connection but what unpacks."""

    __slots__ = ("_connection", "_is_packed", "_pieces", "_pool", "headers", "status_code")

    def __init__(self, pool: Pool, connection: Connection, head: Head) -> None:
        self._pool = pool
        self._connection: Connection | None = connection
        self._pieces = connection.pieces()
        self._is_packed = any(name.lower() == b"content-encoding" for name, _ in head.headers)
        self.status_code = head.status
        self.headers: Mapping[str, str] = ReplyHeaders(head.headers)

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives."""
        return _unpacked(self, self._pieces) if self._is_packed else self._pieces

    def close(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._pool.give_back(connection)


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
        return _prepared(url, headers, content, extensions)

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
        try:
            return AsyncPoolReply(self, connection, await connection.ask(asked))
        except BaseException:
            await self.give_back(connection)
            raise

    async def _connect(self, asked: Prepared) -> AsyncConnection:
        place, phases = asked.place, asked.phases
        stream = await self._network.connect_tcp(place.host, place.port, phases["connect"])
        if place.secure:
            try:
                stream = await stream.start_tls(trust(), place.host, phases["connect"])
            except BaseException:  # httpcore2 closes only after failures, not when it is cancelled
                await _closed_all_the_same(stream)
                raise
        connection = AsyncConnection(place, stream)
        self._shelf.busy.add(connection)
        return connection

    async def give_back(self, connection: AsyncConnection) -> None:
        """Its request is over: keep it for the next one, or close it."""
        await self._close(self._shelf.put(connection))

    async def _close(self, connections: Sequence[AsyncConnection]) -> None:
        for connection in connections:
            await connection.aclose()

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

    __slots__ = ("_connection", "_is_packed", "_pieces", "_pool", "headers", "status_code")

    def __init__(self, pool: AsyncPool, connection: AsyncConnection, head: Head) -> None:
        self._pool = pool
        self._connection: AsyncConnection | None = connection
        self._pieces = connection.pieces()
        self._is_packed = any(name.lower() == b"content-encoding" for name, _ in head.headers)
        self.status_code = head.status
        self.headers: Mapping[str, str] = ReplyHeaders(head.headers)

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return _unpacked_async(self, self._pieces) if self._is_packed else self._pieces

    async def aclose(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await self._pool.give_back(connection)


def _unpacked_async(reply: AsyncPoolReply, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    encoding = reply.headers["content-encoding"].lower()
    if encoding not in PACKED:
        from httpx2 import Response

        return Response(reply.status_code, headers=dict(reply.headers), content=pieces).aiter_bytes()
    unpacker = Unpacker(encoding)
    return (out async for piece in pieces for out in unpacker.feed(piece))
