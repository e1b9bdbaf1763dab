"""How a synchronous way to ask is timed, here and in the process of another library."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import TypeAlias

Run: TypeAlias = Callable[[int], float]
"""Makes so many calls; gives the CPU seconds that they cost."""


def timed(call: Callable[[], object]) -> Run:
    """One call after another."""

    def run(count: int) -> float:
        started = process_time()
        for _ in range(count):
            call()
        return process_time() - started

    return run
