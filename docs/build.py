"""Writes docs/parameters.md and docs/vendors.md from the code they describe: `make docs`; `--check` only compares."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from polyvox import parameters
from polyvox.addressing import NATIVE
from polyvox.call import Vendor
from polyvox.dialects import dialect_of
from polyvox.support import Emulated, Native, Renamed, Stance, Unsupported
from polyvox_wire.gateways import GATEWAYS, LEFT_OUT

HERE = Path(__file__).parent
NOTE = "<!-- Made by `make docs`; do not edit. -->\n\n"


def parameters_page() -> str:
    """Every keyword, in the words of its docstring."""
    lines = [
        NOTE + "# Parameters\n\nBeside `model`, `messages`, `stream` and `response_format`. None means: not given."
    ]
    for name, title in (("ModelParameters", "For the model"), ("CallParameters", "For polyvox")):
        lines.append(f"\n## {title}\n\n| keyword | type | meaning |\n| --- | --- | --- |")
        for key, kind, text in _documented(name):
            lines.append(f"| `{key}` | `{kind.removesuffix(' | None').replace('|', chr(92) + '|')}` | {text} |")
    return "\n".join(lines) + "\n"


def _documented(name: str) -> Iterator[tuple[str, str, str]]:
    tree = ast.parse(Path(str(parameters.__file__)).read_text("utf-8"))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            yield ast.unparse(field.target), ast.unparse(field.annotation), " ".join(str(text.value.value).split())


def vendors_page() -> str:
    """What each vendor does with each keyword, and all names."""
    natives = list(NATIVE.values())
    lines = [NOTE + "# Vendors\n\n## What happens to each parameter\n"]
    lines.append("| parameter | " + " | ".join(vendor.name for vendor in natives) + " |")
    lines.append("| --- " * (len(natives) + 1) + "|")
    tables = [dialect_of(vendor).support for vendor in natives]
    for key in parameters.ModelParameters.__annotations__:
        lines.append(f"| `{key}` | " + " | ".join(_said(table[key]) for table in tables) + " |")
    lines.append("\n## Gateways\n\nThey take what OpenAI takes, but for what is said here.\n")
    lines.append("| provider | aliases | address | key | what differs |\n| --- | --- | --- | --- | --- |")
    lines.extend(_row(Vendor(**row._asdict())) for row in GATEWAYS.values())
    lines.append("\n## Not supported\n\n| provider | why |\n| --- | --- |")
    lines.extend(f"| {name} | {reason} |" for name, reason in LEFT_OUT.items())
    return "\n".join(lines) + "\n"


def _said(stance: Stance) -> str:
    match stance:
        case Native():
            return "yes"
        case Renamed(to):
            return f"as `{to}`" if ":" not in to else f"as {to}"
        case Emulated(how):
            return how
        case Unsupported(reason):
            return f"no: {reason}"


def _row(vendor: Vendor) -> str:
    differs = [f"`{name}` is sent as `{to}`" for name, to in vendor.renames.items()]
    differs += [f"no `{name}`: {reason}" for name, reason in vendor.unsupported.items()]
    differs += ["text only"] if vendor.text_only else []
    address = f"`{vendor.base_url}`" if vendor.base_url else "yours: `api_base`" + _variables(vendor.base_variables)
    keys = " or ".join(f"`{name}`" for name in vendor.key_variables) or "none"
    return f"| {vendor.name} | {', '.join(vendor.aliases)} | {address} | {keys} | {'; '.join(differs)} |"


def _variables(names: tuple[str, ...]) -> str:
    return "".join(f" or `{name}`" for name in names)


def main() -> int:
    """Write the pages, or with --check say which are out of date."""
    stale = 0
    for name, text in (("parameters.md", parameters_page()), ("vendors.md", vendors_page())):
        path = HERE / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            print(f"docs/{name} is out of date: run make docs", file=sys.stderr)
            stale = 1
        else:
            path.write_text(text, "utf-8")
    return stale


if __name__ == "__main__":
    raise SystemExit(main())
