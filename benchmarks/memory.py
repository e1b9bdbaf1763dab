"""`make bench-memory`: what 100,000 calls leave behind, and what a long stream needs. Takes some minutes."""

from __future__ import annotations

import argparse
import gc
import os
import tracemalloc
from pathlib import Path

from polyvox import Client

from .cases import MESSAGES, Case
from .results import save_facts
from .server import running
from .targets import check


def resident() -> float:
    """MB of this process, now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _ask(client: Client, vendor: str, calls: int) -> None:
    for _ in range(calls):
        client.completion("bench", MESSAGES, provider=vendor, temperature=0.2)


def growth(server: str, vendor: str, calls: int) -> tuple[float, int]:
    """MB and objects that so many calls leave behind, after a hundredth of them to get warm."""
    client = Client(api_key="bench-key-1234", api_base=Case(vendor).base(server))
    _ask(client, vendor, calls // 100)
    gc.collect()
    before, objects = resident(), len(gc.get_objects())
    _ask(client, vendor, calls)
    gc.collect()
    return resident() - before, len(gc.get_objects()) - objects


def stream_peak(server: str, vendor: str, chunks: int) -> float:
    """kB of Python memory at the peak of a stream that is read and not kept."""
    case = Case(vendor, reply=str(chunks), stream=True)
    client = Client(api_key="bench-key-1234", api_base=case.base(server))
    peak = 0.0
    for _ in range(2):  # the first loads what a stream needs
        tracemalloc.start()
        for _chunk in client.completion("bench", MESSAGES, provider=vendor, stream=True):
            pass
        peak = tracemalloc.get_traced_memory()[1] / 1000
        tracemalloc.stop()
    return peak


def main() -> int:
    """Measure, print, and compare to the targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    asked = parser.parse_args()
    found: dict[str, float] = {}
    with running() as server:
        for vendor in ("openai", "anthropic"):
            for chunks in (200, 2000):
                name = f"kB of Python memory at the peak of a stream, {vendor}, {chunks} chunks"
                found[name] = round(stream_peak(server, vendor, chunks))
            megabytes, objects = growth(server, vendor, asked.calls)
            found[f"MB left behind by {asked.calls:,} calls, {vendor}"] = megabytes
            found[f"objects left behind by {asked.calls:,} calls, {vendor}"] = objects
    for name, value in found.items():
        print(f"{name}: {value:,.1f}")
    save_facts(found)
    return check([], found)


if __name__ == "__main__":
    raise SystemExit(main())
