"""Schemas as each vendor's schema mode takes them, checked with a validator of JSON Schema."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Final, Literal, Optional, Union

import jsonschema_rs
import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from typing_extensions import TypeAliasType, TypedDict

from polyvox.dialects.bedrock_request import RULES as BEDROCK
from polyvox.dialects.claude import RULES as ANTHROPIC
from polyvox.dialects.cohere_request import RULES as COHERE
from polyvox.dialects.gemini_request import RULES as GEMINI
from polyvox.dialects.openai import RULES as OPENAI
from polyvox.schemas import LENIENT, Rules, closed, rewritten
from polyvox.shapes import is_list, is_mapping, mapping_of
from polyvox.structured import wanted
from tests.mapping.asking import Json

RULES: Final[dict[str, Rules]] = {
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "bedrock": BEDROCK,
    "gemini": GEMINI,
    "cohere": COHERE,
    "mistral and ollama": LENIENT,
}


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


Short = TypeAliasType("Short", Annotated[str, Field(max_length=3)])


class Bounded(BaseModel):
    """Has every kind of bound."""

    code: Short = Field(description="A code.", min_length=2)
    mail: Annotated[str, Field(pattern="^[a-z]+@[a-z]+$")]
    share: float = Field(ge=0, lt=1)
    even: int = Field(multiple_of=2)
    few: list[int] = Field(min_length=2, max_length=3)
    when: datetime.datetime
    price: Decimal
    place: Place = Field(description="Where it is.")


class Pair(BaseModel):
    """Has items that differ by place."""

    pair: tuple[int, str]
    same: tuple[int, int]


# A type, texts that it and its strict schema take, and what they are.
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
    "bounds": (
        Bounded,
        [
            '{"code": "ab", "mail": "a@b", "share": 0.5, "even": 4, "few": [1, 2], "when": "2026-01-01T00:00:00Z",'
            ' "price": "1.5", "place": {"city": "Oslo", "country": "NO", "height": null}}'
        ],
        Bounded(
            code="ab",
            mail="a@b",
            share=0.5,
            even=4,
            few=[1, 2],
            when=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
            price=Decimal("1.5"),
            place=Place(city="Oslo"),
        ),
    ),
    "tuples": (Pair, ['{"pair": [1, "a"], "same": [1, 2]}'], Pair(pair=(1, "a"), same=(1, 2))),
}
# Vendors whose mode has no types that hold themselves.
UNSAID: Final = {("anthropic", "recursive"), ("bedrock", "recursive")}
SAID: Final = [(vendor, case) for vendor in RULES for case in CASES if (vendor, case) not in UNSAID]


def _schema(kind: object, rules: Rules) -> Json | None:
    form, _ = wanted(kind)
    assert form is not None
    return rewritten(form.schema, rules)


def _said(vendor: str, case: str) -> Json:
    schema = _schema(CASES[case][0], RULES[vendor])
    assert schema is not None
    return schema


@pytest.mark.parametrize(("vendor", "case"), SAID)
def test_it_is_a_schema(vendor: str, case: str) -> None:
    jsonschema_rs.meta.validate(_said(vendor, case))


@pytest.mark.parametrize(("vendor", "case"), SAID)
def test_what_fits_it_is_read(vendor: str, case: str) -> None:
    kind, texts, value = CASES[case]
    validator = jsonschema_rs.validator_for(_said(vendor, case))
    for text in texts:
        validator.validate(json.loads(text))
        assert TypeAdapter(kind).validate_json(text) == value


@pytest.mark.parametrize(("vendor", "case"), SAID)
def test_every_object_is_closed_and_asks_for_all_its_properties(vendor: str, case: str) -> None:
    optional = {"branches"} if vendor == "gemini" and case == "recursive" else set[str]()
    for node in _objects(_said(vendor, case)):
        assert not {"default", "oneOf", "discriminator"} & set(node)
        assert "$ref" not in node or len(node) == 1
        if "properties" in node:
            assert node["additionalProperties"] is False
            assert node["required"] == [name for name in mapping_of(node["properties"]) if name not in optional]


@pytest.mark.parametrize(("vendor", "case"), SAID)
def test_it_has_only_keywords_that_the_vendor_takes(vendor: str, case: str) -> None:
    rules = RULES[vendor]
    plain = {"type", "title", "description", "enum", "anyOf", "items", "properties", "$ref", "$defs", "required"}
    known = plain | {"additionalProperties"} | rules.bounds
    known |= ({"const"} if rules.const else set()) | ({"prefixItems"} if rules.tuples else set())
    for node in _objects(_said(vendor, case)):
        assert set(node) <= known
        assert rules.formats is None or node.get("format") in {None, *rules.formats}


@pytest.mark.parametrize(("vendor", "case"), SAID)
def test_definitions_are_there_that_are_referred_to_and_no_others(vendor: str, case: str) -> None:
    schema = _said(vendor, case)
    named = {str(node["$ref"]).removeprefix("#/$defs/") for node in _objects(schema) if "$ref" in node}
    assert named == set(mapping_of(schema.get("$defs")))


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


# A keyword of the type's own schema: held by the mode, or told in the description beside it. Never neither.
DEMANDS: Final = {
    "code": ("maxLength", "minLength"),
    "mail": ("pattern",),
    "share": ("minimum", "exclusiveMaximum"),
    "even": ("multipleOf",),
    "few": ("minItems", "maxItems"),
    "when": ("format",),
}


@pytest.mark.parametrize("vendor", RULES)
def test_nothing_is_asked_less_of_in_silence(vendor: str) -> None:
    properties = mapping_of(_said(vendor, "bounds")["properties"])
    for name, demands in DEMANDS.items():
        node = mapping_of(properties[name])
        for demand in demands:
            assert demand in node or f"{demand}: " in str(node.get("description"))


OPENAI_BOUNDS: Final[Json] = {
    "code": {"type": "string", "description": "A code. (maxLength: 3) (minLength: 2)"},
    "mail": {"type": "string", "title": "Mail", "pattern": "^[a-z]+@[a-z]+$"},
    "share": {"type": "number", "title": "Share", "minimum": 0, "exclusiveMaximum": 1},
    "even": {"type": "integer", "title": "Even", "multipleOf": 2},
    "few": {"type": "array", "title": "Few", "items": {"type": "integer"}, "minItems": 2, "maxItems": 3},
    "when": {"type": "string", "title": "When", "format": "date-time"},
}
ANTHROPIC_BOUNDS: Final[Json] = {
    "code": OPENAI_BOUNDS["code"],
    "mail": {"type": "string", "title": "Mail", "description": "pattern: ^[a-z]+@[a-z]+$"},
    "share": {"type": "number", "title": "Share", "description": "exclusiveMaximum: 1 (minimum: 0)"},
    "even": {"type": "integer", "title": "Even", "description": "multipleOf: 2"},
    "few": {
        "type": "array",
        "title": "Few",
        "items": {"type": "integer"},
        "description": "maxItems: 3 (minItems: 2)",
    },
    "when": OPENAI_BOUNDS["when"],
}
GEMINI_BOUNDS: Final[Json] = {
    **ANTHROPIC_BOUNDS,
    "share": {"type": "number", "title": "Share", "minimum": 0, "description": "exclusiveMaximum: 1"},
    "few": OPENAI_BOUNDS["few"],
}
BOUNDS: Final = {"openai": OPENAI_BOUNDS, "anthropic": ANTHROPIC_BOUNDS, "gemini": GEMINI_BOUNDS}


@pytest.mark.parametrize("vendor", BOUNDS)
def test_bounds_as_the_vendor_takes_them(vendor: str) -> None:
    properties = mapping_of(_said(vendor, "bounds")["properties"])
    assert {name: properties[name] for name in DEMANDS} == BOUNDS[vendor]


def test_what_stands_beside_a_reference_is_written_out_with_it() -> None:
    place = mapping_of(mapping_of(_said("openai", "bounds")["properties"])["place"])
    assert place["description"] == "Where it is."
    assert set(mapping_of(place["properties"])) == {"city", "country", "height"}


def test_regular_expressions_that_look_around_are_told() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(?!x)"}}}
    properties = mapping_of(_known(rewritten(schema, OPENAI))["properties"])
    assert properties["a"] == {"type": "string", "description": "pattern: ^(?!x)"}


def test_items_that_differ_by_place() -> None:
    assert mapping_of(_said("openai", "tuples")["properties"]) == {
        "pair": {
            "type": "array",
            "title": "Pair",
            "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "description": 'items in this order: [{"type":"integer"},{"type":"string"}]',
            "minItems": 2,
            "maxItems": 2,
        },
        "same": {"type": "array", "title": "Same", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    }


class AnyKeys(BaseModel):
    """A map."""

    counts: dict[str, int]


class Anything(BaseModel):
    """Whatever."""

    value: Any


class Loose(BaseModel):
    """Takes more than it names."""

    model_config = {"extra": "allow"}
    name: str


class Loop(BaseModel):
    """Has to hold itself."""

    inner: Optional[Loop]  # noqa: UP045  (callers write it)


# What a mode has no words for; another way is taken then.
UNSAYABLE: Final[dict[str, tuple[type[object], set[str]]]] = {
    "a map": (AnyKeys, {"openai", "anthropic", "bedrock"}),
    "anything": (Anything, {"openai", "anthropic", "bedrock"}),
    "more than it names": (Loose, set()),
    "itself": (Loop, {"anthropic", "bedrock"}),
    "a list of anything": (list[Any], {"openai", "anthropic", "bedrock"}),
}


@pytest.mark.parametrize(("kind", "vendors"), UNSAYABLE.values(), ids=UNSAYABLE)
def test_what_a_mode_cannot_say(kind: type[object], vendors: set[str]) -> None:
    assert {vendor for vendor, rules in RULES.items() if _schema(kind, rules) is None} == vendors


UNKNOWN: Final[dict[str, Json]] = {
    "conditions": {"if": {}, "then": {}},
    "not": {"not": {"type": "null"}},
    "two at once": {"allOf": [{"type": "object"}, {"type": "object"}]},
    "a reference to nothing": {"properties": {"a": {"$ref": "#/$defs/A"}}},
    "a reference elsewhere": {"properties": {"a": {"$ref": "https://example.com/a.json"}}},
}


@pytest.mark.parametrize("more", UNKNOWN.values(), ids=UNKNOWN)
def test_a_keyword_that_nobody_here_knows_is_not_lost(more: Json) -> None:
    assert rewritten({"type": "object", "properties": {}, **more}, LENIENT) is None


def test_one_schema_in_all_of_is_that_schema() -> None:
    schema = {
        "$defs": {"A": {"type": "integer"}},
        "type": "object",
        "properties": {"a": {"allOf": [{"$ref": "#/$defs/A"}]}},
    }
    assert mapping_of(_known(rewritten(schema, OPENAI))["properties"])["a"] == {"type": "integer"}


def _known(schema: Json | None) -> Json:
    assert schema is not None
    return schema


def test_what_lacks_something_does_not_fit_the_schema() -> None:
    validator = jsonschema_rs.validator_for(_said("openai", "plain"))
    assert not validator.is_valid({"city": "Oslo"})
    assert not validator.is_valid({"city": "Oslo", "country": "NO", "height": None, "more": 1})


def test_the_type_checks_what_the_mode_cannot_hold() -> None:
    text = CASES["bounds"][1][0].replace('"ab"', '"abcd"')
    jsonschema_rs.validator_for(_said("anthropic", "bounds")).validate(json.loads(text))
    with pytest.raises(ValidationError):
        TypeAdapter(Bounded).validate_json(text)


def test_a_schema_is_not_changed_in_place() -> None:
    schema: Json = {"type": "object", "properties": {"a": {"type": "integer", "default": 1}}}
    before = json.dumps(schema)
    rewritten(schema, OPENAI)
    closed(schema)
    assert json.dumps(schema) == before
