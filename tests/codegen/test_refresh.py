"""`refresh`: what is checked, what is kept, what is noted; and that nothing is written where something is wrong."""

import gzip
import hashlib
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.codegen.workshop import Workshop

PROSE = """
Reply:
  title: Reply
  description: Long story
  x-vendor: 1
  type: object
  example: {title: x}
  externalDocs: {url: https://acme.example}
  required: [title, description]
  properties:
    title: {type: string, description: Long story, maxLength: 9}
    description: {type: string, summary: Long story, default: none}
    example: {type: object, title: Story, default: {a: 1}, properties: {x-y: {type: string, examples: [Story]}}}
    default: {enum: [a, b], x-enum-story: Story, default: a}
    choice:
      discriminator: {propertyName: type, mapping: {a: "#/components/schemas/Event", z: "#/components/schemas/Away"}}
      oneOf: [{$ref: Event, description: Story}]
Away: {type: object, properties: {x: {type: string}}}
"""


def published(workshop: Workshop, text: str) -> Path:
    """A file as a vendor publishes it."""
    file = workshop.specs.parent / "published"
    file.write_text(text, encoding="utf-8")
    return file


def schemas(workshop: Workshop) -> Any:
    return json.loads((workshop.vendor / "openapi.json").read_text(encoding="utf-8"))["components"]["schemas"]


def test_facts_stay_and_prose_goes(workshop: Workshop) -> None:
    file = published(workshop, workshop.document(PROSE))
    assert workshop.run("refresh", "acme", "--from", str(file)) == 0
    text = (workshop.vendor / "openapi.json").read_text(encoding="utf-8")
    assert "story" not in text.lower()
    assert schemas(workshop)["Reply"] == {
        "type": "object",
        "required": ["title", "description"],
        "properties": {
            "title": {"type": "string", "maxLength": 9},
            "description": {"type": "string", "default": "none"},
            "example": {"type": "object", "properties": {"x-y": {"type": "string"}}},
            "default": {"enum": ["a", "b"], "default": "a"},
            "choice": {
                "discriminator": {"propertyName": "type", "mapping": {"a": "#/components/schemas/Event"}},
                "oneOf": [{"$ref": "#/components/schemas/Event"}],
            },
        },
    }


def test_only_what_the_operation_reaches_is_kept(workshop: Workshop) -> None:
    file = published(workshop, workshop.document(PROSE))
    assert workshop.run("refresh", "acme", "--from", str(file)) == 0
    assert list(schemas(workshop)) == ["Request", "Reply", "Event", "Problem"]


def test_both_files_are_noted(workshop: Workshop) -> None:
    file = published(workshop, workshop.document(PROSE))
    assert workshop.run("refresh", "acme", "--from", str(file), "--date", "2026-08-21") == 0
    noted = tomllib.loads((workshop.vendor / "source.toml").read_text(encoding="utf-8"))
    assert noted["upstream"]["date"] == "2026-08-21"
    assert noted["upstream"]["bytes"] == file.stat().st_size
    assert noted["upstream"]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert noted["cut"]["sha256"] == hashlib.sha256((workshop.vendor / "openapi.json").read_bytes()).hexdigest()


def test_refreshing_twice_changes_nothing(workshop: Workshop) -> None:
    file = published(workshop, workshop.document(PROSE))
    texts: list[list[bytes]] = []
    for _ in range(2):
        assert workshop.run("refresh", "acme", "--from", str(file), "--date", "2026-08-21") == 0
        texts.append([each.read_bytes() for each in sorted(workshop.vendor.iterdir())])
    assert texts[0] == texts[1]


def test_an_unchanged_description_keeps_its_date(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    file = published(workshop, workshop.document(PROSE))
    assert workshop.run("refresh", "acme", "--from", str(file), "--date", "2026-08-21") == 0
    assert capsys.readouterr().out.endswith(" bytes, changed; next is `generate`\n")
    before = (workshop.vendor / "source.toml").read_bytes()
    assert workshop.run("refresh", "acme", "--from", str(file)) == 0
    assert capsys.readouterr().out.endswith(" bytes, as before\n")
    assert (workshop.vendor / "source.toml").read_bytes() == before


def test_what_is_vendored_can_be_generated(workshop: Workshop) -> None:
    workshop.run("refresh", "acme", "--from", str(published(workshop, workshop.document(PROSE))))
    workshop.generate()
    assert "class Reply(Wire):" in workshop.text("responses.py")


DISCOVERY: dict[str, Any] = {
    "discoveryVersion": "v1",
    "name": "acme",
    "version": "v1beta",
    "revision": "20260821",
    "resources": {
        "models": {"resources": {"chats": {"methods": {"ask": {"path": "chat", "httpMethod": "POST"}}}}},
    },
    "schemas": {
        "Request": {"id": "Request", "type": "object", "properties": {"model": {"type": "string"}}},
        "Reply": {
            "id": "Reply",
            "type": "object",
            "description": "Story",
            "properties": {
                "id": {"type": "string"},
                "why": {"type": "string", "enum": ["A", "B"], "enumDescriptions": ["Story", "Story"]},
                "any": {"type": "any"},
                "events": {"type": "array", "items": {"$ref": "Event"}},
            },
        },
        "Event": {"id": "Event", "type": "object", "properties": {"n": {"type": "integer", "format": "int32"}}},
        "Problem": {"id": "Problem", "type": "object", "properties": {"code": {"type": "integer"}}},
    },
}


def test_discovery_documents_become_openapi(workshop: Workshop) -> None:
    workshop.configure(top='format = "google-discovery"')
    file = published(workshop, json.dumps(DISCOVERY))
    assert workshop.run("refresh", "acme", "--from", str(file)) == 0
    assert schemas(workshop)["Reply"]["properties"] == {
        "id": {"type": "string"},
        "why": {"type": "string", "enum": ["A", "B"]},
        "any": {},
        "events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
    }
    assert 'date = "2026-08-21"' in (workshop.vendor / "source.toml").read_text(encoding="utf-8")
    workshop.generate()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<html>Not found", "is a web page instead of a description"),
        ("{a: [", "is neither JSON nor YAML"),
        (
            '{"openapi": "3.1.0", "info": {"ti',
            "is neither JSON nor YAML: Unterminated string starting at: line 1 column 31",
        ),
        ("openapi: 3.1.0\ninfo: {title", "is neither JSON nor YAML: while parsing a flow mapping"),
        ("[1]", "is neither a JSON nor a YAML object"),
        ("swagger: '2.0'", "is no OpenAPI 3.0, 3.1 or 3.2 document"),
        ("openapi: 3.1.0", "has no components.schemas"),
        ("openapi: 3.1.0\ncomponents: [1]", "has no components.schemas"),
        ("openapi: 3.1.0\ncomponents: {schemas: {}}\npaths: []", "published has no operation POST /chat\n"),
        (
            "openapi: 3.1.0\ninfo: {title: Emca API}\ncomponents: {schemas: {}}",
            "published (Emca API) has no operation POST /chat\n",
        ),
        (
            "openapi: 3.1.0\ncomponents: {schemas: {}}\npaths: {/models: {}, /v2/chat: {post: {}}}",
            "published has no operation POST /chat, but /v2/chat\n",
        ),
        (
            "openapi: 3.1.0\npaths: {/chat: {post: {}}}\n"
            "components: {schemas: {Request: {}, Reply: {oneOf: 3}, Event: {}, Problem: {}}}",
            "published: Reply: oneOf cannot be 3\n",
        ),
        ("openapi: 3.1.0\ncomponents: {schemas: {}}\npaths: {/chat: {get: {}}}", "has no operation POST /chat"),
        (
            "openapi: 3.1.0\ncomponents: {schemas: {}}\npaths: {/chat: {post: {}}}",
            "the operation refers to Problem, which is not described",
        ),
    ],
)
def test_a_document_that_is_not_what_it_claims(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], text: str, complaint: str
) -> None:
    before = {file.name: file.read_bytes() for file in workshop.vendor.iterdir()}
    assert workshop.run("refresh", "acme", "--from", str(published(workshop, text))) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
    assert {file.name: file.read_bytes() for file in workshop.vendor.iterdir()} == before


def test_an_openapi_document_is_no_discovery_document(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.configure(top='format = "google-discovery"')
    assert workshop.run("refresh", "acme", "--from", str(published(workshop, workshop.document("")))) == 1
    assert "is no Google discovery document" in capsys.readouterr().err


def test_a_file_that_is_not_there(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert workshop.run("refresh", "acme", "--from", "nowhere.json") == 1
    assert capsys.readouterr().err == "codegen: nowhere.json: No such file or directory\n"


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("https://127.0.0.1:0/openapi.json", "a copy of it can be taken by --from FILE"),
        ("http://acme.example/openapi.json", "http://acme.example/openapi.json is no https address"),
        ("https://", "a copy of it can be taken by --from FILE"),
    ],
)
def test_an_address_that_cannot_be_read(
    workshop: Workshop, capsys: pytest.CaptureFixture[str], address: str, complaint: str
) -> None:
    file = workshop.vendor / "source.toml"
    text = file.read_text(encoding="utf-8").replace("https://acme.example/openapi.json", address)
    for noted in (text, text.replace(f'address = "{address}"', f'resolver = {{page = "{address}", key = "url"}}')):
        file.write_text(noted, encoding="utf-8")
        assert workshop.run("refresh", "acme") == 1
        said = capsys.readouterr().err
        assert said.startswith(f"codegen: {address}")
        assert said.endswith(f"{complaint}\n")
        assert said.count("\n") == 1


def test_no_address_at_all(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    file = workshop.vendor / "source.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("address = ", "# "), encoding="utf-8")
    assert workshop.run("refresh", "acme") == 1
    assert "specs/acme/source.toml: upstream.address is missing; use --from FILE" in capsys.readouterr().err


def test_a_date_is_a_date(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        workshop.run("refresh", "acme", "--date", "tomorrow")
    assert "invalid date value: 'tomorrow'" in capsys.readouterr().err


def test_words_of_yaml_1_1_are_strings(workshop: Workshop) -> None:
    document = "\n".join(
        [
            "openapi: 3.0.3",
            "info: {version: 2026-08-21}",
            "paths: {/chat: {post: {}}}",
            "components: {schemas: {Request: {}, Event: {}, Problem: {}, Reply: {enum: [on, no, 2026-08-21, true]}}}",
        ]
    )
    assert workshop.run("refresh", "acme", "--from", str(published(workshop, document))) == 0
    assert schemas(workshop)["Reply"]["enum"] == ["on", "no", "2026-08-21", True]


def test_what_a_vendor_forgot_to_describe_is_for_an_overlay(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    file = published(workshop, workshop.document("Reply: {properties: {a: {$ref: Lost}}}"))
    assert workshop.run("refresh", "acme", "--from", str(file)) == 0
    assert workshop.run("generate") == 1
    assert capsys.readouterr().err == "codegen: specs/acme: Reply refers to Lost, which is not described\n"
    workshop.overlay("- {target: $.components.schemas, description: forgotten, update: {Lost: {type: string}}}")
    workshop.generate()


def test_each_vendor_by_itself(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("beta", "gamma"):
        shutil.copytree(workshop.vendor, workshop.specs / name)
    folder = workshop.specs.parent / "copies"
    folder.mkdir()
    (folder / "acme.yaml").write_text(workshop.document("Reply: {properties: {new: {}}}"), encoding="utf-8")
    (folder / "beta.json").write_text('{"openapi": "3.1.0", "info"', encoding="utf-8")
    (folder / "gamma.json.gz").write_bytes(gzip.compress(workshop.document(PROSE).encode()))
    before = {file: file.read_bytes() for file in (workshop.specs / "beta").iterdir()}
    assert workshop.run("refresh", "--all", "--from", str(folder)) == 1
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.out.splitlines()] == ["acme", "gamma", "2 of 3 refreshed; not beta"]
    assert said.err.startswith(f"codegen: beta: {folder / 'beta.json'} is neither JSON nor YAML")
    assert {file: file.read_bytes() for file in (workshop.specs / "beta").iterdir()} == before
    assert "new" in schemas(workshop)["Reply"]["properties"]
    (folder / "beta.json").write_text(workshop.document(""), encoding="utf-8")
    assert workshop.run("refresh", "--all", "--from", str(folder)) == 0
    assert capsys.readouterr().out.endswith("3 of 3 refreshed\n")


def test_no_vendor_of_all_can_be_reached(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    file = workshop.vendor / "source.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('address = "https', 'address = "ftp'), encoding="utf-8")
    assert workshop.run("refresh", "--all") == 1
    assert capsys.readouterr().err == "codegen: acme: ftp://acme.example/openapi.json is no https address\n"


def test_a_source_toml_that_is_none_stops_no_other(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(workshop.vendor, workshop.specs / "beta")
    (workshop.vendor / "source.toml").write_text("title = 3", encoding="utf-8")
    published(workshop, workshop.document("")).rename(workshop.specs.parent / "beta.yaml")
    assert workshop.run("refresh", "--all", "--from", str(workshop.specs.parent)) == 1
    said = capsys.readouterr()
    assert said.out.endswith("1 of 2 refreshed; not acme\n")
    assert said.err.startswith("codegen: acme: specs/acme/source.toml: title: input should be a valid string")
