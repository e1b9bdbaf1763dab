"""Unions whose arms do not say what tells them apart, but whose own table does."""

import pytest
from pydantic import ValidationError

from tests.codegen.workshop import Workshop

TABLE = """
Kind: {type: object, properties: {type: {type: string, enum: [start, stop, end]}}, required: [type]}
Start: {allOf: [{$ref: Kind}, {type: object, properties: {id: {type: string}}}]}
Stop: {allOf: [{$ref: Kind}, {type: object, properties: {why: {type: object, properties: {x: {}}}}, required: [why]}]}
Bare: {type: object, properties: {n: {type: integer}}}
Event:
  oneOf: [{$ref: Start}, {$ref: Stop}, {$ref: Bare}]
  discriminator:
    propertyName: type
    mapping:
      start: "#/components/schemas/Start"
      stop: "#/components/schemas/Stop"
      bare: "#/components/schemas/Bare"
      away: "#/components/schemas/Away"
"""


def test_the_table_gives_each_arm_its_constant(workshop: Workshop) -> None:
    reader = workshop.reply(TABLE)
    events: list[dict[str, object]] = [
        {"type": "start", "id": "a"},
        {"type": "stop", "why": {}},
        {"type": "bare"},
        {"type": "new"},
    ]
    names = [type(reader.read(event, "Event")).__name__ for event in events]
    assert names == ["Start", "Stop", "Bare", "UnknownVariant"]
    assert 'type: Literal["bare"] = "bare"' in workshop.text("responses.py")


def test_a_known_arm_that_is_broken_stays_an_error(workshop: Workshop) -> None:
    reader = workshop.reply(TABLE)
    with pytest.raises(ValidationError, match="why"):
        reader.read({"type": "stop"}, "Event")


def test_an_arm_with_two_words_keeps_what_it_says_itself(workshop: Workshop) -> None:
    workshop.generate(TABLE.replace("away:", "end:").replace("schemas/Away", "schemas/Stop"))
    assert "Event: TypeAlias = Start | Stop | Bare" in workshop.text("responses.py")


def test_in_requests_the_tag_stays_optional_where_it_was(workshop: Workshop) -> None:
    workshop.decide(mapped=["model", "tool"])
    workshop.generate("""
        Words: {type: string, enum: [function]}
        Tool: {type: object, properties: {type: {$ref: Words}, name: {type: string}}, required: [name]}
        Search: {type: object, properties: {type: {type: string, enum: [search]}}}
        Request:
          type: object
          properties:
            model: {type: string}
            tool:
              oneOf: [{$ref: Tool}, {$ref: Search}]
              discriminator:
                propertyName: type
                mapping: {function: "#/components/schemas/Tool", search: "#/components/schemas/Search"}
    """)
    text = workshop.text("requests.py")
    assert 'class Tool(TypedDict):\n    type: NotRequired[Literal["function"]]\n' in text
    assert "RequestTool: TypeAlias = Tool | Search" in text
