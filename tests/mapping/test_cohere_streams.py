"""Cohere: what each event of a stream becomes."""

from __future__ import annotations

from typing import Final, get_args

import pytest

from polyvox import (
    APIError,
    APIResponseValidationError,
    ChatCompletion,
    ChatCompletionChunk,
    GatewayTimeoutError,
    InternalServerError,
    StreamInterruptedError,
)
from polyvox_wire.cohere import responses as r
from tests.mapping.asking import Json, assembled, named_sse, streamed
from tests.mapping.test_cohere_parameters import COHERE

MODEL: Final = COHERE.model


def _event(kind: str, index: int | None = None, **message: object) -> Json:
    place = {} if index is None else {"index": index}
    return {"type": kind, **place, **({"delta": {"message": message}} if message else {})}


def _end(reason: str = "COMPLETE", **more: object) -> Json:
    usage = {"billed_units": {"input_tokens": 1}, "tokens": {"input_tokens": 5, "output_tokens": 2}}
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": usage, **more}}


def _words(*texts: str, index: int = 0) -> tuple[Json, ...]:
    return (
        _event("content-start", index, content={"type": "text", "text": ""}),
        *(_event("content-delta", index, content={"text": text}) for text in texts),
        _event("content-end", index),
    )


def _thoughts(*texts: str, index: int = 0) -> tuple[Json, ...]:
    return (
        _event("content-start", index, content={"type": "thinking", "thinking": ""}),
        *(_event("content-delta", index, content={"thinking": text}) for text in texts),
        _event("content-end", index),
    )


def _called(*pieces: str, index: int = 0, made: str = "add_1", name: str = "add") -> tuple[Json, ...]:
    start = {"id": made, "type": "function", "function": {"name": name, "arguments": ""}}
    return (
        _event("tool-call-start", index, tool_calls=start),
        *(_event("tool-call-delta", index, tool_calls={"function": {"arguments": piece}}) for piece in pieces),
        _event("tool-call-end", index),
    )


def _plan(*texts: str) -> tuple[Json, ...]:
    return tuple(_event("tool-plan-delta", tool_plan=text) for text in texts)


START: Final[Json] = {
    "id": "c1",
    "type": "message-start",
    "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}},
}
CITATION: Final[Json] = {
    "start": 0,
    "end": 2,
    "text": "Hi",
    "sources": [{"type": "document", "id": "d1", "document": {"url": "https://x.test", "title": "X"}}],
    "type": "TEXT_CONTENT",
}


def stream(*events: Json, reason: str = "COMPLETE") -> bytes:
    return named_sse(START, *events, _end(reason))


CASES: Final[dict[str, tuple[bytes, Json]]] = {
    "text": (stream(*_words("Hel", "lo")), {"content": [{"type": "text", "text": "Hello"}]}),
    "thinking": (
        stream(*_thoughts("1 +", " 2"), *_words("3", index=1)),
        {"content": [{"type": "thinking", "thinking": "1 + 2"}, {"type": "text", "text": "3"}]},
    ),
    "calls": (
        stream(
            *_plan("I ", "will."),
            *_called('{"a"', ": 1}"),
            *_called(index=1, made="now_2", name="now"),
            reason="TOOL_CALL",
        ),
        {
            "tool_plan": "I will.",
            "tool_calls": [
                {"id": "add_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}},
                {"id": "now_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
            ],
        },
    ),
    "citation": (
        stream(
            *_words("Hi", " there")[:-1],
            _event("citation-start", 0, citations=CITATION),
            _event("citation-end", 0),
            _event("content-end", 0),
        ),
        {"content": [{"type": "text", "text": "Hi there"}], "citations": [CITATION]},
    ),
    "without indices": (
        stream(_event("content-delta", content={"thinking": "?"}), _event("content-delta", content={"text": "!"})),
        {"content": [{"type": "thinking", "thinking": "?"}, {"type": "text", "text": "!"}]},
    ),
    "text at the start": (
        stream(_event("content-start", 0, content={"type": "text", "text": "Hi"})),
        {"content": [{"type": "text", "text": "Hi"}]},
    ),
    "nothing": (stream(), {}),
    "what says nothing": (
        stream(
            {"type": "debug", "prompt": "<user>Hi"},
            {"type": "brand-new", "data": 1},
            _event("content-start", 0),
            _event("content-delta", 0),
            _event("tool-plan-delta"),
            _event("tool-call-delta", 3),
            _event("tool-call-end", 3),
            _event("citation-start", 0),
        ),
        {"content": [{"type": "text", "text": ""}]},
    ),
}


def _plain(answer: ChatCompletion) -> Json:
    return answer.model_dump(exclude={"created"}, exclude_none=True)


@pytest.mark.parametrize(("body", "message"), CASES.values(), ids=CASES)
def test_a_stream_adds_up_to_the_whole_reply(body: bytes, message: Json) -> None:
    chunk = streamed(MODEL, body)[-1]
    reason = chunk.choices[0].provider_specific_fields["native_finish_reason"]
    whole = COHERE.answered(
        id="c1",
        message={"role": "assistant", **message},
        finish_reason=reason,
        usage={"billed_units": {"input_tokens": 1}, "tokens": {"input_tokens": 5, "output_tokens": 2}},
    )
    assert _plain(assembled(MODEL, body)) == _plain(whole)


@pytest.mark.parametrize(("body", "message"), CASES.values(), ids=CASES)
def test_every_stream_keeps_to_the_rules(body: bytes, message: Json) -> None:
    chunks = streamed(MODEL, body)
    assert {(chunk.id, chunk.model) for chunk in chunks} == {("c1", "command-a-03-2025")}
    assert len({chunk.created for chunk in chunks}) == 1
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    assert [chunk.usage is not None for chunk in chunks] == [*[False] * (len(chunks) - 1), True]
    assert [chunk.choices[0].finish_reason is not None for chunk in chunks] == [*[False] * (len(chunks) - 1), True]
    calls = [call.index for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert set(calls) == set(range(len(message.get("tool_calls") or [])))  # type: ignore[arg-type]  # a list, above


def test_every_event_of_the_description_has_a_case() -> None:
    tried = {
        line[7:] for body, _ in CASES.values() for line in body.decode().splitlines() if line.startswith("event: ")
    }
    arms = get_args(get_args(r.StreamedChatResponseV2)[0])
    assert {arm.model_fields["type"].default for arm in arms if arm.model_fields} == tried - {"brand-new"}


def test_pieces_come_as_they_are_written() -> None:
    assert _said(streamed(MODEL, stream(*_plan("a", "b"), *_words("c", "d")))) == ["", "a", "b", "c", "d", ""]


def _said(chunks: list[ChatCompletionChunk]) -> list[str]:
    deltas = [chunk.choices[0].delta for chunk in chunks]
    return [delta.content or delta.reasoning_content or "" for delta in deltas]


def test_logprobs_come_with_their_text() -> None:
    event = _event("content-delta", 0, content={"text": "Hi"})
    event["logprobs"] = {"text": "Hi", "token_ids": [1], "logprobs": [-0.5]}
    found = assembled(MODEL, stream(event)).choices[0].logprobs
    assert found is not None
    assert [(part.token, part.logprob) for part in found.content or ()] == [("Hi", -0.5)]


def test_a_stream_without_its_first_event() -> None:
    answer = assembled(MODEL, named_sse(*_words("Hi"), _end()))
    assert answer.choices[0].message.content == "Hi"
    assert answer.id.startswith("chatcmpl-")


def test_what_follows_the_end_adds_nothing() -> None:
    body = stream(*_words("Hi")) + b"data: [DONE]\n\ndata: {broken\n\n"
    assert assembled(MODEL, body).choices[0].message.content == "Hi"


def test_the_last_event_may_lack_its_blank_line() -> None:
    assert assembled(MODEL, stream(*_words("Hi")).rstrip()).choices[0].message.content == "Hi"


@pytest.mark.parametrize("tail", [b"", b"data: [DONE]\n\n", b'data: {"type": "message-end", "del'])
def test_a_stream_without_its_end_is_interrupted(tail: bytes) -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        streamed(MODEL, named_sse(START, *_words("Hi")) + tail)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hi"


ERRORS: Final[dict[str, tuple[Json, type[APIError]]]] = {
    "at the end": (_end("ERROR", error="overheated"), InternalServerError),
    "late": (_end("TIMEOUT", error="overheated"), GatewayTimeoutError),
    "as replies have it": ({"id": "e1", "message": "overheated"}, APIError),
}


@pytest.mark.parametrize(("event", "kind"), ERRORS.values(), ids=ERRORS)
def test_an_error_inside_a_stream(event: Json, kind: type[APIError]) -> None:
    body = named_sse(START, *_words("Hi")) + b"data: " + named_sse({"type": "", **event}).partition(b"data: ")[2]
    body = body.replace(b'"type": "", ', b"")
    with pytest.raises(kind, match="overheated") as caught:
        streamed(MODEL, body)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hi"


def test_an_end_by_error_that_says_nothing_more() -> None:  # 98
    choice = assembled(MODEL, stream(*_words("Hi"), reason="ERROR")).choices[0]
    assert choice.finish_reason == "other"
    assert choice.provider_specific_fields["native_finish_reason"] == "ERROR"


@pytest.mark.parametrize("events", [_called(made=""), _called(name=""), (_event("tool-call-start", 0),)])
def test_a_call_without_name_or_id_is_the_vendors_error(events: tuple[Json, ...]) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no"):
        streamed(MODEL, stream(*events))
