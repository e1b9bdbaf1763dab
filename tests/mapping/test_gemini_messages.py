"""Gemini: what each form of message puts on the wire."""

from typing import Final, cast

import pytest

from polyvox import InvalidMessageError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, sent

MODEL: Final = "gemini:gemini-2.5-flash"

USER: Final = HELLO[0]
ITS_USER: Final[Json] = {"role": "user", "parts": [{"text": "Hi"}]}


def _call(arguments: object, name: str = "add", made: str = "call_1", **more: object) -> Json:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def _its_call(args: Json, name: str = "add") -> Json:
    return {"functionCall": {"name": name, "args": args}}


def _model(*parts: Json) -> Json:
    return {"role": "model", "parts": list(parts)}


def _answer(response: Json, name: str = "add") -> Json:
    return {"functionResponse": {"name": name, "response": response}}


TURNS: Final[dict[str, tuple[Json, Json]]] = {
    "user": (USER, ITS_USER),
    "user parts": (
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
    ),
    "assistant": ({"role": "assistant", "content": "Hello"}, _model({"text": "Hello"})),
    "assistant parts": (
        {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
        _model({"text": "Hello"}),
    ),
    "refusal": ({"role": "assistant", "content": None, "refusal": "No."}, _model({"text": "No."})),
    "refusal part": (
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        _model({"text": "No."}),
    ),
    "call": ({"role": "assistant", "content": None, "tool_calls": [_call('{"a": 1}')]}, _model(_its_call({"a": 1}))),
    "call with text": (
        {"role": "assistant", "content": "Adding.", "tool_calls": [_call('{"a": 1}')]},
        _model({"text": "Adding."}, _its_call({"a": 1})),
    ),
    "call with empty text": ({"role": "assistant", "content": "", "tool_calls": [_call("{}")]}, _model(_its_call({}))),
    "call without arguments": ({"role": "assistant", "tool_calls": [_call("")]}, _model(_its_call({}))),
    "call with null arguments": ({"role": "assistant", "tool_calls": [_call(None)]}, _model(_its_call({}))),
    "two calls": (
        {"role": "assistant", "tool_calls": [_call("{}"), _call("{}", "sub", "call_2")]},
        _model(_its_call({}), _its_call({}, "sub")),
    ),
    "signed call": (
        {"role": "assistant", "tool_calls": [_call("{}", provider_specific_fields={"thought_signature": "sig"})]},
        _model({**_its_call({}), "thoughtSignature": "sig"}),
    ),
    "another vendor's thinking": (
        {
            "role": "assistant",
            "content": "3",
            "reasoning_content": "1 + 2",
            "thinking_blocks": [{"type": "thinking", "thinking": "1 + 2", "signature": "sig"}],
        },
        _model({"text": "3"}),
    ),
}


@pytest.mark.parametrize(("message", "turn"), TURNS.values(), ids=TURNS)
def test_turn(message: Json, turn: Json) -> None:
    assert sent(MODEL, [message])["contents"] == [turn]


PARTS: Final[dict[str, tuple[Json, Json]]] = {
    "image by address": (
        {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}},
        {"fileData": {"fileUri": "https://x.test/a.png", "mimeType": "image/png"}},
    ),
    "image by address with a query": (
        {"type": "image_url", "image_url": {"url": "https://x.test/a.jpg?size=2"}},
        {"fileData": {"fileUri": "https://x.test/a.jpg?size=2", "mimeType": "image/jpeg"}},
    ),
    "image of unknown type": (
        {"type": "image_url", "image_url": {"url": "https://x.test/a"}},
        {"fileData": {"fileUri": "https://x.test/a"}},
    ),
    "image inline": (
        {"type": "image_url", "image_url": {"url": "data:image/webp;base64,AAAA"}},
        {"inlineData": {"mimeType": "image/webp", "data": "AAAA"}},
    ),
    "sound": (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"inlineData": {"mimeType": "audio/mp3", "data": "AAAA"}},
    ),
    "sound in another format": (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "flac"}},
        {"inlineData": {"mimeType": "audio/flac", "data": "AAAA"}},
    ),
    "sound by address": (
        {"type": "audio_url", "audio_url": {"url": "data:audio/ogg;base64,AAAA"}},
        {"inlineData": {"mimeType": "audio/ogg", "data": "AAAA"}},
    ),
    "film": (
        {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}},
        {"fileData": {"fileUri": "https://x.test/a.mp4", "mimeType": "video/mp4"}},
    ),
    "file inline": (
        {"type": "file", "file": {"file_data": "data:text/csv;base64,AAAA", "filename": "a.csv"}},
        {"inlineData": {"mimeType": "text/csv", "data": "AAAA"}},
    ),
    "file as bare base64": (
        {"type": "file", "file": {"file_data": "AAAA"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}},
    ),
    "file as bare base64 with its type": (
        {"type": "file", "file": {"file_data": "AAAA", "format": "text/plain"}},
        {"inlineData": {"mimeType": "text/plain", "data": "AAAA"}},
    ),
    "file by id": (
        {"type": "file", "file": {"file_id": "https://g.test/v1beta/files/1", "format": "application/pdf"}},
        {"fileData": {"fileUri": "https://g.test/v1beta/files/1", "mimeType": "application/pdf"}},
    ),
}


@pytest.mark.parametrize(("part", "its"), PARTS.values(), ids=PARTS)
def test_part(part: Json, its: Json) -> None:
    body = sent(MODEL, [{"role": "user", "content": [{"type": "text", "text": "Look:"}, part]}])
    assert body["contents"] == [{"role": "user", "parts": [{"text": "Look:"}, its]}]


SYSTEMS: Final[dict[str, tuple[list[Json], list[Json]]]] = {
    "one": ([{"role": "system", "content": "One."}], [{"text": "One."}]),
    "developer": ([{"role": "developer", "content": "One."}], [{"text": "One."}]),
    "several": (
        [{"role": "system", "content": "One."}, {"role": "developer", "content": "Two."}],
        [{"text": "One."}, {"text": "Two."}],
    ),
    "parts": ([{"role": "system", "content": [{"type": "text", "text": "One."}]}], [{"text": "One."}]),
}


@pytest.mark.parametrize(("messages", "parts"), SYSTEMS.values(), ids=SYSTEMS)
def test_system(messages: list[Json], parts: list[Json]) -> None:
    body = sent(MODEL, [*messages, USER])
    assert body["systemInstruction"] == {"parts": parts}
    assert body["contents"] == [ITS_USER]


def test_instructions_alone_are_no_conversation() -> None:
    with pytest.raises(InvalidMessageError, match="only instructions"):
        sent(MODEL, [{"role": "system", "content": "One."}])


RESULTS: Final[dict[str, tuple[Json, Json]]] = {
    "text": ({"content": "three"}, {"output": "three"}),
    "number": ({"content": "3"}, {"output": 3}),
    "object": ({"content": '{"sum": 3}'}, {"sum": 3}),
    "list": ({"content": "[1, 2]"}, {"output": [1, 2]}),
    "empty": ({"content": ""}, {"output": ""}),
    "parts": ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, {"output": "a\nb"}),
    "failed": ({"content": "boom", "is_error": True}, {"error": "boom"}),
}


@pytest.mark.parametrize(("message", "response"), RESULTS.values(), ids=RESULTS)
def test_result_of_a_tool(message: Json, response: Json) -> None:
    talk: list[Json] = [
        {"role": "assistant", "tool_calls": [_call("{}")]},
        {"role": "tool", "tool_call_id": "call_1", **message},
    ]
    assert sent(MODEL, talk)["contents"] == [
        _model(_its_call({})),
        {"role": "user", "parts": [_answer(response)]},
    ]


def test_results_of_one_turn_stand_in_one_message() -> None:
    talk: list[Json] = [
        USER,
        {"role": "assistant", "tool_calls": [_call("{}"), _call("{}", "sub", "call_2")]},
        {"role": "tool", "tool_call_id": "call_1", "content": "three"},
        {"role": "tool", "tool_call_id": "call_2", "content": "one"},
        {"role": "user", "content": "Thanks"},
    ]
    assert sent(MODEL, talk)["contents"] == [
        ITS_USER,
        _model(_its_call({}), _its_call({}, "sub")),
        {"role": "user", "parts": [_answer({"output": "three"}), _answer({"output": "one"}, "sub")]},
        {"role": "user", "parts": [{"text": "Thanks"}]},
    ]


def test_deprecated_function_messages_are_tool_messages() -> None:
    talk: list[Json] = [
        USER,
        {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": '{"a": 1}'}},
        {"role": "function", "name": "add", "content": "three"},
    ]
    assert sent(MODEL, talk)["contents"] == [
        ITS_USER,
        _model(_its_call({"a": 1})),
        {"role": "user", "parts": [_answer({"output": "three"})]},
    ]


WRONG: Final[dict[str, tuple[Json, str]]] = {
    "broken arguments": (
        {"role": "assistant", "tool_calls": [_call('{"a": ')]},
        r"messages\[0\]\.tool_calls\[0\]\.function\.arguments is not JSON",
    ),
    "an answer to no call": (
        {"role": "tool", "tool_call_id": "call_9", "content": "3"},
        r"messages\[0\]\.tool_call_id 'call_9' answers no call",
    ),
    "a file without content": (
        {"role": "user", "content": [{"type": "file", "file": {"filename": "a.pdf"}}]},
        r"messages\[0\]\.content\[0\]\.file needs file_data or file_id",
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
    "Anthropic's image": (
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image", "source": {}}]},
        "messages[0].content[1] (image)",
    ),
    "cache mark": (
        {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]},
        "messages[0].content[0].cache_control",
    ),
    "named user": ({"role": "user", "content": "Hi", "name": "ada"}, "messages[0].name"),
}


@pytest.mark.parametrize(("message", "names"), REFUSED.values(), ids=REFUSED)
def test_what_gemini_cannot_take(message: Json, names: str) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        sent(MODEL, [message])
    assert names in str(caught.value)


@pytest.mark.parametrize(("message", "names"), REFUSED.values(), ids=REFUSED)
def test_what_is_dropped_is_listed(message: Json, names: str) -> None:
    wire = Wire()
    answer = wire.ask(MODEL, [message], drop_params=True)
    assert wire.body["contents"] == [ITS_USER]
    assert answer.dropped_params == (names,)


LOOK: Final[Json] = {"type": "text", "text": "Look:"}
IMAGE: Final[Json] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
ITS_IMAGE: Final[Json] = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
FILE: Final[Json] = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}
ITS_FILE: Final[Json] = {"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}}
FROM_3: Final = "gemini-3-flash-preview"


def _shown(*contents: list[Json]) -> list[Json]:
    """Functions that were called in one turn, and what each has answered."""
    ids = [f"call_{number}" for number in range(len(contents))]
    answers: list[Json] = [
        {"role": "tool", "tool_call_id": made, "content": content} for made, content in zip(ids, contents, strict=True)
    ]
    return [{"role": "assistant", "tool_calls": [_call("{}", made=made) for made in ids]}, *answers]


def _last(body: Json) -> Json:
    return cast("list[Json]", body["contents"])[-1]


@pytest.mark.parametrize("vendor", ["gemini", "vertexai"])
@pytest.mark.parametrize(
    ("content", "text", "media"),
    [
        ([LOOK, IMAGE], "Look:", [ITS_IMAGE]),
        ([IMAGE, LOOK, FILE], "Look:", [ITS_IMAGE, ITS_FILE]),
        ([IMAGE], "", [ITS_IMAGE]),
    ],
    ids=["an image", "two media", "no text"],
)
def test_a_functions_answer_holds_its_media_from_gemini_3_on(
    vendor: str, content: list[Json], text: str, media: list[Json]
) -> None:
    wire = Wire()
    wire.ask(FROM_3, _shown(content), provider=vendor, **VERTEX.get(vendor, {}))
    held: Json = {"name": "add", "response": {"output": text}, "parts": media}
    assert _last(wire.body) == {"role": "user", "parts": [{"functionResponse": held}]}


def test_before_gemini_3_media_stand_behind_the_answers_of_the_turn() -> None:
    assert _last(sent(MODEL, _shown([LOOK, IMAGE], [FILE]))) == {
        "role": "user",
        "parts": [_answer({"output": "Look:"}), _answer({"output": ""}), ITS_IMAGE, ITS_FILE],
    }


AT: Final[Json] = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}
VERTEX: Final[dict[str, Json]] = {"vertexai": {"vertex_project": "p", "vertex_location": "global"}}


def test_only_vertex_takes_the_address_of_what_a_function_answered() -> None:
    wire = Wire()
    wire.ask(FROM_3, _shown([AT]), provider="vertexai", **VERTEX["vertexai"])
    media: list[Json] = [{"fileData": {"fileUri": "https://x.test/a.png", "mimeType": "image/png"}}]
    held: Json = {"name": "add", "response": {"output": ""}, "parts": media}
    assert _last(wire.body) == {"role": "user", "parts": [{"functionResponse": held}]}


LESS: Final[dict[str, tuple[Json, str, Json]]] = {
    "an address": (AT, "messages[1].content[1] (image_url)", {}),
    "less detail": (
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
        "messages[1].content[1].image_url.detail",
        {"parts": [ITS_IMAGE]},
    ),
}


@pytest.mark.parametrize(("part", "names", "left"), LESS.values(), ids=LESS)
def test_what_a_functions_answer_cannot_hold_from_gemini_3_on(part: Json, names: str, left: Json) -> None:
    wire = Wire()
    with pytest.raises(UnsupportedParamsError) as caught:
        wire.ask(FROM_3, _shown([LOOK, part]), provider="gemini")
    assert caught.value.param == names
    assert wire.requests == []
    assert wire.ask(FROM_3, _shown([LOOK, part]), provider="gemini", drop_params=True).dropped_params == (names,)
    held: Json = {"name": "add", "response": {"output": "Look:"}, **left}
    assert _last(wire.body) == {"role": "user", "parts": [{"functionResponse": held}]}


def _picture(detail: str) -> list[Json]:
    picture: Json = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": detail}}
    return [{"role": "user", "content": [picture]}]


@pytest.mark.parametrize(
    ("detail", "more"),
    [("low", {"mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}), ("high", {}), ("auto", {})],
)
def test_the_detail_of_an_image_is_its_resolution_from_gemini_3_on(detail: str, more: Json) -> None:
    part: Json = {"inlineData": {"mimeType": "image/png", "data": "AA"}, **more}
    assert sent("gemini:gemini-3-pro-preview", _picture(detail))["contents"] == [{"role": "user", "parts": [part]}]


def test_less_detail_of_an_image_does_not_disappear_before_gemini_3() -> None:
    with pytest.raises(UnsupportedParamsError, match=r"content\[0\]\.image_url\.detail"):
        sent(MODEL, _picture("low"))
    assert sent(MODEL, _picture("auto")) == sent(MODEL, _picture("low"), drop_params=True)
    assert sent(MODEL, _picture("auto")) == sent(MODEL, _picture("high"))
