"""A caller who leaves in the middle of a call, wherever that is: nothing stays behind, on either side."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import AsyncClient, AsyncStream, Client, StreamInterruptedError
from polyvox.transport.pooling import Pool
from tests.hostile.asking import Way, each
from tests.hostile.dialect import HEL, Dialect
from tests.hostile.dialects import DIALECTS, OPENAI
from tests.hostile.leaks import CANARY, shown
from tests.hostile.test_connections import good
from tests.hostile.vendor import HostileVendor, Peer, chunked, head, reply
from tests.mapping.asking import HELLO

if TYPE_CHECKING:
    from polyvox import Parameters

PLAIN: Final = good(OPENAI, Way(asynchronous=False, stream=False))
STREAM: Final = good(OPENAI, Way(asynchronous=False, stream=True))
TWO_CHUNKS: Final = STREAM.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + chunked(OPENAI.first)

# What the vendor says before it falls silent, and whether the call is streamed.
PLACES: Final[dict[str, tuple[bytes, bool]]] = {
    "before the headers": (b"", False),
    "in the headers": (PLAIN[:30], False),
    "before the body": (PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", False),
    "in the body": (PLAIN[:-9], False),
    "before the headers of a stream": (b"", True),
    "before the first chunk": (STREAM.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", True),
    "between two chunks": (STREAM[: STREAM.index(b'"lo"') - 200], True),
    "in an error's body": (reply(b"{}" * 99, status="500 No")[:-9], False),
}
everywhere = pytest.mark.parametrize(("says", "stream"), PLACES.values(), ids=PLACES)


class Silent:
    """Says so much and no more; knows when it was asked, and when the client left."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self.asked = threading.Event()
        self.left = threading.Event()

    async def __call__(self, peer: Peer) -> bool:
        try:
            await peer.send(self._says)
            self.asked.set()
            await peer.stall()
        finally:
            self.left.set()
        return False


async def _consume(client: AsyncClient, address: str, stream: bool) -> None:
    if stream:
        async for _ in await client.completion(OPENAI.model, HELLO, stream=True, api_base=address, api_key=CANARY):
            pass
    else:
        await client.completion(OPENAI.model, HELLO, api_base=address, api_key=CANARY)


async def _cancel(call: Awaitable[None], silent: Silent) -> None:
    task = asyncio.ensure_future(call)
    await asyncio.to_thread(silent.asked.wait, 30)
    await asyncio.sleep(0.01)  # what was said may be read by now; the outcome is the same
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert CANARY not in shown(caught.value)


async def _cancel_a_group(call: Awaitable[None], silent: Silent) -> None:
    async def fail() -> None:
        await asyncio.to_thread(silent.asked.wait, 30)
        raise ZeroDivisionError

    async def ask() -> None:
        await call

    async def together() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(ask())
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as caught:
        await together()
    assert CANARY not in shown(caught.value)


async def _time_out(call: Awaitable[None], silent: Silent) -> None:
    task = asyncio.ensure_future(call)
    await asyncio.to_thread(silent.asked.wait, 30)
    with pytest.raises(TimeoutError) as caught:
        await asyncio.wait_for(task, 0.02)
    assert CANARY not in shown(caught.value)


LEAVING: Final[dict[str, Callable[[Awaitable[None], Silent], Awaitable[None]]]] = {
    "cancel": _cancel,
    "a group that fails": _cancel_a_group,
    "wait_for": _time_out,
}


@everywhere
@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_cancelling(
    vendor: HostileVendor,
    says: bytes,
    stream: bool,
    leave: Callable[[Awaitable[None], Silent], Awaitable[None]],
) -> None:
    silent = Silent(says)
    address = vendor.address(silent)

    async def main() -> None:
        before = asyncio.all_tasks()
        async with AsyncClient() as client:
            await leave(_consume(client, address, stream), silent)
            assert await asyncio.to_thread(silent.left.wait, 30)  # while the client is still open
        assert asyncio.all_tasks() == before

    asyncio.run(main())
    assert vendor.asked(address) == 1


def test_cancelling_a_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        async def main() -> None:
            before = asyncio.all_tasks()
            async with AsyncClient() as client:
                address = f"https://127.0.0.1:{listening.getsockname()[1]}"
                task = asyncio.create_task(_consume(client, address, stream=False))
                peer, _ = await asyncio.to_thread(listening.accept)
                with peer:
                    peer.settimeout(30)
                    assert await asyncio.to_thread(peer.recv, 1) == b"\x16"  # the handshake has begun
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
                    while await asyncio.to_thread(peer.recv, 4096):
                        pass  # until the client has closed its side
            assert asyncio.all_tasks() == before

        asyncio.run(main())


def test_cancelling_the_wait_for_the_next_try(vendor: HostileVendor) -> None:
    asked = threading.Event()

    async def busy(peer: Peer) -> bool:
        await peer.send(reply(b"{}", "retry-after: 60", status="503 Busy"))
        asked.set()
        return True

    address = vendor.address(busy)

    async def main() -> None:
        before = asyncio.all_tasks()
        async with AsyncClient() as client:
            task = asyncio.create_task(_consume(client, address, stream=False))
            await asyncio.to_thread(asked.wait, 30)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(task, 0.1)
        assert asyncio.all_tasks() == before

    asyncio.run(main())
    assert vendor.asked(address) == 1


@everywhere
def test_interrupting(vendor: HostileVendor, says: bytes, stream: bool) -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only the main thread gets signals")
    silent = Silent(says)
    address = vendor.address(silent)
    stopped = threading.Event()

    def stop(signal_number: int, frame: object) -> None:
        if not stopped.is_set():
            stopped.set()
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)  # some runners of tests ignore it

    def press() -> None:
        silent.asked.wait(30)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        while not stopped.wait(1):  # one that comes just before the wait for a socket does not end that wait
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def call() -> None:
        if stream:
            client.completion(OPENAI.model, HELLO, stream=True, api_base=address, api_key=CANARY).completion()
        else:
            client.completion(OPENAI.model, HELLO, api_base=address, api_key=CANARY)

    threading.Thread(target=press).start()
    with Client() as client:
        with pytest.raises(KeyboardInterrupt) as caught:
            call()
        signal.signal(signal.SIGINT, before)
        assert silent.left.wait(30)
    assert vendor.asked(address) == 1
    assert CANARY not in shown(caught.value)


def _begun(dialect: Dialect) -> bytes:
    """What a vendor says of a stream before it falls silent."""
    return head("transfer-encoding: chunked", kind=dialect.framing.media_type) + chunked(dialect.first)


@each(dialect=DIALECTS, taken=[0, 1])
def test_leaving_a_stream_unread(vendor: HostileVendor, dialect: Dialect, taken: int) -> None:
    silent = Silent(_begun(dialect))
    given = cast("Parameters", {"api_base": vendor.address(silent), "api_key": "k", **dialect.asked})
    with Client() as client:
        stream = client.completion(dialect.model, HELLO, stream=True, **given)
        for _ in range(taken):
            next(stream)
        stream.close()
        assert silent.left.wait(30)
        assert list(stream) == []


@each(dialect=DIALECTS, taken=[0, 1])
def test_leaving_an_asynchronous_stream_unread(vendor: HostileVendor, dialect: Dialect, taken: int) -> None:
    silent = Silent(_begun(dialect))
    given = cast("Parameters", {"api_base": vendor.address(silent), "api_key": "k", **dialect.asked})

    async def main() -> None:
        async with AsyncClient() as client:
            stream = await client.completion(dialect.model, HELLO, stream=True, **given)
            for _ in range(taken):
                await anext(stream)
            await stream.close()
            assert await asyncio.to_thread(silent.left.wait, 30)

    asyncio.run(main())


@pytest.mark.parametrize("taken", [0, 1])
def test_forgetting_a_stream(vendor: HostileVendor, taken: int) -> None:
    silent = Silent(PLACES["between two chunks"][0])
    with Client() as client:
        stream = client.completion(OPENAI.model, HELLO, stream=True, api_base=vendor.address(silent), api_key="k")
        for _ in range(taken):
            next(stream)
        del stream  # nothing else knows it: no garbage collector is waited for
        assert silent.left.wait(30)


@pytest.mark.parametrize("taken", [0, 1])
def test_forgetting_an_asynchronous_stream(vendor: HostileVendor, taken: int) -> None:
    silent = Silent(PLACES["between two chunks"][0])

    async def main() -> None:
        async with AsyncClient() as client:
            stream = await client.completion(
                OPENAI.model, HELLO, stream=True, api_base=vendor.address(silent), api_key="k"
            )
            for _ in range(taken):
                await anext(stream)
            del stream
            assert await asyncio.to_thread(silent.left.wait, 30)

    asyncio.run(main())


def test_a_reply_that_an_interruption_kept_from_everybody(vendor: HostileVendor) -> None:
    silent = Silent(PLACES["in the body"][0])
    timeout = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), 30.0)}
    with closing(Pool()) as pool:
        asked = pool.build_request("POST", vendor.address(silent), headers=(), content=b"{}", extensions=timeout)
        pool.send(asked, stream=True, follow_redirects=False)
        assert silent.left.wait(30)
        assert pool._shelf.busy == set()


@pytest.mark.parametrize("whole", [False, True], ids=["the stream", "the client"])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_closing_what_another_thread_reads(vendor: HostileVendor, tls: bool, whole: bool) -> None:
    silent = Silent(TWO_CHUNKS)
    client = Client(api_base=vendor.address(silent, tls=tls), api_key="k")
    with client.completion(OPENAI.model, HELLO, stream=True) as stream, ThreadPoolExecutor(1) as threads:
        assert [next(stream) for _ in range(2)]
        reading = threads.submit(list, stream)
        while not stream._chunks.gi_running:  # until it is in there
            time.sleep(0.001)
        (client if whole else stream).close()
        with pytest.raises(StreamInterruptedError, match="the stream ended") as caught:
            reading.result(30)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == HEL
    client.close()


@pytest.mark.parametrize("whole", [False, True], ids=["the stream", "the client"])
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_closing_what_another_task_reads(vendor: HostileVendor, tls: bool, whole: bool) -> None:
    silent = Silent(PLACES["between two chunks"][0])

    async def read(stream: AsyncStream) -> None:
        async for _ in stream:
            pass

    async def main() -> None:
        client = AsyncClient(api_base=vendor.address(silent, tls=tls), api_key="k")
        async with await client.completion(OPENAI.model, HELLO, stream=True) as stream:
            reading = asyncio.create_task(read(stream))
            await asyncio.sleep(0)
            assert stream._chunks.ag_running
            await (client if whole else stream).close()
            with pytest.raises(StreamInterruptedError, match="ended early"):
                await reading
        await client.close()

    asyncio.run(main())


def test_a_pool_serves_on_after_a_call_was_left(vendor: HostileVendor) -> None:
    silent = Silent(b"")

    async def fine(peer: Peer) -> bool:
        await peer.send(PLAIN)
        return True

    async def main() -> None:
        async with AsyncClient() as client:
            await _cancel(_consume(client, vendor.address(silent), stream=False), silent)
            await _consume(client, vendor.address(fine), stream=False)

    asyncio.run(main())


def test_a_transport_of_the_callers_that_is_interrupted() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise KeyboardInterrupt

    with (
        Client(transport=httpx2.MockTransport(answer), api_key="k", api_base="https://h.test") as client,
        pytest.raises(KeyboardInterrupt),
    ):
        client.completion(OPENAI.model, HELLO, fallbacks=["openai:gpt-5-mini"])
