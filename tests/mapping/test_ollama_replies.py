"""Ollama: what each part of a reply becomes."""

from __future__ import annotations

import json
from typing import Final

import pytest

from polyvox import APIResponseValidationError, AuthenticationError, InternalServerError, NotFoundError
from polyvox.errors import APIError
from polyvox.results import ChatCompletionMessage
from polyvox_wire.ollama import responses as r
from polyvox_wire.ollama.stubs import StopReasons
from tests.mapping.asking import HELLO, Json, Wire, as_bytes
from tests.mapping.test_ollama_parameters import OLLAMA


def _message(**fields: object) -> ChatCompletionMessage:
    return OLLAMA.answered(message={"role": "assistant", "content": "", **fields}).choices[0].message


def _call(arguments: object = None, name: str = "add", **more: object) -> Json:
    return {"function": {"name": name, "arguments": arguments}, **more}


def test_a_plain_reply() -> None:
    answer = OLLAMA.answered()
    assert (answer.model, answer.created, answer.provider) == ("qwen3:4b", 1786954973, "ollama")
    assert answer.id.startswith("chatcmpl-")
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.role, choice.message.content) == ("stop", "assistant", "Hello")
    assert choice.message.provider_specific_fields == {}
    assert isinstance(answer.native, r.ChatResponse)


TIMES: Final = {
    "2026-08-17T08:22:53.078901Z": 1786954973,
    "2025-11-04T10:00:00.123456789+02:00": 1762243200,
    "2025-11-04T10:00:00Z": 1762250400,
}


@pytest.mark.parametrize("said", TIMES)
def test_when(said: str) -> None:
    assert OLLAMA.answered(created_at=said).created == TIMES[said]


@pytest.mark.parametrize("said", [None, "", "yesterday", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_an_unsaid_time_is_that_of_receipt(said: str | None) -> None:
    assert OLLAMA.answered(created_at=said).created > 1_700_000_000


def test_an_unsaid_model_is_the_one_asked_for() -> None:
    assert OLLAMA.answered(model=None).model == "qwen3:4b"


REASONS: Final = {"stop": "stop", "length": "length", "load": "other", "unload": "other"}


@pytest.mark.parametrize(("said", "reason"), [*REASONS.items(), ("custom", "other"), (None, "stop")])
def test_done_reason(said: str | None, reason: str) -> None:
    choice = OLLAMA.answered(done_reason=said).choices[0]
    assert choice.finish_reason == reason
    assert choice.provider_specific_fields["native_finish_reason"] == said


@pytest.mark.parametrize(("said", "reason"), [("stop", "tool_calls"), ("length", "length"), (None, "tool_calls")])
def test_done_reason_with_calls(said: str | None, reason: str) -> None:
    message = {"role": "assistant", "content": "", "tool_calls": [_call()]}
    assert OLLAMA.answered(message=message, done_reason=said).choices[0].finish_reason == reason


def test_every_reason_of_the_description_is_in_the_table() -> None:
    assert set(REASONS) == StopReasons.__required_keys__


def test_durations_and_what_is_new_are_kept() -> None:
    choice = OLLAMA.answered(total_duration=5, load_duration=0, eval_duration=None, remote_host="x").choices[0]
    assert choice.provider_specific_fields == {
        "native_finish_reason": "stop",
        "total_duration": 5,
        "load_duration": 0,
        "remote_host": "x",
    }


def test_thinking() -> None:
    message = _message(thinking="1 + 2", content="3")
    assert (message.content, message.reasoning_content) == ("3", "1 + 2")


CALLS: Final[dict[str, tuple[Json, Json, Json]]] = {
    "with id": (_call({"a": 1}, id="call_1"), {"a": 1}, {}),
    "with index": ({"id": "call_1", "function": {"index": 2, "name": "add", "arguments": {}}}, {}, {"index": 2}),
    "null arguments": (_call(None, id="call_1"), {}, {}),
    "nested": (_call({"a": [{"b": None}], "ü": "☃"}, id="call_1"), {"a": [{"b": None}], "ü": "☃"}, {}),
}


@pytest.mark.parametrize(("made", "arguments", "fields"), CALLS.values(), ids=CALLS)
def test_call(made: Json, arguments: Json, fields: Json) -> None:
    message = _message(tool_calls=[made])
    assert message.content is None
    assert message.tool_calls is not None
    (call,) = message.tool_calls
    assert (call.id, call.type, call.function.name) == ("call_1", "function", "add")
    assert json.loads(call.function.arguments) == arguments
    assert call.provider_specific_fields == fields


def test_calls_without_ids_get_ids_that_never_go_back() -> None:
    message = _message(tool_calls=[_call({"a": 1}), _call({"a": 2}), _call({}, "now")])
    assert message.tool_calls is not None
    ids = [call.id for call in message.tool_calls]
    assert len(set(ids)) == 3
    answers = [{"role": "tool", "tool_call_id": made, "content": made} for made in reversed(ids)]
    wire = OLLAMA.wire()
    wire.ask(OLLAMA.model, [*HELLO, message, *answers])
    assert wire.body["messages"] == [
        *HELLO,
        {"role": "assistant", "content": "", "tool_calls": [_call({"a": 1}), _call({"a": 2}), _call({}, "now")]},
        {"role": "tool", "content": ids[0], "tool_name": "add"},
        {"role": "tool", "content": ids[1], "tool_name": "add"},
        {"role": "tool", "content": ids[2], "tool_name": "now"},
    ]


@pytest.mark.parametrize("made", [_call(name=""), {"id": "call_1"}])
def test_a_call_without_a_name_is_the_vendors_error(made: Json) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no name"):
        _message(tool_calls=[made])


def test_images_are_kept() -> None:
    assert _message(images=["iVBO"]).provider_specific_fields == {"ollama": {"images": ["iVBO"]}}


USAGE: Final[dict[str, tuple[Json, tuple[int, int, int] | None]]] = {
    "both": ({"prompt_eval_count": 5, "eval_count": 2}, (5, 2, 7)),
    "a cached prompt": ({"prompt_eval_count": None, "eval_count": 2}, (0, 2, 2)),
    "none": ({"prompt_eval_count": None, "eval_count": None}, None),
}


@pytest.mark.parametrize(("counted", "seen"), USAGE.values(), ids=USAGE)
def test_usage(counted: Json, seen: tuple[int, int, int] | None) -> None:
    usage = OLLAMA.answered(**counted).usage
    assert (usage and (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)) == seen


def test_logprobs() -> None:
    top: Json = {"token": "Hi", "logprob": -2.0, "bytes": None}
    one: Json = {"token": "Hello", "logprob": -0.5, "bytes": [72], "top_logprobs": [top]}
    found = OLLAMA.answered(logprobs=[one]).choices[0].logprobs
    assert found is not None
    assert found.content is not None
    (token,) = found.content
    assert (token.token, token.logprob, token.bytes) == ("Hello", -0.5, [72])
    assert [(other.token, other.logprob) for other in token.top_logprobs] == [("Hi", -2.0)]


ERRORS: Final[dict[str, tuple[int, type[APIError]]]] = {
    "model": (404, NotFoundError),
    "key": (401, AuthenticationError),
    "server": (500, InternalServerError),
    "inside a reply": (200, APIError),
}


@pytest.mark.parametrize(("status", "kind"), ERRORS.values(), ids=ERRORS)
def test_error(status: int, kind: type[APIError]) -> None:
    with pytest.raises(kind, match="went wrong") as caught:
        Wire(as_bytes({"error": "it went wrong"}), status).ask(OLLAMA.model)
    assert (caught.value.provider, caught.value.model) == ("ollama", "qwen3:4b")


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"[]", b"{}", b'{"message": {"content": [', b'{"done": false}']
)
def test_a_reply_that_is_none(body: bytes) -> None:
    with pytest.raises(APIResponseValidationError):
        Wire(body).ask(OLLAMA.model)
