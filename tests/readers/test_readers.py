"""Readers of streams, held to the plainest rules there are, whatever becomes of the events on their way.

Either the answer is what the rules make of the events, or an error of ours comes, with what had arrived before it.
"""

from __future__ import annotations

import json
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyvox import APIError, ChatCompletion, ChatCompletionChunk, StreamInterruptedError
from polyvox.dialects import dialect_of
from polyvox.dialects.dialect import Dialect, StreamReader
from tests.mapping.openai_events import COUNTED, chunk
from tests.readers.mutations import changed, moved
from tests.readers.plain import JSON, Counts, Reading
from tests.readers.streams import ANTHROPIC, SOURCE, VENDORS, Vendor, cohere, line, pieces
from tests.recordings.replay import chunk_faults
from tests.speakers import every, opened

EXAMPLES: Final = 40
every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS.keys())


def said(answer: ChatCompletion) -> dict[int, tuple[object, ...]]:
    """What the choices of an answer say."""
    return {
        choice.index: (
            choice.message.content or "",
            choice.message.reasoning_content or "",
            [(call.function.name, read(call.function.arguments)) for call in choice.message.tool_calls or ()],
            choice.finish_reason,
        )
        for choice in answer.choices
    }


def told(reading: Reading) -> dict[int, tuple[object, ...]]:
    """What they say by the plainest rules."""
    return {
        index: (
            choice.text,
            choice.reasoning,
            [(call.name, read(call.arguments)) for call in choice.calls],
            choice.finish,
        )
        for index, choice in sorted(reading.choices.items())
    }


def read(arguments: str) -> JSON:
    """Arguments as JSON, where they are; not a number is equal to nothing, so it is written out."""
    try:
        return json.loads(arguments, parse_constant=str)
    except (ValueError, RecursionError):
        return arguments


def counted(answer: ChatCompletion) -> Counts | None:
    """The tokens of an answer."""
    usage = answer.usage
    return None if usage is None else Counts(usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)


def hold(vendor: Vendor, events: list[JSON]) -> None:
    """Read the events by the vendor's reader and by the plainest rules, in step."""
    received, reading = opened(vendor.model, vendor.settings), vendor.reading() if vendor.reading else None
    chunks: list[ChatCompletionChunk] = []
    error: APIError | None = None
    for event in events:
        made, error = received.feed(vendor.written(event))
        chunks += made
        if error is not None:
            break
        if reading:
            reading.take(event)
    else:
        made, error = received.finish()
        chunks += made
    faults = [fault for fault in chunk_faults(chunks) if " begins as " not in fault]  # as its pieces come
    assert not faults
    answer = received.completion() if error is None else error.partial
    assert answer is not None
    if reading:
        compare(reading, answer, error)


def compare(reading: Reading, answer: ChatCompletion, error: APIError | None) -> None:
    """What came of the events, whole or up to an error, and what the plainest rules make of them."""
    reading.close()
    assert reading.complete or error is not None
    assert not (reading.complete and isinstance(error, StreamInterruptedError))
    assert said(answer) == told(reading)
    assert counted(answer) in ((reading.usage,) if error is None else (reading.usage, None))


# --- who is held to them ---------------------------------------------------------------------------------------------


def test_every_dialect_that_streams_is_among_them() -> None:
    """By the classes that read: a new reader, or a new dialect with events of its own, needs a row in `VENDORS`."""
    streams = [opened(vendor.model, vendor.settings) for vendor in VENDORS.values()]
    assert every(StreamReader) - {type(stream._reader) for stream in streams} == set()
    speakers = {one for one in every(Dialect) if {"reader", "piece"} & vars(one).keys()}
    assert speakers - {type(dialect_of(stream.call.vendor)) for stream in streams} == set()


@every_vendor
def test_as_it_is_sent(vendor: Vendor) -> None:
    received = opened(vendor.model, vendor.settings)
    for event in vendor.events:
        _, error = received.feed(vendor.written(event))
        assert error is None
    assert received.finish()[1] is None
    hold(vendor, list(vendor.events))


@every_vendor
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_events_moved(vendor: Vendor, data: st.DataObject) -> None:
    hold(vendor, data.draw(moved(vendor.events)))


@every_vendor
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_values_changed(vendor: Vendor, data: st.DataObject) -> None:
    hold(vendor, data.draw(changed(vendor.events)))


FOUND: Final[list[tuple[str, int, JSON]]] = [
    ("groq", 7, chunk(finish="length", index=1, x_groq={"usage": {**COUNTED, "total_tokens": "many"}})),
    ("openai", 3, chunk({"content": ["Hel", {"type": "text", "text": "l"}]})),
    ("whole messages", 1, {"choices": [{"index": 0, "message": {"content": ["Hello"]}}]}),
    ("whole messages", 1, {"choices": [{"index": 0, "message": {"content": "Hello", "refusal": [1]}}]}),
    ("anthropic", 0, {**ANTHROPIC[-2]}),
    ("gemini, calls in pieces", 2, pieces("$.list[2000000000]", numberValue=1)),
    ("answers by a call", 4, "no JSON"),
    ("vertexai", 5, "no JSON"),
    ("ollama", 4, line(tool_calls=[{"function": {"name": "add", "arguments": "a=1"}}])),
    ("cohere", 16, {"type": "message-end", "delta": {"usage": {"tokens": {"input_tokens": float("nan")}}}}),
    ("cohere", 9, cohere("citation-start", 0, citations={"content_index": -7, "sources": [SOURCE]})),
]
"""What these tests found: an event in the place of another that ended in an error of Python's, or lost something.

A last chunk that was held back for its counts was lost where these could not be read; so was text before an answer that
comes as a call. The item of a list that stands two thousand million places on filled the memory."""


@pytest.mark.parametrize(("name", "at", "event"), FOUND, ids=[f"{name} {at}" for name, at, _ in FOUND])
def test_what_was_found(name: str, at: int, event: JSON) -> None:
    vendor = VENDORS[name]
    hold(vendor, [*vendor.events[:at], event, *vendor.events[at + 1 :]])
