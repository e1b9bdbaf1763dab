"""What `make bench` makes of its measurements, and of libraries that are not there."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from benchmarks.measuring import Row, measure
from benchmarks.peers.environments import python_of
from benchmarks.targets import TOLERANCE, check, over_a_short_call, verdicts

ROOT: Final = Path(__file__).parents[1]


@dataclass
class Paid:
    """A subject whose calls cost what it says."""

    group: str
    name: str
    seconds: float
    per: int = 1
    weight: float = 1.0
    counts: list[int] = field(default_factory=list[int])

    def run(self, count: int, /) -> float:
        self.counts.append(count)
        return count * self.seconds


def test_a_ratio_is_to_the_first_of_the_group() -> None:
    raw, ours = Paid("sync", "raw", 0.002), Paid("sync", "polyvox", 0.001)
    chunks = Paid("stream", "raw", 0.002, per=200, weight=0.05)
    rows = measure([raw, ours, chunks], rounds=3, calls=100)
    assert [(row.name, round(row.cpu), round(row.ratio, 2)) for row in rows] == [
        ("raw", 2000, 1.0),
        ("polyvox", 1000, 0.5),
        ("raw", 10, 1.0),
    ]
    assert raw.counts == [10, 100, 100, 100]
    assert chunks.counts == [2, 5, 5, 5]


def _ours(ratio: float) -> list[Row]:
    return [
        Row("sync, openai, 1 kB", "polyvox", 1, 1, 1, 1, ratio),
        Row("sync, openai, 1 kB", "LiteLLM", 1, 1, 1, 1, 9),
    ]


@pytest.mark.parametrize(
    ("ratio", "met", "status"), [(0.9, True, 0), (0.9 * (1 + TOLERANCE) - 0.001, False, 0), (0.96, False, 1)]
)
def test_a_ratio_may_be_over_its_target_by_the_tolerance(ratio: float, met: bool, status: int) -> None:
    assert [verdict.met for verdict in verdicts(_ours(ratio), {})] == [met]
    assert check(_ours(ratio), {}) == status


def test_what_a_history_adds_is_measured_against_a_short_call() -> None:
    ratios = {"sync, openai, 1 kB": 0.8, "sync, openai, 10 messages": 0.88, "sync, openai, 20 kB": 0.9}
    rows = [Row(group, "polyvox", 1, 1, 1, 1, ratio) for group, ratio in ratios.items()]
    found = over_a_short_call([*rows, Row("sync, gemini, 4 tools", "polyvox", 1, 1, 1, 1, 9)])
    assert found == {"over a short call, openai, 10 messages": pytest.approx(1.1)}


@pytest.mark.parametrize(("calls", "status"), [(1600, 0), (1601, 1)])
def test_a_count_may_not(calls: float, status: int) -> None:
    assert check([], {"function calls, openai": calls}) == status


def test_a_library_without_an_environment_is_said_to_have_none() -> None:
    with pytest.raises(FileNotFoundError, match="not installed: make bench-peers"):
        python_of("nobody")


def test_a_worker_tells_what_goes_wrong_and_goes_on() -> None:
    ask = {"vendor": "openai", "base": "http://127.0.0.1:9", "messages": list[object]()}
    asked = {"kind": "LiteLLM", "package": "litellm", "way": "sync call", "in_flight": 1, "ask": ask}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers.worker"],
        cwd=ROOT,
        input=f"{json.dumps(asked)}\n" * 2,
        capture_output=True,
        text=True,
        check=True,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told == [{"error": "ModuleNotFoundError: No module named 'litellm'"}] * 2
