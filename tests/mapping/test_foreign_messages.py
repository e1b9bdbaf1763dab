"""Messages that other libraries made go in as they are: their objects, and what `model_dump()` makes of them."""

from __future__ import annotations

from typing import Any, Final

import pytest
from pydantic import BaseModel, ConfigDict

from polyvox import InvalidMessageError
from tests.mapping.asking import HELLO, OPENAI_REPLY, Json, Wire, answered, sent

CALL: Final[Json] = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
THOUGHT: Final[Json] = {"type": "thinking", "thinking": "1 + 2", "signature": "sig"}

# Every key that the libraries' messages have, null where they have nothing.
OPENAI_SDK: Final[Json] = {
    "content": "3",
    "refusal": None,
    "role": "assistant",
    "annotations": [],
    "audio": None,
    "function_call": None,
    "tool_calls": None,
}
LITELLM: Final[Json] = {
    "content": "3",
    "role": "assistant",
    "tool_calls": None,
    "function_call": None,
    "reasoning_content": "1 + 2",
    "thinking_blocks": [THOUGHT],
    "provider_specific_fields": {"citations": None, "thinking_blocks": [THOUGHT]},
}
LITELLM_GEMINI: Final[Json] = {
    "content": None,
    "role": "assistant",
    "tool_calls": [{**CALL, "index": 0, "provider_specific_fields": {"thought_signature": "sig"}}],
    "function_call": None,
    "provider_specific_fields": None,
}
ANY_LLM: Final[Json] = {**OPENAI_SDK, "reasoning": {"content": "1 + 2"}}
GOOGLES_GATEWAY: Final[Json] = {
    **OPENAI_SDK,
    "content": None,
    "tool_calls": [{**CALL, "extra_content": {"google": {"thought_signature": "sig"}}}],
}


class Foreign(BaseModel):
    """A message object of a library that polyvox does not know."""

    model_config = ConfigDict(extra="allow")

    role: str
    content: str | None = None


ITS_TEXT: Final[Json] = {"role": "assistant", "content": "3"}
ITS_THOUGHT: Final[Json] = {"role": "assistant", "content": [THOUGHT, {"type": "text", "text": "3"}]}
ITS_CALL: Final[Json] = {
    "role": "model",
    "parts": [{"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": "sig"}],
}
MODEL_TEXT: Final[Json] = {"role": "model", "parts": [{"text": "3"}]}
CASES: Final[dict[str, tuple[str, Json, Json]]] = {
    "OpenAI's SDK to OpenAI": ("openai:gpt-5", OPENAI_SDK, ITS_TEXT),
    "OpenAI's SDK to Anthropic": ("anthropic:claude-sonnet-4-5", OPENAI_SDK, ITS_TEXT),
    "OpenAI's SDK to Gemini": ("gemini:gemini-2.5-flash", OPENAI_SDK, MODEL_TEXT),
    "LiteLLM to Anthropic": ("anthropic:claude-sonnet-4-5", LITELLM, ITS_THOUGHT),
    "LiteLLM to OpenAI": ("openai:gpt-5", LITELLM, ITS_TEXT),
    "LiteLLM to DeepSeek": ("deepseek:m", LITELLM, {**ITS_TEXT, "reasoning_content": "1 + 2"}),
    "LiteLLM to Gemini": ("gemini:gemini-3-pro", LITELLM_GEMINI, ITS_CALL),
    "LiteLLM of Gemini to OpenAI": (
        "openai:gpt-5",
        LITELLM_GEMINI,
        {"role": "assistant", "content": None, "tool_calls": [{**CALL, "index": 0}]},
    ),
    "any-llm to OpenAI": ("openai:gpt-5", ANY_LLM, ITS_TEXT),
    "any-llm to Gemini": ("gemini:gemini-2.5-flash", ANY_LLM, MODEL_TEXT),
    "Google's gateway to Gemini": ("gemini:gemini-3-pro", GOOGLES_GATEWAY, ITS_CALL),
}


# A call of a tool that takes free text, as an answer of OpenAI's has it here: in both forms.
FREE_TEXT: Final[Json] = {
    "role": "assistant",
    "tool_calls": [
        {
            "id": "call_1",
            "type": "custom",
            "custom": {"name": "run", "input": "ls -l"},
            "function": {"name": "run", "arguments": "ls -l"},
        }
    ],
}
AS_AN_ARGUMENT: Final[dict[str, Json]] = {
    "anthropic:m": {"type": "tool_use", "id": "call_1", "name": "run", "input": {"input": "ls -l"}},
    "gemini:m": {"functionCall": {"name": "run", "args": {"input": "ls -l"}}},
    "ollama:m": {"id": "call_1", "function": {"name": "run", "arguments": {"input": "ls -l"}}},
    "cohere:m": {"id": "call_1", "type": "function", "function": {"name": "run", "arguments": '{"input":"ls -l"}'}},
}


@pytest.mark.parametrize(("model", "call"), AS_AN_ARGUMENT.items(), ids=AS_AN_ARGUMENT)
def test_a_call_with_free_text_has_it_as_an_argument(model: str, call: Json) -> None:
    turn = _turn(model, FREE_TEXT)
    assert [*turn.get("tool_calls", turn.get("parts", turn.get("content")))] == [call]


def _turn(model: str, message: object) -> Any:
    body = sent(model, [*HELLO, message])  # type: ignore[list-item]  # objects of other libraries have no common type
    turns: Any = body.get("messages", body.get("contents"))
    return turns[1]


@pytest.mark.parametrize(("model", "message", "turn"), CASES.values(), ids=CASES)
def test_as_a_dict(model: str, message: Json, turn: Json) -> None:
    assert _turn(model, message) == turn


@pytest.mark.parametrize(("model", "message", "turn"), CASES.values(), ids=CASES)
def test_as_an_object(model: str, message: Json, turn: Json) -> None:
    """Null is nothing: it does not go along."""
    said = {key: value for key, value in turn.items() if value is not None}
    assert _turn(model, Foreign.model_validate(message)) == said


# What was spoken, by OpenAI, to a vendor who cannot hear it again.
SPOKEN: Final[Json] = {
    "role": "assistant",
    "content": None,
    "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 1, "transcript": "Three."},
}


@pytest.mark.parametrize("model", ["anthropic:m", "mistral:m", "cohere:m", "ollama:m"])
def test_a_spoken_answer_is_told_by_its_transcript(model: str) -> None:
    assert _turn(model, SPOKEN)["content"] == "Three."


def test_openai_gets_a_spoken_answer_by_its_id() -> None:
    assert _turn("openai:m", SPOKEN)["audio"] == {"id": "audio_1"}


def test_a_spoken_answer_without_transcript_is_listed() -> None:
    wire, message = Wire(), {"role": "assistant", "content": None, "audio": {"id": "audio_1"}}
    answer = wire.ask("anthropic:m", [*HELLO, message, *HELLO], drop_params=True)
    assert answer.dropped_params == ("messages[1].audio",)


# Empty answers: nothing was said, and no vendor takes nothing back as something.
@pytest.mark.parametrize("model", ["anthropic:m", "gemini:m", "mistral:m", "bedrock:m"])
@pytest.mark.parametrize("content", [None, "", []])
def test_an_empty_answer_is_no_turn(content: object, model: str) -> None:
    empty: Json = {"role": "assistant", "content": content}
    body = Wire()
    body.ask(model, [*HELLO, empty], **({"aws_region_name": "us-east-1"} if model == "bedrock:m" else {}))
    turns: Any = body.body.get("messages", body.body.get("contents"))
    assert len(turns) == 1


def test_a_whole_result_is_no_message() -> None:
    result = answered("openai:m", OPENAI_REPLY)
    for wrong in (result, result.model_dump()):
        with pytest.raises(InvalidMessageError, match=r"messages\[1\] is a whole result; append its message: response"):
            sent("openai:m", [*HELLO, wrong])  # type: ignore[list-item]  # the mistake
    with pytest.raises(InvalidMessageError, match=r"messages\[1\] is a choice of a result; append its message"):
        sent("openai:m", [*HELLO, result.choices[0]])  # type: ignore[list-item]  # the mistake
