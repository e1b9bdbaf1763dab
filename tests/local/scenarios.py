"""What each server is asked, said once for `make record-local` and the replay."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, cast, get_args

from pydantic import BaseModel

from polyvox import Messages, Parameters
from tests.local.servers import MODEL, SERVERS
from tests.scenarios import Ask, Conversation

Kind: TypeAlias = Literal[
    "plain",
    "stream",
    "tool",
    "tool_stream",
    "json_schema",
    "json_object",
    "logprobs",
    "logprobs_stream",
    "two_choices",
    "stop",
    "unknown_model",
    "bad_parameter",
    "context_too_long",
    "context_too_long_stream",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
NO_SUCH_MODEL: Final = "no-such-model"
HELLO: Final[Messages] = [
    {"role": "system", "content": "Answer in one short sentence."},
    {"role": "user", "content": "What is the capital of France?"},
]
TOO_LONG: Final[Messages] = [{"role": "user", "content": "Paris " * 500}]
WEATHER: Final = {"role": "user", "content": "What is the weather in Paris?"}


class Verdict(BaseModel):
    """Whatever a model with random weights writes under this schema is short."""

    answer: Literal["yes", "no"]
    certain: bool


SCHEMA: Final = {
    "type": "object",
    "properties": {"answer": {"enum": ["yes", "no"]}, "certain": {"type": "boolean"}},
    "required": ["answer", "certain"],
}


def get_weather(city: Literal["Paris", "Rome"], unit: Literal["C", "F"]) -> str:
    """Get the weather in a city."""
    return f"Sunny, 24 {unit}, in {city}."


FORCED: Final = {"type": "function", "function": {"name": "get_weather"}}
STEADY: Final[Parameters] = {"temperature": 0.8, "seed": 7}


def conversation(server: str, kind: Kind) -> Conversation:
    """What to ask this server for a cassette of this kind."""
    model = f"{SERVERS[server].provider}:{MODEL}"
    match kind:
        case "plain":
            yield Ask(model, HELLO, parameters={**STEADY, "max_tokens": 16})
        case "stream":
            usage: Parameters = {"stream_options": {"include_usage": True}}
            yield Ask(model, HELLO, stream=True, parameters={**STEADY, "max_tokens": 8, **usage})
        case "tool" | "tool_stream":
            yield from _tool_round_trip(model, kind == "tool_stream")
        case "json_schema":
            yield Ask(model, HELLO, response_format=Verdict, parameters={**STEADY, "max_tokens": 60})
        case "json_object":
            wanted = cast("Any", {"type": "json_object", "schema": SCHEMA})
            yield Ask(model, HELLO, response_format=wanted, parameters={**STEADY, "max_tokens": 60})
        case "logprobs" | "logprobs_stream":
            told: Parameters = {"max_tokens": 3, "logprobs": True, "top_logprobs": 2}
            yield Ask(model, HELLO, stream=kind == "logprobs_stream", parameters={**STEADY, **told})
        case "two_choices":
            yield Ask(model, HELLO, parameters={**STEADY, "max_tokens": 8, "n": 2})
        case "stop":
            yield Ask(model, HELLO, parameters={**STEADY, "max_tokens": 60, "stop": [*"aeiou"]})
        case "unknown_model":
            yield Ask(f"{SERVERS[server].provider}:{NO_SUCH_MODEL}", HELLO, parameters={**STEADY, "max_tokens": 4})
        case "bad_parameter":
            yield Ask(model, HELLO, parameters={"max_tokens": 4, "extra_body": {"temperature": "hot"}})
        case "context_too_long":
            yield Ask(model, TOO_LONG, parameters={**STEADY, "max_tokens": 4})
        case "context_too_long_stream":
            yield Ask(model, TOO_LONG, stream=True, parameters={**STEADY, "max_tokens": 4})


def _tool_round_trip(model: str, stream: bool) -> Conversation:
    """A call that is forced, then its result, after which the model may say what it likes."""
    tools: Parameters = {**STEADY, "tools": [get_weather], "max_tokens": 80}
    answer = yield Ask(model, [WEATHER], stream=stream, parameters={**tools, "tool_choice": FORCED})
    message = answer.choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": "Sunny, 24 C, in Paris."}
        for call in message.tool_calls or ()
    ]
    yield Ask(model, [WEATHER, message, *results], stream=stream, parameters={**tools, "max_tokens": 8})
