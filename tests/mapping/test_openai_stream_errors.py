"""OpenAI's dialect: errors inside a stream whose status is 200 (numbers: research/wire-oddities.md)."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import (
    APIError,
    APIResponseValidationError,
    BadGatewayError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
    Timeout,
)
from tests.mapping.asking import Json, Wire, as_bytes, sse
from tests.mapping.openai_events import DONE, HEAD, HELLO, ROLE, chunk

GATEWAY: Final = "groq:llama"

BROKEN: Final[Json] = {"error": {"message": "tool call failed", "type": "invalid_request_error"}}

ERRORS: Final[dict[str, tuple[bytes, type[APIError], str]]] = {
    "named event": (b"event: error\ndata: " + as_bytes(BROKEN) + b"\n\n", BadRequestError, "tool call failed"),  # 15
    "data": (sse(BROKEN, DONE), BadRequestError, "tool call failed"),  # 16
    "code of a status": (sse({"error": {"message": "slow", "code": 429}}), RateLimitError, "slow"),
    "status beside the code": (  # Groq's, in the recordings; and IBM's
        sse({"error": {"message": "bad call", "code": "tool_use_failed", "status_code": 400}}),
        BadRequestError,
        "bad call",
    ),
    "code of a timeout": (sse({"error": {"message": "slow", "code": 408}}), Timeout, "slow"),
    "in the choice": (
        sse(
            {
                **HEAD,
                "choices": [
                    {"index": 0, "delta": {}, "finish_reason": "error", "error": {"message": "x", "code": 502}}
                ],
            }
        ),
        BadGatewayError,
        "x",
    ),  # 17
    "in the choice, disguised": (
        sse(
            {
                **HEAD,
                "choices": [
                    {"index": 0, "delta": {}, "finish_reason": "tool_calls", "error": {"message": "x", "code": 500}}
                ],
            }
        ),
        InternalServerError,
        "x",
    ),  # 17
    "beside the choices": (sse({**chunk({}, "error"), "error": {"message": "x", "code": 502}}), BadGatewayError, "x"),
    "text": (sse({"error": "overloaded"}), APIError, "overloaded"),
    "not JSON": (sse("oops"), APIResponseValidationError, "oops"),
    "half an event": (sse('{"id": "x", "choi'), APIResponseValidationError, "choi"),
    "a message for a delta, and no good one": (
        sse({**HEAD, "choices": [{"index": 0, "message": {"tool_calls": [{"function": "add"}]}}]}),
        APIResponseValidationError,
        "tool_calls.0.function",
    ),
}


@pytest.mark.parametrize(("end", "kind", "says"), ERRORS.values(), ids=ERRORS)
def test_an_error_after_some_text(end: bytes, kind: type[APIError], says: str) -> None:
    wire = Wire(sse(ROLE, HELLO) + end, headers={"content-type": "text/event-stream", "x-request-id": "req_1"})
    stream = wire.open(GATEWAY)
    seen: list[str] = []
    with pytest.raises(kind, match=says) as caught:
        seen.extend(one.choices[0].delta.content or "" for one in stream)
    assert (caught.value.provider, caught.value.model, caught.value.request_id) == ("groq", "llama", "req_1")
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hello"


@pytest.mark.parametrize(("end", "kind", "says"), ERRORS.values(), ids=ERRORS)
def test_the_chunks_before_the_error_are_handed_out(end: bytes, kind: type[APIError], says: str) -> None:
    stream = Wire(sse(ROLE, HELLO) + end).open(GATEWAY)
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "Hello"]
    with pytest.raises(kind, match=says):
        next(stream)
    with pytest.raises(StopIteration):
        next(stream)


BODIES: Final = {
    "html": b"<html><body>Sign in</body></html>",
    "a plain reply": as_bytes({**HEAD, "choices": [{"index": 0, "message": {"content": "Hi"}}]}),
    "an error": as_bytes(BROKEN),
    "a list": b'[{"error": {"message": "x"}}]',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_stream(body: bytes) -> None:
    with pytest.raises(APIError) as caught:
        list(Wire(body).open(GATEWAY))
    assert caught.value.provider == "groq"
