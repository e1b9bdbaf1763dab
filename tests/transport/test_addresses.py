"""A host of several addresses: the first that answers is taken, within the time of the call."""

from __future__ import annotations

import socket
from collections.abc import Mapping

import httpcore2
import pytest
from httpcore2 import ConnectError, ConnectTimeout
from typing_extensions import override

from polyvox.exchange import Timeouts
from polyvox.limits import phases_of
from polyvox.transport.addresses import connected, first_of
from polyvox.transport.targets import Place

DEAD, REFUSING, GOOD = ("dead", 1), ("refusing", 1), ("good", 1)
FOREVER: Mapping[str, float | None] = {"connect": None}


class Network(httpcore2.NetworkBackend):
    """One in which hosts behave as they are called; it says how long each may take."""

    def __init__(self) -> None:
        self.limits: list[float | None] = []

    @override
    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: object, **more: object
    ) -> httpcore2.NetworkStream:
        self.limits.append(timeout)
        if host == "dead":
            raise ConnectTimeout("timed out")
        if host == "refusing":
            raise ConnectError("refused")
        return httpcore2.MockStream([host.encode()])


@pytest.mark.parametrize("first", [DEAD, REFUSING])
def test_the_next_one_is_asked(first: tuple[str, int]) -> None:
    network = Network()
    found = first_of(network, [first, GOOD], {"connect": 8.0})
    assert found.read(9) == b"good"
    assert network.limits == [4.0, 8.0]


def test_there_may_be_no_limit() -> None:
    network = Network()
    assert first_of(network, [DEAD, REFUSING, GOOD], FOREVER).read(9) == b"good"
    assert network.limits == [None, None, None]


@pytest.mark.parametrize(("last", "error"), [(DEAD, ConnectTimeout), (REFUSING, ConnectError)])
def test_the_lasts_error_is_told(last: tuple[str, int], error: type[Exception]) -> None:
    with pytest.raises(error):
        first_of(Network(), [DEAD, REFUSING, last], {"connect": 8.0})


def test_the_calls_time_is_for_all_of_them() -> None:
    network = Network()
    with pytest.raises(TimeoutError):
        first_of(network, [DEAD, GOOD], phases_of(Timeouts(connect=5.0, total=0.0)))
    assert network.limits == []


def test_a_name_of_two_addresses_of_which_one_may_refuse() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # and not at ::1
        port = server.getsockname()[1]
        stream = connected(httpcore2.SyncBackend(), Place("localhost", port, False), {"connect": 30.0})
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
        stream.close()


def test_an_address_that_is_nowhere() -> None:
    with pytest.raises(ConnectError):
        connected(Network(), Place("fe80::1%nowhere", 443, True), FOREVER)
