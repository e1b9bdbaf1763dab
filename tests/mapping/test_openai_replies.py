"""OpenAI's dialect: what a reply becomes, oddities of its vendors included (numbers: research/wire-oddities.md)."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import (
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    ChatCompletion,
    InternalServerError,
    RateLimitError,
)
from polyvox.results import Annotation, FunctionCall, UrlCitation
from polyvox_wire.openai import responses as r
from polyvox_wire.support import Wire as Native
from tests.mapping.asking import OPENAI_REPLY, Json, answered

MODEL: Final = "openai:gpt-5"
GATEWAY: Final = "groq:llama"


def _reply(message: object = None, finish: object = "stop", **more: object) -> Json:
    """A reply with one choice; `more` stands beside the choices."""
    choice: Json = {"index": 0, "message": message or {"role": "assistant", "content": "Hi"}, "finish_reason": finish}
    return {**OPENAI_REPLY, "choices": [choice], **more}


def _call(name: object = "add", arguments: object = '{"a": 1}', made: object = "call_1") -> Json:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": arguments}}


def _without(*keys: str) -> Json:
    return {key: value for key, value in OPENAI_REPLY.items() if key not in keys}


def test_a_plain_reply_is_what_it_was() -> None:
    answer = answered(MODEL, OPENAI_REPLY)
    assert (answer.id, answer.created, answer.model) == ("chatcmpl-1", 1700000000, "gpt-5-2025-08-07")
    assert answer.object == "chat.completion"
    choice = answer.choices[0]
    assert (choice.index, choice.finish_reason, choice.message.role, choice.message.content) == (
        0,
        "stop",
        "assistant",
        "Hello",
    )
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (1, 2, 3)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("content_filter", "content_filter"),
        ("function_call", "function_call"),
        ("tool_call", "tool_calls"),  # 34
        ("eos", "stop"),  # 35
        ("", "stop"),  # 36
        ("STOP", "stop"),
        ("model_length", "length"),
        ("end_turn", "stop"),
        ("brand_new", "other"),
        (None, None),
    ],
)
def test_finish_reason(said: str | None, reason: str | None) -> None:
    choice = answered(GATEWAY, _reply(finish=said)).choices[0]
    assert choice.finish_reason == reason
    assert choice.provider_specific_fields["native_finish_reason"] == said


def test_what_is_missing_is_filled_in() -> None:  # 19, 20
    answer = answered(MODEL, _without("id", "object", "created", "model", "usage"))
    assert answer.id.startswith("chatcmpl-")
    assert answer.created > 1_700_000_000
    assert answer.model == "gpt-5"
    assert answer.object == "chat.completion"
    assert answer.usage is None


@pytest.mark.parametrize("empty", ["", None])
def test_what_is_empty_is_filled_in(empty: str | None) -> None:  # 19
    answer = answered(MODEL, {**OPENAI_REPLY, "id": empty, "model": empty, "created": 0})
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == "gpt-5"
    assert answer.created > 1_700_000_000


@pytest.mark.parametrize(
    ("created", "seen"), [(1700000000123, 1700000000123), (1700000000.7, 1700000000)], ids=["milliseconds", "float"]
)
def test_odd_times_are_read(created: float, seen: int) -> None:  # 21
    assert answered(GATEWAY, {**OPENAI_REPLY, "created": created}).created == seen


CALLS: Final[dict[str, tuple[Json, str]]] = {
    "plain": (_call(), '{"a": 1}'),
    "null arguments": (_call(arguments=None), ""),  # 26
    "no arguments": ({"id": "call_1", "type": "function", "function": {"name": "add"}}, ""),  # 27
    "empty arguments": (_call(arguments=""), ""),  # 28
    "arguments cut off": (_call(arguments='{"a": '), '{"a": '),  # 29
    "arguments as an object": (_call(arguments={"a": 1}), '{"a":1}'),
    "no type": ({"id": "call_1", "function": {"name": "add", "arguments": "{}"}}, "{}"),  # 30
}


@pytest.mark.parametrize(("call", "arguments"), CALLS.values(), ids=CALLS)
def test_tool_call(call: Json, arguments: str) -> None:
    message = answered(GATEWAY, _reply({"content": None, "tool_calls": [call]}, "tool_calls")).choices[0].message
    assert message.tool_calls is not None
    (made,) = message.tool_calls
    assert (made.id, made.type, made.function.name, made.function.arguments) == ("call_1", "function", "add", arguments)


def test_custom_tool_call() -> None:  # 31
    custom: Json = {"id": "call_1", "type": "custom", "custom": {"name": "run", "input": "ls"}}
    message = answered(MODEL, _reply({"content": None, "tool_calls": [custom]}, "tool_calls")).choices[0].message
    assert message.tool_calls is not None
    (made,) = message.tool_calls
    assert made.type == "custom"
    assert made.custom is not None
    assert (made.custom.name, made.custom.input) == ("run", "ls")
    assert made.function == FunctionCall(name="run", arguments="ls")


@pytest.mark.parametrize("call", [_call(name=None), _call(name=""), _call(made=None), _call(made="")])
def test_a_call_without_name_or_id_is_the_vendors_error(call: Json) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no"):
        answered(GATEWAY, _reply({"content": None, "tool_calls": [call]}, "tool_calls"))


def test_a_stop_with_tool_calls_stays_a_stop() -> None:  # 32: what the vendor says, is said
    choice = answered(MODEL, _reply({"content": None, "tool_calls": [_call()]}, "stop")).choices[0]
    assert choice.finish_reason == "stop"


MESSAGES: Final[dict[str, tuple[Json, Json]]] = {
    "text and calls": ({"content": "Wait.", "tool_calls": [_call()]}, {"content": "Wait."}),  # 37
    "empty text with calls": ({"content": "", "tool_calls": [_call()]}, {"content": ""}),  # 38
    "nothing": ({"content": None}, {"content": None, "tool_calls": None}),  # 39
    "refusal": ({"content": None, "refusal": "No."}, {"content": None, "refusal": "No."}),  # 40
    "reasoning": ({"content": "3", "reasoning": "1 + 2"}, {"reasoning_content": "1 + 2"}),  # 43
    "reasoning content": ({"content": "3", "reasoning_content": "1 + 2"}, {"reasoning_content": "1 + 2"}),
    "no calls": ({"content": "3", "tool_calls": []}, {"content": "3"}),  # 45
    "null role": ({"content": "3", "role": None}, {"role": "assistant"}),
    "empty message": ({"role": "assistant"}, {"content": None}),  # 50
    "function call": (
        {"content": None, "function_call": {"name": "add", "arguments": "{}"}},
        {"function_call": FunctionCall(name="add", arguments="{}")},
    ),
    # llama-cpp-python; given back, other vendors would see two calls
    "one call said twice": (
        {"content": None, "tool_calls": [_call()], "function_call": _call()["function"]},
        {"function_call": None},
    ),
    "annotations": (
        {
            "content": "x",
            "annotations": [
                {
                    "type": "url_citation",
                    "url_citation": {"start_index": 0, "end_index": 1, "url": "https://x.test", "title": "X"},
                }
            ],
        },
        {
            "annotations": [
                Annotation(
                    type="url_citation",
                    url_citation=UrlCitation(start_index=0, end_index=1, url="https://x.test", title="X"),
                )
            ]
        },
    ),
}


@pytest.mark.parametrize(("message", "seen"), MESSAGES.values(), ids=MESSAGES)
def test_message(message: Json, seen: Json) -> None:
    found = answered(GATEWAY, _reply(message)).choices[0].message
    assert {name: getattr(found, name) for name in seen} == seen


@pytest.mark.parametrize("said", [{"message": None}, {"message": {}}, {}], ids=["null", "empty", "absent"])
def test_a_filtered_choice_has_an_empty_message(said: Json) -> None:  # 50
    choice: Json = {"index": 0, "finish_reason": "content_filter", **said}
    found = answered(GATEWAY, {**OPENAI_REPLY, "choices": [choice]}).choices[0]
    assert (found.finish_reason, found.message.content, found.message.role) == ("content_filter", None, "assistant")


def test_content_in_parts_is_joined_and_kept() -> None:  # 41
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "1 + "}, {"type": "text", "text": "2"}]},
        {"type": "text", "text": "It is "},
        {"type": "text", "text": "3"},
    ]
    message = answered("codestral:m", _reply({"content": parts})).choices[0].message
    assert message.content == "It is 3"
    assert message.reasoning_content == "1 + 2"
    assert message.provider_specific_fields["content"] == parts


def test_fields_that_nobody_described_are_kept() -> None:  # 43, 44, 57
    message: Json = {"content": "3", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}
    answer = answered("openrouter:m", _reply(message, executed_tools=[1], seed=2**63))
    assert answer["executed_tools"] == [1]
    assert answer["seed"] == 2**63  # 55
    assert answer.choices[0].message["reasoning_details"] == [{"type": "reasoning.encrypted", "data": "x"}]


def test_spoken_answer() -> None:
    sound = {"id": "audio_1", "data": "AAAA", "expires_at": 5, "transcript": "Hi"}
    found = answered(MODEL, _reply({"content": None, "audio": sound})).choices[0].message.audio
    assert found is not None
    assert (found.id, found.data, found.expires_at, found.transcript) == ("audio_1", "AAAA", 5, "Hi")


def test_log_probabilities() -> None:
    token: Json = {
        "token": "Hi",
        "bytes": [72, 105],
        "logprob": -0.5,
        "top_logprobs": [{"token": "Yo", "logprob": -1.0}],
    }
    reply = _reply()
    choices = reply["choices"]
    assert isinstance(choices, list)
    choices[0]["logprobs"] = {"content": [token], "refusal": None}
    found = answered(MODEL, reply).choices[0].logprobs
    assert found is not None
    assert found.content is not None
    (first,) = found.content
    assert (first.token, first.bytes, first.logprob) == ("Hi", [72, 105], -0.5)
    assert [(top.token, top.logprob) for top in first.top_logprobs] == [("Yo", -1.0)]


@pytest.mark.parametrize(
    "logprobs",
    [
        {"reasoning_content": [{"token": "Hm", "bytes": [72], "logprob": -0.5, "top_logprobs": []}]},
        {"reasoning_content": []},
        {"tokens": None, "token_logprobs": None, "top_logprobs": None, "text_offset": None},
        {"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": None, "text_offset": [0]},
    ],
    ids=["reasoning", "empty", "legacy, all null", "legacy"],
)
def test_odd_log_probabilities_are_kept_and_lose_no_answer(logprobs: Json) -> None:  # 52
    reply = _reply()
    choices = reply["choices"]
    assert isinstance(choices, list)
    choices[0]["logprobs"] = logprobs
    choice = answered(GATEWAY, reply).choices[0]
    assert choice.message.content == "Hi"
    kept = choice.logprobs.model_dump(exclude_none=True) if choice.logprobs else {}
    assert kept == {name: value for name, value in logprobs.items() if value is not None}


USAGE: Final[dict[str, tuple[Json, tuple[object, ...]]]] = {
    "plain": ({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, (1, 2, 3, None, None)),
    "details": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": None},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
        (10, 5, 15, 4, 2),
    ),
    "nulls": (
        {
            "prompt_tokens": 1,
            "completion_tokens": None,
            "total_tokens": None,
            "prompt_tokens_details": None,
            "completion_tokens_details": None,
        },
        (1, 0, 0, None, None),
    ),  # 53
    "total of its own": ({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 9}, (1, 2, 9, None, None)),  # 54
    "fractions": ({"prompt_tokens": 1.0, "completion_tokens": 2, "total_tokens": 3}, (1, 2, 3, None, None)),
}


@pytest.mark.parametrize(("counted", "seen"), USAGE.values(), ids=USAGE)
def test_usage(counted: Json, seen: tuple[object, ...]) -> None:
    usage = answered(GATEWAY, _reply(usage=counted)).usage
    assert usage is not None
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    assert seen == (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        prompt.cached_tokens if prompt else None,
        completion.reasoning_tokens if completion else None,
    )


def test_several_choices() -> None:
    choices = [
        {"index": n, "message": {"role": "assistant", "content": c}, "finish_reason": "stop"}
        for n, c in enumerate("ab")
    ]
    answer = answered(MODEL, {**OPENAI_REPLY, "choices": choices}, n=2)
    assert [(choice.index, choice.message.content) for choice in answer.choices] == [(0, "a"), (1, "b")]


ERRORS: Final[dict[str, tuple[Json, type[APIError], str]]] = {
    "only an error": ({"error": {"message": "slow down", "code": 429}}, RateLimitError, "slow down"),  # 16
    "an error in the choice": (
        {
            **OPENAI_REPLY,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": ""},
                    "finish_reason": "error",
                    "error": {"message": "upstream broke", "code": 502},
                }
            ],
        },
        InternalServerError,
        "upstream broke",
    ),  # 16, 17
    "an error beside the choices": (
        {**OPENAI_REPLY, "choices": [], "error": {"message": "bad key", "code": "invalid_api_key"}},
        AuthenticationError,
        "bad key",
    ),
    "no choices": ({**OPENAI_REPLY, "choices": []}, APIResponseValidationError, "no choices"),
    "null choices": ({**OPENAI_REPLY, "choices": None}, APIResponseValidationError, "no choices"),
}


@pytest.mark.parametrize(("reply", "kind", "says"), ERRORS.values(), ids=ERRORS)
def test_an_error_inside_a_200(reply: Json, kind: type[APIError], says: str) -> None:
    with pytest.raises(kind, match=says) as caught:
        answered(GATEWAY, reply)
    assert (caught.value.provider, caught.value.model) == ("groq", "llama")
    assert caught.value.body is not None


UNREADABLE: Final = {
    "empty": b"",
    "html": b"<html><body>Welcome</body></html>",
    "text": b"OK",
    "half": b'{"id": "chatcmpl-1", "choices": [',
    "array": b"[]",
    "number": b"7",
    "choices of another kind": b'{"id": "x", "choices": "none"}',
    "not UTF-8": b'{"id": "\xff\xfe"}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_reply_that_is_none(body: bytes) -> None:
    with pytest.raises(APIError) as caught:
        answered(MODEL, body)
    assert (caught.value.provider, caught.value.model) == ("openai", "gpt-5")
    assert caught.value.body is not None


def test_the_native_reply_is_typed() -> None:
    native = answered(MODEL, OPENAI_REPLY).native
    assert isinstance(native, r.CreateChatCompletionResponse)
    assert native.choices[0].message.content == "Hello"


def test_the_native_reply_of_a_gateway_that_deviates_has_its_fields() -> None:
    native = answered(GATEWAY, _reply({"content": [{"type": "text", "text": "x"}]})).native
    assert isinstance(native, Native)
    assert (native.model_extra or {})["id"] == "chatcmpl-1"


def test_facts() -> None:
    answer = answered(MODEL, OPENAI_REPLY)
    assert isinstance(answer, ChatCompletion)
    assert answer.provider == "openai"
    assert answer.dropped_params == ()
    assert answer.response_ms is not None
    assert answer.response_ms >= 0


def test_a_page_of_something_else_is_no_answer() -> None:
    with pytest.raises(APIResponseValidationError, match="it has no choices; it begins"):
        answered(GATEWAY, {"status": "ok"})
