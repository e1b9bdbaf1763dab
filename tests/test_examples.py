"""Every Python example of the README and of docs/ type-checks under mypy strict, and runs as it stands.

The examples of a page are one program, in its order. They run in a process of their own, whose vendors are the local
server; `NOT_RUN` says which pages are not, and why. Calls within a sentence, of a page or of a docstring, name keywords
that there are.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import polyvox
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


# --- within a sentence -----------------------------------------------------------------------------------------------

MISTAKES: Final = {"temprature"}
"""What the README shows to be refused."""


def _called() -> Iterator[tuple[Path, str, ast.Call]]:
    """Where a sentence has a call of a public name: the file, the name, and the call."""
    for file in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "runtime").rglob("*.py")):
        text = re.sub(r"^ *```.*?^ *```$", "", file.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for words in re.findall(r"`([^`]+)`", text):
            try:
                tree = ast.parse(" ".join(words.split()), mode="eval")
            except SyntaxError:
                continue  # words
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and (name := ast.unparse(node.func).split(".")[-1]) in polyvox.__all__:
                    yield file, name, node


@cache
def _keywords(name: str) -> set[str]:
    given = inspect.signature(getattr(polyvox, name)).parameters.values()
    rest = any(one.kind is one.VAR_KEYWORD for one in given)
    return {one.name for one in given} | (set(polyvox.Parameters.__annotations__) if rest else set[str]())


def test_calls_in_sentences_name_keywords_that_there_are() -> None:
    found = list(_called())
    assert {file.name for file, _, _ in found} >= {"README.md", "how-to.md", "from-litellm.md", "groups.py"}
    for file, name, call in found:
        given = {keyword.arg for keyword in call.keywords if keyword.arg}
        assert given <= _keywords(name) | MISTAKES, f"{file.name}: {ast.unparse(call)}"
