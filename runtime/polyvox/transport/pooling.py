"""Connections that are kept and used again. What is said over one is h11's (talking.py), the bytes go through
httpcore2's network, and which one a request gets is decided in shelving.py.

`Pool` and `AsyncPool` are the same thing twice. httpcore2's own pool looks at each of its connections for each request.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from os import getpid
from socket import socket
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar, cast

import httpcore2
from typing_extensions import override

from ..headers import ReplyHeaders
from .handshakes import closed_all_the_same, shut
from .interception import is_intercepted
from .read_ahead import holds_more
from .shelving import KEPT, Kept, Shelf
from .talking import Head, RawHeaders, Talk
from .targets import Place, target_of
from .trusting import trust
from .unpacking import PACKED, Unpacker

if TYPE_CHECKING:
    import httpx2

    from ..exchange import Headers
    from .carrying import AsyncCarried, Carried
    from .replies import AsyncReply, Reply

StreamT = TypeVar("StreamT", httpcore2.NetworkStream, httpcore2.AsyncNetworkStream)

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


class _Speaking(Kept, Generic[StreamT]):
    """What connections have in common."""

    __slots__ = ("_phases", "_stream", "_talk")

    def __init__(self, place: Place, stream: StreamT) -> None:
        super().__init__(place)
        self._stream: StreamT = stream
        self._talk = Talk()
        self._phases: Mapping[str, float | None] = {}

    @override
    def is_good_again(self) -> bool:
        return self._talk.ended and self._talk.again()

    @override
    def has_closed(self) -> bool:
        return bool(self._stream.get_extra_info("is_readable"))


class Connection(_Speaking[httpcore2.NetworkStream]):
    """A connection. Each step of a request may take what is left of its time."""

    __slots__ = ("_pid",)

    def __init__(self, place: Place, stream: httpcore2.NetworkStream) -> None:
        super().__init__(place, stream)
        self._pid = getpid()

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

    def leave(self) -> None:
        """Let go of its socket, without a word to the server."""
        held = self._stream.get_extra_info("socket")
        if isinstance(held, socket):
            held.detach()

    def close(self) -> None:
        """Close it, whatever it is at; a thread that reads it finds its end. In a forked child it is the parent's, who
        may be in the middle of a stream: there it is only let go of."""
        if self._pid != getpid():
            self.leave()
            return
        shut(self._stream.get_extra_info("socket"))
        self._stream.close()


class AsyncConnection(_Speaking[httpcore2.AsyncNetworkStream]):
    """The same, asynchronous."""

    __slots__ = ()

    @override
    def has_closed(self) -> bool:
        return holds_more(self._stream) or super().has_closed()

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

    async def aclose(self) -> None:
        """Close it, whatever it is at, even when the task is being cancelled."""
        await closed_all_the_same(self._stream)


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
        stream = self._network.connect_tcp(place.host, place.port, phases["connect"])
        try:
            if place.secure:
                _tell(asked, stream)
                stream = stream.start_tls(trust(), place.host, phases["connect"])
            _tell(asked, stream)
        except BaseException:  # httpcore2 closes only after failures, not when it is interrupted
            stream.close()
            raise
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

    __slots__ = ("_connection", "_pieces", "_pool")

    def __init__(self, pool: Pool, connection: Connection, head: Head) -> None:
        super().__init__(head)
        self._pool = pool
        self._connection: Connection | None = connection
        self._pieces = connection.pieces()

    def iter_bytes(self) -> Iterator[bytes]:
        """The body as it arrives."""
        return _unpacked(self, self._pieces) if self.is_packed else self._pieces

    def close(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._pool.give_back(connection)

    def __del__(self) -> None:  # a signal's handler raised before anybody had it
        self.close()


def _unpacked(reply: PoolReply, pieces: Iterator[bytes]) -> Iterator[bytes]:
    if (unpacker := reply.unpacker()) is None:
        return reply.by_httpx2(pieces).iter_bytes()
    return (out for piece in pieces for out in unpacker.feed(piece))


class AsyncPool(_Preparing):
    """The same, asynchronous; it belongs to the loop it is first used in."""

    def __init__(self, kept: int = KEPT) -> None:
        self._shelf: Shelf[AsyncConnection] = Shelf(kept)
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
        stream = await self._network.connect_tcp(place.host, place.port, phases["connect"])
        if place.secure:
            try:
                stream = await stream.start_tls(trust(), place.host, phases["connect"])
            except BaseException:  # httpcore2 closes only after failures, not when it is cancelled
                await closed_all_the_same(stream)
                raise
        connection = AsyncConnection(place, stream)
        self._shelf.busy.add(connection)
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

    __slots__ = ("_connection", "_pieces", "_pool")

    def __init__(self, pool: AsyncPool, connection: AsyncConnection, head: Head) -> None:
        super().__init__(head)
        self._pool = pool
        self._connection: AsyncConnection | None = connection
        self._pieces = connection.pieces()

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return _unpacked_async(self, self._pieces) if self.is_packed else self._pieces

    async def aclose(self) -> None:
        """Give the connection back; it is closed if the body has not been read."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await self._pool.give_back(connection)


def _unpacked_async(reply: AsyncPoolReply, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if (unpacker := reply.unpacker()) is None:
        return reply.by_httpx2(pieces).aiter_bytes()
    return (out async for piece in pieces for out in unpacker.feed(piece))
