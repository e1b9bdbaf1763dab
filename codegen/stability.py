"""Is what callers use still there? And where not: was it a vendor, or was it us?

python -m codegen.stability [--since COMMIT]     0 nothing broke, 1 a vendor broke something, 2 we did, 3 cannot say

The tests/typing/ of then is type-checked against the code of now. What fails is checked once more, against the runtime
of now with the generated code of then: what fails still is ours; what does not is a vendor's, if the description of a
vendor changed, and else our compiler's. What those tests do not use is compared name by name.
"""

import argparse
import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from codegen import emitted
from codegen.failure import Failure

CHECKOUT: Final = Path(__file__).parent.parent
PARTS: Final = ("runtime", "generated", "specs", "tests/typing")
WIRE: Final = Path("generated/polyvox_wire")
TYPING: Final = Path("tests/typing/public_api.py")
UNUSABLE: Final = 3


@dataclass(frozen=True, order=True)
class Broken:
    """Something that callers could use, and how it fails."""

    by: str
    """`us`, or the names of vendors."""
    what: str

    def __str__(self) -> str:
        return f"breaking, by {self.by}: {self.what}"


def broken(old: Path, new: Path) -> list[Broken]:
    """What the checkout `new` breaks of what `old` offered."""
    moved = _described_anew(old, new)
    found = [*_typing(old, new, moved), *_names(old, new), *_generated(old, new, moved)]
    return sorted(set(found))


def _described_anew(old: Path, new: Path) -> list[str]:
    """The vendors whose descriptions say something else."""
    cuts = {path.parent.name: path.read_bytes() for path in (old / "specs").glob("*/openapi.json")}
    now = {path.parent.name: path.read_bytes() for path in (new / "specs").glob("*/openapi.json")}
    return [vendor for vendor in sorted(cuts) if cuts[vendor] != now.get(vendor)]


def _typing(old: Path, new: Path, moved: Sequence[str]) -> Iterator[Broken]:
    if not (old / TYPING).exists():
        return
    with TemporaryDirectory() as name:
        bench = Path(name)  # one for all three, for what mypy remembers
        allowed = mypy(bench, old / TYPING, old / "runtime", old / "generated")
        failing = mypy(bench, old / TYPING, new / "runtime", new / "generated") - allowed
        ours = mypy(bench, old / TYPING, new / "runtime", old / "generated") - allowed if failing else set[str]()
    for complaint in failing:
        yield Broken("us" if complaint in ours or not moved else ", ".join(moved), complaint)


def mypy(bench: Path, typing: Path, runtime: Path, generated: Path) -> set[str]:
    """What mypy says of that typing test with that code, laid out on `bench`."""
    for part, source in (("runtime", runtime), ("generated", generated)):
        shutil.rmtree(bench / part, ignore_errors=True)
        shutil.copytree(source, bench / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(typing, bench / typing.name)
    settings = "[mypy]\nstrict = true\nmypy_path = runtime:generated\n"
    (bench / "mypy.ini").write_text(settings, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--output", "json", "--python-version", "3.11", typing.name]
    done = subprocess.run(command, cwd=bench, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise Failure(f"mypy: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {f"{TYPING}:{each['line']}: {each['message']}" for each in said if each["file"] == typing.name}


def _names(old: Path, new: Path) -> Iterator[Broken]:
    """What `polyvox` exports no more."""
    file = Path("runtime/polyvox/__init__.py")
    for name in sorted(_exported(old / file) - _exported(new / file)):
        yield Broken("us", f"polyvox.{name} is gone")


def _exported(file: Path) -> set[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                return {
                    each.value
                    for each in ast.walk(value)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
            case _:
                pass
    return set()


def _generated(old: Path, new: Path, moved: Sequence[str]) -> Iterator[Broken]:
    """Options and unified fields that are gone, or of another type."""
    public = [*sorted((old / WIRE).glob("*/options.py")), old / WIRE / "chat" / "responses.py"]
    for file in public:
        vendor, now = file.parent.name, new / file.relative_to(old)
        source = "openai" if vendor == "chat" else vendor
        by = source if source in moved else "us"
        for what in _lost(file, now) if file.exists() else ():
            yield Broken(by, what)


def _lost(before: Path, after: Path) -> Iterable[str]:
    one = emitted.parse(before.read_text(encoding="utf-8"))
    other = emitted.parse(after.read_text(encoding="utf-8")) if after.exists() else emitted.Emitted({}, frozenset(), {})
    for name, fields in one.classes.items():
        if name not in other.classes:
            yield f"{before.parent.name}: {name} is gone"
            continue
        for key, field in fields.items():
            now = other.classes[name].get(key)
            if now is None:
                yield f"{before.parent.name}: {name}.{key} is gone"
            elif ast.unparse(now.annotation) != ast.unparse(field.annotation):
                types = f"{ast.unparse(field.annotation)} -> {ast.unparse(now.annotation)}"
                yield f"{before.parent.name}: {name}.{key} has another type: {types}"


def at(commit: str, folder: Path) -> Path:
    """The checkout as it was at `commit`, as far as callers see it."""
    listed = _git("ls-tree", "-d", "--name-only", commit, *PARTS).decode().split()
    with tarfile.open(fileobj=io.BytesIO(_git("archive", commit, *listed))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _git(*arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, check=False)
    except FileNotFoundError:
        raise Failure("git is not installed, and it alone knows what was there before") from None
    if done.returncode != 0:
        raise Failure(f"git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def status(found: Iterable[Broken]) -> Literal[0, 1, 2]:
    """The exit status."""
    by = {each.by for each in found}
    return 2 if "us" in by else 1 if by else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the checkout with what it was."""
    parser = argparse.ArgumentParser(prog="python -m codegen.stability", description=__doc__)
    parser.add_argument("--since", default="HEAD", metavar="COMMIT", help="a commit or tag; without it, the last one")
    try:
        given = parser.parse_args(arguments)
        if not re.fullmatch(r"[\w./~^@{}-]+", given.since) or given.since.startswith("-"):
            raise Failure(f"{given.since!r} is no commit")
        with TemporaryDirectory() as folder:
            found = broken(at(given.since, Path(folder)), CHECKOUT)
    except Failure as failure:
        print(f"codegen: {failure}", file=sys.stderr)
        return UNUSABLE
    for each in found:
        print(each)
    print(f"{len(found)} breaking changes since {given.since}")
    return status(found)


if __name__ == "__main__":
    sys.exit(main())
