"""OpenAI: what each form of message puts on the wire."""

from typing import Final

import pytest

from polyvox import InvalidRequestError, UnsupportedParamsError
from tests.mapping.asking import Json, Wire, sent

MODEL: Final = "openai:gpt-5"

TEXT: Final[Json] = {"type": "text", "text": "Look:"}
CALL: Final[Json] = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
CUSTOM: Final[Json] = {"id": "call_2", "type": "custom", "custom": {"name": "run", "input": "ls -l"}}

# What OpenAI takes as it is: nothing about such a message changes on its way.
AS_THEY_ARE: Final[dict[str, Json]] = {
    "system": {"role": "system", "content": "Be brief."},
    "developer": {"role": "developer", "content": "Be brief."},
    "user": {"role": "user", "content": "Hi"},
    "named user": {"role": "user", "content": "Hi", "name": "ada"},
    "assistant": {"role": "assistant", "content": "Hello"},
    "empty assistant": {"role": "assistant", "content": ""},
    "named assistant": {"role": "assistant", "content": "Hello", "name": "bot"},
    "refusal": {"role": "assistant", "content": None, "refusal": "I cannot."},
    "system parts": {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
    "text part": {"role": "user", "content": [TEXT]},
    "image by address": {
        "role": "user",
        "content": [TEXT, {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "high"}}],
    },
    "image inline": {
        "role": "user",
        "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}}],
    },
    "file inline": {
        "role": "user",
        "content": [{"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"}}],
    },
    "file by id": {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]},
    "sound": {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}]},
    "refusal part": {"role": "assistant", "content": [{"type": "refusal", "refusal": "I cannot."}]},
    "call": {"role": "assistant", "content": None, "tool_calls": [CALL]},
    "call without content": {"role": "assistant", "tool_calls": [CALL]},
    "call without arguments": {
        "role": "assistant",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "now", "arguments": ""}}],
    },
    "call with broken arguments": {
        "role": "assistant",
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": '}}],
    },
    "custom call": {"role": "assistant", "tool_calls": [CUSTOM]},
    "tool": {"role": "tool", "tool_call_id": "call_1", "content": "3"},
    "tool with JSON": {"role": "tool", "tool_call_id": "call_1", "content": '{"sum": 3}'},
    "tool with parts": {"role": "tool", "tool_call_id": "call_1", "content": [TEXT]},
    "function": {"role": "function", "name": "add", "content": "3"},
    "function without content": {"role": "function", "name": "add", "content": None},
    "function call": {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}},
}


@pytest.mark.parametrize("message", AS_THEY_ARE.values(), ids=AS_THEY_ARE)
def test_sent_as_it_is(message: Json) -> None:
    assert sent(MODEL, [message])["messages"] == [message]


@pytest.mark.parametrize("model", ["openai:gpt-4o", "azure:m", "azure_ai:m", "xai:grok-4"])
def test_an_address_alone_is_sent_in_openais_form(model: str) -> None:
    part = {"type": "image_url", "image_url": "https://x.test/a.png"}
    message = sent(model, [{"role": "user", "content": [part]}], api_base="https://h.test")["messages"]
    assert message == [{"role": "user", "content": [{**part, "image_url": {"url": "https://x.test/a.png"}}]}]


def test_several_system_messages_keep_their_places() -> None:
    talk: list[Json] = [
        {"role": "system", "content": "One."},
        {"role": "user", "content": "Hi"},
        {"role": "system", "content": "Two."},
        {"role": "developer", "content": "Three."},
    ]
    assert sent(MODEL, talk)["messages"] == talk


def test_a_tuple_of_parts_is_a_list_on_the_wire() -> None:
    assert sent(MODEL, [{"role": "user", "content": (TEXT, TEXT)}])["messages"] == [
        {"role": "user", "content": [TEXT, TEXT]}
    ]


def test_messages_may_come_from_a_generator() -> None:
    talk = [{"role": "user", "content": text} for text in "abc"]
    assert sent(MODEL, (message for message in talk))["messages"] == talk


REFUSED: Final[dict[str, tuple[Json, str]]] = {
    "audio by address": ({"type": "audio_url", "audio_url": {"url": "https://x.test/a.mp3"}}, "(audio_url)"),
    "film": ({"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}}, "(video_url)"),
    "Anthropic's image": ({"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}}, "(image)"),
    "cache mark": ({**TEXT, "cache_control": {"type": "ephemeral"}}, "prompt_cache_key"),
}


@pytest.mark.parametrize(("part", "says"), REFUSED.values(), ids=REFUSED)
def test_a_part_that_openai_cannot_take(part: Json, says: str) -> None:
    with pytest.raises(UnsupportedParamsError) as caught:
        sent(MODEL, [{"role": "user", "content": "Hi"}, {"role": "user", "content": [TEXT, part]}])
    assert "messages[1].content[1]" in str(caught.value)
    assert says in str(caught.value)


def test_a_dropped_part_is_left_out_and_listed() -> None:
    wire = Wire()
    film = REFUSED["film"][0]
    answer = wire.ask(MODEL, [{"role": "user", "content": [TEXT, film]}], drop_params=True)
    assert wire.body["messages"] == [{"role": "user", "content": [TEXT]}]
    assert answer.dropped_params == ("messages[0].content[1] (video_url)",)


def test_a_dropped_cache_mark_leaves_its_part() -> None:
    wire = Wire()
    answer = wire.ask(MODEL, [{"role": "user", "content": [REFUSED["cache mark"][0]]}], drop_params=True)
    assert wire.body["messages"] == [{"role": "user", "content": [TEXT]}]
    assert answer.dropped_params == ("messages[0].content[0].cache_control",)


# What results have beyond OpenAI's own messages stays here.
def test_what_polyvox_added_to_a_message_is_not_sent() -> None:
    message: Json = {
        "role": "assistant",
        "content": "3",
        "reasoning_content": "1 + 2",
        "thinking_blocks": [{"type": "thinking", "thinking": "1 + 2", "signature": "s"}],
        "annotations": [],
        "provider_specific_fields": {"anthropic": {"content": []}},
        "tool_calls": [{**CALL, "provider_specific_fields": {"thought_signature": "s"}}],
    }
    assert sent(MODEL, [message])["messages"] == [{"role": "assistant", "content": "3", "tool_calls": [CALL]}]


def test_spoken_answers_go_back_by_their_id() -> None:
    message: Json = {
        "role": "assistant",
        "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 1, "transcript": "Hello"},
        "provider_specific_fields": {},
    }
    assert sent(MODEL, [message])["messages"] == [{"role": "assistant", "audio": {"id": "audio_1"}}]


def test_a_failed_tool_says_so_in_its_text_only() -> None:
    message: Json = {"role": "tool", "tool_call_id": "call_1", "content": "boom", "is_error": True}
    assert sent(MODEL, [message])["messages"] == [{"role": "tool", "tool_call_id": "call_1", "content": "boom"}]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("half a letter: \ud800", r"the request's body\['messages'\]\[0\]\['content'\] cannot be written as JSON: "),
        ([{"type": "text", "text": "\ud800"}], r"body\['messages'\]\[0\]\['content'\]\[0\]\['text'\] cannot be"),
    ],
)
def test_what_json_cannot_hold_is_named_by_its_place(content: object, says: str) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match=says):
        wire.ask("openai:m", [{"role": "user", "content": content}])
    assert wire.requests == []
