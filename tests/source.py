"""The project's own source, as tests read it: which files there are, whose they are, what each imports."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
RUNTIME: Final = ROOT / "runtime/polyvox"
WIRE: Final = ROOT / "generated/polyvox_wire"
CODEGEN: Final = ROOT / "codegen"
# With a description that is compiled to both sides of a mapping; `chat` is what all results are made of.
VENDORS: Final = sorted(path.parent.name for path in WIRE.glob("*/stubs.py"))
# Of these only options and their values are compiled: no mapping of their own.
GATEWAYS: Final = sorted({path.parent.name for path in WIRE.glob("*/options.py")} - set(VENDORS))
# Mappings without types of their own, and the others whose dialect they speak elsewhere.
BUILT_ON: Final = {
    "azure": {"openai", "anthropic", "completions"},
    "gdc": {"openai"},
    "gigachat": {"openai"},
    "predibase": {"openai"},
    "sagemaker": {"openai"},
    "vertex": {"gemini", "anthropic", "openai"},
    "watsonx": {"openai"},
}


@cache
def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def ids(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def _package(file: Path) -> list[str]:
    """The package that a file's relative imports start from."""
    home = next(base for base in (ROOT / "runtime", ROOT / "generated", ROOT) if file.is_relative_to(base))
    return list(file.relative_to(home).parent.parts)


@cache
def imported(file: Path, *, checking: bool = False) -> frozenset[str]:
    """Every module that a file imports at run time, at any place in it; with `checking` also what only type checkers
    see."""
    found: set[str] = set()
    for node in _nodes(parsed(file), checking=checking):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = _package(file)[: len(_package(file)) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found.update({module, *(f"{module}.{alias.name}" for alias in node.names)})
    return frozenset(found)


def _nodes(node: ast.AST, *, checking: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not checking and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from child.orelse
            continue
        yield child
        yield from _nodes(child, checking=checking)


def touches(modules: Collection[str], *packages: str) -> set[str]:
    """Which of these modules are, or are in, one of these packages."""
    return {name for name in modules for package in packages if name == package or name.startswith(f"{package}.")}


def vendor_of(file: Path) -> str:
    """Whose mapping a file is part of; nothing for files that are for all."""
    name = file.stem.split("_")[0]
    return name if file.parent.name == "dialects" and name in {*VENDORS, *BUILT_ON} else ""
