"""Recorded streams, each read twice: as it is, and with a field that nobody knows in each event, so that none is plain.

What an event is plain for, and the same with hostile events: tests/mapping/test_plain_events.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from polyvox import APIError, ChatCompletion
from polyvox.aws_frames import FrameDecoder
from tests.mapping.asking import parsed
from tests.mapping.bedrock_frames import event, exception

from .corpus import FILES, OPENAI_WIRES, Record, needs_corpus, records, report
from .test_cuts import Case, arrive

pytestmark = needs_corpus

_BEGINNING = re.compile(rb'^((?:data: ?)?\{)(?=")', re.MULTILINE)


def with_unknown_fields(record: Record) -> bytes:
    """The stream, with one more field in each event."""
    if record.wire == "bedrock_converse":
        return b"".join(_framed(record))
    return _BEGINNING.sub(rb'\1"polyvox_test":null,', record.body)


def _framed(record: Record) -> Iterator[bytes]:
    for frame in FrameDecoder().feed(record.body):
        write = exception if frame.is_error else event
        yield write(frame.event, {**parsed(frame.data or b"{}"), "polyvox_test": None})


def says(found: ChatCompletion | APIError) -> object:
    """Without what is made by chance."""
    if isinstance(found, APIError):
        return type(found), str(found).partition("; it begins")[0]
    dumped = found.model_dump(exclude={"id", "created"})
    for choice in dumped["choices"]:
        choice["provider_specific_fields"].pop("polyvox_test", None)  # Ollama's last line is kept
        for call in choice["message"]["tool_calls"] or ():
            call["id"] = "made here" if call["id"].startswith("call_pv_") else call["id"]
    return dumped


@pytest.mark.parametrize("file", FILES)
def test_read_by_their_keys_or_by_types(file: str) -> None:
    chosen = [record for record in records(file) if record.streamed and record.wire not in OPENAI_WIRES]
    failures: list[str] = []
    for record in chosen:
        case = Case(record)
        plain, typed = says(case.whole), says(arrive(case, [with_unknown_fields(record)]))
        if plain != typed:
            failures.append(f"{record.id}: {plain!r:.300}, not {typed!r:.300}")
    assert not failures, report(failures, len(chosen))
