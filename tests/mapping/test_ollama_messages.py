"""Ollama: what each form of message puts on the wire."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import InvalidMessageError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json
from tests.mapping.test_ollama_parameters import OLLAMA

DATA: Final = "iVBORw0KGgo="
PIXEL: Final = f"data:image/png;base64,{DATA}"


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _image(url: str, **fields: object) -> Json:
    return {"type": "image_url", "image_url": {"url": url, **fields}}


def _call(arguments: object, made: str = "call_1", name: str = "add", **more: object) -> Json:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def _its(arguments: Json, made: str | None = "call_1", name: str = "add", **more: object) -> Json:
    return {"function": {"name": name, "arguments": arguments, **more}, **({"id": made} if made else {})}


def _assistant(content: str | None = "", **fields: object) -> Json:
    return {"role": "assistant", "content": content, **fields}


def _user(*parts: Json) -> Json:
    return {"role": "user", "content": list(parts)}


TURNS: Final[dict[str, tuple[Json, Json]]] = {
    "user": (HELLO[0], HELLO[0]),
    "user parts": (_user(_text("a"), _text("b")), {"role": "user", "content": "a\nb"}),
    "system": ({"role": "system", "content": "Be brief."}, {"role": "system", "content": "Be brief."}),
    "system parts": (
        {"role": "system", "content": [_text("Be brief.")]},
        {"role": "system", "content": "Be brief."},
    ),
    "developer": ({"role": "developer", "content": "Be brief."}, {"role": "system", "content": "Be brief."}),
    "images": (
        _user(_text("What?"), _image(PIXEL), _image("data:image/jpeg;base64,/9j/", detail="auto")),
        {"role": "user", "content": "What?", "images": [DATA, "/9j/"]},
    ),
    "image as bare text": (
        _user({"type": "image_url", "image_url": PIXEL}),
        {"role": "user", "content": "", "images": [DATA]},
    ),
    "assistant": (_assistant("Hello"), _assistant("Hello")),
    "assistant parts": ({"role": "assistant", "content": [_text("Hello")]}, _assistant("Hello")),
    "assistant without anything": ({"role": "assistant"}, _assistant()),
    "refusal": (_assistant(None, refusal="No."), _assistant("No.")),
    "refusal part": (
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        _assistant("No."),
    ),
    "reasoning": (_assistant("3", reasoning_content="1 + 2"), _assistant("3", thinking="1 + 2")),
    "call": (_assistant(None, tool_calls=[_call('{"a": 1}')]), _assistant(tool_calls=[_its({"a": 1})])),
    "call with everything": (
        _assistant("Adding.", reasoning_content="1 + 2", tool_calls=[_call('{"a": 1}')]),
        _assistant("Adding.", thinking="1 + 2", tool_calls=[_its({"a": 1})]),
    ),
    "call with an id of ours": (
        _assistant(None, tool_calls=[_call("{}", "call_pv_1")]),
        _assistant(tool_calls=[_its({}, None)]),
    ),
    "call with its index": (
        _assistant(None, tool_calls=[_call("{}", provider_specific_fields={"index": 0})]),
        _assistant(tool_calls=[_its({}, index=0)]),
    ),
    "call without arguments": (_assistant(None, tool_calls=[_call("")]), _assistant(tool_calls=[_its({})])),
    "call with null arguments": (_assistant(None, tool_calls=[_call(None)]), _assistant(tool_calls=[_its({})])),
    "call with an object": (
        _assistant(None, tool_calls=[_call({"a": 1})]),
        _assistant(tool_calls=[_its({"a": 1})]),
    ),
    "images drawn before": (
        _assistant("Here.", provider_specific_fields={"ollama": {"images": [DATA]}}),
        _assistant("Here.", images=[DATA]),
    ),
    "what another vendor sent": (
        _assistant("3", provider_specific_fields={"gemini": {"parts": [], "text": "3"}}),
        _assistant("3"),
    ),
}


@pytest.mark.parametrize(("given", "sends"), TURNS.values(), ids=TURNS)
def test_turn(given: Json, sends: Json) -> None:
    assert OLLAMA.sent([given])["messages"] == [sends]


def _answer(made: str, content: object, **fields: object) -> Json:
    return {"role": "tool", "tool_call_id": made, "content": content, **fields}


def _told(name: str, content: str, **fields: object) -> Json:
    return {"role": "tool", "content": content, **fields, "tool_name": name}


ASKED: Final = _assistant(None, tool_calls=[_call("{}", "a"), _call("{}", "b", "now"), _call("{}", "c")])

ANSWERS: Final[dict[str, tuple[list[Json], list[Json]]]] = {
    "by name": ([_answer("a", "3")], [_told("add", "3")]),
    "in the order of the calls": (
        [_answer("c", "3"), _answer("a", "1"), _answer("b", "2")],
        [_told("add", "1"), _told("now", "2"), _told("add", "3")],
    ),
    "parts": ([_answer("a", [_text("3"), _text("4")])], [_told("add", "3\n4")]),
    "image": ([_answer("a", [_image(PIXEL)])], [_told("add", "", images=[DATA])]),
    "of a call that is not there": (
        [_answer("x", "3", name="old"), _answer("a", "1")],
        [_told("add", "1"), _told("old", "3")],
    ),
}


@pytest.mark.parametrize(("answers", "sends"), ANSWERS.values(), ids=ANSWERS)
def test_tool_answers(answers: list[Json], sends: list[Json]) -> None:
    messages = OLLAMA.sent([*HELLO, ASKED, *answers, *HELLO])["messages"]
    assert isinstance(messages, list)
    assert messages[2:] == [*sends, *HELLO]


def test_an_id_that_comes_again_belongs_to_the_later_call() -> None:
    turns = [_assistant(None, tool_calls=[_call("{}", "a", name)]) for name in ("add", "now")]
    given = [turns[0], _answer("a", "1"), turns[1], _answer("a", "2")]
    messages = OLLAMA.sent(given)["messages"]
    assert isinstance(messages, list)
    assert [messages[1], messages[3]] == [_told("add", "1"), _told("now", "2")]


def test_the_deprecated_function_messages() -> None:
    asked = _assistant(None, function_call={"name": "add", "arguments": '{"a": 1}'})
    answer: Json = {"role": "function", "name": "add", "content": "3"}
    assert OLLAMA.sent([asked, answer])["messages"] == [
        _assistant(tool_calls=[_its({"a": 1}, None)]),
        _told("add", "3"),
    ]


def test_an_answer_to_no_call() -> None:
    with pytest.raises(InvalidMessageError, match=r"messages\[0\]\.tool_call_id 'x' answers no call"):
        OLLAMA.sent([_answer("x", "3")])


@pytest.mark.parametrize("arguments", ["{", "[1]", "3"])
def test_arguments_that_are_no_object(arguments: str) -> None:
    with pytest.raises(InvalidMessageError, match=r"messages\[0\]\.tool_calls\[0\]\.function\.arguments"):
        OLLAMA.sent([_assistant(None, tool_calls=[_call(arguments)])])


REFUSED: Final[dict[str, tuple[Json, str, str, Json]]] = {
    "image by address": (
        _user(_text("a"), _image("https://x.test/a.png")),
        "give the image itself as data:",
        "messages[0].content[1].image_url.url",
        {"role": "user", "content": "a"},
    ),
    "detail": (
        _user(_image(PIXEL, detail="low")),
        "no such setting",
        "messages[0].content[0].image_url.detail",
        {"role": "user", "content": "", "images": [DATA]},
    ),
    "sound": (
        _user(_text("a"), {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}),
        "text and images",
        "messages[0].content[1] (input_audio)",
        {"role": "user", "content": "a"},
    ),
    "file": (
        _user(_text("a"), {"type": "file", "file": {"file_id": "f"}}),
        "text and images",
        "messages[0].content[1] (file)",
        {"role": "user", "content": "a"},
    ),
    "cache": (
        _user({**_text("a"), "cache_control": {"type": "ephemeral"}}),
        "caches by itself",
        "messages[0].content[0].cache_control",
        {"role": "user", "content": "a"},
    ),
    "name": (
        {"role": "user", "name": "Ann", "content": "a"},
        "no names of participants",
        "messages[0].name",
        {"role": "user", "content": "a"},
    ),
}


@pytest.mark.parametrize(("given", "why", "what", "left"), REFUSED.values(), ids=REFUSED)
def test_refused_or_dropped(given: Json, why: str, what: str, left: Json) -> None:
    with pytest.raises(UnsupportedParamsError, match=why) as caught:
        OLLAMA.sent([given])
    assert caught.value.param == what
    body, dropped = OLLAMA.dropped([given])
    assert (body["messages"], dropped) == ([left], (what,))
