"""Objects about whose keys nothing is said stand where they are used, as `dict[str, object]` (rule 7)."""

from codegen.schemas import Schema, Schemas, is_object, rebuild, target


def inline_open(schemas: Schemas, *, with_properties: bool) -> Schemas:
    """The components without the open ones; `with_properties`: an object that allows more keys is open too."""
    loose = {name for name, schema in schemas.items() if _is_open(schema, with_properties=with_properties)}
    anything: Schema = {"type": "object", "additionalProperties": True}

    def visit(schema: Schema) -> Schema:
        if target(schema) in loose or _is_open(schema, with_properties=with_properties):
            return dict(anything)
        return rebuild(schema, visit)

    return {name: rebuild(schema, visit) for name, schema in schemas.items() if name not in loose}


def inline_scalars(schemas: Schemas) -> Schemas:
    """The components without those that only give a plain string or number another name."""
    plain = {name: schema for name, schema in schemas.items() if _is_scalar(schema)}

    def visit(schema: Schema) -> Schema:
        name = target(schema)
        return dict(plain[name]) if name in plain else rebuild(schema, visit)

    return {name: rebuild(schema, visit) for name, schema in schemas.items() if name not in plain}


def _is_open(schema: Schema, *, with_properties: bool) -> bool:
    if schema.get("type") != "object" or is_object(schema.get("additionalProperties")):
        return False
    return not schema.get("properties") or (with_properties and schema.get("additionalProperties") is True)


def _is_scalar(schema: Schema) -> bool:
    return schema in ({}, *({"type": kind} for kind in ("string", "integer", "number", "boolean")))
