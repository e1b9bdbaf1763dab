"""Tools in every form a caller may bring, as each vendor gets them."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Callable
from functools import partial
from typing import Annotated, Final, Literal, Optional, cast

import pytest
from pydantic import BaseModel, Field

from polyvox import InvalidRequestError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, sent

OPENAI: Final = "openai:gpt-5"
ANTHROPIC: Final = "anthropic:claude-sonnet-4-5"
GEMINI: Final = "gemini:gemini-2.5-flash"

CITY: Final[Json] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"enum": ["C", "F"], "type": "string", "default": "C"}},
    "required": ["city"],
    "additionalProperties": False,
}
FUNCTION: Final[Json] = {"name": "weather", "description": "The weather in a city.", "parameters": CITY}


def weather(city: str, unit: Literal["C", "F"] = "C") -> str:
    """The weather in a city.

    Asks a station nearby.
    """
    return f"{city}: 20 {unit}"


async def weather_later(city: str, unit: Literal["C", "F"] = "C") -> str:
    """The weather in a city."""
    return f"{city}: 20 {unit}"


class Station:
    """Something with methods."""

    def weather(self, city: str, unit: Literal["C", "F"] = "C") -> str:
        """The weather in a city."""
        return f"{city}: 20 {unit}"

    @classmethod
    def make(cls, city: str, unit: Literal["C", "F"] = "C") -> str:
        """The weather in a city."""
        return f"{city}: 20 {unit}"

    @staticmethod
    def plain(city: str, unit: Literal["C", "F"] = "C") -> str:
        """The weather in a city."""
        return f"{city}: 20 {unit}"

    def __call__(self, city: str, unit: Literal["C", "F"] = "C") -> str:
        """The weather in a city."""
        return f"{city}: 20 {unit}"


@functools.cache
def cached(city: str, unit: Literal["C", "F"] = "C") -> str:
    """The weather in a city."""
    return f"{city}: 20 {unit}"


@functools.wraps(weather)
def wrapped(*args: str, **kwargs: str) -> str:
    return " ".join(args) + " ".join(kwargs)


@dataclasses.dataclass
class Weather:
    """The weather in a city."""

    city: str
    unit: Literal["C", "F"] = "C"


class Model(BaseModel):
    """The weather in a city."""

    city: str
    unit: Literal["C", "F"] = "C"


def _weather_from(station: str, city: str, unit: Literal["C", "F"] = "C") -> str:
    """The weather in a city."""
    return f"{station} {city}: 20 {unit}"


CALLABLES: Final[dict[str, tuple[Callable[..., object], str]]] = {
    "function": (weather, "weather"),
    "coroutine function": (weather_later, "weather_later"),
    "method": (Station().weather, "weather"),
    "class method": (Station.make, "make"),
    "static method": (Station.plain, "plain"),
    "object with __call__": (Station(), "Station"),
    "decorated": (wrapped, "weather"),
    "cached": (cached, "cached"),
    "dataclass": (Weather, "Weather"),
    "model": (Model, "Model"),
    "partial of a method": (partial(Station().weather), "weather"),
}


@pytest.mark.parametrize(("function", "name"), CALLABLES.values(), ids=CALLABLES)
def test_a_callable_is_described(function: Callable[..., object], name: str) -> None:
    (tool,) = _tools(sent(OPENAI, HELLO, tools=[function]))
    assert tool == {"type": "function", "function": {**FUNCTION, "name": name}}


def test_a_partial_is_described_without_what_is_bound() -> None:
    (tool,) = _tools(sent(OPENAI, HELLO, tools=[partial(_weather_from, "north")]))
    assert tool == {"type": "function", "function": {**FUNCTION, "name": "_weather_from"}}


class Area(BaseModel):
    """A part of a map."""

    name: str = Field(description="As on the map.")


def test_every_kind_of_parameter() -> None:
    def find(
        area: Area,
        tags: list[str] | None = None,
        kind: Optional[Literal["town", "village"]] = None,  # noqa: UP045  (callers write it)
        *,
        most: int = 10,
        after: datetime.date | None = None,
    ) -> str:
        """Find places.

        Args:
            area: Where to look.
            most: At most so many.
        """
        return f"{area} {tags} {kind} {most} {after}"

    (tool,) = _tools(sent(OPENAI, HELLO, tools=[find]))
    assert tool == {
        "type": "function",
        "function": {
            "name": "find",
            "description": "Find places.",
            "parameters": {
                "type": "object",
                "$defs": {
                    "Area": {
                        "type": "object",
                        "title": "Area",
                        "description": "A part of a map.",
                        "properties": {"name": {"type": "string", "title": "Name", "description": "As on the map."}},
                        "required": ["name"],
                    }
                },
                "properties": {
                    "area": {"$ref": "#/$defs/Area", "description": "Where to look."},
                    "tags": {
                        "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}],
                        "default": None,
                    },
                    "kind": {
                        "anyOf": [{"enum": ["town", "village"], "type": "string"}, {"type": "null"}],
                        "default": None,
                    },
                    "most": {"type": "integer", "default": 10, "description": "At most so many."},
                    "after": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
                },
                "required": ["area"],
                "additionalProperties": False,
            },
        },
    }


def test_fields_describe_themselves() -> None:
    def add(
        a: Annotated[int, Field(description="The first.", ge=0)], b: Annotated[list[int], Field(description="More.")]
    ) -> int:
        return a + sum(b)

    (tool,) = _tools(sent(OPENAI, HELLO, tools=[add]))
    assert tool == {
        "type": "function",
        "function": {
            "name": "add",
            "parameters": {
                "type": "object",
                "properties": {
                    "a": {"type": "integer", "description": "The first.", "minimum": 0},
                    "b": {"type": "array", "items": {"type": "integer"}, "description": "More."},
                },
                "required": ["a", "b"],
                "additionalProperties": False,
            },
        },
    }


def _tools(body: Json) -> list[object]:
    return cast("list[object]", body["tools"])


# One tool, as each vendor writes it.
DEFINITION: Final[Json] = {"type": "function", "function": FUNCTION}
WRITTEN: Final[dict[str, tuple[str, object]]] = {
    "openai": (OPENAI, [DEFINITION]),
    "anthropic": (ANTHROPIC, [{"name": "weather", "description": "The weather in a city.", "input_schema": CITY}]),
    "gemini": (
        GEMINI,
        [
            {
                "functionDeclarations": [
                    {"name": "weather", "description": "The weather in a city.", "parametersJsonSchema": CITY}
                ]
            }
        ],
    ),
}


@pytest.mark.parametrize(("model", "tools"), WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("tool", [DEFINITION, weather], ids=["dict", "callable"])
def test_a_tool_as_the_vendor_writes_it(model: str, tools: object, tool: object) -> None:
    assert sent(model, HELLO, tools=[tool])["tools"] == tools


BARE: Final[Json] = {"type": "function", "function": {"name": "now"}}
NO_PARAMETERS: Final[dict[str, tuple[str, object]]] = {
    "openai": (OPENAI, [BARE]),
    "anthropic": (ANTHROPIC, [{"name": "now", "input_schema": {"type": "object", "properties": {}}}]),
    "gemini": (GEMINI, [{"functionDeclarations": [{"name": "now"}]}]),
}


@pytest.mark.parametrize(("model", "tools"), NO_PARAMETERS.values(), ids=NO_PARAMETERS)
def test_a_tool_without_parameters(model: str, tools: object) -> None:
    assert sent(model, HELLO, tools=[BARE])["tools"] == tools


# The vendor's own tools are sent as the caller wrote them.
NATIVE: Final[dict[str, tuple[str, Json]]] = {
    "openai custom": (OPENAI, {"type": "custom", "custom": {"name": "run", "format": {"type": "text"}}}),
    "anthropic web search": (ANTHROPIC, {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}),
    "anthropic own form": (ANTHROPIC, {"name": "add", "input_schema": {"type": "object"}}),
    "mistral web search": ("mistral:mistral-small-latest", {"type": "web_search"}),
    "a gateway's": ("openrouter:anthropic/claude-sonnet-4.5", {"type": "web_search_20250305", "name": "web_search"}),
    "gemini search": (GEMINI, {"googleSearch": {}}),
    "gemini code": (GEMINI, {"codeExecution": {}}),
}


@pytest.mark.parametrize(("model", "tool"), NATIVE.values(), ids=NATIVE)
def test_the_vendors_own_tools(model: str, tool: Json) -> None:
    assert sent(model, HELLO, tools=[tool])["tools"] == [tool]


def test_gemini_keeps_functions_and_own_tools_apart() -> None:
    search: Json = {"googleSearch": {}}
    assert sent(GEMINI, HELLO, tools=[BARE, search, BARE])["tools"] == [
        {"functionDeclarations": [{"name": "now"}, {"name": "now"}]},
        search,
    ]


def test_anthropic_takes_strict_and_cache_marks() -> None:
    tool: Json = {
        "type": "function",
        "function": {"name": "now", "strict": True},
        "cache_control": {"type": "ephemeral"},
    }
    assert sent(ANTHROPIC, HELLO, tools=[tool])["tools"] == [
        {
            "name": "now",
            "input_schema": {"type": "object", "properties": {}},
            "strict": True,
            "cache_control": {"type": "ephemeral"},
        }
    ]


MISTRAL: Final = "mistral:mistral-small-latest"
FOREIGN: Final[dict[str, tuple[str, Json, str]]] = {
    "anthropic's for openai": (OPENAI, NATIVE["anthropic web search"][1], "this is anthropic's own form"),
    "gemini's for openai": (OPENAI, NATIVE["gemini search"][1], "tools[0] (googleSearch): this is gemini's own form"),
    "mistral's for openai": (OPENAI, {"type": "web_search"}, "this is mistral's own form"),
    "gemini's for anthropic": (ANTHROPIC, NATIVE["gemini search"][1], "this is gemini's own form"),
    "bedrock's for anthropic": (ANTHROPIC, {"systemTool": {"name": "nova_grounding"}}, "this is bedrock's own form"),
    "anthropic's for mistral": (MISTRAL, NATIVE["anthropic web search"][1], "this is anthropic's own form"),
    "gemini's for mistral": (MISTRAL, NATIVE["gemini code"][1], "this is gemini's own form"),
    "anthropic's for ollama": ("ollama:qwen3:4b", NATIVE["anthropic web search"][1], "tools[0] (web_search_20250305)"),
    "openai's for cohere": ("cohere:command-a-03-2025", NATIVE["openai custom"][1], "tools[0] (custom)"),
    "custom for anthropic": (ANTHROPIC, NATIVE["openai custom"][1], "tools[0] (custom)"),
    "anthropic's for gemini": (GEMINI, NATIVE["anthropic web search"][1], "web_search_20250305"),
}


@pytest.mark.parametrize(("model", "tool", "names"), FOREIGN.values(), ids=FOREIGN)
def test_another_vendors_tool(model: str, tool: Json, names: str) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        sent(model, HELLO, tools=[tool])
    assert names in str(caught.value)
    wire = Wire()
    answer = wire.ask(model, HELLO, tools=[tool, BARE], drop_params=True)
    assert wire.body["tools"] == sent(model, HELLO, tools=[BARE])["tools"]
    assert len(answer.dropped_params) == 1


def unannotated(city: str) -> str:
    """No type."""
    return city


unannotated.__annotations__.clear()


def positional(city: str, /) -> str:
    """Cannot be called by name."""
    return city


def variable(*cities: str) -> str:
    """Takes what it gets."""
    return " ".join(cities)


def keywords(**cities: str) -> str:
    """Takes what it gets."""
    return " ".join(cities)


class Engine:
    """Not a type that JSON has."""


def unspeakable(city: str, engine: Engine) -> str:
    """Takes what no model can write."""
    return f"{city} {engine}"


def unknown(city: Nowhere) -> str:  # type: ignore[name-defined]  # noqa: F821  (the mistake)
    """Annotated with what is not there."""
    return "nowhere"


def broken(city: str) -> str:
    """Annotated with what is no expression."""
    return city


broken.__annotations__["city"] = "list["
WRONG: Final[dict[str, tuple[object, str]]] = {
    "a type without JSON": (
        [unspeakable],
        r"tools\[0\] \(unspeakable\): parameter 'engine' cannot be described in JSON",
    ),
    "a type that is not defined": ([unknown], r"tools\[0\] \(unknown\): its annotations use 'Nowhere'"),
    "an annotation that is no code": ([broken], r"tools\[0\] \(broken\): its annotations cannot be read: "),
    "a class in C": ([str], r"tools\[0\] \(str\): Python does not know its parameters; wrap it with `def`"),
    "lambda": ([lambda: None], r"tools\[0\]: no vendor takes a tool named '<lambda>'"),
    "two of one name": ([weather, BARE, Station().weather], r"tools\[2\] has the name of tools\[0\], 'weather'"),
    "no annotation": ([unannotated], r"tools\[0\] \(unannotated\): parameter 'city' needs a type annotation"),
    "positional only": ([positional], r"tools\[0\] \(positional\): parameter .* cannot be filled by name"),
    "star arguments": ([variable], r"tools\[0\] \(variable\): parameter .* cannot be filled by name"),
    "keyword arguments": ([keywords], r"tools\[0\] \(keywords\): parameter .* cannot be filled by name"),
    "neither dict nor callable": ([BARE, 3], r"tools\[1\] must be a mapping or a callable, not an int"),
    "no name": ([{"type": "function", "function": {}}], r"tools\[0\]\.function\.name is missing"),
    "no function": ([{"type": "function", "function": None}], r"tools\[0\]\.function is missing"),
    "a function on its own": ([{"name": "f", "parameters": {}}], r"tools\[0\] is a function on its own; write"),
    "a dict": (BARE, "tools must be a list"),
    "a text": ("weather", "tools must be a list"),
}


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI])
@pytest.mark.parametrize(("tools", "says"), WRONG.values(), ids=WRONG)
def test_a_tool_that_cannot_be_described(model: str, tools: object, says: str) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match=says):
        wire.ask(model, HELLO, tools=tools)
    assert wire.requests == []


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI])
def test_tools_may_come_from_a_generator(model: str) -> None:
    assert sent(model, HELLO, tools=(tool for tool in [BARE])) == sent(model, HELLO, tools=[BARE])


@pytest.mark.parametrize("model", [ANTHROPIC, GEMINI])
def test_no_tools_are_no_field(model: str) -> None:
    assert sent(model, HELLO, tools=[]) == sent(model)
