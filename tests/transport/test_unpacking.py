"""Packed bodies, and headers: as httpx2 reads them."""

from __future__ import annotations

import gzip
import zlib

import httpx2
import pytest

from polyvox.exchange import UnreadableReplyError
from polyvox.headers import ReplyHeaders
from polyvox.transport.unpacking import Unpacker

BODY = b'{"text": "' + bytes(range(32, 126)) * 900 + b'"}'


def _without_header(data: bytes) -> bytes:
    pack = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return pack.compress(data) + pack.flush()


PACKED = {
    "gzip": ("gzip", gzip.compress(BODY)),
    "gzip in two parts": ("gzip", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:])),
    "gzip with something behind it": ("gzip", gzip.compress(BODY) + bytes(9) + b"\x1f\x8b and so on"),
    "deflate": ("deflate", zlib.compress(BODY)),
    "deflate without header": ("deflate", _without_header(BODY)),
}


@pytest.mark.parametrize("size", [1, 2, 7, 1 << 20])
@pytest.mark.parametrize(("encoding", "packed"), PACKED.values(), ids=PACKED)
def test_it_unpacks_in_pieces_of_any_size(encoding: str, packed: bytes, size: int) -> None:
    unpacker = Unpacker(encoding)
    pieces = [packed[place : place + size] for place in range(0, len(packed), size)]
    assert b"".join(out for piece in pieces for out in unpacker.feed(piece)) == BODY


def test_a_small_packet_comes_out_in_bounded_pieces() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    sizes = [len(out) for out in Unpacker("gzip").feed(bomb)]
    assert max(sizes) <= 1 << 20
    assert sum(sizes) == 64 << 20


def test_what_is_behind_the_end_is_not_kept_and_gives_something_empty() -> None:
    unpacker = Unpacker("gzip")
    assert b"".join(unpacker.feed(gzip.compress(b"{}"))) == b"{}"
    for _ in range(9):
        assert list(unpacker.feed(bytes(1 << 16))) == [b""]
    assert unpacker._part.unused_data + unpacker._held == b""


@pytest.mark.parametrize("wrong", [b"{}", b"<html>", b"\x1f\x8b\x08garbage that is none"])
def test_what_is_not_packed_is_an_error(wrong: bytes) -> None:
    with pytest.raises(UnreadableReplyError, match="does not unpack"):
        list(Unpacker("gzip").feed(wrong))


RAW = [
    (b"Content-Type", b"application/json"),
    (b"X-Request-ID", b"r1"),
    (b"Set-Cookie", b"a=1"),
    (b"set-cookie", b"b=2"),
    (b"x-latin", b"caf\xe9"),
    (b"x-utf8", "é".encode()),
]


def test_headers_are_found_in_any_letter_case_and_repeated_ones_are_joined() -> None:
    headers = ReplyHeaders(RAW)
    theirs = httpx2.Headers([pair for pair in RAW if pair[0] not in (b"x-latin", b"x-utf8")])
    assert {name: headers[name.upper()] for name in theirs} == dict(theirs)
    assert (headers["x-latin"], headers["x-utf8"]) == ("café", "é")
    assert (len(headers), headers.get("x-none"), "REQUEST-ID" in headers) == (5, None, False)
    assert "r1" in repr(headers)
