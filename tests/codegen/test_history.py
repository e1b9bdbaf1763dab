"""The vendors' real history, replayed: refresh, diff, generate, type-check, revision by revision."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from codegen import models, sources
from codegen.__main__ import main
from codegen.comparing import Change, compare
from codegen.diffing import between
from codegen.write import Files
from tests.codegen.history import CHECKOUT, SHARED, VENDORS, Desk, revisions
from tests.codegen.structure import Fact, Structure, differences

COMMITTED: Final = CHECKOUT / "generated" / "polyvox_wire"
MODULES: Final = ("requests.py", "responses.py")


@dataclass
class Step:
    """What came of one revision."""

    name: str
    cut: Mapping[str, Any]
    files: Files
    status: int
    report: Mapping[str, Any]


@dataclass
class Replay:
    """A vendor's history, done once for all tests of it."""

    vendor: str
    folder: Path
    steps: list[Step] = field(default_factory=list[Step])
    settled: str = ""

    def pairs(self) -> Iterator[tuple[Step, Step]]:
        """Each revision with the one before."""
        yield from zip(self.steps, self.steps[1:], strict=False)


@pytest.mark.parametrize("vendor", [*VENDORS, "bedrock"])
def test_history(vendor: str, tmp_path: Path) -> None:
    """One test for each vendor: its replay costs more than what is asked of it."""
    if vendor != "bedrock" and not SHARED.exists():
        pytest.skip("no ../shared/upstream-history: nothing to replay")
    replay = replayed(vendor, tmp_path)
    packages = written(replay, tmp_path / "packages")
    print(f"{vendor}: {len(replay.steps)} revisions, {len(packages)} different outputs; settled: {replay.settled}")
    for old, new in replay.pairs():
        the_report_is_complete_and_sound(replay, old, new)
        only_what_was_touched_has_another_text(replay, old, new)
    both_type_checkers_pass(packages, tmp_path / "packages")
    mappings_still_work_where_the_types_fit(replay)


def replayed(vendor: str, folder: Path) -> Replay:
    """The history of one vendor, after what is vendored today: one more pair to compare."""
    desk = Desk(folder, vendor)
    replay = Replay(vendor, folder, [Step("today", desk.cut, desk.settle(), 0, {})])
    for file in revisions(vendor):
        status, report = desk.diff(file)
        desk.refresh(file)
        name = file.name.partition(".")[0]
        files = desk.settle()
        models.forget()
        assert desk.settle() == files, f"{vendor} {name}: generated twice, differently"
        replay.steps.append(Step(name, desk.cut, files, status, report))
    replay.settled = ", ".join(f"{what}: {count}" for what, count in sorted(desk.settled.items())) or "nothing"
    return replay


def the_report_is_complete_and_sound(replay: Replay, old: Step, new: Step) -> None:
    changes = compared(old.cut, new.cut)
    facts = independent(old.cut, new.cut, changes)
    silent = sorted(fact for fact in facts if not any(covers(change, fact) for change in changes))
    assert not silent, f"{replay.vendor} {new.name}: not reported: {silent[:5]}"
    invented = [change for change in changes if not is_real(change, facts, old.cut, new.cut)]
    assert not invented, f"{replay.vendor} {new.name}: no such change: {invented[:5]}"
    reported = [place for each in new.report["changes"] if each["what"] != "generate" for place in each["places"]]
    assert sorted(reported) == sorted(change.place for change in changes)


def compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    roots = sorted({name for name, _ in root_names(old)} & {name for name, _ in root_names(new)})
    schemas = [json.loads(json.dumps(cut["components"]["schemas"])) for cut in (old, new)]
    return compare(schemas[0], schemas[1], [(name, name) for name in roots])


def root_names(node: Any) -> Iterator[tuple[str, str]]:
    """The references of the operation."""
    paths = json.dumps(node["paths"])
    for part in paths.split('"#/components/schemas/')[1:]:
        yield part.partition('"')[0], ""


def independent(old: Mapping[str, Any], new: Mapping[str, Any], changes: Sequence[Change]) -> set[Fact]:
    """What a comparison says that knows nothing of ours but which types have another name, or have one now."""
    renamed = {change.before: change.after for change in changes if change.kind == "type" and not is_inline(change)}
    through = {(change.component, change.path) for change in changes if is_inline(change)}
    return differences(Structure(old, renamed, through), Structure(new, {}, through))


def is_inline(change: Change) -> bool:
    """What stood inline has a name now, or the other way round, or another name that there was before."""
    return (
        change.kind == "type" and change.action == "renamed" and bool(change.path or change.component != change.after)
    )


def covers(change: Change, fact: Fact) -> bool:
    """Whether a change is what a fact is about: at that very place, or above it where the whole of it came or went."""
    if change.component != fact.component:
        return False
    at = (*change.path, change.name) if change.kind in ("field", "type") and change.name else change.path
    match change.kind, change.action:
        case ("field", "added" | "removed" | "retyped" | "renamed") | ("type", "retyped"):
            names = {change.name, change.before} if change.action == "renamed" else {change.name}
            spots = {(*change.path, name) if name else change.path for name in names}
            return any(fact.path[: len(spot)] == spot for spot in spots)
        case "field", "required" | "optional":
            return fact.path == at and fact.value == "required"
        case (("field" | "type"), "nullable" | "not nullable"):
            return fact.path == at and fact.value == "null"
        case "word", _:
            gone_or_come = {change.name, change.before, change.after}
            kinds = fact.what == "may be"  # the first word of a union says that it may be a string
            its_own = bool(fact.path) and fact.path[:-1] == at and fact.path[-1] in gone_or_come
            return its_own or (fact.path == at and (fact.value in gone_or_come or kinds))
        case "arm", _:
            return fact.path[: len(at)] == at
        case "detail", _:
            return fact.what == change.name and at in (fact.path, fact.path[:-1])  # that of a word, too
        case _:
            return False


def is_real(change: Change, facts: set[Fact], old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the two cuts do differ there."""
    if change.kind == "type" and change.action != "retyped":
        there = [set(cut["components"]["schemas"]) for cut in (old, new)]
        if change.path:
            return change.before != change.after
        if change.action != "renamed":
            return (change.component in there[0]) != (change.component in there[1])
        return change.before not in there[1] and change.after not in there[0]
    return any(covers(change, fact) for fact in facts)


def only_what_was_touched_has_another_text(replay: Replay, old: Step, new: Step) -> None:
    touched = touched_components(old.cut, new.cut)
    names = {**arm_names(replay.vendor), **sources.load(CHECKOUT / "specs" / replay.vendor).names}
    for name in MODULES:
        path = f"{replay.vendor}/{name}"
        before, after = definitions(old.files[path]), definitions(new.files[path])
        same = [each for each in before if before[each] == after.get(each)]
        assert same == [each for each in after if each in same], f"{new.name}: {name}: a type was moved"
        others = {each for each in {**before, **after} if before.get(each) != after.get(each)}
        stray = {
            each
            for each in others
            if not any(belongs(known, component) for known in full_names(each, names) for component in touched)
        }
        texts = [f"{before.get(each)}\n->\n{after.get(each)}" for each in sorted(stray)]
        assert not stray, f"{new.name}: {path}: {texts}"


def touched_components(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """The components that differ, and those that are mentioned where they do: what is an arm has a tag."""
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    touched = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    for name in list(touched):
        one, other = (parts(each.get(name, {})) for each in (before, after))
        for key in {key for key in {**one, **other} if one.get(key) != other.get(key)}:
            for text in (one.get(key, ""), other.get(key, "")):
                touched |= {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    return touched | {name for cut in (before, after) for name in cut if inherits(name, cut, touched)}


def inherits(name: str, schemas: Mapping[str, Any], touched: set[str]) -> bool:
    """Whether a component is made of one that was touched."""
    parents = [part.get("$ref", "").rpartition("/")[2] for part in schemas.get(name, {}).get("allOf", ())]
    return any(parent in touched or inherits(parent, schemas, touched) for parent in parents if parent)


def parts(schema: Mapping[str, Any]) -> dict[str, str]:
    """The properties and keywords of a schema, each as text."""
    return {
        key: json.dumps(value)
        for key, value in [*schema.items(), *schema.get("properties", {}).items()]
        if key != "properties"
    }


def arm_names(vendor: str) -> dict[str, str]:
    """What the arms of keyed unions would be called, and what the overlay calls them."""
    file = CHECKOUT / "specs" / vendor / "overlay.yaml"
    overlay: dict[str, Any] = yaml.safe_load(file.read_text("utf-8")) if file.exists() else {"actions": []}
    unions = [each for each in overlay["actions"] if each["target"].endswith(".x-keyed-union")]
    return {
        action["target"].split(".")[-2] + word[:1].upper() + word[1:]: given
        for action in unions
        for word, given in action["update"].get("names", {}).items()
    }


def full_names(name: str, names: Mapping[str, str]) -> set[str]:
    """`name`, and what it would be if source.toml had not named what it stands in."""
    found = {name}
    for _ in range(3):  # as deep as one name is given inside another
        found |= {
            full + known.removeprefix(given)
            for full, given in names.items()
            for known in found
            if known.startswith(given)
        }
    return found


def belongs(name: str, component: str) -> bool:
    """Whether a generated name is that of a component, or of something inside it."""
    bare = "".join(part[:1].upper() + part[1:] for part in component.replace("-", "_").split("_"))
    shorter = [bare, *(bare.removeprefix(prefix) for prefix in ("Beta", "GoogleAiGenerativelanguageV1beta"))]
    shorter += [each.removeprefix(side) for each in shorter for side in ("Request", "Response")]
    return any(name.startswith(each) or name.endswith(each) for each in shorter)


def definitions(text: str) -> dict[str, str]:
    """The classes and aliases of a module, in order, each with its text."""
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.AnnAssign(target=ast.Name(id=name))
                | ast.Assign(targets=[ast.Name(id=name)])
            ):
                found[name] = ast.unparse(node)
            case _:
                pass
    return found


def both_type_checkers_pass(packages: list[str], folder: Path) -> None:
    (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    for command in (
        ["mypy", "--strict", "--no-incremental", "--python-version", "3.11", *packages],
        ["pyright", "--pythonpath", sys.executable, "-p", "pyrightconfig.json"],
    ):
        done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        print(command[0], done.stdout.strip().splitlines()[-1])


PYRIGHT: Final = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "reportPrivateUsage": False}


def written(replay: Replay, folder: Path) -> list[str]:
    """Each different output as a package of its own."""
    packages: list[str] = []
    seen: list[Files] = []
    for step in replay.steps:
        if step.files in seen:
            continue
        seen.append(step.files)
        package = f"at_{step.name.replace('-', '_')}"
        shared = {name: (COMMITTED / name).read_text(encoding="utf-8") for name in ("__init__.py", "support.py")}
        for path, text in {**shared, **step.files}.items():
            (folder / package / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / package / path).write_text(text, encoding="utf-8")
        packages.append(package)
    return packages


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


def mappings_still_work_where_the_types_fit(replay: Replay) -> None:
    """The tests of tests/mapping/, run with the types of each revision that asks nothing of the hand-written half."""
    tests = sorted((CHECKOUT / "tests" / "mapping").glob(f"test_{replay.vendor}_*.py"))
    assert tests, f"no tests/mapping/test_{replay.vendor}_*.py"
    source = sources.load(CHECKOUT / "specs" / replay.vendor)
    first, *steps = replay.steps
    done: list[Files] = []
    for step in steps:
        report = between(source, ("today", dict(first.cut)), (step.name, dict(step.cut)))
        if step.files in done or any(line.consequence.at for line in report.lines):
            continue
        done.append(step.files)
        folder = replay.folder / step.name
        shutil.copytree(COMMITTED, folder / "polyvox_wire", ignore=shutil.ignore_patterns("__pycache__"))
        for path, text in step.files.items():
            (folder / "polyvox_wire" / path).write_text(text, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", *map(str, tests)]
        ran = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{replay.vendor} {step.name}: {ran.stdout[-2000:]}"
        print(replay.vendor, step.name, ran.stdout.strip().splitlines()[-1])
    print(f"{replay.vendor}: {len(done)} different outputs fit")
