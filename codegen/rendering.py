"""Templates: layout only, decisions stay in Python."""

import json
from pathlib import Path
from typing import Final, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined

WIDTH: Final = 120
"""Of a line of generated code."""

Value: TypeAlias = str | bool | list[str] | dict[str, str] | None


def literal(value: Value, prefix: str, indent: int) -> str:
    """`prefix`, the value as a literal (a list becomes a tuple), a comma; over several lines if one is too long."""
    match value:
        case dict():
            opening, items, closing = "{", [f"{_atom(k)}: {_atom(v)}" for k, v in value.items()], "}"
        case list():
            opening, items, closing = "(", [_atom(item) for item in value], ")"
        case _:
            return f"{prefix}{_atom(value)},"
    lone = "," if opening == "(" and len(items) == 1 else ""
    line = f"{prefix}{opening}{', '.join(items)}{lone}{closing},"
    if indent + len(line) <= WIDTH:
        return line
    margin = " " * indent
    return "\n".join([f"{prefix}{opening}", *(f"{margin}    {item}," for item in items), f"{margin}{closing},"])


def _atom(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


_TEMPLATES: Final = Environment(  # noqa: S701  (no HTML here)
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_TEMPLATES.filters["literal"] = literal


def render(template: str, **values: object) -> str:
    """The text of `template` with `values` filled in."""
    return _TEMPLATES.get_template(template).render(**values)
