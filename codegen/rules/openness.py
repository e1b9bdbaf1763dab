"""Objects about whose keys nothing is said stand where they are used, as `dict[str, object]` (rule 7)."""

from typing import Final

from codegen.schemas import Schema, Schemas, is_bag, is_object, rebuild, target, union

ANYTHING: Final[Schema] = {"type": "object", "additionalProperties": True}


def inline_open(schemas: Schemas) -> Schemas:
    """The components without the open ones."""
    loose = {name for name, schema in schemas.items() if _is_open(schema)}

    def visit(schema: Schema) -> Schema:
        return dict(ANYTHING) if target(schema) in loose or _is_open(schema) else rebuild(schema, visit)

    return {name: rebuild(schema, visit) for name, schema in schemas.items() if name not in loose}


def or_more(schemas: Schemas) -> Schemas:
    """Of a request: an object that has keys of its own and takes more is its class, for whoever writes only those keys,
    or any mapping. (A TypedDict cannot say that it takes more: mypy does not know PEP 728.)"""
    more = {name for name, schema in schemas.items() if _takes_more(schema)}

    def visit(schema: Schema) -> Schema:
        new = closed(schema)
        return union([new, ANYTHING]) if target(schema) in more or _takes_more(schema) else new

    def closed(schema: Schema) -> Schema:
        new = rebuild(schema, visit)
        return {key: value for key, value in new.items() if key != "additionalProperties"} if is_bag(new) else new

    return {name: closed(schema) for name, schema in schemas.items()}


def inline_scalars(schemas: Schemas) -> Schemas:
    """The components without those that only give a plain string or number another name."""
    plain = {name: schema for name, schema in schemas.items() if _is_scalar(schema)}

    def visit(schema: Schema) -> Schema:
        name = target(schema)
        return dict(plain[name]) if name in plain else rebuild(schema, visit)

    return {name: rebuild(schema, visit) for name, schema in schemas.items() if name not in plain}


def _is_open(schema: Schema) -> bool:
    if schema.get("type") != "object" or is_object(schema.get("additionalProperties")):
        return False
    return not schema.get("properties")


def _takes_more(schema: Schema) -> bool:
    return is_bag(schema) and schema.get("additionalProperties") is True


def _is_scalar(schema: Schema) -> bool:
    return schema in ({}, *({"type": kind} for kind in ("string", "integer", "number", "boolean")))
