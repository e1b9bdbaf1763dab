"""Mistral: what a stream becomes."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import APIError, APIResponseValidationError, StreamInterruptedError
from tests.mapping.asking import Json, Wire, answered, assembled, sse, streamed

MODEL: Final = "mistral:mistral-small-latest"
HEAD: Final[Json] = {
    "id": "7bfa9194c90e44c5",
    "object": "chat.completion.chunk",
    "created": 1787150315,
    "model": "mistral-small-latest",
}
COUNTED: Final[Json] = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12, "service_tier": "standard"}
DONE: Final = "[DONE]"


def _event(finish: object = None, index: int = 0, usage: object = None, **delta: object) -> Json:
    more = {"usage": usage} if usage else {}
    return {**HEAD, "choices": [{"index": index, "delta": delta, "finish_reason": finish}], "p": "abcdef", **more}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


def _thinking(*texts: str, **more: object) -> Json:
    return {"type": "thinking", "thinking": [_text(text) for text in texts], **more}


def _call(arguments: object, name: str = "add", made: object = "Caf7Pyrd8", **more: object) -> Json:
    return {"id": made, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


ROLE: Final = _event(role="assistant", content="")
STOP: Final = _event("stop", content="", usage=COUNTED)


def test_text() -> None:
    chunks = streamed(MODEL, sse(ROLE, _event(content="Hel"), _event(content="lo"), STOP, DONE))
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {
        ("7bfa9194c90e44c5", 1787150315, "mistral-small-latest")
    }
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", None, None, None]
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["", "Hel", "lo", ""]
    assert [chunk.usage is not None for chunk in chunks] == [False, False, False, True]
    assert not any("p" in chunk for chunk in chunks)
    last = chunks[-1].choices[0]
    assert (last.finish_reason, last.provider_specific_fields) == ("stop", {"native_finish_reason": "stop"})
    assert last.delta.provider_specific_fields == {}
    assert chunks[-1].service_tier == "standard"


def test_thinking_comes_apart_and_goes_back_whole() -> None:
    events = (
        ROLE,
        _event(content=[_thinking("1")]),
        _event(content=[_thinking(" + ", closed=True)]),
        _event(content=[_thinking("2", closed=True)]),
        _event(content=[_text("It")]),
        _event(content=" is "),
        _event(content="3"),
        STOP,
        DONE,
    )
    deltas = [chunk.choices[0].delta for chunk in streamed(MODEL, sse(*events))]
    assert [delta.reasoning_content for delta in deltas] == [None, "1", " + ", "2", None, None, None, None]
    assert [delta.content for delta in deltas] == ["", None, None, None, "It", " is ", "3", ""]
    message = assembled(MODEL, sse(*events)).choices[0].message
    assert (message.content, message.reasoning_content) == ("It is 3", "1 + 2")
    assert message.provider_specific_fields == {
        "mistral": {"content": [_thinking("1 + 2", closed=True), _text("It is 3")], "text": "It is 3"}
    }


KEPT: Final[dict[str, tuple[list[object], list[Json]]]] = {
    "references between text": (
        [
            "It is",
            " 3",
            [{"type": "reference", "reference_ids": [0]}],
            ".",
            [{"type": "reference", "reference_ids": [1]}],
        ],
        [
            _text("It is 3"),
            {"type": "reference", "reference_ids": [0]},
            _text("."),
            {"type": "reference", "reference_ids": [1]},
        ],
    ),
    "neighbouring references": (
        [[{"type": "reference", "reference_ids": [0]}], [{"type": "reference", "reference_ids": [1]}]],
        [{"type": "reference", "reference_ids": [0]}, {"type": "reference", "reference_ids": [1]}],
    ),
    "references in thoughts": (
        [
            [_thinking("a")],
            [{"type": "thinking", "thinking": [{"type": "reference", "reference_ids": [0]}, _text("b")]}],
        ],
        [{"type": "thinking", "thinking": [_text("a"), {"type": "reference", "reference_ids": [0]}, _text("b")]}],
    ),
    "a signature at the end": ([[_thinking("a")], [_thinking(signature="s")]], [_thinking("a", signature="s")]),
    "thinking again": ([[_thinking("a")], "x", [_thinking("b")]], [_thinking("a"), _text("x"), _thinking("b")]),
    "something new": (["x", [{"type": "brand_new", "x": 1}]], [_text("x"), {"type": "brand_new", "x": 1}]),
}


@pytest.mark.parametrize(("contents", "chunks"), KEPT.values(), ids=KEPT)
def test_chunks_are_kept_and_go_back(contents: list[object], chunks: list[Json]) -> None:
    answer = assembled(MODEL, sse(ROLE, *(_event(content=content) for content in contents), STOP, DONE))
    wire = Wire()
    wire.ask(MODEL, [answer.choices[0].message])
    assert wire.body["messages"] == [{"role": "assistant", "content": chunks}]


def test_it_adds_up_to_the_same_answer_as_a_whole_reply() -> None:
    content = [_thinking("1 + 2", closed=True), _text("3")]
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    whole = answered(MODEL, {**HEAD, "object": "chat.completion", "choices": [choice], "usage": COUNTED})
    events = (ROLE, _event(content=content[:1]), _event("stop", content=content[1:], usage=COUNTED), DONE)
    assert assembled(MODEL, sse(*events)).model_dump() == whole.model_dump()


CALLS: Final[dict[str, tuple[list[Json], list[tuple[str, str]]]]] = {
    "whole": ([_event("tool_calls", tool_calls=[_call("{}", index=0)])], [("Caf7Pyrd8", "{}")]),
    "without index and type": (
        [_event("tool_calls", content=None, tool_calls=[{"id": "x", "function": {"name": "add", "arguments": "{}"}}])],
        [("x", "{}")],
    ),
    "in pieces": (
        [
            _event(tool_calls=[_call("", index=0)], index_=0),
            _event(tool_calls=[{"type": "function", "function": {"name": "", "arguments": '{"a": 1}'}, "index": 0}]),
            _event("tool_calls", content=""),
        ],
        [("Caf7Pyrd8", '{"a": 1}')],
    ),
    "several": (
        [_event("tool_calls", tool_calls=[_call("{}", index=0), _call("[]", made="n9P3tR143", index=1)])],
        [("Caf7Pyrd8", "{}"), ("n9P3tR143", "[]")],
    ),
    "several without index": (
        [_event("tool_calls", tool_calls=[_call("{}"), _call("[]", made="n9P3tR143")])],
        [("Caf7Pyrd8", "{}"), ("n9P3tR143", "[]")],
    ),
    "arguments as an object": ([_event("tool_calls", tool_calls=[_call({"a": 1})])], [("Caf7Pyrd8", '{"a":1}')]),
    "beside usage": ([_event("tool_calls", tool_calls=[_call({"a": 1})], usage=COUNTED)], [("Caf7Pyrd8", '{"a":1}')]),
    "beside thinking": (
        [
            _event(content=[_thinking("a")]),
            _event("tool_calls", content=[_text("b")], tool_calls=[_call("{}", index=0)]),
        ],
        [("Caf7Pyrd8", "{}")],
    ),
}


@pytest.mark.parametrize(("events", "calls"), CALLS.values(), ids=CALLS)
def test_tool_calls(events: list[Json], calls: list[tuple[str, str]]) -> None:
    (choice,) = assembled(MODEL, sse(ROLE, *events, DONE)).choices
    made = choice.message.tool_calls or []
    assert [(call.id, call.function.arguments) for call in made] == calls
    assert {(call.type, call.function.name) for call in made} == {("function", "add")}
    assert choice.finish_reason == "tool_calls"


def test_a_call_without_an_id_is_the_vendors_error() -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no id"):
        assembled(MODEL, sse(ROLE, _event("tool_calls", tool_calls=[_call("{}", made=None)]), DONE))


def test_several_choices() -> None:
    events = (
        _event(role="assistant", content=""),
        _event(index=1, role="assistant", content=""),
        _event(index=1, content=[_thinking("t")]),
        _event(content="a"),
        _event(index=1, content="x"),
        _event("stop", index=1, content=""),
        _event("length", content="b", usage=COUNTED),
        DONE,
    )
    answer = assembled(MODEL, sse(*events), n=2)
    assert [(choice.message.content, choice.finish_reason) for choice in answer.choices] == [
        ("ab", "length"),
        ("x", "stop"),
    ]
    assert answer.choices[0].message.provider_specific_fields == {}
    assert answer.choices[1].message.provider_specific_fields == {
        "mistral": {"content": [_thinking("t"), _text("x")], "text": "x"}
    }


@pytest.mark.parametrize(("said", "reason"), [("model_length", "length"), ("error", "other"), ("brand_new", "other")])
@pytest.mark.parametrize("usage", [None, COUNTED])
def test_finish_reason(said: str, reason: str, usage: object) -> None:
    (choice,) = assembled(MODEL, sse(ROLE, _event(said, content="a", usage=usage), DONE)).choices
    assert (choice.finish_reason, choice.provider_specific_fields) == (reason, {"native_finish_reason": said})


def test_usage_counts_sound_as_part_of_the_prompt() -> None:
    counted = {
        "prompt_tokens": 11,
        "completion_tokens": 15,
        "total_tokens": 401,
        "prompt_tokens_details": {"audio_tokens": 375},
    }
    usage = assembled(MODEL, sse(ROLE, _event("stop", content="a", usage=counted), DONE)).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (386, 15, 401)


def test_log_probabilities() -> None:
    found: Json = {"content": [{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "token_id": 7}]}
    event = _event(content="Hi")
    event["choices"] = [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None, "logprobs": found}]
    logprobs = assembled(MODEL, sse(ROLE, event, STOP, DONE)).choices[0].logprobs
    assert logprobs is not None
    assert logprobs.model_dump(exclude_unset=True) == found


@pytest.mark.parametrize("text", ['"content":[', '"usage": {"a": 1}', '{"content" : [1]}'])
def test_text_that_looks_like_chunks_is_text(text: str) -> None:
    answer = assembled(MODEL, sse(ROLE, _event(content=text), STOP, DONE))
    assert answer.choices[0].message.content == text


@pytest.mark.parametrize("spaces", ["", " ", "  "])
def test_spaces_in_the_json_do_not_matter(spaces: str) -> None:
    start = '{"id":"1","choices":[{"index":0,"delta":{"content"'
    event = f'{start}{spaces}:{spaces}[{{"type":"text","text":"a"}}]}}}}]}}'
    message = assembled(MODEL, sse(event, STOP, DONE)).choices[0].message
    assert message.content == "a"
    assert message.provider_specific_fields["mistral"] == {"content": [_text("a")], "text": "a"}


def test_a_finished_stream_needs_no_end_marker() -> None:
    assert assembled(MODEL, sse(ROLE, _event(content="a"), STOP)).choices[0].message.content == "a"


@pytest.mark.parametrize("last", [_event(content="b"), _event(content=[_thinking("b")])])
def test_a_stream_that_breaks_off(last: Json) -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        streamed(MODEL, sse(ROLE, _event(content="a"), last))
    assert caught.value.partial is not None
    assert (caught.value.partial.choices[0].message.content or "").startswith("a")


ERROR: Final[Json] = {"object": "error", "message": "Out of order", "type": "internal", "code": "3700"}


@pytest.mark.parametrize("error", [ERROR, {"error": {"message": "Out of order"}}, {"detail": "Out of order"}])
def test_an_error_inside_a_stream(error: Json) -> None:
    with pytest.raises(APIError, match="Out of order") as caught:
        streamed(MODEL, sse(ROLE, _event(content="a"), error))
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "a"


def test_an_error_instead_of_a_stream() -> None:
    with pytest.raises(APIError, match="Out of order"):
        streamed(MODEL, b'{"object": "error", "message": "Out of order", "type": "internal"}')


def test_an_event_that_cannot_be_read() -> None:
    with pytest.raises(APIResponseValidationError, match="cannot be read"):
        streamed(
            MODEL,
            sse(ROLE, {**HEAD, "choices": [{"index": 0, "delta": {"content": [{"type": "thinking", "thinking": 3}]}}]}),
        )
