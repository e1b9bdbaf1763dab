"""Function calls, Python's and C's, that one call of polyvox makes: the same on every machine, whatever its load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

from .subjects import Case, our_call, raw_call

_CALLS = 50
_COUNTED = frozenset({"call", "c_call"})


def calls_of(call: Callable[[], object]) -> float:
    """How many functions one call enters, once everything is warm."""
    for _ in range(5):
        call()
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in _COUNTED

    sys.setprofile(seen)
    try:
        for _ in range(_CALLS):
            call()
    finally:
        sys.setprofile(None)
    return count / _CALLS


def measure(server: str) -> dict[str, float]:
    """By vendor, and for raw httpx2."""
    cases = {vendor: Case(vendor) for vendor in ("openai", "anthropic", "gemini", "bedrock")}
    found = {f"function calls, {vendor}": calls_of(our_call(case, server)) for vendor, case in cases.items()}
    long, tools = Case("openai", history=True), Case("openai", tools=True)
    found["function calls, openai, 10 messages"] = calls_of(our_call(long, server))
    found["function calls, openai, 4 tools"] = calls_of(our_call(tools, server))
    found["function calls, raw httpx2"] = calls_of(raw_call(cases["openai"], server))
    return found
