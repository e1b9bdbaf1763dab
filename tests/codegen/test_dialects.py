"""Vendors of OpenAI's dialect: only what their requests have beyond it is compiled, with the names of all they have."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from codegen.dialects import UNIFIED
from tests.codegen.workshop import Workshop

SPECS: Final = Path(__file__).parents[2] / "specs"
DIALECT: Final = 'dialect = "openai"'
REQUEST: Final = """
Request:
  type: object
  properties:
    model: {type: string}
    messages: {type: array, items: {$ref: Message}}
    temperature: {type: number}
    top_k: {type: integer}
    search: {type: object, properties: {mode: {type: string, enum: [web, news]}}, additionalProperties: false}
    mock: {type: boolean}
  required: [model, messages]
Message: {allOf: [{type: string}, {type: integer}]}
"""


@pytest.fixture
def acme(workshop: Workshop) -> Workshop:
    """A vendor that speaks OpenAI's dialect."""
    workshop.configure(DIALECT)
    (workshop.vendor / "decisions.toml").unlink()
    return workshop


def paths(workshop: Workshop) -> Any:
    """Where the options stand, by name."""
    return workshop.module("options").PATHS


def fields(workshop: Workshop) -> Any:
    """The names of all fields."""
    return workshop.module("options").FIELDS


def test_own_fields_are_options_and_all_fields_are_known(acme: Workshop) -> None:
    acme.generate(REQUEST)
    assert paths(acme) == {"top_k": ("top_k",), "search": ("search",), "mock": ("mock",)}
    assert fields(acme) == {"model", "messages", "temperature", "top_k", "search", "mock"}
    assert "    search: q.RequestSearch\n" in acme.text("options.py")


def test_only_what_options_are_made_of_is_written(acme: Workshop) -> None:
    acme.generate(REQUEST)
    assert sorted(file.name for file in (acme.out / "acme").iterdir() if file.suffix) == [
        "__init__.py",
        "options.py",
        "requests.py",
    ]
    text = acme.text("requests.py")
    assert "class RequestSearch(TypedDict):\n    mode: NotRequired[RequestSearchMode]" in text
    assert "class Request(" not in text
    assert "Message" not in text


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param("top_k: {type: integer}", {"top_k": ("top_k",)}, id="plain-options"),
        pytest.param("top_p: {type: number}", {}, id="no-options"),
    ],
)
def test_without_types_of_its_own_it_has_no_requests(acme: Workshop, own: str, expected: dict[str, Any]) -> None:
    acme.generate(f"Request: {{type: object, properties: {{model: {{type: string}}, {own}}}}}")
    assert not (acme.out / "acme" / "requests.py").exists()
    assert paths(acme) == expected


def test_ignored_fields_are_known_but_no_options(acme: Workshop) -> None:
    acme.decide(ignored='mock = "for the vendor\'s tests"')
    acme.generate(REQUEST)
    assert "mock" not in paths(acme)
    assert "mock" in fields(acme)


@pytest.mark.parametrize(
    ("decision", "complaint"),
    [
        pytest.param({"mapped": ["model"]}, "only `ignored` is asked of", id="mapped"),
        pytest.param({"passthrough": ["top_k"]}, "only `ignored` is asked of", id="passthrough"),
        pytest.param({"ignored": 'gone = "why"'}, "gone is no field of the request any more", id="gone"),
        pytest.param({"ignored": 'mock = " "'}, "mock needs a reason", id="no-reason"),
    ],
)
def test_verdicts_that_cannot_be(
    acme: Workshop, capsys: pytest.CaptureFixture[str], decision: dict[str, Any], complaint: str
) -> None:
    acme.decide(**decision)
    acme.describe(REQUEST)
    assert acme.run("generate") == 1
    assert complaint in capsys.readouterr().err


def test_variants_for_families_of_models_become_one_request(acme: Workshop) -> None:
    acme.generate("""
        Common: {type: object, properties: {model: {type: string}, stop: {type: string}}, required: [model]}
        Big:
          allOf:
            - {$ref: Common}
            - type: object
              properties:
                think: {type: object, properties: {type: {type: string, enum: [a]}, keep: {type: boolean}}}
                level: {type: string, enum: [low]}
                n_best: {type: integer}
        Small:
          type: object
          properties:
            model: {type: string, enum: [small]}
            think: {type: object, properties: {type: {type: string, enum: [a, b]}}, required: [type]}
            level: {type: string, enum: [low, high]}
            n_best: {type: string}
        Request: {oneOf: [{$ref: Big}, {$ref: Small}]}
    """)
    options, requests = acme.text("options.py"), acme.text("requests.py")
    assert fields(acme) == {"model", "stop", "think", "level", "n_best"}
    assert "    n_best: int | str\n" in options
    assert 'RequestLevel: TypeAlias = Literal["low", "high"]' in requests
    assert "class RequestThink(TypedDict):\n    type: NotRequired[RequestThinkType]\n" in requests
    assert 'RequestThinkType: TypeAlias = Literal["a", "b"]' in requests


def test_a_request_that_is_no_object_is_refused(acme: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    acme.describe("Request: {type: array, items: {type: string}}")
    assert acme.run("generate") == 1
    assert "Request is no object, and no choice between objects" in capsys.readouterr().err


def test_a_description_may_only_add_to_that_of_another(acme: Workshop) -> None:
    base = acme.specs / "base"
    base.mkdir()
    (base / "source.toml").write_text((acme.vendor / "source.toml").read_text(encoding="utf-8"), encoding="utf-8")
    (base / "openapi.json").write_text(acme.document(REQUEST), encoding="utf-8")
    acme.configure(f'{DIALECT}\nextends = "base"')
    acme.generate("Request: {type: object, properties: {min_p: {type: number}}}")
    assert paths(acme) == {"min_p": ("min_p",)}
    assert fields(acme) == {"model", "messages", "temperature", "top_k", "search", "mock", "min_p"}


def published(workshop: Workshop, document: dict[str, Any]) -> Path:
    file = workshop.specs.parent / "published"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def test_a_request_that_stands_inline_gets_a_name(acme: Workshop) -> None:
    document = yaml.safe_load(acme.document(REQUEST))
    components = document["components"]["schemas"]
    content = document["paths"]["/chat"]["post"]["requestBody"]["content"]
    content["application/json"]["schema"] = components.pop("Request")
    place = "/paths/~1chat/post/requestBody/content/application~1json/schema"
    acme.configure(DIALECT, rest=f'[inline]\nRequest = "{place}"')
    assert acme.run("refresh", "acme", "--from", str(published(acme, document))) == 0
    acme.generate()
    assert "top_k" in paths(acme)


@pytest.mark.parametrize(
    ("name", "place", "complaint"),
    [
        pytest.param("Reply", "/components/schemas/Reply", "Reply is a component already", id="taken"),
        pytest.param("New", "/paths/~1gone", "nothing stands at /paths/~1gone", id="gone"),
        pytest.param("New", "/openapi", "no schema stands at /openapi", id="no-schema"),
    ],
)
def test_inline_schemas_must_be_where_they_are_said_to_be(
    acme: Workshop, capsys: pytest.CaptureFixture[str], name: str, place: str, complaint: str
) -> None:
    acme.configure(DIALECT, rest=f'[inline]\n{name} = "{place}"')
    file = published(acme, yaml.safe_load(acme.document("")))
    assert acme.run("refresh", "acme", "--from", str(file)) == 1
    assert complaint in capsys.readouterr().err


def test_definitions_of_a_json_schema_are_components(acme: Workshop) -> None:
    definitions: dict[str, Any] = {
        "Request": {"anyOf": [{"$ref": "#/$defs/Plain"}, {"$ref": "#/$defs/Streamed"}]},
        "Plain": {"type": "object", "properties": {"model": {"type": "string"}, "deep": {"$ref": "#/$defs/Deep"}}},
        "Streamed": {"type": "object", "properties": {"stream": {"const": True}}},
        "Deep": {"type": "object", "properties": {"n": {"type": "integer"}}},
        "Reply": {"type": "object", "properties": {}},
        "Event": {"type": "object", "properties": {}},
        "Problem": {"type": "object", "properties": {}},
    }
    acme.configure(f'{DIALECT}\nformat = "json-schema"')
    file = published(acme, {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions})
    assert acme.run("refresh", "acme", "--from", str(file)) == 0
    acme.generate()
    assert fields(acme) == {"model", "deep", "stream"}
    assert "class Deep(TypedDict):\n    n: NotRequired[int]\n" in acme.text("requests.py")


def test_components_that_only_the_overlay_needs_are_vendored(workshop: Workshop) -> None:
    source = workshop.vendor / "source.toml"
    text = source.read_text(encoding="utf-8").replace('error = "Problem"', 'error = "Problem"\nalso = ["Late"]')
    source.write_text(text, encoding="utf-8")
    late = "Late: {type: object, properties: {late: {type: integer}}}"
    file = published(workshop, yaml.safe_load(workshop.document(late)))
    assert workshop.run("refresh", "acme", "--from", str(file)) == 0
    assert "Late" in json.loads((workshop.vendor / "openapi.json").read_text(encoding="utf-8"))["components"]["schemas"]


def test_unified_are_the_fields_that_are_mapped_for_openai_itself() -> None:
    mapped = tomllib.loads((SPECS / "openai" / "decisions.toml").read_text(encoding="utf-8"))["mapped"]
    assert set(mapped) == UNIFIED
