"""The table of error bodies that vendors send, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from polyvox import (
    APIError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ContentPolicyViolationError,
    ContextWindowExceededError,
    GatewayTimeoutError,
    InsufficientFundsError,
    InternalServerError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    RequestTooLargeError,
    ServiceUnavailableError,
    UnprocessableEntityError,
)
from tests.mapping.asking import Json


@dataclass(frozen=True)
class Case:
    """A reply, and the error that it is. What is None is None on the error too."""

    model: str
    status: int
    body: object
    kind: type[APIError]
    message: str
    code: str | None = None
    param: str | None = None
    request_id: str | None = None
    retry_after: float | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])


def _openai(message: str, kind: str | None = None, code: object = None, param: str | None = None) -> Json:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def _google(code: int, status: str, message: str, *details: Json) -> Json:
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def _silent(start: str) -> str:
    return f"the vendor gave no reason; its reply begins {start!r}"


_ASKED: Final = "asked https://api.openai.com/v1/chat/completions, is `api_base` right?"
CASES: Final[dict[str, Case]] = {
    "openai": Case(
        "openai:m",
        400,
        _openai("Unsupported value", "invalid_request_error", "unsupported_value", "temperature"),
        BadRequestError,
        "Unsupported value",
        code="unsupported_value",
        param="temperature",
        request_id="req_1",
        headers={"x-request-id": "req_1"},
    ),
    "openai null code": Case(
        "openai:m",
        400,
        _openai("bad", "invalid_request_error"),
        BadRequestError,
        "bad",
        code="invalid_request_error",
    ),
    "openai quota": Case(
        "openai:m",
        429,
        _openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        QuotaExceededError,
        "You exceeded your current quota",
        code="insufficient_quota",
    ),
    "openai rate limit": Case(
        "openai:m",
        429,
        _openai("Rate limit reached", "requests", "rate_limit_exceeded"),
        RateLimitError,
        "Rate limit reached",
        code="rate_limit_exceeded",
        retry_after=20,
        headers={"retry-after": "20"},
    ),
    "openai context": Case(
        "openai:m",
        400,
        _openai(
            "maximum context length is 8192 tokens", "invalid_request_error", "context_length_exceeded", "messages"
        ),
        ContextWindowExceededError,
        "maximum context length is 8192 tokens",
        code="context_length_exceeded",
        param="messages",
    ),
    "openai content": Case(
        "openai:m",
        400,
        _openai("rejected by our safety system", "invalid_request_error", "content_policy_violation"),
        ContentPolicyViolationError,
        "rejected by our safety system",
        code="content_policy_violation",
    ),
    "openai key": Case(
        "openai:m",
        401,
        _openai("Incorrect API key provided", "invalid_request_error", "invalid_api_key"),
        AuthenticationError,
        "Incorrect API key provided",
        code="invalid_api_key",
    ),
    "openai model": Case(
        "openai:m",
        404,
        _openai("no such model", "x", "model_not_found"),
        NotFoundError,
        "no such model",
        "model_not_found",
    ),
    "openai server": Case(
        "openai:m", 500, _openai("boom", "server_error"), InternalServerError, "boom", code="server_error"
    ),
    "groq": Case(
        "groq:m",
        400,
        {
            "error": {
                "message": "Failed to call a function",
                "type": "invalid_request_error",
                "code": "tool_use_failed",
                "failed_generation": "x",
            }
        },
        BadRequestError,
        "Failed to call a function",
        code="tool_use_failed",
    ),
    "azure": Case(
        "openai:m",
        401,
        {"error": {"code": "401", "message": "Access denied", "details": "try again"}},
        AuthenticationError,
        "Access denied",
    ),
    "azure content filter": Case(
        "openai:m",
        400,
        {
            "error": {
                "message": "filtered",
                "type": None,
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        },
        ContentPolicyViolationError,
        "filtered",
        code="content_filter",
        param="prompt",
    ),
    "anthropic": Case(
        "anthropic:m",
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "max_tokens: required"},
            "request_id": "req_2",
        },
        BadRequestError,
        "max_tokens: required",
        code="invalid_request_error",
        request_id="req_2",
    ),
    "anthropic null request id": Case(
        "anthropic:m",
        529,
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": None},
        OverloadedError,
        "Overloaded",
        code="overloaded_error",
        request_id="req_3",
        headers={"request-id": "req_3"},
    ),
    "anthropic permission": Case(
        "anthropic:m",
        403,
        {"type": "error", "error": {"type": "permission_error", "message": "no"}},
        PermissionDeniedError,
        "no",
        code="permission_error",
    ),
    "anthropic billing": Case(
        "anthropic:m",
        400,
        {"type": "error", "error": {"type": "billing_error", "message": "pay"}},
        InsufficientFundsError,
        "pay",
        code="billing_error",
    ),
    "anthropic too large": Case(
        "anthropic:m",
        413,
        {"type": "error", "error": {"type": "request_too_large", "message": "too large"}},
        RequestTooLargeError,
        "too large",
        code="request_too_large",
    ),
    "anthropic context": Case(
        "anthropic:m",
        400,
        {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "prompt is too long: 300000 tokens > 200000"},
        },
        ContextWindowExceededError,
        "prompt is too long: 300000 tokens > 200000",
        code="invalid_request_error",
    ),
    "gemini": Case(
        "gemini:m", 400, _google(400, "INVALID_ARGUMENT", "bad"), BadRequestError, "bad", code="INVALID_ARGUMENT"
    ),
    "gemini key": Case(
        "gemini:m",
        400,
        _google(
            400,
            "INVALID_ARGUMENT",
            "API key not valid.",
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            },
        ),
        AuthenticationError,
        "API key not valid.",
        code="INVALID_ARGUMENT",
    ),
    "gemini quota": Case(
        "gemini:m",
        429,
        _google(
            429,
            "RESOURCE_EXHAUSTED",
            "slow down",
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"},
        ),
        RateLimitError,
        "slow down",
        code="RESOURCE_EXHAUSTED",
        retry_after=48,
    ),
    "gemini unavailable": Case(
        "gemini:m", 503, _google(503, "UNAVAILABLE", "overloaded"), ServiceUnavailableError, "overloaded", "UNAVAILABLE"
    ),
    "gemini in a list": Case(
        "gemini:m", 404, [_google(404, "NOT_FOUND", "no such model")], NotFoundError, "no such model", "NOT_FOUND"
    ),
    "gemini context": Case(
        "gemini:m",
        400,
        _google(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (5)."),
        ContextWindowExceededError,
        "The input token count (9) exceeds the maximum number of tokens allowed (5).",
        code="INVALID_ARGUMENT",
    ),
    "mistral": Case(
        "mistral:m",
        429,
        {
            "object": "error",
            "message": "slow",
            "type": "rate_limited",
            "param": None,
            "code": "3051",
            "raw_status_code": 429,
        },
        RateLimitError,
        "slow",
        code="rate_limited",
    ),
    "mistral detail": Case("mistral:m", 401, {"detail": "Unauthorized"}, AuthenticationError, "Unauthorized"),
    "validation errors": Case(
        "codestral:m",
        422,
        {"detail": [{"loc": ["body", "n"], "msg": "value is not a valid integer", "type": "type_error"}]},
        UnprocessableEntityError,
        "value is not a valid integer",
        code="type_error",
    ),
    "mistral validation errors": Case(
        "mistral:m",
        422,
        {"detail": [{"loc": ["body", "n"], "msg": "value is not a valid integer", "type": "type_error"}]},
        UnprocessableEntityError,
        "n: value is not a valid integer",
        code="type_error",
        param="n",
    ),
    "cohere": Case("cohere:m", 400, {"id": "c1", "message": "invalid"}, BadRequestError, "invalid", request_id="c1"),
    "cerebras": Case(
        "cerebras:m",
        400,
        {"message": "bad", "type": "invalid_request_error", "param": "n", "code": "wrong_api_format"},
        BadRequestError,
        "bad",
        code="wrong_api_format",
        param="n",
    ),
    "xai": Case(
        "xai:m",
        400,
        {"code": "Client specified an invalid argument", "error": "Incorrect API key provided."},
        BadRequestError,
        "Incorrect API key provided.",
        code="Client specified an invalid argument",
    ),
    "openrouter": Case(
        "openrouter:m",
        429,
        {
            "error": {
                "code": 429,
                "message": "Provider returned error",
                "metadata": {
                    "raw": '{"error":{"message":"upstream is busy","code":"rate_limit_exceeded"}}',
                    "provider_name": "X",
                },
            },
            "user_id": "u",
        },
        RateLimitError,
        "upstream is busy",
        code="rate_limit_exceeded",
    ),
    "openrouter context": Case(
        "openrouter:m",
        400,
        {
            "error": {
                "code": 400,
                "message": "Provider returned error",
                "metadata": {
                    "raw": '{"error":{"message":"too long","code":"context_length_exceeded"}}',
                    "provider_name": "X",
                },
            }
        },
        ContextWindowExceededError,
        "too long",
        code="context_length_exceeded",
    ),
    "openrouter raw text": Case(
        "openrouter:m",
        502,
        {"error": {"code": 502, "message": "Provider returned error", "metadata": {"raw": "upstream is down"}}},
        BadGatewayError,
        "Provider returned error: upstream is down",
    ),
    "together": Case(
        "together:m",
        422,
        {"id": "o1", "error": {"message": "bad", "type": "invalid_request_error", "param": None, "code": None}},
        UnprocessableEntityError,
        "bad",
        code="invalid_request_error",
        request_id="o1",
    ),
    "fireworks": Case(
        "fireworks:m",
        404,
        {
            "error": {"object": "error", "type": "invalid_request_error", "code": "NOT_FOUND", "message": "no"},
            "request_id": "f1",
        },
        NotFoundError,
        "no",
        code="NOT_FOUND",
        request_id="f1",
    ),
    "perplexity": Case(
        "perplexity:m",
        400,
        {"error": {"message": "Invalid model", "type": "invalid_model", "code": 400}},
        BadRequestError,
        "Invalid model",
        code="invalid_model",
    ),
    "a text as error": Case(
        "veniceai:m", 401, {"error": "Authentication failed"}, AuthenticationError, "Authentication failed"
    ),
    "llamacpp context": Case(
        "openrouter:m",
        400,
        {
            "error": {
                "code": 400,
                "message": "request exceeds the available context size",
                "type": "exceed_context_size_error",
                "n_ctx": 9,
            }
        },
        ContextWindowExceededError,
        "request exceeds the available context size",
        code="exceed_context_size_error",
    ),
    "llamacpp jinja": Case(
        "openrouter:m",
        500,
        {"error": {"code": 500, "message": "tools param requires --jinja flag", "type": "server_error"}},
        InternalServerError,
        "tools param requires --jinja flag",
        code="server_error",
    ),
    "sambanova": Case(
        "sambanova:m",
        402,
        {
            "error": {
                "code": "INSUFFICIENT_BALANCE",
                "message": "no units",
                "balance_units": 0,
                "billing_portal_url": "x",
            }
        },
        InsufficientFundsError,
        "no units",
        code="INSUFFICIENT_BALANCE",
    ),
    "doubleword": Case(
        "doubleword:m",
        422,
        {"code": 422, "message": "invalid", "type": "BadRequest"},
        UnprocessableEntityError,
        "invalid",
        "BadRequest",
    ),
    "html": Case(
        "openai:m",
        502,
        b"<html><head><title>502 Bad Gateway</title><style>b{}</style></head><body><h1>Bad Gateway</h1></body></html>",
        BadGatewayError,
        "502 Bad Gateway Bad Gateway",
    ),
    "cdn": Case("openai:m", 520, b"error code: 520", BadGatewayError, "error code: 520"),
    "plain text": Case("openai:m", 503, b"upstream connect error\n", ServiceUnavailableError, "upstream connect error"),
    "gateway timeout": Case("openai:m", 504, b"", GatewayTimeoutError, "the vendor gave no reason (empty body)"),
    "empty": Case("openai:m", 500, b"", InternalServerError, "the vendor gave no reason (empty body)"),
    "empty object": Case("openai:m", 400, {}, BadRequestError, _silent("{}")),
    "empty list": Case("openai:m", 400, [], BadRequestError, _silent("[]")),
    "null": Case("openai:m", 400, b"null", BadRequestError, _silent("null")),
    "a number": Case("openai:m", 400, b"7", BadRequestError, _silent("7")),
    "packed": Case("openai:m", 400, b"\x1f\x8b\0", BadRequestError, "the vendor gave no reason"),
    "a JSON text": Case("openai:m", 400, b'"bad thing"', BadRequestError, "bad thing"),
    "a list of objects": Case("openai:m", 400, [{"error": {"message": "in a list"}}], BadRequestError, "in a list"),
    "null error": Case("openai:m", 400, b'{"error": null}', BadRequestError, _silent('{"error": null}')),
    "no such address": Case("openai:m", 404, {"detail": "Not Found"}, NotFoundError, f"Not Found; {_ASKED}"),
    "not for a POST": Case("openai:m", 405, b"<p>Not allowed</p>", BadRequestError, f"Not allowed; {_ASKED}"),
    "not UTF-8": Case("openai:m", 500, b"caf\xe9", InternalServerError, "caf\ufffd"),
    "an unknown 4xx": Case("openai:m", 418, _openai("teapot"), BadRequestError, "teapot"),
    "an unknown 5xx": Case("openai:m", 599, _openai("odd"), InternalServerError, "odd"),
}
