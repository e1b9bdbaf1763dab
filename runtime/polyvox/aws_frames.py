"""AWS event frames (`application/vnd.amazon.eventstream`) to messages, without I/O: binary, both checksums checked.

A frame is a prelude (length of the frame, length of the headers, CRC32 of these), headers, a payload, and the CRC32 of
all before it: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from struct import Struct, error
from typing import Final, NamedTuple, TypeAlias, Union
from zlib import crc32

HeaderValue: TypeAlias = Union[bool, int, bytes, str]

_PRELUDE: Final = Struct("!III")
_CRC: Final = Struct("!I")
_LENGTH: Final = Struct("!H")
_NUMBERS: Final = {2: Struct("!b"), 3: Struct("!h"), 4: Struct("!i"), 5: Struct("!q"), 8: Struct("!q")}
_TRUE, _FALSE, _BYTES, _TEXT, _UUID = 0, 1, 6, 7, 9
# What AWS allows; a length beyond it is not a frame, and is not waited for.
_MOST_HEADERS: Final = 128 * 1024
_MOST_PAYLOAD: Final = 24 * 1024 * 1024
_AROUND: Final = _PRELUDE.size + _CRC.size


class BrokenFrameError(ValueError):
    """The bytes are not the frames they should be: something on the way has changed them."""


class Frame(NamedTuple):
    """One message: its headers, and its payload."""

    headers: Mapping[str, HeaderValue]
    data: bytes

    @property
    def is_error(self) -> bool:
        """Whether it reports a failure, as an exception that the description knows or as any other error."""
        return self.headers.get(":message-type", "event") != "event"

    @property
    def event(self) -> str:
        """The kind of event, exception or error."""
        for name in (":event-type", ":exception-type", ":error-code"):
            if name in self.headers:
                return str(self.headers[name])
        return ""


class FrameDecoder:
    """Splits a body of frames, fed in any pieces."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._last: tuple[bytes, Mapping[str, HeaderValue]] = (b"", {})
        """The headers of the last frame: those of the next are the same, nearly always."""

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """The frames that this piece completes. Raises `BrokenFrameError` behind the last good one."""
        self._rest += piece
        return self._frames()

    def finish(self) -> Iterator[Frame]:
        """Nothing: a frame that is not whole was cut off."""
        return iter(())

    def _frames(self) -> Iterator[Frame]:
        while (size := self._size()) is not None and len(self._rest) >= size:
            whole = bytes(self._rest[:size])
            del self._rest[:size]
            yield self._frame(whole)

    def _size(self) -> int | None:
        """The next frame's length, as soon as its prelude is there."""
        if len(self._rest) < _PRELUDE.size:
            return None
        size, headers, checksum = _PRELUDE.unpack_from(self._rest)
        _check("prelude", self._rest[: _PRELUDE.size - _CRC.size], checksum)
        payload = size - headers - _AROUND
        if headers > _MOST_HEADERS or not 0 <= payload <= _MOST_PAYLOAD:
            raise BrokenFrameError(f"an event frame of {size} bytes with {headers} bytes of headers is not possible")
        return int(size)

    def _frame(self, whole: bytes) -> Frame:
        end = len(whole) - _CRC.size
        _check("message", whole[:end], _CRC.unpack_from(whole, end)[0])
        start = _PRELUDE.size + _PRELUDE.unpack_from(whole)[1]
        headers = whole[_PRELUDE.size : start]
        if headers != self._last[0]:
            self._last = headers, _headers(headers)
        return Frame(self._last[1], whole[start:end])


def _check(what: str, data: bytes | bytearray, checksum: int) -> None:
    found = crc32(data)
    if found != checksum:
        raise BrokenFrameError(f"the checksum of an event frame's {what} is wrong: {found:#010x}, not {checksum:#010x}")


def _headers(data: bytes) -> dict[str, HeaderValue]:
    found: dict[str, HeaderValue] = {}
    place = 0
    try:
        while place < len(data):
            name_end = place + 1 + data[place]
            name = data[place + 1 : name_end].decode()
            found[name], place = _value(data, data[name_end], name_end + 1)
    except (IndexError, error, UnicodeDecodeError) as broken:
        raise BrokenFrameError(f"the headers of an event frame cannot be read: {broken}") from broken
    return found


def _value(data: bytes, kind: int, place: int) -> tuple[HeaderValue, int]:
    """A header's value, and where the next header begins."""
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, place
    if kind in _NUMBERS:
        number = _NUMBERS[kind]
        return int(number.unpack_from(data, place)[0]), place + number.size
    if kind == _UUID:
        return _exactly(data, place, 16), place + 16
    if kind not in (_BYTES, _TEXT):
        raise BrokenFrameError(f"an event frame has a header of type {kind}, which does not exist")
    start = place + _LENGTH.size
    value = _exactly(data, start, _LENGTH.unpack_from(data, place)[0])
    return value.decode() if kind == _TEXT else value, start + len(value)


def _exactly(data: bytes, place: int, size: int) -> bytes:
    value = data[place : place + size]
    if len(value) != size:
        raise BrokenFrameError("the headers of an event frame end in the middle of a value")
    return value
