"""Legacy completions: one prompt, its continuation as an answer, and who has kept them."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import APIError, APIResponseValidationError, StreamInterruptedError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, answered, assembled, request, sent, sse, streamed

MODEL: Final = "completions:davinci-002"
FIM: Final = "text-completion-codestral:codestral-latest"


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "sends"),
    [
        ({}, {}),
        ({"temperature": 0, "max_tokens": 9}, {"temperature": 0, "max_tokens": 9}),
        ({"max_completion_tokens": 9}, {"max_tokens": 9}),
        ({"logprobs": True}, {"logprobs": 0}),
        ({"logprobs": True, "top_logprobs": 3}, {"logprobs": 3}),
        ({"logprobs": False}, {}),
        ({"stop": ("a", "b"), "n": 2, "seed": 1}, {"stop": ["a", "b"], "n": 2, "seed": 1}),
        ({"suffix": "}", "echo": True}, {"suffix": "}", "echo": True}),
        ({"completions": {"best_of": 3}}, {"best_of": 3}),
        ({"response_format": {"type": "text"}}, {}),
        (
            {"stream": True, "stream_options": {"include_usage": True}},
            {"stream": True, "stream_options": {"include_usage": True}},
        ),
    ],
)
def test_what_is_sent(asked: Json, sends: Json) -> None:
    assert sent(MODEL, HELLO, **asked) == {"model": "davinci-002", "prompt": "Hi", **sends}


def test_the_address() -> None:
    assert str(request(MODEL, HELLO).url) == "https://api.openai.com/v1/completions"


TWICE: Final[list[Json]] = [*HELLO, {"role": "assistant", "content": "Hello"}, *HELLO]
SYSTEM: Final[list[Json]] = [{"role": "system", "content": "Be brief."}]
PICTURE: Final[Json] = {"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}


@pytest.mark.parametrize("talk", [TWICE, SYSTEM, [*SYSTEM, *HELLO]], ids=["turns", "system alone", "system"])
@pytest.mark.parametrize("dropping", [False, True])
def test_a_conversation_is_no_prompt(talk: list[Json], dropping: bool) -> None:
    wire = Wire()
    with pytest.raises(UnsupportedParamsError, match="messages: it continues one prompt"):
        wire.ask(MODEL, talk, drop_params=dropping)
    assert wire.requests == []


def test_parts_of_text_are_a_prompt_and_others_are_refused() -> None:
    parts: list[Json] = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert sent(MODEL, [{"role": "user", "content": parts}])["prompt"] == "a\nb"
    with pytest.raises(UnsupportedParamsError, match=r"messages\[0\]\.content\[2\] \(image_url\)"):
        sent(MODEL, [{"role": "user", "content": [*parts, PICTURE]}])


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"reasoning_effort": "low"}, "reasoning_effort"),
    ],
)
def test_what_came_with_chat_is_refused(asked: Json, name: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=name):
        sent(MODEL, HELLO, **asked)
    wire = Wire()
    assert wire.ask(MODEL, HELLO, drop_params=True, **asked).dropped_params == (name,)
    assert wire.body == {"model": "davinci-002", "prompt": "Hi"}


# --- replies ----------------------------------------------------------------------------------------------------------

REPLY: Final[Json] = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1700000000,
    "model": "davinci-002",
    "choices": [
        {
            "text": " there",
            "index": 0,
            "finish_reason": "length",
            "logprobs": {
                "tokens": ["Hi", " there"],
                "token_logprobs": [None, -0.5],
                "top_logprobs": [None, {" you": -2.0, " there": -0.5}],
                "text_offset": [0, 2],
            },
        },
        {"text": "!", "index": 1, "finish_reason": "stop", "logprobs": None},
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def test_an_answer() -> None:
    answer = answered(MODEL, REPLY)
    assert [choice.message.content for choice in answer.choices] == [" there", "!"]
    assert [choice.finish_reason for choice in answer.choices] == ["length", "stop"]
    assert (answer.id, answer.created, answer.model) == ("cmpl-1", 1700000000, "davinci-002")
    assert answer.usage is not None
    assert answer.usage.total_tokens == 3


def test_log_probabilities_stand_where_chat_has_them() -> None:
    found = answered(MODEL, REPLY).choices[0].logprobs
    assert found is not None
    assert found.content is not None
    assert [(one.token, one.logprob) for one in found.content] == [("Hi", 0.0), (" there", -0.5)]
    assert [[top.token for top in one.top_logprobs] for one in found.content] == [[], [" there", " you"]]


def test_a_reply_without_choices() -> None:
    with pytest.raises(APIResponseValidationError, match="it has no choices"):
        answered(MODEL, {"id": "cmpl-1", "choices": []})
    with pytest.raises(APIError, match="No capacity"):
        answered(MODEL, {"error": {"message": "No capacity."}})


def _event(text: str, reason: str | None = None, **more: object) -> Json:
    choice = {"text": text, "index": 0, "finish_reason": reason, "logprobs": None}
    return {"id": "cmpl-1", "created": 7, "model": "davinci-002", "choices": [choice], **more}


STREAM: Final = sse(
    _event("Hel"),
    _event("lo", "stop"),
    {"id": "cmpl-1", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}},
    "[DONE]",
)


def test_a_stream() -> None:
    chunks = streamed(MODEL, STREAM)
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["Hel", "lo"]
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", None]
    answer = assembled(MODEL, STREAM)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Hello", "stop")
    assert answer.usage is not None


def test_a_stream_that_breaks_off_or_fails() -> None:
    with pytest.raises(StreamInterruptedError):
        assembled(MODEL, sse(_event("Hel")))
    with pytest.raises(APIError, match="No capacity"):
        assembled(MODEL, sse(_event("Hel"), {"error": {"message": "No capacity."}}))


# --- Azure ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        ({}, "https://r.openai.azure.com/openai/v1/completions"),
        (
            {"api_version": "2024-10-21"},
            "https://r.openai.azure.com/openai/deployments/d/completions?api-version=2024-10-21",
        ),
    ],
)
def test_on_azure(asked: Json, url: str) -> None:
    wire = Wire()
    wire.ask("azure_text:d", HELLO, api_base="https://r.openai.azure.com", **asked)
    assert str(wire.requests[-1].url) == url
    assert wire.requests[-1].headers["api-key"] == "sk-test-key"
    assert wire.body == {"model": "d", "prompt": "Hi"}


def test_a_stream_on_azure() -> None:
    found = Wire(STREAM).open("azure_text:d", HELLO, api_base="https://r.openai.azure.com").completion()
    assert found.choices[0].message.content == "Hello"


# --- code -------------------------------------------------------------------------------------------------------------


def test_code_with_what_comes_behind_it() -> None:
    wire = Wire()
    wire.ask(FIM, HELLO, suffix="}", seed=1, max_tokens=9, metadata={"a": "b"})
    assert str(wire.requests[-1].url) == "https://codestral.mistral.ai/v1/fim/completions"
    assert wire.body == {
        "model": "codestral-latest",
        "prompt": "Hi",
        "suffix": "}",
        "random_seed": 1,
        "max_tokens": 9,
        "metadata": {"a": "b"},
    }


@pytest.mark.parametrize("name", ["n", "logprobs", "user", "presence_penalty"])
def test_what_mistral_does_not_describe_is_refused(name: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=f"{name}: no such field in its API description"):
        sent(FIM, HELLO, **{name: {"n": 2, "logprobs": True, "user": "u", "presence_penalty": 1}[name]})


def test_mistral_answers_as_chat_does() -> None:
    message = {"role": "assistant", "content": "return 1", "tool_calls": None}
    choice = {"index": 0, "message": message, "finish_reason": "model_length"}
    answer = answered(FIM, {"id": "1", "model": "codestral-latest", "created": 7, "choices": [choice]})
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("return 1", "length")
    events = [
        {"id": "1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "return"}}]},
        {"id": "1", "choices": [{"index": 0, "delta": {"content": " 1"}, "finish_reason": "stop"}]},
    ]
    assert assembled(FIM, sse(*events, "[DONE]")).choices[0].message.content == "return 1"


def test_inception_answers_as_openai_does() -> None:
    wire = Wire()
    answer = wire.ask("text-completion-inception:mercury-edit-2", HELLO, suffix="}", max_tokens=9)
    assert str(wire.requests[-1].url) == "https://api.inceptionlabs.ai/v1/fim/completions"
    assert wire.body == {"model": "mercury-edit-2", "prompt": "Hi", "suffix": "}", "max_tokens": 9}
    assert answer.choices[0].message.content == "Hello"
