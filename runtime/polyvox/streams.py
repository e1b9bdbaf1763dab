"""Bytes to events, without I/O: a decoder is fed what arrived and returns what is complete.

Server-sent events by the WHATWG rules (LF, CRLF and CR ends, comments, several data lines, a byte-order mark), except
that an event whose final blank line is missing at the end of the stream is still delivered: vendors end so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n|\r\r\n|\n\r")
_LONGEST_END = 3  # of its bytes all but the last may have come before
_LINE_END = re.compile(rb"\r\n|\n|\r")
_CR = 13  # as a number: looking for a byte costs a third of looking for bytes
_MARK = b"\xef\xbb\xbf"


class ServerSentEvent(NamedTuple):
    """One event: its name (empty if none was given) and its data."""

    event: str
    data: bytes


class EventStreamDecoder:
    """Splits a `text/event-stream` body, fed in any pieces. Each byte is looked at once, however long an event is."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._started = False

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that this piece completes."""
        if not self._rest:  # a piece is one whole event, nearly always
            crlf = piece.endswith(b"\r\n\r\n")
            whole = _plain(piece[:-4], b"") if crlf else _plain(piece, b"\n")
            if whole is not None:
                self._started = True
                return [whole]
        data = self._after_rest(piece) if self._rest else piece
        if not data:
            return []
        if not self._started:
            if len(data) < len(_MARK) and _MARK.startswith(data):
                self._rest[:] = data
                return []
            data = data.removeprefix(_MARK)
            self._started = True
        if _CR in data:
            if data.count(b"\r") != data.count(b"\r\n"):
                blocks, self._rest[:] = self._split(data)
                return _events(blocks)
            data = data.replace(b"\r\n", b"\n")
        *blocks, self._rest[:] = data.split(b"\n\n")
        return _events(blocks)

    def _after_rest(self, piece: bytes) -> bytes:
        """What was left over, and this piece; nothing as long as no event can end in it."""
        place = max(0, len(self._rest) - _LONGEST_END)
        self._rest += piece
        if self._started and _BLANK_LINE.search(self._rest, place) is None:
            return b""
        return bytes(self._rest)

    def _split(self, data: bytes) -> tuple[list[bytes], bytes]:
        """The same as `data.split` for every mixture of line ends."""
        # A carriage return at the very end may be the first half of a CRLF: leave it for the next piece.
        end = len(data) - 1 if data.endswith(b"\r") else len(data)
        blocks: list[bytes] = []
        start = 0
        for found in _BLANK_LINE.finditer(data, 0, end):
            blocks.append(data[start : found.start()])
            start = found.end()
        return blocks, data[start:]

    def finish(self) -> list[ServerSentEvent]:
        """The event that the end of the stream completes, if any."""
        rest = bytes(self._rest)
        self._rest.clear()
        event = _event(rest)
        return [] if event is None else [event]


def _plain(block: bytes, end: bytes) -> ServerSentEvent | None:
    """The event of a block that is one line of data, with or without a name before it, as nearly all are; None for any
    other. `end` is what follows its last line end."""
    line, _, rest = block.partition(b"\n")
    name = ""
    if line.startswith(b"event: "):
        name = line[7:].decode("utf-8", "replace")
        line, _, rest = rest.partition(b"\n")
    if rest != end or not line.startswith(b"data: ") or _CR in block:
        return None
    return ServerSentEvent(name, line[6:])


def _events(blocks: list[bytes]) -> list[ServerSentEvent]:
    return [event for block in blocks if (event := _event(block)) is not None]


def _event(block: bytes) -> ServerSentEvent | None:
    if (plain := _plain(block, b"")) is not None:
        return plain
    name = ""
    data: list[bytes] = []
    for line in _LINE_END.split(block):
        field, _, value = line.partition(b":")
        value = value[1:] if value.startswith(b" ") else value
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return ServerSentEvent(name, b"\n".join(data)) if data else None


class JsonLinesDecoder:
    """Splits a body of one JSON document per line, fed in any pieces."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The documents that this piece completes."""
        *lines, rest = piece.split(b"\n")
        if lines:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        self._rest += rest
        return [ServerSentEvent("", line) for line in map(bytes.strip, lines) if line]

    def finish(self) -> list[ServerSentEvent]:
        """The last document, if it lacks its line end."""
        rest = bytes(self._rest).strip()
        self._rest.clear()
        return [ServerSentEvent("", rest)] if rest else []


class JsonArrayDecoder:
    """Splits a body that is one JSON array of objects (Gemini without `alt=sse`), fed in any pieces."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The objects that this piece completes."""
        events: list[ServerSentEvent] = []
        for byte in piece:
            if self._depth or byte == 0x7B:
                self._rest.append(byte)
            self._step(byte)
            if not self._depth and self._rest:
                events.append(ServerSentEvent("", bytes(self._rest)))
                self._rest.clear()
        return events

    def _step(self, byte: int) -> None:
        if self._in_string:
            self._in_string = self._escaped or byte != 0x22
            self._escaped = byte == 0x5C and not self._escaped
        elif byte == 0x22:
            self._in_string = bool(self._depth)
        elif byte == 0x7B:
            self._depth += 1
        elif byte == 0x7D:
            self._depth -= 1

    def finish(self) -> list[ServerSentEvent]:
        """Nothing: an object that is not closed was cut off."""
        return []
