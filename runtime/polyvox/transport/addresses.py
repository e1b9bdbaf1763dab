"""A host's addresses, one after another, within the time of one call: httpcore2 gives each of them the whole of it.
(anyio, in an event loop, asks several at once.)"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from httpcore2 import ConnectError, ConnectTimeout

if TYPE_CHECKING:
    from httpcore2 import NetworkBackend, NetworkStream

    from .targets import Place


def connected(network: NetworkBackend, place: Place, phases: Mapping[str, float | None]) -> NetworkStream:
    """A connection to the first address that answers. Raises what httpcore2 raises, or TimeoutError."""
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ConnectError(str(error)) from error
    return first_of(network, [(str(where[0]), place.port) for *_, where in found], phases)


def first_of(
    network: NetworkBackend, addresses: Sequence[tuple[str, int]], phases: Mapping[str, float | None]
) -> NetworkStream:
    """The same for addresses that are known. One that does not answer leaves half of the time to those behind it."""
    *others, last = addresses
    for host, port in others:
        limit = phases["connect"]
        try:
            return network.connect_tcp(host, port, None if limit is None else limit / 2)
        except (ConnectError, ConnectTimeout):
            continue
    return network.connect_tcp(*last, phases["connect"])
