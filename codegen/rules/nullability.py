"""Null belongs to the field, never to a named type (rule 3)."""

from codegen.schemas import NULL, Schema, Schemas, arms, rebuild, spliced, target, with_null, without_null


def null_to_fields(schemas: Schemas) -> Schemas:
    """Components that are never null; each reference to one that could be says so itself."""
    nullable = _nullable(schemas)

    def visit(schema: Schema) -> Schema:
        new = spliced(rebuild(schema, visit))
        return with_null(new) if target(schema) in nullable else new

    return {name: without_null(spliced(rebuild(schema, visit))) for name, schema in schemas.items()}


def _nullable(schemas: Schemas) -> set[str]:
    """The components that are null, or are another one that is."""
    found: set[str] = set()
    while True:
        more = {name for name, schema in schemas.items() if _may_be_null(schema, found)}
        if more == found:
            return found
        found = more


def _may_be_null(schema: Schema, nullable: set[str]) -> bool:
    return any(arm == NULL or target(arm) in nullable for arm in arms(schema))
