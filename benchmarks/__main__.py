"""`make bench`: everything that polyvox costs, against raw httpx2, as a table and as JSON."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import nullcontext

from . import counting, results, startup
from .measuring import Measurable, Row, measure
from .peers.measured import Measured, measured
from .report import as_table, machine
from .server import pin, running
from .subjects import subjects
from .targets import check, over_a_short_call


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="batches of each subject (default 15)")
    parser.add_argument("--calls", type=int, default=100, help="calls in a plain batch (default 100)")
    parser.add_argument("--only", default="", help="groups whose name contains this")
    parser.add_argument("--check", action="store_true", help="fail where a target is missed; no other libraries")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results.json, which the docs show")
    return parser.parse_args()


def main() -> int:
    """Measure and print."""
    asked, here = _arguments(), machine()
    pin(0)
    with running() as server, nullcontext(Measured()) if asked.check else measured(server, asked.only) as others:
        chosen: list[Measurable] = [subject for subject in subjects(server) if asked.only in subject.group]
        if not chosen:
            groups = dict.fromkeys(subject.group for subject in subjects(server))
            raise SystemExit(f"--only {asked.only!r} is part of no group; there are: {'; '.join(groups)}")
        order = {subject.group: number for number, subject in enumerate(chosen)}
        everybody = sorted([*chosen, *others.subjects], key=lambda subject: order[subject.group])
        rows = measure(everybody, asked.rounds, asked.calls)
        facts = over_a_short_call(rows)
        if not asked.only:
            facts |= counting.measure(server)
    if not asked.only:
        facts |= startup.measure()
    print(as_table(rows, facts, others.missing))
    if asked.save:
        results.save(machine=here)
        _save(rows, facts, others)
    return check(rows, facts) if asked.check else 0


def _save(rows: list[Row], facts: Mapping[str, float], others: Measured) -> None:
    theirs = {subject.name for subject in others.subjects}
    shared = {subject.group for subject in others.subjects}
    results.save(rows=[_plain(row) for row in rows if row.name not in theirs])
    results.save_facts(facts)
    if theirs:  # a run without them leaves the last one's
        told = [_plain(row) for row in rows if row.group in shared]
        results.save(peers={"versions": others.versions, "missing": others.missing, "rows": told})


def _plain(row: Row) -> dict[str, object]:
    held = {name: getattr(row, name) for name in Row.__slots__}
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in held.items()}


if __name__ == "__main__":
    raise SystemExit(main())
