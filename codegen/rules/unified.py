"""The unified result types: any string where a vendor may say another word, and a default for every field."""

from collections.abc import Collection

from codegen.rules.replies import Place, Tolerance, tolerate
from codegen.rules.unions import resolved
from codegen.schemas import Schema, Schemas, constant, is_bag, rebuild, target

FACTORY = "new"
"""The default of a required object: an empty one."""


def loosen(schemas: Schemas, fixed: frozenset[Place], closed: Collection[str]) -> Tolerance:
    """The components with strings for enums, except those in `closed`, and with nothing required."""
    loose = {name: _loose(name, schema, schemas, closed, fixed) for name, schema in schemas.items()}
    loose = {name: schema for name, schema in loose.items() if name in closed or "enum" not in schema}
    zeros = tolerate(loose, fixed)
    defaults = {**zeros.defaults, **_constants(schemas, fixed), **_objects(loose)}
    optional = {name: _nothing_required(name, each, defaults, fixed) for name, each in zeros.schemas.items()}
    return Tolerance(optional, defaults)


def _places(schemas: Schemas) -> list[Place]:
    return [(name, key) for name, schema in schemas.items() for key in schema.get("required", ())]


def _constants(schemas: Schemas, fixed: frozenset[Place]) -> dict[Place, str]:
    """The defaults of required constants: their word."""
    found = {(name, key): constant(schemas[name]["properties"][key]) for name, key in _places(schemas)}
    return {place: repr(word) for place, word in found.items() if word is not None and place not in fixed}


def _objects(schemas: Schemas) -> dict[Place, str]:
    """The defaults of required objects: one with nothing in it."""
    kinds = {(name, key): resolved(schemas[name]["properties"][key], schemas) for name, key in _places(schemas)}
    objects = {place: kind for place, kind in kinds.items() if kind.get("type") == "object"}
    return {place: FACTORY if is_bag(kind) else "{}" for place, kind in objects.items()}


def _loose(name: str, schema: Schema, schemas: Schemas, closed: Collection[str], fixed: frozenset[Place]) -> Schema:
    def visit(inner: Schema) -> Schema:
        to = target(inner)
        if "enum" in inner or (to is not None and to not in closed and "enum" in schemas[to]):
            return {"type": "string"}
        return rebuild(inner, visit)

    if not is_bag(schema):
        return rebuild(schema, visit)
    properties = {key: each if (name, key) in fixed else visit(each) for key, each in schema["properties"].items()}
    return {**schema, "properties": properties}


def _nothing_required(name: str, schema: Schema, defaults: Collection[Place], fixed: frozenset[Place]) -> Schema:
    """Only what has a default, or tells a variant, is not optional."""
    required = [key for key in schema.get("required", ()) if (name, key) in defaults or (name, key) in fixed]
    return {**schema, "required": required} if is_bag(schema) else schema
