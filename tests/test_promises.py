"""docs/promises.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
TEXT: Final = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
ROWS: Final = [line for line in TEXT.splitlines() if line.startswith("| ") and "`tests/" in line]
NAMED: Final = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)


def test_every_promise_names_a_test() -> None:
    promises = [
        line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| promise"))
    ]
    assert promises == ROWS
    assert len(NAMED) == len(ROWS) > 30


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_the_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
