"""Stage `stubs`: what the hand-written half owes, and what callers may pass; read off the emitted models."""

import ast
import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codegen.emitted import Emitted, Field, literals, mentioned
from codegen.failure import Failure
from codegen.modules import Module
from codegen.rendering import render
from codegen.sources import Source
from codegen.verdicts import Path, Request


@dataclass(frozen=True)
class Group:
    """A class of fields to map by hand."""

    name: str
    wire: str
    fields: list[tuple[str, str]]


@dataclass(frozen=True)
class Option:
    """A field that callers may pass themselves."""

    name: str
    type: str
    path: Path


def stubs(source: Source, request: Request, requests: Module, responses: Module) -> str:
    """The text of stubs.py."""
    groups = _groups(source, request, requests.emitted)
    return render(
        "stubs.py.jinja",
        title=source.title,
        vendor=source.vendor,
        groups=groups,
        types=[kind for group in groups for _, kind in group.fields],
        tables={table: words(responses.emitted, name, source) for table, name in source.tables.items()},
        reply=responses.normal.roots["response"] if source.reply else None,
        event=responses.normal.roots.get("stream") if source.reply else None,
    )


def options(source: Source, request: Request, requests: Emitted, fields: Sequence[str] = ()) -> str:
    """The text of options.py; `fields` are all that the vendor has, where its own are not the only ones to know."""
    found = [
        Option(_name(field, source), _type(field, requests), path) for path, field in request.fields("passthrough")
    ]
    _check_names(source, found)
    return render(
        "options.py.jinja",
        title=source.title,
        vendor=source.vendor,
        options=found,
        types=[option.type for option in found],
        fields=fields,
    )


def _check_names(source: Source, found: Iterable[Option]) -> None:
    names = [option.name for option in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise Failure(f"specs/{source.vendor}/decisions.toml: passthrough: two options would be called {twice[0]}")


def _groups(source: Source, request: Request, requests: Emitted) -> list[Group]:
    """`RequestFields` last: it mentions the others."""
    nested: dict[Path, str] = {(name,): given for name, given in source.fields.items()}
    mapped = request.fields("mapped")
    groups: list[Group] = []
    for path, name in [*nested.items(), ((), "RequestFields")]:
        fields = [(each, field) for each, field in mapped if each[:-1] == path]
        rows = [(_name(field, source), mapped_type(field, nested.get(each), requests)) for each, field in fields]
        groups.append(Group(name, "the request" if not path else f"`{path[0]}`", rows))
    return groups


def _name(field: Field, source: Source) -> str:
    if not field.key.isidentifier() or keyword.iskeyword(field.key):
        raise Failure(f"specs/{source.vendor}/decisions.toml: {field.key} cannot be a name in Python: ignore it")
    return field.key


def mapped_type(field: Field, given: str | None, requests: Emitted) -> str:
    """Not sending a field is `OMIT`; null is not sent, unless there is no other way to say nothing."""
    bare = given or _type(field, requests, null=field.required)
    return bare if field.required else f"{bare} | Omit"


def _type(field: Field, requests: Emitted, *, null: bool = True) -> str:
    """The type of `field`, with the names of requests.py behind `q.`."""
    node = field.type if null else _without_none(field.type)
    return ast.unparse(_Qualified(requests.names).visit(ast.parse(ast.unparse(node), mode="eval")))


def _without_none(node: ast.expr) -> ast.expr:
    match node:
        case ast.BinOp(left=left, right=ast.Constant(value=None)):
            return left
        case _:
            return node


class _Qualified(ast.NodeTransformer):
    def __init__(self, names: Iterable[str]) -> None:
        self.names = set(names)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Attribute(ast.Name("q"), node.id) if node.id in self.names else node


def words(responses: Emitted, name: str, source: Source) -> list[str]:
    """The words of the enum `name`, or the tags of the union `name`."""
    if name not in responses.aliases:
        mend = f"if the vendor lists its words no more, list them in specs/{source.vendor}/overlay.yaml"
        raise Failure(f"{source.file}: stubs.tables: the replies have no enum or union called {name}; {mend}")
    node = responses.aliases[name]
    found = literals(node) or _tags(responses, node)
    if wrong := [word for word in found if not word.isidentifier() or keyword.iskeyword(word)]:
        raise Failure(f"{source.file}: stubs.tables: {wrong[0]!r} of {name} is no name for a key")
    return found


def _tags(responses: Emitted, node: ast.expr) -> list[str]:
    tag = _tag(node)
    members = [responses.classes[name] for name in mentioned(node) if name in responses.classes]
    return [word for fields in members if tag in fields for word in literals(fields[tag].annotation)]


def _tag(node: ast.expr) -> str:
    for each in ast.walk(node):
        match each:
            case ast.Call(func=ast.Name(id="OpenUnion"), args=[ast.Constant(value=str(tag))]):
                return tag
            case _:
                pass
    return ""
