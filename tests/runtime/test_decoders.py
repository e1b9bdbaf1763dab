"""Bytes to events: server-sent events, JSON lines, JSON arrays, cut anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Final, Protocol, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyvox.streams import EventStreamDecoder, JsonArrayDecoder, JsonLinesDecoder, ServerSentEvent

Event: TypeAlias = tuple[str, bytes]


class Decoder(Protocol):
    """What all three decoders do."""

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """Events that this piece completes."""
        ...

    def finish(self) -> list[ServerSentEvent]:
        """Events that the end completes."""
        ...


def decoded(decoder: Decoder, pieces: Iterable[bytes]) -> list[Event]:
    """All events of a body that comes in these pieces."""
    found = [event for piece in pieces for event in decoder.feed(piece)]
    return [(event.event, event.data) for event in (*found, *decoder.finish())]


def cut(body: bytes, *places: int) -> list[bytes]:
    """The body in pieces."""
    return [body[start:end] for start, end in pairwise((0, *sorted(places), len(body)))]


SSE: Final[dict[str, tuple[bytes, list[Event]]]] = {
    "one": (b"data: a\n\n", [("", b"a")]),
    "two": (b"data: a\n\ndata: b\n\n", [("", b"a"), ("", b"b")]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [("", b"a"), ("", b"b")]),
    "CR": (b"data: a\r\rdata: b\r\r", [("", b"a"), ("", b"b")]),
    "mixed ends": (
        b"data: a\n\r\ndata: b\r\n\ndata: c\r\r\ndata: d\r\n\r\n",
        [("", b"a"), ("", b"b"), ("", b"c"), ("", b"d")],
    ),
    "mixed ends in one event": (b"event: x\rdata: a\r\ndata: b\n\n", [("x", b"a\nb")]),
    "byte-order mark": (b"\xef\xbb\xbfdata: a\n\n", [("", b"a")]),
    "byte-order mark, later": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("", b"a")]),
    "comment": (b": hello\n\ndata: a\n\n", [("", b"a")]),
    "comment in an event": (b"data: a\n: hello\ndata: b\n\n", [("", b"a\nb")]),
    "named": (b"event: ping\ndata: {}\n\n", [("ping", b"{}")]),
    "name after data": (b"data: {}\nevent: ping\n\n", [("ping", b"{}")]),
    "name only": (b"event: ping\n\n", []),
    "several lines": (b"data: a\ndata: b\ndata:\ndata: c\n\n", [("", b"a\nb\n\nc")]),
    "no space": (b"data:a\n\n", [("", b"a")]),
    "two spaces": (b"data:  a\n\n", [("", b" a")]),
    "colon in the data": (b"data: a: b\n\n", [("", b"a: b")]),
    "no colon": (b"data\n\n", [("", b"")]),
    "empty data": (b"data: \n\n", [("", b"")]),
    "id and retry": (b"id: 1\nretry: 5\ndata: a\n\n", [("", b"a")]),
    "unknown field": (b"foo: 1\ndata: a\n\n", [("", b"a")]),
    "blank lines": (b"\n\n\n\ndata: a\n\n\n\ndata: b\n\n", [("", b"a"), ("", b"b")]),
    "no last blank line": (b"data: a\n\ndata: b\n", [("", b"a"), ("", b"b")]),
    "no last line end": (b"data: a\n\ndata: b", [("", b"a"), ("", b"b")]),
    "no last blank line, CR": (b"data: a\r", [("", b"a")]),
    "UTF-8": ("data: ü☃🎈\n\n".encode(), [("", "ü☃🎈".encode())]),
    "line separators of other kinds": ("data: a\u2028b\x0bc\x85d\n\n".encode(), [("", "a\u2028b\x0bc\x85d".encode())]),
    "CR in CRLF text": (b"data: a\r\ndata: b\r\n\r\n", [("", b"a\nb")]),
    "nothing": (b"", []),
    "line ends only": (b"\r\n\r\n\n\r", []),
}


@pytest.mark.parametrize(("body", "events"), SSE.values(), ids=SSE)
def test_events(body: bytes, events: list[Event]) -> None:
    assert decoded(EventStreamDecoder(), [body]) == events


@pytest.mark.parametrize(("body", "events"), SSE.values(), ids=SSE)
def test_events_cut_at_every_byte(body: bytes, events: list[Event]) -> None:
    for place in range(len(body) + 1):
        assert decoded(EventStreamDecoder(), cut(body, place)) == events, place
    assert decoded(EventStreamDecoder(), cut(body, *range(len(body)))) == events


def test_an_event_is_handed_out_as_soon_as_it_is_complete() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\nda") == [("", b"a")]
    assert decoder.feed(b"ta: b\n\n") == [("", b"b")]
    assert decoder.finish() == []


def test_with_crlf_at_the_latest_one_byte_later() -> None:
    decoder = EventStreamDecoder()
    assert decoder.feed(b"data: a\r\n\r") == []
    assert decoder.feed(b"\n") == [("", b"a")]


def test_after_the_end_nothing_is_left() -> None:
    decoder = EventStreamDecoder()
    decoder.feed(b"data: a")
    assert decoder.finish() == [("", b"a")]
    assert decoder.finish() == []


LINES: Final[dict[str, tuple[bytes, list[bytes]]]] = {
    "two": (b'{"a": 1}\n{"b": 2}\n', [b'{"a": 1}', b'{"b": 2}']),
    "CRLF": (b'{"a": 1}\r\n{"b": 2}\r\n', [b'{"a": 1}', b'{"b": 2}']),
    "no last end": (b'{"a": 1}\n{"b": 2}', [b'{"a": 1}', b'{"b": 2}']),
    "blank lines": (b'\n\n{"a": 1}\n\n \n', [b'{"a": 1}']),
    "UTF-8": ('{"a": "ü☃"}\n'.encode(), ['{"a": "ü☃"}'.encode()]),
    "nothing": (b"", []),
}

ARRAYS: Final[dict[str, tuple[bytes, list[bytes]]]] = {
    "two": (b'[{"a": 1},{"b": 2}]', [b'{"a": 1}', b'{"b": 2}']),
    "over lines": (b'[{\n  "a": 1\n}\n,\r\n{\n  "b": 2\n}\n]\n', [b'{\n  "a": 1\n}', b'{\n  "b": 2\n}']),
    "nested": (b'[{"a": {"b": [{}]}}]', [b'{"a": {"b": [{}]}}']),
    "braces in texts": (b'[{"a": "}{"}, {"b": "{"}]', [b'{"a": "}{"}', b'{"b": "{"}']),
    "quotes in texts": (rb'[{"a": "\"}"}, {"b": "\\"}]', [rb'{"a": "\"}"}', rb'{"b": "\\"}']),
    "UTF-8": ('[{"a": "ü☃}"}]'.encode(), ['{"a": "ü☃}"}'.encode()]),
    "one object alone": (b'{"a": 1}', [b'{"a": 1}']),
    "empty": (b"[]", []),
    "empty object": (b"[{}]", [b"{}"]),
    "cut off between": (b'[{"a": 1},', [b'{"a": 1}']),
    "cut off in an object": (b'[{"a": 1}, {"b"', [b'{"a": 1}']),
    "nothing": (b"", []),
}

PLAIN: Final[dict[str, tuple[Callable[[], Decoder], bytes, list[bytes]]]] = {
    **{f"lines {name}": (JsonLinesDecoder, *case) for name, case in LINES.items()},
    **{f"array {name}": (JsonArrayDecoder, *case) for name, case in ARRAYS.items()},
}


@pytest.mark.parametrize(("decoder", "body", "documents"), PLAIN.values(), ids=PLAIN)
def test_documents(decoder: Callable[[], Decoder], body: bytes, documents: list[bytes]) -> None:
    assert decoded(decoder(), [body]) == [("", document) for document in documents]


@pytest.mark.parametrize(("decoder", "body", "documents"), PLAIN.values(), ids=PLAIN)
def test_documents_cut_at_every_byte(decoder: Callable[[], Decoder], body: bytes, documents: list[bytes]) -> None:
    for place in range(len(body) + 1):
        assert decoded(decoder(), cut(body, place)) == [("", document) for document in documents], place
    assert decoded(decoder(), cut(body, *range(len(body)))) == [("", document) for document in documents]


# Whatever comes, in whatever pieces: the events are those of the whole.
_TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)
_FIELD = st.sampled_from(["data: ", "data:", "event: ", "id: ", ": ", "", "foo: "])
_LINE = st.tuples(_FIELD, _TEXT, st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r"])).map("".join)
_STREAM = st.lists(_LINE, max_size=12).map(lambda lines: "".join(lines).encode())
_NOISE = st.binary(max_size=60) | st.text('data: \r\n{}[]"\\,x', max_size=60).map(str.encode)
_TEXTS = st.text('"\\{}[],:aé☃', max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_DOCUMENTS = st.lists(st.dictionaries(_TEXTS, _VALUES, max_size=3), max_size=4)
_PLACES = st.lists(st.integers(0, 400), max_size=8)


def _pieces(body: bytes, places: list[int]) -> list[bytes]:
    return cut(body, *(min(place, len(body)) for place in places))


@given(_STREAM | _NOISE, _PLACES)
def test_any_stream_in_any_pieces(body: bytes, places: list[int]) -> None:
    assert decoded(EventStreamDecoder(), _pieces(body, places)) == decoded(EventStreamDecoder(), [body])


@given(_NOISE, _PLACES)
def test_any_lines_in_any_pieces(body: bytes, places: list[int]) -> None:
    plainly = [("", line.strip()) for line in body.split(b"\n") if line.strip()]
    assert decoded(JsonLinesDecoder(), _pieces(body, places)) == plainly


@given(_NOISE, _PLACES)
def test_any_array_in_any_pieces(body: bytes, places: list[int]) -> None:
    assert decoded(JsonArrayDecoder(), _pieces(body, places)) == decoded(JsonArrayDecoder(), [body])


@given(_DOCUMENTS, _PLACES, st.sampled_from([None, 2]), st.booleans(), st.sampled_from([",", ", ", " ,\r\n"]))
def test_what_is_written_is_read(
    documents: list[dict[str, object]], places: list[int], indent: int | None, ascii_only: bool, comma: str
) -> None:
    written = [json.dumps(one, indent=indent, ensure_ascii=ascii_only).encode() for one in documents]
    body = b"[" + comma.encode().join(written) + b"]"
    assert decoded(JsonArrayDecoder(), _pieces(body, places)) == [("", one) for one in written]


def _by_the_book(body: bytes) -> list[Event]:
    """Events by the WHATWG rules, one line at a time; the last event needs no blank line."""
    text = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    events: list[Event] = []
    name, data = "", list[bytes]()
    for line in (*text.split(b"\n"), b""):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            if data:
                events.append((name, b"\n".join(data)))
            name, data = "", []
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return events


@given(_STREAM | _NOISE, _PLACES)
def test_any_stream_is_read_by_the_book(body: bytes, places: list[int]) -> None:
    assert decoded(EventStreamDecoder(), _pieces(body, places)) == _by_the_book(body)
