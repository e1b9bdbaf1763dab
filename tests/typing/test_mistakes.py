"""Every mistake in `mistakes.py` is found by mypy, with the expected code, and by pyright; nothing else is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

ROOT: Final = Path(__file__).parents[2]
MISTAKES: Final = Path(__file__).with_name("mistakes.py")
# Its own, so that it never meets another run of mypy; kept, so that the second run is fast.
CACHE: Final = ROOT / ".mypy_cache" / "mistakes"

Codes: TypeAlias = Mapping[int, Set[str]]


@pytest.fixture(scope="module")
def expected() -> Codes:
    """Line number -> the codes after `# expect:`."""
    lines = MISTAKES.read_text(encoding="utf-8").splitlines()
    found = {number: re.search(r"  # expect: (.+)$", line) for number, line in enumerate(lines, 1)}
    return {number: set(mark[1].split(", ")) for number, mark in found.items() if mark}


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr  # 0: no mistake found; 2: the tool itself failed
    return done.stdout


def shown(codes: Codes) -> list[str]:
    """Lines as text, so that a difference can be read."""
    lines = MISTAKES.read_text(encoding="utf-8").splitlines()
    return [f"{number}: {lines[number - 1].strip()} -> {', '.join(sorted(codes[number]))}" for number in sorted(codes)]


def test_mypy_finds_them_all(expected: Codes) -> None:
    output = run("mypy", "--cache-dir", str(CACHE), "--no-error-summary", "--hide-error-context", str(MISTAKES))
    reported: dict[int, set[str]] = defaultdict(set)
    for found in re.finditer(r"mistakes\.py:(\d+): error: .*\[([a-z-]+)\]$", output, re.MULTILINE):
        reported[int(found[1])].add(found[2])
    assert shown(reported) == shown(expected)
    assert "gpt-5" not in output, (
        "mypy writes out the type of every parameter: hundreds of names would hide the mistake"
    )


REVEALED: Final = "import polyvox\nreveal_type(polyvox.completion)\n"


def test_pyright_finds_them_all_and_knows_the_names_that_editors_complete(expected: Codes, tmp_path: Path) -> None:
    (tmp_path / "revealed.py").write_text(REVEALED, encoding="utf-8")
    output = run("pyright", "--outputjson", "--project", str(_project(tmp_path)))
    found: list[dict[str, Any]] = json.loads(output)["generalDiagnostics"]
    told = [problem["message"] for problem in found if problem["file"].endswith("revealed.py")]
    assert [("openai:gpt-5" in text, "model: str" in text) for text in told] == [(True, True)]
    mistakes = [problem for problem in found if problem["file"].endswith(MISTAKES.name)]
    reported = {problem["range"]["start"]["line"] + 1: {"pyright"} for problem in mistakes}
    assert shown(reported) == shown({number: {"pyright"} for number in expected})


def _project(folder: Path) -> Path:
    """A copy of the file, which the project's own settings leave out, with these settings."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pyright"]
    paths = [str(ROOT / path) for path in settings["extraPaths"]]
    shutil.copy(MISTAKES, folder)
    here = {"include": [MISTAKES.name, "revealed.py"], "exclude": [], "extraPaths": paths, "venvPath": str(ROOT)}
    path = folder / "pyrightconfig.json"
    path.write_text(json.dumps({**settings, **here}), encoding="utf-8")
    return path
