"""`make bench`: everything that polyvox costs, against raw httpx2, as a table and as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from . import counting, startup
from .measuring import Row, measure
from .report import as_table, machine
from .server import pin, running
from .subjects import subjects
from .targets import check

RESULTS = Path(__file__).parent / "results.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="batches of each subject (default 15)")
    parser.add_argument("--calls", type=int, default=100, help="calls in a plain batch (default 100)")
    parser.add_argument("--only", default="", help="groups whose name contains this")
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results.json, which the docs show")
    return parser.parse_args()


def main() -> int:
    """Measure and print."""
    asked = _arguments()
    pin(0)
    with running() as server:
        chosen = [subject for subject in subjects(server) if asked.only in subject.group]
        rows = measure(chosen, asked.rounds, asked.calls)
        facts: dict[str, float] = {}
        if not asked.only:
            facts |= counting.measure(server)
    if not asked.only:
        facts |= startup.measure()
    print(as_table(rows, facts))
    if asked.save:
        _save(rows, facts)
    return check(rows, facts) if asked.check else 0


def _save(rows: list[Row], facts: Mapping[str, float]) -> None:
    document: dict[str, object] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    document["machine"] = machine()
    document["rows"] = [
        {name: (round(value, 3) if isinstance(value := getattr(row, name), float) else value) for name in Row.__slots__}
        for row in rows
    ]
    held = cast("dict[str, float]", document.get("facts", {}))  # some are of other verbs
    document["facts"] = held | {name: round(value, 2) for name, value in facts.items()}
    RESULTS.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
