"""Streams cut anywhere: the same chunks, whatever the pieces; and what breaks off is never taken for an answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pytest

from polyvox import ChatCompletionChunk, StreamInterruptedError
from polyvox.addressing import find_vendor
from polyvox.call import Call
from polyvox.dialects import dialect_of
from tests.mapping import (
    test_anthropic_streams,
    test_gemini_streams,
    test_openai_stream_calls,
    test_openai_streams,
)
from tests.mapping.anthropic_events import stream as anthropic_stream
from tests.mapping.asking import sse

BODIES: Final[dict[str, tuple[str, bytes]]] = {
    **{f"openai {name}": ("openrouter", body) for name, body in test_openai_streams.SAME.items()},
    **{f"openai {name}": ("openrouter", body) for name, (body, _) in test_openai_stream_calls.CALLS.items()},
    **{f"anthropic {name}": ("anthropic", body) for name, body in test_anthropic_streams.SAME.items()},
    **{
        f"anthropic whole {name}": ("anthropic", anthropic_stream(*events, reason=reason))
        for name, (events, _, reason) in test_anthropic_streams.WHOLE.items()
    },
    **{f"gemini {name}": ("gemini", body) for name, body in test_gemini_streams.SAME.items()},
    **{f"gemini whole {name}": ("gemini", sse(*events)) for name, (events, _) in test_gemini_streams.WHOLE.items()},
}
# Cut at every single byte: the ones with the most forms in them.
THOROUGH: Final = (
    "openai CRLF",
    "openai comments",
    "openai interleaved",
    "openai end twice",
    "openai usage on every chunk",
    "anthropic CRLF",
    "anthropic padded JSON",
    "anthropic whole two calls",
    "anthropic whole citations",
    "gemini CRLF",
    "gemini a JSON array over many lines",
    "gemini the count alone",
    "gemini whole signed call",
)


def read(provider: str, pieces: Iterable[bytes]) -> list[ChatCompletionChunk]:
    """All chunks of a stream that comes in these pieces."""
    vendor = find_vendor(provider)
    assert vendor is not None
    reader = dialect_of(vendor).reader(Call(vendor=vendor, model="m", messages=[], given={}, stream=True))
    chunks: list[ChatCompletionChunk] = []
    for piece in pieces:
        reader.feed(piece, chunks)
    reader.finish(chunks)
    return chunks


def _comparable(chunks: list[ChatCompletionChunk]) -> list[object]:
    """Without what is made by chance."""
    dumped = [chunk.model_dump(exclude={"id", "created"}) for chunk in chunks]
    for chunk in dumped:
        for choice in chunk["choices"]:
            for call in choice["delta"]["tool_calls"] or ():
                call["id"] = "made here" if str(call["id"]).startswith("call_pv_") else call["id"]
    return [*dumped]


@pytest.mark.parametrize(("provider", "body"), BODIES.values(), ids=BODIES)
def test_byte_by_byte(provider: str, body: bytes) -> None:
    pieces = [body[place : place + 1] for place in range(len(body))]
    assert _comparable(read(provider, pieces)) == _comparable(read(provider, [body]))


@pytest.mark.parametrize(("provider", "body"), [BODIES[name] for name in THOROUGH], ids=THOROUGH)
def test_cut_at_every_byte(provider: str, body: bytes) -> None:
    whole = _comparable(read(provider, [body]))
    for place in range(1, len(body)):
        assert _comparable(read(provider, [body[:place], body[place:]])) == whole, place


@pytest.mark.parametrize(("provider", "body"), [BODIES[name] for name in THOROUGH], ids=THOROUGH)
def test_broken_off_at_every_byte(provider: str, body: bytes) -> None:
    text = _text(read(provider, [body]))
    for place in range(len(body)):
        try:
            found = _text(read(provider, [body[:place]]))
        except StreamInterruptedError:
            continue
        assert found == text, place


def _text(chunks: list[ChatCompletionChunk]) -> str:
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    calls = [call.function for delta in deltas for call in delta.tool_calls or () if call.function]
    return "".join([*(delta.content or "" for delta in deltas), *(call.arguments or "" for call in calls)])
