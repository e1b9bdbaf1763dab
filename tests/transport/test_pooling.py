"""What a pool does with connections that nobody uses any more."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

import httpcore2
import pytest
from typing_extensions import override

from polyvox import Client
from polyvox.transport.connections import AsyncConnection
from polyvox.transport.pooling import AsyncPool
from polyvox.transport.targets import Place
from tests.hostile.dialects import OPENAI
from tests.hostile.vendor import HostileVendor, Peer, reply
from tests.mapping.asking import HELLO

HERE = Place("127.0.0.1", 1, False)
PHASES = {"connect": 30.0, "read": 30.0, "write": 30.0, "pool": 30.0}


class Closing(httpcore2.AsyncMockStream):
    """Says that it is being closed; the first takes its time."""

    def __init__(self, wait: bool = False) -> None:
        super().__init__([])
        self.begun = asyncio.Event()
        self._wait = wait

    @override
    async def aclose(self) -> None:
        self.begun.set()
        if self._wait:
            await asyncio.Event().wait()


class Good(AsyncConnection):
    """One that its server has not closed."""

    __slots__ = ()

    @override
    def has_closed(self) -> bool:
        return False


def test_cancelling_while_stale_connections_are_closed_closes_them_all_and_the_one_that_was_taken() -> None:
    async def main() -> None:
        pool, slow, other, taken = AsyncPool(), Closing(wait=True), Closing(), Closing()
        stale = [AsyncConnection(HERE, other), AsyncConnection(HERE, slow)]  # the last one is looked at first
        good = Good(HERE, taken)
        good.free_since = monotonic()
        pool._shelf._free[HERE] = deque([good, *stale])
        address = f"http://{HERE.host}:{HERE.port}/"
        request = pool.build_request("POST", address, headers=(), content=b"", extensions={"timeout": PHASES})
        task = asyncio.create_task(pool.send(request, stream=True, follow_redirects=False))
        await slow.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert other.begun.is_set()
        assert taken.begun.is_set()
        assert pool._shelf.busy == set()

    asyncio.run(main())


def test_a_connection_that_its_user_forgot_in_a_loop_is_closed_with_the_pool() -> None:
    async def main() -> None:
        pool, stream = AsyncPool(), Closing()
        pool._shelf.begin(AsyncConnection(HERE, stream))
        await pool.aclose()
        assert stream.begun.is_set()

    asyncio.run(main())


def test_an_unknown_packing_beside_a_header_that_is_not_ascii() -> None:
    async def answer(peer: Peer) -> bool:
        await peer.send(reply(OPENAI.reply, "content-encoding: odd", "x-name: Zoë"))
        return True

    with HostileVendor() as vendor, Client() as client:
        found = client.completion(OPENAI.model, HELLO, api_base=vendor.address(answer), api_key="k")
        assert found.response_headers["x-name"] == "Zoë"
