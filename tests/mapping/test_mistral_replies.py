"""Mistral: what a reply becomes."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import (
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadRequestError,
    ContextWindowExceededError,
    RateLimitError,
    UnprocessableEntityError,
)
from polyvox.results import CompletionUsage, PromptTokensDetails
from polyvox_wire.mistral import responses as r
from tests.mapping.asking import Json, Wire, answered, as_bytes

MODEL: Final = "mistral:mistral-small-latest"
COUNTED: Final[Json] = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
REPLY: Final[Json] = {
    "id": "0a6e16070048404c",
    "object": "chat.completion",
    "created": 1784566716,
    "model": "mistral-small-latest",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "tool_calls": None, "content": "Hello"},
        }
    ],
    "usage": {**COUNTED, "prompt_tokens_details": {"cached_tokens": 5}, "service_tier": "standard"},
}


def _choice(finish: object = "stop", index: int = 0, **message: object) -> Json:
    return {"index": index, "finish_reason": finish, "message": {"role": "assistant", **message}}


def _reply(finish: object = "stop", **message: object) -> Json:
    return {**REPLY, "choices": [{"index": 0, "finish_reason": finish, "message": message}]}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _call(name: object = "add", arguments: object = '{"a": 1}', made: object = "Caf7Pyrd8") -> Json:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": arguments}, "index": 0}


def test_a_plain_reply() -> None:
    answer = answered(MODEL, REPLY)
    assert (answer.id, answer.created, answer.model) == ("0a6e16070048404c", 1784566716, "mistral-small-latest")
    assert (answer.object, answer.provider, answer.service_tier) == ("chat.completion", "mistral", "standard")
    (choice,) = answer.choices
    assert choice.message.model_dump(exclude_none=True) == {
        "role": "assistant",
        "content": "Hello",
        "provider_specific_fields": {},
    }
    assert isinstance(answer.native, r.ChatCompletionResponse)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("model_length", "length"),
        ("tool_calls", "tool_calls"),
        ("error", "other"),
        ("brand_new", "other"),
        (None, None),
    ],
)
def test_finish_reason(said: str | None, reason: str | None) -> None:
    choice = answered(MODEL, _reply(said, content="Hi")).choices[0]
    assert choice.finish_reason == reason
    assert choice.provider_specific_fields == {"native_finish_reason": said}


def test_what_is_missing_is_filled_in() -> None:
    answer = answered(MODEL, {"choices": REPLY["choices"]})
    assert answer.id.startswith("chatcmpl-")
    assert answer.created > 1_700_000_000
    assert answer.model == "mistral-small-latest"
    assert answer.usage is None


def test_several_choices() -> None:
    answer = answered(MODEL, {**REPLY, "choices": [_choice(content="a"), _choice("length", 1, content="b")]})
    assert [(choice.index, choice.message.content, choice.finish_reason) for choice in answer.choices] == [
        (0, "a", "stop"),
        (1, "b", "length"),
    ]


THINKING: Final[Json] = {"type": "thinking", "thinking": [_text("1 + "), _text("2")], "closed": True}
CONTENTS: Final[dict[str, tuple[object, str | None, str | None]]] = {
    "text": ("Hi", "Hi", None),
    "empty": ("", "", None),
    "nothing": (None, None, None),
    "text chunks": ([_text("It is "), _text("3")], "It is 3", None),
    "thinking": ([THINKING, _text("3")], "3", "1 + 2"),
    "thinking only": ([THINKING], None, "1 + 2"),
    "references": ([_text("It is 3"), {"type": "reference", "reference_ids": [0, "a"]}, _text(".")], "It is 3.", None),
    "references in thoughts": (
        [{"type": "thinking", "thinking": [{"type": "reference", "reference_ids": [0]}, _text("a")]}, _text("3")],
        "3",
        "a",
    ),
    "sources in thoughts": (
        [{"type": "thinking", "thinking": [{"type": "tool_reference", "tool": "web_search", "title": "t"}]}],
        None,
        None,
    ),
    "signed thinking": ([{**THINKING, "signature": "s"}, _text("3")], "3", "1 + 2"),
    "media": (
        [
            {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
            {"type": "document_url", "document_url": "https://x.test/a.pdf"},
            {"type": "file", "file_id": "f"},
            {"type": "input_audio", "input_audio": "AA"},
        ],
        None,
        None,
    ),
    "something new": ([{"type": "brand_new", "x": 1}, _text("3")], "3", None),
}


@pytest.mark.parametrize(("content", "text", "reasoning"), CONTENTS.values(), ids=CONTENTS)
def test_content(content: object, text: str | None, reasoning: str | None) -> None:
    message = answered(MODEL, _reply(content=content)).choices[0].message
    assert (message.content, message.reasoning_content) == (text, reasoning)
    is_text = content is None or isinstance(content, str)
    kept: Json = {} if is_text else {"mistral": {"content": content, "text": text or ""}}
    assert message.provider_specific_fields == kept


CALLS: Final[dict[str, tuple[Json, str]]] = {
    "plain": (_call(), '{"a": 1}'),
    "empty arguments": (_call(arguments=""), ""),
    "arguments cut off": (_call(arguments='{"a": '), '{"a": '),
    "arguments as an object": (_call(arguments={"a": 1}), '{"a":1}'),
    "no type, no index": ({"id": "Caf7Pyrd8", "function": {"name": "add", "arguments": "{}"}}, "{}"),
}


@pytest.mark.parametrize(("call", "arguments"), CALLS.values(), ids=CALLS)
def test_tool_call(call: Json, arguments: str) -> None:
    message = answered(MODEL, _reply("tool_calls", content="", tool_calls=[call])).choices[0].message
    assert message.tool_calls is not None
    (made,) = message.tool_calls
    assert (made.id, made.type, made.function.name, made.function.arguments) == (
        "Caf7Pyrd8",
        "function",
        "add",
        arguments,
    )


@pytest.mark.parametrize("call", [_call(name=""), _call(made=None), _call(made="")])
def test_a_call_without_name_or_id_is_the_vendors_error(call: Json) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no"):
        answered(MODEL, _reply("tool_calls", content=None, tool_calls=[call]))


def test_steps_of_the_vendors_tools() -> None:
    steps: list[Json] = [
        {"role": "assistant", "tool_calls": [_call("web_search")]},
        {"role": "tool", "content": "found", "tool_call_id": "Caf7Pyrd8"},
        {"role": "assistant", "content": "It is 3."},
    ]
    (choice,) = answered(
        MODEL, {**REPLY, "choices": [{"index": 0, "finish_reason": "stop", "messages": steps}]}
    ).choices
    assert choice.message.content == "It is 3."
    assert choice.provider_specific_fields == {"native_finish_reason": "stop", "messages": steps}


def _usage(
    prompt: int, completion: int, total: int, cached: int | None = None, audio: int | None = None
) -> CompletionUsage:
    known = cached is not None or audio is not None
    return CompletionUsage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=total,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=cached, audio_tokens=audio) if known else None,
    )


USAGES: Final[dict[str, tuple[object, object]]] = {
    "plain": (COUNTED, _usage(10, 2, 12)),
    "cached": ({**COUNTED, "prompt_tokens_details": {"cached_tokens": 5}}, _usage(10, 2, 12, 5)),
    "cached, of old": ({**COUNTED, "num_cached_tokens": 5}, _usage(10, 2, 12, 5)),
    "sound beside the prompt": (
        {
            "prompt_tokens": 11,
            "completion_tokens": 15,
            "total_tokens": 401,
            "prompt_audio_seconds": 5,
            "prompt_tokens_details": {"audio_tokens": 375, "cached_tokens": 9},
        },
        _usage(386, 15, 401, 9, 375).model_copy(update={"prompt_audio_seconds": 5}),
    ),
    "sound in the prompt": (
        {**COUNTED, "prompt_tokens_details": {"audio_tokens": 3}},
        _usage(10, 2, 12, None, 3),
    ),
    "none": (None, None),
}


@pytest.mark.parametrize(("said", "counted"), USAGES.values(), ids=USAGES)
def test_usage(said: object, counted: object) -> None:
    assert answered(MODEL, {**REPLY, "usage": said}).usage == counted


def test_log_probabilities() -> None:
    token = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "token_id": 7}
    found: Json = {"content": [{**token, "top_logprobs": [token]}]}
    (choice,) = answered(MODEL, {**REPLY, "choices": [{**_choice(content="Hi"), "logprobs": found}]}).choices
    assert choice.logprobs is not None
    assert choice.logprobs.model_dump(exclude_unset=True) == found


def _error(message: object, kind: str, code: object = None) -> Json:
    return {"object": "error", "message": message, "type": kind, "param": None, "code": code, "raw_status_code": 400}


FAULT: Final[Json] = {
    "type": "extra_forbidden",
    "loc": ["body", "messages", 0, "x"],
    "msg": "Not permitted",
    "input": 1,
}
ERRORS: Final[dict[str, tuple[int, Json, type[APIError], str, str | None, str | None]]] = {
    "model": (
        400,
        _error("Invalid model: x", "invalid_model", "1500"),
        BadRequestError,
        "Invalid model: x",
        "invalid_model",
        None,
    ),
    "arguments": (
        400,
        _error("Logprobs are not enabled", "invalid_request_invalid_args", "3051"),
        BadRequestError,
        "Logprobs are not enabled",
        "invalid_request_invalid_args",
        None,
    ),
    "key": (401, {"detail": "Invalid API Key"}, AuthenticationError, "Invalid API Key", None, None),
    "fields": (
        422,
        {"detail": [FAULT, {**FAULT, "loc": ["body", "n"]}]},
        UnprocessableEntityError,
        "messages.0.x: Not permitted; n: Not permitted",
        "extra_forbidden",
        "messages.0.x",
    ),
    "fields in the message": (
        422,
        _error({"detail": [FAULT]}, "invalid_request_error"),
        UnprocessableEntityError,
        "messages.0.x: Not permitted",
        "invalid_request_error",
        "messages.0.x",
    ),
    "rate": (
        429,
        {"message": "Requests rate limit exceeded"},
        RateLimitError,
        "Requests rate limit exceeded",
        None,
        None,
    ),
    "context": (
        400,
        _error("Prompt contains 40000 tokens, too many tokens for model with 32768 maximum context length", "x", 3051),
        ContextWindowExceededError,
        "too many tokens",
        "x",
        None,
    ),
    "not JSON": (500, {}, APIError, "the vendor gave no reason", None, None),
}


@pytest.mark.parametrize(("status", "body", "kind", "message", "code", "param"), ERRORS.values(), ids=ERRORS)
def test_error(
    status: int, body: Json, kind: type[APIError], message: str, code: str | None, param: str | None
) -> None:
    with pytest.raises(kind) as caught:
        Wire(as_bytes(body), status).ask(MODEL)
    error = caught.value
    assert message in error.message
    assert message in str(error)
    assert (error.status_code, error.code, error.param, error.provider) == (status, code, param, "mistral")


@pytest.mark.parametrize("body", [_error("Out of order", "internal"), {"detail": "Out of order"}])
def test_an_error_inside_a_200(body: Json) -> None:
    with pytest.raises(APIError, match="Out of order"):
        answered(MODEL, body)


def test_a_reply_without_choices_is_no_answer() -> None:
    with pytest.raises(APIResponseValidationError, match="no choices"):
        answered(MODEL, {**REPLY, "choices": []})
