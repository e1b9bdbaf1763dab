"""What a provider does with each unified parameter: as it is, under another name, by other means, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, Union

from .parameters import MODEL_PARAMETERS


@dataclass(frozen=True, slots=True)
class Native:
    """The vendor has the parameter."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """The vendor has the parameter under another name, or at another place."""

    to: str


@dataclass(frozen=True, slots=True)
class Emulated:
    """The vendor lacks the parameter; we reach the same by other means."""

    how: str


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The vendor cannot do it."""

    reason: str


Stance: TypeAlias = Union[Native, Renamed, Emulated, Unsupported]
Support: TypeAlias = Mapping[str, Stance]

NATIVE: Final = Native()
COUNTED: Final = Emulated("usage always comes; it is on the last chunk")
"""Of `stream_options`: the vendor has no such field, and counts tokens in streams without being asked."""

NEUTRAL: Final[Mapping[str, object]] = {
    "n": 1,
    "parallel_tool_calls": True,
    "logprobs": False,
    "top_logprobs": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
}
"""Values that ask for nothing: a vendor that lacks the parameter does just this."""


def takes_only(reason: str, *names: str, **others: Stance) -> dict[str, Stance]:
    """The stances of a vendor that takes these parameters as they are, `others` in other ways, and no more."""
    taken = {**dict.fromkeys(names, NATIVE), **others}
    return {name: taken.get(name, Unsupported(reason)) for name in MODEL_PARAMETERS}
