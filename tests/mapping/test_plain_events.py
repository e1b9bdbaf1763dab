"""Plain events, which are told by their keys, become what the vendor's types make of them: the same, or the same error.

A field that nobody knows makes any event one that is not plain, and changes nothing else: each event is read as it is,
and again with such a field.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, cast

import pytest

from polyvox import APIError, ChatCompletionChunk
from polyvox.addressing import find_vendor
from polyvox.call import Call
from polyvox.dialects import dialect_of
from polyvox.dialects.dialect import StreamReader
from polyvox.shapes import is_list, is_mapping
from tests.mapping import anthropic_events as anthropic
from tests.mapping import bedrock_frames as bedrock
from tests.mapping import test_gemini_streams as gemini
from tests.mapping.asking import OLLAMA_REPLY, Json, as_bytes, named_sse, sse

Path: TypeAlias = tuple[str | int, ...]

UNKNOWN: Final = {"polyvox_test": None}


@dataclass(frozen=True)
class Vendor:
    """A stream: what comes before an event, its plain events, what comes after, and how each is written."""

    name: str
    before: Sequence[bytes]
    plain: Sequence[Json]
    after: Sequence[bytes]
    written: Callable[[Json], bytes]


def _cohere(kind: str, **more: object) -> Json:
    return {"type": kind, **more}


def _content(**content: object) -> Json:
    return _cohere("content-delta", index=0, delta={"message": {"content": content}})


def _line(**more: object) -> Json:
    return {**OLLAMA_REPLY, "done": False, "message": {"role": "assistant", "content": "Hi"}, **more}


def _piece(payload: Json) -> bytes:
    return bedrock.event("contentBlockDelta", payload)


_OLLAMA_HEAD: Final = ("model", "created_at", "message", "done")
VENDORS: Final = (
    Vendor(
        "anthropic",
        [named_sse(anthropic.START, *anthropic.words("a")[:2], *anthropic.use("{", index=1)[:2])],
        [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
            {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": "}"}},
            {"type": "content_block_delta", "index": 2, "delta": {"type": "thinking_delta", "thinking": "Hm"}},
        ],
        [named_sse({"type": "content_block_stop", "index": 0}, anthropic.end(), anthropic.STOP)],
        lambda event: b"event: x\n" + sse(event),
    ),
    Vendor(
        "gemini",
        [sse(gemini.HEL)],
        [
            gemini.event(gemini.words("Hi"), index=0, usageMetadata=gemini.COUNTED, createTime="2026"),
            gemini.event(gemini.words("Hi")),
        ],
        [sse(gemini.event(gemini.SIGNED, finish="STOP"))],
        lambda event: sse(event).replace(b"\n", b"\r\n"),
    ),
    Vendor(
        "bedrock",
        [bedrock.stream(bedrock.START)],
        [{"contentBlockIndex": 0, "delta": {"text": "Hi"}, "p": "abc"}],
        [bedrock.stream(("contentBlockStop", {"contentBlockIndex": 0}), bedrock.STOP, bedrock.METADATA)],
        _piece,
    ),
    Vendor(
        "cohere",
        [sse(_cohere("message-start", id="1"))],
        [_content(text="Hi"), _content(thinking="Hm")],
        [sse(_cohere("message-end", delta={"finish_reason": "COMPLETE"}))],
        sse,
    ),
    Vendor(
        "ollama",
        [as_bytes(_line()) + b"\n"],
        [{name: _line()[name] for name in _OLLAMA_HEAD}],
        [as_bytes(OLLAMA_REPLY) + b"\n"],
        lambda event: as_bytes(event) + b"\n",
    ),
)
ODD: Final[tuple[object, ...]] = (
    *(None, True, False, 0, 1, -1, 2**70, 0.0, 1.5, "", "0", "x", "text_delta", "thinking_delta", "\U0001f388"),
    *([], ["x"], [1], {}, {"text": "x"}, {"parts": [{"text": "x"}]}, [{"text": "x"}, {"text": "y"}]),
)
MORE: Final[Json] = {
    "type": "x",
    "error": {"message": "no"},
    "finishReason": "STOP",
    "thought": True,
    "thoughtSignature": "s",
    "thinking": "x",
    "text": "x",
    "toolUse": {"input": "x"},
    "promptFeedback": {"blockReason": "SAFETY"},
    "logprobs": {"token_ids": [1]},
    "tool_calls": [],
    "done_reason": "stop",
    "partial_json": "x",
}


def reader_of(vendor: Vendor) -> StreamReader:
    """A reader of its own for each stream."""
    found = find_vendor(vendor.name)
    assert found is not None
    return dialect_of(found).reader(Call(vendor=found, model="m", messages=[], given={}, stream=True))


def outcome(vendor: Vendor, event: bytes) -> tuple[list[object], str]:
    """The chunks of a stream with this event, and the error that ends it."""
    reader = reader_of(vendor)
    chunks: list[ChatCompletionChunk] = []
    says = ""
    try:
        for piece in (*vendor.before, event, *vendor.after):
            reader.feed(piece, chunks)
        reader.finish(chunks)
    except APIError as error:
        says = f"{type(error).__name__}: {str(error).partition('; it begins')[0]}"
    return [_comparable(chunk) for chunk in chunks], says


def _comparable(chunk: ChatCompletionChunk) -> object:
    """Without what is made by chance, and without the unknown field, where it is kept."""
    dumped = chunk.model_dump(exclude={"id", "created"})
    for choice in dumped["choices"]:
        choice["provider_specific_fields"].pop("polyvox_test", None)
    return dumped


def places(node: object, above: Path = ()) -> Iterator[Path]:
    """Everything in a document, with the document itself."""
    yield above
    if is_mapping(node):
        for name, inner in node.items():
            yield from places(inner, (*above, name))
    elif is_list(node):
        for number, inner in enumerate(node):
            yield from places(inner, (*above, number))


def changed(event: Json) -> Iterator[Json]:
    """The event with each of its values replaced by each odd one or left out, and with each further field at each
    object in it."""
    for place in places(event):
        for odd in ODD if place else ():
            yield _with(event, place, odd)
        if place and isinstance(place[-1], str):
            yield _with(event, place, ...)
        for name, more in MORE.items():
            if isinstance(_at(event, place), dict):
                yield _with(event, (*place, name), more)


def _at(node: object, place: Path) -> object:
    for step in place:
        node = cast("dict[str | int, object]", node)[step]
    return node


def _with(event: Json, place: Path, value: object) -> Json:
    made = deepcopy(event)
    holder = cast("dict[str | int, object]", _at(made, place[:-1]))
    if value is ...:
        del holder[place[-1]]
    else:
        holder[place[-1]] = value
    return made


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_as_the_vendors_types_read_it(vendor: Vendor) -> None:
    events = [one for event in vendor.plain for one in (event, *changed(event))]
    assert len(events) > 100
    for event in events:
        found = outcome(vendor, vendor.written(event))
        assert found == outcome(vendor, vendor.written({**event, **UNKNOWN})), json.dumps(event)


def readings(feed: Callable[[], object]) -> int:
    """How many documents are read by a vendor's types in the meantime."""
    called: list[str] = []
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: called.append(frame.f_code.co_name) if event == "call" else None)
    try:
        feed()
    finally:
        sys.setprofile(before)
    return sum(name in ("read_event", "read_reply") for name in called)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_only_others_are_read_by_the_vendors_types(vendor: Vendor) -> None:
    reader = reader_of(vendor)
    chunks: list[ChatCompletionChunk] = []
    for piece in vendor.before:
        reader.feed(piece, chunks)
    for event in vendor.plain:
        plain, other = vendor.written(event), vendor.written({**event, **UNKNOWN})
        assert readings(partial(reader.feed, plain, chunks)) == 0, event
        assert readings(partial(reader.feed, other, chunks)) == 1, event


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_what_is_no_json_is_told_so(vendor: Vendor) -> None:
    for data in ("{", '{"a": ', "nonsense", "[]", "1", '"x"', "null"):
        if vendor.name != "bedrock":
            event = data.encode() + b"\n" if vendor.name == "ollama" else sse(data)
            _, says = outcome(vendor, event)
            assert says.startswith("APIResponseValidationError: "), (data, says)
