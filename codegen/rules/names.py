"""Names: from the description, or from the `names` table of source.toml; never from a counter (rule 8)."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from codegen.failure import Failure
from codegen.schemas import Schema, Schemas, rebuild, ref, target


@dataclass
class Names:
    """The names table, and which of its lines were needed."""

    table: Mapping[str, str]
    prefixes: Iterable[str] = ()
    used: set[str] = field(default_factory=set[str])

    def of(self, name: str) -> str:
        """The name to use for `name`."""
        if name not in self.table:
            return name
        self.used.add(name)
        return self.table[name]

    def check(self, where: str) -> None:
        """Every line of the table must have been needed."""
        if unused := sorted(set(self.table) - self.used):
            raise Failure(f"{where}: names: nothing is called {unused[0]!r} any more")


def pascal(name: str) -> str:
    """`name` as a class is called, the way datamodel-code-generator would write it."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name))


def rename(schemas: Schemas, names: Names) -> tuple[Schemas, dict[str, str]]:
    """The components under their final names, and which is which."""
    new = _final(schemas, names)

    def visit(schema: Schema) -> Schema:
        name = target(schema)
        return ref(new[name]) if name in new else rebuild(schema, visit)

    renamed: Schemas = {}
    for name, schema in schemas.items():
        keep(renamed, new[name], visit(schema))
    return renamed, new


def _final(schemas: Schemas, names: Names) -> dict[str, str]:
    """The vendor's prefixes are dropped, each where no two names would meet; the table has the last word."""
    given = {name: names.of(name) for name in schemas if name in names.table}
    short = {name: pascal(name) for name in schemas if name not in given}
    for prefix in names.prefixes:
        shorter = {name: _without(prefix, short[name]) for name in short}
        met = Counter([*shorter.values(), *set(given.values())])
        short = {name: shorter[name] if met[shorter[name]] == 1 else short[name] for name in short}
    return {name: given.get(name) or short[name] for name in schemas}


def _without(prefix: str, name: str) -> str:
    rest = name.removeprefix(prefix)
    return rest if rest[:1].isupper() else name


def keep(into: Schemas, name: str, schema: Schema) -> None:
    """Add a component; two of one name must be the same thing."""
    if name in into and _comparable(into[name]) != _comparable(schema):
        raise Failure(f"two different things would be called {name!r}: name one of them in source.toml")
    into.setdefault(name, schema)


def _comparable(schema: Schema) -> Schema:
    """`schema` without the order of what is required, which says nothing."""
    new = rebuild(schema, _comparable)
    return {**new, "required": sorted(new.get("required", ()))}
