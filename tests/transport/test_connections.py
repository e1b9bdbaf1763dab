"""A connection, over a network that is none: how much is written at a time, and what is made of a server that goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpcore2
import pytest
from typing_extensions import override

from polyvox.transport.connections import AsyncConnection, Connection, Prepared
from polyvox.transport.targets import Place

HERE = Place("a.test", 443, True)
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n"


class Phases(dict[str, float | None]):
    """The time is over when it has been asked for so often."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times

    def __missing__(self, phase: str) -> float | None:
        self._times -= 1
        if self._times < 0:
            raise TimeoutError
        return None


def asked(body: bytes = b"{}", times: int = 100) -> Prepared:
    headers = [(b"host", b"a.test"), (b"content-length", b"%d" % len(body))]
    return Prepared(HERE, b"/", headers, body, Phases(times), None)


class Hearing(httpcore2.MockStream):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__([TOO_LARGE])
        self.written: list[bytes] = []

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append(buffer)


def test_a_long_body_is_written_whole() -> None:
    stream, body = Hearing(), bytes(range(256)) * 300
    assert Connection(HERE, stream).ask(asked(body)).status == 413
    head, *pieces = stream.written
    assert head.endswith(b"content-length: 76800\r\n\r\n")
    assert b"".join(pieces) == body


def test_the_time_to_write_it_is_for_the_whole() -> None:
    stream = Hearing()
    with pytest.raises(TimeoutError):
        Connection(HERE, stream).ask(asked(bytes(2**17), times=3))
    assert [len(piece) for piece in stream.written[1:]] == [2**14, 2**14]


class Gone(httpcore2.MockStream):
    """Its server has answered, and closed before it was sent everything."""

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        raise httpcore2.WriteError


class AsyncGone(httpcore2.AsyncMockStream):
    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        raise httpcore2.WriteError


ANSWERED: dict[str, Callable[[], int]] = {
    "sync": lambda: Connection(HERE, Gone([TOO_LARGE])).ask(asked()).status,
    "async": lambda: asyncio.run(AsyncConnection(HERE, AsyncGone([TOO_LARGE])).ask(asked())).status,
}


@pytest.mark.parametrize("answered", ANSWERED.values(), ids=ANSWERED)
def test_an_answer_before_the_request_was_whole(answered: Callable[[], int]) -> None:
    assert answered() == 413
