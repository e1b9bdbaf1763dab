"""The vendors' real history, replayed: refresh, diff, generate, type-check, revision by revision.

`make test` takes the oldest and the newest of each vendor's, `make history` all of them.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from codegen import sources
from codegen.__main__ import main
from codegen.diffing import between
from tests.codegen.history import CHECKOUT, SHARED, VENDORS, Desk, revisions
from tests.codegen.matching import compared, invented, places, silent
from tests.codegen.replaying import COMMITTED, Replay, Replays, Step, generated_elsewhere, written
from tests.codegen.touching import changed_facts, changed_lines, strays

ALL: Final = (*VENDORS, "bedrock")
every_vendor = pytest.mark.parametrize("vendor", ALL)

MOST_LINES: Final = 4
"""Of generated code, for each fact that a revision changes: it may be said of what is sent and of what comes back, and
`diff` counts a line that is another twice."""


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> Replays:
    """The history of each vendor, replayed when it is first asked for."""
    return Replays(tmp_path_factory.mktemp("history"))


def of(vendor: str, replays: Replays) -> Replay:
    """One vendor's."""
    if vendor != "bedrock" and not SHARED.exists():
        pytest.skip("no ../shared/upstream-history: nothing to replay")
    return replays.of(vendor)


def available(replays: Replays) -> list[Replay]:
    """All that can be replayed here: Bedrock's is always there."""
    return [replays.of(vendor) for vendor in (ALL if SHARED.exists() else ("bedrock",))]


@every_vendor
def test_every_revision_is_generated(vendor: str, replays: Replays) -> None:
    replay = of(vendor, replays)
    outputs = len(list(replay.outputs()))
    print(f"{vendor}: {len(replay.steps)} revisions, {outputs} different outputs; settled: {replay.settled}")
    for step in replay.steps:
        files = {f"{name}/responses.py" for name in replay.compiled} | {f"{vendor}/requests.py"}
        assert files <= step.files.keys(), step.name


@every_vendor
def test_the_report_finds_every_change_and_no_other(vendor: str, replays: Replays) -> None:
    for old, new in of(vendor, replays).pairs():
        changes = compared(old.cut, new.cut)
        assert not silent(old.cut, new.cut, changes), f"{vendor} {new.name}: not reported"
        assert not invented(old.cut, new.cut, changes), f"{vendor} {new.name}: no such change"
        assert sorted(places(new.report)) == sorted(change.place for change in changes)


@every_vendor
def test_only_what_was_touched_has_another_text_or_place(vendor: str, replays: Replays) -> None:
    replay = of(vendor, replays)
    for old, new in replay.pairs():
        assert not list(strays(replay, old, new)), f"{vendor} {new.name}"


@every_vendor
def test_the_generated_difference_is_in_proportion(vendor: str, replays: Replays) -> None:
    for old, new in of(vendor, replays).pairs():
        facts, lines = changed_facts(old.cut, new.cut), changed_lines(old.files, new.files)
        print(f"{vendor:>10} {new.name:>12} {facts:5} facts {lines:5} lines {lines / max(facts, 1):6.2f}")
        assert lines <= MOST_LINES * facts, f"{vendor} {new.name}"


def test_another_process_generates_the_same_bytes(replays: Replays, tmp_path: Path) -> None:
    """With another order of sets, another working directory, time zone and encoding."""
    replayed = available(replays)
    done = list(generated_elsewhere(replayed, tmp_path))
    assert len(done) == 2 * len(replayed)
    for what, ours, theirs in done:
        assert ours == theirs, what


def test_mypy_accepts_every_revision_and_pyright_the_ends(replays: Replays, tmp_path: Path) -> None:
    """The ends are the oldest and the newest that differ from today's, which `make types` checks."""
    packages = [written(replay, tmp_path) for replay in available(replays)]
    ends = sorted({name for _, *others in packages for name in (*others[:1], *others[-1:])})
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({**PYRIGHT, "include": ends}), encoding="utf-8")
    every = [name for names in packages for name in names]
    for count, command in (
        (len(every), ["mypy", "--strict", "--no-incremental", "--python-version", "3.11", *every]),
        (len(ends), ["pyright", "--pythonpath", sys.executable, "-p", "pyrightconfig.json"]),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        print(f"{count} outputs: {command[0]}: {done.stdout.strip().splitlines()[-1]}")


PYRIGHT: Final = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "reportPrivateUsage": False}


@every_vendor
def test_mappings_still_work_where_the_types_fit(vendor: str, replays: Replays) -> None:
    """The tests of tests/mapping/, run with the types of revisions that ask nothing of the hand-written half."""
    tests = sorted((CHECKOUT / "tests" / "mapping").glob(f"test_{vendor}_*.py"))
    assert tests, f"no tests/mapping/test_{vendor}_*.py"
    source = sources.load(CHECKOUT / "specs" / vendor)
    replay = of(vendor, replays)
    today = replay.steps[0]
    others = list(replay.outputs())[1:]
    fitting = [step for step in others if not _asks(source, today, step)]
    print(
        f"{vendor}: {len(others)} outputs other than today's, {len(fitting)} fit; of these the oldest and the newest:"
    )
    for step in (*fitting[:1], *fitting[1:][-1:]):
        folder = replays.folder / "fitting" / vendor / step.name
        shutil.copytree(COMMITTED, folder / "polyvox_wire", ignore=shutil.ignore_patterns("__pycache__"))
        for path, text in step.files.items():
            (folder / "polyvox_wire" / path).write_text(text, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", *map(str, tests)]
        ran = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{vendor} {step.name}: {ran.stdout[-2000:]}"
        print(vendor, step.name, ran.stdout.strip().splitlines()[-1])


def _asks(source: sources.Source, today: Step, step: Step) -> bool:
    """Whether what a revision changed is somebody's to map."""
    report = between(source, ("today", dict(today.cut)), (step.name, dict(step.cut)))
    return any(line.consequence.at for line in report.lines)


def test_the_case_that_the_docs_walk_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """June 2026, with the hand-written half as it was before: the report names what mypy then named."""
    if not SHARED.exists():
        pytest.skip("no ../shared/upstream-history: nothing to replay")
    desk = Desk(tmp_path, "anthropic")
    before, after = (SHARED / "anthropic" / f"2026-06-{day}.json.gz" for day in ("07", "16"))
    desk.refresh(before)
    desk.settle()
    shutil.copytree(CHECKOUT / "runtime", tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "runtime" / "polyvox" / "dialects" / "anthropic.py"
    text = file.read_text(encoding="utf-8")
    assert "| r.FallbackBlock()\n" in text
    file.write_text(text.replace("| r.FallbackBlock()\n", "\n"), encoding="utf-8")
    capsys.readouterr()
    command = [
        "diff",
        "anthropic",
        "--from",
        str(after),
        "--specs",
        str(desk.specs),
        "--runtime",
        str(tmp_path / "runtime"),
    ]
    assert main(command) == 1
    told = capsys.readouterr().out.partition(":")[2].splitlines()[1:]
    docs = (CHECKOUT / "docs" / "when-a-spec-changes.md").read_text(encoding="utf-8")
    assert "\n".join(told).strip() in docs
    assert "needs a mapping: runtime/polyvox/dialects/anthropic.py:Parts.add" in docs


@pytest.mark.parametrize("vendor", ["anthropic", "gemini"])
def test_the_changelog_has_what_was_drafted(vendor: str, capsys: pytest.CaptureFixture[str]) -> None:
    """From the first revision of May 2026 to that of August, which is vendored."""
    if not SHARED.exists():
        pytest.skip("no ../shared/upstream-history: nothing to compare with")
    first, *_, last = map(str, revisions(vendor))
    main(["diff", vendor, "--old", first, "--from", last, "--changelog"])
    drafted = capsys.readouterr().out
    assert drafted.startswith(f"### {vendor}\n\n- ")
    assert drafted in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
