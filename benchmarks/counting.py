"""Function calls, Python's and C's, that one call of polyvox makes: the same on every machine, whatever its load."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType

from .cases import Case
from .replies import LENGTHS
from .subjects import our_call, our_stream, raw_call, raw_stream

_CALLS = 50
_STREAMS = 5
_COUNTED = frozenset({"call", "c_call"})


def calls_of(call: Callable[[], object], times: int = _CALLS) -> float:
    """How many functions one call enters, once everything is warm."""
    for _ in range(5):
        call()
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in _COUNTED

    collecting = gc.isenabled()
    gc.disable()  # what it would end just now is of earlier calls
    sys.setprofile(seen)
    try:
        for _ in range(times):
            call()
    finally:
        sys.setprofile(None)
        if collecting:
            gc.enable()
    return count / times


def calls_of_a_chunk(stream: Callable[[Case, str], Callable[[], float]], vendor: str, server: str) -> float:
    """The same for one more chunk of a stream."""
    short, long = LENGTHS
    cases = (Case(vendor, reply=str(length), stream=True) for length in LENGTHS)
    few, many = (calls_of(stream(case, server), _STREAMS) for case in cases)
    return (many - few) / (long - short)


def _of(vendor: str, server: str) -> dict[str, float]:
    """A short call and longer ones, and what each thing more adds: a message with parts or calls or answers; a tool."""
    cases = {
        "": Case(vendor),
        ", 10 messages": Case(vendor, asked="10 messages"),
        ", 4 tools": Case(vendor, tools=4),
        ", 40 messages": Case(vendor, asked="40 messages"),
        ", 40 tools": Case(vendor, tools=40),
    }
    found = {f"function calls, {vendor}{what}": calls_of(our_call(case, server)) for what, case in cases.items()}
    short = found[f"function calls, {vendor}"]
    for many, one in (("40 messages", "message"), ("40 tools", "tool")):
        found[f"function calls a {one}, {vendor}"] = (found.pop(f"function calls, {vendor}, {many}") - short) / 40
    return found


def measure(server: str) -> dict[str, float]:
    """By vendor, and for raw httpx2."""
    found: dict[str, float] = {}
    for vendor in ("openai", "anthropic", "gemini", "bedrock"):
        found |= _of(vendor, server)
    found["function calls, raw httpx2"] = calls_of(raw_call(Case("openai"), server))
    for vendor in ("openai", "anthropic", "gemini"):
        found[f"function calls a chunk, {vendor}"] = calls_of_a_chunk(our_stream, vendor, server)
    found["function calls a chunk, raw httpx2"] = calls_of_a_chunk(raw_stream, "openai", server)
    return found
