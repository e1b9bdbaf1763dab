"""Every status x every form of `Retry-After` x every body, in each dialect: the error for a reply, without a wire.

(tests/hostile/test_replies.py has them on the wire, two of the three at a time.)
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pytest

from polyvox import APIError
from polyvox.addressing import find_vendor
from polyvox.call import Call, Vendor
from polyvox.dialects import dialect_of
from tests.hostile.dialect import Dialect
from tests.hostile.dialects import EVERYBODY
from tests.hostile.test_replies import BODIES, ERROR, RETRY_AFTER, STATUSES

LONGEST: Final = 2**14
UNPACK: Final[dict[str, Callable[[bytes], bytes]]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


def read(headers: Mapping[str, str], body: bytes) -> bytes:
    """A body as it is handed over: unpacked, as far as it can be, and cut (here earlier than on the wire)."""
    try:
        return UNPACK.get(headers.get("content_encoding", ""), bytes)(body)[:LONGEST]
    except (OSError, EOFError, zlib.error):
        return b""


def every_wish() -> Iterator[tuple[dict[str, str], float | None]]:
    for headers, wait in RETRY_AFTER.values():
        yield {name.replace("_", "-"): value for name, value in headers.items()}, wait


def vendor_of(dialect: Dialect) -> Vendor:
    """Who answers so."""
    found = find_vendor(dialect.provider)
    assert found is not None
    return found


# One for each way to read an error: it is the whole of what differs here.
READERS: Final = {type(dialect_of(vendor_of(one))).error: one for one in reversed(EVERYBODY)}.values()


@pytest.mark.parametrize("dialect", READERS, ids=str)
@pytest.mark.parametrize("body", [*BODIES, "the usual"])
def test_every_status_with_every_wish(body: str, dialect: Dialect) -> None:
    packed, data, says = BODIES.get(body, ({}, ERROR, "no"))
    data = read(packed, data)
    vendor = vendor_of(dialect)
    call, speaks = Call(vendor=vendor, model="m", messages=[], given={}), dialect_of(vendor)
    for status, (kind, again) in STATUSES.items():
        for headers, wait in every_wish():
            error = speaks.error(call, status, {"x-request-id": "req_1", **headers}, data)
            said = f"{status} {headers}: {error!r}"
            assert type(error) is kind, said
            facts = (error.status_code, error.retryable, error.retry_after, error.request_id, error.provider)
            assert facts == (status, again, wait, "req_1", dialect.provider), said
            assert says in error.message or not data, said
            assert len(error.message) < 400, said


def test_how_many_there_are() -> None:
    assert (len(STATUSES), len(RETRY_AFTER), len(BODIES)) >= (15, 7, 30)
    assert len({kind for kind, _ in STATUSES.values()}) >= 15
    assert all(issubclass(kind, APIError) for kind, _ in STATUSES.values())
