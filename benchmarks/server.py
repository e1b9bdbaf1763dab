"""A local server process that answers at once with prebuilt replies: what is left to measure is the client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager

CHUNKS = 200
_WORDS = "the quick brown fox jumps over the lazy dog and then some more " * 11


def openai_reply() -> bytes:
    """About 1 kB, as chat completions answers."""
    message: dict[str, object] = {"role": "assistant", "content": _WORDS[:600], "refusal": None, "annotations": []}
    usage = {
        "prompt_tokens": 19,
        "completion_tokens": 150,
        "total_tokens": 169,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    head = {"id": "chatcmpl-bench", "object": "chat.completion", "created": 1780000000, "model": "gpt-bench"}
    choice: dict[str, object] = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json.dumps({**head, "choices": [choice], "usage": usage, "service_tier": "default"}).encode()


def anthropic_reply() -> bytes:
    """About 1 kB, as Messages answers."""
    usage = {"input_tokens": 19, "output_tokens": 150, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    head = {"id": "msg_bench", "type": "message", "role": "assistant", "model": "claude-bench"}
    text = {"type": "text", "text": _WORDS[:600]}
    return json.dumps({**head, "content": [text], "stop_reason": "end_turn", "usage": usage}).encode()


def gemini_reply() -> bytes:
    """About 1 kB, as generateContent answers."""
    candidate = {
        "content": {"role": "model", "parts": [{"text": _WORDS[:600]}]},
        "finishReason": "STOP",
        "index": 0,
    }
    usage = {"promptTokenCount": 19, "candidatesTokenCount": 150, "totalTokenCount": 169}
    head = {"responseId": "bench", "modelVersion": "gemini-bench"}
    return json.dumps({"candidates": [candidate], "usageMetadata": usage, **head}).encode()


def openai_events() -> list[bytes]:
    """A stream of 300-byte chunks."""
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1780000000, "model": "gpt-bench"}
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": " token"}, None)] * (CHUNKS - 2) + [({}, "stop")]
    chunks: list[Mapping[str, object]] = []
    for delta, reason in deltas:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        chunks.append({**head, "choices": [choice], "obfuscation": "x" * 60})
    return [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"]


def anthropic_events() -> list[bytes]:
    """A stream of 120-byte events."""
    message = json.loads(anthropic_reply())
    events: list[Mapping[str, object]] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " token"}}
    events += [delta] * (CHUNKS - 2)
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 150}},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def _plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def _streamed(events: list[bytes]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


class _Protocol(asyncio.Protocol):
    replies: dict[tuple[bytes, bool], bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._waiting) < end + 4 + length:
                return
            body, self._waiting = self._waiting[end + 4 : end + 4 + length], self._waiting[end + 4 + length :]
            kind = b"anthropic" if b"/v1/messages" in head else b"gemini" if b"generatecontent" in head else b"openai"
            reply = self.replies[kind, b'"stream":true' in body or b'"stream": true' in body]
            assert isinstance(self._transport, asyncio.WriteTransport)
            self._transport.write(reply)


async def _serve() -> None:
    _Protocol.replies = {
        (b"openai", False): _plain(openai_reply()),
        (b"anthropic", False): _plain(anthropic_reply()),
        (b"gemini", False): _plain(gemini_reply()),
        (b"openai", True): _streamed(openai_events()),
        (b"anthropic", True): _streamed(anthropic_events()),
    }
    server = await asyncio.get_running_loop().create_server(_Protocol, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def running() -> Generator[str]:
    """The server, in a process of its own; gives its address."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.server"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    asyncio.run(_serve())
