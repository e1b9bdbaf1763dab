"""What the hand-written half is given: RequestFields, tables, options; at work, and as one golden record."""

import os
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.codegen.workshop import Workshop

GOLDEN: Final = Path(__file__).parent / "golden"
VENDOR: Final = """
    Request:
      type: object
      required: [model, turns, seed]
      properties:
        model: {anyOf: [{type: string}, {enum: [m-1]}]}
        turns: {type: array, items: {$ref: Turn}}
        seed: {type: [integer, "null"]}
        mode: {anyOf: [{enum: [fast, deep]}, {type: array, items: {type: string}}]}
        limit: {type: integer, nullable: true}
        tier: {enum: [free, paid]}
        config: {$ref: Config}
        legacy: {type: string}
    Turn: {type: object, properties: {from: {enum: [user, model]}, text: {type: string}}, required: [from]}
    Config: {type: object, properties: {heat: {type: number}, beams: {type: integer}, log: {type: boolean}}}
    Reply:
      type: object
      required: [id, why, blocks]
      properties:
        id: {type: string}
        why: {anyOf: [{enum: [end, limit]}, {type: "null"}]}
        blocks: {type: array, items: {$ref: Block}}
    Block: {oneOf: [{$ref: Text}, {$ref: Image}]}
    Text: {type: object, properties: {type: {const: text}, text: {type: string}}, required: [type, text]}
    Image: {type: object, properties: {type: {const: image}, url: {type: string}}, required: [type, url]}
    Event: {type: object, properties: {delta: {$ref: Text}}}
"""


@pytest.fixture
def acme(workshop: Workshop) -> Workshop:
    """A vendor with something of everything, compiled."""
    workshop.configure(
        rest="""
        [stubs.fields]
        config = "ConfigFields"
        [stubs.tables]
        StopReasons = "ReplyWhy"
        BlockTypes = "Block"
        """
    )
    workshop.decide(
        mapped=["model", "turns", "seed", "mode", "limit", "config", "config.heat"],
        passthrough=["tier", "config.beams"],
        ignored='legacy = "nobody uses it"\n"config.log" = "it changes nothing"',
    )
    workshop.generate(VENDOR)
    return workshop


@pytest.mark.parametrize("name", ["requests", "responses", "options", "stubs"])
def test_golden_record(acme: Workshop, name: str) -> None:
    """To accept a change, run once with UPDATE_GOLDEN=1 and read the difference."""
    golden = GOLDEN / f"{name}.py.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(acme.text(f"{name}.py"), encoding="utf-8")
    assert acme.text(f"{name}.py") == golden.read_text(encoding="utf-8")


def test_fields_have_no_defaults_and_are_sent_in_order(acme: Workshop) -> None:
    stubs = acme.module("stubs")
    support = sys.modules[f"{acme.package}.support"]
    with pytest.raises(TypeError, match="missing 4 required keyword-only arguments"):
        stubs.RequestFields(model="m", turns=[])
    config = stubs.ConfigFields(heat=0.5)
    sent = stubs.RequestFields(config=config, seed=None, model="m", turns=[], mode=support.OMIT, limit=support.OMIT)
    assert list(sent.wire().items()) == [("model", "m"), ("turns", []), ("seed", None), ("config", {"heat": 0.5})]


def test_given_omits_none(acme: Workshop) -> None:
    acme.module("stubs")
    support = sys.modules[f"{acme.package}.support"]
    assert support.given(None) is support.OMIT
    assert support.given(0) == 0
    assert not support.OMIT
    assert repr(support.OMIT) == "OMIT"


def test_options_say_where_they_go_and_need_no_pydantic(acme: Workshop) -> None:
    options = acme.module("options")
    assert options.PATHS == {"tier": ("tier",), "beams": ("config", "beams")}
    assert "pydantic" not in acme.text("options.py").split('"""')[2]


def test_tables_list_words_and_tags(acme: Workshop) -> None:
    stubs = acme.module("stubs")
    assert list(stubs.StopReasons.__annotations__) == ["end", "limit"]
    assert list(stubs.BlockTypes.__annotations__) == ["text", "image"]


def test_replies_are_mapped_unless_the_source_says_otherwise(workshop: Workshop) -> None:
    workshop.generate()
    stubs = workshop.module("stubs")
    assert (stubs.Mapping.__abstractmethods__, stubs.StreamMapping.__abstractmethods__) == (
        {"request", "response"},
        {"event"},
    )
    workshop.configure(rest="[stubs]\nreply = false")
    workshop.generate()
    stubs = workshop.module("stubs")
    assert stubs.Mapping.__abstractmethods__ == {"request"}
    assert not hasattr(stubs, "StreamMapping")


def test_two_options_of_one_name_are_refused(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.configure(rest='[stubs.fields]\nconfig = "ConfigFields"')
    workshop.decide(mapped=["config"], passthrough=["seed", "config.seed"])
    workshop.describe("""
        Config: {type: object, properties: {seed: {type: integer}}}
        Request: {type: object, properties: {seed: {type: integer}, config: {$ref: Config}}}
    """)
    assert workshop.run("generate") == 1
    assert "two options would be called seed" in capsys.readouterr().err
