"""Connections: what is said over one is h11's (talking.py), the bytes go through httpcore2's network.

`Connection` and `AsyncConnection` are the same thing twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from os import getpid
from socket import socket
from typing import Final, Generic, NamedTuple, TypeVar

import httpcore2
from typing_extensions import override

from .handshakes import closed_all_the_same, shut
from .read_ahead import holds_more
from .shelving import Kept
from .talking import Head, RawHeaders, Talk
from .targets import Place

StreamT = TypeVar("StreamT", httpcore2.NetworkStream, httpcore2.AsyncNetworkStream)

_READ: Final = 2**16
"""Bytes, at a time."""
_WRITTEN: Final = 2**14
"""The same: so few that they mostly leave together, since httpcore2 begins its timeout anew behind each part."""


class Prepared(NamedTuple):
    """A request, and where to."""

    place: Place
    target: bytes
    headers: RawHeaders
    body: bytes
    phases: Mapping[str, float | None]
    trace: Callable[[str, Mapping[str, object]], None] | None
    """Is told of the connection that is made for it, as httpcore2 would tell."""


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
        return self._talk.again()

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
                for start in range(0, len(data), _WRITTEN):
                    self._stream.write(data[start : start + _WRITTEN], phases["write"])
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

    def __del__(self) -> None:
        with suppress(AttributeError):  # it has none yet
            self._stream.close()

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
