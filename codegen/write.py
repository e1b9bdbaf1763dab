"""Stage `write`: format, compare with what is there, and write only what changed; or show the difference."""

import difflib
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from codegen.failure import Failure
from codegen.files import replace_files

Files: TypeAlias = Mapping[str, str]
"""Texts by path, relative to the output folder."""

RUFF: Final = (sys.executable, "-m", "ruff")
STYLE: Final = ("--isolated", "--line-length", "120", "--target-version", "py311", "--quiet")


def formatted(files: Files) -> Files:
    """`files` as ruff lays them out, whatever the settings around them say."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        replace_files({folder / path: text for path, text in files.items()})
        _ruff("format", *STYLE, str(folder))
        return {path: (folder / path).read_text(encoding="utf-8") for path in files}


def _ruff(*arguments: str) -> None:
    done = subprocess.run([*RUFF, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it gave no reason"]
        raise Failure(f"ruff: {lines[0]}")


def write(files: Files, out: Path, within: Sequence[str] = ()) -> list[str]:
    """Make `out` (or only its folders `within`) hold exactly `files`; say what changed."""
    changed = [path for path, text in files.items() if _text(out / path) != text]
    stale = sorted(_present(out, within) - set(files))
    replace_files({out / path: files[path] for path in changed})
    for path in stale:
        (out / path).unlink()
        _remove_empty((out / path).parent, out)
    return sorted([*changed, *stale])


def difference(files: Files, out: Path, within: Sequence[str] = ()) -> Iterator[str]:
    """What `write` would change, as a unified diff."""
    for path in sorted({*files, *_present(out, within)}):
        old, new = _text(out / path) or "", files.get(path, "")
        yield from difflib.unified_diff(_lines(old), _lines(new), f"generated/{path}", f"anew/{path}")


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _present(out: Path, within: Sequence[str]) -> set[str]:
    found = (file for folder in within or [""] for file in (out / folder).rglob("*") if file.is_file())
    return {file.relative_to(out).as_posix() for file in found if "__pycache__" not in file.parts}


def _remove_empty(folder: Path, top: Path) -> None:
    """`folder` and those above it, as far as nothing but compiled leftovers is in them."""
    while folder != top and all(inner.name == "__pycache__" for inner in folder.iterdir()):
        for leftover in folder.rglob("*.pyc"):
            leftover.unlink()
        for inner in folder.iterdir():
            inner.rmdir()
        folder.rmdir()
        folder = folder.parent
