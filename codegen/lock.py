"""LOCK: which inputs and which tools the generated code was made with."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

TOOLS: Final = ("datamodel-code-generator", "jinja2", "python-jsonpath", "pyyaml", "ruff")
CODEGEN: Final = Path(__file__).parent


def lock(specs: Path) -> str:
    """The text of LOCK: a line for each tool, and one for each file of specs/ and codegen/."""
    inputs = {f"specs/{file.relative_to(specs).as_posix()}": file for file in _files(specs)}
    own = {f"codegen/{file.relative_to(CODEGEN).as_posix()}": file for file in _files(CODEGEN)}
    tools = [f"{name} {version(name)}" for name in TOOLS]
    return "\n".join([*tools, *(f"{_sha256(file)}  {name}" for name, file in sorted({**inputs, **own}.items())), ""])


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc" and file.name[0] != "."]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
