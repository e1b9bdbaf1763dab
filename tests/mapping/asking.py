"""Calls without a network: what one puts on the wire, and what a vendor's answer becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import httpx2

from polyvox import APIError, ChatCompletion, ChatCompletionChunk, Client, Stream

if TYPE_CHECKING:
    from polyvox import Messages, Parameters

Json: TypeAlias = dict[str, object]

HELLO: Final[list[Json]] = [{"role": "user", "content": "Hi"}]
KEY: Final = "sk-test-key"

OPENAI_REPLY: Final[Json] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-5-2025-08-07",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
ANTHROPIC_REPLY: Final[Json] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}
GEMINI_REPLY: Final[Json] = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
    "modelVersion": "gemini-2.5-flash",
    "responseId": "resp-1",
}

CONVERSE_REPLY: Final[Json] = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
    "metrics": {"latencyMs": 5},
}
COHERE_REPLY: Final[Json] = {
    "id": "1",
    "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
    "usage": {"tokens": {"input_tokens": 1, "output_tokens": 2}},
}
OLLAMA_REPLY: Final[Json] = {
    "model": "qwen3:4b",
    "created_at": "2026-08-17T08:22:53.078901Z",
    "message": {"role": "assistant", "content": "Hello"},
    "done": True,
    "done_reason": "stop",
    "prompt_eval_count": 1,
    "eval_count": 2,
}
# For a prompt, as OpenAI answers, and as Mistral does.
PROMPT_REPLY: Final[Json] = {
    **OPENAI_REPLY,
    "choices": [
        {
            "index": 0,
            "text": "Hello",
            "message": {"role": "assistant", "content": "Hello"},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
}
# The end of a path -> the shortest good answer of the vendor who has it; everybody else speaks OpenAI's dialect.
REPLIES: Final[Mapping[str, Json]] = {
    "/messages": ANTHROPIC_REPLY,
    ":rawPredict": ANTHROPIC_REPLY,
    ":generateContent": GEMINI_REPLY,
    "/converse": CONVERSE_REPLY,
    "/v2/chat": COHERE_REPLY,
    "/api/chat": OLLAMA_REPLY,
}


def _with_key(parameters: Mapping[str, object]) -> Parameters:
    return cast("Parameters", {"api_key": KEY, **parameters})


@dataclass
class Wire:
    """A vendor that keeps every request and always answers the same."""

    reply: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def client(self) -> Client:
        """A client of one address, whose every request ends here."""
        return Client(
            transport=httpx2.MockTransport(self._answer), api_key=KEY, api_base="https://h.test", num_retries=0
        )

    def _keyless(self) -> Client:
        return Client(transport=httpx2.MockTransport(self._answer), num_retries=0)

    def ask(self, model: str, messages: Messages = HELLO, /, **parameters: object) -> ChatCompletion:
        """A plain call; `parameters` may be anything, as a mistaken caller's may."""
        return self._keyless().completion(model, messages, **_with_key(parameters))

    def open(self, model: str, messages: Messages = HELLO, /, **parameters: object) -> Stream:
        """A streamed call."""
        opened: Stream = self._keyless().completion(model, messages, stream=True, **_with_key(parameters))
        return opened

    def ask_streamed(self, model: str, messages: Messages = HELLO, /, **parameters: object) -> None:
        """A streamed call of which only the request counts: the reply is no stream."""
        try:
            self.open(model, messages, **parameters).close()
        except APIError:
            if not self.requests:
                raise

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        content = usual_reply(request.url.path) if self.reply is None else self.reply
        return httpx2.Response(self.status, headers=dict(self.headers), content=content)

    @property
    def body(self) -> Json:
        """The body of the last request."""
        return parsed(self.requests[-1].content)


# Vendors who give text for text, each in JSON of its own: one object serves them all.
TEXT_REPLY: Final[Json] = {
    "results": [{"generated_text": "Hello", "stop_reason": "eos_token"}],
    "text_output": "Hello",
    "answer": "Hello",
    "messages": [{"type": "human", "content": "Hi"}, {"type": "ai", "content": "Hello"}],
    "outputs": [{"outputs": [{"results": {"message": {"text": "Hello"}}}]}],
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}],
}
_OF_TEXT = re.compile(r"/(generation|generate|wait|invocations|responses)$|/agents/|/run/|/m$")
_OF_A_PROMPT = re.compile(r"(?<!/chat)/completions$")


def usual_reply(path: str) -> bytes:
    """The shortest good answer of the vendor who has this path."""
    if _OF_A_PROMPT.search(path):
        return as_bytes(PROMPT_REPLY)
    if _OF_TEXT.search(path):
        return as_bytes(TEXT_REPLY)
    return as_bytes(next((reply for end, reply in REPLIES.items() if path.endswith(end)), OPENAI_REPLY))


def as_bytes(reply: object) -> bytes:
    """A reply as it comes over the wire."""
    return reply if isinstance(reply, bytes) else json.dumps(reply).encode()


def parsed(data: bytes | str) -> Json:
    """A JSON object from its text."""
    return cast("Json", json.loads(data))


def sent(model: str, messages: Messages = HELLO, /, **parameters: object) -> Json:
    """The body that a call puts on the wire."""
    wire = Wire()
    if parameters.pop("stream", False):
        wire.ask_streamed(model, messages, **parameters)
    else:
        wire.ask(model, messages, **parameters)
    return wire.body


def request(model: str, messages: Messages = HELLO, /, **parameters: object) -> httpx2.Request:
    """The whole request that a call makes."""
    wire = Wire()
    wire.ask(model, messages, **parameters)
    return wire.requests[-1]


def answered(model: str, reply: object, /, **parameters: object) -> ChatCompletion:
    """What a vendor's reply becomes."""
    return Wire(as_bytes(reply)).ask(model, **parameters)


def streamed(model: str, body: bytes, /, **parameters: object) -> list[ChatCompletionChunk]:
    """The chunks that a vendor's stream becomes."""
    return list(_streaming(body).open(model, **parameters))


def assembled(model: str, body: bytes, /, **parameters: object) -> ChatCompletion:
    """The answer that a vendor's stream adds up to."""
    return _streaming(body).open(model, **parameters).completion()


def _streaming(body: bytes) -> Wire:
    return Wire(body, headers={"content-type": "text/event-stream"})


def sse(*events: object) -> bytes:
    """A stream of events that have only data: objects as JSON, texts as they are."""
    return b"".join(
        b"data: %s\n\n" % (event.encode() if isinstance(event, str) else as_bytes(event)) for event in events
    )


def named_sse(*events: Mapping[str, object]) -> bytes:
    """A stream of events that are named as their type, as Anthropic writes them."""
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)
