"""OpenAI's deprecated `functions`: a program written for them works with every vendor that knows tools.

They are sent as tools; the answer has the first call as `function_call` too, and the old finish reason.
"""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import BadGatewayError, run_tools
from polyvox.results import FunctionCall
from tests.mapping.asking import (
    ANTHROPIC_REPLY,
    GEMINI_REPLY,
    HELLO,
    OPENAI_REPLY,
    Json,
    Wire,
    answered,
    assembled,
    sent,
    sse,
    streamed,
)
from tests.mapping.openai_events import chunk

FUNCTION: Final[Json] = {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}}
CALLED: Final = FunctionCall(name="add", arguments='{"a":1}')


def _call(number: int = 1) -> Json:
    return {"id": f"call_{number}", "type": "function", "function": {"name": "add", "arguments": f'{{"a":{number}}}'}}


def _openai(*calls: Json) -> Json:
    message = {"role": "assistant", "content": None, "tool_calls": list(calls)}
    return {**OPENAI_REPLY, "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}


USE: Final[Json] = {"type": "tool_use", "id": "call_1", "name": "add", "input": {"a": 1}}
SIGNED: Final[Json] = {"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
REPLIES: Final[dict[str, Json]] = {
    "openai:gpt-5": _openai(_call()),
    "groq:m": _openai(_call()),
    "anthropic:claude-sonnet-4-5": {**ANTHROPIC_REPLY, "content": [USE], "stop_reason": "tool_use"},
    "gemini:gemini-2.5-flash": {
        **GEMINI_REPLY,
        "candidates": [{"content": {"role": "model", "parts": [SIGNED]}, "finishReason": "STOP", "index": 0}],
    },
}
DELTA: Final[Json] = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "add", "arguments": ""}}


@pytest.mark.parametrize("model", REPLIES)
def test_the_answer_is_a_function_call_and_a_tool_call(model: str) -> None:
    choice = answered(model, REPLIES[model], functions=[FUNCTION]).choices[0]
    assert choice.message.function_call == CALLED
    assert [call.function for call in choice.message.tool_calls or ()] == [CALLED]
    assert choice.finish_reason == "function_call"


@pytest.mark.parametrize("model", REPLIES)
def test_who_asks_with_tools_sees_tool_calls_only(model: str) -> None:
    choice = answered(model, REPLIES[model], tools=[{"type": "function", "function": FUNCTION}]).choices[0]
    assert (choice.message.function_call, choice.finish_reason) == (None, "tool_calls")


def test_a_stream_says_both_too() -> None:
    pieces: list[Json] = [
        {"tool_calls": [DELTA]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":1}'}}]},
        {"tool_calls": [{**DELTA, "index": 1, "id": "call_2", "function": {"name": "add", "arguments": "{}"}}]},
    ]
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    events = [{**chunk, "choices": [{"index": 0, "delta": delta}]} for delta in pieces]
    end: Json = {**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    body = sse(*events, end, "[DONE]")
    chunks = streamed("openai:gpt-5", body, functions=[FUNCTION])
    said = [call for chunk in chunks for choice in chunk.choices if (call := choice.delta.function_call)]
    assert "".join(piece.name or "" for piece in said) == "add"
    assert "".join(piece.arguments or "" for piece in said) == '{"a":1}'
    choice = assembled("openai:gpt-5", body, functions=[FUNCTION]).choices[0]
    assert (choice.message.function_call, choice.finish_reason) == (CALLED, "function_call")
    assert len(choice.message.tool_calls or ()) == 2


RESULT: Final[Json] = {"role": "function", "name": "add", "content": "2"}


@pytest.mark.parametrize("calls", [[_call()], [_call(), _call(2)]])
def test_the_answer_goes_back_with_the_functions_result(calls: list[Json]) -> None:
    message = answered("openai:gpt-5", _openai(*calls), functions=[FUNCTION]).choices[0].message
    assert sent("openai:gpt-5", [*HELLO, message, RESULT], functions=[FUNCTION])["messages"] == [
        *HELLO,
        {"role": "assistant", "tool_calls": [_call()]},
        {"role": "tool", "tool_call_id": "call_1", "content": "2"},
    ]


def test_what_a_vendor_signed_goes_back() -> None:
    model = "gemini:gemini-2.5-flash"
    message = answered(model, REPLIES[model], functions=[FUNCTION]).choices[0].message
    contents = sent(model, [*HELLO, message, RESULT], functions=[FUNCTION])["contents"]
    assert isinstance(contents, list)
    assert contents[1] == {"role": "model", "parts": [SIGNED]}


def test_a_conversation_in_the_old_form_goes_as_it_is() -> None:
    old: Json = {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": '{"a":1}'}}
    assert sent("openai:gpt-5", [*HELLO, old, RESULT], functions=[FUNCTION])["messages"] == [*HELLO, old, RESULT]


def test_run_tools_runs_the_call_once() -> None:
    def add(a: int) -> int:
        return a + 1

    response = answered("openai:gpt-5", _openai(_call()), functions=[FUNCTION])
    assert run_tools(response, [add]) == [{"role": "tool", "tool_call_id": "call_1", "content": "2"}]


def test_what_was_held_back_when_a_stream_broke_is_not_lost() -> None:
    """Half a tag may be the end of the thoughts: it waits for the rest, which does not come."""
    broken = sse(chunk({"content": "<think>a </th"}), {"error": {"message": "x", "code": 502}})
    stream = Wire(broken).open("groq:m", HELLO, functions=[FUNCTION])
    with pytest.raises(BadGatewayError) as caught:
        list(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.reasoning_content == "a </th"
