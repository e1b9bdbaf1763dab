"""`make bench`: all subjects in interleaved batches, in random order; CPU of this process, medians, ratios."""

from __future__ import annotations

import argparse
import gc
import random
from statistics import median
from time import process_time

from . import startup
from .server import CHUNKS, running
from .subjects import Subject, subjects


def _batch(subject: Subject, calls: int) -> float:
    """CPU microseconds per unit."""
    gc.collect()
    started = process_time()
    subject.run(calls)
    return (process_time() - started) / calls / subject.per * 1e6


def _interleaved(found: list[Subject], rounds: int, calls: int) -> dict[int, list[float]]:
    measured: dict[int, list[float]] = {number: [] for number in range(len(found))}
    for subject in found:
        subject.run(20)
    for _ in range(rounds):
        for number in random.sample(range(len(found)), len(found)):
            subject = found[number]
            measured[number].append(_batch(subject, calls if subject.per == 1 else max(2, calls // 20)))
    return measured


def _show(found: list[Subject], measured: dict[int, list[float]]) -> None:
    print(f"{'group':34}{'subject':28}{'CPU µs':>9}{'min':>9}{'max':>9}{'ratio':>8}")
    floor: dict[str, float] = {}
    for number, subject in enumerate(found):
        times = measured[number]
        middle = median(times)
        ratio = middle / floor.setdefault(subject.group, middle)
        print(f"{subject.group:34}{subject.name:28}{middle:9.1f}{min(times):9.1f}{max(times):9.1f}{ratio:8.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="batches of each subject (default 15)")
    parser.add_argument("--calls", type=int, default=200, help="calls in a batch (default 200)")
    parser.add_argument("--no-startup", action="store_true", help="leave the import times out")
    asked = parser.parse_args()
    with running() as base:
        found = subjects(base, CHUNKS)
        _show(found, _interleaved(found, asked.rounds, asked.calls))
    if not asked.no_startup:
        print(f"\n{'import':34}{'ms':>9}{'modules':>9}")
        for name, taken, modules in startup.measure():
            print(f"{name:34}{taken:9.1f}{modules:9}")


if __name__ == "__main__":
    main()
