"""A type as `response_format` at every vendor: the way it is asked for, and one and the same answer by all ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

import pytest
from pydantic import BaseModel

from polyvox import StructuredOutputError
from tests.mapping import anthropic_events, bedrock_frames
from tests.mapping.asking import HELLO, Json, Wire, as_bytes, named_sse, sse
from tests.mapping.openai_events import DONE, chunk

TEXT: Final = '{"name":"Oslo"}'


class City(BaseModel):
    """A place."""

    name: str


class Node(BaseModel):
    """Holds its like."""

    name: str
    inner: list[Node] = []


class Counts(BaseModel):
    """A map."""

    name: str
    counts: dict[str, int] = {}


def now() -> str:
    """What time it is."""
    return "noon"


NOW: Final[Json] = {"type": "function", "function": {"name": "now"}}

# --- the way that is taken -------------------------------------------------------------------------------------------

OLD_CLAUDE: Final = "anthropic:claude-sonnet-4-20250514"
CLAUDE: Final = "anthropic:claude-sonnet-4-5"
THINKING: Final[Json] = {"type": "enabled", "budget_tokens": 2048}

WAYS: Final[dict[str, tuple[str, type[BaseModel], Json, str | None]]] = {
    "openai": ("openai:gpt-5", City, {}, "json_schema"),
    "openai, with tools": ("openai:gpt-5", City, {"tools": [now]}, "json_schema"),
    "openai, recursive": ("openai:gpt-5", Node, {}, "json_schema"),
    "openai, what strict mode cannot say": ("openai:gpt-5", Counts, {}, "json_schema"),
    "openai, before schemas": ("openai:gpt-4-turbo", City, {}, "tool"),
    "anthropic": (CLAUDE, City, {}, "json_schema"),
    "anthropic, thinking": (CLAUDE, City, {"thinking": THINKING}, "json_schema"),
    "anthropic, with tools": (CLAUDE, City, {"tools": [now]}, "json_schema"),
    "anthropic, recursive": (CLAUDE, Node, {}, "tool"),
    "anthropic, a map": (CLAUDE, Counts, {}, "tool"),
    "anthropic, before schemas": (OLD_CLAUDE, City, {}, "tool"),
    "anthropic, 3": ("anthropic:claude-3-5-haiku-latest", City, {}, "tool"),
    "anthropic, 4.1": ("anthropic:claude-opus-4-1-20250805", City, {}, "tool"),
    "anthropic, 4.6": ("anthropic:claude-opus-4-6", City, {}, "json_schema"),
    "anthropic, before schemas, thinking": (OLD_CLAUDE, City, {"thinking": THINKING}, "instructions"),
    "anthropic, before schemas, an effort": (OLD_CLAUDE, City, {"reasoning_effort": "low"}, "instructions"),
    "anthropic, before schemas, a call": (OLD_CLAUDE, City, {"tools": [now], "tool_choice": "required"}, None),
    "gemini": ("gemini:gemini-2.5-flash", City, {}, "json_schema"),
    "gemini, recursive": ("gemini:gemini-2.5-flash", Node, {}, "json_schema"),
    "gemini, with tools": ("gemini:gemini-2.5-flash", City, {"tools": [now]}, "tool"),
    "gemini 3, with tools": ("gemini:gemini-3-pro", City, {"tools": [now]}, "json_schema"),
    "gemini, with its own tools": ("gemini:gemini-2.5-flash", City, {"tools": [{"googleSearch": {}}]}, "instructions"),
    "bedrock": ("bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0", City, {}, "json_schema"),
    "bedrock, another's": ("bedrock:qwen.qwen3-32b-v1:0", City, {}, "json_schema"),
    "bedrock, before schemas": ("bedrock:anthropic.claude-3-sonnet-20240229-v1:0", City, {}, "tool"),
    "bedrock, nova": ("bedrock:us.amazon.nova-pro-v1:0", City, {}, "tool"),
    "bedrock, llama": ("bedrock:us.meta.llama3-3-70b-instruct-v1:0", City, {}, "instructions"),
    "mistral": ("mistral:mistral-small-latest", City, {}, "json_schema"),
    "mistral, a map": ("mistral:mistral-small-latest", Counts, {}, "json_schema"),
    "cohere": ("cohere:command-a-03-2025", City, {}, "json_schema"),
    "cohere, with tools": ("cohere:command-a-03-2025", City, {"tools": [now]}, "tool"),
    "cohere, with documents": ("cohere:command-a-03-2025", City, {"cohere": {"documents": ["x"]}}, "instructions"),
    "ollama": ("ollama:qwen3:4b", City, {}, "json_schema"),
    "deepseek": ("deepseek:deepseek-chat", City, {}, "json_object"),
    "zai": ("zai:glm-4.6", City, {}, "json_object"),
    "perplexity": ("perplexity:sonar", City, {}, "json_schema"),
    "groq": ("groq:openai/gpt-oss-120b", City, {}, "json_schema"),
}


@pytest.mark.parametrize(("model", "kind", "given", "way"), WAYS.values(), ids=WAYS)
def test_the_way_is_on_the_answer(model: str, kind: type[BaseModel], given: Json, way: str | None) -> None:
    wire = Wire()
    with pytest.raises(StructuredOutputError) as caught:
        wire.ask(model, response_format=kind, aws_region_name="us-east-1", drop_params=True, **given)
    assert (caught.value.completion.structured_by, caught.value.text) == (way, "Hello")


def test_json_mode_where_a_vendor_has_none() -> None:
    assert Wire().ask("perplexity:sonar", response_format={"type": "json_object"}).structured_by == "instructions"


def test_words_hold_the_schema() -> None:
    wire = Wire()
    talk: list[Json] = [{"role": "system", "content": "Be brief."}, *HELLO]
    with pytest.raises(StructuredOutputError):
        wire.ask("deepseek:deepseek-chat", talk, response_format=City)
    first, second, third = (message for message in _list(wire.body["messages"]))
    assert (first, third) == (talk[0], HELLO[0])
    assert second["role"] == "system"
    assert '"required":["name"]' in str(second["content"])
    assert wire.body["response_format"] == {"type": "json_object"}
    assert len(talk) == 2


def _list(value: object) -> list[Json]:
    return cast("list[Json]", value)


# --- a forced call ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Forced:
    """A vendor that is made to call a function: what of the body says so, its reply, and its stream."""

    model: str
    asks: Json
    reply: Json
    stream: bytes
    given: Json


def _usage_reply(choice: Json) -> Json:
    return {"id": "c1", "created": 5, "model": "m", "choices": [choice]}


OPENAI_CALL: Final[Json] = {"id": "call_1", "type": "function", "function": {"name": "City", "arguments": TEXT}}
OPENAI_REPLY: Final = _usage_reply(
    {"index": 0, "message": {"role": "assistant", "tool_calls": [OPENAI_CALL]}, "finish_reason": "tool_calls"}
)
SCHEMA: Final[Json] = {
    "description": "A place.",
    "properties": {"name": {"title": "Name", "type": "string"}},
    "required": ["name"],
    "title": "City",
    "type": "object",
    "additionalProperties": False,
}
SAYS: Final = "Gives the answer. Call this function to answer."
TOOL: Final[Json] = {"type": "function", "function": {"name": "City", "description": SAYS, "parameters": SCHEMA}}


def _pieces(build: Callable[[str], Json]) -> list[Json]:
    return [build(TEXT[:5]), build(TEXT[5:])]


def _openai_piece(text: str) -> Json:
    return chunk({"tool_calls": [{"index": 0, "function": {"arguments": text}}]})


FORCED: Final[dict[str, Forced]] = {
    "openai": Forced(
        "openai:gpt-4-turbo",
        {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": False},
        OPENAI_REPLY,
        sse(
            chunk({"role": "assistant", "tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "City"}}]}),
            *_pieces(_openai_piece),
            chunk(finish="tool_calls"),
            DONE,
        ),
        {},
    ),
    "anthropic": Forced(
        OLD_CLAUDE,
        {
            "tools": [{"name": "City", "description": SAYS, "input_schema": SCHEMA}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        },
        {
            "type": "message",
            "content": [{"type": "tool_use", "id": "toolu_1", "name": "City", "input": {"name": "Oslo"}}],
            "stop_reason": "tool_use",
        },
        named_sse(
            anthropic_events.START,
            *anthropic_events.block(
                {"type": "tool_use", "id": "toolu_1", "name": "City", "input": {}},
                *_pieces(lambda text: {"type": "input_json_delta", "partial_json": text}),
            ),
            anthropic_events.end("tool_use"),
            anthropic_events.STOP,
        ),
        {},
    ),
    "bedrock": Forced(
        "bedrock:us.amazon.nova-pro-v1:0",
        {
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "City", "description": SAYS, "inputSchema": {"json": SCHEMA}}}],
                "toolChoice": {"any": {}},
            }
        },
        {
            "output": {
                "message": {
                    "role": "assistant",
                    "content": [{"toolUse": {"toolUseId": "t1", "name": "City", "input": {"name": "Oslo"}}}],
                }
            },
            "stopReason": "tool_use",
            "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        },
        bedrock_frames.stream(
            bedrock_frames.START,
            bedrock_frames.start(0, {"toolUse": {"toolUseId": "t1", "name": "City"}}),
            *(bedrock_frames.delta(0, piece) for piece in _pieces(lambda text: {"toolUse": {"input": text}})),
            ("contentBlockStop", {"contentBlockIndex": 0}),
            ("messageStop", {"stopReason": "tool_use"}),
            bedrock_frames.METADATA,
        ),
        {},
    ),
    "gemini, beside tools": Forced(
        "gemini:gemini-2.5-flash",
        {
            "tools": [
                {
                    "functionDeclarations": [
                        {"name": "now"},
                        {"name": "City", "description": SAYS, "parametersJsonSchema": SCHEMA},
                    ]
                }
            ],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        },
        {
            "candidates": [
                {
                    "content": {"parts": [{"functionCall": {"name": "City", "args": {"name": "Oslo"}}}]},
                    "finishReason": "STOP",
                }
            ]
        },
        sse(
            {
                "candidates": [
                    {
                        "content": {"parts": [{"functionCall": {"name": "City", "args": {"name": "Oslo"}}}]},
                        "finishReason": "STOP",
                    }
                ],
                "usageMetadata": {"promptTokenCount": 1},
            }
        ),
        {"tools": [NOW]},
    ),
    "cohere, beside tools": Forced(
        "cohere:command-a-03-2025",
        {
            "tools": [
                {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
                TOOL,
            ],
            "tool_choice": "REQUIRED",
        },
        {
            "id": "1",
            "finish_reason": "TOOL_CALL",
            "message": {"role": "assistant", "tool_calls": [OPENAI_CALL]},
        },
        named_sse(
            {"type": "message-start", "id": "1", "delta": {"message": {"role": "assistant"}}},
            {
                "type": "tool-call-start",
                "index": 0,
                "delta": {
                    "message": {
                        "tool_calls": {"id": "c", "type": "function", "function": {"name": "City", "arguments": ""}}
                    }
                },
            },
            *_pieces(
                lambda text: {
                    "type": "tool-call-delta",
                    "index": 0,
                    "delta": {"message": {"tool_calls": {"function": {"arguments": text}}}},
                }
            ),
            {"type": "tool-call-end", "index": 0},
            {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}},
        ),
        {"tools": [NOW]},
    ),
}


def _wire(body: bytes) -> Wire:
    return Wire(body, headers={"content-type": "text/event-stream"})


@pytest.mark.parametrize("forced", FORCED.values(), ids=FORCED)
def test_a_forced_call_is_the_answer(forced: Forced) -> None:
    wire = Wire(as_bytes(forced.reply))
    answer = wire.ask(forced.model, response_format=City, aws_region_name="us-east-1", drop_params=True, **forced.given)
    assert {name: wire.body[name] for name in forced.asks} == forced.asks
    message = answer.choices[0].message
    assert (message.content, message.tool_calls, message["parsed"]) == (TEXT, None, City(name="Oslo"))
    assert (answer.choices[0].finish_reason, answer.structured_by) == ("stop", "tool")
    fields = message.provider_specific_fields
    assert "text_before_answer" not in fields


@pytest.mark.parametrize("forced", FORCED.values(), ids=FORCED)
def test_streamed_it_comes_as_content(forced: Forced) -> None:
    given = {"aws_region_name": "us-east-1", "drop_params": True, **forced.given}
    stream = _wire(forced.stream).open(forced.model, response_format=City, **given)
    chunks = list(stream)
    assert "".join(one.choices[0].delta.content or "" for one in chunks) == TEXT
    assert all(one.choices[0].delta.tool_calls is None for one in chunks)
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason == "stop"
    answer = stream.completion()
    message = answer.choices[0].message
    assert (message.content, message.tool_calls, message["parsed"]) == (TEXT, None, City(name="Oslo"))
    assert answer.structured_by == "tool"


@pytest.mark.parametrize("forced", FORCED.values(), ids=FORCED)
def test_the_answer_goes_back_as_text(forced: Forced) -> None:
    given = {"aws_region_name": "us-east-1", "drop_params": True, **forced.given}
    message = Wire(as_bytes(forced.reply)).ask(forced.model, response_format=City, **given).choices[0].message
    wire = Wire()
    wire.ask(forced.model, [*HELLO, message, *HELLO], **given)
    assert "Oslo" in str(wire.body)
    assert "toolu_1" not in str(wire.body)
    assert "City" not in str(wire.body)


def test_another_call_stays_a_call() -> None:
    other: Json = {"id": "call_2", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    choice: Json = {"message": {"role": "assistant", "tool_calls": [other]}, "finish_reason": "tool_calls"}
    answer = Wire(as_bytes(_usage_reply(choice))).ask("openai:gpt-4-turbo", response_format=City, tools=[now])
    message = answer.choices[0].message
    assert [call.function.name for call in message.tool_calls or ()] == ["now"]
    assert (message["parsed"], answer.choices[0].finish_reason) == (None, "tool_calls")


def test_another_call_beside_the_answer_stays_and_is_numbered_from_0() -> None:
    answer: Json = {"index": 0, "id": "call_1", "function": {"name": "City", "arguments": TEXT}}
    other: Json = {"index": 1, "id": "call_2", "function": {"name": "now", "arguments": "{}"}}
    body = sse(chunk({"tool_calls": [answer]}), chunk({"tool_calls": [other]}), chunk(finish="tool_calls"), DONE)
    stream = _wire(body).open("openai:gpt-4-turbo", response_format=City, tools=[now])
    calls = [call for one in stream for call in one.choices[0].delta.tool_calls or ()]
    assert [(call.index, call.id) for call in calls] == [(0, "call_2")]
    choice = stream.completion().choices[0]
    assert (choice.message.content, choice.finish_reason) == (TEXT, "tool_calls")


BEFORE: Final = [{"type": "text", "text": "Let me see."}]


def test_text_before_the_answer_is_kept_beside_it() -> None:
    reply = FORCED["anthropic"].reply
    answer = Wire(as_bytes({**reply, "content": [*BEFORE, *_list(reply["content"])]})).ask(
        OLD_CLAUDE, response_format=City
    )
    message = answer.choices[0].message
    assert message.content == TEXT
    assert message.provider_specific_fields["text_before_answer"] == "Let me see."


def test_streamed_too() -> None:
    call = {"index": 0, "id": "call_1", "function": {"name": "City", "arguments": TEXT}}
    body = sse(chunk({"content": "Let me"}), chunk({"content": " see."}), chunk({"tool_calls": [call]}))
    stream = _wire(body + sse(chunk(finish="tool_calls"), DONE)).open("openai:gpt-4-turbo", response_format=City)
    message = stream.completion().choices[0].message
    assert message.content == TEXT
    assert message.provider_specific_fields["text_before_answer"] == "Let me see."


def test_a_model_that_will_not_call_is_heard() -> None:
    with pytest.raises(StructuredOutputError) as caught:
        Wire().ask(OLD_CLAUDE, response_format=City)
    assert (caught.value.text, caught.value.reason) == ("Hello", "invalid_json")
    body = sse(chunk({"content": "Hel"}), chunk({"content": "lo"}), chunk(finish="stop"), DONE)
    stream = _wire(body).open("openai:gpt-4-turbo", response_format=City)
    assert "".join(one.choices[0].delta.content or "" for one in stream) == "Hello"
    with pytest.raises(StructuredOutputError, match="not JSON"):
        stream.completion()


def test_the_function_has_a_name_of_its_own() -> None:
    def City() -> str:
        """Not the answer."""
        return ""

    wire = Wire()
    with pytest.raises(StructuredOutputError):
        wire.ask(OLD_CLAUDE, response_format=_place(), tools=[City])
    assert [tool["name"] for tool in _list(wire.body["tools"])] == ["City", "City_"]


def _place() -> type[BaseModel]:
    return City


def test_no_other_calls_are_no_calls_of_the_callers() -> None:
    wire = Wire()
    with pytest.raises(StructuredOutputError):
        wire.ask(OLD_CLAUDE, response_format=City, tools=[now], tool_choice="none")
    assert wire.body["tool_choice"] == {"type": "tool", "name": "City"}


def test_a_schema_of_the_callers_own_goes_the_same_ways() -> None:
    reply = Wire(as_bytes(FORCED["anthropic"].reply.copy()))
    own = {"type": "json_schema", "json_schema": {"name": "City", "description": "Where.", "schema": SCHEMA}}
    answer = reply.ask(OLD_CLAUDE, response_format=own)
    assert answer.choices[0].message.content == TEXT
    assert reply.body["tools"] == [{"name": "City", "description": "Where.", "input_schema": SCHEMA}]


def test_what_strict_mode_cannot_say_is_asked_for_without_it() -> None:
    wire = Wire(as_bytes(_usage_reply({"message": {"content": '{"name": "a", "counts": {"b": 1}}'}})))
    answer = wire.ask("openai:gpt-5", response_format=Counts)
    schema = wire.body["response_format"]
    assert isinstance(schema, dict)
    assert schema["json_schema"] == {"name": "Counts", "strict": False, "schema": Counts.model_json_schema()}
    assert answer.choices[0].message["parsed"] == Counts(name="a", counts={"b": 1})
