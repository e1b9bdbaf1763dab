"""The targets, and whether a run meets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .measuring import Row

TOLERANCE = 0.05
"""How far a ratio may be over its target before `make bench-check` fails: two runs on a busy machine differ by that."""


@dataclass(frozen=True, slots=True)
class Target:
    """The most that something may cost. `name` begins the names of the groups or facts it holds for."""

    name: str
    most: float
    noisy: bool = True
    """Whether the tolerance applies: not to counts, which are the same on every machine."""
    without: str = "\0"
    """Leaves out names that contain this."""


RATIOS: Final = (
    Target("sync, openai", 0.90, without="40 messages"),
    Target("sync, anthropic", 1.00, without="40 "),
    Target("sync, gemini", 1.00, without="40 "),
    Target("sync, bedrock", 1.00, without="40 "),
    # Each message is checked, and translated, of which raw does nothing: what they cost now, so that it does not grow.
    Target("sync, openai, 40 messages", 1.15),
    Target("sync, anthropic, 40 messages", 1.50),
    Target("sync, gemini, 40 messages", 1.50),
    Target("sync, bedrock, 40 messages", 1.50),
    Target("sync, anthropic, 40 tools", 1.10),
    Target("sync, gemini, 40 tools", 1.10),
    Target("sync, bedrock, 40 tools", 1.10),
    Target("async, openai", 1.00),
    Target("async, anthropic", 1.00),
    Target("async with aiohttp", 0.45),
    Target("stream, sync, openai", 1.15),
    Target("stream, async, openai", 1.15),
    Target("stream, sync, ", 1.25, without="openai"),
    Target("stream, async, ", 1.25, without="openai"),
    Target("first chunk", 1.05),
)
FACTS: Final = (
    Target("over a short call, ", 1.10),
    Target("function calls, ", 1600, noisy=False, without="raw"),
    Target("function calls a message, ", 65, noisy=False),
    Target("function calls a tool, ", 40, noisy=False),
    Target("function calls a chunk, ", 95, noisy=False, without="raw"),
    Target("ms, from polyvox import completion", 30),
    Target("MB, from polyvox import completion", 15, noisy=False),
    Target("heavy modules, ", 0, noisy=False),
    Target("gateways' rows loaded, ", 0, noisy=False),
    Target("first answer over raw, http, openai", 1.15),
    Target("first answer over raw, https, openai", 1.15),
    Target("first answer over raw, http, anthropic", 1.30),
    Target("first answer over raw, https, anthropic", 1.30),
    Target("MB after first answer", 45, noisy=False),
    Target("kB of Python memory at the peak of a stream", 250, noisy=False),  # the longest have 256 and 580 kB
    Target("MB left behind by 100,000 calls", 1, noisy=False),
    Target("objects left behind by 100,000 calls", 100, noisy=False),
    Target("MB, installation", 15, noisy=False),
    Target("distributions, installation", 13, noisy=False),
)


def over_a_short_call(rows: Sequence[Row]) -> dict[str, float]:
    """What a history and tools add: the ratio to raw httpx2, which has them to send too, to that of a short call."""
    ratios = {row.group: row.ratio for row in rows if row.name == "polyvox"}
    found: dict[str, float] = {}
    for group, ratio in ratios.items():
        way, vendor, *what = group.split(", ")
        short = ratios.get(f"{way}, {vendor}, 1 kB")
        if what in (["10 messages"], ["4 tools"]) and short is not None:
            found[f"over a short call, {vendor}, {what[0]}"] = ratio / short
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target and what was measured."""

    name: str
    target: Target
    found: float

    @property
    def met(self) -> bool:
        """Whether the target itself is met."""
        return self.found <= self.target.most

    @property
    def tolerable(self) -> bool:
        """Whether it is met but for noise."""
        return self.found <= self.target.most * (1 + TOLERANCE if self.target.noisy else 1)


def verdicts(rows: Sequence[Row], facts: Mapping[str, float]) -> list[Verdict]:
    """Every target that this run says something about."""
    ratios = {row.group: row.ratio for row in rows if row.name.startswith("polyvox")}
    found: list[Verdict] = []
    for targets, values in ((RATIOS, ratios), (FACTS, facts)):
        for target in targets:
            for name, value in values.items():
                if name.startswith(target.name) and target.without not in name:
                    found.append(Verdict(name, target, value))
    return found


def check(rows: Sequence[Row], facts: Mapping[str, float]) -> int:
    """Print what is over its target; 1 if anything is, beyond the tolerance."""
    missed = [verdict for verdict in verdicts(rows, facts) if not verdict.met]
    for verdict in missed:
        says = "within the tolerance" if verdict.tolerable else "TOO MUCH"
        print(f"{verdict.name}: {verdict.found:.2f}, target {verdict.target.most:g}: {says}")
    print(
        f"{len(missed)} targets missed; {TOLERANCE:.0%} over one is tolerated as noise, but not in counts and megabytes"
    )
    return int(any(not verdict.tolerable for verdict in missed))
