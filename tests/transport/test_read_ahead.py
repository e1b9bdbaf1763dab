"""What anyio has read of a connection and nobody has asked for yet."""

from __future__ import annotations

import asyncio

import pytest
from httpcore2 import AsyncNetworkStream

from polyvox.transport.pooling import AsyncPool
from polyvox.transport.read_ahead import holds_more
from tests.hostile.vendor import HostileVendor, Peer, certificates


async def _says_two_things(peer: Peer) -> bool:
    await peer.send(b"12")
    await peer.stall()
    return False


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_it_is_seen(tls: bool) -> None:
    async def main(port: int) -> list[bool]:
        stream = await AsyncPool()._network.connect_tcp("127.0.0.1", port)
        if tls:
            stream = await stream.start_tls(certificates()[1], "127.0.0.1")
        await stream.write(b"POST /0/ HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
        seen: list[bool] = []
        for _ in range(2):
            assert len(await stream.read(1)) == 1
            seen.append(holds_more(stream))
        await stream.aclose()
        return seen

    with HostileVendor() as vendor:
        port = vendor.address(_says_two_things, tls=tls).split(":")[2].split("/")[0]
        assert asyncio.run(main(int(port))) == [True, False]


class _Elsewhere(AsyncNetworkStream):
    """A stream of an anyio that keeps what it reads where nobody looks."""


def test_where_nobody_can_see_it_there_may_be_more() -> None:
    assert holds_more(_Elsewhere())
