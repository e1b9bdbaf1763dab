"""One spelling for each thing a schema can say; what the types cannot use is dropped (rules 2 and 4)."""

from typing import Any, Final

from codegen.schemas import KEYED, NULL, Schema, arms, rebuild, ref, spliced, target, union

KEPT: Final = (
    *("$ref", "type", "properties", "required", "items", "enum", "const", "nullable", "discriminator"),
    *("additionalProperties", "anyOf", "oneOf", "allOf", KEYED),
)


def plain(schema: Schema) -> Schema:
    """`schema` in the spelling of the other rules: anyOf for every choice, enum for every constant."""
    new = rebuild({key: schema[key] for key in KEPT if key in schema}, plain)
    nullable = new.pop("nullable", False) is True
    new = _choices(_constants(_objects(new)))
    return _united(new, nullable)


def _objects(schema: Schema) -> Schema:
    if schema.get("additionalProperties") in (False, None):
        schema.pop("additionalProperties", None)
    elif schema["additionalProperties"] == {}:
        schema["additionalProperties"] = True
    if "properties" in schema and "type" not in schema:
        schema["type"] = "object"
    if "required" in schema:
        described = schema.get("properties", {})
        schema["required"] = [name for name in described if name in schema["required"]]
    return schema


def _constants(schema: Schema) -> Schema:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if "enum" in schema:
        schema.setdefault("type", _type_of(schema["enum"][0]))
    return schema


def _type_of(value: Any) -> str:
    kinds = ((str, "string"), (bool, "boolean"), (int, "integer"), (float, "number"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "string")


def _choices(schema: Schema) -> Schema:
    if "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")
    if isinstance(schema.get("type"), list):
        kinds = schema.pop("type")
        return union(plain({**schema, "type": kind}) if kind != "null" else NULL for kind in kinds)
    if schema.get("type") == "any":
        del schema["type"]
    return _distributed(schema) if "anyOf" in schema and "properties" in schema else schema


def _distributed(schema: Schema) -> Schema:
    """A choice beside properties: each arm has them too; a choice of what is required says nothing to the types."""
    base = {key: value for key, value in schema.items() if key != "anyOf"}
    choices = [arm for arm in schema["anyOf"] if arm.keys() - {"required"}]
    return {"anyOf": [{"allOf": [base, arm]} for arm in choices]} if choices else base


def _united(schema: Schema, nullable: bool) -> Schema:
    """A union without arms that say nothing more; null is an arm like any other until rule 3."""
    if None in schema.get("enum", ()):
        nullable = True
        schema["enum"] = [word for word in schema["enum"] if word is not None]
    if schema.get("type") == "null" or schema.get("enum") == []:
        return NULL
    if "$ref" in schema:
        schema = ref(target(schema) or "")
    if nullable:
        schema = {"anyOf": [schema, NULL]}
    if "anyOf" not in schema:
        return schema
    return spliced({**schema, "anyOf": _absorbed(arms(spliced(schema)))})


def _absorbed(choices: list[Schema]) -> list[Schema]:
    """`string | "a" | "b"` is a string: such lists of model ids are examples."""
    if {"type": "string"} not in choices:
        return choices
    return [arm for arm in choices if not (arm.get("type") == "string" and "enum" in arm)]
