"""After `models`: the text of a module, in an order in which a small change is a small diff."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from codegen.emitted import Emitted, Field, mentioned
from codegen.failure import Failure

IMPORTS: Final = (
    (("typing", ("TYPE_CHECKING", "Annotated", "Literal", "NotRequired", "TypeAlias", "TypeVar", "overload")),),
    (("pydantic", ("Field",)), ("typing_extensions", ("TypedDict",))),
    (("..support", ("KeyedUnion", "OpenLiteral", "OpenUnion", "Record", "UnknownVariant", "Unrecognised", "Wire")),),
)
"""What generated modules import, in the groups that linters want."""


def module(emitted: Emitted, base: str, docs: Mapping[str, str], extras: Mapping[str, str]) -> str:
    """Imports, and the types by name: in requests the classes, which may mention what comes later, then the aliases by
    need; in replies all by need. `docs` documents classes; `extras` goes into their bodies."""
    texts = {name: f"{name}: TypeAlias = {ast.unparse(node)}" for name, node in emitted.aliases.items()}
    for name in emitted.classes:
        texts[name] = _class(name, emitted, base, docs.get(name), extras.get(name, ""))
    order = _of_requests(emitted) if base == "TypedDict" else _of_replies(emitted)
    body = "\n\n".join(texts.get(line, line) for line in order)
    variables = [f'{name} = TypeVar("{name}")' for name in ("D",) if extras]
    return "\n".join([*_imports("\n".join([*variables, body])), *variables, "", body, ""])


def _of_requests(emitted: Emitted) -> Iterator[str]:
    yield from sorted(emitted.classes)
    yield from _by_need({name: mentioned(node) for name, node in emitted.aliases.items()})


def _of_replies(emitted: Emitted) -> Iterator[str]:
    """So that pydantic knows all names of a class when it is defined: those that come later it looks for when the class
    is first used, and then in the module of whoever uses it. Classes made of themselves are completed at the end."""
    needs = {name: mentioned(node) for name, node in emitted.aliases.items()}
    for name, fields in emitted.classes.items():
        needs[name] = [each for field in fields.values() for each in mentioned(field.annotation)]
    circular = sorted(name for name in emitted.classes if name in _needed(name, needs))
    yield from _by_need({name: [] if name in circular else needed for name, needed in needs.items()})
    yield from (f"{name}.model_rebuild()" for name in circular)


def _needed(name: str, needs: Mapping[str, Sequence[str]]) -> set[str]:
    """What `name` mentions, directly or through others."""
    found: set[str] = set()
    waiting = [*needs[name]]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += needs.get(each, ())
    return found


def _class(name: str, emitted: Emitted, base: str, doc: str | None, extra: str) -> str:
    fields = emitted.classes[name].values()
    if name in emitted.functional:
        return _functional(name, fields)
    about = [f'    """{doc}"""', ""] if doc else []
    lines = [f"class {name}({base}):", *about, *(f"    {_field(field)}" for field in fields), extra]
    return "\n".join(lines)


def _functional(name: str, fields: Iterable[Field]) -> str:
    """Keys that are no names. The types are quoted, so that they may be defined further down."""
    table = [f"    {field.key!r}: {ast.unparse(field.annotation)!r}," for field in fields]
    return "\n".join([f'{name} = TypedDict("{name}", {{', *table, "})"])


def _field(field: Field) -> str:
    default = "" if field.default is None else f" = {_made_anew(ast.unparse(field.default))}"
    return f"{field.name}: {ast.unparse(field.annotation)}{default}"


def _made_anew(default: str) -> str:
    """Pydantic deep-copies a list or dict for each object, which costs ten times as much as making it."""
    return f"Field(default_factory=lambda: {default})" if default in ("[]", "{}") else default


def _by_need(needs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The names in order, but each after those it needs."""
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> Iterator[str]:
        if name in above:
            raise Failure(f"the alias {name} is made of itself")
        for needed in needs[name]:
            if needed in needs and needed not in done:
                yield from visit(needed, (*above, name))
        if name not in done:
            done.add(name)
            yield name

    for name in sorted(needs):
        yield from visit(name, ())


def _imports(body: str) -> list[str]:
    used = _names(ast.parse(body))
    lines = ["from __future__ import annotations", ""]
    lines += ["import builtins"] if "builtins" in used else []
    for group in IMPORTS:
        found = [(source, ", ".join(name for name in names if name in used)) for source, names in group]
        imports = [f"from {source} import {names}" for source, names in found if names]
        lines += [*imports, ""] if imports else []
    return lines


def _names(tree: ast.Module) -> set[str]:
    """The names that `tree` uses, in the quoted types of functional TypedDicts too."""
    tables = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    texts = [value.value for table in tables for value in table.values if isinstance(value, ast.Constant)]
    quoted = [ast.parse(text, mode="eval") for text in texts if isinstance(text, str)]
    return {name for node in (tree, *quoted) for name in mentioned(node)}
