"""Interleaved batches in random order: whatever else runs on the machine meets all subjects alike."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Protocol


class Measurable(Protocol):
    """One way to make a call."""

    @property
    def group(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def per(self) -> int: ...
    @property
    def weight(self) -> float: ...
    def run(self, count: int, /) -> float: ...


@dataclass(frozen=True, slots=True)
class Row:
    """What a subject cost, in microseconds per unit (a call or a chunk)."""

    group: str
    name: str
    cpu: float
    cpu_min: float
    cpu_max: float
    wall: float
    ratio: float
    """CPU to that of the group's first subject: the median of the ratios of the rounds."""


def measure(subjects: Sequence[Measurable], rounds: int, calls: int) -> list[Row]:
    """So many batches of each, `calls` calls in a plain one."""
    cpu: dict[int, list[float]] = {number: [] for number in range(len(subjects))}
    wall: dict[int, list[float]] = {number: [] for number in range(len(subjects))}
    for subject in subjects:
        subject.run(max(2, int(10 * subject.weight)))
    for _ in range(rounds):
        for group in _shuffled(subjects):
            for number in group:
                subject = subjects[number]
                count = max(2, int(calls * subject.weight))
                gc.collect()
                started = perf_counter()
                cpu[number].append(subject.run(count) / count / subject.per * 1e6)
                wall[number].append((perf_counter() - started) / count / subject.per * 1e6)
    return _rows(subjects, cpu, wall)


def _shuffled(subjects: Sequence[Measurable]) -> Iterable[list[int]]:
    """Groups in random order, each group's subjects together, so that what they are compared in is the same moment."""
    groups: dict[str, list[int]] = {}
    for number, subject in enumerate(subjects):
        groups.setdefault(subject.group, []).append(number)
    for group in random.sample(list(groups.values()), len(groups)):
        yield random.sample(group, len(group))


def _rows(subjects: Sequence[Measurable], cpu: Mapping[int, list[float]], wall: Mapping[int, list[float]]) -> list[Row]:
    floors: dict[str, list[float]] = {}
    rows: list[Row] = []
    for number, subject in enumerate(subjects):
        times = cpu[number]
        floor = floors.setdefault(subject.group, times)
        ratio = median(own / raw for own, raw in zip(times, floor, strict=True))
        rows.append(
            Row(subject.group, subject.name, median(times), min(times), max(times), median(wall[number]), ratio)
        )
    return rows
