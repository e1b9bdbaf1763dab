"""Converse's replies and errors, as answers and exceptions."""

from __future__ import annotations

from typing import Final, get_args

import httpx2
import pytest

from polyvox import APIError, APIResponseValidationError, Client, errors
from polyvox.dialects.bedrock import FINISH_REASONS
from polyvox_wire.bedrock import responses as r
from tests.mapping.asking import HELLO, Json, as_bytes
from tests.mapping.bedrock_frames import MODEL, REPLY, answered, said, wire

USE: Final[Json] = {"toolUseId": "t1", "name": "add", "input": {"a": 1}}


def reply(**fields: object) -> Json:
    return {**REPLY, **fields}


def test_the_whole_answer() -> None:
    answer = answered(reply(serviceTier={"type": "flex"}))
    assert answer.id.startswith("chatcmpl-")
    assert answer.created > 1_700_000_000
    assert answer.model == MODEL.removeprefix("bedrock:")
    assert (answer.provider, answer.service_tier) == ("bedrock", "flex")
    assert isinstance(answer.native, r.ConverseResponse)
    (choice,) = answer.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", "Hello", "stop")
    assert choice.provider_specific_fields == {"native_finish_reason": "end_turn", "metrics": {"latencyMs": 5}}


@pytest.mark.parametrize(
    ("counted", "wanted"),
    [
        ({"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, (1, 2, 3, 0, 0)),
        ({"inputTokens": 0, "outputTokens": 48, "totalTokens": 75, "cacheReadInputTokens": 27}, (27, 48, 75, 27, 0)),
        (
            {"inputTokens": 6, "outputTokens": 2, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 5},
            (14, 2, 16, 3, 5),
        ),
        ({"outputTokens": 50}, (0, 50, 50, 0, 0)),
    ],
    ids=["plain", "cached", "cached and written", "half"],
)
def test_cached_tokens_are_a_part_of_the_prompt(counted: Json, wanted: tuple[int, ...]) -> None:
    usage = answered(reply(usage=counted)).usage
    assert usage is not None
    details = usage.prompt_tokens_details
    assert details is not None
    found = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
    assert (*found, details.cached_tokens, details.cache_write_tokens) == wanted


def test_what_else_is_counted_is_kept() -> None:
    beside: Json = {"cacheDetails": [{"ttl": "5m", "inputTokens": 3}], "serverToolUsage": {"webSearch": 1}}
    usage = answered(reply(usage={"inputTokens": 1, "outputTokens": 2, "totalTokens": 3, **beside})).usage
    assert usage is not None
    assert {name: usage[name] for name in beside} == beside


def test_usage_that_is_not_told_stays_unknown() -> None:
    assert answered({key: value for key, value in REPLY.items() if key != "usage"}).usage is None


REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "other",
    "malformed_tool_use": "other",
    "of_next_year": "other",
}


@pytest.mark.parametrize(("said_reason", "unified"), REASONS.items())
def test_reasons_to_stop(said_reason: str, unified: str) -> None:
    choice = answered(reply(stopReason=said_reason)).choices[0]
    assert (choice.finish_reason, choice.provider_specific_fields["native_finish_reason"]) == (unified, said_reason)


def test_all_described_reasons_are_in_the_table() -> None:
    (described, _) = get_args(r.StopReason)
    assert set(get_args(described)) == set(FINISH_REASONS) == set(REASONS) - {"of_next_year"}


def test_thoughts() -> None:
    signed: Json = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}
    hidden: Json = {"reasoningContent": {"redactedContent": "ZA=="}}
    message = said(signed, hidden, {"text": "a"}).choices[0].message
    assert (message.reasoning_content, message.content) == ("hm", "a")
    assert [block.model_dump(exclude_none=True) for block in message.thinking_blocks or ()] == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "ZA=="},
    ]
    assert message.provider_specific_fields == {}


def test_calls() -> None:
    message = said({"text": "a"}, {"toolUse": {**USE, "type": "tool_use"}}).choices[0].message
    (call,) = message.tool_calls or []
    assert (call.id, call.type, call.function.name, call.function.arguments) == ("t1", "function", "add", '{"a":1}')
    assert message.content == "a"


@pytest.mark.parametrize("lacking", ["toolUseId", "name"])
def test_a_call_that_cannot_be_answered(lacking: str) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no"):
        said({"toolUse": {**USE, lacking: ""}})


def test_calls_that_bedrock_answers_itself_are_not_the_callers() -> None:
    own: Json = {"toolUse": {**USE, "type": "server_tool_use"}}
    result: Json = {"toolResult": {"toolUseId": "t1", "content": [{"json": {"out": 1}}]}}
    message = said(own, result, {"text": "a"}).choices[0].message
    assert (message.tool_calls, message.content) == (None, "a")
    assert message.provider_specific_fields["bedrock"] == {"content": [own, result, {"text": "a"}], "text": "a"}


def test_citations() -> None:
    web: Json = {"title": "T", "location": {"web": {"url": "https://x.org"}}}
    page: Json = {"title": "P", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}
    message = (
        said({"text": "Ah: "}, {"citationsContent": {"content": [{"text": "20"}], "citations": [web, page]}})
        .choices[0]
        .message
    )
    assert message.content == "Ah: 20"
    (found,) = message.annotations or []
    assert found.url_citation is not None
    cited = found.url_citation
    assert (cited.url, cited.title, cited.start_index, cited.end_index) == ("https://x.org", "T", 4, 6)


def test_what_guardrails_and_models_say_beside_the_answer() -> None:
    trace: Json = {"guardrail": {"modelOutput": ["x"]}}
    choice = answered(reply(trace=trace, additionalModelResponseFields={"stop_sequence": "END"})).choices[0]
    assert choice.provider_specific_fields == {
        "native_finish_reason": "end_turn",
        "additionalModelResponseFields": {"stop_sequence": "END"},
        "trace": trace,
        "metrics": {"latencyMs": 5},
    }


@pytest.mark.parametrize("content", [[], None], ids=["no blocks", "no message"])
def test_an_empty_answer(content: list[Json] | None) -> None:
    message = None if content is None else {"role": "assistant", "content": content}
    choice = answered(reply(output={"message": message})).choices[0]
    assert (choice.message.content, choice.message.tool_calls, choice.finish_reason) == (None, None, "stop")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"output": {"message": 1}}'], ids=["nothing", "list", "broken"])
def test_a_reply_that_is_none(body: bytes) -> None:
    with pytest.raises(APIResponseValidationError, match="cannot be read"):
        wire(body).ask(MODEL, HELLO, aws_region_name="us-east-1", api_key="k")


# --- errors -----------------------------------------------------------------------------------------------------------

ERRORS: Final[tuple[tuple[int, str, type[APIError], bool], ...]] = (
    (400, "ValidationException", errors.BadRequestError, False),
    (403, "AccessDeniedException", errors.PermissionDeniedError, False),
    (403, "ExpiredTokenException", errors.AuthenticationError, False),
    (403, "UnrecognizedClientException", errors.AuthenticationError, False),
    (403, "InvalidSignatureException", errors.AuthenticationError, False),
    (404, "ResourceNotFoundException", errors.NotFoundError, False),
    (408, "ModelTimeoutException", errors.Timeout, True),
    (424, "ModelErrorException", errors.InternalServerError, True),
    (429, "ThrottlingException", errors.RateLimitError, True),
    (429, "ModelNotReadyException", errors.RateLimitError, True),
    (400, "ServiceQuotaExceededException", errors.QuotaExceededError, False),
    (500, "InternalServerException", errors.InternalServerError, True),
    (503, "ServiceUnavailableException", errors.ServiceUnavailableError, True),
)


@pytest.mark.parametrize(("status", "code", "kind", "retryable"), ERRORS, ids=[row[1] for row in ERRORS])
def test_an_error_is_told_by_a_header(  # 96
    status: int, code: str, kind: type[APIError], retryable: bool
) -> None:
    asked = wire(b'{"message": "No."}')
    asked.status = status
    asked.headers = {"x-amzn-errortype": f"{code}:http://internal.amazon.com/coral/", "x-amzn-requestid": "r1"}
    with pytest.raises(kind) as caught:
        asked.ask(MODEL, HELLO, aws_region_name="us-east-1", api_key="k")
    error = caught.value
    assert (type(error), error.code, error.message, error.retryable) == (kind, code, "No.", retryable)
    assert (error.status_code, error.request_id, error.provider) == (status, "r1", "bedrock")


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"message": "Input is too long for requested model."}, errors.ContextWindowExceededError, "Input is too long"),
        ({"Message": "Bad."}, errors.BadRequestError, "Bad."),
        ({}, errors.BadRequestError, "the vendor gave no reason"),
    ],
    ids=["full", "capital", "silent"],
)
def test_an_error_without_its_header(body: Json, kind: type[APIError], message: str) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(400, content=as_bytes(body))

    client = Client(transport=httpx2.MockTransport(answer), num_retries=0)
    with pytest.raises(kind, match=message) as caught:
        client.completion(MODEL, HELLO, aws_region_name="us-east-1", api_key="k")
    assert type(caught.value) is kind
