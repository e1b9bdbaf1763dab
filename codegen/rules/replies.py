"""What a reply may do that its description does not say: leave a value out, or say null (rules 9 and 10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from codegen.rules.unions import resolved, tag_of
from codegen.schemas import KEYED, NULL, Schema, Schemas, arms, is_bag, rebuild, target

Place: TypeAlias = tuple[str, str]
"""A class, and a key of it."""

ZEROS: Final[Mapping[str, str]] = {"string": "''", "integer": "0", "number": "0.0", "boolean": "False", "array": "[]"}


@dataclass(frozen=True)
class Tolerance:
    """The components as replies may be, and the default of each required field that may be absent."""

    schemas: Schemas
    defaults: Mapping[Place, str]


def widen_numbers(schemas: Schemas) -> Schemas:
    """The components with a plain number for each list of numbers, and anything for a mixed one; only words have an
    open form."""

    def visit(schema: Schema) -> Schema:
        are_text = [isinstance(word, str) for word in schema.get("enum", ())]
        if all(are_text):
            return rebuild(schema, visit)
        return {} if any(are_text) else {"type": schema["type"]}

    return {name: visit(schema) for name, schema in schemas.items()}


def tolerate(schemas: Schemas, fixed: frozenset[Place]) -> Tolerance:
    """Null may be absence, and an absent scalar is the zero of its type; `fixed` places stay as described."""
    tolerant: Schemas = {}
    defaults: dict[Place, str] = {}
    for name, schema in schemas.items():
        required = _required(name, schema, fixed)
        tolerant[name] = {**schema, "required": required} if is_bag(schema) else schema
        for key in required:
            zero = _zero(schema["properties"][key], schemas)
            if zero and (name, key) not in fixed:
                defaults[name, key] = zero
    return Tolerance(tolerant, defaults)


def _required(name: str, schema: Schema, fixed: frozenset[Place]) -> list[str]:
    """What must be there, or be a zero: what is required and never null, and what a variant is told by."""
    demanded = [key for key in schema.get("required", ()) if NULL not in arms(schema["properties"][key])]
    return [key for key in schema.get("properties", ()) if key in demanded or (name, key) in fixed]


def _zero(schema: Schema, schemas: Schemas) -> str | None:
    kind = resolved(schema, schemas)
    return None if "enum" in kind else ZEROS.get(kind.get("type", ""))


def tags(schemas: Schemas) -> dict[str, str]:
    """Each named union of objects that has a tag."""
    named = {name: schema for name, schema in schemas.items() if _is_named_union(schema) and KEYED not in schema}
    found = {name: tag_of(schema, schemas) for name, schema in named.items()}
    return {name: tag for name, tag in found.items() if tag}


def keyed(schemas: Schemas) -> frozenset[str]:
    """Each union of objects that are told apart by the key they require."""
    return frozenset(name for name, schema in schemas.items() if KEYED in schema)


def _is_named_union(schema: Schema) -> bool:
    return "anyOf" in schema and all(target(arm) for arm in arms(schema))


def fixed_places(schemas: Schemas) -> frozenset[Place]:
    """The tags, and the keys of keyed unions: what they say is how a reply is understood at all."""
    tagged = ((arm, tag) for name, tag in tags(schemas).items() for arm in _members(schemas[name]))
    keys = (
        (arm, key) for name in keyed(schemas) for arm in _members(schemas[name]) for key in schemas[arm]["required"]
    )
    return frozenset([*tagged, *keys])


def _members(schema: Schema) -> list[str]:
    return [name for arm in arms(schema) if (name := target(arm))]
