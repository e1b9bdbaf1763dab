"""A local server that misbehaves on command, over plain HTTP and over TLS with a throw-away CA.

    with HostileVendor() as vendor:
        address = vendor.address(misbehaviour)   # what to give as api_base

A misbehaviour is a coroutine that gets the `Peer` that connected, after its request was read, and does with the socket
whatever it likes. It returns whether it left the connection fit for another request.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import cache
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self, TypeAlias

from benchmarks.certificate import self_signed

REQUEST_ID: Final = "req_hostile"


class Peer:
    """A connection, from the server's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def request(self) -> tuple[str, bytes] | None:
        """The next request's path and body; None where there is none."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            return None
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
        return lines[0].split(" ")[1], await self._reader.readexactly(length)

    async def send(self, *pieces: bytes) -> None:
        """Write, and give it to the network."""
        for piece in pieces:
            self._writer.write(piece)
        await self._writer.drain()

    async def trickle(self, data: bytes) -> None:
        """Write byte by byte, each in a packet of its own."""
        for place in range(len(data)):
            await self.send(data[place : place + 1])
            await asyncio.sleep(0)

    async def stall(self) -> None:
        """Say nothing more, until the client leaves."""
        await self._reader.read(1)

    def reset(self) -> None:
        """Cut the connection as a crash would."""
        found = self._writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def close(self) -> None:
        """End the connection in order."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except (OSError, ssl.SSLError):
            return  # the client was faster


Misbehaviour: TypeAlias = Callable[[Peer], Awaitable[bool]]


def saying(said: bytes, end: str) -> Misbehaviour:
    """Says that, and then does `reset`, `stall`, or no more than to close the connection."""

    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(said)
        if end == "reset":
            peer.reset()
        if end == "stall":
            await peer.stall()
        return False

    return misbehaviour


def reply(body: bytes, *headers: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A whole reply, with its length."""
    return head(f"content-length: {len(body)}", *headers, status=status, kind=kind) + body


def head(*headers: str, status: str = "200 OK", kind: str = "application/json") -> bytes:
    """A reply up to its body."""
    lines = (f"HTTP/1.1 {status}", f"content-type: {kind}", f"x-request-id: {REQUEST_ID}", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


def chunked(*pieces: bytes) -> bytes:
    """Pieces of a body of unknown length."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory()  # for as long as the process


@cache
def certificate() -> str:
    """The file of a certificate for 127.0.0.1, and of its key; a client that reads it trusts that server alone."""
    path = f"{_folder().name}/server.pem"
    with open(path, "wb") as file:
        file.write(self_signed())
    return path


@cache
def certificates() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server, and for a client that trusts it."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate())
    return server, ssl.create_default_context(cafile=certificate())


class HostileVendor:
    """The server, in a thread of its own, while the `with` block lasts."""

    def __init__(self) -> None:
        self._misbehaviours: list[Misbehaviour] = []
        self.elsewhere: Misbehaviour | None = None
        """What is done to who asks at another address of this host; nothing."""
        self.requests: list[tuple[str, bytes]] = []
        """Path and body of each request that was read."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ports: tuple[int, int] = (0, 0)

    def address(self, misbehaviour: Misbehaviour, *, tls: bool = False, path: str = "") -> str:
        """Where this is done to whoever asks."""
        self._misbehaviours.append(misbehaviour)
        origin = f"https://127.0.0.1:{self._ports[1]}" if tls else f"http://127.0.0.1:{self._ports[0]}"
        return f"{origin}/{len(self._misbehaviours) - 1}{path}"

    def asked(self, address: str) -> int:
        """How many requests came to an address."""
        place = f"/{address.split('/')[3]}/"
        return sum(path.startswith(place) for path, _ in list(self.requests))

    def _done_at(self, place: str) -> Misbehaviour | None:
        return self._misbehaviours[int(place)] if place.isdigit() else self.elsewhere

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        peer = Peer(reader, writer)
        try:
            while (request := await peer.request()) is not None:
                self.requests.append(request)
                misbehaviour = self._done_at(request[0].split("/")[1])
                if misbehaviour is None or not await misbehaviour(peer):
                    break
        except (OSError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            self._tasks.discard(task)
            if not writer.transport.is_closing():
                await peer.close()

    async def _start(self) -> None:
        plain = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        secure = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=certificates()[0])
        self._servers = (plain, secure)
        self._ports = (plain.sockets[0].getsockname()[1], secure.sockets[0].getsockname()[1])

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            await work()

        done: Future[None] = asyncio.run_coroutine_threadsafe(run(), self._loop)
        done.result(30)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._start)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._do(self._stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()
