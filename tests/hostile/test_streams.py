"""Streams that go wrong once they have begun: what was handed out, what is kept, what is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from polyvox import APIError, APIResponseValidationError, StreamInterruptedError
from polyvox.exchange import MAX_REPLY
from tests.hostile.asking import WAYS, Came, Way, assert_failed, each
from tests.hostile.dialect import EVENTS, HEL, LINES, TEXT, Dialect, Framing, in_pieces
from tests.hostile.dialects import (
    ANTHROPIC,
    BEDROCK,
    DIALECTS,
    EVERYBODY,
    GEMINI,
    GIGACHAT,
    NOVA,
    OLLAMA,
    OPENAI,
    SAGEMAKER,
)
from tests.hostile.test_replies import Body, given
from tests.hostile.text_dialects import AGENT
from tests.mapping.asking import Json, as_bytes, named_sse, sse
from tests.mapping.openai_events import chunk

STREAMED: Final = [way for way in WAYS if way.stream]
every_dialect = each(dialect=DIALECTS, way=STREAMED)
everybody = each(dialect=EVERYBODY, way=STREAMED)
both_ways = pytest.mark.parametrize("way", STREAMED, ids=str)
events_only = each(dialect=[one for one in DIALECTS if one.framing.is_events], way=STREAMED)


def streamed(way: Way, dialect: Dialect, *pieces: bytes, times: int = 1) -> Came:
    """What a call comes to whose body comes in these pieces."""
    return given(way, dialect, 200, {"content-type": dialect.framing.media_type}, Body([*pieces], times))


# --- cut --------------------------------------------------------------------------------------------------------------


@everybody
def test_cut_behind_every_event(dialect: Dialect, way: Way) -> None:
    events = dialect.events
    for count in range(len(events)):
        came = streamed(way, dialect, *events[:count])
        if came.answer is not None:
            # What is missing says nothing more: `[DONE]` or usage, after a finish reason.
            assert came.text == TEXT or not dialect.end  # which the body's end is
            assert came.answer.choices[0].finish_reason == "stop"
            continue
        error = assert_failed(came, StreamInterruptedError, dialect, request_id="req_1", retryable=False)
        assert error.partial is not None
        assert came.text in ("", HEL, TEXT)
        assert TEXT.startswith(came.text or "")


@every_dialect
def test_cut_at_every_byte_of_the_first_event(dialect: Dialect, way: Way) -> None:
    first = dialect.events[0]
    for place in range(0, len(first), 5):
        came = streamed(way, dialect, first[:place])
        assert_failed(came, StreamInterruptedError, dialect, request_id="req_1")


@every_dialect
def test_split_at_every_byte(dialect: Dialect, way: Way) -> None:
    body = dialect.stream
    came = streamed(way, dialect, *(body[place : place + 1] for place in range(len(body))))
    assert (came.text, came.error) == (TEXT, None)


# --- an error in the place of an event --------------------------------------------------------------------------------


@everybody
def test_an_error_after_some_text(dialect: Dialect, way: Way) -> None:
    came = streamed(way, dialect, dialect.first + dialect.error + dialect.last)
    error = assert_failed(came, dialect.error_class, dialect, request_id="req_1")
    assert (came.text, came.chunks > 0) == (HEL, True)
    assert error.message == "busy"


@everybody
def test_an_error_in_the_place_of_the_first_event(dialect: Dialect, way: Way) -> None:
    came = streamed(way, dialect, dialect.error)
    assert_failed(came, dialect.error_class, dialect, request_id="req_1")
    assert (came.text, came.chunks) == ("", 0)


# --- events that cannot be read ---------------------------------------------------------------------------------------


BROKEN: Final[dict[str, Callable[[Dialect], bytes]]] = {
    "no JSON": lambda dialect: dialect.broken,
    "JSON that ends early": lambda dialect: dialect.saying(b'"lo'),
    "a lone surrogate": lambda dialect: dialect.saying(b'"\\ud800"'),
    "invalid UTF-8": lambda dialect: dialect.saying(b'"\xff\xfe"'),
    "deep nesting": lambda dialect: dialect.saying(b"[" * 100_000 + b"]" * 100_000),
}


@every_dialect
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_an_event_that_cannot_be_read(broken: Callable[[Dialect], bytes], dialect: Dialect, way: Way) -> None:
    came = streamed(way, dialect, dialect.first, broken(dialect), dialect.last)
    error = assert_failed(came, APIResponseValidationError, dialect, request_id="req_1", retryable=False)
    assert came.text == HEL
    assert "cannot be read" in error.message
    assert len(error.message) < 500


@every_dialect
def test_the_five_hundredth_chunk_is_no_json(dialect: Dialect, way: Way) -> None:
    # All before it are handed out, whether they come in one piece with it or before it.
    for pieces in ([dialect.saying(b'"a"')] * 498, [dialect.saying(b'"a"') * 498]):
        came = streamed(way, dialect, dialect.first, *pieces, dialect.broken, dialect.last)
        assert_failed(came, APIResponseValidationError, dialect, request_id="req_1")
        assert came.text == HEL + "a" * 498
        assert came.chunks >= 499


ODD: Final[dict[str, bytes]] = {
    "not a number": b'"lo", "score": NaN',
    "infinity": b'"lo", "score": -Infinity',
    "a huge integer": b'"lo", "score": ' + b"9" * 4000,
    "a huge exponent": b'"lo", "score": 1e9999',
    "the same key twice": b'"x", "text": "lo", "content": "lo"',
    "a NUL": b'"lo", "score": "\\u0000"',
    "some nesting": b'"lo", "score": ' + b"[" * 60 + b"]" * 60,
}


@every_dialect
@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_an_odd_value_beside_the_text(text: bytes, dialect: Dialect, way: Way) -> None:
    came = streamed(way, dialect, dialect.first, dialect.saying(text), dialect.last)
    # What none of our types describes is none of our business; an error that says so is no crash either.
    if came.error is not None:
        assert_failed(came, APIResponseValidationError, dialect, request_id="req_1")
        assert came.text == HEL
    else:
        assert (came.text or "").startswith("Hel")
        assert came.answer is not None
        came.answer.model_dump_json()


# --- what may come between events -------------------------------------------------------------------------------------

KEEP_ALIVES: Final = 4 * 60  # an hour, one every 15 seconds


@every_dialect
def test_an_hour_of_keep_alives(dialect: Dialect, way: Way) -> None:
    came = streamed(way, dialect, dialect.first, *[dialect.blank] * KEEP_ALIVES, dialect.last)
    assert (came.text, came.error) == (TEXT, None)


@both_ways
def test_a_comment_without_end(way: Way) -> None:
    came = streamed(way, OPENAI, OPENAI.first + b":", *[b"x" * 2**20] * (MAX_REPLY // 2**20 + 1), OPENAI.last)
    error = assert_failed(came, APIResponseValidationError, OPENAI, request_id="req_1")
    assert ("without a chunk" in error.message, came.text) == (True, HEL)


def _crlf(body: bytes) -> bytes:
    return body.replace(b"\n", b"\r\n")


WRITTEN: Final[dict[str, Callable[[bytes], bytes]]] = {
    "CRLF": _crlf,
    "CR": lambda body: body.replace(b"\n", b"\r"),
    "a byte-order mark": lambda body: b"\xef\xbb\xbf" + body,
    "a byte-order mark and CRLF": lambda body: b"\xef\xbb\xbf" + _crlf(body),
    "comments": lambda body: body.replace(b"data:", b": note\ndata:"),
    "ids and retries": lambda body: body.replace(b"data:", b"id: 7\nretry: 100\ndata:"),
    "fields that nobody knows": lambda body: body.replace(b"data:", b"colour: red\nblank\ndata:"),
    "no space behind the colon": lambda body: body.replace(b"data: ", b"data:"),
    "data in two lines": lambda body: body.replace(b"data: {", b"data: {\ndata: "),
    "blank lines in front": lambda body: b"\n\n\r\n\n" + body,
    "more blank lines between": lambda body: body.replace(b"\n\n", b"\n\n\n\n\n"),
    "no blank line at the end": lambda body: body.rstrip(b"\n"),
    "a name on every event": lambda body: body if b"event:" in body else body.replace(b"data:", b"event: x\ndata:"),
    "[DONE] twice": lambda body: body + b"data: [DONE]\n\n" * 2,
    "[DONE] and more": lambda body: body + b"data: [DONE]\n\n: bye\n\n",
}


@events_only
@pytest.mark.parametrize("change", WRITTEN.values(), ids=WRITTEN)
def test_the_same_stream_written_otherwise(change: Callable[[bytes], bytes], dialect: Dialect, way: Way) -> None:
    body = change(dialect.stream)
    for pieces in ([body], [body[place : place + 3] for place in range(0, len(body), 3)]):
        came = streamed(way, dialect, *pieces)
        assert (came.text, came.error) == (TEXT, None)


@each(dialect=[one for one in EVERYBODY if one.ends], way=STREAMED)
def test_nothing_after_the_end_counts(dialect: Dialect, way: Way) -> None:
    came = streamed(way, dialect, dialect.stream, dialect.first)
    assert (came.text, came.error) == (TEXT, None)


# Each decoder, and each reader that takes JSON apart in a way of its own.
@each(dialect=(OPENAI, ANTHROPIC, GEMINI, BEDROCK, OLLAMA, SAGEMAKER, GIGACHAT, AGENT), way=STREAMED)
def test_an_event_of_20_megabytes(dialect: Dialect, way: Way) -> None:
    size = 20 * 2**20
    event = dialect.saying(b'"' + b"x" * size + b'"')
    pieces = [event[place : place + 2**16] for place in range(0, len(event), 2**16)]
    came = streamed(way, dialect, dialect.first, *pieces, dialect.last)
    assert came.error is None
    assert came.text is not None
    assert (len(came.text), came.text[:4]) == (len(TEXT) + size, "Helx")


# What a container writes in one line may come in many frames: each byte is looked at once. Megabytes took minutes.
@each(written=[(SAGEMAKER, EVENTS), (NOVA, LINES)], way=STREAMED)
def test_a_line_in_many_frames(written: tuple[Dialect, Framing], way: Way) -> None:
    (dialect, framing), size = written, 2**21
    line = framing.event(dialect.piece.replace(b'"Hel"', b'"' + b"x" * size + b'"'))
    came = streamed(way, dialect, dialect.first, in_pieces(line, 2**13), dialect.last)
    assert came.error is None
    assert len(came.text or "") == len(TEXT) + size


# --- tool calls -------------------------------------------------------------------------------------------------------


def _calls(*deltas: object) -> bytes:
    events = [chunk({"role": "assistant", "tool_calls": [delta]}) for delta in deltas]
    return sse(*events, chunk(finish="tool_calls"), "[DONE]")


def _call(name: str, arguments: str, **more: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **more}


def _anthropic_calls(*indices: int) -> bytes:
    events: list[dict[str, object]] = []
    for number, index in enumerate(indices):
        block: Json = {"type": "tool_use", "id": f"t{number}", "name": f"f{number}", "input": {}}
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        delta = {"type": "input_json_delta", "partial_json": "{}"}
        events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    end = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}
    start = ANTHROPIC.events[0]
    return start + named_sse(*events, end, {"type": "message_stop"})


# A stream of two calls, f0 and f1 -> what its numbers are.
CALLS: Final[dict[str, tuple[Dialect, bytes]]] = {
    "duplicate": (OPENAI, _calls(_call("f0", "{}", id="t0", index=0), _call("f1", "{}", id="t1", index=0))),
    "missing": (OPENAI, _calls(_call("f0", "{}", id="t0"), _call("f1", "{}", id="t1"))),
    "with a gap": (OPENAI, _calls(_call("f0", "{}", id="t0", index=3), _call("f1", "{}", id="t1", index=9))),
    "descending": (OPENAI, _calls(_call("f0", "{}", id="t0", index=1), _call("f1", "{}", id="t1", index=0))),
    "duplicate, of Anthropic": (ANTHROPIC, _anthropic_calls(0, 0)),
    "with a gap, of Anthropic": (ANTHROPIC, _anthropic_calls(4, 9)),
}


@both_ways
@pytest.mark.parametrize(("dialect", "body"), CALLS.values(), ids=CALLS)
def test_numbers_of_tool_calls(dialect: Dialect, body: bytes, way: Way) -> None:
    came = streamed(way, dialect, body)
    assert came.answer is not None, came.error
    calls = came.answer.choices[0].message.tool_calls or []
    assert [(call.id, call.function.name, call.function.arguments) for call in calls] == [
        ("t0", "f0", "{}"),
        ("t1", "f1", "{}"),
    ]


@both_ways
@pytest.mark.parametrize("index", [-1, 2**63, 2**200, 1.0, "0"])
def test_an_absurd_number_of_a_tool_call(index: object, way: Way) -> None:
    came = streamed(way, OPENAI, _calls(_call("f0", "{}", id="t0", index=index)))
    if came.error is not None:
        assert_failed(came, APIResponseValidationError, OPENAI, request_id="req_1")
    else:
        assert came.answer is not None
        assert [call.id for call in came.answer.choices[0].message.tool_calls or ()] == ["t0"]


@every_dialect
def test_a_stream_that_is_a_whole_reply(dialect: Dialect, way: Way) -> None:
    came = streamed(way, dialect, dialect.reply)
    if came.error is None:
        assert (dialect.answers_in_events, came.text) == (True, TEXT)
    else:
        assert isinstance(came.error, APIError)
        assert_failed(came, type(came.error), dialect, request_id="req_1")


def test_lines_that_are_no_objects() -> None:
    for line in (b"[]", b"1", b"null", as_bytes("x"), b"{}"):
        came = streamed(WAYS[1], OLLAMA, OLLAMA.first + line + b"\n" + OLLAMA.last)
        assert came.text in (HEL, TEXT)
