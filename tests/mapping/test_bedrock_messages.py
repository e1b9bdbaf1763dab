"""Every form of message, as Converse is sent it."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import InvalidMessageError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json
from tests.mapping.bedrock_frames import REPLY, answered, said, sent

PNG: Final = "data:image/png;base64,iVBORw0KGgo="
PDF: Final = "data:application/pdf;base64,JVBERi0="
CALL: Final[Json] = {"id": "t1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
USE: Final[Json] = {"toolUse": {"toolUseId": "t1", "name": "add", "input": {"a": 1}}}


def user(*parts: Json) -> Json:
    return {"role": "user", "content": list(parts)}


def turns(*messages: Json) -> list[Json]:
    return sent(list(messages))["messages"]  # type: ignore[return-value]  # a list of turns


def blocks(*parts: Json) -> object:
    """What becomes of a user's parts."""
    (turn,) = turns(user(*parts))
    return turn["content"]


def data(kind: str) -> str:
    return f"data:{kind};base64,AAAA"


def file(name: str | None = None, address: str = PDF) -> Json:
    return {"type": "file", "file": {"file_data": address} | ({"filename": name} if name else {})}


def document(name: str, kind: str = "pdf", content: str = "JVBERi0=") -> Json:
    return {"document": {"source": {"bytes": content}, "format": kind, "name": name}}


PARTS: Final[dict[str, tuple[Json, list[Json]]]] = {
    "text": ({"type": "text", "text": "a"}, [{"text": "a"}]),
    "refusal": ({"type": "refusal", "refusal": "no"}, [{"text": "no"}]),
    "image": (
        {"type": "image_url", "image_url": {"url": PNG}},
        [{"image": {"source": {"bytes": "iVBORw0KGgo="}, "format": "png"}}],
    ),
    "image, bare": (
        {"type": "image_url", "image_url": data("image/jpg")},
        [{"image": {"source": {"bytes": "AAAA"}, "format": "jpeg"}}],
    ),
    "image in S3": (
        {"type": "image_url", "image_url": {"url": "s3://bucket/kiwi.JPG"}},
        [{"image": {"source": {"s3Location": {"uri": "s3://bucket/kiwi.JPG"}}, "format": "jpeg"}}],
    ),
    "video": (
        {"type": "video_url", "video_url": {"url": data("video/3gpp")}},
        [{"video": {"source": {"bytes": "AAAA"}, "format": "three_gp"}}],
    ),
    "sound": (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        [{"audio": {"source": {"bytes": "AAAA"}, "format": "wav"}}],
    ),
    "sound by address": (
        {"type": "audio_url", "audio_url": {"url": data("audio/mpeg")}},
        [{"audio": {"source": {"bytes": "AAAA"}, "format": "mpeg"}}],
    ),
    "document": (file("annual report_2024.pdf"), [document("annual report-2024")]),
    "document without name": (file(), [document("document")]),
    "document, bare": (file("a.pdf", "JVBERi0="), [document("a")]),
    "document, by its ending": (
        file("b.docx", data("application/octet-stream")),
        [document("b", "docx", "AAAA")],
    ),
    "document of text": (file("c.txt", data("text/plain")), [document("c", "txt", "AAAA")]),
    "document in S3": (
        {"type": "file", "file": {"file_id": "s3://bucket/x/d.pdf"}},
        [{"document": {"source": {"s3Location": {"uri": "s3://bucket/x/d.pdf"}}, "format": "pdf", "name": "d"}}],
    ),
    "as Bedrock writes it": (
        {"type": "guardContent", "guardContent": {"text": {"text": "g"}}},
        [{"guardContent": {"text": {"text": "g"}}}],
    ),
    "with cache_control": (
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        [{"text": "a"}, {"cachePoint": {"type": "default"}}],
    ),
}


@pytest.mark.parametrize(("part", "wanted"), PARTS.values(), ids=PARTS)
def test_a_part(part: Json, wanted: list[Json]) -> None:
    assert blocks(part) == wanted


REFUSED: Final[dict[str, tuple[Json, str]]] = {
    "image by address": ({"type": "image_url", "image_url": {"url": "https://x.org/a.png"}}, "fetches no addresses"),
    "image of no format": ({"type": "image_url", "image_url": {"url": data("image/tiff")}}, "no format 'tiff'"),
    "detail": ({"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}, "detail"),
    "document by address": ({"type": "file", "file": {"file_id": "https://x.org/a.pdf"}}, "fetches no addresses"),
    "unknown": ({"type": "hologram"}, "takes text, images"),
}


@pytest.mark.parametrize(("part", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_part_that_bedrock_cannot_take(part: Json, reason: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=reason) as caught:
        blocks(part)
    assert (caught.value.param or "").startswith("messages[0].content[0]")


def test_a_dropped_part_is_listed() -> None:
    found = answered(REPLY, drop_params=True)
    assert found.dropped_params == ()
    assert sent([user({"type": "hologram"}, {"type": "text", "text": "a"})], drop_params=True) == {
        "messages": [{"role": "user", "content": [{"text": "a"}]}]
    }


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"type": "file", "file": {}}, "needs file_data or file_id"),
        ({"type": "input_audio", "input_audio": {"format": "wav"}}, "input_audio.data is missing"),
        ({"type": "image_url", "image_url": {}}, "image_url.url is missing"),
    ],
    ids=["file", "sound", "image"],
)
def test_a_part_that_is_broken(part: Json, place: str) -> None:
    with pytest.raises(InvalidMessageError, match=place):
        blocks(part)


def test_documents_have_names_of_their_own() -> None:
    assert blocks(file("a.pdf"), file("a.pdf")) == [document("a"), document("a 2")]


def test_instructions_stand_apart_and_keep_their_order() -> None:
    marked = {"type": "text", "text": "b", "cache_control": {"type": "ephemeral", "ttl": "5m"}}
    system: list[Json] = [{"role": "system", "content": "a"}, {"role": "developer", "content": [marked]}]
    assert sent([*system, *HELLO])["system"] == [
        {"text": "a"},
        {"text": "b"},
        {"cachePoint": {"type": "default", "ttl": "5m"}},
    ]


def test_instructions_are_text() -> None:
    with pytest.raises(UnsupportedParamsError, match="system prompt takes text only"):
        sent([{"role": "system", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}, *HELLO])


def test_instructions_alone_are_no_call() -> None:
    with pytest.raises(InvalidMessageError, match="only instructions, or says nothing"):
        sent([{"role": "system", "content": "a"}])


def test_names_of_participants_are_refused() -> None:
    with pytest.raises(UnsupportedParamsError, match=r"messages\[0\].name"):
        sent([{"role": "user", "content": "a", "name": "Ada"}])


def test_turns_alternate() -> None:
    assert turns(*HELLO, *HELLO, {"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}) == [
        {"role": "user", "content": [{"text": "Hi"}, {"text": "Hi"}]},
        {"role": "assistant", "content": [{"text": "a"}, {"text": "b"}]},
    ]


def test_calls_and_their_results() -> None:
    second = {**CALL, "id": "call:2/é" + 70 * "x", "function": {"name": "now", "arguments": ""}}
    found = turns(
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [CALL, second]},
        {"role": "tool", "tool_call_id": "t1", "content": "3"},
        {
            "role": "tool",
            "tool_call_id": second["id"],
            "content": [{"type": "image_url", "image_url": PNG}],
            "is_error": True,
        },
        *HELLO,
    )
    other = 64 * "x"
    image: Json = {"image": {"source": {"bytes": "iVBORw0KGgo="}, "format": "png"}}
    assert found[1:] == [
        {"role": "assistant", "content": [USE, {"toolUse": {"toolUseId": other, "name": "now", "input": {}}}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"text": "3"}]}},
                {"toolResult": {"toolUseId": other, "content": [image], "status": "error"}},
                {"text": "Hi"},
            ],
        },
    ]


def test_the_deprecated_form_of_calls() -> None:
    called: Json = {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}}
    found = turns(*HELLO, called, {"role": "function", "name": "add", "content": "3"})
    assert found[1:] == [
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "call_pv_1", "name": "add", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": {"toolUseId": "call_pv_1", "content": [{"text": "3"}]}}]},
    ]


@pytest.mark.parametrize("text", ["{", "[]"], ids=["no-json", "no-object"])
def test_arguments_that_are_no_object(text: str) -> None:
    broken = {**CALL, "function": {"name": "add", "arguments": text}}
    with pytest.raises(InvalidMessageError, match=r"messages\[1\].tool_calls\[0\].function.arguments"):
        turns(*HELLO, {"role": "assistant", "tool_calls": [broken]})


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ({"content": "a"}, [{"text": "a"}]),
        ({"content": " \n", "tool_calls": [CALL]}, [USE]),
        ({"content": None, "refusal": "no"}, [{"text": "no"}]),
        (
            {"content": "a", "thinking_blocks": [{"type": "thinking", "thinking": "t", "signature": "s"}]},
            [{"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}}, {"text": "a"}],
        ),
        ({"content": "a", "thinking_blocks": [{"type": "thinking", "thinking": "unsigned"}]}, [{"text": "a"}]),
        (
            {"content": "a", "thinking_blocks": [{"type": "redacted_thinking", "data": "d"}]},
            [{"reasoningContent": {"redactedContent": "d"}}, {"text": "a"}],
        ),
        ({"content": ""}, None),
    ],
    ids=["text", "blank text", "refusal", "thought", "unsigned thought", "redacted thought", "nothing"],
)
def test_what_the_assistant_said(message: Json, wanted: list[Json] | None) -> None:
    found = [turn["content"] for turn in turns(*HELLO, {"role": "assistant", **message}) if turn["role"] == "assistant"]
    assert found == ([] if wanted is None else [wanted])


SIGNED: Final[Json] = {"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}}
SERVER_CALL: Final[Json] = {"toolUse": {"toolUseId": "s1", "name": "code", "input": {}, "type": "server_tool_use"}}
SERVER_RESULT: Final[Json] = {"toolResult": {"toolUseId": "s1", "content": [{"json": {"out": 1}}], "status": "success"}}
CITED: Final[Json] = {
    "citationsContent": {
        "content": [{"text": "20 days"}],
        "citations": [{"location": {"web": {"url": "https://x.org"}}}],
    }
}


@pytest.mark.parametrize(
    "content",
    [
        [{"text": "a"}],
        [SIGNED, {"text": "a"}, USE],
        [{"text": "a"}, SIGNED, {"text": "b"}],
        [SERVER_CALL, SERVER_RESULT, {"text": "a"}],
        [CITED, {"text": "."}],
        [{"text": "a"}, {"hologram": {"x": 1}}],
        [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}],
        [{"reasoningContent": {"redactedContent": "d"}}, {"text": "a"}],
    ],
    ids=["text", "usual", "thought later", "server tool", "citations", "unknown", "image", "redacted"],
)
def test_an_answer_goes_back_as_it_came(content: list[Json]) -> None:
    message = said(*content).choices[0].message
    assert sent([*HELLO, message, *HELLO])["messages"][1]["content"] == content  # type: ignore[index]  # a list


def test_an_answer_goes_back_without_what_requests_do_not_take() -> None:
    unsigned: Json = {"reasoningContent": {"reasoningText": {"text": "t"}}}
    typed: Json = {"toolUse": {**USE["toolUse"], "type": "tool_use"}}  # type: ignore[dict-item]  # a mapping
    message = said({"text": "a"}, unsigned, typed).choices[0].message
    assert sent([*HELLO, message])["messages"][1]["content"] == [{"text": "a"}, USE]  # type: ignore[index]  # a list


def test_a_changed_answer_goes_back_changed() -> None:
    fields = said({"text": "a"}, {"text": "b"}).choices[0].message.model_dump()
    fields["content"] = "c"
    assert turns(*HELLO, fields)[1]["content"] == [{"text": "c"}]


def test_messages_are_not_needed_where_a_stored_prompt_has_them() -> None:
    prompt = "bedrock:arn:aws:bedrock:us-east-1:000000000000:prompt/P1:1"
    found = sent([], model=prompt, promptVariables={"a": {"text": "b"}})
    assert found == {"promptVariables": {"a": {"text": "b"}}}
