"""Recorded streams, cut at byte offsets: in two pieces there is no difference; ended early there is no silent loss.

No HTTP here: bytes go straight into what reads a stream. The smallest stream of each shape is cut at every offset,
every stream at some offsets, among them the middle of a letter and of a line end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final, TypeAlias, cast

import pytest

from polyvox import ChatCompletion
from polyvox.calling import plan_stream
from polyvox.errors import APIError, StreamInterruptedError
from polyvox.exchange import Response
from polyvox.streaming import Received

from .corpus import FILES, JSON, Record, needs_corpus, records, report
from .expected import Call, Choice, events
from .replay import HOST, MESSAGES

pytestmark = needs_corpus

Said: TypeAlias = dict[int, Choice]

SMALL: Final = 4096
"""Bytes of a stream that may be cut at every offset."""
WORK: Final = 4_000_000
"""Bytes per file to read for that, twice (under half a second): the smallest streams of different shapes come first."""
SAMPLE: Final = 4
"""Offsets for every stream, beside the special ones."""


FINISHES_TWICE: Final = frozenset(
    {
        "d897ccd20fa471f4",
        "411b52939fb6815d",
        "f60df14d4ba0e1ff",
        "bd40bb0342f1ab74",
        "199639ad16e1cc03",
        "3acaa3820038a2ba",
    }
)
"""Streams with several finish reasons and something said (or an error) after the first, mostly Gemini's with code
execution: what ends between them looks complete, to anybody."""


@dataclass(frozen=True)
class Case:
    """A stream, and what comes of it uncut."""

    record: Record

    @cached_property
    def open(self) -> Callable[[], Received]:
        """Makes a reader of its own for each time the stream is read."""
        parameters = {"provider": self.record.provider, "api_key": "a-key", "api_base": HOST}
        (prepare,) = plan_stream(self.record.model, MESSAGES, None, parameters).candidates
        assert callable(prepare)
        attempt = prepare()
        return lambda: attempt.read(Response(200, self.record.headers))

    @cached_property
    def whole(self) -> ChatCompletion | APIError:
        return arrive(self, [self.record.body])


def arrive(case: Case, pieces: Iterable[bytes]) -> ChatCompletion | APIError:
    """What comes of a body that arrives in these pieces."""
    received = case.open()
    for piece in pieces:
        _, error = received.feed(piece)
        if error is not None:
            return error
    _, error = received.finish()
    return received.completion() if error is None else error


def said(completion: ChatCompletion) -> Said:
    """What a caller sees of an answer."""
    return {
        choice.index: Choice(
            text=choice.message.content or "",
            reasoning=choice.message.reasoning_content or "",
            refusal=choice.message.refusal or "",
            calls=[Call(None, call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()],
            finish=choice.finish_reason,
        )
        for choice in completion.choices
    }


# --- in pieces --------------------------------------------------------------------------------------------------------


def piece_fault(case: Case, pieces: Iterable[bytes]) -> str | None:
    """Why a stream that arrives in pieces is not what it is as one."""
    whole, found = case.whole, arrive(case, pieces)
    if isinstance(whole, APIError) or isinstance(found, APIError):
        same = type(found) is type(whole) and str(found) == str(whole)
        return None if same else f"{found!r:.200}, not {whole!r:.200}"
    if said(found) != said(whole):
        return f"{said(found)}, not {said(whole)}"
    return None if found.usage == whole.usage else f"{found.usage}, not {whole.usage}"


# --- ended early ------------------------------------------------------------------------------------------------------


def end_fault(case: Case, end: int) -> str | None:
    """Why a stream that ends too early does not say so."""
    whole, found = case.whole, arrive(case, [case.record.body[:end]])
    if isinstance(found, APIError):
        return error_fault(whole, found)
    if isinstance(whole, APIError):
        return None if case.record.id in FINISHES_TWICE else f"an answer, not {type(whole).__name__}"
    if said(found) != said(whole):
        excused = case.record.id in FINISHES_TWICE and said(whole)[0].text.startswith(said(found)[0].text)
        return None if excused else f"{said(found)}, and no error; it should be {said(whole)}"
    return None if found.usage in (whole.usage, None) else f"{found.usage}, not {whole.usage}"


def error_fault(whole: ChatCompletion | APIError, found: APIError) -> str | None:
    """Interrupted, or what the stream itself reports; and what had arrived is there."""
    if not isinstance(found, (StreamInterruptedError, type(whole))):
        return f"{type(found).__name__}: {found}"
    if found.partial is None:
        return "the error has no `partial`"
    if isinstance(whole, APIError):
        return None
    uncut = said(whole)
    for index, choice in said(found.partial).items():
        if index not in uncut or not uncut[index].text.startswith(choice.text):
            return f"`partial` has {choice}, which is not the beginning of {uncut.get(index)}"
    return None


# --- where to cut -----------------------------------------------------------------------------------------------------


def shape(node: object, depth: int = 3) -> object:
    """Which keys a document has, down to the third level."""
    if isinstance(node, dict) and depth:
        fields = cast("JSON", node)
        return frozenset((key, shape(value, depth - 1)) for key, value in fields.items() if value is not None)
    if isinstance(node, list) and depth:
        return frozenset(shape(item, depth) for item in cast("list[object]", node))
    return None


def every_offset(streams: Iterable[Record]) -> Iterator[Record]:
    """The smallest stream of each shape, as long as there is time."""
    shapes: set[object] = set()
    work = 0
    for record in sorted(streams, key=lambda record: len(record.body)):
        kind = (record.wire, b"\r\n" in record.body, frozenset(map(shape, events(record.wire, record.body))))
        if kind in shapes or len(record.body) > SMALL:
            continue
        shapes.add(kind)
        work += len(record.body) ** 2
        if work > WORK:
            return
        yield record


def some_offsets(record: Record) -> list[int]:
    """Inside the first letter of several bytes, inside a CRLF, around the last line end, and anywhere."""
    body = record.body
    special: list[int] = []
    for mark in (rb"[\xc3-\xf4][\x80-\xbf]", rb"\r\n"):
        special += [found.start() + 1 for found in list(re.finditer(mark, body))[:1]]
    special.append(body.rstrip().rfind(b"\n") + 1)
    anywhere = Random(record.id).sample(range(1, len(body)), min(SAMPLE, len(body) - 1))
    return sorted({*special, *anywhere})


def faults(record: Record, offsets: Iterable[int]) -> Iterator[str]:
    case = Case(record)
    body = record.body
    for offset in offsets:
        if fault := piece_fault(case, [body[:offset], body[offset:]]):
            yield f"{record.id} in two pieces at {offset} ({body[offset - 12 : offset]!r}): {fault}"
        if fault := end_fault(case, offset):
            yield f"{record.id} ended at {offset} ({body[max(0, offset - 12) : offset]!r}): {fault}"


def streams(file: str) -> list[Record]:
    return [record for record in records(file) if record.streamed]


@pytest.mark.parametrize("file", FILES)
def test_cut_anywhere(file: str) -> None:
    failures = [fault for record in streams(file) for fault in faults(record, some_offsets(record))]
    assert not failures, report(failures, len(streams(file)))


@pytest.mark.parametrize("file", FILES)
def test_cut_everywhere(file: str) -> None:
    chosen = list(every_offset(streams(file)))
    failures = [fault for record in chosen for fault in faults(record, range(len(record.body)))]
    assert not failures, report(failures, len(chosen))


@pytest.mark.parametrize("file", FILES)
def test_byte_by_byte(file: str) -> None:
    chosen = [record for record in streams(file) if len(record.body) <= SMALL]
    found = ((record.id, piece_fault(Case(record), (bytes([byte]) for byte in record.body))) for record in chosen)
    failures = [f"{id}: {fault}" for id, fault in found if fault]
    assert not failures, report(failures, len(chosen))
