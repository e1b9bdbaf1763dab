"""What Claude's models can, whoever serves them: told by the shape of their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ..schemas import Rules

if TYPE_CHECKING:
    from ..call import Call

Level: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]
BUDGETS: Final[Mapping[str, int]] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32768,
}
"""Tokens to think, for models that take a budget; what `max_tokens` allows bounds them."""
LEVELS: Final[Mapping[str, Level]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}
"""The efforts of adaptive thinking."""
# https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations". (It tells of
# patterns too, but takes so few regular expressions that Anthropic's own library sends none.)
RULES: Final = Rules(
    bounds=frozenset(("format", "minItems")),
    formats=frozenset(
        ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"),
    ),
    most={"minItems": 1},
    recursion="no",
)
_END = r"(-20\d{6}|-latest|@|:|$)"
_BEFORE_ADAPTIVE_THINKING: Final = re.compile(r"claude-3|claude-(opus|sonnet|haiku)-4([-.][015])?" + _END)
_BEFORE_SCHEMA_MODE: Final = re.compile(r"claude-(v?[23]|instant)|claude-(opus|sonnet|haiku)-4([-.][01])?" + _END)


def takes_budget(model: str) -> bool:
    """Whether it thinks by a budget of tokens, not by an effort."""
    return _BEFORE_ADAPTIVE_THINKING.search(model) is not None


def has_schema_mode(model: str) -> bool:
    """Whether its answers can be held to a schema."""
    return _BEFORE_SCHEMA_MODE.search(model) is None


def budget(call: Call, effort: str) -> int | None:
    """How many tokens to think: half of the limit at most, so that an answer follows. None where the limit is too low
    for any, which is refused."""
    limit, least = call.limit, BUDGETS["minimal"]
    if limit is None:
        return BUDGETS[effort]
    if limit <= least:
        call.refuse("reasoning_effort", f"thinking needs max_tokens above {least}, not {limit}")
        return None
    return max(least, min(BUDGETS[effort], limit // 2))


def thinks(call: Call) -> bool:
    """Whether the caller has the model think before the answer; it then cannot be made to call a tool."""
    thinking = call.given.get("thinking")
    if thinking is not None:
        return thinking.get("type") != "disabled"
    return call.given.get("reasoning_effort", "none") != "none"
