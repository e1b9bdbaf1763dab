"""Ctrl-C at each line of the transport: no connection stays open."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType

import pytest

from polyvox.transport.pooling import Pool
from tests.hostile.vendor import HostileVendor, Peer, reply

OURS = "polyvox/transport/"
PHASES = {"connect": 30.0, "read": 30.0, "write": 30.0, "pool": 30.0}


class Interrupt:
    """Comes at the line of this number, of those that run in the transport."""

    def __init__(self, number: int) -> None:
        self._left = number

    @property
    def has_come(self) -> bool:
        return self._left < 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Interrupt | None:
        if OURS not in frame.f_code.co_filename.replace("\\", "/"):
            return None
        self._left -= event == "line"
        if event == "line" and self._left == -1:
            raise KeyboardInterrupt
        return self


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    async def answer(peer: Peer) -> bool:
        await peer.send(reply(b"pong"))
        return True

    with HostileVendor() as vendor:
        yield vendor.address(answer, path="/v1")


def ask(pool: Pool, address: str) -> bytes:
    request = pool.build_request("POST", address, headers=(), content=b"{}", extensions={"timeout": PHASES})
    answer = pool.send(request, stream=True, follow_redirects=False)
    try:
        return b"".join(answer.iter_bytes())
    finally:
        answer.close()


# A socket that has not become a connection yet closes itself, and says so to who asks for such warnings.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kept", [False, True], ids=["a new connection", "a kept one"])
def test_a_connection_that_an_interrupt_loses_is_closed(address: str, kept: bool) -> None:
    number, at = 0, Interrupt(0)
    while number == 0 or at.has_come:
        pool, at, before = Pool(), Interrupt(number), sys.gettrace()
        if kept:
            ask(pool, address)
        sys.settrace(at)
        try:
            ask(pool, address)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
        assert pool._shelf.busy == set()
        assert ask(pool, address) == b"pong"
        pool.close()
        number += 1
    assert number > 40
