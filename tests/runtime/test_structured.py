"""`response_format=type`: a strict schema goes out, a checked object comes back, or an error that says why not."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Annotated, Final, Literal, Optional, Union

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from polyvox import Client, StructuredOutputError
from polyvox.shapes import is_list, is_mapping, mapping_of
from polyvox.structured import strict, wanted
from tests.mapping.asking import HELLO, KEY, Json, Wire, as_bytes, sse
from tests.mapping.openai_events import DONE, chunk

MODEL: Final = "openai:gpt-5"


class Unit(Enum):
    """A unit."""

    C = "C"
    F = "F"


class Place(BaseModel):
    """Where."""

    city: str
    country: str = "NO"
    height: int | None = None


class Weather(BaseModel):
    """What the weather is like."""

    place: Place
    degrees: float = Field(description="How warm.", ge=-90, le=60)
    unit: Unit = Unit.C
    tags: list[str] = []
    near: list[Place] = []


class Cat(BaseModel):
    """Meows."""

    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    """Barks."""

    kind: Literal["dog"]
    name: str


class Pet(BaseModel):
    """One of both."""

    animal: Annotated[Union[Cat, Dog], Field(discriminator="kind")]
    owner: Optional[str] = None  # noqa: UP045  (callers write it)


class Tree(BaseModel):
    """Has branches."""

    value: int
    branches: list[Tree] = []


@dataclasses.dataclass
class Point:
    """On a map."""

    x: int
    y: int = 0


class Options(TypedDict, total=False):
    """All may be absent."""

    a: int
    b: str


class default(BaseModel):
    """Its properties are named like keywords."""

    default: int = 1
    properties: str = "x"
    enum: list[int] = []
    required: bool = True


CASES: Final[dict[str, tuple[type[object], list[str], object]]] = {
    "plain": (Place, ['{"city": "Oslo", "country": "NO", "height": null}'], Place(city="Oslo")),
    "nested": (
        Weather,
        [
            '{"place": {"city": "Oslo", "country": "NO", "height": 5}, "degrees": 2.5, "unit": "F",'
            ' "tags": ["wet"], "near": [{"city": "Ås", "country": "NO", "height": null}]}'
        ],
        Weather(place=Place(city="Oslo", height=5), degrees=2.5, unit=Unit.F, tags=["wet"], near=[Place(city="Ås")]),
    ),
    "union": (
        Pet,
        ['{"animal": {"kind": "dog", "name": "Rex"}, "owner": null}'],
        Pet(animal=Dog(kind="dog", name="Rex")),
    ),
    "recursive": (
        Tree,
        ['{"value": 1, "branches": [{"value": 2, "branches": []}]}'],
        Tree(value=1, branches=[Tree(value=2)]),
    ),
    "dataclass": (Point, ['{"x": 1, "y": 2}'], Point(1, 2)),
    "typed dict": (Options, ['{"a": 1, "b": "x"}'], {"a": 1, "b": "x"}),
    "names like keywords": (
        default,
        ['{"default": 2, "properties": "y", "enum": [1], "required": false}'],
        default(default=2, properties="y", enum=[1], required=False),
    ),
}


def _schema(kind: type[object]) -> Json:
    found = wanted(kind)
    assert found is not None
    return dict(found.schema)


@pytest.mark.parametrize("kind", [case[0] for case in CASES.values()], ids=CASES)
def test_the_schema_is_one(kind: type[object]) -> None:
    jsonschema_rs.meta.validate(_schema(kind))


@pytest.mark.parametrize("kind", [case[0] for case in CASES.values()], ids=CASES)
def test_every_object_of_it_is_closed_and_asks_for_all_its_properties(kind: type[object]) -> None:
    for node in _objects(_schema(kind)):
        assert not {"default", "oneOf", "discriminator"} & set(node)
        assert "$ref" not in node or len(node) == 1
        if "properties" in node:
            assert node["additionalProperties"] is False
            assert node["required"] == list(mapping_of(node["properties"]))


def _objects(schema: object) -> Iterator[Mapping[str, object]]:
    """All schemas within a schema; names of properties and definitions are no keywords."""
    if is_list(schema):
        for item in schema:
            yield from _objects(item)
    if not is_mapping(schema):
        return
    yield schema
    for key, value in schema.items():
        named = key in ("properties", "$defs")
        for inner in mapping_of(value).values() if named else [value]:
            yield from _objects(inner)


@pytest.mark.parametrize(("kind", "texts", "value"), CASES.values(), ids=CASES)
def test_what_fits_the_schema_is_read(kind: type[object], texts: list[str], value: object) -> None:
    found = wanted(kind)
    assert found is not None
    assert found.parse is not None
    validator = jsonschema_rs.validator_for(dict(found.schema))
    for text in texts:
        validator.validate(json.loads(text))
        assert found.parse(text) == value


def test_what_lacks_something_does_not_fit_the_schema() -> None:
    validator = jsonschema_rs.validator_for(_schema(Place))
    assert not validator.is_valid({"city": "Oslo"})
    assert not validator.is_valid({"city": "Oslo", "country": "NO", "height": None, "more": 1})


def test_bounds_and_descriptions_stay() -> None:
    properties = _schema(Weather)["properties"]
    assert isinstance(properties, dict)
    assert properties["degrees"] == {
        "description": "How warm.",
        "maximum": 60.0,
        "minimum": -90.0,
        "title": "Degrees",
        "type": "number",
    }


def test_a_schema_is_not_changed_in_place() -> None:
    schema: Json = {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}
    strict(schema)
    assert schema == {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}


NOT_OBJECTS: Final[dict[str, tuple[object, str, object]]] = {
    "list": (list[int], '{"value": [1, 2]}', [1, 2]),
    "list of models": (
        list[Place],
        '{"value": [{"city": "Oslo", "country": "NO", "height": null}]}',
        [Place(city="Oslo")],
    ),
    "number": (int, '{"value": 3}', 3),
    "literal": (Literal["a", "b"], '{"value": "a"}', "a"),
    "union": (Union[Cat, Dog], '{"value": {"kind": "cat", "lives": 7}}', Cat(kind="cat", lives=7)),
}


@pytest.mark.parametrize(("kind", "text", "value"), NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_what_is_no_object_is_put_into_one(kind: object, text: str, value: object) -> None:
    found = wanted(kind)
    assert found is not None
    assert found.parse is not None
    assert found.schema["type"] == "object"
    jsonschema_rs.validator_for(dict(found.schema)).validate(json.loads(text))
    assert found.parse(text) == value


def _reply(content: object, finish: str = "stop", **more: object) -> bytes:
    message: Json = {"role": "assistant", "content": content, **more}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return as_bytes({"id": "c1", "created": 5, "model": "m", "choices": choices})


def _client(body: bytes) -> Client:
    return Client(transport=Wire(body, headers={"x-request-id": "r1"}).client()._transport, api_key=KEY, num_retries=0)


def test_parsed() -> None:
    answer = _client(_reply('{"city": "Oslo"}')).completion(MODEL, HELLO, response_format=Place)
    message = answer.choices[0].message
    assert message.parsed == Place(city="Oslo")
    assert message.content == '{"city": "Oslo"}'
    assert (answer.id, answer.provider, answer.structured_by) == ("c1", "openai", "json_schema")


SILENT: Final = {
    "refusal": _reply(None, refusal="I cannot."),
    "refusal with text": _reply("I cannot.", refusal="I cannot."),
    "call": _reply(None, tool_calls=[{"id": "1", "function": {"name": "f", "arguments": "{}"}}]),
    "call with empty text": _reply("", tool_calls=[{"id": "1", "function": {"name": "f", "arguments": "{}"}}]),
}


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
def test_nothing_is_parsed_where_the_model_refused_or_called_a_tool(body: bytes) -> None:
    assert _client(body).completion(MODEL, HELLO, response_format=Place).choices[0].message.parsed is None


MISFITS: Final[dict[str, tuple[bytes, str, str]]] = {
    "cut off": (_reply('{"city": "Os', "length"), "truncated", "max_tokens"),
    "no JSON": (_reply("Sure! Here it is:"), "invalid_json", "not JSON"),
    "half JSON": (_reply('{"city": '), "invalid_json", "not JSON"),
    "lacks something": (_reply('{"country": "NO"}'), "schema_mismatch", "city"),
    "wrong type": (_reply('{"city": {}}'), "schema_mismatch", "city"),
    "another shape": (_reply("[]"), "schema_mismatch", "response_format"),
}


@pytest.mark.parametrize(("body", "reason", "says"), MISFITS.values(), ids=MISFITS)
def test_an_answer_that_does_not_fit(body: bytes, reason: str, says: str) -> None:
    with pytest.raises(StructuredOutputError, match=says) as caught:
        _client(body).completion(MODEL, HELLO, response_format=Place)
    error = caught.value
    assert (error.reason, error.provider, error.model, error.request_id) == (reason, "openai", "gpt-5", "r1")
    assert error.completion.choices[0].message.content is not None
    assert not error.retryable


def test_each_choice_is_parsed() -> None:
    choices = [
        {"index": number, "message": {"content": f'{{"city": "{name}"}}'}, "finish_reason": "stop"}
        for number, name in enumerate(("Oslo", "Ås"))
    ]
    answer = _client(as_bytes({"id": "c1", "choices": choices})).completion(MODEL, HELLO, response_format=Place, n=2)
    assert [choice.message.parsed for choice in answer.choices] == [Place(city="Oslo"), Place(city="Ås")]


def test_a_stream_is_parsed_when_it_is_whole() -> None:
    body = sse(chunk({"content": '{"city": '}), chunk({"content": '"Oslo"}'}), chunk(finish="stop"), DONE)
    stream = _client(body).completion(MODEL, HELLO, stream=True, response_format=Place)
    assert "".join(one.choices[0].delta.content or "" for one in stream) == '{"city": "Oslo"}'
    message = stream.completion().choices[0].message
    assert getattr(message, "parsed", None) == Place(city="Oslo")


def test_a_stream_that_does_not_fit_says_so_at_the_end() -> None:
    body = sse(chunk({"content": '{"city": '}), chunk(finish="length"), DONE)
    stream = _client(body).completion(MODEL, HELLO, stream=True, response_format=Place)
    assert len(list(stream)) == 2
    with pytest.raises(StructuredOutputError, match="max_tokens"):
        stream.completion()


def test_a_mapping_asks_for_no_parsing() -> None:
    answer = _client(_reply("not JSON")).completion(MODEL, HELLO, response_format={"type": "json_object"})
    assert answer.choices[0].message.content == "not JSON"
