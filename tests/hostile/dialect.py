"""What the hostile vendor must know to speak a dialect: how a stream divides into events, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Final

from polyvox import APIError
from tests.mapping import bedrock_frames as aws

TEXT: Final = "Hello"
HEL: Final = "Hel"
"""The text of a stream's first half."""
_AWS: Final = "application/vnd.amazon.eventstream"


@dataclass(frozen=True)
class Framing:
    """How the body of a stream divides into events."""

    media_type: str
    event: Callable[[bytes], bytes]
    """The event that holds this JSON."""
    split: Callable[[bytes], list[bytes]]
    """A body's events, each with its end."""
    blank: bytes
    """What may come between two events and says nothing."""

    @property
    def is_events(self) -> bool:
        """Whether it is of server-sent events, in no frames."""
        return self.media_type == "text/event-stream"

    @property
    def is_frames(self) -> bool:
        """Whether it is binary."""
        return self.media_type == _AWS


def _ending(end: bytes, body: bytes) -> list[bytes]:
    return [event + end for event in body.split(end)[:-1]]


def _of_length(body: bytes) -> list[bytes]:
    frames = list[bytes]()
    while body:
        size = int.from_bytes(body[:4])
        frames.append(body[:size])
        body = body[size:]
    return frames


def _sse(name: str, data: bytes) -> bytes:
    return (b"event: %s\ndata: %s\n\n" % (name.encode(), data)) if name else b"data: %s\n\n" % data


def _line(data: bytes) -> bytes:
    return data + b"\n"


def events(name: str = "") -> Framing:
    """Server-sent events; those that say something have this name."""
    return Framing("text/event-stream", partial(_sse, name), partial(_ending, b"\n\n"), b": keep-alive\n\n")


LINES: Final = Framing("application/x-ndjson", _line, partial(_ending, b"\n"), b"\n")
"""A document on each line."""


def frames(name: str) -> Framing:
    """AWS's frames; those that say something are of this kind of event."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return Framing(_AWS, partial(aws.frame, headers), _of_length, aws.event("somethingNew", {}))


def in_pieces(data: bytes, count: int = 3) -> bytes:
    """What a container on SageMaker writes: in so many frames, cut wherever they like."""
    headers = {":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}
    places = [len(data) * number // count for number in range(count + 1)]
    return b"".join(aws.frame(headers, data[start:end]) for start, end in pairwise(places))


def framed(inner: Framing) -> Framing:
    """A framing of a container's, in those frames."""
    return Framing(_AWS, lambda data: in_pieces(inner.event(data)), _of_length, in_pieces(inner.blank))


EVENTS: Final = events()


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """A vendor that speaks it."""

    model: str
    reply: bytes
    """Says `Hello`."""
    begin: bytes = b""
    """What a stream begins with, before there is text: whole events."""
    piece: bytes
    """The JSON of an event that says `Hel`."""
    end: bytes
    """What follows the text."""
    error: bytes
    """An error in the place of an event; says `busy`."""
    error_class: type[APIError]
    framing: Framing = EVENTS
    asked: Mapping[str, object] = field(default_factory=dict[str, object])
    """Settings that every call to it needs."""
    ends: bool = True
    """Whether it says where a stream ends, so that nothing counts behind that."""
    answers_in_events: bool = False
    """Whether a whole reply is an event of a stream, too."""

    def __str__(self) -> str:
        return self.model

    @property
    def provider(self) -> str:
        """Its name."""
        return self.model.partition(":")[0]

    def saying(self, text: bytes) -> bytes:
        """An event whose text is this JSON."""
        return self.framing.event(self.piece.replace(b'"Hel"', text))

    @property
    def first(self) -> bytes:
        """A stream up to `Hel`: whole events."""
        return self.begin + self.saying(b'"Hel"')

    @property
    def last(self) -> bytes:
        """The rest of it, up to its end."""
        return self.saying(b'"lo"') + self.end

    @property
    def stream(self) -> bytes:
        """The whole stream; says `Hello`."""
        return self.first + self.last

    @property
    def events(self) -> list[bytes]:
        """The stream's events, each with its end."""
        return self.framing.split(self.stream)

    @property
    def broken(self) -> bytes:
        """An event that is no JSON."""
        return self.framing.event(b'{"oops": ')

    @property
    def blank(self) -> bytes:
        """What may come between two events and says nothing."""
        return self.framing.blank
