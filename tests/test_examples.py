"""Every Python example of the README and of docs/ type-checks under mypy strict, and runs as it stands.

The examples of a page are one program, in its order. They run in a process of their own, whose vendors are the local
server; `NOT_RUN` says which pages are not, and why.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.scenarios import VENDORS
from tests.server import LocalServer

ROOT: Final = Path(__file__).parents[1]
# Its own, so that it never meets another run of mypy; kept, so that the second run is fast.
CACHE: Final = ROOT / ".mypy_cache" / "examples"
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NO_PYTHON: Final = frozenset({"", "console", "toml"})

NOT_RUN: Final[Mapping[str, str]] = {
    "docs/model-groups.md": "its deployments have addresses of their own, which are nowhere",
}
SELF_CONTAINED: Final = frozenset({"docs/testing.md"})
"""Ask nobody: the page is about answers without a vendor."""


def _blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of each example."""
    return [(found[1], found[2]) for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))]


def _programs() -> dict[str, str]:
    """Page -> its Python examples, each on the line where the page has it."""
    found: dict[str, str] = {}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text, lines = page.read_text(encoding="utf-8"), list[str]()
        for block in _BLOCK.finditer(text):
            if block[1] == "python":
                above = text.count("\n", 0, block.start(2))
                lines += [""] * (above - len(lines)) + block[2].splitlines()
        if lines:
            found[page.relative_to(ROOT).as_posix()] = "\n".join(lines) + "\n"
    return found


PROGRAMS: Final = _programs()


def test_every_example_is_python_or_of_a_kind_that_is_not_run() -> None:
    kinds = {kind for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) for kind, _ in _blocks(page)}
    assert kinds == {"python", *NO_PYTHON}
    assert NOT_RUN.keys() <= PROGRAMS.keys()


def test_they_type_check(tmp_path: Path) -> None:
    for page, program in PROGRAMS.items():
        (tmp_path / f"{re.sub(r'[^a-z]', '_', page.lower().removesuffix('.md'))}.py").write_text(program, "utf-8")
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(CACHE), "--no-error-summary"]
    done = subprocess.run(
        [*command, *map(str, sorted(tmp_path.iterdir()))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("page", sorted(PROGRAMS.keys() - NOT_RUN.keys()))
def test_they_run(page: str, tmp_path: Path) -> None:
    with LocalServer() as server:
        here = {name: value for vendor in VENDORS for name, value in server.environment(vendor).items()}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAMS[page]],
            cwd=tmp_path,
            env={**os.environ, **here},
            capture_output=True,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    asks = "completion(" in PROGRAMS[page] and page not in SELF_CONTAINED
    assert bool(server.requests) == asks, "an example that asks is answered"
