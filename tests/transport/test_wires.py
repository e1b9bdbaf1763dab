"""The wire under a connection: what is sent in how many packets, and how long each read may take."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from httpcore2 import AsyncNetworkStream, NetworkStream, ReadTimeout, WriteError
from typing_extensions import override

from polyvox.exchange import Timeouts
from polyvox.limits import phases_of
from polyvox.transport.wires import AsyncWire, Wire

HEAD = b"POST / HTTP/1.1\r\n\r\n"
LARGE = bytes(2**16)


@dataclass
class Socket(NetworkStream):
    """Notes what is written and how long each step may take; answers `pong`."""

    written: list[bytes] = field(default_factory=list[bytes])
    limits: list[float | None] = field(default_factory=list[float | None])
    broken: bool = False
    closed: bool = False

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self.broken:
            raise WriteError("closed by the server")
        self.written.append(buffer)
        self.limits.append(timeout)

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.limits.append(timeout)
        return b"pong"

    @override
    def close(self) -> None:
        self.closed = True

    @override
    def get_extra_info(self, info: str) -> object:
        return info


@dataclass
class AsyncSocket(AsyncNetworkStream):
    """The same, asynchronous."""

    under: Socket

    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.under.write(buffer, timeout)

    @override
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.under.read(max_bytes, timeout)

    @override
    async def aclose(self) -> None:
        self.under.close()

    @override
    def get_extra_info(self, info: str) -> object:
        return info


SENT = {
    "head and body leave together": ([HEAD, b"{}"], [HEAD + b"{}"]),
    "no body": ([HEAD, b""], [HEAD]),
    "a large body is not copied": ([HEAD, LARGE], [HEAD, LARGE]),
    "a large body in pieces": ([HEAD, LARGE, b"tail"], [HEAD, LARGE, b"tail"]),
}


@pytest.mark.parametrize(("written", "sent"), SENT.values(), ids=SENT)
def test_what_is_written_leaves_before_the_first_read(written: list[bytes], sent: list[bytes]) -> None:
    socket = Socket()
    wire = Wire(socket)
    for piece in written:
        wire.write(piece)
    assert wire.read(10) == b"pong"
    assert socket.written == sent


@pytest.mark.anyio
@pytest.mark.parametrize(("written", "sent"), SENT.values(), ids=SENT)
async def test_the_same_asynchronously(written: list[bytes], sent: list[bytes]) -> None:
    socket = Socket()
    wire = AsyncWire(AsyncSocket(socket))
    for piece in written:
        await wire.write(piece)
    assert await wire.read(10) == b"pong"
    assert socket.written == sent


def test_each_step_may_take_what_is_left_of_the_call() -> None:
    socket = Socket()
    wire = Wire(socket)
    wire.phases = phases_of(Timeouts(read=600, write=600, total=600))
    wire.write(HEAD, timeout=600)
    for _ in range(9):
        wire.read(10, timeout=600)
    limits = [limit for limit in socket.limits if limit is not None]
    assert len(limits) == 10
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] < limits[0] <= 600


def test_a_server_may_answer_and_close_before_it_was_sent_everything() -> None:
    wire = Wire(Socket(broken=True))
    wire.write(HEAD)
    assert wire.read(10) == b"pong"


@pytest.mark.anyio
async def test_a_server_may_do_so_asynchronously() -> None:
    wire = AsyncWire(AsyncSocket(Socket(broken=True)))
    await wire.write(HEAD)
    assert await wire.read(10) == b"pong"


def test_a_large_body_that_cannot_be_sent_is_an_error_at_once() -> None:
    with pytest.raises(WriteError):
        Wire(Socket(broken=True)).write(LARGE + b"!")


def test_what_never_left_is_not_sent_when_it_closes() -> None:
    socket = Socket()
    wire = Wire(socket)
    wire.write(HEAD)
    wire.close()
    assert (socket.written, socket.closed) == ([], True)
    assert wire.get_extra_info("socket") == "socket"
    assert issubclass(ReadTimeout, Exception)
