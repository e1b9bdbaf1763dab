"""One spelling for each thing that a cut can say, so that two spellings are no difference. All facts stay."""

from typing import Any, Final

from codegen.schemas import (
    NULL,
    Schema,
    Schemas,
    arms,
    constant,
    is_list,
    is_object,
    rebuild,
    target,
    union,
    with_null,
    without_null,
)

DETAILS: Final = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    *("format", "default", "deprecated", "readOnly", "writeOnly", "additionalProperties"),
)
"""Keywords that say something about a value beside its type."""

_MOST: Final = 3
"""Arms of a union that are told in full."""


def plainly(schemas: Schemas) -> Schemas:
    """The components, each in that spelling, and without any `allOf` that can be written out."""
    spelled = {name: _spelled(schema) for name, schema in schemas.items()}
    return {name: _flat(schema, spelled, (name,)) for name, schema in spelled.items()}


def _spelled(schema: Schema) -> Schema:
    new = rebuild(schema, _spelled)
    nullable = new.pop("nullable", False) is True
    if "const" in new:
        new["enum"] = [new.pop("const")]
    if None in new.get("enum", ()):
        nullable, new["enum"] = True, [word for word in new["enum"] if word is not None]
    if "enum" in new:
        new.setdefault("type", "string" if isinstance(new["enum"][0], str) else "number")
    if new.get("additionalProperties") == {}:
        new["additionalProperties"] = True
    for flag in ("deprecated", "readOnly", "writeOnly", "uniqueItems"):
        if new.get(flag) is False:
            del new[flag]
    if "properties" in new:
        new.setdefault("type", "object")
        new["required"] = sorted(set(new.get("required", ())))
    if told_by := new.get("discriminator"):
        new["discriminator"] = told_by["propertyName"]
    return _choice(new, nullable=nullable)


def _choice(schema: Schema, *, nullable: bool) -> Schema:
    """`anyOf` for every choice; a choice inside a choice is part of it."""
    kinds = schema.get("type")
    if is_list(kinds):
        rest = {key: value for key, value in schema.items() if key != "type"}
        made = union(NULL if kind == "null" else _spelled({**rest, "type": kind}) for kind in kinds)
        return with_null(made) if nullable else made
    choices = [*schema.pop("oneOf", []), *schema.get("anyOf", [])]
    if choices:
        flat = union(inner for arm in choices for inner in arms(arm))
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        for arm in choices:
            if "anyOf" in arm and "discriminator" in arm:
                rest.setdefault("discriminator", arm["discriminator"])
        schema = {**rest, **flat} if "anyOf" in flat or not rest else {**flat, **rest}
    return with_null(schema) if nullable and "anyOf" not in schema else _with_null_arm(schema, nullable=nullable)


def _with_null_arm(schema: Schema, *, nullable: bool) -> Schema:
    if not nullable or NULL in schema["anyOf"]:
        return schema
    return {**schema, "anyOf": [*schema["anyOf"], NULL]}


def _flat(schema: Schema, schemas: Schemas, above: tuple[str, ...]) -> Schema:
    if "allOf" not in schema:
        return rebuild(schema, lambda inner: _flat(inner, schemas, above))
    own = {key: value for key, value in schema.items() if key != "allOf"}
    parts = [*schema["allOf"], own] if own else schema["allOf"]
    if len(schema["allOf"]) == 1 and not own.get("properties"):
        return _flat({**schema["allOf"][0], **own}, schemas, above)
    objects = [_part(part, schemas, above) for part in parts]
    if not all(each.get("type", "object") == "object" and "anyOf" not in each for each in objects):
        return schema
    merged: Schema = {"type": "object", "properties": {}, "required": set[str]()}
    for each in objects:
        merged |= {key: value for key, value in each.items() if key not in ("properties", "required")}
        merged["properties"] |= each.get("properties", {})
        merged["required"] |= set(each.get("required", ()))
    return {**merged, "required": sorted(merged["required"])}


def _part(part: Schema, schemas: Schemas, above: tuple[str, ...]) -> Schema:
    name = target(part)
    if name is None:
        flat = _flat(part, schemas, above)
        return _part(flat, schemas, above) if target(flat) else flat
    if name in above or name not in schemas:
        return part
    return _part(schemas[name], schemas, (*above, name))


def constants(schema: Schema) -> dict[str, str]:
    """The properties of an object that only ever say one word."""
    properties = schema.get("properties", {})
    found = {name: constant(without_null(inner)) for name, inner in properties.items()}
    return {name: word for name, word in found.items() if word is not None}


def told(schema: Any) -> str:
    """A schema in a few words."""
    if not is_object(schema) or not schema:
        return "anything"
    if name := target(schema):
        return name
    if "anyOf" in schema:
        found = list(dict.fromkeys(map(told, arms(schema))))
        return " | ".join(found[:_MOST]) + (f" | {len(found) - _MOST} more" if len(found) > _MOST else "")
    if words := schema.get("enum"):
        shown = ", ".join(map(repr, words[:_MOST]))
        return f"{shown}, {len(words) - _MOST} more" if len(words) > _MOST else shown
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {told(schema.get('items'))}"
    if kind == "object" and is_object(inner := schema.get("additionalProperties")):
        return f"map of {told(inner)}"
    if kind == "object" and (tags := constants(schema)):
        return f"object {', '.join(tags.values())}"
    return kind
