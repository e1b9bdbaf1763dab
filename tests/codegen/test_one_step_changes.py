"""One thing changes in Anthropic's real description: the difference is small, and mypy names the function to change."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from codegen import overlay, sources
from codegen.__main__ import main
from codegen.diffing import between
from codegen.schemas import Schema
from codegen.write import difference
from tests.codegen.one_step import CHANGES, Change

CHECKOUT: Final = Path(__file__).parents[2]
COMMITTED: Final = CHECKOUT / "generated" / "polyvox_wire"
GENERATED: Final = [f"anthropic/{name}.py" for name in ("__init__", "requests", "responses", "options", "stubs")]


def changed(description: Schema, change: Change, file: Path) -> str:
    """The description as the vendor publishes it after that change, an overlay that is written to `file`."""
    step = {"overlay": "1.1.0", "info": {"title": "", "version": ""}, "actions": change.actions}
    file.write_text(json.dumps(step), encoding="utf-8")
    return json.dumps(overlay.apply(description, file)).replace(*change.renamed)


@dataclass(frozen=True)
class Complaint:
    """One thing that mypy says, and the function it says it of."""

    place: str
    message: str


class Desk:
    """A maintainer's copy of what counts: Anthropic's description, the hand-written half, the generated half."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder / "generated" / "polyvox_wire"
        self.vendor = folder / "specs" / "anthropic"
        leftovers = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / "specs" / "anthropic", self.vendor)
        shutil.copytree(CHECKOUT / "runtime", folder / "runtime", ignore=leftovers)
        shutil.copytree(COMMITTED, self.out, ignore=leftovers)
        shutil.copy(CHECKOUT / "pyproject.toml", folder)
        self.description: dict[str, Any] = json.loads((self.vendor / "openapi.json").read_text(encoding="utf-8"))
        self.decisions = (self.vendor / "decisions.toml").read_text(encoding="utf-8")
        self.before = Counter(self.mypy())
        """What is wrong anyway; and mypy now knows what everything looks like."""

    def describe(self, change: Change) -> None:
        """The vendor publishes what it changed; nothing is decided on yet."""
        text = changed(self.description, change, self.folder / "change.yaml")
        (self.vendor / "openapi.json").write_text(text, encoding="utf-8")
        (self.vendor / "decisions.toml").write_text(self.decisions, encoding="utf-8")

    def decide(self, old: str, new: str) -> None:
        """Edit decisions.toml."""
        assert old in self.decisions
        (self.vendor / "decisions.toml").write_text(self.decisions.replace(old, new), encoding="utf-8")

    def run(self) -> int:
        """Run the compiler as a command."""
        return main(["generate", "anthropic", "--specs", str(self.vendor.parent), "--out", str(self.out)])

    def difference(self) -> list[str]:
        """The lines in which what is generated differs from what is committed."""
        files = {file: (self.out / file).read_text(encoding="utf-8") for file in GENERATED}
        lines = difference(files, COMMITTED, ["anthropic"])
        return [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]

    def news(self) -> dict[str, list[str]]:
        """What mypy says that it did not say before the change, by place."""
        said: dict[str, list[str]] = {}
        for complaint in (Counter(self.mypy()) - self.before).elements():
            said.setdefault(complaint.place, []).append(complaint.message)
        return said

    def mypy(self) -> list[Complaint]:
        """What mypy's daemon says, with the project's settings; quick, as it looks only at what a change touches."""
        said = self.dmypy("run", "--timeout", "600", "--", "--no-error-summary", "runtime", "generated")
        found = [re.fullmatch(r"(\S+?):(\d+): error: (.*)  \[[\w-]+\]", line) for line in said.splitlines()]
        return [self.complaint(each[1], int(each[2]), each[3]) for each in found if each]

    def dmypy(self, *command: str) -> str:
        """Ask mypy's daemon; what it says."""
        own = [sys.executable, "-m", "mypy.dmypy", "--status-file", "dmypy.json"]
        done = subprocess.run([*own, *command], cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert not done.stderr, done.stderr
        return done.stdout

    def complaint(self, file: str, line: int, message: str) -> Complaint:
        """With the function in place of the line."""
        tree = ast.parse((self.folder / file).read_text(encoding="utf-8"))
        return Complaint(f"{file.removeprefix('runtime/polyvox/')}:{'.'.join(names_at(line, tree))}", message)


def names_at(line: int, node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """The class and function, or the variable, that `line` stands in."""
    for statement in node.body:
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        match statement:
            case ast.ClassDef(name=name):
                yield name
                yield from names_at(line, statement)
            case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                yield ast.unparse(statement)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for all changes, for what mypy remembers."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.dmypy("stop")


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_mypy_names_what_a_change_touches(change: Change, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.describe(change)
    if change.stops:
        assert desk.run() == 1
        assert capsys.readouterr().err == f"codegen: specs/anthropic/decisions.toml: {change.stops}\n"
        desk.decide(*change.decided)
    assert desk.run() == 0
    lines = desk.difference()
    assert len(lines) <= change.lines, "".join(lines)
    said = desk.news()
    assert said.keys() == change.points.keys(), said
    for place, gist in change.points.items():
        assert gist in said[place][0]
    assert sum(map(len, said.values())) == len(change.points) + change.follow_ups, said


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_diff_names_the_functions_that_mypy_names(change: Change, tmp_path: Path) -> None:
    """Here, as what mypy was shown of a change is not compiled again."""
    source = sources.load(CHECKOUT / "specs" / "anthropic")
    old: Schema = json.loads((source.folder / "openapi.json").read_text(encoding="utf-8"))
    report = between(source, ("old", old), ("new", json.loads(changed(old, change, tmp_path / "change.yaml"))))
    places = {str(place) for line in report.lines for place in line.consequence.at}
    assert places == {f"runtime/polyvox/{point}" for point in change.points}, report.text()
