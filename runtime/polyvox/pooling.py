"""Connections that are kept and used again: httpcore2's HTTP/1.1, without its pool, whose work for each request grows
with the number of connections.

A connection serves one request at a time, so that a free one is just the last of a list: who takes it there has it
alone, and no lock is needed. `Pool` and `AsyncPool` are the same thing twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, Protocol, TypeVar, cast

import httpcore2

from .headers import ReplyHeaders
from .targets import Place, target_of
from .trusting import trust
from .unpacking import PACKED, Unpacker
from .wires import AsyncWire, Wire

if TYPE_CHECKING:
    from .exchange import Headers

KEPT: Final = 200
"""Free connections to one host. Those in use have no limit: hundreds of streams of minutes each are ordinary."""
KEPT_SECONDS: Final = 60.0


class Prepared(NamedTuple):
    """A request, and where to."""

    place: Place
    request: httpcore2.Request
    phases: Mapping[str, float | None]


class _Preparing:
    """Makes requests for a pool."""

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> Prepared:
        """The request, as `send` takes it."""
        place, address, raw = target_of(url, headers)
        sent = [*raw, (b"content-length", b"%d" % len(content))]
        request = httpcore2.Request(method, address, headers=sent, content=content, extensions=dict(extensions))
        return Prepared(place, request, cast("Mapping[str, float | None]", extensions["timeout"]))


class _State(Protocol):
    """What httpcore2 knows of a connection."""

    def has_expired(self) -> bool: ...
    def is_idle(self) -> bool: ...


class _Kept:
    """What a shelf knows of a connection."""

    __slots__ = ("free_since", "place", "state")

    def __init__(self, place: Place, state: _State) -> None:
        self.place = place
        self.state = state
        self.free_since = 0.0


class Connection(_Kept):
    """A connection, and the wire under it."""

    __slots__ = ("http", "wire")

    def __init__(self, place: Place, origin: httpcore2.Origin, wire: Wire) -> None:
        self.wire = wire
        self.http = httpcore2.HTTP11Connection(origin, wire, KEPT_SECONDS)
        super().__init__(place, self.http)


class AsyncConnection(_Kept):
    """The same, asynchronous."""

    __slots__ = ("http", "wire")

    def __init__(self, place: Place, origin: httpcore2.Origin, wire: AsyncWire) -> None:
        self.wire = wire
        self.http = httpcore2.AsyncHTTP11Connection(origin, wire, KEPT_SECONDS)
        super().__init__(place, self.http)


ConnectionT = TypeVar("ConnectionT", bound=_Kept)


class _Shelf(Generic[ConnectionT]):
    """All connections of a pool. What it hands back as stale is for the pool to close."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._free: dict[Place, deque[ConnectionT]] = {}
        self.busy: set[ConnectionT] = set()

    def take(self, place: Place) -> tuple[ConnectionT | None, Sequence[ConnectionT]]:
        """A free connection, if there is one that its server has not closed; it is busy now."""
        free = self._free.get(place)
        stale: list[ConnectionT] = []
        while free:
            try:
                found = free.pop()
            except IndexError:  # another thread was faster
                break
            if not found.state.has_expired():
                self.busy.add(found)
                return found, stale
            stale.append(found)
        return None, stale

    def put(self, connection: ConnectionT) -> Sequence[ConnectionT]:
        """It is not busy any more."""
        self.busy.discard(connection)
        if not self._kept or not connection.state.is_idle():
            return (connection,)
        connection.free_since = monotonic()
        free = self._free.get(connection.place)
        if free is None:
            free = self._free.setdefault(connection.place, deque())
        free.append(connection)
        return self._aged(free, connection.free_since) if len(free) > 1 else ()

    def _aged(self, free: deque[ConnectionT], now: float) -> Sequence[ConnectionT]:
        """The oldest ones that have been free for too long, or are too many."""
        stale: list[ConnectionT] = []
        while free:
            try:
                oldest = free.popleft()
            except IndexError:  # another thread was faster
                break
            if len(free) < self._kept and now - oldest.free_since < KEPT_SECONDS:
                free.appendleft(oldest)
                break
            stale.append(oldest)
        return stale

    def clear(self) -> Sequence[ConnectionT]:
        """Every connection; none is kept from now on."""
        self._kept = 0
        free = [connection for each in self._free.values() for connection in each]
        self._free.clear()
        return [*free, *tuple(self.busy)]


def _tell(extensions: Mapping[str, object], stream: object) -> None:
    """A connection was made: says so to who asked for it, as httpcore2 would."""
    if (trace := extensions.get("trace")) is not None:
        cast("Callable[[str, Mapping[str, object]], None]", trace)(
            "connection.connect_tcp.complete", {"return_value": stream}
        )


class Pool(_Preparing):
    """Connections of one process. Threads may share it. It never follows a redirect, and keeps no cookie: a key belongs
    to one host, a call to one caller."""

    def __init__(self, kept: int = KEPT) -> None:
        self._shelf: _Shelf[Connection] = _Shelf(kept)
        self._network = httpcore2.SyncBackend()
        self.is_closed = False

    def send(self, request: object, *, stream: bool = True, follow_redirects: bool = False) -> PoolReply:
        """The reply, with its body still to be read. Raises what httpcore2 raises."""
        asked = cast("Prepared", request)
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
            _tell(asked.request.extensions, stream)
            stream = stream.start_tls(trust(), place.host, phases["connect"])
        _tell(asked.request.extensions, stream)
        connection = Connection(place, asked.request.url.origin, Wire(stream))
        self._shelf.busy.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Its request is over: keep it for the next one, or close it."""
        self._close(self._shelf.put(connection))

    def _close(self, connections: Sequence[Connection]) -> None:
        for connection in connections:
            connection.http.close()

    def close(self) -> None:
        """Close every connection."""
        self.is_closed = True
        self._close(self._shelf.clear())


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
    if reply.headers["content-encoding"].lower() not in PACKED:
        from httpx2 import Response

        return Response(reply.status_code, headers=dict(reply.headers), content=pieces).iter_bytes()
    unpacker = Unpacker()
    return (out for piece in pieces for out in unpacker.feed(piece))


class AsyncPool(_Preparing):
    """The same, asynchronous; it belongs to the loop it is first used in."""

    def __init__(self, kept: int = KEPT) -> None:
        self._shelf: _Shelf[AsyncConnection] = _Shelf(kept)
        self._network = httpcore2.AnyIOBackend()
        self.is_closed = False

    async def send(self, request: object, *, stream: bool = True, follow_redirects: bool = False) -> AsyncPoolReply:
        """The reply, with its body still to be read. Raises what httpcore2 raises."""
        asked = cast("Prepared", request)
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
    if reply.headers["content-encoding"].lower() not in PACKED:
        from httpx2 import Response

        return Response(reply.status_code, headers=dict(reply.headers), content=pieces).aiter_bytes()
    unpacker = Unpacker()
    return (out async for piece in pieces for out in unpacker.feed(piece))
