"""What datamodel-code-generator wrote, read back: classes with their fields, and aliases."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Field:
    """A field of a class: `key` on the wire, `name` in Python."""

    name: str
    key: str
    annotation: ast.expr
    default: ast.expr | None = None

    @property
    def required(self) -> bool:
        """Of a TypedDict: whether the key is always there."""
        return _argument(self.annotation, "NotRequired") is None

    @property
    def type(self) -> ast.expr:
        """The type without `NotRequired` around it."""
        return _argument(self.annotation, "NotRequired") or self.annotation


Fields: TypeAlias = dict[str, Field]
"""Fields by key."""


@dataclass(frozen=True)
class Emitted:
    """One emitted module. Functional TypedDicts (keys that are no names) count as classes."""

    classes: Mapping[str, Fields]
    functional: frozenset[str]
    aliases: Mapping[str, ast.expr]

    @property
    def names(self) -> set[str]:
        """Everything that is defined."""
        return {*self.classes, *self.aliases}


def parse(text: str) -> Emitted:
    """The classes and aliases of `text`."""
    classes: dict[str, Fields] = {}
    functional: set[str] = set()
    aliases: dict[str, ast.expr] = {}
    for name, node in _definitions(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            classes[name] = dict(_fields(node))
        elif (table := _call(node, "TypedDict")) is not None:
            classes[name] = dict(_table(table))
            functional.add(name)
        else:
            aliases[name] = _call(node, "TypeAliasType") or node
    return Emitted(classes, frozenset(functional), aliases)


def _definitions(module: ast.Module) -> Iterator[tuple[str, ast.ClassDef | ast.expr]]:
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                yield name, node
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                yield name, value
            case _:
                pass


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, Field]]:
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                key = _alias(annotation) or name
                yield key, Field(name, key, annotation, value)
            case _:
                pass


def _alias(annotation: ast.expr) -> str | None:
    """The key that `Annotated[..., Field(alias=key)]` gives."""
    for node in ast.walk(annotation):
        match node:
            case ast.Call(
                func=ast.Name(id="Field"), keywords=[*_, ast.keyword(arg="alias", value=ast.Constant(value))]
            ):
                return str(value)
            case _:
                pass
    return None


def _call(node: ast.expr, function: str) -> ast.expr | None:
    """The second argument, where `node` is a call of `function`."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[_, argument]) if name == function:
            return argument
        case _:
            return None


def _table(node: ast.expr) -> Iterator[tuple[str, Field]]:
    assert isinstance(node, ast.Dict)
    for key, annotation in zip(node.keys, node.values, strict=True):
        assert isinstance(key, ast.Constant)
        yield str(key.value), Field(str(key.value), str(key.value), _unquoted(annotation))


def _unquoted(annotation: ast.expr) -> ast.expr:
    match annotation:
        case ast.Constant(value=str(text)):
            return ast.parse(text, mode="eval").body
        case _:
            return annotation


def _argument(annotation: ast.expr, wrapper: str) -> ast.expr | None:
    match annotation:
        case ast.Subscript(value=ast.Name(id=name), slice=inner) if name == wrapper:
            return inner
        case _:
            return None


def literals(node: ast.expr) -> list[str]:
    """The words of every `Literal` in `node`, in order."""
    inner = [found for each in ast.walk(node) if isinstance(each, ast.expr) and (found := _argument(each, "Literal"))]
    words = [word for each in inner for word in ast.walk(each)]
    return [word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)]


def mentioned(node: ast.AST) -> list[str]:
    """The names that `node` uses, in order."""
    return [each.id for each in ast.walk(node) if isinstance(each, ast.Name)]
