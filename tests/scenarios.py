"""The conversations behind the cassettes: the same ones with each vendor, said once for `make record`, the replay and
the local server.

A conversation is a generator: it yields what to ask and is sent the answer, so that one definition serves
`completion()` and `acompletion()`, and the second leg of a tool call is made from the first one's real answer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from pydantic import BaseModel

from polyvox import APIError, ChatCompletion, Messages, Parameters

Vendor: TypeAlias = Literal["openai", "anthropic", "gemini"]
Kind: TypeAlias = Literal["plain", "stream", "tool", "structured", "error"]

VENDORS: Final[tuple[Vendor, ...]] = get_args(Vendor)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
CASSETTES: Final = Path(__file__).with_name("cassettes")

MODELS: Final[dict[Vendor, str]] = {
    "openai": "gpt-4.1-mini",
    "anthropic": "claude-sonnet-4-6",
    "gemini": "gemini-2.5-flash",
}
NO_SUCH_MODEL: Final = "no-such-model"


class CityInfo(BaseModel):
    name: str
    country: str
    population: int


@dataclass
class Verdict:
    answer: str
    confidence: float


def get_weather(location: str, unit: str = "C") -> str:
    """Get the weather at a place.

    Args:
        location: the city
        unit: C or F
    """
    return f"Sunny, 24 {unit}, in {location}."


@dataclass(frozen=True)
class Ask:
    """One call."""

    model: str
    messages: Messages
    stream: bool = False
    response_format: type[object] | None = None
    parameters: Parameters = field(default_factory=Parameters)


Conversation: TypeAlias = Generator[Ask, ChatCompletion, None]


def conversation(vendor: Vendor, kind: Kind) -> Conversation:
    """What to ask this vendor for a cassette of this kind."""
    model = f"{vendor}:{MODELS[vendor]}"
    capital: Messages = [
        {"role": "system", "content": "Answer in one short sentence."},
        {"role": "user", "content": "What is the capital of France?"},
    ]
    match kind:
        case "plain":
            yield Ask(model, capital, parameters={"temperature": 0.2})
        case "stream":
            yield Ask(model, capital, stream=True, parameters={"stream_options": {"include_usage": True}})
        case "tool":
            yield from _tool_round_trip(model)
        case "structured":
            yield Ask(model, [{"role": "user", "content": "Tell me about Paris."}], response_format=CityInfo)
            yield Ask(model, [{"role": "user", "content": "Is 91 a prime?"}], response_format=Verdict)
        case "error":
            yield Ask(f"{vendor}:{NO_SUCH_MODEL}", [{"role": "user", "content": "Hello?"}])


def _tool_round_trip(model: str) -> Conversation:
    question = {"role": "user", "content": "What is the weather in Paris?"}
    parameters: Parameters = {"tools": [get_weather]}
    answer = yield Ask(model, [question], parameters=parameters)
    message = answer.choices[0].message
    results = [
        {"role": "tool", "tool_call_id": call.id, "content": "Sunny, 24 C, in Paris."}
        for call in message.tool_calls or ()
    ]
    yield Ask(model, [question, message, *results], parameters=parameters)


def converse(steps: Conversation, ask: Callable[[Ask], ChatCompletion]) -> list[ChatCompletion | APIError]:
    """Every answer of a conversation; an error ends it."""
    answers: list[ChatCompletion | APIError] = []
    try:
        step = next(steps)
        while True:
            answers.append(answer := ask(step))
            step = steps.send(answer)
    except StopIteration:
        return answers
    except APIError as error:
        return [*answers, error]
