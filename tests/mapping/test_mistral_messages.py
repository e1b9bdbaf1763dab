"""Mistral: what each form of message puts on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

import pytest

from polyvox import InvalidMessageError, UnsupportedParamsError
from tests.mapping.asking import Json, Wire, answered, sent

MODEL: Final = "mistral:mistral-small-latest"

USER: Final[Json] = {"role": "user", "content": "Hi"}
URL: Final = "https://x.test/a.png"
PIXEL: Final = "data:image/png;base64,AAAA"
PDF: Final = "data:application/pdf;base64,AAAA"
MARK: Final[Json] = {"cache_control": {"type": "ephemeral"}}


def _sent(*messages: Mapping[str, object]) -> list[Json]:
    return cast("list[Json]", sent(MODEL, messages)["messages"])


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _called(made: str, name: str = "add", arguments: object = '{"a": 1}') -> Json:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": arguments}}


TURNS: Final[dict[str, tuple[Json, Json]]] = {
    "system": ({"role": "system", "content": "Be brief."}, {"role": "system", "content": "Be brief."}),
    "system parts": ({"role": "system", "content": [_text("a")]}, {"role": "system", "content": [_text("a")]}),
    "developer": ({"role": "developer", "content": "Be kind."}, {"role": "system", "content": "Be kind."}),
    "user": (USER, USER),
    "user parts": ({"role": "user", "content": [_text("a")]}, {"role": "user", "content": [_text("a")]}),
    "assistant": ({"role": "assistant", "content": "Hello"}, {"role": "assistant", "content": "Hello"}),
    "refusal": (
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": "No."},
    ),
    "refusal part": (
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "assistant", "content": [_text("No.")]},
    ),
    "prefix": (
        {"role": "assistant", "content": "Sure:", "prefix": True},
        {"role": "assistant", "content": "Sure:", "prefix": True},
    ),
    "another vendor's thinking": (
        {
            "role": "assistant",
            "content": "3",
            "reasoning_content": "1 + 2",
            "thinking_blocks": [{"type": "thinking", "thinking": "1 + 2", "signature": "s"}],
        },
        {"role": "assistant", "content": "3"},
    ),
    "own thinking": (
        {"role": "assistant", "content": [{"type": "thinking", "thinking": [_text("1 + 2")]}, _text("3")]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": [_text("1 + 2")]}, _text("3")]},
    ),
}


@pytest.mark.parametrize(("message", "turn"), TURNS.values(), ids=TURNS)
def test_turn(message: Json, turn: Json) -> None:
    assert _sent(message, USER) == [turn, USER]


@pytest.mark.parametrize("content", [None, "", []])
def test_an_answer_with_nothing_in_it_does_not_go_back(content: object) -> None:
    assert _sent(USER, {"role": "assistant", "content": content}, USER) == [USER, USER]


PARTS: Final[dict[str, tuple[Json, Json]]] = {
    "image": ({"type": "image_url", "image_url": {"url": URL}}, {"type": "image_url", "image_url": URL}),
    "image as text": ({"type": "image_url", "image_url": URL}, {"type": "image_url", "image_url": URL}),
    "image inline": ({"type": "image_url", "image_url": {"url": PIXEL}}, {"type": "image_url", "image_url": PIXEL}),
    "image in detail": (
        {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
        {"type": "image_url", "image_url": {"url": URL, "detail": "low"}},
    ),
    "sound": (
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "mp3"}},
        {"type": "input_audio", "input_audio": "AA"},
    ),
    "sound as Mistral has it": (
        {"type": "input_audio", "input_audio": "AA"},
        {"type": "input_audio", "input_audio": "AA"},
    ),
    "sound by address": (
        {"type": "audio_url", "audio_url": {"url": "https://x.test/a.mp3"}},
        {"type": "input_audio", "input_audio": "https://x.test/a.mp3"},
    ),
    "sound in a data URL": (
        {"type": "audio_url", "audio_url": {"url": "data:audio/mp3;base64,AA=="}},
        {"type": "input_audio", "input_audio": "AA=="},
    ),
    "file inline": (
        {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
        {"type": "document_url", "document_url": PDF, "document_name": "a.pdf"},
    ),
    "file in bare base64": (
        {"type": "file", "file": {"file_data": "AAAA"}},
        {"type": "document_url", "document_url": PDF},
    ),
    "file by address": (
        {"type": "file", "file": {"file_id": "https://x.test/a.pdf"}},
        {"type": "document_url", "document_url": "https://x.test/a.pdf"},
    ),
    "file by id": ({"type": "file", "file": {"file_id": "f-1"}}, {"type": "file", "file_id": "f-1"}),
    "document": (
        {"type": "document_url", "document_url": PDF},
        {"type": "document_url", "document_url": PDF},
    ),
    "reference": ({"type": "reference", "reference_ids": [1]}, {"type": "reference", "reference_ids": [1]}),
}


@pytest.mark.parametrize(("part", "chunk"), PARTS.values(), ids=PARTS)
def test_part(part: Json, chunk: Json) -> None:
    assert _sent({"role": "user", "content": [_text("Look:"), part]}) == [
        {"role": "user", "content": [_text("Look:"), chunk]}
    ]


REFUSED: Final[dict[str, tuple[Json, str, Json]]] = {
    "film": (
        {"role": "user", "content": [_text("a"), {"type": "video_url", "video_url": {"url": URL}}]},
        "messages[0].content[1] (video_url)",
        {"role": "user", "content": [_text("a")]},
    ),
    "unknown part": (
        {"role": "user", "content": [_text("a"), {"type": "hologram"}]},
        "messages[0].content[1] (hologram)",
        {"role": "user", "content": [_text("a")]},
    ),
    "image for the system": (
        {"role": "system", "content": [_text("a"), {"type": "image_url", "image_url": {"url": URL}}]},
        "messages[0].content[1] (image_url)",
        {"role": "system", "content": [_text("a")]},
    ),
    "detail": (
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL, "detail": "original"}}]},
        "messages[0].content[0].image_url.detail",
        {"role": "user", "content": [{"type": "image_url", "image_url": URL}]},
    ),
    "cache mark on text": (
        {"role": "user", "content": [{**_text("a"), **MARK}]},
        "messages[0].content[0].cache_control",
        {"role": "user", "content": [_text("a")]},
    ),
    "cache mark on an image": (
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": URL}, **MARK}]},
        "messages[0].content[0].cache_control",
        {"role": "user", "content": [{"type": "image_url", "image_url": URL}]},
    ),
    "name": ({**USER, "name": "ada"}, "messages[0].name", USER),
}


@pytest.mark.parametrize(("message", "where", "left"), REFUSED.values(), ids=REFUSED)
def test_refused_or_dropped(message: Json, where: str, left: Json) -> None:
    with pytest.raises(UnsupportedParamsError, match=re.escape(where)):
        _sent(message)
    wire = Wire()
    answer = wire.ask(MODEL, [message], drop_params=True)
    assert wire.body["messages"] == [left]
    assert answer.dropped_params == (where,)


MALFORMED: Final[dict[str, tuple[Json, str]]] = {
    "image without address": ({"type": "image_url", "image_url": {}}, "image_url.url is missing"),
    "image not in base64": ({"type": "image_url", "image_url": {"url": "data:image/png,A"}}, "without base64"),
    "sound without data": ({"type": "input_audio", "input_audio": {"format": "mp3"}}, "input_audio.data is missing"),
    "empty file": ({"type": "file", "file": {"filename": "a.pdf"}}, "file_data or file_id"),
}


@pytest.mark.parametrize(("part", "why"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_part(part: Json, why: str) -> None:
    with pytest.raises(InvalidMessageError, match=re.escape(why)):
        _sent({"role": "user", "content": [part]})


def test_a_call_and_its_answer() -> None:
    made = _called("Caf7Pyrd8")
    assert _sent(
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "Caf7Pyrd8", "name": "add", "content": "3"},
    ) == [
        {"role": "assistant", "tool_calls": [made]},
        {"role": "tool", "content": "3", "tool_call_id": "Caf7Pyrd8", "name": "add"},
    ]


@pytest.mark.parametrize(
    "foreign",
    ["call_1", "toolu_01ABC-x_y", "chatcmpl-tool-9f149c74c42f265b", "tooshort", "tenletters", "nine_char", ""],
)
def test_a_foreign_id_becomes_nine_letters_and_stays_with_its_answer(foreign: str) -> None:
    talk: list[Json] = [
        {"role": "assistant", "content": None, "tool_calls": [_called(foreign), _called("Caf7Pyrd8")]},
        {"role": "tool", "tool_call_id": "Caf7Pyrd8", "content": "4"},
        {"role": "tool", "tool_call_id": foreign, "content": "3"},
    ]
    body = str(_sent(*talk))
    first, own, own_answer, answer = re.findall(r"'(?:tool_call_)?id': '([^']*)'", body)
    assert re.fullmatch(r"[a-zA-Z0-9]{9}", first)
    assert (first, own) == (answer, own_answer)
    assert own == "Caf7Pyrd8" != first
    assert body == str(_sent(*talk))  # the same in every turn
    assert talk[0]["tool_calls"] == [_called(foreign), _called("Caf7Pyrd8")]


def test_different_ids_stay_different() -> None:
    turn = {"role": "assistant", "content": None, "tool_calls": [_called(f"call_{n}") for n in range(100)]}
    assert len(set(re.findall(r"'id': '([^']*)'", str(_sent(turn))))) == 100


ARGUMENTS: Final[dict[str, tuple[object, str]]] = {
    "text": ('{"a": 1}', '{"a": 1}'),
    "text that is no JSON": ('{"a": ', '{"a": '),
    "nothing": (None, ""),
    "object": ({"a": 1}, '{"a":1}'),
}


@pytest.mark.parametrize(("given", "text"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_arguments(given: object, text: str) -> None:
    turn = {"role": "assistant", "content": None, "tool_calls": [_called("Caf7Pyrd8", "add", given)]}
    assert _sent(turn) == [{"role": "assistant", "tool_calls": [_called("Caf7Pyrd8", "add", text)]}]


def test_arguments_of_another_type_are_refused() -> None:
    turn = {"role": "assistant", "content": None, "tool_calls": [_called("Caf7Pyrd8", "add", 3)]}
    with pytest.raises(InvalidMessageError, match=r"messages\[0\]\.tool_calls\[0\]\.function\.arguments"):
        _sent(turn)


def test_a_call_of_a_tool_with_free_text() -> None:
    made = {"id": "Caf7Pyrd8", "type": "custom", "custom": {"name": "run", "input": "ls"}}
    assert _sent({"role": "assistant", "content": None, "tool_calls": [made]}) == [
        {"role": "assistant", "tool_calls": [_called("Caf7Pyrd8", "run", '{"input":"ls"}')]}
    ]


def test_deprecated_function_messages() -> None:
    call, result = _sent(
        {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}},
        {"role": "function", "name": "add", "content": "3"},
    )
    assert call["tool_calls"] == [_called(str(result["tool_call_id"]), "add", "{}")]
    assert (result["role"], result["name"], result["content"]) == ("tool", "add", "3")


def test_results_of_a_tool_in_parts() -> None:
    turn = {"role": "tool", "tool_call_id": "Caf7Pyrd8", "content": [_text("3"), PARTS["image"][0]], "is_error": True}
    assert _sent(turn) == [{"role": "tool", "content": [_text("3"), PARTS["image"][1]], "tool_call_id": "Caf7Pyrd8"}]


CHUNKS: Final[list[Json]] = [
    {"type": "thinking", "thinking": [_text("1 + 2"), {"type": "reference", "reference_ids": [1]}], "closed": True},
    _text("It is 3"),
    {"type": "reference", "reference_ids": [0, "a"]},
    {"type": "brand_new", "x": {"y": None}},
    _text("."),
]


def _reply(**message: object) -> Json:
    return {
        "id": "1",
        "object": "chat.completion",
        "model": "m",
        "created": 1,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}],
    }


@pytest.mark.parametrize("as_dict", [False, True])
def test_chunks_go_back_as_they_came(as_dict: bool) -> None:
    message = answered(MODEL, _reply(content=CHUNKS, tool_calls=None)).choices[0].message
    wire = Wire()
    wire.ask(MODEL, [message.model_dump() if as_dict else message])
    assert wire.body["messages"] == [{"role": "assistant", "content": CHUNKS}]


def test_a_text_that_the_caller_changed_goes_instead() -> None:
    message = answered(MODEL, _reply(content=CHUNKS)).choices[0].message
    message.content = "It is 4."
    wire = Wire()
    wire.ask(MODEL, [message])
    assert wire.body["messages"] == [{"role": "assistant", "content": "It is 4."}]


def test_another_vendor_gets_text() -> None:
    message = answered(MODEL, _reply(content=CHUNKS)).choices[0].message
    wire = Wire()
    wire.ask("anthropic:claude-sonnet-4-5", [message])
    assert wire.body["messages"] == [{"role": "assistant", "content": "It is 3."}]
