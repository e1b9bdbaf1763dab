"""AWS event frames, against botocore's decoder as the oracle: every header type, every cut, every damaged byte."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import pairwise
from typing import Final, Protocol, cast
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyvox.aws_frames import BrokenFrameError, Frame, FrameDecoder, HeaderValue

Headers = Mapping[str, tuple[int, HeaderValue]]
"""Name to type and value."""

EVENT: Final[Headers] = {":message-type": (7, "event"), ":event-type": (7, "metadata")}
NUMBERS: Final = {2: "!b", 3: "!h", 4: "!i", 5: "!q", 8: "!q"}


# --- frames, written here, and read by botocore -----------------------------------------------------------------------


def header(name: str, kind: int, value: HeaderValue) -> bytes:
    """One header as it is on the wire."""
    head = bytes([len(name.encode())]) + name.encode() + bytes([kind])
    if kind in (0, 1):
        return head
    if kind in NUMBERS:
        return head + struct.pack(NUMBERS[kind], value)
    data = value.encode() if isinstance(value, str) else cast("bytes", value)
    return head + (b"" if kind == 9 else struct.pack("!H", len(data))) + data


def frame(headers: Headers, payload: bytes) -> bytes:
    """One frame as it is on the wire."""
    return raw_frame(b"".join(header(name, kind, value) for name, (kind, value) in headers.items()), payload)


def raw_frame(headers: bytes, payload: bytes) -> bytes:
    """A frame with good checksums, whatever its headers are."""
    prelude = struct.pack("!II", 12 + len(headers) + len(payload) + 4, len(headers))
    whole = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    return whole + struct.pack("!I", crc32(whole))


class _Message(Protocol):
    headers: dict[str, HeaderValue]
    payload: bytes


class _Buffer(Protocol):
    def add_data(self, data: bytes) -> None: ...
    def __iter__(self) -> Iterator[_Message]: ...


class _Module(Protocol):
    def EventStreamBuffer(self) -> _Buffer: ...


def oracle(data: bytes) -> list[Frame]:
    """What botocore makes of it."""
    buffer = cast("_Module", import_module("botocore.eventstream")).EventStreamBuffer()
    buffer.add_data(data)
    return [Frame(message.headers, message.payload) for message in buffer]


def decoded(*pieces: bytes) -> list[Frame]:
    """What polyvox makes of it."""
    decoder = FrameDecoder()
    found = [one for piece in pieces for one in decoder.feed(piece)]
    return [*found, *decoder.finish()]


def pairs(frames: Iterable[Frame]) -> list[tuple[dict[str, HeaderValue], bytes]]:
    return [(dict(one.headers), one.data) for one in frames]


# --- good ones --------------------------------------------------------------------------------------------------------


VALUES: Final = st.one_of(
    st.just((0, True)),
    st.just((1, False)),
    *(
        st.tuples(st.just(kind), st.integers(-(1 << bits - 1), (1 << bits - 1) - 1))
        for kind, bits in ((2, 8), (3, 16), (4, 32), (5, 64), (8, 64))
    ),
    st.tuples(st.just(6), st.binary(max_size=300)),
    st.tuples(st.just(7), st.text(max_size=80)),
    st.tuples(st.just(9), st.binary(min_size=16, max_size=16)),
)
FRAMES: Final = st.lists(
    st.tuples(st.dictionaries(st.text(min_size=1, max_size=20), VALUES, max_size=6), st.binary(max_size=2000)),
    max_size=4,
)


@given(FRAMES, st.lists(st.integers(0, 4000), max_size=5))
def test_any_frames_in_any_pieces_are_read_as_botocore_reads_them(
    made: list[tuple[dict[str, tuple[int, HeaderValue]], bytes]], cuts: list[int]
) -> None:
    data = b"".join(frame(headers, payload) for headers, payload in made)
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    assert pairs(decoded(*pieces)) == pairs(oracle(data))
    assert len(oracle(data)) == len(made)


EVERY_TYPE: Final[Headers] = {
    "true": (0, True),
    "false": (1, False),
    "byte": (2, -1),
    "short": (3, -300),
    "int": (4, 70_000),
    "long": (5, 1 << 40),
    "bytes": (6, b"\x00\xff"),
    "text": (7, "grün"),
    "time": (8, 1_700_000_000_000),
    "uuid": (9, bytes(range(16))),
}
TWO: Final = frame(EVERY_TYPE, b'{"a": 1}') + frame(EVENT, b"")


def test_every_type_of_header_is_read() -> None:
    assert dict(decoded(TWO)[0].headers) == {name: value for name, (_, value) in EVERY_TYPE.items()}


@pytest.mark.parametrize("cut", range(len(TWO) + 1))
def test_a_cut_at_any_byte_changes_nothing(cut: int) -> None:
    assert pairs(decoded(TWO[:cut], TWO[cut:])) == pairs(oracle(TWO))


def test_byte_by_byte() -> None:
    assert pairs(decoded(*(bytes([byte]) for byte in TWO))) == pairs(oracle(TWO))


def test_what_is_cut_off_is_no_frame() -> None:
    assert [one.event for one in decoded(frame(EVENT, b"{}") + frame(EVENT, b"{}")[:-1])] == ["metadata"]


@pytest.mark.parametrize(
    ("headers", "event", "is_error"),
    [
        ({":message-type": "event", ":event-type": "messageStop"}, "messageStop", False),
        ({":message-type": "exception", ":exception-type": "throttlingException"}, "throttlingException", True),
        ({":message-type": "error", ":error-code": "InternalError"}, "InternalError", True),
        ({}, "", False),
    ],
    ids=["event", "exception", "error", "unnamed"],
)
def test_a_frame_says_what_it_is(headers: dict[str, str], event: str, is_error: bool) -> None:
    (found,) = decoded(frame({name: (7, value) for name, value in headers.items()}, b""))
    assert (found.event, found.is_error) == (event, is_error)


# --- broken ones ------------------------------------------------------------------------------------------------------

ONE: Final = frame(EVENT, b'{"usage": {}}')


@pytest.mark.parametrize("place", range(len(ONE)))
def test_a_changed_byte_anywhere_is_noticed(place: int) -> None:
    broken = ONE[:place] + bytes([ONE[place] ^ 0x20]) + ONE[place + 1 :]
    what = "prelude" if place < 12 else "message"
    with pytest.raises(BrokenFrameError, match=f"checksum of an event frame's {what} is wrong"):
        decoded(broken)


def test_frames_before_a_broken_one_are_handed_over() -> None:
    found = FrameDecoder().feed(ONE + ONE[:-1] + b"\x00")
    assert pairs([next(found)]) == pairs(oracle(ONE))
    with pytest.raises(BrokenFrameError):
        next(found)


def prelude(size: int, headers: int) -> bytes:
    head = struct.pack("!II", size, headers)
    return head + struct.pack("!I", crc32(head))


@pytest.mark.parametrize(
    ("size", "headers"),
    [(15, 0), (16, 1), (1 << 31, 0), (1 << 20, (1 << 17) + 1)],
    ids=["too-small", "headers-beyond-the-end", "endless", "endless-headers"],
)
def test_a_length_that_cannot_be_is_not_waited_for(size: int, headers: int) -> None:
    with pytest.raises(BrokenFrameError, match="is not possible"):
        decoded(prelude(size, headers))


@pytest.mark.parametrize(
    "headers",
    [b"\x05ab", b"\x01a", b"\x01a\x04\x00", b"\x01a\x07\x00\x09abc", b"\x01a\x09abc", b"\x01a\x0a", b"\x01\xff\x00"],
    ids=["name-cut", "no-type", "number-cut", "text-cut", "uuid-cut", "no-such-type", "name-no-text"],
)
def test_headers_that_are_none_are_noticed(headers: bytes) -> None:
    with pytest.raises(BrokenFrameError, match="header"):
        decoded(raw_frame(headers, b"{}"))
