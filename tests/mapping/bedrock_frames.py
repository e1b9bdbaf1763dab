"""Bedrock as tests ask it: its shortest good reply, and streams as frames."""

from __future__ import annotations

import json
import struct
from typing import Final, TypeAlias
from zlib import crc32

from polyvox import ChatCompletion, ChatCompletionChunk, Messages
from tests.mapping.asking import CONVERSE_REPLY, HELLO, Json, Wire, as_bytes

MODEL: Final = "bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0"
REPLY: Final = CONVERSE_REPLY
Event: TypeAlias = tuple[str, Json]

START: Final[Event] = ("messageStart", {"role": "assistant"})
STOP: Final[Event] = ("messageStop", {"stopReason": "end_turn"})
METADATA: Final[Event] = (
    "metadata",
    {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {"latencyMs": 5}},
)


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame whose headers are texts."""
    packed = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(packed) + len(payload), len(packed))
    whole = prelude + struct.pack("!I", crc32(prelude)) + packed + payload
    return whole + struct.pack("!I", crc32(whole))


def event(name: str, payload: Json) -> bytes:
    """One event of a stream."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps(payload).encode())


def exception(name: str, payload: Json) -> bytes:
    """An error inside of a stream."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, json.dumps(payload).encode())


def stream(*events: Event) -> bytes:
    """A whole stream."""
    return b"".join(event(name, payload) for name, payload in events)


def delta(index: int, content: Json) -> Event:
    """A piece of a block."""
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": content}


def start(index: int, content: Json) -> Event:
    """The start of a block that is announced."""
    return "contentBlockStart", {"contentBlockIndex": index, "start": content}


def stop(index: int) -> Event:
    """The end of a block."""
    return "contentBlockStop", {"contentBlockIndex": index}


def wire(body: bytes | None = None) -> Wire:
    """Bedrock, answering so."""
    return Wire(as_bytes(REPLY) if body is None else body)


def sent(messages: Messages = HELLO, /, model: str = MODEL, **parameters: object) -> Json:
    """The body that a call puts on the wire."""
    asked = wire()
    asked.ask(model, messages, aws_region_name="us-east-1", **parameters)
    return asked.body


def answered(reply: Json, /, **parameters: object) -> ChatCompletion:
    """What a reply becomes."""
    return wire(as_bytes(reply)).ask(MODEL, HELLO, aws_region_name="us-east-1", **parameters)


def said(*content: Json) -> ChatCompletion:
    """What a message of these blocks becomes."""
    return answered({**REPLY, "output": {"message": {"role": "assistant", "content": list(content)}}})


def streamed(body: bytes) -> list[ChatCompletionChunk]:
    """The chunks that a stream becomes."""
    return list(wire(body).open(MODEL, HELLO, aws_region_name="us-east-1"))


def assembled(body: bytes) -> ChatCompletion:
    """The answer that a stream adds up to."""
    return wire(body).open(MODEL, HELLO, aws_region_name="us-east-1").completion()
