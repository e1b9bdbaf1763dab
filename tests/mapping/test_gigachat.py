"""GigaChat: functions in the place of tools, and what Sber calls them."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import InvalidMessageError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, answered, assembled, sent, sse, streamed
from tests.tokens import TokenServer

MODEL: Final = "gigachat:GigaChat-2-Max"
FUNCTION: Final[Json] = {
    "name": "weather",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
}
TOOLS: Final[list[Json]] = [{"type": "function", "function": {**FUNCTION, "strict": True}}]
SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "string"}}}


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "sends"),
    [
        ({"max_tokens": 9}, {"max_tokens": 9}),
        ({"max_completion_tokens": 9, "temperature": 0.5}, {"max_tokens": 9, "temperature": 0.5}),
        ({"tools": TOOLS}, {"functions": [FUNCTION]}),
        ({"tools": TOOLS, "tool_choice": "none"}, {"functions": [FUNCTION], "function_call": "none"}),
        (
            {"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "weather"}}},
            {"functions": [FUNCTION], "function_call": {"name": "weather"}},
        ),
        ({"functions": [FUNCTION], "function_call": "auto"}, {"functions": [FUNCTION], "function_call": "auto"}),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "x", "schema": SCHEMA, "strict": True},
                }
            },
            {"response_format": {"type": "json_schema", "schema": SCHEMA, "strict": True}},
        ),
        ({"response_format": {"type": "text"}}, {}),
        ({"profanity_check": True, "repetition_penalty": 1.1}, {"profanity_check": True, "repetition_penalty": 1.1}),
        ({"stream": True}, {"stream": True}),
    ],
)
def test_what_is_sent(asked: Json, sends: Json) -> None:
    assert sent(MODEL, HELLO, **asked) == {"model": "GigaChat-2-Max", "messages": HELLO, **sends}


def test_a_conversation_with_a_call() -> None:
    talk: list[Json] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Weather"}, {"type": "text", "text": "in Paris?"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"place": "Paris"}'}}
            ],
            "functions_state_id": "s1",
        },
        {"role": "tool", "tool_call_id": "c1", "content": '{"degrees": 20}'},
    ]
    assert sent(MODEL, talk)["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather\nin Paris?"},
        {
            "role": "assistant",
            "content": "",
            "function_call": {"name": "weather", "arguments": {"place": "Paris"}},
            "functions_state_id": "s1",
        },
        {"role": "function", "name": "weather", "content": '{"degrees": 20}'},
    ]


PICTURE: Final[Json] = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
TWO_CALLS: Final[list[Json]] = [
    {"id": f"c{number}", "type": "function", "function": {"name": "weather", "arguments": "{}"}} for number in (1, 2)
]
REFUSED: Final[dict[str, tuple[list[Json], Json, str]]] = {
    "picture": ([{"role": "user", "content": [PICTURE]}], {}, r"messages\[0\]\.content\[0\] \(image_url\)"),
    "two calls": ([*HELLO, {"role": "assistant", "tool_calls": TWO_CALLS}], {}, r"messages\[1\]\.tool_calls"),
    "some function": (HELLO, {"tools": TOOLS, "tool_choice": "required"}, "tool_choice"),
    "another tool": (HELLO, {"tools": [{"type": "web_search"}]}, r"tools\[0\] \(web_search\)"),
    "json": (HELLO, {"response_format": {"type": "json_object"}}, "response_format"),
    "stop": (HELLO, {"stop": "x"}, "stop: GigaChat has no such field"),
}


@pytest.mark.parametrize(("talk", "asked", "says"), REFUSED.values(), ids=REFUSED)
def test_what_it_cannot_do_is_refused_or_dropped(talk: list[Json], asked: Json, says: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=says):
        sent(MODEL, talk, **asked)
    wire = Wire()
    assert len(wire.ask(MODEL, talk, drop_params=True, **asked).dropped_params) == 1


def test_an_answer_to_no_call_is_an_error() -> None:
    with pytest.raises(InvalidMessageError, match=r"messages\[1\]: no earlier message has the call that it answers"):
        sent(MODEL, [*HELLO, {"role": "tool", "tool_call_id": "c9", "content": "x"}])


def test_a_key_is_shown_to_the_token_server_as_sber_wants_it(tokens: TokenServer) -> None:
    wire = Wire()
    wire.ask(MODEL, HELLO, api_key="bXktaWQ6bXktc2VjcmV0LW9mLWdpZ2FjaGF0")
    assert wire.requests[-1].headers["authorization"] == "Bearer bXktaWQ6bXktc2VjcmV0LW9mLWdpZ2FjaGF0"
    asked = tokens.requests[-1]
    assert asked.form == {"scope": "GIGACHAT_API_PERS"}
    assert asked.headers["authorization"] == "Basic bXktaWQ6bXktc2VjcmV0LW9mLWdpZ2FjaGF0"
    assert len(asked.headers["rquid"]) == 36


# --- replies ----------------------------------------------------------------------------------------------------------

REPLY: Final[Json] = {
    "choices": [
        {
            "message": {
                "role": "assistant",
                "content": "",
                "function_call": {"name": "weather", "arguments": {"place": "Paris"}},
                "functions_state_id": "s1",
            },
            "index": 0,
            "finish_reason": "function_call",
        }
    ],
    "created": 1700000000,
    "model": "GigaChat-2-Max:2.0.28.2",
    "object": "chat.completion",
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12, "precached_prompt_tokens": 4},
}


def test_a_function_call_is_a_tool_call_and_goes_back_as_it_came() -> None:
    answer = answered(MODEL, REPLY)
    choice = answer.choices[0]
    (made,) = choice.message.tool_calls or []
    assert (made.function.name, made.function.arguments) == ("weather", '{"place":"Paris"}')
    assert made.id.startswith("call_")
    assert (choice.finish_reason, choice.provider_specific_fields["native_finish_reason"]) == (
        "tool_calls",
        "function_call",
    )
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens == 4
    assert sent(MODEL, [*HELLO, choice.message, {"role": "tool", "tool_call_id": made.id, "content": "20"}])[
        "messages"
    ] == [
        *HELLO,
        {
            "role": "assistant",
            "content": "",
            "function_call": {"name": "weather", "arguments": {"place": "Paris"}},
            "functions_state_id": "s1",
        },
        {"role": "function", "name": "weather", "content": "20"},
    ]


def test_an_answer_that_sber_will_not_give() -> None:
    reply = {**REPLY, "choices": [{"message": {"role": "assistant", "content": "No."}, "finish_reason": "blacklist"}]}
    assert answered(MODEL, reply).choices[0].finish_reason == "content_filter"


def _chunk(delta: Json, **more: object) -> Json:
    return {"choices": [{"delta": delta, "index": 0, **more}], "created": 7, "model": "m", "object": "chunk"}


def test_a_stream() -> None:
    body = sse(
        _chunk({"role": "assistant", "content": "Hel"}),
        _chunk({"content": "lo"}, finish_reason="stop"),
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}},
        "[DONE]",
    )
    assert [chunk.choices[0].delta.content for chunk in streamed(MODEL, body)] == ["Hel", "lo"]
    answer = assembled(MODEL, body)
    assert answer.choices[0].message.content == "Hello"
    assert answer.usage is not None


def test_a_call_in_a_stream() -> None:
    call: Json = {
        "role": "assistant",
        "content": "",
        "function_call": {"name": "weather", "arguments": {"place": "Paris"}},
    }
    choice = assembled(MODEL, sse(_chunk(call, finish_reason="function_call"), "[DONE]")).choices[0]
    (made,) = choice.message.tool_calls or []
    assert (made.function.name, made.function.arguments, choice.finish_reason) == (
        "weather",
        '{"place":"Paris"}',
        "tool_calls",
    )
