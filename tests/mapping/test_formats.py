"""`response_format` in every form, as each vendor gets it."""

from __future__ import annotations

import dataclasses
from typing import Final

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict

from polyvox import InvalidRequestError
from tests.mapping.asking import HELLO, Json, Wire, sent, usual_reply

OPENAI: Final = "openai:gpt-5"
ANTHROPIC: Final = "anthropic:claude-sonnet-4-5"
GEMINI: Final = "gemini:gemini-2.5-flash"

SCHEMA: Final[Json] = {"type": "object", "properties": {"name": {"type": "string"}}}
CLOSED: Final[Json] = {**SCHEMA, "additionalProperties": False}
JSON_OBJECT: Final[Json] = {"type": "json_object"}
JSON_SCHEMA: Final[Json] = {
    "type": "json_schema",
    "json_schema": {"name": "city", "description": "A city.", "strict": False, "schema": SCHEMA},
}

MAPPINGS: Final[dict[str, tuple[str, Json, Json]]] = {
    "openai text": (OPENAI, {"type": "text"}, {"response_format": {"type": "text"}}),
    "openai json_object": (OPENAI, JSON_OBJECT, {"response_format": JSON_OBJECT}),
    "openai json_schema": (OPENAI, JSON_SCHEMA, {"response_format": JSON_SCHEMA}),
    "openai bare schema": (
        OPENAI,
        SCHEMA,
        {"response_format": {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA}}},
    ),
    "anthropic text": (ANTHROPIC, {"type": "text"}, {}),
    "anthropic json_schema": (
        ANTHROPIC,
        JSON_SCHEMA,
        {"output_config": {"format": {"type": "json_schema", "schema": CLOSED}}},
    ),
    "gemini text": (GEMINI, {"type": "text"}, {}),
    "gemini json_object": (GEMINI, JSON_OBJECT, {"generationConfig": {"responseMimeType": "application/json"}}),
    "gemini json_schema": (
        GEMINI,
        JSON_SCHEMA,
        {"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}},
    ),
}


# Together, Fireworks and llama-cpp-python write a schema so, LiteLLM's callers under another name.
SCHEMA_BESIDE: Final[dict[str, Json]] = {
    "schema": {"type": "json_object", "schema": SCHEMA},
    "response_schema": {"type": "json_object", "response_schema": SCHEMA},
}
AS_SCHEMA: Final[Json] = {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA}}


@pytest.mark.parametrize("given", SCHEMA_BESIDE.values(), ids=SCHEMA_BESIDE)
@pytest.mark.parametrize("gateway", ["together", "llamacpp"])
def test_a_schema_beside_json_object_stays_there_for_gateways(gateway: str, given: Json) -> None:
    found = sent(f"{gateway}:m", HELLO, response_format=given, api_base="https://h.test/v1")
    assert found["response_format"] == {"type": "json_object", "schema": SCHEMA}


@pytest.mark.parametrize("given", SCHEMA_BESIDE.values(), ids=SCHEMA_BESIDE)
@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI, "mistral:m", "cohere:m", "ollama:m", "azure:m"])
def test_a_schema_beside_json_object_is_one_for_all_others(model: str, given: Json) -> None:
    def body(wanted: Json) -> Json:
        return sent(model, HELLO, response_format=wanted, api_base="https://h.test")

    assert body(given) == body(AS_SCHEMA) != body(JSON_OBJECT)


@pytest.mark.parametrize(("model", "wanted", "sends"), MAPPINGS.values(), ids=MAPPINGS)
def test_mapping(model: str, wanted: Json, sends: Json) -> None:
    assert sent(model, HELLO, response_format=wanted) == {**sent(model), **sends}


def test_anthropic_is_told_in_words_to_answer_in_json() -> None:
    assert "JSON object" in str(sent(ANTHROPIC, HELLO, response_format=JSON_OBJECT)["system"])


def test_the_words_follow_the_callers_own_instructions() -> None:
    talk: list[Json] = [{"role": "system", "content": "Be brief."}, *HELLO]
    words = sent(ANTHROPIC, HELLO, response_format=JSON_OBJECT)["system"]
    assert sent(ANTHROPIC, talk, response_format=JSON_OBJECT)["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": words},
    ]


class CityModel(BaseModel):
    """A Pydantic model."""

    name: str


@dataclasses.dataclass
class CityData:
    """A dataclass."""

    name: str


class CityDict(TypedDict):
    """A TypedDict."""

    name: str


def _strict(wanted: type[object], words: str) -> Json:
    return {
        "description": words,
        "properties": {"name": {"title": "Name", "type": "string"}},
        "required": ["name"],
        "title": wanted.__name__,
        "type": "object",
        "additionalProperties": False,
    }


TYPES: Final[dict[str, tuple[type[object], str]]] = {
    "pydantic model": (CityModel, "A Pydantic model."),
    "dataclass": (CityData, "A dataclass."),
    "typed dict": (CityDict, "A TypedDict."),
}


def _sent(model: str, wanted: type[object]) -> Json:
    """The body for a call whose answer is a city."""
    path = {OPENAI: "/chat/completions", ANTHROPIC: "/messages", GEMINI: ":generateContent"}[model]
    wire = Wire(usual_reply(path).replace(b"Hello", rb"{\"name\": \"Oslo\"}"))
    wire.ask(model, response_format=wanted)
    return wire.body


@pytest.mark.parametrize(("wanted", "words"), TYPES.values(), ids=TYPES)
def test_openai_gets_a_strict_schema_of_a_type(wanted: type[object], words: str) -> None:
    assert _sent(OPENAI, wanted)["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": wanted.__name__, "strict": True, "schema": _strict(wanted, words)},
    }


@pytest.mark.parametrize(("wanted", "words"), TYPES.values(), ids=TYPES)
def test_anthropic_gets_a_strict_schema_of_a_type(wanted: type[object], words: str) -> None:
    assert _sent(ANTHROPIC, wanted)["output_config"] == {
        "format": {"type": "json_schema", "schema": _strict(wanted, words)}
    }


@pytest.mark.parametrize(("wanted", "words"), TYPES.values(), ids=TYPES)
def test_gemini_gets_a_strict_schema_of_a_type(wanted: type[object], words: str) -> None:
    assert _sent(GEMINI, wanted)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": _strict(wanted, words),
    }


def test_anthropic_gets_a_format_beside_an_effort() -> None:
    body = sent("anthropic:claude-opus-4-6", HELLO, response_format=JSON_SCHEMA, reasoning_effort="low")
    assert body["output_config"] == {"effort": "low", "format": {"type": "json_schema", "schema": CLOSED}}


class Wrong:
    """Not a type that has a schema."""


WRONG: Final[dict[str, tuple[object, str]]] = {
    "unknown type": ({"type": "yaml"}, r"response_format\.type is 'yaml'"),
    "nothing": ({}, r"response_format\.type is None"),
    "no schema": ({"type": "json_schema"}, r"response_format\.json_schema is missing"),
    "no schema object": (
        {"type": "json_schema", "json_schema": 3},
        r"response_format\.json_schema is 3; it must be a mapping",
    ),
    "a class without fields that pydantic knows": (Wrong, "cannot be described"),
    "a text": ("json", "response_format"),
    "an object": (CityModel(name="Oslo"), "response_format"),
}


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI])
@pytest.mark.parametrize(("wanted", "says"), WRONG.values(), ids=WRONG)
def test_a_format_that_is_none(model: str, wanted: object, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        sent(model, HELLO, response_format=wanted)


MET: Final[dict[str, tuple[str, Json, str | None]]] = {
    "openai schema": (OPENAI, JSON_SCHEMA, "json_schema"),
    "openai object": (OPENAI, JSON_OBJECT, "json_object"),
    "openai text": (OPENAI, {"type": "text"}, None),
    "anthropic schema": (ANTHROPIC, JSON_SCHEMA, "json_schema"),
    "anthropic object": (ANTHROPIC, JSON_OBJECT, "instructions"),
    "anthropic text": (ANTHROPIC, {"type": "text"}, None),
    "gemini schema": (GEMINI, JSON_SCHEMA, "json_schema"),
    "gemini object": (GEMINI, JSON_OBJECT, "json_object"),
}


@pytest.mark.parametrize(("model", "wanted", "by"), MET.values(), ids=MET)
def test_the_answer_says_how_the_format_was_met(model: str, wanted: Json, by: str | None) -> None:
    assert Wire().ask(model, response_format=wanted).structured_by == by


@pytest.mark.parametrize("model", [OPENAI, ANTHROPIC, GEMINI])
def test_without_a_format_it_says_nothing(model: str) -> None:
    assert Wire().ask(model).structured_by is None
