"""After `models`: the types of a reply, opened for what the vendor adds later; and `object` instead of `Any`."""

import ast
import builtins
from collections.abc import Collection
from dataclasses import replace

from codegen.emitted import Emitted, Field, Fields
from codegen.normalise import Normal
from codegen.rules.unified import FACTORY


def open_types(emitted: Emitted, normal: Normal) -> Emitted:
    """The module with open unions, open enums, defaults for what may be absent, and no `Any`."""
    classes = {name: _opened_class(name, fields, normal) for name, fields in emitted.classes.items()}
    aliases = {name: _opened_alias(name, node, normal) for name, node in emitted.aliases.items()}
    return replace(emitted, classes=classes, aliases=aliases)


def _opened_class(name: str, fields: Fields, normal: Normal) -> Fields:
    taken = {field.name for field in fields.values()} & set(dir(builtins))
    return {key: _opened_field(field, (name, key), normal, taken) for key, field in fields.items()}


def _opened_field(field: Field, place: tuple[str, str], normal: Normal, taken: Collection[str]) -> Field:
    closed = normal.side == "requests" or place in normal.fixed
    annotation = _Opener(closed=closed, wrapped=normal.closed).visit(field.annotation)
    default = _default(normal.defaults.get(place), annotation) or field.default
    return replace(field, annotation=_SpellOut(taken).visit(annotation), default=default)


def _default(text: str | None, annotation: ast.expr) -> ast.expr | None:
    if text == FACTORY:
        text = f"Field(default_factory=lambda: {ast.unparse(annotation)}())"
    return ast.parse(text, mode="eval").body if text else None


def _opened_alias(name: str, node: ast.expr, normal: Normal) -> ast.expr:
    opened: ast.expr = _Opener(closed=normal.side == "requests" or name in normal.closed).visit(node)
    if name in normal.tags:
        return _union(opened, f"OpenUnion({normal.tags[name]!r})")
    if name in normal.keyed:
        return _union(opened, "KeyedUnion()")
    return opened


def _union(arms: ast.expr, told_by: str) -> ast.expr:
    return ast.parse(f"Annotated[{ast.unparse(arms)} | UnknownVariant, {told_by}]", mode="eval").body


class _Opener(ast.NodeTransformer):
    """Opens every `Literal`, unless `closed`, and marks the names in `wrapped` as open at run time only."""

    def __init__(self, *, closed: bool, wrapped: Collection[str] = ()) -> None:
        self.closed = closed
        self.wrapped = wrapped

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        match node.value:
            case ast.Name(id="Literal"):
                return node if self.closed else ast.BinOp(node, ast.BitOr(), ast.Name("Unrecognised"))
            case _:
                self.generic_visit(node)
                return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.wrapped:
            return ast.parse(f"Annotated[{node.id}, OpenLiteral()]", mode="eval").body
        return ast.Name("object") if node.id == "Any" else node


class _SpellOut(ast.NodeTransformer):
    """Writes `builtins.object` in a class that has a field called `object`, and so on."""

    def __init__(self, taken: Collection[str]) -> None:
        self.taken = taken

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Attribute(ast.Name("builtins"), node.id) if node.id in self.taken else node
