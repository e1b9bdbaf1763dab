"""Typed `["key"]` and `.get("key")` for the unified types, seen by type checkers only."""

import ast
from textwrap import indent

from codegen.emitted import Emitted, Fields
from codegen.rendering import render


def overloads(emitted: Emitted) -> dict[str, str]:
    """For each class, the block that declares what its keys give."""
    return {name: _block(fields) for name, fields in emitted.classes.items()}


def _block(fields: Fields) -> str:
    rows = [
        (field.key, ast.unparse(shown(field.annotation)), ast.unparse(present(field.annotation)))
        for field in fields.values()
    ]
    anything = "builtins.object" if "object" in fields else "object"
    return indent(render("access.py.jinja", rows=rows, anything=anything), "    ")


def shown(annotation: ast.expr) -> ast.expr:
    """The type that callers see, without what is said to pydantic."""
    match annotation:
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *_])):
            return inner
        case ast.BinOp(left=left, op=op, right=right):
            return ast.BinOp(shown(left), op, shown(right))
        case _:
            return annotation


def present(annotation: ast.expr) -> ast.expr:
    """The type that callers see where there is a value."""
    match annotation:
        case ast.BinOp(left=left, right=ast.Constant(value=None)):
            return shown(left)
        case _:
            return shown(annotation)
