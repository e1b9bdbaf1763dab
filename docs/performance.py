"""docs/performance.md and its plot, from the last saved run of `make bench`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from benchmarks.measuring import Row
from benchmarks.targets import TOLERANCE, Verdict, verdicts

RESULTS = Path(__file__).parents[1] / "benchmarks/results.json"
_WIDTH, _LINE, _LEFT, _SCALE = 760, 18, 270, 230

_ABOUT = """
What polyvox costs over the network call itself, in CPU of the calling process: ratios to the same call written by hand
with httpx2 (`client.post(url, json=...)` and `.json()`; for streams `client.stream`, `iter_lines`, `json.loads`), which
gives dicts where polyvox gives typed results.

![Ratios to raw httpx2](performance.svg)
"""
_HOW = """
## How it was measured

`make bench`, which wrote `benchmarks/results.json`: a server process answers at once with prebuilt bytes, client and
server each pinned to a core; batches in random order, those that are compared next to each other; process CPU time,
and the median of the rounds' ratios. `make bench-check` fails where a ratio is more than {tolerance:.0%} over its
target, and on the counts of function calls and megabytes, which no load changes. `make bench-memory` and
`make install-size` measure what their names say. Where the microseconds go: `benchmarks/profile.md`.

Last run: {machine}.

## What this does not say

- A vendor takes seconds and loopback takes none: these are costs of your processor, which count for throughput, many
  calls at once and streams, not for one answer.
- The machine was shared with other work during the last run: ratios move by some hundredths from run to run, and
  microseconds by more. Function calls and megabytes are exact.
- Milliseconds of processes are CPU time, in steps of 10.
- Other libraries (the OpenAI SDK, LiteLLM and so on) are not measured here.
"""


def _results() -> Mapping[str, object]:
    return cast("Mapping[str, object]", json.loads(RESULTS.read_text("utf-8")))


def _rows(results: Mapping[str, object]) -> list[Row]:
    return [Row(**row) for row in cast("list[dict[str, float]]", results["rows"])]  # type: ignore[arg-type]  # its own


def page() -> str:
    """Every target with what was measured."""
    results = _results()
    rows = _rows(results)
    facts = cast("Mapping[str, float]", results["facts"])
    found = verdicts(rows, facts)
    told = ", ".join(f"{name} {value}" for name, value in cast("Mapping[str, object]", results["machine"]).items())
    lines = ["# Performance", _ABOUT, "## Targets\n", "| what | measured | target | |", "| --- | --- | --- | --- |"]
    lines += [_line(verdict) for verdict in found]
    lines += ["\n## Microseconds\n", "CPU per call, or per chunk of a stream.\n"]
    lines += ["| what | who | median | least | most | ratio |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row.group} | {row.name} | {row.cpu:.1f} | {row.cpu_min:.1f} | {row.cpu_max:.1f} | {row.ratio:.2f} |"
        for row in rows
    ]
    lines += ["\n## Other figures\n", "| what | measured |", "| --- | --- |"]
    lines += [f"| {name} | {value:g} |" for name, value in facts.items()]
    return "\n".join([*lines, _HOW.format(tolerance=TOLERANCE, machine=told)])


def _line(verdict: Verdict) -> str:
    says = "met" if verdict.met else "missed, within the tolerance" if verdict.tolerable else "**missed**"
    return f"| {verdict.name} | {verdict.found:.2f} | {verdict.target.most:g} | {says} |"


def plot() -> str:
    """A bar for each ratio, a mark at its target, a line at raw httpx2."""
    results = _results()
    facts: Mapping[str, float] = {}
    found = verdicts(_rows(results), facts)
    height = _LINE * (len(found) + 2)
    style = 'font-family="sans-serif" font-size="11"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" {style}>']
    lines += ['<rect width="100%" height="100%" fill="white"/>', *_bars(found)]
    at = _LEFT + _SCALE
    lines.append(f'<line x1="{at}" y1="4" x2="{at}" y2="{height - _LINE}" stroke="#555"/>')
    lines.append(f'<text x="{at}" y="{height - 6}" text-anchor="middle">1 = raw httpx2; marks are targets</text>')
    return "\n".join([*lines, "</svg>", ""])


def _bars(found: Sequence[Verdict]) -> list[str]:
    lines: list[str] = []
    for number, verdict in enumerate(found):
        top, long = 6 + number * _LINE, verdict.found * _SCALE
        mark = _LEFT + verdict.target.most * _SCALE
        colour = "#4c8c4a" if verdict.met else "#c98a2b"
        lines.append(f'<text x="{_LEFT - 6}" y="{top + 11}" text-anchor="end">{verdict.name}</text>')
        lines.append(f'<rect x="{_LEFT}" y="{top}" width="{long:.0f}" height="{_LINE - 5}" fill="{colour}"/>')
        lines.append(f'<line x1="{mark:.0f}" y1="{top - 2}" x2="{mark:.0f}" y2="{top + _LINE - 3}" stroke="black"/>')
        lines.append(f'<text x="{_LEFT + long + 5:.0f}" y="{top + 11}">{verdict.found:.2f}</text>')
    return lines
