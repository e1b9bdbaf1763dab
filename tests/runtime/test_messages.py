"""Malformed messages are found before any request, by index and key."""

from __future__ import annotations

from typing import Final, cast

import pytest

from polyvox import ChatCompletionMessage, InvalidMessageError, Messages, ToolCall
from polyvox.checking import checked
from polyvox.parsed_results import ParsedChatCompletionMessage
from polyvox.results import FunctionCall
from tests.mapping.asking import HELLO, Json, Wire

USER: Final = HELLO[0]


def _calls(call: object) -> list[object]:
    return [USER, {"role": "assistant", "tool_calls": [call]}]


def _parts(*parts: object) -> list[object]:
    return [{"role": "user", "content": list(parts)}]


FUNCTION: Final[Json] = {"name": "add", "arguments": "{}"}

WRONG: Final[dict[str, tuple[object, str]]] = {
    "empty": ([], "messages is empty; at least one message is needed"),
    "empty generator": (iter(()), "messages is empty"),
    "a text": ("Hi", "messages must be a list of messages, not a str"),
    "bytes": (b"Hi", "messages must be a list of messages, not a bytes"),
    "one message": (USER, "messages must be a list of messages, not a dict"),
    "not a message": ([USER, "Hi"], "messages[1] must be a mapping or a message of a result, not a str"),
    "a text for a message": ([USER, "Hi"], 'not a str; write {"role": "user", "content": ...}'),
    "a text for a part": (_parts("Hi"), 'not a str; write {"type": "text", "text": ...}'),
    "a part for a list": (
        [{"role": "user", "content": {"type": "text", "text": "Hi"}}],
        "not a dict; put the part into a list",
    ),
    "a part whose type is its key": (
        _parts({"image_url": {"url": "https://x.test/a.png"}}),
        "messages[0].content[0].type is missing; it is e.g. 'image_url'",
    ),
    "nothing": ([None], "messages[0] must be a mapping or a message of a result, not None"),
    "no role": ([USER, {"content": "Hi"}], "messages[1].role is missing; it is one of system, developer, user"),
    "null role": ([{"role": None, "content": "Hi"}], "messages[0].role is None"),
    "misspelt role": ([{"role": "asistant", "content": "Hi"}], "did you mean 'assistant'?"),
    "unknown role": ([{"role": "owner", "content": "Hi"}], "messages[0].role is 'owner'"),
    "a role of another kind": ([{"role": ["user"], "content": "Hi"}], "messages[0].role is ['user']"),
    "no content": ([{"role": "user"}], "messages[0].content is missing; a user message needs a text or parts"),
    "null content": ([{"role": "system", "content": None}], "messages[0].content is missing; a system message"),
    "number": ([{"role": "user", "content": 3}], "messages[0].content must be a text or a list of parts, not an int"),
    "one part": (
        [{"role": "user", "content": {"type": "text", "text": "Hi"}}],
        "messages[0].content must be a text or a list of parts, not a dict",
    ),
    "bytes as content": ([{"role": "user", "content": b"Hi"}], "messages[0].content must be a text or a list of parts"),
    "no parts": ([{"role": "user", "content": []}], "messages[0].content is empty"),
    "a part that is a text": (_parts("Hi"), "messages[0].content[0] must be a mapping with a type, not a str"),
    "a part without type": (_parts({"text": "Hi"}), "messages[0].content[0].type is missing"),
    "a part without payload": (
        _parts({"type": "text", "text": "Hi"}, {"type": "image_url"}),
        "messages[0].content[1].image_url is missing; a part of type 'image_url' needs it",
    ),
    "a part with a null payload": (_parts({"type": "text", "text": None}), "messages[0].content[0].text is missing"),
    "a text that is a number": (_parts({"type": "text", "text": 3}), "messages[0].content[0].text"),
    "a file that is a text": (_parts({"type": "file", "file": "x"}), "messages[0].content[0].file"),
    "sound that is a number": (_parts({"type": "input_audio", "input_audio": 3}), "messages[0].content[0].input_audio"),
    "an image that is a list": (_parts({"type": "image_url", "image_url": ["x"]}), "messages[0].content[0].image_url"),
    "no tool_call_id": (
        [{"role": "tool", "content": "3"}],
        "messages[0].tool_call_id is missing; it names the call that this answers",
    ),
    "an id that is a number": ([{"role": "tool", "content": "3", "tool_call_id": 1}], "messages[0].tool_call_id"),
    "a function without name": ([{"role": "function", "content": "3"}], "messages[0].name is missing"),
    "calls that are none": ([{"role": "assistant", "tool_calls": "add"}], "messages[0].tool_calls must be a list"),
    "one call": ([{"role": "assistant", "tool_calls": {"id": "1"}}], "messages[0].tool_calls must be a list"),
    "a call that is none": (_calls("add"), "messages[1].tool_calls[0]"),
    "a call without id": (_calls({"function": FUNCTION}), "messages[1].tool_calls[0].id is missing"),
    "a call without function": (_calls({"id": "1"}), "messages[1].tool_calls[0].function.name is missing"),
    "a call without name": (
        _calls({"id": "1", "type": "function", "function": {"arguments": "{}"}}),
        "messages[1].tool_calls[0].function.name is missing",
    ),
    "a custom call without name": (
        _calls({"id": "1", "type": "custom", "custom": {}}),
        "messages[1].tool_calls[0].custom.name is missing",
    ),
    "a call of an unknown type": (
        _calls({"id": "1", "type": "magic"}),
        "messages[1].tool_calls[0].magic.name is missing",
    ),
    "a function call that is a text": (
        [{"role": "assistant", "function_call": "add"}],
        "messages[0].function_call",
    ),
}


@pytest.mark.parametrize(("messages", "says"), WRONG.values(), ids=WRONG)
def test_malformed(messages: object, says: str) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        Wire().ask("openai:m", cast("Messages", messages))
    assert says in str(caught.value)


@pytest.mark.parametrize("model", ["openai:m", "anthropic:m", "gemini:m", "groq:m"])
@pytest.mark.parametrize("messages", [[], [{"role": "user"}], "Hi"], ids=["empty", "no content", "text"])
def test_every_vendor_says_so_before_any_request(model: str, messages: object) -> None:
    wire = Wire()
    with pytest.raises(InvalidMessageError):
        wire.ask(model, cast("Messages", messages))
    assert wire.requests == []


def test_the_error_is_a_value_error_and_no_retry_helps() -> None:
    with pytest.raises(ValueError, match="messages is empty") as caught:
        Wire().ask("openai:m", [])
    assert isinstance(caught.value, InvalidMessageError)
    assert not caught.value.retryable


FINE: Final[dict[str, Json]] = {
    "extra keys": {"role": "user", "content": "Hi", "cache_control": {"type": "ephemeral"}, "x": 1},
    "empty text": {"role": "user", "content": ""},
    "null tool calls": {"role": "assistant", "content": "Hi", "tool_calls": None},
    "no tool calls": {"role": "assistant", "content": "Hi", "tool_calls": []},
    "unknown part": {"role": "user", "content": [{"type": "brand_new", "x": 1}]},
    "function without content": {"role": "function", "name": "f", "content": None},
    "refusal": {"role": "assistant", "refusal": "No."},
    "thinking only": {"role": "assistant", "thinking_blocks": [{"type": "redacted_thinking", "data": "x"}]},
    "sound": {"role": "assistant", "audio": {"id": "a1"}},
}


@pytest.mark.parametrize("message", FINE.values(), ids=FINE)
def test_well_formed_is_the_callers_own_mapping(message: Json) -> None:
    (found,) = checked([message])
    assert found is message


def test_a_message_of_a_result_is_a_mapping_of_what_it_has() -> None:
    call = ToolCall(id="1", function=FunctionCall(name="add", arguments="{}"))
    (found,) = checked([ChatCompletionMessage(content="Hi", tool_calls=[call])])
    plain = cast("Json", found)
    assert (plain["role"], plain["content"]) == ("assistant", "Hi")
    assert None not in plain.values()


def test_a_parsed_message_goes_back_without_its_object() -> None:
    (found,) = checked([ParsedChatCompletionMessage[Json](content="{}", parsed={"a": object()})])
    assert "parsed" not in found


def test_any_iterable_of_messages() -> None:
    assert checked(USER for _ in range(2)) == [USER, USER]
    assert checked((USER,)) == [USER]
