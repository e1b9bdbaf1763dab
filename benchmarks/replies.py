"""What the local server answers: replies of two sizes and streams of two lengths, as each vendor writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import cycle, islice
from typing import Final

SIZES: Final[Mapping[str, int]] = {"1kB": 600, "20kB": 19_500}
"""Letters of text in a reply; the rest is what every reply carries."""
LENGTHS: Final = (200, 2000)
"""Chunks of a stream."""
_WORDS = "the quick brown fox jumps over the lazy dog and then some more " * 400


def _openai(text: str) -> Mapping[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": text, "refusal": None, "annotations": None}
    usage = {
        "prompt_tokens": 19,
        "completion_tokens": 150,
        "total_tokens": 169,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }
    head = {"id": "chatcmpl-bench", "object": "chat.completion", "created": 1780000000, "model": "gpt-bench"}
    choice: dict[str, object] = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return {**head, "choices": [choice], "usage": usage, "service_tier": "default"}


def _anthropic(text: str) -> Mapping[str, object]:
    usage = {"input_tokens": 19, "output_tokens": 150, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    head = {"id": "msg_bench", "type": "message", "role": "assistant", "model": "claude-bench"}
    return {**head, "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}


def _gemini(text: str) -> Mapping[str, object]:
    content = {"role": "model", "parts": [{"text": text}]}
    usage = {"promptTokenCount": 19, "candidatesTokenCount": 150, "totalTokenCount": 169}
    head = {"responseId": "bench", "modelVersion": "gemini-bench"}
    return {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}], "usageMetadata": usage, **head}


def _bedrock(text: str) -> Mapping[str, object]:
    message = {"role": "assistant", "content": [{"text": text}]}
    usage = {"inputTokens": 19, "outputTokens": 150, "totalTokens": 169}
    return {"output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 5}}


_REPLIES = {"openai": _openai, "anthropic": _anthropic, "gemini": _gemini, "bedrock": _bedrock}


def reply(vendor: str, size: str) -> bytes:
    """A whole answer."""
    return json.dumps(_REPLIES[vendor](_WORDS[: SIZES[size]])).encode()


def _tokens(count: int) -> Iterable[str]:
    """Some clients give up where a model repeats itself."""
    return islice(cycle(f" {word}" for word in _WORDS.split()), count)


def _openai_events(count: int) -> list[bytes]:
    """Chunks of 300 bytes."""
    head = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1780000000, "model": "gpt-bench"}
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
    deltas += [({"content": word}, None) for word in _tokens(count - 2)] + [({}, "stop")]
    chunks: list[Mapping[str, object]] = []
    for delta, reason in deltas:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        chunks.append({**head, "choices": [choice], "obfuscation": "x" * 60})
    return [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"]


def _anthropic_events(count: int) -> list[bytes]:
    """Events of 120 bytes."""
    message: dict[str, object] = {**_anthropic(""), "content": list[object](), "stop_reason": None}
    events: list[Mapping[str, object]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    deltas = ({"type": "text_delta", "text": word} for word in _tokens(count - 2))
    events += [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 150}},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def _gemini_events(count: int) -> list[bytes]:
    head = {"responseId": "bench", "modelVersion": "gemini-bench"}
    usage = {"promptTokenCount": 19, "candidatesTokenCount": 150, "totalTokenCount": 169}
    pieces: list[Mapping[str, object]] = [
        {"candidates": [{"content": {"role": "model", "parts": [{"text": word}]}, "index": 0}], **head}
        for word in _tokens(count - 1)
    ]
    pieces.append(
        {
            "candidates": [
                {"content": {"role": "model", "parts": [{"text": "."}]}, "finishReason": "STOP", "index": 0}
            ],
            "usageMetadata": usage,
            **head,
        }
    )
    return [f"data: {json.dumps(piece)}\r\n\r\n".encode() for piece in pieces]


_STREAMS = {"openai": _openai_events, "anthropic": _anthropic_events, "gemini": _gemini_events}


def events(vendor: str, count: int) -> list[bytes]:
    """A streamed answer, one item per write of the vendor."""
    return _STREAMS[vendor](count)


def _plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def _streamed(pieces: list[bytes]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def all_replies() -> dict[tuple[bytes, bytes], bytes]:
    """Every reply with its head, by vendor and by the first part of the path."""
    found = {(vendor.encode(), size.encode()): _plain(reply(vendor, size)) for vendor in _REPLIES for size in SIZES}
    for vendor in _STREAMS:
        for count in LENGTHS:
            found[vendor.encode(), str(count).encode()] = _streamed(events(vendor, count))
    return found
