"""Anthropic: what each form of message puts on the wire."""

from typing import Final

import pytest

from polyvox import InvalidMessageError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, sent

MODEL: Final = "anthropic:claude-sonnet-4-5"

USER: Final = HELLO[0]
CACHE: Final[Json] = {"type": "ephemeral"}


def _call(arguments: object, name: str = "add", made: str = "toolu_1") -> Json:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": arguments}}


def _use(found: Json, name: str = "add", made: str = "toolu_1") -> Json:
    return {"type": "tool_use", "id": made, "name": name, "input": found}


def _said(*blocks: Json) -> Json:
    return {"role": "assistant", "content": list(blocks)}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _result(content: object, made: str = "toolu_1") -> Json:
    return {"type": "tool_result", "tool_use_id": made, "content": content}


THOUGHT: Final[Json] = {"type": "thinking", "thinking": "1 + 2", "signature": "sig"}
HIDDEN: Final[Json] = {"type": "redacted_thinking", "data": "enc"}

TURNS: Final[dict[str, tuple[Json, Json]]] = {
    "user": (USER, USER),
    "user parts": (
        {"role": "user", "content": [_text("a"), _text("b")]},
        {"role": "user", "content": [_text("a"), _text("b")]},
    ),
    "cached text": (
        {"role": "user", "content": [{**_text("a"), "cache_control": CACHE}]},
        {"role": "user", "content": [{**_text("a"), "cache_control": CACHE}]},
    ),
    "assistant": ({"role": "assistant", "content": "Hello"}, {"role": "assistant", "content": "Hello"}),
    "assistant parts": ({"role": "assistant", "content": [_text("Hello")]}, _said(_text("Hello"))),
    "refusal": ({"role": "assistant", "content": None, "refusal": "No."}, _said(_text("No."))),
    "refusal part": ({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}, _said(_text("No."))),
    "call": ({"role": "assistant", "content": None, "tool_calls": [_call('{"a": 1}')]}, _said(_use({"a": 1}))),
    "call with text": (
        {"role": "assistant", "content": "Adding.", "tool_calls": [_call('{"a": 1}')]},
        _said(_text("Adding."), _use({"a": 1})),
    ),
    "call with empty text": ({"role": "assistant", "content": "", "tool_calls": [_call("{}")]}, _said(_use({}))),
    "call without arguments": ({"role": "assistant", "tool_calls": [_call("")]}, _said(_use({}))),
    "call with null arguments": ({"role": "assistant", "tool_calls": [_call(None)]}, _said(_use({}))),
    "call with an object": ({"role": "assistant", "tool_calls": [_call({"a": 1})]}, _said(_use({"a": 1}))),
    "two calls": (
        {"role": "assistant", "tool_calls": [_call("{}"), _call("{}", "sub", "toolu_2")]},
        _said(_use({}), _use({}, "sub", "toolu_2")),
    ),
    "another vendor's call": (
        {"role": "assistant", "tool_calls": [_call("{}", made="call|1/x")]},
        _said(_use({}, made="call_1_x")),
    ),
    "thinking": (
        {"role": "assistant", "content": "3", "thinking_blocks": [THOUGHT, HIDDEN]},
        _said(THOUGHT, HIDDEN, _text("3")),
    ),
    "thinking before a call": (
        {"role": "assistant", "thinking_blocks": [THOUGHT], "tool_calls": [_call("{}")]},
        _said(THOUGHT, _use({})),
    ),
    "another vendor's thinking": (
        {"role": "assistant", "content": "3", "thinking_blocks": [{"type": "thinking", "thinking": "unsigned"}]},
        {"role": "assistant", "content": "3"},
    ),
    "another vendor's reasoning": (
        {"role": "assistant", "content": "3", "reasoning_content": "1 + 2"},
        {"role": "assistant", "content": "3"},
    ),
}


@pytest.mark.parametrize(("message", "turn"), TURNS.values(), ids=TURNS)
def test_turn(message: Json, turn: Json) -> None:
    assert sent(MODEL, [message])["messages"] == [turn]


PDF: Final[Json] = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
PARTS: Final[dict[str, tuple[Json, Json]]] = {
    "image by address": (
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "auto"}},
        {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
    ),
    "image as bare text": (
        {"type": "image_url", "image_url": "https://x.test/a.png"},
        {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
    ),
    "image inline": (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0="}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0="}},
    ),
    "cached image": (
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}, "cache_control": CACHE},
        {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}, "cache_control": CACHE},
    ),
    "file inline": (
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
        {"type": "document", "source": PDF, "title": "a.pdf"},
    ),
    "file as bare base64": (
        {"type": "file", "file": {"file_data": "JVBERi0="}},
        {"type": "document", "source": PDF},
    ),
    "text file": (
        {"type": "file", "file": {"file_data": "data:text/plain;base64,SGkh"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hi!"}},
    ),
    "file by id": (
        {"type": "file", "file": {"file_id": "file_1"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
    ),
    "file by address": (
        {"type": "file", "file": {"file_id": "https://x.test/a.pdf"}},
        {"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}},
    ),
    "cached file": (
        {"type": "file", "file": {"file_id": "file_1"}, "cache_control": CACHE},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}, "cache_control": CACHE},
    ),
    "Anthropic's own image": (
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
    ),
    "Anthropic's own document": (
        {"type": "document", "source": PDF, "citations": {"enabled": True}},
        {"type": "document", "source": PDF, "citations": {"enabled": True}},
    ),
}


@pytest.mark.parametrize(("part", "block"), PARTS.values(), ids=PARTS)
def test_part(part: Json, block: Json) -> None:
    body = sent(MODEL, [{"role": "user", "content": [_text("Look:"), part]}])
    assert body["messages"] == [{"role": "user", "content": [_text("Look:"), block]}]


SYSTEMS: Final[dict[str, tuple[list[Json], object]]] = {
    "one": ([{"role": "system", "content": "One."}], "One."),
    "developer": ([{"role": "developer", "content": "One."}], "One."),
    "several": (
        [{"role": "system", "content": "One."}, {"role": "developer", "content": "Two."}],
        [_text("One."), _text("Two.")],
    ),
    "parts": ([{"role": "system", "content": [_text("One."), _text("Two.")]}], [_text("One."), _text("Two.")]),
    "cached": (
        [{"role": "system", "content": [{**_text("One."), "cache_control": CACHE}]}],
        [{**_text("One."), "cache_control": CACHE}],
    ),
}


@pytest.mark.parametrize(("messages", "system"), SYSTEMS.values(), ids=SYSTEMS)
def test_system(messages: list[Json], system: object) -> None:
    body = sent(MODEL, [*messages, USER])
    assert body["system"] == system
    assert body["messages"] == HELLO


def test_instructions_alone_are_no_conversation() -> None:
    with pytest.raises(InvalidMessageError, match="only instructions"):
        sent(MODEL, [{"role": "system", "content": "One."}])


def test_nor_is_an_empty_question() -> None:
    with pytest.raises(InvalidMessageError, match="or says nothing; Anthropic needs a user message with content"):
        sent(MODEL, [{"role": "user", "content": ""}])


RESULTS: Final[dict[str, tuple[Json, Json]]] = {
    "text": ({"content": "3"}, _result("3")),
    "JSON": ({"content": '{"sum": 3}'}, _result('{"sum": 3}')),
    "empty": ({"content": ""}, _result("")),
    "parts": ({"content": [_text("3")]}, _result([_text("3")])),
    "image": (
        {"content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]},
        _result([{"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}]),
    ),
    "failed": ({"content": "boom", "is_error": True}, {**_result("boom"), "is_error": True}),
    "not failed": ({"content": "3", "is_error": False}, _result("3")),
    "named": ({"content": "3", "name": "add"}, _result("3")),
}


@pytest.mark.parametrize(("message", "block"), RESULTS.values(), ids=RESULTS)
def test_result_of_a_tool(message: Json, block: Json) -> None:
    body = sent(MODEL, [USER, {"role": "tool", "tool_call_id": "toolu_1", **message}])
    assert body["messages"] == [USER, {"role": "user", "content": [block]}]


def test_results_of_one_turn_stand_in_one_message() -> None:
    talk: list[Json] = [
        USER,
        {"role": "assistant", "tool_calls": [_call("{}"), _call("{}", "sub", "toolu_2")]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "3"},
        {"role": "tool", "tool_call_id": "toolu_2", "content": "1"},
        {"role": "user", "content": "Thanks"},
    ]
    assert sent(MODEL, talk)["messages"] == [
        USER,
        _said(_use({}), _use({}, "sub", "toolu_2")),
        {"role": "user", "content": [_result("3"), _result("1", "toolu_2")]},
        {"role": "user", "content": "Thanks"},
    ]


def test_a_call_that_is_said_in_the_old_form_too_is_one_call() -> None:
    """A message of llama-cpp-python's, as its JSON came; one that says two things is sent as it is."""
    call = _call('{"a": 1}')
    both: Json = {"role": "assistant", "content": None, "tool_calls": [call], "function_call": call["function"]}
    assert sent(MODEL, [USER, both])["messages"] == [USER, _said(_use({"a": 1}))]
    assert "function_call" in both
    other: Json = {**both, "function_call": {"name": "sub", "arguments": "{}"}}
    assert sent(MODEL, [USER, other])["messages"] == [USER, _said(_use({"a": 1}), _use({}, "sub", "call_pv_1"))]


def test_deprecated_function_messages_are_tool_messages() -> None:
    talk: list[Json] = [
        USER,
        {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": '{"a": 1}'}},
        {"role": "function", "name": "add", "content": "3"},
    ]
    assert sent(MODEL, talk)["messages"] == [
        USER,
        _said(_use({"a": 1}, made="call_pv_1")),
        {"role": "user", "content": [_result("3", "call_pv_1")]},
    ]


WRONG: Final[dict[str, tuple[Json, str]]] = {
    "broken arguments": (
        {"role": "assistant", "tool_calls": [_call('{"a": ')]},
        r"messages\[0\]\.tool_calls\[0\]\.function\.arguments is not JSON",
    ),
    "arguments that are no object": (
        {"role": "assistant", "tool_calls": [_call("[1]")]},
        r"messages\[0\]\.tool_calls\[0\]\.function\.arguments must be a JSON object",
    ),
    "a file without content": (
        {"role": "user", "content": [{"type": "file", "file": {"filename": "a.pdf"}}]},
        r"messages\[0\]\.content\[0\]\.file needs file_data or file_id",
    ),
    "an image without address": (
        {"role": "user", "content": [{"type": "image_url", "image_url": {"detail": "low"}}]},
        r"messages\[0\]\.content\[0\]\.image_url\.url is missing",
    ),
    "a data URL without base64": (
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png,AAAA"}}]},
        r"messages\[0\]\.content\[0\]\.image_url\.url is a data URL without base64",
    ),
}


@pytest.mark.parametrize(("message", "says"), WRONG.values(), ids=WRONG)
def test_malformed(message: Json, says: str) -> None:
    wire = Wire()
    with pytest.raises(InvalidMessageError, match=says):
        wire.ask(MODEL, [message])
    assert wire.requests == []


REFUSED: Final[dict[str, tuple[Json, str]]] = {
    "sound": (
        {
            "role": "user",
            "content": [_text("a"), {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}],
        },
        "messages[0].content[1] (input_audio)",
    ),
    "sound by address": (
        {"role": "user", "content": [_text("a"), {"type": "audio_url", "audio_url": {"url": "https://x.test/a.mp3"}}]},
        "messages[0].content[1] (audio_url)",
    ),
    "film": (
        {"role": "user", "content": [_text("a"), {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}}]},
        "messages[0].content[1] (video_url)",
    ),
    "named user": ({"role": "user", "content": [_text("a")], "name": "ada"}, "messages[0].name"),
}


@pytest.mark.parametrize(("message", "names"), REFUSED.values(), ids=REFUSED)
def test_what_anthropic_cannot_take(message: Json, names: str) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        sent(MODEL, [message])
    assert names in str(caught.value)


@pytest.mark.parametrize(("message", "names"), REFUSED.values(), ids=REFUSED)
def test_what_is_dropped_is_listed(message: Json, names: str) -> None:
    wire = Wire()
    answer = wire.ask(MODEL, [message], drop_params=True)
    assert wire.body["messages"] == [{"role": "user", "content": [_text("a")]}]
    assert answer.dropped_params == (names,)


def test_an_image_in_the_system_prompt_is_refused() -> None:
    picture: Json = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
    with pytest.raises(UnsupportedParamsError, match="system prompt takes text only"):
        sent(MODEL, [{"role": "system", "content": [picture]}, USER])


def _picture(detail: str | None) -> list[Json]:
    return [
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": detail}}],
        }
    ]


def test_less_detail_of_an_image_does_not_disappear() -> None:
    wire = Wire()
    with pytest.raises(UnsupportedParamsError, match=r"content\[0\]\.image_url\.detail"):
        wire.ask(MODEL, _picture("low"))
    answer = wire.ask(MODEL, _picture("low"), drop_params=True)
    assert answer.dropped_params == ("messages[0].content[0].image_url.detail",)


@pytest.mark.parametrize("detail", ["auto", "high", None])
def test_full_detail_is_what_anthropic_does_anyway(detail: str | None) -> None:
    picture: Json = {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}
    assert sent(MODEL, _picture(detail))["messages"] == [{"role": "user", "content": [picture]}]
