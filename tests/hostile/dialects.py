"""What each dialect says when all is well, and how it says in the middle of a stream that something is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from polyvox import APIError, InternalServerError, OverloadedError, RateLimitError
from tests.mapping import bedrock_frames as aws
from tests.mapping.asking import (
    ANTHROPIC_REPLY,
    COHERE_REPLY,
    CONVERSE_REPLY,
    GEMINI_REPLY,
    OLLAMA_REPLY,
    OPENAI_REPLY,
    Json,
    as_bytes,
    named_sse,
    sse,
)
from tests.mapping.openai_events import COUNT, chunk

SSE: Final = "text/event-stream"
TEXT: Final = "Hello"
HEL: Final = "Hel"
"""The text of a stream's first half."""


@dataclass(frozen=True)
class Dialect:
    """A vendor that speaks it."""

    model: str
    reply: bytes
    """Says `Hello`."""
    first: bytes
    """A stream up to `Hel`: whole events."""
    last: bytes
    """The rest of it, up to its end."""
    error: bytes
    """An error in the place of an event."""
    error_class: type[APIError]
    stream_type: str = SSE
    asked: Mapping[str, object] = field(default_factory=dict[str, object])
    """Settings that every call to it needs."""
    broken: bytes = b'data: {"oops": \n\n'
    """An event that is no JSON."""
    blank: bytes = b": keep-alive\n\n"
    """What may come between two events and says nothing."""

    def __str__(self) -> str:
        return self.model.partition(":")[0]

    @property
    def stream(self) -> bytes:
        """The whole stream; says `Hello`."""
        return self.first + self.last


def _openai() -> Dialect:
    first = sse(chunk({"role": "assistant", "content": ""}), chunk({"content": HEL}))
    last = sse(chunk({"content": "lo"}), chunk(finish="stop"), COUNT, "[DONE]")
    error = sse({"error": {"message": "busy", "type": "server_error", "code": "server_error"}})
    return Dialect("openai:gpt-5", as_bytes(OPENAI_REPLY), first, last, error, InternalServerError)


def _anthropic() -> Dialect:
    start: Json = {"type": "message_start", "message": {**ANTHROPIC_REPLY, "content": [], "stop_reason": None}}
    first = named_sse(
        start,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": HEL}},
    )
    last = named_sse(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    )
    error = named_sse({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}})
    return Dialect(
        "anthropic:claude-sonnet-4-5",
        as_bytes(ANTHROPIC_REPLY),
        first,
        last,
        error,
        OverloadedError,
        asked={"max_tokens": 9},
    )


def _gemini() -> Dialect:
    def event(text: str, **more: object) -> Json:
        candidate: Json = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0, **more}
        return {"candidates": [candidate], "responseId": "resp-1", "modelVersion": "gemini-2.5-flash"}

    error = sse({"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}})
    first, last = sse(event(HEL)), sse(event("lo"), event("", finishReason="STOP"))
    return Dialect("gemini:gemini-2.5-flash", as_bytes(GEMINI_REPLY), first, last, error, RateLimitError)


def _bedrock() -> Dialect:
    return Dialect(
        "bedrock:anthropic.claude-v2",
        as_bytes(CONVERSE_REPLY),
        aws.stream(aws.START, aws.delta(0, {"text": HEL})),
        aws.stream(aws.delta(0, {"text": "lo"}), aws.stop(0), aws.STOP, aws.METADATA),
        aws.exception("throttlingException", {"message": "slow"}),
        RateLimitError,
        "application/vnd.amazon.eventstream",
        {"aws_region_name": "us-east-1"},
        broken=aws.frame({":event-type": "contentBlockDelta", ":message-type": "event"}, b'{"oops": '),
        blank=aws.event("somethingNew", {}),
    )


def _mistral() -> Dialect:
    first = sse(chunk({"role": "assistant", "content": ""}), chunk({"content": HEL}))
    last = sse(chunk({"content": "lo"}), {**chunk(finish="stop"), "usage": {"prompt_tokens": 1}}, "[DONE]")
    error = sse({"object": "error", "message": "busy", "type": "server_error", "code": "3000"})
    reply = as_bytes({**OPENAI_REPLY, "model": "mistral-small"})
    return Dialect("mistral:mistral-small", reply, first, last, error, InternalServerError)


def _cohere() -> Dialect:
    def delta(text: str) -> Json:
        return {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}}

    message: Json = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    begin: Json = {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}
    first = named_sse({"id": "c1", "type": "message-start", "delta": {"message": message}}, begin, delta(HEL))
    end: Json = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {}}}
    last = named_sse(delta("lo"), {"type": "content-end", "index": 0}, end)
    error = named_sse({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "overheated"}})
    return Dialect("cohere:command-a", as_bytes(COHERE_REPLY), first, last, error, InternalServerError)


def _ollama() -> Dialect:
    def line(text: str, **more: object) -> bytes:
        message = {"role": "assistant", "content": text}
        return as_bytes({"model": "qwen3", "created_at": "2026-08-17T08:22:53Z", "message": message, **more}) + b"\n"

    return Dialect(
        "ollama:qwen3",
        as_bytes(OLLAMA_REPLY),
        line(HEL, done=False),
        line("lo", done=False) + line("", done=True, done_reason="stop", prompt_eval_count=1, eval_count=2),
        b'{"error": "ran out of memory"}\n',
        APIError,
        "application/x-ndjson",
        broken=b'{"oops": \n',
        blank=b"\n",
    )


OPENAI: Final = _openai()
ANTHROPIC: Final = _anthropic()
GEMINI: Final = _gemini()
BEDROCK: Final = _bedrock()
MISTRAL: Final = _mistral()
COHERE: Final = _cohere()
OLLAMA: Final = _ollama()

DIALECTS: Final = (OPENAI, ANTHROPIC, GEMINI, BEDROCK, MISTRAL, COHERE, OLLAMA)
"""One vendor for each way to answer."""

_ON_VERTEX: Final = {"vertex_project": "p1", "vertex_location": "us-east5"}
EVERYBODY: Final = (
    *DIALECTS,
    replace(OPENAI, model="groq:llama"),
    replace(OPENAI, model="azure:gpt-5"),
    replace(OPENAI, model="azure_ai:gpt-5"),
    replace(ANTHROPIC, model="azureanthropic:claude-sonnet-4-5"),
    replace(GEMINI, model="vertexai:gemini-2.5-flash", asked=_ON_VERTEX),
    replace(ANTHROPIC, model="vertexaianthropic:claude-sonnet-4-5", asked={**ANTHROPIC.asked, **_ON_VERTEX}),
    replace(OPENAI, model="gigachat:GigaChat-2"),
    replace(OPENAI, model="watsonx:ibm/granite-4"),
    replace(OPENAI, model="snowflake:mistral-large"),
)
"""And those who put such an answer behind another address."""


def chunks_of(dialect: Dialect) -> list[bytes]:
    """The stream's events, each with its end."""
    if dialect is BEDROCK:
        events, rest = list[bytes](), dialect.stream
        while rest:
            size = int.from_bytes(rest[:4])
            events.append(rest[:size])
            rest = rest[size:]
        return events
    end = b"\n" if dialect is OLLAMA else b"\n\n"
    return [event + end for event in dialect.stream.split(end)[:-1]]
