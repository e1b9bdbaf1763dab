"""`diff`: what changed, in the field's words; what it means; and that it names the functions that mypy then names."""

import json
from pathlib import Path
from typing import Final

import pytest

from codegen import sources
from codegen.__main__ import main
from tests.codegen.workshop import Workshop

CHECKOUT: Final = Path(__file__).parents[2]
ANTHROPIC: Final = sources.load(CHECKOUT / "specs" / "anthropic")


@pytest.fixture
def shop(workshop: Workshop) -> Workshop:
    """A vendor with a table, an option and a hand-written half."""
    workshop.configure(rest='[stubs.tables]\nStopReasons = "StopReason"')
    workshop.describe(OLD)
    workshop.decide(mapped=["model", "tools"], passthrough=["speed"], ignored='old = "why"')
    (workshop.specs.parent / "runtime").mkdir()
    (workshop.specs.parent / "runtime" / "acme.py").write_text(MAPPING, encoding="utf-8")
    return workshop


OLD: Final = """
Request:
  type: object
  properties:
    {model: {type: string}, tools: {type: array, items: {$ref: Tool}}, speed: {enum: [fast, slow]}, old: {}}
  required: [model]
Tool:
  type: object
  properties: {name: {type: string, maxLength: 64}, kind: {type: string}, effort: {enum: [low, high]}}
  required: [name]
Reply:
  type: object
  properties:
    id: {type: string}
    blocks: {type: array, items: {$ref: Block}}
    why: {$ref: StopReason}
  required: [id]
StopReason: {type: string, enum: [end, length]}
Block: {oneOf: [{$ref: Text}, {$ref: Image}], discriminator: {propertyName: type}}
Text: {type: object, properties: {type: {const: text}, text: {type: string}}, required: [type, text]}
Image: {type: object, properties: {type: {const: image}, url: {type: string}}, required: [type]}
Sound: {type: object, properties: {type: {const: sound}}, required: [type]}
Event: {oneOf: [{$ref: Start}, {$ref: Stop}], discriminator: {propertyName: type}}
Start: {type: object, properties: {type: {const: start}}, required: [type]}
Stop: {type: object, properties: {type: {const: stop}}, required: [type]}
"""

MAPPING: Final = """
from polyvox_wire.acme import requests as q
from polyvox_wire.acme import responses as r
from polyvox_wire.acme import stubs

REASONS: stubs.StopReasons[str] = {"end": "stop", "length": "length"}


class Mapping:
    def request(self, call) -> stubs.RequestFields:
        return stubs.RequestFields(model=call.model, tools=[tool(each) for each in call.tools])

    def response(self, call, reply: r.Reply, /):
        return reply.id, [block(each) for each in reply.blocks]


EFFORTS: dict[str, q.ToolEffort] = {"minimal": "low", "low": "low", "high": "high"}


def tool(given):
    return q.Tool(name=given.name, effort=EFFORTS[given.effort])


def block(block: r.Block):
    match block:
        case r.Text():
            return block.text
        case r.Image():
            return block.url
        case _:
            assert_never(block)


def event(event: r.Event):
    match event:
        case r.Start() | r.Stop():
            return None
        case _:
            assert_never(event)
"""

STEPS: Final = [
    ("old: {}}", "old: {}, seed: {type: integer}}", "request field added: seed (integer)", "a decision", 1),
    (", old: {}", "", "request field removed: old", "needs a decision: specs/acme/decisions.toml", 1),
    (
        "tools: {type: array, items: {$ref: Tool}}, ",
        "",
        "request field removed: tools",
        "breaks callers of what sends",
        2,
    ),
    ("[fast, slow]", "[fast, slow, eco]", "enum value added: eco", "new typed option: acme={'speed': ...}", 0),
    ("[fast, slow]", "[fast]", "enum value removed: slow", "breaks callers of acme={'speed': ...}", 2),
    ("speed:", "speeds:", "request field seems renamed: speed -> speeds", "breaks callers of acme={'speed': ...}", 2),
    (
        "model: {type: string}",
        "model: {type: integer}",
        "request field retyped: model (string -> integer)",
        ":Mapping.request",
        1,
    ),
    ("model: {type: string}", "model: {type: [string, 'null']}", "request field nullable: model", "nothing to do", 0),
    ("required: [model]", "required: [model, tools]", "request field required now: tools", ":Mapping.request", 1),
    (
        "required: [name]",
        "required: [name, kind]",
        "request field required now: kind",
        "needs a mapping: runtime/acme.py:tool",
        1,
    ),
    ("maxLength: 64", "maxLength: 128", "bound changed: maxLength 64 -> 128", "nothing to do", 0),
    (
        "[end, length]",
        "[end, length, safety]",
        "stop reason added: safety",
        "needs a mapping: runtime/acme.py:REASONS",
        1,
    ),
    ("[end, length]", "[end]", "stop reason removed: length", "needs a mapping: runtime/acme.py:REASONS", 1),
    (
        "{$ref: Image}]",
        "{$ref: Image}, {$ref: Sound}]",
        "block type added: Sound",
        "needs a mapping: runtime/acme.py:block",
        1,
    ),
    (
        "{$ref: Stop}]",
        "{$ref: Stop}, {$ref: Sound}]",
        "stream event added: Sound",
        "needs a mapping: runtime/acme.py:event",
        1,
    ),
    (
        ", {$ref: Image}]",
        "]",
        "block type removed: Image",
        "breaks callers of native Image; needs a mapping: runtime/acme.py:block",
        2,
    ),
    (
        "id: {type: string}",
        "id: {type: integer}",
        "reply field retyped: id (string -> integer)",
        "runtime/acme.py:Mapping.response",
        2,
    ),
    ("required: [id]", "required: [id, why]", "reply field required now: why", "nothing to do", 0),
    (
        "url: {type: string}",
        "url: {type: string}, alt: {type: string}",
        "reply field added: alt (string)",
        "nothing to do",
        0,
    ),
    (
        "text: {type: string}",
        "text: {type: [string, 'null']}",
        "reply field nullable: text",
        "needs a mapping: runtime/acme.py:block",
        1,
    ),
    ("[low, high]", "[low, high, max]", "enum value added: max", "can a caller say it? See runtime/acme.py:EFFORTS", 0),
    (
        "{enum: [low, high]}",
        "{type: string}",
        "request field retyped: effort ('low', 'high' -> string)",
        "nothing to",
        0,
    ),
    ("name: {type: string, ", "lang: {}, name: {type: string, ", "request field added: lang", "worth a look:", 0),
    ("speed: {enum: [fast, slow]}", "speed: {type: string}", "request field retyped: speed", "new typed option", 0),
    (
        "required: [model]",
        "required: [model, speed]",
        "request field required now: speed",
        "breaks callers of what does not send speed; needs a decision: specs/acme/decisions.toml",
        2,
    ),
    ("required: [id]", "required: [id]  # a comment", "no change", "", 0),
    ("[end, length]", "[length, end]", "no change", "", 0),
    ("url: {type: string}", "url: {oneOf: [{type: string}]}", "no change", "", 0),
]


@pytest.mark.parametrize(
    ("old", "new", "gist", "says", "status"),
    STEPS,
    ids=[f"{gist}{number}" for number, (*_, gist, _, _) in enumerate(STEPS)],
)
def test_what_is_said_of_a_change(
    shop: Workshop, capsys: pytest.CaptureFixture[str], old: str, new: str, gist: str, says: str, status: int
) -> None:
    assert old in OLD
    assert diffed(shop, OLD.replace(old, new)) == status
    said = capsys.readouterr().out
    assert gist in said
    assert says in said


def diffed(shop: Workshop, schemas: str, *more: str) -> int:
    """Run `diff` between what is vendored and these schemas; its exit status."""
    file = shop.specs.parent / "published.yaml"
    file.write_text(shop.document(schemas), encoding="utf-8")
    before = {each: each.read_bytes() for each in shop.specs.rglob("*") if each.is_file()}
    runtime = str(shop.specs.parent / "runtime")
    status = main(["diff", "acme", "--from", str(file), "--specs", str(shop.specs), "--runtime", runtime, *more])
    assert {each: each.read_bytes() for each in shop.specs.rglob("*") if each.is_file()} == before, (
        "diff wrote something"
    )
    return status


def test_a_description_that_is_not_there(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 3, as 1 and 2 are what a report comes to."""
    for where in (["acme", "--from", str(shop.specs / "nowhere")], ["--all", "--from", str(shop.specs / "nowhere")]):
        assert main(["diff", *where, "--specs", str(shop.specs)]) == 3
        assert capsys.readouterr().err.startswith(f"codegen: {shop.specs / 'nowhere'}")


def test_an_arm_that_an_overlay_names_and_that_is_gone(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    """Generate stops at the overlay; what callers lose is that arm, and no other."""
    bag = "Bag: {type: object, properties: {text: {type: string}, image: {type: string}, sound: {type: string}}}\n"
    old = OLD.replace("id: {type: string}\n", "id: {type: string}\n    bag: {$ref: Bag}\n") + bag
    shop.describe(old)
    mark = "{x-keyed-union: {first: [image], names: {text: Words}}}"
    shop.overlay(f"- {{target: $.components.schemas.Bag, description: why, update: {mark}}}")
    assert diffed(shop, old.replace(" image: {type: string},", "")) == 2
    said = capsys.readouterr().out
    assert "generate stops: Bag.image is named in x-keyed-union.first by an overlay" in said
    assert "breaks callers of native ImageBag\n" in said


def test_json_for_programs(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert diffed(shop, OLD.replace("[end, length]", "[end, length, safety]"), "--json") == 1
    said = json.loads(capsys.readouterr().out)
    line: int = said["changes"][0]["consequence"]["at"][0].pop("line")
    assert MAPPING.splitlines()[line - 1].startswith("REASONS")
    assert said == {
        "format": 1,
        "vendor": "acme",
        "old": "specs/acme of ",
        "new": str(shop.specs.parent / "published.yaml"),
        "status": 1,
        "changes": [
            {
                "what": "stop reason",
                "change": "added",
                "name": "safety",
                "before": "",
                "after": "safety",
                "guess": False,
                "roles": ["response"],
                "places": ["StopReason"],
                "consequence": {
                    "level": "mapping",
                    "says": "needs a mapping: runtime/acme.py:REASONS",
                    "breaks": [],
                    "options": [],
                    "verdict": "",
                    "at": [{"file": "runtime/acme.py", "function": "REASONS"}],
                },
            }
        ],
    }


def test_a_draft_for_the_changelog(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    new = OLD.replace("[end, length]", "[end, length, safety]").replace("[fast, slow]", "[fast]")
    assert diffed(shop, new.replace("maxLength: 64", ""), "--changelog") == 2
    assert capsys.readouterr().out.splitlines() == [
        "### acme",
        "",
        "- Breaking, by the vendor, for `acme={'speed': ...}`: enum value removed: slow, in `Request.speed`",
        "- Stop reason added: safety, in `StopReason`",
    ]


def test_the_draft_has_what_callers_notice_and_nothing_else(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    new = OLD
    for old, changed, *_ in STEPS[3:16]:  # what can happen at once
        new = new.replace(old, changed)
    diffed(shop, new, "--json")
    changes = json.loads(capsys.readouterr().out)["changes"]
    diffed(shop, new, "--changelog")
    entries = capsys.readouterr().out.splitlines()[2:]
    noticed = [each for each in changes if each["consequence"]["level"] not in ("nothing", "look")]
    assert len(entries) == len(noticed) > 5
    levels = ["breaking" if " for " in entry else "option" if " New in" in entry else "mapping" for entry in entries]
    assert levels == sorted(
        [each["consequence"]["level"] for each in noticed], key=["breaking", "option", "mapping"].index
    )
    for each in noticed:
        code = [*each["consequence"]["breaks"], *each["consequence"]["options"]]
        words = [each["what"], each["name"], each["places"][0], *(name.rpartition(" ")[2] for name in code)]
        assert any(all(word.lower() in entry.lower() for word in words) for entry in entries), each


def test_nothing_that_callers_notice_is_no_entry(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert diffed(shop, OLD.replace("maxLength: 64", "maxLength: 65"), "--changelog") == 0
    assert capsys.readouterr().out == ""


def test_what_else_changed_of_a_field_that_was_renamed(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    new = OLD.replace("name: {type: string, maxLength: 64}", "names: {type: [string, 'null'], maxLength: 65}")
    diffed(shop, new.replace("required: [name]}", "required: []}"))
    said = capsys.readouterr().out
    assert "request field seems renamed: name -> names" in said
    assert "request field optional now: names" in said
    assert "request field nullable: names" in said
    assert "bound changed: maxLength 64 -> 65" in said


def test_any_two_descriptions(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    other = shop.specs.parent / "older.yaml"
    other.write_text(shop.document(OLD.replace("[end, length]", "[end]")), encoding="utf-8")
    assert diffed(shop, OLD, "--old", str(other)) == 0
    assert "stop reason added: length" in capsys.readouterr().out  # and it is handled already


@pytest.mark.parametrize("text", ["", "{", "openapi: 3.1.0"])
def test_a_description_that_cannot_be_read(shop: Workshop, capsys: pytest.CaptureFixture[str], text: str) -> None:
    file = shop.specs.parent / "published.yaml"
    file.write_text(text, encoding="utf-8")
    assert main(["diff", "acme", "--from", str(file), "--specs", str(shop.specs)]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("codegen: ")
    assert said.err.count("\n") == 1


def test_an_overlay_that_no_longer_fits(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.overlay("- {target: $.components.schemas.Text.properties.text, description: why, update: {format: x}}")
    assert diffed(shop, OLD.replace("text: {type: string}", "body: {type: string}")) == 2
    said = capsys.readouterr().out
    assert "generate stops: specs/acme/overlay.yaml: action 1 matches nothing" in said
    assert "needs a decision: specs/acme/overlay.yaml" in said


def test_an_option_of_a_vendor_that_speaks_openais_dialect(shop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    shop.configure(top='dialect = "openai"')
    shop.decide(mapped=[], ignored="")
    (shop.vendor / "decisions.toml").unlink()
    assert diffed(shop, OLD.replace("old: {}", "old: {}, seed: {type: integer}, turbo: {type: boolean}")) == 0
    said = capsys.readouterr().out
    assert "new typed option: the parameter seed" in said
    assert "new typed option: acme={'turbo': ...}" in said
    assert diffed(shop, OLD.replace(", old: {}", "")) == 2
    assert "breaks callers of acme={'old': ...}" in capsys.readouterr().out
