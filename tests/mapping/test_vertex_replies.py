"""What Vertex AI does other than the vendors whose models it has: bodies, settings, one more filter, its errors."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import (
    APIError,
    ContextWindowExceededError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnsupportedParamsError,
)
from tests.mapping.asking import (
    ANTHROPIC_REPLY,
    GEMINI_REPLY,
    HELLO,
    Json,
    Wire,
    answered,
    as_bytes,
    assembled,
    named_sse,
    sent,
    sse,
    streamed,
)

GEMINI: Final = "vertex_ai/gemini-2.5-flash"
CLAUDE: Final = "vertex_ai/claude-sonnet-4-5@20250929"
PROJECT: Final = {"vertex_project": "p1"}


# --- requests ---------------------------------------------------------------------------------------------------------


def test_gemini_is_sent_what_gemini_is_sent() -> None:
    settings: Json = {"temperature": 0.2, "max_tokens": 9, "reasoning_effort": "low"}
    assert sent(GEMINI, HELLO, **settings) == sent("gemini:gemini-2.5-flash", HELLO, **settings)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_claude_is_sent_its_version_and_no_model(stream: bool) -> None:
    settings: Json = {"max_tokens": 9, "stream": stream}
    plain = sent("anthropic:claude-sonnet-4-5", HELLO, **settings)
    assert plain.pop("model") == "claude-sonnet-4-5"
    assert sent(CLAUDE, HELLO, **PROJECT, **settings) == {"anthropic_version": "vertex-2023-10-16", **plain}


OPTIONS: Final[dict[str, tuple[str, Json, Json]]] = {
    "labels": (GEMINI, {"labels": {"team": "a"}}, {"labels": {"team": "a"}}),
    "armour": (
        GEMINI,
        {"modelArmorConfig": {"promptTemplateName": "t"}},
        {"modelArmorConfig": {"promptTemplateName": "t"}},
    ),
    "of gemini": (GEMINI, {"gemini": {"cachedContent": "c"}}, {"cachedContent": "c"}),
    "in the configuration": (GEMINI, {"audioTimestamp": True}, {"generationConfig": {"audioTimestamp": True}}),
    "of anthropic": (CLAUDE, {"top_k": 3, **PROJECT}, {"top_k": 3}),
}


@pytest.mark.parametrize(("model", "settings", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_options(model: str, settings: Json, expected: Json) -> None:
    body = sent(model, HELLO, **settings)
    assert {name: body.get(name) for name in expected} == expected


REFUSED: Final[dict[str, tuple[object, str]]] = {
    "service_tier": ("flex", "X-Vertex-AI-LLM-Shared-Request-Type"),
    "store": (False, "no such setting"),
    "metadata": ({"team": "a"}, "labels"),
    "aws_region_name": ("us-east-1", "services on AWS"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_gemini_has_and_vertex_lacks(name: str) -> None:
    value, reason = REFUSED[name]
    wire = Wire()
    with pytest.raises(UnsupportedParamsError, match=reason) as caught:
        wire.ask(GEMINI, HELLO, **{name: value})
    assert (caught.value.provider, wire.requests) == ("vertexai", [])
    assert wire.ask(GEMINI, HELLO, drop_params=True, **{name: value}).dropped_params == (name,)
    assert wire.body == sent(GEMINI)


@pytest.mark.parametrize("name", ["vertex_project", "vertex_location", "vertex_credentials"])
@pytest.mark.parametrize("model", ["gemini:m", "anthropic:m", "openai:m"])
def test_its_settings_are_refused_elsewhere(model: str, name: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=f"{name}.*Vertex AI"):
        sent(model, HELLO, **{name: "x"})


# --- replies ----------------------------------------------------------------------------------------------------------


def _reply(reason: str | None, *parts: Json) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": list(parts)}}
    return {**GEMINI_REPLY, "candidates": [{**candidate, "finishReason": reason} if reason else candidate]}


REASONS: Final = {
    "MODEL_ARMOR": "content_filter",
    "SAFETY": "content_filter",
    "MAX_TOKENS": "length",
    "CONTINUATION": "other",
    "STOP": "stop",
}


@pytest.mark.parametrize(("native", "reason"), REASONS.items(), ids=REASONS)
def test_finish_reasons(native: str, reason: str) -> None:
    text: Json = {"text": "Hel"}
    (choice,) = answered(GEMINI, _reply(native, text)).choices
    whole = (choice.finish_reason, choice.provider_specific_fields["native_finish_reason"])
    chunks = streamed(GEMINI, sse(_reply(None, text), _reply(native, {"text": "lo"})))
    last = chunks[-1].choices[0]
    assert whole == (reason, native)
    assert (last.finish_reason, last.provider_specific_fields["native_finish_reason"]) == (reason, native)
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]] == [None]
    added_up = assembled(GEMINI, sse(_reply(None, text), _reply(native, {"text": "lo"}))).choices[0]
    assert (added_up.finish_reason, added_up.message.content) == (reason, "Hello")


def test_a_finish_that_was_held_back_is_handed_out_before_an_error() -> None:
    events = (_reply(None, {"text": "Hel"}), _reply("MODEL_ARMOR", {"text": "lo"}), {"error": {"message": "too late"}})
    with pytest.raises(APIError, match="too late") as caught:
        streamed(GEMINI, sse(*events))
    assert caught.value.partial is not None
    (choice,) = caught.value.partial.choices
    assert (choice.finish_reason, choice.message.content) == ("content_filter", "Hello")


def test_a_prompt_that_is_blocked() -> None:
    feedback: Json = {"blockReason": "MODEL_ARMOR", "blockReasonMessage": "Blocked by Model Armor."}
    reply: Json = {"promptFeedback": feedback, "responseId": "r1"}
    for choice in (answered(GEMINI, reply).choices[0], assembled(GEMINI, sse(reply)).choices[0]):
        assert (choice.finish_reason, choice.message.content or "") == ("content_filter", "")
        assert choice.provider_specific_fields["native_finish_reason"] == "MODEL_ARMOR"


def test_claudes_reply_is_anthropics() -> None:
    answer = answered(CLAUDE, {**ANTHROPIC_REPLY, "id": "msg_vrtx_1"}, **PROJECT)
    assert (answer.id, answer.choices[0].message.content) == ("msg_vrtx_1", "Hello")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.provider == "vertexaianthropic"


def test_claudes_stream_is_anthropics() -> None:
    body = named_sse(
        {"type": "message_start", "message": {**ANTHROPIC_REPLY, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    )
    answer = assembled(CLAUDE, body, **PROJECT)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Hello", "stop")


# --- errors -----------------------------------------------------------------------------------------------------------

# Status, Google's word, text -> class.
ERRORS: Final[dict[str, tuple[int, str, str, type[APIError]]]] = {
    "no such model": (404, "NOT_FOUND", "Publisher Model `x` not found.", NotFoundError),
    "too long": (
        400,
        "INVALID_ARGUMENT",
        "The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).",
        ContextWindowExceededError,
    ),
    "forbidden": (403, "PERMISSION_DENIED", "Permission denied on resource project p1.", PermissionDeniedError),
    "busy": (429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later.", RateLimitError),
}


@pytest.mark.parametrize(("status", "word", "text", "kind"), ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("model", [GEMINI, CLAUDE], ids=["gemini", "claude"])
def test_errors(model: str, status: int, word: str, text: str, kind: type[APIError]) -> None:
    body = as_bytes({"error": {"code": status, "message": text, "status": word}})
    with pytest.raises(kind) as caught:
        Wire(body, status).ask(model, HELLO, **PROJECT)
    assert (caught.value.message, caught.value.code, caught.value.status_code) == (text, word, status)
    assert caught.value.provider == ("vertexai" if model == GEMINI else "vertexaianthropic")
