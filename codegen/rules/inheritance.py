"""`allOf` is written out: one flat object instead of a chain of parents (rule 2)."""

from codegen.failure import Failure
from codegen.schemas import Schema, Schemas, arms, rebuild, target


def flatten(schemas: Schemas) -> Schemas:
    """The components without any `allOf`."""
    return {name: flat(schema, schemas, name) for name, schema in schemas.items()}


def flat(schema: Schema, schemas: Schemas, owner: str) -> Schema:
    """`schema`, which is or stands in the component `owner`, without any `allOf`."""
    if "allOf" in schema:
        own = {key: value for key, value in schema.items() if key != "allOf"}
        parts = [part for part in [*schema["allOf"], own] if part]
        schema = parts[0] if len(parts) == 1 else _merged([_object(part, schemas, owner) for part in parts])
    return rebuild(schema, lambda inner: flat(inner, schemas, owner))


def _object(part: Schema, schemas: Schemas, owner: str) -> Schema:
    """`part` itself, looked up and flattened."""
    if name := target(part):
        part = schemas[name]
    part = flat(part, schemas, owner)
    if target(part):
        return _object(part, schemas, owner)
    if len(arms(part)) > 1 or part.get("type", "object") != "object":
        raise Failure(f"{owner}: allOf of something that is no object; say in overlay.yaml what it is")
    return part


def _merged(parts: list[Schema]) -> Schema:
    """One object with the properties of all parts; a later part may narrow an earlier one."""
    merged: Schema = {"type": "object", "properties": {}}
    required: set[str] = set()
    for part in parts:
        merged |= {key: value for key, value in part.items() if key not in ("properties", "required")}
        merged["properties"] |= part.get("properties", {})
        required |= set(part.get("required", ()))
    return {**merged, "required": [name for name in merged["properties"] if name in required]}
