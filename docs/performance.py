"""docs/performance.md and its plot, from the last saved run of `make bench`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from benchmarks.measuring import Row
from benchmarks.results import load
from benchmarks.targets import TOLERANCE, Verdict, verdicts
from docs import plots

_DIALECTS: Final = {"openai": "OpenAI's dialect", "anthropic": "Anthropic's dialect"}

_ABOUT = """
What polyvox costs over the network call itself, in CPU of the calling process: ratios to the same call written by hand
with httpx2 (`client.post(url, json=...)` and `.json()`; for streams `client.stream`, `iter_lines`, `json.loads`), which
gives dicts where polyvox gives typed results.

![Ratios to raw httpx2](performance.svg)
"""
_OTHERS = """
## Other libraries

Ratio to raw httpx2 and, in brackets, CPU microseconds per call or chunk of a stream, all in the same run. Each library
runs in an environment and a process of its own (`make bench-peers` builds them from `benchmarks/peers/*.lock`), is
asked a batch at a time in random order with the others, and has to give the server's answer. Who makes a client for
each call is not measured at 50 in flight.

![Ratios of libraries to raw httpx2](performance-libraries.svg)
"""
_PROFILE = """
## Where they go

`make bench-profile`: processor time by module, from a hundred samples a second or more. The standard library and what
is written in C count to who calls them, or to what is called next. `benchmarks/profile.md` says why it stays.
"""
_SOAK = """
## Load

`make soak`, and `make soak SECONDS=900`: 1,000 streams of one `AsyncClient` and 200 threads of one `Client` in one
process, one call in 20 going wrong, no retries. It fails unless each call has exactly one outcome, nothing is left at
the end, memory, files, tasks and threads stay as they are once the process is warm, and the event loop gets its turn at
least once a second of the process's own processor time. By the clock it is later where other work takes the processors.
"""
_HOW = """
## How it was measured

`make bench`, which wrote `benchmarks/results.json`: a server process answers at once with prebuilt bytes, client and
server each pinned to a core; batches in random order, those that are compared next to each other; process CPU time,
and the median of the rounds' ratios. `make bench-check` fails where a ratio is more than {tolerance:.0%} over its
target, and on the counts of function calls and megabytes, which no load changes. `make bench-memory` and
`make install-size` measure what their names say. `make bench docs` measures all but those and what has a section of its
own, and writes this page; `make bench ONLY="stream, sync" ROUNDS=5` measures a part in little time and writes nothing.

Last run: {machine}.

## What this does not say

- A vendor takes seconds and loopback takes none: these are costs of your processor, which count for throughput, many
  calls at once and streams, not for one answer.
- Ratios move by some hundredths from run to run, and microseconds by more; by much more where the load of the machine
  before the run, told above, was not near nothing. Function calls and megabytes are exact.
- Milliseconds of processes are CPU time, in steps of 10.
- Other libraries do other things with their time: some count cost, log, or keep what they saw. They are called as their
  pages show it. The SDKs of OpenAI and Anthropic give their own vendor's types and translate nothing.
"""


def _rows(results: Mapping[str, object]) -> list[Row]:
    return [Row(**row) for row in cast("list[dict[str, float]]", results["rows"])]  # type: ignore[arg-type]  # its own


def page() -> str:
    """Every target with what was measured."""
    results = load()
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
    lines += [_OTHERS, *_libraries()] if "peers" in results else []
    for name, section in (("profile", _profile), ("soak", _load)):
        if name in results:
            lines += section(cast("Mapping[str, Mapping[str, float]]", results[name]))
    return "\n".join([*lines, _HOW.format(tolerance=TOLERANCE, machine=told)])


def _profile(found: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """What `make bench-profile` found: a column for each thing measured, a line for each module."""
    yield f"{_PROFILE}\n| microseconds | {' | '.join(found)} |\n{'| --- ' * (len(found) + 1)}|"
    names = dict.fromkeys(name for layers in found.values() for name in layers if name != "the rest")
    for name in [*names, "the rest"]:
        cells = (f"{layers[name]:g}" if name in layers else "" for layers in found.values())
        yield f"| {name} | {' | '.join(cells)} |"


def _load(runs: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """What `make soak` found, a column for each length of a run."""
    yield f"{_SOAK}\n| | {' | '.join(runs)} |\n{'| --- ' * (len(runs) + 1)}|"
    for name in dict.fromkeys(name for found in runs.values() for name in found):
        yield f"| {name} | {' | '.join(f'{found[name]:,}' if name in found else '' for found in runs.values())} |"


def _line(verdict: Verdict) -> str:
    says = "met" if verdict.met else "missed, within the tolerance" if verdict.tolerable else "**missed**"
    return f"| {verdict.name} | {verdict.found:.2f} | {verdict.target.most:g} | {says} |"


def plot() -> str:
    """The targets."""
    return plots.targets(verdicts(_rows(load()), {}))


def plot_of_libraries() -> str:
    """The other libraries."""
    return plots.libraries(_rows(_peers()))


def _peers() -> Mapping[str, object]:
    return cast("Mapping[str, object]", load()["peers"])


def _libraries() -> Iterator[str]:
    """A table for each dialect: a line for each library, a column for each way to ask."""
    peers = _peers()
    rows = _rows(peers)
    for vendor in ("openai", "anthropic"):
        groups = [group for group in dict.fromkeys(row.group for row in rows) if vendor in group.split(", ")]
        held = {(row.name, row.group): row for row in rows}
        ways = [group.replace(f"{vendor}, ", "") for group in groups]
        yield f"\n### {_DIALECTS[vendor]}\n\n| who | {' | '.join(ways)} |\n{'| --- ' * (len(ways) + 1)}|"
        for name in dict.fromkeys(row.name for row in rows if row.group in groups):
            yield f"| {name} | {' | '.join(_cell(held.get((name, group))) for group in groups)} |"
    versions = cast("Mapping[str, str]", peers["versions"])
    yield "\nVersions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".\n"
    for who, why in cast("Mapping[str, str]", peers["missing"]).items():
        yield f"- Not measured: {who}: `{why}`"


def _cell(row: Row | None) -> str:
    return f"{row.ratio:.2f} ({row.cpu:,.0f})" if row else ""
