"""Ollama: what each line of a stream becomes."""

from __future__ import annotations

from typing import Final, cast

import pytest

from polyvox import APIError, APIResponseValidationError, ChatCompletion, StreamInterruptedError
from tests.mapping.asking import Json, as_bytes, assembled, streamed
from tests.mapping.test_ollama_parameters import OLLAMA

MODEL: Final = OLLAMA.model
CALL: Final[Json] = {"id": "call_1", "function": {"index": 0, "name": "add", "arguments": {"a": 1}}}
NOW: Final[Json] = {"id": "call_2", "function": {"index": 1, "name": "now", "arguments": {}}}
LOGPROB: Final[Json] = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105]}


def _line(content: str = "", **fields: object) -> Json:
    message = {"role": "assistant", "content": content, **fields}
    return {"model": "qwen3:4b", "created_at": "2026-08-17T08:22:53Z", "message": message, "done": False}


END: Final[Json] = {
    **_line(),
    "created_at": "2026-08-17T08:23:00Z",
    "done": True,
    "done_reason": "stop",
    "total_duration": 9,
    "prompt_eval_count": 5,
    "eval_count": 2,
}


def lines(*documents: Json) -> bytes:
    """A body of one JSON document per line."""
    return b"".join(as_bytes(document) + b"\n" for document in documents)


# The lines, and the message of a whole reply that says the same.
CASES: Final[dict[str, tuple[bytes, Json]]] = {
    "text": (lines(_line("Hel"), _line("lo"), END), {"content": "Hello"}),  # 99
    "thinking": (
        lines(_line(thinking="1 +"), _line(thinking=" 2"), _line("3"), END),
        {"content": "3", "thinking": "1 + 2"},
    ),  # 100
    "calls": (lines(_line(tool_calls=[CALL]), _line(tool_calls=[NOW]), END), {"tool_calls": [CALL, NOW]}),
    "calls in one line": (lines(_line(tool_calls=[CALL, NOW]), END), {"tool_calls": [CALL, NOW]}),
    "everything": (
        lines(_line(thinking="?"), _line("Adding."), _line(tool_calls=[CALL]), END),
        {"content": "Adding.", "thinking": "?", "tool_calls": [CALL]},
    ),
    "text on the last line": (lines({**END, "message": {"role": "assistant", "content": "Hi"}}), {"content": "Hi"}),
    "a last line without a message": (
        lines(_line("Hi"), {key: value for key, value in END.items() if key != "message"}),
        {"content": "Hi"},
    ),
    "images": (lines(_line("Here.", images=["iVBO"]), END), {"content": "Here.", "images": ["iVBO"]}),
    "nothing": (lines(END), {"content": ""}),
    "blank lines": (b"\r\n" + lines(_line("Hi")) + b"\n\n" + lines(END) + b"\n", {"content": "Hi"}),
    "no last line end": (lines(_line("Hi"), END).rstrip(), {"content": "Hi"}),
}


def _plain(answer: ChatCompletion) -> Json:
    return answer.model_dump(exclude={"created", "id"}, exclude_none=True)


@pytest.mark.parametrize(("body", "message"), CASES.values(), ids=CASES)
def test_a_stream_adds_up_to_the_whole_reply(body: bytes, message: Json) -> None:
    whole = OLLAMA.answered(**{**END, "message": {"role": "assistant", "content": "", **message}})
    assert _plain(assembled(MODEL, body)) == _plain(whole)


@pytest.mark.parametrize(("body", "message"), CASES.values(), ids=CASES)
def test_every_stream_keeps_to_the_rules(body: bytes, message: Json) -> None:
    chunks = streamed(MODEL, body)
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    assert [chunk.usage is not None for chunk in chunks] == [*[False] * (len(chunks) - 1), True]
    assert [chunk.choices[0].finish_reason is not None for chunk in chunks] == [*[False] * (len(chunks) - 1), True]
    calls = cast("list[Json]", message.get("tool_calls") or [])
    indices = [call.index for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert indices == list(range(len(calls)))


def test_the_first_line_says_when() -> None:
    assert {chunk.created for chunk in streamed(MODEL, lines(_line("Hi"), END))} == {1786954973}


def test_calls_without_ids_get_different_ones() -> None:
    bare: Json = {"function": {"name": "add", "arguments": {}}}
    calls = (
        assembled(MODEL, lines(_line(tool_calls=[bare]), _line(tool_calls=[bare]), END)).choices[0].message.tool_calls
    )
    assert calls is not None
    assert len({call.id for call in calls}) == 2
    assert all(call.id.startswith("call_pv_") for call in calls)


def test_logprobs_come_with_their_text() -> None:
    body = lines({**_line("Hi"), "logprobs": [LOGPROB]}, {**_line("!"), "logprobs": [{**LOGPROB, "token": "!"}]}, END)
    found = assembled(MODEL, body).choices[0].logprobs
    assert found is not None
    assert [(part.token, part.logprob) for part in found.content or ()] == [("Hi", -0.5), ("!", -0.5)]


def test_what_follows_the_end_adds_nothing() -> None:
    assert assembled(MODEL, lines(_line("Hi"), END) + b"{broken\n").choices[0].message.content == "Hi"


@pytest.mark.parametrize("tail", [b"", as_bytes(END)[:-1], b"\n"])
def test_a_stream_without_its_end_is_interrupted(tail: bytes) -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        streamed(MODEL, lines(_line("Hi")) + tail)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hi"


@pytest.mark.parametrize("end", [b"\n", b""], ids=["line", "no line end"])
def test_an_error_inside_a_stream(end: bytes) -> None:
    with pytest.raises(APIError, match="ran out of memory") as caught:
        streamed(MODEL, lines(_line("Hi")) + b'{"error": "ran out of memory"}' + end)
    assert caught.value.provider == "ollama"
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hi"


def test_a_line_that_is_no_json() -> None:
    with pytest.raises(APIResponseValidationError):
        streamed(MODEL, lines(_line("Hi")) + b"<html>\n")


def test_a_call_without_a_name_is_the_vendors_error() -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no name"):
        streamed(MODEL, lines(_line(tool_calls=[{"id": "x"}]), END))
