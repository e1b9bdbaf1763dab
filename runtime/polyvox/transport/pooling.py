"""Connections that are kept and used again. Which one a request gets is decided in shelving.py.

`Pool` and `AsyncPool` are the same thing twice. httpcore2's own pool looks at each of its connections for each request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import httpcore2
from typing_extensions import override

from ..headers import ReplyHeaders
from .addresses import connected
from .connections import AsyncConnection, Connection, Prepared
from .handshakes import closed_all_the_same
from .interception import is_intercepted
from .shelving import KEPT, Shelf, popped
from .talking import Head
from .targets import target_of
from .trusting import trust
from .unpacking import PACKED, Unpacker

if TYPE_CHECKING:
    import httpx2

    from ..exchange import Headers
    from .carrying import AsyncCarried, Carried
    from .replies import AsyncReply, Reply


class _Preparing(ABC):
    """Makes requests for a pool."""

    is_closed = False

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> object:
        """The request, as `send` takes it."""
        if is_intercepted():
            return self._beside().build_request(method, url, headers=headers, content=content, extensions=extensions)
        return _prepared(url, headers, content, extensions)

    @abstractmethod
    def _beside(self) -> Carried | AsyncCarried:
        """What carries requests while somebody stands in for httpx2's transport."""


def _prepared(url: str, headers: Headers, body: bytes, extensions: Mapping[str, object]) -> Prepared:
    place, target, raw = target_of(url, headers)
    phases = cast("Mapping[str, float | None]", extensions["timeout"])
    trace = cast("Callable[[str, Mapping[str, object]], None] | None", extensions.get("trace"))
    return Prepared(place, target, [*raw, (b"content-length", b"%d" % len(body))], body, phases, trace)


def _tell(asked: Prepared, stream: httpcore2.NetworkStream) -> None:
    if asked.trace is not None:
        asked.trace("connection.connect_tcp.complete", {"return_value": stream})


class Pool(_Preparing):
    """Connections of one process. Threads may share it. It never follows a redirect, and keeps no cookie: a key belongs
    to one host, a call to one caller."""

    def __init__(self, kept: int = KEPT) -> None:
        self._shelf: Shelf[Connection] = Shelf(kept)
        self._network = httpcore2.SyncBackend()
        self._carried: Carried | None = None

    @override
    def _beside(self) -> Carried:
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
        try:
            self._close(stale)
            if connection is None:
                connection = self._connect(asked)
            return PoolReply(self, connection, connection.ask(asked))
        except BaseException:
            if connection is not None:
                self.give_back(connection)
            raise

    def _connect(self, asked: Prepared) -> Connection:
        place, phases = asked.place, asked.phases
        stream = connected(self._network, place, phases)
        try:
            if place.secure:
                _tell(asked, stream)
                stream = stream.start_tls(trust(), place.host, phases["connect"])
            _tell(asked, stream)
        except BaseException:  # httpcore2 closes only after failures, not when it is interrupted
            stream.close()
            raise
        connection = Connection(place, stream)
        self._shelf.begin(connection)
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

    def retire(self) -> None:
        """Close the free connections now, and each other one when its request is over: a stream may outlive the client
        that it came from."""
        self._close(self._shelf.retire())

    def close(self) -> None:
        """Close every connection."""
        self.is_closed = True
        self._close(self._shelf.clear())
        if self._carried is not None:
            self._carried.close()


class _Reply:
    """How a reply begins, and what its body is packed in."""

    __slots__ = ("headers", "is_packed", "status_code")

    def __init__(self, head: Head) -> None:
        self.is_packed = any(name.lower() == b"content-encoding" for name, _ in head.headers)
        self.status_code = head.status
        self.headers: Mapping[str, str] = ReplyHeaders(head.headers)

    def unpacker(self) -> Unpacker | None:
        """What unpacks the body; None for what httpx2 alone may know."""
        encoding = self.headers["content-encoding"].lower()
        return Unpacker(encoding) if encoding in PACKED else None

    def by_httpx2(self, pieces: Iterator[bytes] | AsyncIterator[bytes]) -> httpx2.Response:
        """The reply as httpx2 has it, as far as it unpacks; other headers may hold what it takes only as bytes."""
        from httpx2 import Response

        packed = [(b"content-encoding", self.headers["content-encoding"].encode())]
        return Response(self.status_code, headers=packed, content=pieces)


class PoolReply(_Reply):
    """A reply; nothing stands between it and the connection but what unpacks."""

    __slots__ = ("_held", "_pieces", "_pool")

    def __init__(self, pool: Pool, connection: Connection, head: Head) -> None:
        super().__init__(head)
        self._pool = pool
        self._held = [connection]
        self._pieces = connection.pieces()

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives."""
        return _unpacked(self, self._pieces) if self.is_packed else self._pieces

    def close(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if (connection := popped(self._held.pop)) is not None:
            self._pool.give_back(connection)


def _unpacked(reply: PoolReply, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if (unpacker := reply.unpacker()) is None:
        return reply.by_httpx2(pieces).iter_bytes()
    return (out for piece in pieces for out in unpacker.feed(piece))


def _holding(connection: AsyncConnection) -> Callable[[], AsyncConnection]:
    return lambda: connection


class AsyncPool(_Preparing):
    """The same, asynchronous; it belongs to the loop it is first used in."""

    def __init__(self, kept: int = KEPT) -> None:
        self._shelf: Shelf[AsyncConnection] = Shelf(kept, _holding)  # one that is lost stays open in its loop
        self._network = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())  # untyped where anyio is absent
        self._carried: AsyncCarried | None = None

    @override
    def _beside(self) -> AsyncCarried:
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
        try:
            await self._close(stale)
            if connection is None:
                connection = await self._connect(asked)
            return AsyncPoolReply(self, connection, await connection.ask(asked))
        except BaseException:
            if connection is not None:
                await self.give_back(connection)
            raise

    async def _connect(self, asked: Prepared) -> AsyncConnection:
        place, phases = asked.place, asked.phases
        try:
            stream = await self._network.connect_tcp(place.host, place.port, phases["connect"])
        except RuntimeError as error:  # no thread can be started to look for the host
            raise httpcore2.ConnectError(str(error)) from error
        if place.secure:
            try:
                stream = await stream.start_tls(trust(), place.host, phases["connect"])
            except BaseException:  # httpcore2 closes only after failures, not when it is cancelled
                await closed_all_the_same(stream)
                raise
        connection = AsyncConnection(place, stream)
        self._shelf.begin(connection)
        return connection

    async def give_back(self, connection: AsyncConnection) -> None:
        """Its request is over: keep it for the next one, or close it."""
        await self._close(self._shelf.put(connection))

    async def _close(self, connections: Sequence[AsyncConnection]) -> None:
        """All of them, even if the task is cancelled meanwhile."""
        stopped: BaseException | None = None
        for connection in connections:
            try:
                await connection.aclose()
            except BaseException as error:
                stopped = error
        if stopped is not None:
            raise stopped

    async def aclose(self) -> None:
        """Close every connection."""
        self.is_closed = True
        await self._close(self._shelf.clear())
        if self._carried is not None:
            await self._carried.aclose()


class AsyncPoolReply(_Reply):
    """The same as `PoolReply`, asynchronous."""

    __slots__ = ("_held", "_pieces", "_pool")

    def __init__(self, pool: AsyncPool, connection: AsyncConnection, head: Head) -> None:
        super().__init__(head)
        self._pool = pool
        self._held = [connection]
        self._pieces = connection.pieces()

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return _unpacked_async(self, self._pieces) if self.is_packed else self._pieces

    async def aclose(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if (connection := popped(self._held.pop)) is not None:
            await self._pool.give_back(connection)


def _unpacked_async(reply: AsyncPoolReply, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if (unpacker := reply.unpacker()) is None:
        return reply.by_httpx2(pieces).aiter_bytes()
    return (out async for piece in pieces for out in unpacker.feed(piece))
