"""What it costs to import polyvox: time over an empty interpreter, and modules loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median
from time import perf_counter

_CASES = {
    "empty interpreter": "pass",
    "import polyvox": "import polyvox",
    "from polyvox import completion": "from polyvox import completion",
    "httpx2 and pydantic": "import httpx2, pydantic; pydantic.BaseModel",
    "polyvox, ready to call OpenAI": "import polyvox.drivers, polyvox.calling, polyvox.dialects.openai",
}
_COUNT = "; import sys; print(len(sys.modules))"


def _once(code: str) -> tuple[float, int]:
    # Compiled files count as they do for users; an environment that forbids writing them would double every figure.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code + _COUNT], capture_output=True, text=True, check=True, env=environment
    )
    return (perf_counter() - started) * 1000, int(done.stdout)


def measure(rounds: int = 9) -> list[tuple[str, float, int]]:
    """For each case: milliseconds over the empty interpreter (median), and modules loaded."""
    times: dict[str, list[float]] = {name: [] for name in _CASES}
    modules: dict[str, int] = {}
    for _ in range(rounds + 1):  # the first round compiles
        for name, code in _CASES.items():
            taken, modules[name] = _once(code)
            times[name].append(taken)
    floor = median(times["empty interpreter"][1:])
    return [(name, median(taken[1:]) - floor, modules[name]) for name, taken in times.items()]
