"""What a vendor sent goes back to it as it came: `messages.append(response.choices[0].message)`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import permutations
from typing import Final, cast

import pytest

from polyvox import ChatCompletionMessage
from polyvox.checking import checked
from tests.mapping.anthropic_events import stream as anthropic_stream
from tests.mapping.asking import ANTHROPIC_REPLY, HELLO, OPENAI_REPLY, Json, answered, assembled, sent, sse
from tests.mapping.test_anthropic_replies import SERVER_BLOCKS
from tests.mapping.test_anthropic_streams import WHOLE as ANTHROPIC_STREAMS
from tests.mapping.test_gemini_replies import OTHER_PARTS
from tests.mapping.test_gemini_streams import WHOLE as GEMINI_STREAMS

OPENAI: Final = "openai:gpt-5"
ANTHROPIC: Final = "anthropic:claude-sonnet-4-5"
GEMINI: Final = "gemini:gemini-2.5-flash"

TEXT: Final[Json] = {"type": "text", "text": "Hello"}
THOUGHT: Final[Json] = {"type": "thinking", "thinking": "1 + 2", "signature": "sig"}
HIDDEN: Final[Json] = {"type": "redacted_thinking", "data": "enc"}
USE: Final[Json] = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}}


def _anthropic_turn(message: ChatCompletionMessage | Mapping[str, object]) -> object:
    """What Anthropic gets for this message of a result."""
    return cast("list[object]", sent(ANTHROPIC, [*HELLO, message])["messages"])[1]


def _gemini_turn(message: ChatCompletionMessage) -> object:
    """What Gemini gets for it."""
    return cast("list[object]", sent(GEMINI, [*HELLO, message])["contents"])[1]


BLOCKS: Final[dict[str, list[Json]]] = {
    "thinking": [THOUGHT, TEXT],
    "hidden thinking": [HIDDEN, TEXT],
    "both": [THOUGHT, HIDDEN, TEXT],
    "omitted thinking": [{**THOUGHT, "thinking": ""}, TEXT],
    "thinking and call": [THOUGHT, TEXT, USE],
    "call": [USE],
    "call with caller": [{**USE, "caller": {"type": "code_execution_20250825", "tool_id": "x"}}],
    "thinking between": [TEXT, THOUGHT, USE],
    "two texts": [TEXT, TEXT],
    "cited text": [{**TEXT, "citations": [{"type": "char_location", "cited_text": "x", "document_index": 0}]}],
    **{name: [TEXT, block, TEXT] for name, block in SERVER_BLOCKS.items()},
}


@pytest.mark.parametrize("blocks", BLOCKS.values(), ids=BLOCKS)
def test_anthropic_gets_its_blocks_back(blocks: list[Json]) -> None:
    message = answered(ANTHROPIC, {**ANTHROPIC_REPLY, "content": blocks}).choices[0].message
    assert _anthropic_turn(message) == {"role": "assistant", "content": blocks}


def test_anthropic_gets_plain_text_back_as_text() -> None:
    assert _anthropic_turn(answered(ANTHROPIC, ANTHROPIC_REPLY).choices[0].message) == {
        "role": "assistant",
        "content": "Hello",
    }


STREAMED: Final = {name: case for name, case in ANTHROPIC_STREAMS.items() if name not in ("text", "nothing")}


@pytest.mark.parametrize(("events", "blocks", "reason"), STREAMED.values(), ids=STREAMED)
def test_anthropic_gets_its_blocks_back_after_a_stream(
    events: tuple[Json, ...], blocks: list[Json], reason: str
) -> None:
    message = assembled(ANTHROPIC, anthropic_stream(*events, reason=reason)).choices[0].message
    assert _anthropic_turn(message) == {"role": "assistant", "content": blocks}


SIGNED: Final[Json] = {"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": "sig"}
PARTS: Final[dict[str, list[Json]]] = {
    "text": [{"text": "Hello"}],
    "signed text": [{"text": "Hello", "thoughtSignature": "sig"}],
    "thought": [{"text": "1 + 2", "thought": True}, {"text": "3"}],
    "call": [{"functionCall": {"name": "add", "args": {"a": 1}}}],
    "call without arguments": [{"functionCall": {"name": "now"}}],
    "call with id": [{"functionCall": {"id": "f1", "name": "add", "args": {}}}],
    "signed call": [{"text": "Wait."}, SIGNED],
    "parallel calls": [SIGNED, {"functionCall": {"name": "sub", "args": {}}}],
    "picture": [{"text": "Here:"}, {"inlineData": {"mimeType": "image/png", "data": "AA"}}],
    **{name: [{"text": "x"}, part] for name, part in OTHER_PARTS.items()},
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_gemini_gets_its_parts_back(parts: list[Json]) -> None:
    message = (
        answered(GEMINI, {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}).choices[0].message
    )
    assert _gemini_turn(message) == {"role": "model", "parts": parts}


@pytest.mark.parametrize(("events", "parts"), GEMINI_STREAMS.values(), ids=GEMINI_STREAMS)
def test_gemini_gets_its_parts_back_after_a_stream(events: list[Json], parts: list[Json]) -> None:
    assert _gemini_turn(assembled(GEMINI, sse(*events)).choices[0].message) == {"role": "model", "parts": parts}


def test_gemini_gets_the_id_of_its_call_back_with_the_answer_and_never_one_of_ours() -> None:
    parts: list[Json] = [{"functionCall": {"id": "f1", "name": "add"}}, {"functionCall": {"name": "sub"}}]
    message = (
        answered(GEMINI, {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}).choices[0].message
    )
    assert message.tool_calls is not None
    answers: list[Json] = [
        {"role": "tool", "tool_call_id": call.id, "content": f'{{"n": {number}}}'}
        for number, call in enumerate(message.tool_calls)
    ]
    turns = cast("list[object]", sent(GEMINI, [*HELLO, message, *answers])["contents"])
    assert turns[2] == {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "f1", "name": "add", "response": {"n": 0}}},
            {"functionResponse": {"name": "sub", "response": {"n": 1}}},
        ],
    }


CALL: Final[Json] = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
CUSTOM: Final[Json] = {"id": "call_1", "type": "custom", "custom": {"name": "run", "input": "ls"}}
MESSAGES: Final[dict[str, Json]] = {
    "text": {"role": "assistant", "content": "Hello"},
    "call": {"role": "assistant", "tool_calls": [CALL]},
    "call with text": {"role": "assistant", "content": "", "tool_calls": [CALL]},
    "custom call": {"role": "assistant", "tool_calls": [CUSTOM]},
    "refusal": {"role": "assistant", "refusal": "No."},
    "function call": {"role": "assistant", "function_call": {"name": "add", "arguments": "{}"}},
}


def _openai(message: Json, **choice: object) -> Json:
    return {**OPENAI_REPLY, "choices": [{"index": 0, "message": message, "finish_reason": "stop", **choice}]}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_openai_gets_its_message_back(message: Json) -> None:
    found = answered(OPENAI, _openai(message)).choices[0].message
    assert sent(OPENAI, [*HELLO, found])["messages"] == [*HELLO, message]


# Gateways want their reasoning back under the name it came by.
REASONING: Final[dict[str, Json]] = {
    "deepseek": {"role": "assistant", "content": "3", "reasoning_content": "1 + 2"},
    "openrouter": {
        "role": "assistant",
        "content": "3",
        "reasoning": "1 + 2",
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
    },
}


@pytest.mark.parametrize(("provider", "message"), REASONING.items(), ids=REASONING)
def test_a_gateway_gets_its_reasoning_back(provider: str, message: Json) -> None:  # oddities 43, 44
    found = answered(f"{provider}:m", _openai(message)).choices[0].message
    assert sent(f"{provider}:m", [*HELLO, found])["messages"] == [*HELLO, message]


def test_a_gemini_signature_through_a_gateway_goes_back() -> None:  # oddity 58
    signed: Json = {**CALL, "extra_content": {"google": {"thought_signature": "sig"}}}
    message: Json = {"role": "assistant", "tool_calls": [signed]}
    found = answered("openrouter:m", _openai(message)).choices[0].message
    assert sent("openrouter:m", [*HELLO, found])["messages"] == [*HELLO, message]


# A conversation moves from vendor to vendor: the other's blocks stay behind, text and calls do not.
FROM: Final[dict[str, tuple[str, Json]]] = {
    "openai": (OPENAI, _openai({"role": "assistant", "content": "Adding.", "tool_calls": [CALL]})),
    "anthropic": (
        ANTHROPIC,
        {**ANTHROPIC_REPLY, "content": [THOUGHT, {"type": "text", "text": "Adding."}, {**USE, "id": "call_1"}]},
    ),
    "gemini": (
        GEMINI,
        {
            "candidates": [
                {
                    "content": {
                        "parts": [
                            {"text": "Adding."},
                            {"functionCall": {"id": "call_1", "name": "add", "args": {"a": 1}}},
                        ]
                    },
                    "finishReason": "STOP",
                }
            ]
        },
    ),
}
TO: Final[dict[str, tuple[str, str, Json]]] = {
    "openai": (
        OPENAI,
        "messages",
        {
            "role": "assistant",
            "content": "Adding.",
            "tool_calls": [{**CALL, "function": {"name": "add", "arguments": '{"a":1}'}}],
        },
    ),
    "anthropic": (
        ANTHROPIC,
        "messages",
        {"role": "assistant", "content": [{"type": "text", "text": "Adding."}, {**USE, "id": "call_1"}]},
    ),
    "gemini": (
        GEMINI,
        "contents",
        {"role": "model", "parts": [{"text": "Adding."}, {"functionCall": {"name": "add", "args": {"a": 1}}}]},
    ),
}


@pytest.mark.parametrize(("here", "there"), list(permutations(FROM, 2)))
def test_a_conversation_changes_its_vendor(here: str, there: str) -> None:
    model, reply = FROM[here]
    message = answered(model, reply).choices[0].message
    target, key, turn = TO[there]
    # OpenAI's own arguments keep their spaces, the others' have none.
    said = json.dumps(sent(target, [*HELLO, message])[key]).replace(r"{\"a\": 1}", r"{\"a\":1}")
    assert json.loads(said)[1] == turn


def test_text_that_the_caller_changed_wins_over_the_blocks() -> None:
    message = answered(ANTHROPIC, {**ANTHROPIC_REPLY, "content": [TEXT, USE, TEXT]}).choices[0].message
    (plain,) = checked([message])
    changed = {**plain, "content": "Redacted."}
    assert _anthropic_turn(changed) == {
        "role": "assistant",
        "content": [{"type": "text", "text": "Redacted."}, USE],
    }


@pytest.mark.parametrize(("model", "reply"), FROM.values(), ids=FROM)
def test_a_message_as_a_dict_goes_back_as_the_message_does(model: str, reply: Json) -> None:
    message = answered(model, reply).choices[0].message
    assert sent(model, [*HELLO, message.model_dump()]) == sent(model, [*HELLO, message])
