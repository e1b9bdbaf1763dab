"""Stage `normalise`: one side of a description, made plain. Each line is a rule; the rules are in rules/."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from codegen.prune import reach
from codegen.read import schemas_of
from codegen.rules import replies
from codegen.rules.bags import split_bags
from codegen.rules.inheritance import flatten
from codegen.rules.lifting import lift
from codegen.rules.mapped_tags import tags_from_tables
from codegen.rules.names import Names, rename
from codegen.rules.nullability import null_to_fields
from codegen.rules.openness import inline_open, inline_scalars, or_more
from codegen.rules.spelling import plain
from codegen.rules.unified import loosen
from codegen.rules.unions import splice_named
from codegen.schemas import Schema, Schemas

Side: TypeAlias = Literal["requests", "responses", "unified"]


@dataclass(frozen=True)
class Normal:
    """Components that are each a flat object, a named union, an enum or an alias; and what only replies need."""

    side: Side
    schemas: Schemas
    roots: Mapping[str, str]
    """The class of the request, response, stream event and error."""
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    """The tag of each named union that has one."""
    keyed: frozenset[str] = frozenset()
    fixed: frozenset[replies.Place] = frozenset()
    """The constants that are tags; all others are open."""
    defaults: Mapping[replies.Place, str] = field(default_factory=dict[replies.Place, str])
    closed: Collection[str] = ()
    """Enums of unified types that callers see closed."""
    named: Mapping[str, str] = field(default_factory=dict[str, str])
    """What each component of the description is called here."""


def normalise(
    document: Schema, roots: Mapping[str, str], side: Side, names: Names, closed: Collection[str] = ()
) -> Normal:
    """The normal form of what `roots` reach."""
    schemas = reach(schemas_of(document), roots.values())
    schemas = {name: plain(schema) for name, schema in schemas.items()}
    schemas = tags_from_tables(reach(flatten(schemas), roots.values()))
    if side != "requests":
        schemas = split_bags(replies.widen_numbers(schemas))
    schemas, renamed = rename(schemas, names)
    schemas = inline_open(schemas)
    if side == "requests":
        schemas = or_more(schemas)
    schemas = inline_scalars(null_to_fields(schemas))
    schemas = lift(splice_named(schemas), names)
    final = {role: renamed[root] for role, root in roots.items()}
    schemas = reach(schemas, final.values())
    if side == "requests":
        return Normal(side, schemas, final, named=renamed)
    return replace(_replies(schemas, final, side, closed), named=renamed)


def _replies(schemas: Schemas, roots: Mapping[str, str], side: Side, closed: Collection[str]) -> Normal:
    fixed = replies.fixed_places(schemas)
    told = replies.tolerate(schemas, fixed) if side == "responses" else loosen(schemas, fixed, closed)
    schemas = reach(told.schemas, roots.values())
    return Normal(side, schemas, roots, replies.tags(schemas), replies.keyed(schemas), fixed, told.defaults, closed)
