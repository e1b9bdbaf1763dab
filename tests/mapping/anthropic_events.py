"""Events of Anthropic's stream."""

from __future__ import annotations

from typing import Final

from tests.mapping.asking import ANTHROPIC_REPLY, Json, named_sse

START: Final[Json] = {
    "type": "message_start",
    "message": {
        **ANTHROPIC_REPLY,
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 10, "cache_read_input_tokens": 3, "output_tokens": 1, "service_tier": "standard"},
    },
}
PING: Final[Json] = {"type": "ping"}
STOP: Final[Json] = {"type": "message_stop"}


def end(reason: str | None = "end_turn", **usage: object) -> Json:
    """The last event but one."""
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": usage or {"output_tokens": 7},
    }


def block(start: Json, *deltas: Json, index: int = 0) -> tuple[Json, ...]:
    """The events of one block."""
    return (
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    )


def words(*texts: str, index: int = 0) -> tuple[Json, ...]:
    """A block of text."""
    deltas: list[Json] = [{"type": "text_delta", "text": text} for text in texts]
    return block({"type": "text", "text": ""}, *deltas, index=index)


def use(*pieces: str, index: int = 0, given: object = None, name: str = "add") -> tuple[Json, ...]:
    """A block of a tool call."""
    start: Json = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": given or {}}
    deltas: list[Json] = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    return block(start, *deltas, index=index)


def thought(*texts: str, signature: str = "sig", index: int = 0) -> tuple[Json, ...]:
    """A block of thinking."""
    deltas: list[Json] = [{"type": "thinking_delta", "thinking": text} for text in texts]
    start: Json = {"type": "thinking", "thinking": "", "signature": ""}
    return block(start, *deltas, {"type": "signature_delta", "signature": signature}, index=index)


def stream(*events: Json, reason: str = "end_turn") -> bytes:
    """A whole stream around the blocks' events."""
    return named_sse(START, PING, *events, end(reason), STOP)
