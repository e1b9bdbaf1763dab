"""A description as the compiler sees it now: its types, its tables, its options; as far as it can be compiled."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from codegen import dialects, overlay, read, sources, stubs, verdicts
from codegen.changes import Path
from codegen.emitted import Emitted, mentioned
from codegen.failure import Failure
from codegen.modules import Module, module
from codegen.normalise import normalise
from codegen.rules.bags import forget_gone
from codegen.rules.names import Names, pascal
from codegen.rules.spelling import plain
from codegen.schemas import Schema, arms, target
from codegen.sources import Source

EMPTY: Final = Emitted({}, frozenset(), {})


@dataclass(frozen=True)
class Side:
    """One generated module, and what each component of the description is called in it."""

    emitted: Emitted = EMPTY
    named: Mapping[str, str] = field(default_factory=dict[str, str])
    table: Mapping[str, str] = field(default_factory=dict[str, str])
    closed: tuple[str, ...] = ()
    """Enums that callers see closed."""

    def name(self, component: str, path: Path) -> str:
        """What stands at a place is called, if it has a name."""
        name = self.named.get(component, "")
        for step in path if name else ():
            name += {"[]": "Item", "{}": "Value"}.get(step) or pascal(step)
            name = self.table.get(name, name)
        return name

    def members(self, name: str) -> frozenset[str]:
        """The classes that a name stands for."""
        if name not in self.emitted.aliases:
            return frozenset({name}) & self.emitted.classes.keys()
        inner = [each for each in mentioned(self.emitted.aliases[name]) if each in self.emitted.names and each != name]
        return frozenset[str]().union(*map(self.members, inner))

    def type_of(self, name: str, key: str) -> str | None:
        """How a field is annotated, and what it is where it is absent."""
        if (found := self.emitted.classes.get(name, {}).get(key)) is None:
            return None
        default = "" if found.default is None else f" = {ast.unparse(found.default)}"
        return ast.unparse(found.annotation) + default

    def closure(self, node: ast.AST) -> frozenset[str]:
        """The names that a type is made of, all the way down."""
        found: set[str] = set()
        waiting = [each for each in mentioned(node) if each in self.emitted.names]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                fields = self.emitted.classes.get(name, {}).values()
                nodes = [each.annotation for each in fields] or [self.emitted.aliases.get(name, ast.Constant(None))]
                waiting += [each for node in nodes for each in mentioned(node) if each in self.emitted.names]
        return frozenset(found)


@dataclass(frozen=True)
class Surface:
    """What there is of a vendor for callers and for the hand-written half."""

    sides: Mapping[str, Side]
    """By the name of the module."""
    roots: Mapping[str, str]
    groups: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """The classes whose fields are decided on one by one, and where in the request they stand."""
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    unified: Side = field(default_factory=Side)
    """The unified types, where they are compiled from this description."""
    unified_in: str = ""
    """The package of these."""
    variants: tuple[str, ...] = ()
    """The components that the request is one of, where it is a choice."""
    stops: tuple[str, ...] = ()
    """What `generate` would stop at."""

    def side(self, module: str) -> Side:
        """The module of that name, empty where there is none."""
        return self.sides.get(module, Side())


def surface(source: Source, description: Schema) -> Surface:
    """What `description` comes to with the overlay, names and decisions of today; nothing of it must fit."""
    stops: list[str] = []
    file = source.folder / "overlay.yaml"
    document = overlay.tolerant(description, file, stops)
    forget_gone(read.schemas_of(document), stops)
    sides, modules = dict[str, Side](), dict[str, Module]()
    roots = read.roots_of(document, needed=("request",))
    for name in ("requests", "responses"):
        try:
            if (made := _module(source, document, roots, name)) is not None:
                modules[name] = made
                sides[name] = Side(made.emitted, made.normal.named, source.names)
        except Failure as failure:
            stops.append(str(failure))
    package, unified = _unified(source, description, stops)
    return Surface(
        sides=sides,
        roots=roots,
        groups=_groups(source, modules, stops),
        tables=_tables(source, modules, stops),
        unified=unified,
        unified_in=package,
        variants=_variants(document, roots["request"]),
        stops=tuple(stops),
    )


def _variants(document: Schema, root: str) -> tuple[str, ...]:
    schema = plain(read.schemas_of(document)[root])
    return tuple(name for arm in arms(schema) if (name := target(arm)) is not None)


def _module(source: Source, document: Schema, roots: Mapping[str, str], name: str) -> Module | None:
    names = Names(source.names, source.prefixes)
    if source.dialect:
        return dialects.own_requests(source, document, names) if name == "requests" else None
    if name == "requests":
        return module(source, normalise(document, {"request": roots["request"]}, "requests", names))
    # The names that only the other side needs are none too many, and some names must be known to both.
    rest = {role: root for role, root in roots.items() if role != "request"}
    return module(source, normalise(document, rest, "responses", names)) if rest else None


def _groups(source: Source, modules: Mapping[str, Module], stops: list[str]) -> dict[str, Path]:
    if "requests" not in modules:
        return {}
    made = modules["requests"]
    root = made.normal.roots["request"]
    fields = made.emitted.classes.get(root, {})
    found: dict[str, Path] = {root: ()}
    for name in source.fields:
        inner = (
            [each for each in mentioned(fields[name].annotation) if each in made.emitted.classes]
            if name in fields
            else []
        )
        if inner:
            found[inner[0]] = (name,)
    if not source.dialect:
        try:
            verdicts.decide(made, source, sources.decisions(source.folder))
        except Failure as failure:
            stops.append(str(failure))
    return found


def _tables(source: Source, modules: Mapping[str, Module], stops: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table, name in source.tables.items() if "responses" in modules else ():
        try:
            found[table] = tuple(stubs.words(modules["responses"].emitted, name, source))
        except Failure as failure:
            stops.append(str(failure))
    return found


def _unified(source: Source, description: Schema, stops: list[str]) -> tuple[str, Side]:
    """The types that another source compiles from this description, and what their package is called."""
    specs = source.folder.parent
    for other in sources.vendors(specs):
        from_this = sources.load(specs / other)
        if from_this.base == source.vendor:
            try:
                document = overlay.tolerant(description, from_this.folder / "overlay.yaml", stops)
                roots = {role: root for role, root in read.roots_of(document).items() if role != "request"}
                names = Names(from_this.names, from_this.prefixes)
                made = module(from_this, normalise(document, roots, "unified", names, from_this.closed))
                return other, Side(made.emitted, made.normal.named, from_this.names, from_this.closed)
            except Failure as failure:
                stops.append(str(failure))
    return "", Side()
