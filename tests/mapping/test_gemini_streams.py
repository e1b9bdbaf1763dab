"""Gemini: what each event of a stream becomes (numbers: research/wire-oddities.md)."""

from __future__ import annotations

import json
from typing import Final, cast

import pytest

from polyvox import APIError, APIResponseValidationError, ChatCompletionChunk, RateLimitError, StreamInterruptedError
from tests.mapping.asking import GEMINI_REPLY, Json, Wire, answered, as_bytes, assembled, sse, streamed

MODEL: Final = "gemini:gemini-2.5-flash"

COUNTED: Final[Json] = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}


def event(*parts: Json, finish: object = None, index: int | None = None, **more: object) -> Json:
    """One event with one candidate; `more` stands beside the candidates."""
    candidate: Json = {"content": {"role": "model", "parts": list(parts)}}
    if finish is not None:
        candidate["finishReason"] = finish
    if index is not None:
        candidate["index"] = index
    return {"candidates": [candidate], "responseId": "resp-1", "modelVersion": "gemini-2.5-flash", **more}


def words(text: str) -> Json:
    """A part of text."""
    return {"text": text}


HEL: Final = event(words("Hel"), usageMetadata={"promptTokenCount": 1, "totalTokenCount": 1})
LO: Final = event(words("lo"), finish="STOP", usageMetadata=COUNTED)
CALL: Final[Json] = {"functionCall": {"name": "add", "args": {"a": 1}}}
SIGNED: Final[Json] = {"text": "", "thoughtSignature": "sig"}


def text(chunks: list[ChatCompletionChunk]) -> str:
    """All text of a stream."""
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


# The same answer, as it is really sent.
SAME: Final[dict[str, bytes]] = {
    "plain": sse(HEL, LO),
    "one event": sse(event(words("Hello"), finish="STOP", usageMetadata=COUNTED)),
    "CRLF": sse(HEL, LO).replace(b"\n", b"\r\n"),  # 12
    "no last blank line": sse(HEL, LO).rstrip(b"\n"),
    "a JSON array": as_bytes([HEL, LO]),  # 85
    "a JSON array over many lines": json.dumps([HEL, LO], indent=2).encode(),  # 85
    "the end alone": sse(HEL, event(words("lo")), event(finish="STOP", usageMetadata=COUNTED)),
    "the end without content": sse(
        HEL,
        event(words("lo")),
        {"candidates": [{"finishReason": "STOP", "index": 0}], "usageMetadata": COUNTED},
    ),  # 79
    "the count alone": sse(HEL, event(words("lo"), finish="STOP"), {"usageMetadata": COUNTED}),
    "a signature at the end": sse(HEL, event(words("lo")), event(SIGNED, finish="STOP", usageMetadata=COUNTED)),  # 73
    "the end twice": sse(HEL, event(words("lo"), finish="STOP"), event(finish="STOP", usageMetadata=COUNTED)),
    "enums as numbers": sse(HEL, event(words("lo"), finish=1, usageMetadata=COUNTED)),  # 84
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_the_same_answer_in_another_form(body: bytes) -> None:
    chunks = streamed(MODEL, body)
    assert text(chunks) == "Hello"
    assert [one.choices[0].finish_reason for one in chunks if one.choices[0].finish_reason] == ["stop"]
    assert [one.choices[0].delta.role for one in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    assert [one.usage is not None for one in chunks] == [*[False] * (len(chunks) - 1), True]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 3
    assert {(one.id, one.model, one.object) for one in chunks} == {
        ("resp-1", "gemini-2.5-flash", "chat.completion.chunk")
    }
    assert len({one.created for one in chunks}) == 1


# A stream adds up to what the same answer is when it comes whole.
WHOLE: Final[dict[str, tuple[list[Json], list[Json]]]] = {
    "text": ([HEL, LO], [words("Hello")]),
    "thoughts": (
        [
            event({"text": "1 ", "thought": True}),
            event({"text": "+ 2", "thought": True}),
            event(words("3"), finish="STOP"),
        ],
        [{"text": "1 + 2", "thought": True}, words("3")],
    ),
    "call": ([event(words("Wait.")), event(CALL, finish="STOP")], [words("Wait."), CALL]),
    "signed call": (
        [event({**CALL, "thoughtSignature": "sig"}), event(words(""), finish="STOP")],
        [{**CALL, "thoughtSignature": "sig"}, words("")],
    ),  # 72
    "signature at the end": ([event(words("Hi")), event(SIGNED, finish="STOP")], [words("Hi"), SIGNED]),  # 73
    "calls with ids": (
        [
            event({"functionCall": {"id": "f1", "name": "add", "args": {}}}),
            event({"functionCall": {"id": "f2", "name": "add"}}, finish="STOP"),
        ],
        [{"functionCall": {"id": "f1", "name": "add", "args": {}}}, {"functionCall": {"id": "f2", "name": "add"}}],
    ),  # 75, 76
    "code": (
        [
            event({"executableCode": {"language": "PYTHON", "code": "1"}}),
            event({"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}),
            event(words("1"), finish="STOP"),
        ],
        [
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            words("1"),
        ],
    ),  # 88
    "picture": (
        [event(words("Here:")), event({"inlineData": {"mimeType": "image/png", "data": "AA"}}, finish="STOP")],
        [words("Here:"), {"inlineData": {"mimeType": "image/png", "data": "AA"}}],
    ),
}


@pytest.mark.parametrize(("events", "parts"), WHOLE.values(), ids=WHOLE)
def test_a_stream_adds_up_to_the_whole_answer(events: list[Json], parts: list[Json]) -> None:
    whole = answered(MODEL, event(*parts, finish="STOP", usageMetadata=COUNTED))
    answer = assembled(MODEL, sse(*events, {"usageMetadata": COUNTED}))
    assert _comparable(answer.model_dump(exclude={"created"})) == _comparable(whole.model_dump(exclude={"created"}))


def _comparable(answer: dict[str, object]) -> object:
    """Without ids that polyvox makes by chance; an empty text and none at all are the same."""
    for choice in cast("list[dict[str, Json]]", answer["choices"]):
        message = choice["message"]
        message["content"] = message["content"] or None
        for call in cast("list[Json]", message["tool_calls"] or []):
            if str(call["id"]).startswith("call_pv_"):
                call["id"] = "made here"
    return answer


def test_calls_are_numbered_from_0() -> None:  # 74
    chunks = streamed(MODEL, sse(event(CALL), event(CALL, CALL), event(finish="STOP")))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert [call.index for call in calls] == [0, 1, 2]
    assert len({call.id for call in calls}) == 3
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


def _partial(*pieces: Json, more: bool = True, name: str | None = None) -> Json:
    call: Json = {"partialArgs": list(pieces), "willContinue": more}
    return event({"functionCall": {**call, **({"name": name} if name else {})}})


def _piece(path: str, **value: object) -> Json:
    return {"jsonPath": path, **value}


PARTIAL: Final[dict[str, tuple[list[Json], object]]] = {
    "text in pieces": (
        [
            _partial(_piece("$.city", stringValue="Os", willContinue=True), name="weather"),
            _partial(_piece("$.city", stringValue="lo")),
            _partial(more=False),
        ],
        {"city": "Oslo"},
    ),
    "numbers and truth": (
        [
            _partial(_piece("$.n", numberValue=3), _piece("$.x", numberValue=1.5), name="f"),
            _partial(_piece("$.yes", boolValue=True), _piece("$.no", boolValue=False), more=False),
        ],
        {"n": 3, "x": 1.5, "yes": True, "no": False},
    ),
    "null": ([_partial(_piece("$.a", nullValue="NULL_VALUE"), name="f", more=False)], {"a": None}),
    "nested": (
        [
            _partial(_piece("$.a.b", stringValue="x"), _piece("$.list[0]", stringValue="y"), name="f"),
            _partial(_piece("$.list[1].c", stringValue="z"), more=False),
        ],
        {"a": {"b": "x"}, "list": ["y", {"c": "z"}]},
    ),
    "empty text": ([_partial(_piece("$.a", stringValue=""), name="f", more=False)], {"a": ""}),
    "quoted name": ([_partial(_piece("$['a.b']", stringValue="x"), name="f", more=False)], {"a.b": "x"}),
}


@pytest.mark.parametrize(("events", "arguments"), PARTIAL.values(), ids=PARTIAL)
def test_arguments_in_pieces(events: list[Json], arguments: object) -> None:  # 77
    answer = assembled(MODEL, sse(*events, event(finish="STOP")))
    assert answer.choices[0].message.tool_calls is not None
    (call,) = answer.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == arguments


def test_a_call_in_pieces_goes_back_whole() -> None:  # 77
    events = PARTIAL["text in pieces"][0]
    message = assembled(MODEL, sse(*events, event(finish="STOP"))).choices[0].message
    assert message.provider_specific_fields["gemini"] == {
        "parts": [{"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}],
        "text": "",
    }


def test_several_candidates() -> None:
    body = sse(
        event(words("a"), index=0),
        event(words("x"), index=1),
        event({**CALL, "thoughtSignature": "s0"}, finish="STOP", index=0),
        event(words("y"), finish="MAX_TOKENS", index=1, usageMetadata=COUNTED),
    )
    answer = assembled(MODEL, body, n=2)
    assert [(one.index, one.message.content, one.finish_reason) for one in answer.choices] == [
        (0, "a", "tool_calls"),
        (1, "xy", "length"),
    ]
    assert "gemini" in answer.choices[0].message.provider_specific_fields


def test_a_blocked_prompt() -> None:  # 80
    feedback: Json = {"blockReason": "SAFETY"}
    chunks = streamed(MODEL, sse({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 4}}))
    (chunk,) = chunks
    assert chunk.choices[0].finish_reason == "content_filter"
    assert chunk.choices[0].provider_specific_fields["native_finish_reason"] == "SAFETY"
    assert chunk.usage is not None
    assert chunk.usage.prompt_tokens == 4


def test_grounding_on_the_last_event() -> None:
    grounding: Json = {
        "groundingChunks": [{"web": {"uri": "https://x.test", "title": "X"}}],
        "groundingSupports": [{"segment": {"endIndex": 5}, "groundingChunkIndices": [0]}],
    }
    last = event(words("lo"), finish="STOP")
    cast("list[Json]", last["candidates"])[0]["groundingMetadata"] = grounding
    choice = assembled(MODEL, sse(HEL, last)).choices[0]
    assert choice.message.annotations is not None
    cited = choice.message.annotations[0].url_citation
    assert cited is not None
    assert (cited.url, cited.start_index, cited.end_index) == ("https://x.test", 0, 5)
    assert choice.provider_specific_fields["grounding_metadata"] == grounding


@pytest.mark.parametrize(
    "body",
    [b"", sse(HEL), as_bytes([HEL])[:-1], as_bytes([HEL])[:-20], sse({"usageMetadata": COUNTED})],
    ids=["empty", "no end", "array without end", "array in an object", "count only"],
)
def test_a_stream_that_breaks_off(body: bytes) -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        streamed(MODEL, body)
    assert (caught.value.provider, caught.value.retryable) == ("gemini", False)
    assert caught.value.partial is not None


SLOW: Final[Json] = {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}
ERRORS: Final[dict[str, tuple[bytes, type[APIError], str]]] = {
    "in the stream": (sse(SLOW), RateLimitError, "slow down"),
    "not JSON": (sse("oops"), APIResponseValidationError, "oops"),
}


@pytest.mark.parametrize(("last", "kind", "says"), ERRORS.values(), ids=ERRORS)
def test_an_error_after_some_text(last: bytes, kind: type[APIError], says: str) -> None:
    opened = Wire(sse(HEL) + last).open(MODEL)
    with pytest.raises(kind, match=says) as caught:
        list(opened)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hel"


@pytest.mark.parametrize("body", [as_bytes(SLOW), as_bytes([SLOW])], ids=["object", "array"])
def test_a_json_body_instead_of_a_stream_is_read_as_an_error(body: bytes) -> None:
    with pytest.raises(RateLimitError, match="slow down"):
        streamed(MODEL, body)


def test_the_usual_reply_is_a_stream_of_one() -> None:
    assert assembled(MODEL, as_bytes(GEMINI_REPLY)).choices[0].message.content == "Hello"


KINDS: Final[Json] = {
    "promptTokenCount": 30,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}, {"modality": "AUDIO", "tokenCount": 25}],
    "candidatesTokenCount": 9,
    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 9}],
    "thoughtsTokenCount": 4,
    "totalTokenCount": 43,
    "trafficType": "ON_DEMAND",
    "aNewCount": 3,
}


@pytest.mark.parametrize("streamed", [True, False])
def test_tokens_by_their_kind_and_the_time_that_is_said(streamed: bool) -> None:
    said = event(words("Hello"), finish="STOP", usageMetadata=KINDS, createTime="2026-05-04T20:01:02.264968Z")
    answer = assembled(MODEL, sse(said)) if streamed else answered(MODEL, said)
    assert answer.created == 1777924862
    assert answer.usage is not None
    assert answer.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 30,
        "completion_tokens": 13,
        "total_tokens": 43,
        "prompt_tokens_details": {"cached_tokens": 0, "text_tokens": 5, "audio_tokens": 25},
        "completion_tokens_details": {"reasoning_tokens": 4, "image_tokens": 9},
        "trafficType": "ON_DEMAND",
        "aNewCount": 3,
    }
