"""OpenAI's dialect: what a stream becomes, oddities of its vendors included (numbers: research/wire-oddities.md)."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import ChatCompletionChunk, RateLimitError, StreamInterruptedError
from tests.mapping.asking import Json, as_bytes, assembled, sse, streamed
from tests.mapping.openai_events import COUNT, COUNTED, DONE, HEAD, HELLO, ROLE, STOP, chunk

MODEL: Final = "openai:gpt-5"
GATEWAY: Final = "openrouter:m"


def text(chunks: list[ChatCompletionChunk]) -> str:
    """All text of a stream."""
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def reasons(chunks: list[ChatCompletionChunk]) -> list[str]:
    """All finish reasons of a stream."""
    return [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason is not None]


def message(text: str, finish: str | None = None) -> Json:
    """A choice of a stream that has a whole message instead of a delta."""
    return {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}


def test_a_plain_stream() -> None:
    chunks = streamed(MODEL, sse(ROLE, HELLO, STOP, COUNT, DONE))
    assert {(chunk.id, chunk.created, chunk.model, chunk.object) for chunk in chunks} == {
        ("chatcmpl-1", 1700000000, "gpt-5-x", "chat.completion.chunk")
    }
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", None, None]
    assert [chunk.usage is not None for chunk in chunks] == [False, False, True]
    assert (text(chunks), reasons(chunks)) == ("Hello", ["stop"])


# The same answer, as vendors send it: text, end and count are always "Hello", "stop" and 3.
SAME: Final[dict[str, bytes]] = {
    "filter results first": sse(
        {
            "id": "",
            "object": "",
            "created": 0,
            "model": "",
            "choices": [],
            "prompt_filter_results": [{"prompt_index": 0}],
        },
        ROLE,
        HELLO,
        STOP,
        COUNT,
        DONE,
    ),  # 1, 18, 19
    "the usage apart": sse(ROLE, HELLO, STOP, COUNT, DONE),  # 2
    "something after the usage": sse(ROLE, HELLO, STOP, COUNT, {**HEAD, "choices": [], "moderation": {}}, DONE),  # 3
    "usage on the last chunk": sse(ROLE, HELLO, chunk(finish="stop", usage=COUNTED), DONE),  # 4
    "usage on every chunk": sse(
        chunk({"role": "assistant", "content": "Hel"}, usage={**COUNTED, "total_tokens": 1}),
        chunk({"content": "lo"}, usage={**COUNTED, "total_tokens": 2}),
        chunk(finish="stop", usage=COUNTED),
        DONE,
    ),  # 5
    "usage twice": sse(ROLE, HELLO, chunk(finish="stop", x_groq={"usage": COUNTED}, usage=COUNTED), COUNT, DONE),  # 6
    "end twice": sse(ROLE, HELLO, STOP, chunk({"content": ""}, "stop", usage=COUNTED), DONE),  # 8
    "no end marker": sse(ROLE, HELLO, STOP, COUNT),  # 10
    "comments": b": OPENROUTER PROCESSING\n\n" + sse(ROLE) + b": x\n\n" + sse(HELLO, STOP, COUNT, DONE),  # 11
    "CRLF": sse(ROLE, HELLO, STOP, COUNT, DONE).replace(b"\n", b"\r\n"),  # 12
    "blank lines first": b"\n\n\n\n" + sse(ROLE, HELLO, STOP, COUNT, DONE),  # 13
    "no blank line at the end": sse(ROLE, HELLO, STOP, COUNT, DONE).rstrip(b"\n"),  # 14
    "ids change": sse(ROLE, {**HELLO, "id": "x", "model": "y", "created": 1}, {**STOP, "id": ""}, COUNT, DONE),  # 18
    "no object, no created": sse(
        *(
            {key: value for key, value in event.items() if key not in ("object", "created")}
            for event in (ROLE, HELLO, STOP, COUNT)
        ),
        DONE,
    ),  # 20
    "padding": sse(*({**event, "obfuscation": "xxxx"} for event in (ROLE, HELLO, STOP, COUNT)), DONE),  # 56
    "empty role": sse(chunk({"role": "", "content": "Hello"}), chunk({"role": None}, "stop"), COUNT, DONE),  # 46
    "no role": sse(HELLO, STOP, COUNT, DONE),  # 47
    "a message beside the delta": sse(
        {
            **HEAD,
            "choices": [
                {
                    "index": 0,
                    "delta": {"role": "assistant", "content": "Hello"},
                    "message": {"role": "assistant", "content": "Hello"},
                    "finish_reason": None,
                }
            ],
        },
        STOP,
        COUNT,
        DONE,
    ),  # 48
    "only a message": sse({**HEAD, "choices": [message("Hello", "stop")], "usage": COUNTED}, DONE),  # 48
    "only messages that grow": sse(
        {**HEAD, "choices": [message("Hel")]},
        {**HEAD, "choices": [message("Hello")]},
        {**HEAD, "choices": [message("Hello", "stop")], "usage": COUNTED},
        DONE,
    ),  # 48
    "a choice without delta": sse(
        ROLE, HELLO, {**HEAD, "choices": [{"index": 0, "finish_reason": "stop"}]}, COUNT, DONE
    ),  # 49
    "a null delta": sse(
        ROLE, HELLO, {**HEAD, "choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}, COUNT, DONE
    ),
    "text on the last chunk": sse(ROLE, chunk({"content": "Hello"}, "stop"), COUNT, DONE),
    "text after the end": sse(ROLE, chunk({"content": "Hel"}, "stop"), chunk({"content": "lo"}), COUNT, DONE),
    "one event": sse(chunk({"role": "assistant", "content": "Hello"}, "stop", usage=COUNTED), DONE),
    "null usage": sse({**ROLE, "usage": None}, {**HELLO, "usage": None}, {**STOP, "usage": None}, COUNT, DONE),
    "after the end marker": sse(ROLE, HELLO, STOP, COUNT, DONE, chunk({"content": "more"}), DONE),
    "empty data": sse(ROLE) + b"data: \n\n" + sse(HELLO, STOP, COUNT, DONE),
    "named events": sse(ROLE, HELLO, STOP, COUNT, DONE).replace(b"data:", b"event: message\ndata:"),
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_the_same_answer_in_another_form(body: bytes) -> None:
    chunks = streamed(GATEWAY, body)
    assert text(chunks) == "Hello"
    assert reasons(chunks) == ["stop"]
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 3
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [choice.delta.role for chunk in chunks[1:] for choice in chunk.choices] == [None] * (len(chunks) - 1)
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert chunks[0].id
    assert chunks[0].created > 1_600_000_000
    assert all(chunk.choices for chunk in chunks)


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_the_same_answer_assembled(body: bytes) -> None:
    answer = assembled(GATEWAY, body)
    choice = answer.choices[0]
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "Hello", "stop")
    assert answer.usage is not None
    assert answer.usage.total_tokens == 3
    assert answer.provider == "openrouter"


def test_a_stream_without_usage() -> None:  # 7
    chunks = streamed(MODEL, sse(ROLE, HELLO, STOP, DONE))
    assert (text(chunks), reasons(chunks), chunks[-1].usage) == ("Hello", ["stop"], None)


def test_a_stream_that_names_no_reason_but_its_end() -> None:  # 9
    chunks = streamed(GATEWAY, sse(ROLE, HELLO, DONE))
    assert (text(chunks), reasons(chunks)) == ("Hello", [])


@pytest.mark.parametrize(
    "body", [sse(ROLE, HELLO), sse(ROLE), b"", b": ping\n\n"], ids=["text", "role", "empty", "comment"]
)
def test_a_stream_that_breaks_off(body: bytes) -> None:  # 9
    with pytest.raises(StreamInterruptedError) as caught:
        streamed(GATEWAY, body)
    assert (caught.value.provider, caught.value.model, caught.value.retryable) == ("openrouter", "m", False)
    assert caught.value.partial is not None


def test_what_is_known_before_the_first_choice_is_not_lost() -> None:  # 1
    first: Json = {**HEAD, "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    assert assembled(GATEWAY, sse(first, ROLE, STOP, DONE))["prompt_filter_results"] == [{"prompt_index": 0}]


def test_refusal() -> None:  # 40
    message = (
        assembled(MODEL, sse(chunk({"refusal": "I "}), chunk({"refusal": "cannot."}), STOP, DONE)).choices[0].message
    )
    assert (message.content, message.refusal) == (None, "I cannot.")


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_reasoning(name: str) -> None:  # 43
    body = sse(chunk({name: "1 + "}), chunk({name: "2"}), HELLO, STOP, DONE)
    assert "".join(one.choices[0].delta.reasoning_content or "" for one in streamed(GATEWAY, body)) == "1 + 2"
    message = assembled(GATEWAY, body).choices[0].message
    assert (message.reasoning_content, message.content) == ("1 + 2", "Hello")


def test_details_of_reasoning_are_gathered() -> None:  # 43, 44
    body = sse(
        chunk({"reasoning_details": [{"type": "reasoning.text", "text": "1"}]}),
        chunk({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}),
        STOP,
        DONE,
    )
    assert assembled(GATEWAY, body).choices[0].message["reasoning_details"] == [
        {"type": "reasoning.text", "text": "1"},
        {"type": "reasoning.encrypted", "data": "x"},
    ]


def test_content_in_parts() -> None:  # 41
    body = sse(
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "1 + 2"}]}]}),
        chunk({"content": [{"type": "text", "text": "3"}]}),
        STOP,
        DONE,
    )
    message = assembled("mistral:m", body).choices[0].message
    assert (message.content, message.reasoning_content) == ("3", "1 + 2")


def test_several_choices() -> None:  # 51
    body = sse(
        chunk({"content": "a"}, index=0),
        chunk({"content": "x"}, index=1),
        chunk({"content": "b"}, index=0),
        chunk(finish="stop", index=1),
        chunk({"content": "c"}, index=0),
        chunk(finish="length", index=0),
        COUNT,
        DONE,
    )
    answer = assembled(MODEL, body, n=2)
    assert [(choice.index, choice.message.content, choice.finish_reason) for choice in answer.choices] == [
        (0, "abc", "length"),
        (1, "x", "stop"),
    ]
    roles = [choice.delta.role for one in streamed(MODEL, body, n=2) for choice in one.choices]
    assert roles.count("assistant") == 2


def test_log_probabilities() -> None:
    def scored(token: str) -> Json:
        event = chunk({"content": token})
        logprobs: Json = {"content": [{"token": token, "bytes": None, "logprob": -0.5}], "refusal": None}
        return {**event, "choices": [{"index": 0, "delta": {"content": token}, "logprobs": logprobs}]}

    found = assembled(MODEL, sse(scored("a"), scored("b"), STOP, DONE)).choices[0].logprobs
    assert found is not None
    assert [token.token for token in found.content or ()] == ["a", "b"]


def test_spoken_answer() -> None:
    body = sse(
        chunk({"role": "assistant", "audio": {"id": "audio_1", "transcript": "Hel"}}),
        chunk({"audio": {"data": "AA", "transcript": "lo"}}),
        chunk({"audio": {"data": "BB", "expires_at": 5}}),
        STOP,
        DONE,
    )
    found = assembled(MODEL, body).choices[0].message.audio
    assert found is not None
    assert (found.id, found.data, found.transcript, found.expires_at) == ("audio_1", "AABB", "Hello", 5)


def test_padding_is_no_part_of_the_answer() -> None:  # 56
    body = sse({**ROLE, "obfuscation": "xx"}, {**STOP, "obfuscation": "x"}, DONE)
    assert "obfuscation" not in assembled(MODEL, body)


def test_a_json_body_instead_of_a_stream_is_read_as_an_error() -> None:
    with pytest.raises(RateLimitError, match="slow down"):
        streamed(GATEWAY, as_bytes({"error": {"message": "slow down", "code": 429}}))
