"""OpenAI's dialect: tool calls in a stream, in every form they come in (numbers: research/wire-oddities.md)."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import APIResponseValidationError, ChatCompletion
from tests.mapping.asking import Json, assembled, sse, streamed
from tests.mapping.openai_events import DONE, STOP, chunk

MODEL: Final = "openai:gpt-5"
GATEWAY: Final = "openrouter:m"


def _calls(answer: ChatCompletion) -> list[tuple[str, str, str]]:
    made = answer.choices[0].message.tool_calls or []
    return [(call.id, call.function.name, call.function.arguments) for call in made]


def call(
    index: int | None, arguments: object = None, *, made: object = None, name: object = None, **more: object
) -> Json:
    """A chunk with one piece of a tool call; what is None is left out."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    fields: Json = {"index": index, "id": made, "function": function, **more}
    return chunk({"tool_calls": [{key: value for key, value in fields.items() if value is not None}]})


BEGIN: Final = call(0, "", made="call_1", name="add", type="function")
END: Final = chunk(finish="tool_calls")
ADD: Final = ("call_1", "add", '{"a": 1}')
SUB: Final = ("call_2", "sub", "{}")


def test_a_call_that_is_said_in_the_old_form_too_is_one_call() -> None:
    """llama-cpp-python: each piece of it twice."""
    pieces = [
        chunk({"tool_calls": [{"index": 0, "id": "call_1", "function": piece}], "function_call": piece})
        for piece in ({"name": "add", "arguments": '{"a": '}, {"name": "add", "arguments": "1}"})
    ]
    answer = assembled(GATEWAY, sse(*pieces, END, DONE))
    assert _calls(answer) == [ADD]
    assert answer.choices[0].message.function_call is None


CALLS: Final[dict[str, tuple[bytes, list[tuple[str, str, str]]]]] = {
    "in pieces": (sse(BEGIN, call(0, '{"a"'), call(0, ": 1}"), END, DONE), [ADD]),
    "whole": (sse(call(0, '{"a": 1}', made="call_1", name="add", type="function"), END, DONE), [ADD]),  # 23
    "without index": (sse(call(None, '{"a": 1}', made="call_1", name="add"), END, DONE), [ADD]),  # 22
    "two without index": (
        sse(call(None, '{"a": 1}', made="call_1", name="add"), call(None, "{}", made="call_2", name="sub"), END, DONE),
        [ADD, SUB],
    ),
    "two in one chunk": (
        sse(
            chunk(
                {
                    "tool_calls": [
                        {"id": "call_1", "function": {"name": "add", "arguments": '{"a": 1}'}},
                        {"id": "call_2", "function": {"name": "sub", "arguments": "{}"}},
                    ]
                }
            ),
            END,
            DONE,
        ),
        [ADD, SUB],
    ),
    "two under one index": (
        sse(
            call(0, '{"a": 1}', made="call_1", name="add"),
            call(0, "{}", made="call_2", name="sub"),
            END,
            DONE,
        ),
        [ADD, SUB],
    ),
    "from index 1": (sse(call(1, '{"a": 1}', made="call_1", name="add"), END, DONE), [ADD]),
    "interleaved": (
        sse(
            call(0, "", made="call_1", name="add"),
            call(1, "", made="call_2", name="sub"),
            call(0, '{"a"'),
            call(1, "{"),
            call(0, ": 1}"),
            call(1, "}"),
            END,
            DONE,
        ),
        [ADD, SUB],
    ),
    "null id and name later": (
        sse(
            BEGIN,
            chunk({"tool_calls": [{"index": 0, "id": None, "function": {"name": None, "arguments": '{"a": 1}'}}]}),
            END,
            DONE,
        ),
        [ADD],
    ),  # 24
    "empty id and name later": (
        sse(
            BEGIN,
            chunk({"tool_calls": [{"index": 0, "id": "", "function": {"name": "", "arguments": '{"a": 1}'}}]}),
            END,
            DONE,
        ),
        [ADD],
    ),  # 25
    "id repeated": (sse(BEGIN, call(0, '{"a": 1}', made="call_1"), END, DONE), [ADD]),
    "null arguments": (
        sse(
            chunk({"tool_calls": [{"index": 0, "id": "call_2", "function": {"name": "sub", "arguments": None}}]}),
            call(0, "{}"),
            END,
            DONE,
        ),
        [SUB],
    ),  # 26
    "no arguments at all": (sse(call(0, made="call_2", name="sub"), END, DONE), [("call_2", "sub", "")]),  # 27
    "cut off": (sse(BEGIN, call(0, '{"a"'), chunk(finish="length"), DONE), [("call_1", "add", '{"a"')]),  # 29
    "no type": (sse(call(0, '{"a": 1}', made="call_1", name="add"), END, DONE), [ADD]),  # 30
    "a stop": (sse(BEGIN, call(0, '{"a": 1}'), chunk(finish="stop"), DONE), [ADD]),  # 33
    "no calls": (sse(chunk({"content": "x", "tool_calls": []}), STOP, DONE), []),  # 45
}


@pytest.mark.parametrize(("body", "calls"), CALLS.values(), ids=CALLS)
def test_tool_calls(body: bytes, calls: list[tuple[str, str, str]]) -> None:
    assert _calls(assembled(GATEWAY, body)) == calls


@pytest.mark.parametrize(("body", "calls"), CALLS.values(), ids=CALLS)
def test_tool_calls_are_numbered_from_0_without_gaps(body: bytes, calls: list[tuple[str, str, str]]) -> None:
    deltas = [call for chunk in streamed(GATEWAY, body) for call in chunk.choices[0].delta.tool_calls or ()]
    seen = dict.fromkeys(delta.index for delta in deltas)
    assert list(seen) == list(range(len(calls)))
    firsts = [next(delta for delta in deltas if delta.index == number) for number in seen]
    assert all(delta.id and delta.type == "function" for delta in firsts)


def test_a_stop_with_tool_calls_stays_a_stop() -> None:  # 33
    choice = assembled(MODEL, CALLS["a stop"][0]).choices[0]
    assert (choice.finish_reason, choice.provider_specific_fields["native_finish_reason"]) == ("stop", "stop")


@pytest.mark.parametrize("begin", [call(0, "{}", made="call_1"), call(0, "{}", name="add")], ids=["no name", "no id"])
def test_a_call_without_name_or_id_is_the_vendors_error(begin: Json) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0"):
        assembled(GATEWAY, sse(begin, END, DONE))


def test_custom_call() -> None:  # 31
    first = {"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "run", "input": "l"}}
    more = {"index": 0, "custom": {"input": "s"}}
    answer = assembled(MODEL, sse(chunk({"tool_calls": [first]}), chunk({"tool_calls": [more]}), END, DONE))
    assert answer.choices[0].message.tool_calls is not None
    (made,) = answer.choices[0].message.tool_calls
    assert made.type == "custom"
    assert made.custom is not None
    assert (made.custom.name, made.custom.input) == ("run", "ls")


def test_deprecated_function_call() -> None:
    body = sse(
        chunk({"function_call": {"name": "add", "arguments": ""}}),
        chunk({"function_call": {"arguments": '{"a": '}}),
        chunk({"function_call": {"arguments": "1}"}}),
        chunk(finish="function_call"),
        DONE,
    )
    found = assembled(MODEL, body).choices[0].message.function_call
    assert found is not None
    assert (found.name, found.arguments) == ("add", '{"a": 1}')
