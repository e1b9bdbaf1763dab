"""Cohere: what each form of message puts on the wire."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import UnsupportedParamsError
from tests.mapping.asking import HELLO, Json
from tests.mapping.test_cohere_parameters import COHERE

PIXEL: Final = "data:image/png;base64,iVBORw0KGgo="


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _call(arguments: object, made: str = "add_1") -> Json:
    return {"id": made, "type": "function", "function": {"name": "add", "arguments": arguments}}


def _image(**fields: object) -> Json:
    return {"type": "image_url", "image_url": fields}


def _assistant(**fields: object) -> Json:
    return {"role": "assistant", **fields}


def _same(turn: Json) -> tuple[Json, Json]:
    return turn, turn


DOCUMENT: Final[Json] = {"type": "document", "document": {"id": "d1", "data": {"output": "3"}}}
THINKING: Final[Json] = {"type": "thinking", "thinking": "1 + 2"}
CITED: Final[Json] = {"content": [_text("3")], "citations": [{"start": 0, "end": 1, "text": "3", "sources": []}]}

TURNS: Final[dict[str, tuple[Json, Json]]] = {
    "user": (HELLO[0], HELLO[0]),
    "user parts": _same({"role": "user", "content": [_text("a"), _text("b")]}),
    "system": _same({"role": "system", "content": "Be brief."}),
    "system parts": _same({"role": "system", "content": [_text("Be brief.")]}),
    "developer": ({"role": "developer", "content": "Be brief."}, {"role": "system", "content": "Be brief."}),
    "image": _same({"role": "user", "content": [_text("What?"), _image(url="https://x.test/a.png")]}),
    "image inline": _same({"role": "user", "content": [_image(url=PIXEL, detail="low")]}),
    "image as bare text": (
        {"role": "user", "content": [{"type": "image_url", "image_url": PIXEL}]},
        {"role": "user", "content": [_image(url=PIXEL)]},
    ),
    "assistant": (_assistant(content="Hello"), _assistant(content="Hello")),
    "assistant parts": (_assistant(content=[_text("Hello")]), _assistant(content=[_text("Hello")])),
    "assistant without anything": (_assistant(), _assistant(content="")),
    "refusal": (_assistant(content=None, refusal="No."), _assistant(content="No.")),
    "refusal part": (_assistant(content=[{"type": "refusal", "refusal": "No."}]), _assistant(content=[_text("No.")])),
    "reasoning": (
        _assistant(content="3", reasoning_content="1 + 2"),
        _assistant(content=[THINKING, _text("3")]),
    ),
    "reasoning alone": (_assistant(reasoning_content="1 + 2"), _assistant(content=[THINKING])),
    "call": (_assistant(tool_calls=[_call('{"a": 1}')]), _assistant(tool_calls=[_call('{"a": 1}')])),
    "call with a plan": (
        _assistant(content=None, reasoning_content="I will add.", tool_calls=[_call("{}")]),
        _assistant(tool_calls=[_call("{}")], tool_plan="I will add."),
    ),
    "call with text": (
        _assistant(content="Adding.", tool_calls=[_call("{}")]),
        _assistant(content="Adding.", tool_calls=[_call("{}")]),
    ),
    "call without arguments": (_assistant(tool_calls=[_call("")]), _assistant(tool_calls=[_call("{}")])),
    "call with null arguments": (_assistant(tool_calls=[_call(None)]), _assistant(tool_calls=[_call("{}")])),
    "call with an object": (_assistant(tool_calls=[_call({"a": 1})]), _assistant(tool_calls=[_call('{"a":1}')])),
    "custom call": (
        _assistant(tool_calls=[{"id": "c1", "type": "custom", "custom": {"name": "add", "input": "1 2"}}]),
        _assistant(tool_calls=[_call('{"input":"1 2"}', "c1")]),
    ),
    "what Cohere sent": (
        _assistant(content="3", provider_specific_fields={"cohere": {"message": CITED, "text": "3"}}),
        _assistant(**CITED),
    ),
    "what Cohere sent, changed since": (
        _assistant(content="4", provider_specific_fields={"cohere": {"message": CITED, "text": "3"}}),
        _assistant(content="4"),
    ),
    "what another vendor sent": (
        _assistant(content="3", provider_specific_fields={"gemini": {"parts": [], "text": "3"}}),
        _assistant(content="3"),
    ),
}


@pytest.mark.parametrize(("given", "sends"), TURNS.values(), ids=TURNS)
def test_turn(given: Json, sends: Json) -> None:
    assert COHERE.sent([given])["messages"] == [sends]


ANSWERS: Final[dict[str, tuple[object, object]]] = {
    "text": ("3", "3"),
    "parts": ([_text("3")], [_text("3")]),
    "document": ([DOCUMENT, _text("Done.")], [DOCUMENT, _text("Done.")]),
}


@pytest.mark.parametrize(("content", "sends"), ANSWERS.values(), ids=ANSWERS)
def test_a_tools_answer(content: object, sends: object) -> None:
    asked = _assistant(tool_calls=[_call("{}")])
    answer = {"role": "tool", "tool_call_id": "add_1", "name": "add", "content": content}
    told = {"role": "tool", "tool_call_id": "add_1", "content": sends}
    assert COHERE.sent([*HELLO, asked, answer])["messages"] == [*HELLO, asked, told]


def test_the_deprecated_function_messages() -> None:
    asked = _assistant(content=None, function_call={"name": "add", "arguments": "{}"})
    answer: Json = {"role": "function", "name": "add", "content": "3"}
    assert COHERE.sent([*HELLO, asked, answer])["messages"] == [
        *HELLO,
        _assistant(tool_calls=[_call("{}", "call_pv_1")]),
        {"role": "tool", "tool_call_id": "call_pv_1", "content": "3"},
    ]


REFUSED: Final[dict[str, tuple[Json, str, str, list[Json]]]] = {
    "sound": (
        {
            "role": "user",
            "content": [_text("a"), {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}],
        },
        "text and images",
        "messages[0].content[1] (input_audio)",
        [{"role": "user", "content": [_text("a")]}],
    ),
    "file": (
        {"role": "user", "content": [_text("a"), {"type": "file", "file": {"file_id": "f"}}]},
        "documents",
        "messages[0].content[1] (file)",
        [{"role": "user", "content": [_text("a")]}],
    ),
    "image for the system": (
        {"role": "system", "content": [_text("a"), _image(url=PIXEL)]},
        "text only",
        "messages[0].content[1] (image_url)",
        [{"role": "system", "content": [_text("a")]}],
    ),
    "image of a tool": (
        {"role": "tool", "tool_call_id": "x", "content": [_text("a"), _image(url=PIXEL)]},
        "documents",
        "messages[0].content[1] (image_url)",
        [{"role": "tool", "tool_call_id": "x", "content": [_text("a")]}],
    ),
    "detail": (
        {"role": "user", "content": [_image(url=PIXEL, detail="original")]},
        "no detail 'original'",
        "messages[0].content[0].image_url.detail",
        [{"role": "user", "content": [_image(url=PIXEL)]}],
    ),
    "cache": (
        {"role": "user", "content": [{**_text("a"), "cache_control": {"type": "ephemeral"}}]},
        "caches by itself",
        "messages[0].content[0].cache_control",
        [{"role": "user", "content": [_text("a")]}],
    ),
    "name": (
        {"role": "user", "name": "Ann", "content": "a"},
        "no names of participants",
        "messages[0].name",
        [{"role": "user", "content": "a"}],
    ),
}


@pytest.mark.parametrize(("given", "why", "what", "left"), REFUSED.values(), ids=REFUSED)
def test_refused_or_dropped(given: Json, why: str, what: str, left: list[Json]) -> None:
    with pytest.raises(UnsupportedParamsError, match=why) as caught:
        COHERE.sent([given])
    assert caught.value.param == what
    body, dropped = COHERE.dropped([given])
    assert (body["messages"], dropped) == (left, (what,))
