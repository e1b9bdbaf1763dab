"""What each dialect says when all is well, and how it says in the middle of a stream that something is not.

(Those of text for text are in text_dialects.py.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from polyvox import APIError, InternalServerError, OverloadedError, RateLimitError
from tests.hostile.dialect import EVENTS, LINES, Dialect, events, framed, frames, in_pieces
from tests.hostile.text_dialects import ELSEWHERE, TEXT_DIALECTS, WATSONX_ERROR
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
from tests.mapping.openai_events import COUNT, DONE, ROLE, STOP, chunk

OPENAI: Final = Dialect(
    model="openai:gpt-5",
    reply=as_bytes(OPENAI_REPLY),
    begin=sse(ROLE),
    piece=as_bytes(chunk({"content": "Hel"})),
    end=sse(STOP, COUNT, DONE),
    error=sse({"error": {"message": "busy", "type": "server_error", "code": "server_error"}}),
    error_class=InternalServerError,
)
MISTRAL: Final = replace(
    OPENAI,
    model="mistral:mistral-small",
    end=sse({**STOP, "usage": {"prompt_tokens": 1}}, DONE),
    error=sse({"object": "error", "message": "busy", "type": "server_error", "code": "3000"}),
)
GIGACHAT: Final = replace(OPENAI, model="gigachat:GigaChat-2")
THINK_TAGS: Final = replace(OPENAI, model="minimax:MiniMax-M2")
FIM: Final = replace(OPENAI, model="text-completion-codestral:codestral-latest")

ANTHROPIC: Final = Dialect(
    model="anthropic:claude-sonnet-4-5",
    reply=as_bytes(ANTHROPIC_REPLY),
    begin=named_sse(
        {"type": "message_start", "message": {**ANTHROPIC_REPLY, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ),
    piece=as_bytes({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hel"}}),
    end=named_sse(
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ),
    error=named_sse({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
    error_class=OverloadedError,
    framing=events("content_block_delta"),
    asked={"max_tokens": 9},
)


def _candidate(text: str, **more: object) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0, **more}
    return {"candidates": [candidate], "responseId": "resp-1", "modelVersion": "gemini-2.5-flash"}


GEMINI: Final = Dialect(
    model="gemini:gemini-2.5-flash",
    reply=as_bytes(GEMINI_REPLY),
    piece=as_bytes(_candidate("Hel")),
    end=sse(_candidate("", finishReason="STOP")),
    error=sse({"error": {"code": 429, "message": "busy", "status": "RESOURCE_EXHAUSTED"}}),
    error_class=RateLimitError,
    ends=False,  # text after a finish reason is text
    answers_in_events=True,
)
VERTEX: Final = replace(
    GEMINI, model="vertexai:gemini-2.5-flash", asked={"vertex_project": "p1", "vertex_location": "us-east5"}
)
BEDROCK: Final = Dialect(
    model="bedrock:anthropic.claude-v2",
    reply=as_bytes(CONVERSE_REPLY),
    begin=aws.stream(aws.START),
    piece=as_bytes(aws.delta(0, {"text": "Hel"})[1]),
    end=aws.stream(aws.stop(0), aws.STOP, aws.METADATA),
    error=aws.exception("throttlingException", {"message": "busy"}),
    error_class=RateLimitError,
    framing=frames("contentBlockDelta"),
    asked={"aws_region_name": "us-east-1"},
)


def _cohere(delta: Json) -> Json:
    return {"type": "content-delta", "index": 0, "delta": {"message": {"content": delta}}}


_MESSAGE: Final[Json] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
COHERE: Final = Dialect(
    model="cohere:command-a",
    reply=as_bytes(COHERE_REPLY),
    begin=named_sse(
        {"id": "c1", "type": "message-start", "delta": {"message": _MESSAGE}},
        {**_cohere({"type": "text", "text": ""}), "type": "content-start"},
    ),
    piece=as_bytes(_cohere({"text": "Hel"})),
    end=named_sse(
        {"type": "content-end", "index": 0},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": {}}},
    ),
    error=named_sse({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "busy"}}),
    error_class=InternalServerError,
    framing=events("content-delta"),
)


def _line(text: str, **more: object) -> bytes:
    message: Json = {"role": "assistant", "content": text}
    return as_bytes({"model": "qwen3", "created_at": "2026-08-17T08:22:53Z", "message": message, "done": False, **more})


OLLAMA: Final = Dialect(
    model="ollama:qwen3",
    reply=as_bytes(OLLAMA_REPLY),
    piece=_line("Hel"),
    end=LINES.event(_line("", done=True, done_reason="stop", prompt_eval_count=1, eval_count=2)),
    error=b'{"error": "busy"}\n',
    error_class=APIError,
    framing=LINES,
    answers_in_events=True,
)

_SIGNED: Final = {
    **{"aws_region_name": "us-east-1", "api_key": None},
    **{"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"},
}
SAGEMAKER: Final = replace(
    OPENAI,
    model="sagemaker:signed",
    begin=in_pieces(OPENAI.begin),
    end=in_pieces(OPENAI.end),
    error=aws.exception("ModelStreamError", {"Message": "busy", "ErrorCode": "ModelInvocationTimeExceeded"}),
    framing=framed(EVENTS),
    asked=_SIGNED,
)
"""A container that writes events."""
NOVA: Final = replace(
    SAGEMAKER,
    model="sagemaker_nova:signed",
    begin=in_pieces(LINES.event(as_bytes(ROLE))),
    end=in_pieces(LINES.event(as_bytes(STOP)) + LINES.event(as_bytes(COUNT))),
    framing=framed(LINES),
    ends=False,
)
"""A container that writes a document on each line, of which nothing says that it is the last."""

DESCRIBED: Final = (OPENAI, ANTHROPIC, GEMINI, BEDROCK, MISTRAL, COHERE, OLLAMA)
"""Whose own description is compiled."""

DIALECTS: Final = (
    *DESCRIBED,
    *(VERTEX, GIGACHAT, THINK_TAGS, FIM, SAGEMAKER, NOVA),
    *TEXT_DIALECTS,
)
"""One vendor for each way to answer, and each reader of answers."""

_IN_REGION: Final = {"aws_region_name": "us-east-1"}
EVERYBODY: Final = (
    *DIALECTS,
    *ELSEWHERE,
    replace(OPENAI, model="groq:llama"),
    replace(OPENAI, model="snowflake:mistral-large"),
    replace(OPENAI, model="azure:gpt-5"),
    replace(OPENAI, model="azure_ai:gpt-5"),
    replace(OPENAI, model="predibase:qwen3-8b"),
    replace(OPENAI, model="gdc:gemini-2.5-flash"),
    replace(OPENAI, model="watsonx:ibm/granite-4", error=WATSONX_ERROR),
    replace(OPENAI, model="vertexai:meta/llama-4", asked=VERTEX.asked),
    replace(OPENAI, model="sagemaker:endpoint", asked=_IN_REGION),
    replace(OPENAI, model="sagemaker_nova:endpoint", asked=_IN_REGION),
    replace(ANTHROPIC, model="azureanthropic:claude-sonnet-4-5"),
    replace(ANTHROPIC, model="vertexaianthropic:claude-sonnet-4-5", asked={**ANTHROPIC.asked, **VERTEX.asked}),
)
"""And those who put such an answer behind another address."""
