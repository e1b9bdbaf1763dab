"""From a new file to the line to change, cold: how long a maintainer waits.

python -m benchmarks.refreshing [VENDOR ...]     or: make bench-refresh

For each vendor, in a copy of the checkout where mypy remembers nothing: diff, refresh, generate, mypy on everything;
with the newest description of ../shared/upstream-history; where there is none, with the cut that is vendored.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from codegen import sources
from codegen.failure import Failure

CHECKOUT: Final = Path(__file__).parent.parent
HISTORY: Final = CHECKOUT.parent / "shared" / "upstream-history"
LEFT_OUT: Final = shutil.ignore_patterns(".*", "__pycache__", "cassettes")


def newest(vendor: str) -> Path:
    """The newest description there is of a vendor."""
    return max((HISTORY / vendor).glob("*.gz"), default=CHECKOUT / "specs" / vendor / "openapi.json")


def steps(vendor: str) -> dict[str, list[str]]:
    """What is run, by what it is called."""
    file = str(newest(vendor))
    return {
        "diff": ["codegen", "diff", vendor, "--from", file],
        "refresh": ["codegen", "refresh", vendor, "--from", file],
        "generate": ["codegen", "generate"],
        "mypy": ["mypy"],
    }


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds on the clock, and of processor time."""
    clock, before = time.perf_counter(), os.times()
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, check=False)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - clock, used


def main(vendors: list[str]) -> None:
    """Print a line for each vendor."""
    if unknown := [name for name in vendors if not described(name)]:
        sys.exit(f"{unknown[0]} has no description of its own in specs/")
    print(f"{'vendor':12}" + "".join(f"{name:>16}" for name in (*steps(""), "together")) + "   seconds (of processor)")
    for vendor in vendors or [name for name in sources.vendors(CHECKOUT / "specs") if described(name)]:
        with TemporaryDirectory() as name:
            folder = Path(name) / "checkout"
            shutil.copytree(CHECKOUT, folder, ignore=LEFT_OUT)
            found = [measured(command, folder) for command in steps(vendor).values()]
        found.append((sum(clock for clock, _ in found), sum(used for _, used in found)))
        print(f"{vendor:12}" + "".join(f"{clock:9.1f} ({used:4.1f})" for clock, used in found), flush=True)


def described(vendor: str) -> bool:
    """Whether the vendor has a description of its own."""
    try:
        return sources.load(CHECKOUT / "specs" / vendor).base is None
    except (Failure, OSError):
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
