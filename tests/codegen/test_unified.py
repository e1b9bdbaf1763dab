"""The unified types: nothing required, no word refused, values as attributes and as keys."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.codegen.workshop import Reader, Workshop

BASE: Final = """
    Reply:
      type: object
      required: [id, choices, object]
      properties:
        id: {type: string}
        object: {const: reply}
        choices: {type: array, items: {$ref: Choice}}
        tier: {enum: [a, b]}
    Choice:
      type: object
      required: [why, message, extra]
      properties:
        why: {anyOf: [{enum: [stop, length]}, {type: "null"}]}
        message: {$ref: Message}
        extra: {type: object}
    Message:
      required: [role, content]
      properties: {role: {const: model}, content: {type: [string, "null"]}}
"""
CHAT: Final = """
title = "Chat"
base = "acme"
page = "https://acme.example/chat"
closed = ["Why"]
[docs]
Reply = "What came back."
[names]
ChoiceWhy = "Why"
"""


@pytest.fixture
def chat(workshop: Workshop) -> Reader:
    """Unified types compiled from the description of `acme`."""
    folder = workshop.specs / "chat"
    folder.mkdir()
    (folder / "source.toml").write_text(CHAT, encoding="utf-8")
    workshop.describe(BASE)
    workshop.generate()
    workshop.module("responses")
    return Reader(__import__(f"{workshop.package}.chat.responses", fromlist=["*"]))


def test_everything_has_a_default(chat: Reader) -> None:
    made: Any = chat.types
    assert made.Reply().model_dump() == {"id": "", "object": "reply", "choices": [], "tier": None}
    assert made.Choice().message.role == "model"
    assert made.Choice().message is not made.Choice().message
    assert made.Choice().extra == {}


def test_any_word_is_read(chat: Reader) -> None:
    reply = chat.read({"choices": [{"why": "sunspots", "message": {"role": "oracle"}}], "object": "", "tier": "z"})
    assert (reply.choices[0].why, reply.choices[0].message.role, reply.tier) == ("sunspots", "oracle", "z")


def test_values_are_keys_too(chat: Reader) -> None:
    reply = chat.read({"id": "a", "choices": [{"message": {"content": "hi"}}], "new": 1})
    assert reply["choices"][0]["message"]["content"] == "hi"
    assert (reply["new"], reply.get("new"), "new" in reply, reply["tier"]) == (1, 1, True, None)
    assert (reply.get("tier"), reply.get("tier", "x"), reply.get("nothing", "x")) == (None, "x", "x")
    assert ("tier" in reply, "nothing" in reply, "id" in reply) == (False, False, True)
    assert reply.keys() == ["id", "object", "choices", "new"]
    assert {**reply}["id"] == "a"
    with pytest.raises(KeyError, match="nothing"):
        reply["nothing"]


LEGAL: Final = """
from typing import assert_type
from {package}.chat import responses as c
def look(reply: c.Reply) -> None:
    assert_type(reply["choices"][0]["message"]["content"], str | None)
    assert_type(reply["choices"][0]["message"].get("content", ""), str)
    assert_type(reply.choices[0].get("why"), c.Why | None)
    assert_type(reply.choices[0].why, c.Why | None)
    assert_type(reply["object"], str)
    assert_type(reply.get("nothing", 1), object)
    c.Choice(why="sunspots")
"""


def test_keys_are_typed_and_enums_closed_for_callers(chat: Reader, tmp_path: Path) -> None:
    file = tmp_path / "legal.py"
    file.write_text(LEGAL.format(package=chat.types.__name__.split(".")[0]), encoding="utf-8")
    settings = ["--config-file", "/dev/null", "--cache-dir", str(tmp_path / "cache"), "--no-error-summary"]
    command = [sys.executable, "-m", "mypy", "--strict", *settings, "--output", "json", file.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["line"], each["code"]) for each in found] == [(11, "arg-type")], done.stdout + done.stderr
