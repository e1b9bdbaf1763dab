"""What is Azure's own in requests and replies: the limit's name, On Your Data, and its content filter."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import AuthenticationError, ContentPolicyViolationError, NotFoundError, UnsupportedParamsError
from polyvox.errors import APIError
from tests.mapping.asking import HELLO, OPENAI_REPLY, Json, Wire, answered, as_bytes, assembled, sent, sse, streamed

BASE: Final = "https://r.openai.azure.com"
MODEL: Final = "azure/gpt-4"
SAFE: Final[Json] = {"hate": {"filtered": False, "severity": "safe"}}
HATE: Final[Json] = {"hate": {"filtered": True, "severity": "high"}}
PROMPT: Final[list[Json]] = [{"prompt_index": 0, "content_filter_results": SAFE}]


# --- requests ---------------------------------------------------------------------------------------------------------

# Model, deployment_id -> the limit's name.
LIMITS: Final = {
    "older": ("azure/gpt-4.1", None, "max_tokens"),
    "unknown": ("azure/production", None, "max_tokens"),
    "gpt-5": ("azure/gpt-5-nano", None, "max_completion_tokens"),
    "o": ("azure/o3-mini", None, "max_completion_tokens"),
    "series": ("azure/o_series/production", None, "max_completion_tokens"),
    "by deployment": ("azure/production", "gpt-5.1-chat", "max_completion_tokens"),
    "by model": ("azure/gpt-5", "production", "max_completion_tokens"),
}


@pytest.mark.parametrize(("model", "deployment", "name"), LIMITS.values(), ids=LIMITS)
def test_the_limit(model: str, deployment: str | None, name: str) -> None:
    settings = {"api_base": BASE, "deployment_id": deployment}
    assert sent(model, max_tokens=9, **settings)[name] == 9
    assert sent(model, max_completion_tokens=9, **settings)["max_completion_tokens"] == 9


def test_options_of_openai_and_of_azure() -> None:
    body = sent(
        MODEL, HELLO, api_base=BASE, data_sources=[{"type": "azure_search"}], openai={"moderation": {"model": "m"}}
    )
    assert (body["data_sources"], body["moderation"]) == ([{"type": "azure_search"}], {"model": "m"})


def test_no_thinking_budget() -> None:
    with pytest.raises(UnsupportedParamsError, match="reasoning_effort"):
        sent(MODEL, HELLO, api_base=BASE, thinking={"type": "enabled", "budget_tokens": 2048})
    assert sent(MODEL, HELLO, api_base=BASE, reasoning_effort="low")["reasoning_effort"] == "low"


@pytest.mark.parametrize("model", ["groq/m", "azure_ai/m", "azureanthropic/m"])
def test_a_deployment_is_azure_openais(model: str) -> None:
    with pytest.raises(UnsupportedParamsError, match="deployment_id"):
        sent(model, HELLO, api_base="https://r.services.ai.azure.com", deployment_id="d")


# --- replies ----------------------------------------------------------------------------------------------------------


def _reply(choice: Json) -> Json:
    return {**OPENAI_REPLY, "choices": [{"index": 0, **choice}], "prompt_filter_results": PROMPT}


def test_what_the_filter_found_is_kept() -> None:
    message = {"role": "assistant", "content": "Hello"}
    reply = _reply({"message": message, "finish_reason": "stop", "content_filter_results": SAFE})
    answer = answered(MODEL, reply, api_base=BASE)
    assert answer["prompt_filter_results"] == PROMPT
    assert answer.choices[0]["content_filter_results"] == SAFE
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("message", [{}, {"message": {}}, {"message": {"role": "assistant", "content": ""}}], ids=str)
def test_an_answer_that_was_filtered(message: Json) -> None:
    """Recorded: such a choice may have no message at all."""
    reply = _reply({**message, "finish_reason": "content_filter", "content_filter_results": HATE})
    choice = answered(MODEL, reply, api_base=BASE).choices[0]
    assert (choice.finish_reason, choice.message.role) == ("content_filter", "assistant")
    assert not choice.message.content
    assert choice["content_filter_results"] == HATE


def _event(finish: str | None = None, found: Json | None = None, **delta: object) -> Json:
    choice: Json = {"index": 0, "delta": delta, "finish_reason": finish, "content_filter_results": found or {}}
    return {"id": "c1", "created": 7, "model": "gpt-4", "object": "chat.completion.chunk", "choices": [choice]}


# The first event, as recorded: nothing but the filter's judgement, everything else empty.
FIRST: Final[Json] = {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": PROMPT}
STREAM: Final = sse(
    FIRST,
    _event(role="assistant", content=""),
    _event(found=SAFE, content="Hel"),
    _event(found=SAFE, content="lo"),
    _event("content_filter", HATE),
    "[DONE]",
)


def test_what_the_filter_found_in_a_stream() -> None:
    chunks = streamed(MODEL, STREAM, api_base=BASE)
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {("c1", 7, "gpt-4")}
    assert chunks[0]["prompt_filter_results"] == PROMPT
    assert [chunk.choices[0]["content_filter_results"] for chunk in chunks] == [{}, SAFE, SAFE, HATE]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert chunks[-1].choices[0].finish_reason == "content_filter"


def test_a_stream_adds_up_to_the_same() -> None:
    answer = assembled(MODEL, STREAM, api_base=BASE)
    assert answer["prompt_filter_results"] == PROMPT
    assert answer.choices[0]["content_filter_results"] == HATE
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Hello", "content_filter")


# --- errors -----------------------------------------------------------------------------------------------------------

BLOCKED: Final[Json] = {
    "error": {
        "message": "The response was filtered due to the prompt triggering the content management policy.",
        "type": None,
        "param": "prompt",
        "code": "content_filter",
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": HATE},
    }
}
INNER: Final[Json] = {"error": {"message": "Filtered.", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}
ERRORS: Final[dict[str, tuple[int, Json, type[APIError], str]]] = {
    "filtered prompt": (400, BLOCKED, ContentPolicyViolationError, "content_filter"),
    "inner code only": (400, INNER, ContentPolicyViolationError, "ResponsibleAIPolicyViolation"),
    "no deployment": (
        404,
        {"error": {"code": "DeploymentNotFound", "message": "m"}},
        NotFoundError,
        "DeploymentNotFound",
    ),
}


@pytest.mark.parametrize(("status", "body", "kind", "code"), ERRORS.values(), ids=ERRORS)
def test_errors(status: int, body: Json, kind: type[APIError], code: str) -> None:
    with pytest.raises(kind) as caught:
        Wire(as_bytes(body), status).ask(MODEL, HELLO, api_base=BASE)
    assert (caught.value.code, caught.value.provider, caught.value.model) == (code, "azure", "gpt-4")
    assert caught.value.body == as_bytes(body).decode()


def test_a_code_that_is_a_number_is_the_status() -> None:
    body = {"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}
    with pytest.raises(AuthenticationError, match="Access denied") as caught:
        Wire(as_bytes(body), 401).ask(MODEL, HELLO, api_base=BASE)
    assert (caught.value.status_code, caught.value.code) == (401, None)


def test_a_prompt_that_is_filtered_inside_a_stream() -> None:
    with pytest.raises(ContentPolicyViolationError, match="filtered"):
        streamed(MODEL, sse(BLOCKED), api_base=BASE)
