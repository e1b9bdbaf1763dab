"""Which unions are of objects, and by which constant their objects are told apart (rule 6)."""

from collections.abc import Mapping

from codegen.schemas import KEYED, NULL, Schema, Schemas, arms, constant, is_bag, rebuild, spliced, target, without_null


def splice_named(schemas: Schemas) -> Schemas:
    """Unions whose arms are no named unions of objects: those are written out."""

    def visit(schema: Schema) -> Schema:
        new = rebuild(schema, visit)
        if "anyOf" in new:
            return spliced({**new, "anyOf": [_written_out(arm, schemas) for arm in new["anyOf"]]})
        return new

    return {name: visit(schema) for name, schema in schemas.items()}


def _written_out(arm: Schema, schemas: Schemas) -> Schema:
    named = schemas.get(target(arm) or "", {})
    return spliced(named) if is_union_of_objects(named, schemas) and KEYED not in named else arm


def resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """What `schema` is, followed through references."""
    seen: set[str] = set()
    while (name := target(schema)) is not None and name in schemas and name not in seen:
        seen.add(name)
        schema = schemas[name]
    return schema


def is_union_of_objects(schema: Schema, schemas: Mapping[str, Schema]) -> bool:
    """Whether `schema` is a choice between objects, null aside."""
    choices = [arm for arm in arms(schema) if arm != NULL]
    return len(choices) > 1 and all(is_bag(resolved(arm, schemas)) for arm in choices)


def tag_of(schema: Schema, schemas: Mapping[str, Schema]) -> str | None:
    """The property that is another constant in every arm: the declared discriminator, if it is one."""
    objects = [resolved(arm, schemas) for arm in arms(schema) if arm != NULL]
    declared = schema.get("discriminator", {}).get("propertyName")
    candidates = [name for name in (declared, *objects[0].get("properties", {})) if name is not None]
    return next((name for name in candidates if _tells_apart(name, objects)), None)


def _tells_apart(name: str, objects: list[Schema]) -> bool:
    values = [tag_value(each, name) for each in objects]
    return None not in values and len(set(values)) == len(values)


def tag_value(schema: Schema, tag: str) -> str | None:
    """The constant of property `tag`."""
    described = schema.get("properties", {}).get(tag)
    return constant(without_null(described)) if described else None
