"""Where a request goes, and its headers, as they are sent: made once for each address and key."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import httpcore2

if TYPE_CHECKING:
    from ..exchange import Headers

_PLAIN: Final = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?/[A-Za-z0-9._~:/?@!$&'()*+,;=%-]*")
"""An address that stands on the wire as it is written."""
_PORTS: Final = {b"http": 80, b"https": 443}


class Place(NamedTuple):
    """What a connection is to."""

    host: str
    port: int
    secure: bool


class Target(NamedTuple):
    """An address and headers, without those that depend on the body."""

    place: Place
    url: httpcore2.URL
    headers: list[tuple[bytes, bytes]]


@lru_cache(maxsize=256)
def target_of(url: str, headers: Headers) -> Target:
    """The target; addresses and headers cost more to make than a body."""
    address = httpcore2.URL(url) if _PLAIN.fullmatch(url) else _normalised(url)
    port = address.port or _PORTS[address.scheme]
    place = Place(address.host.decode("ascii"), port, address.scheme == b"https")
    given = {name.lower() for name, _ in headers}
    raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
    if "host" not in given:
        raw.insert(0, (b"host", _netloc(address)))
    return Target(place, address, raw)


def _netloc(address: httpcore2.URL) -> bytes:
    host = b"[%b]" % address.host if b":" in address.host else address.host
    return host if address.port in (None, _PORTS[address.scheme]) else b"%b:%d" % (host, address.port)


def _normalised(url: str) -> httpcore2.URL:
    """An address with other characters in it, as httpx2 writes it."""
    from httpx2 import URL

    whole = URL(url)
    return httpcore2.URL(scheme=whole.raw_scheme, host=whole.raw_host, port=whole.port, target=whole.raw_path)
