"""The vendors' history, each vendor's replayed once for all tests of it: refresh, diff, generate."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from codegen.write import Files
from tests.codegen.history import CHECKOUT, Desk, replayed_revisions

COMMITTED: Final = CHECKOUT / "generated" / "polyvox_wire"


@dataclass(frozen=True)
class Step:
    """What came of one revision."""

    name: str
    cut: Mapping[str, Any]
    files: Files
    report: Mapping[str, Any]
    specs: Path
    """The folder of specs that it was generated from."""


@dataclass
class Replay:
    """One vendor's history, after what is vendored today: one more pair to compare."""

    vendor: str
    compiled: tuple[str, ...]
    steps: list[Step] = field(default_factory=list[Step])
    settled: str = ""

    def pairs(self) -> Iterator[tuple[Step, Step]]:
        """Each revision with the one before."""
        yield from zip(self.steps, self.steps[1:], strict=False)

    def ends(self) -> tuple[Step, Step]:
        """The oldest revision and the newest. (Today's, which is first, has tests of its own.)"""
        return self.steps[1], self.steps[-1]

    def outputs(self) -> Iterator[Step]:
        """The steps of which none before generated the same."""
        for number, step in enumerate(self.steps):
            if all(step.files != before.files for before in self.steps[:number]):
                yield step


class Replays:
    """The replays that were asked for, each done when it first is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: dict[str, Replay] = {}

    def of(self, vendor: str) -> Replay:
        """That vendor's."""
        if vendor not in self.done:
            self.done[vendor] = replayed(vendor, self.folder / vendor)
        return self.done[vendor]


def replayed(vendor: str, folder: Path) -> Replay:
    """Take each revision in turn: diff, refresh, settle, generate."""
    desk = Desk(folder, vendor)
    replay = Replay(vendor, desk.compiled, [_step(desk, "today", {})])
    for file in replayed_revisions(vendor):
        _, report = desk.diff(file)
        desk.refresh(file)
        replay.steps.append(_step(desk, file.name.partition(".")[0], report))
    replay.settled = ", ".join(f"{what}: {count}" for what, count in sorted(desk.settled.items())) or "nothing"
    return replay


def _step(desk: Desk, name: str, report: Mapping[str, Any]) -> Step:
    files = desk.settle()
    kept = desk.folder / "settled" / name
    shutil.copytree(desk.specs, kept)
    return Step(name, desk.cut, files, report, kept)


STRANGER: Final = {
    "PYTHONHASHSEED": "4242",
    "TZ": "Pacific/Apia",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "COLUMNS": "20",
}
"""Another order of sets, another day, and an encoding that knows no umlauts."""

GENERATE: Final = """
import json, sys
from codegen.__main__ import main
for specs, out, vendors in json.load(sys.stdin):
    assert main(["generate", *vendors, "--specs", specs, "--out", out]) == 0
"""


def generated_elsewhere(replays: list[Replay], folder: Path) -> Iterator[tuple[str, Files, Files]]:
    """What another process, in another place and with other settings, generates: what it is of, ours, and that."""
    steps = {f"{replay.vendor} {step.name}": (replay, step) for replay in replays for step in replay.ends()}
    tasks = [(str(step.specs), str(folder / what), replay.compiled) for what, (replay, step) in steps.items()]
    away = folder / "away"
    away.mkdir()
    environment = {**os.environ, **STRANGER, "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(
        [sys.executable, "-c", GENERATE],
        cwd=away,
        env=environment,
        input=json.dumps(tasks),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    for what, (_, step) in steps.items():
        files = [file for file in (folder / what).rglob("*") if file.is_file()]
        yield what, step.files, {file.relative_to(folder / what).as_posix(): file.read_text("utf-8") for file in files}


def written(replay: Replay, folder: Path) -> list[str]:
    """Each different output as a package of its own; their names, today's first."""
    packages: list[str] = []
    for step in replay.outputs():
        package = f"{replay.vendor}_at_{step.name.replace('-', '_')}"
        shared = {name: (COMMITTED / name).read_text("utf-8") for name in ("__init__.py", "support.py")}
        for path, text in {**shared, **step.files}.items():
            (folder / package / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / package / path).write_text(text, encoding="utf-8")
        packages.append(package)
    return packages
