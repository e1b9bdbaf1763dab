"""AWS service models in the form of OpenAPI."""

from collections.abc import Iterator
from typing import Any, Final

from codegen import facts
from codegen.schemas import KEYED, Schema, Schemas, ref

SCALARS: Final = {
    "string": {"type": "string"},
    "blob": {"type": "string", "format": "byte"},
    "timestamp": {"type": "number", "format": "unixtime"},
    "character": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number"},
    "double": {"type": "number"},
}
"""Shapes without shapes inside, as JSON has them."""

BOUNDS: Final = {"list": ("minItems", "maxItems"), "string": ("minLength", "maxLength"), "blob": ("minLength", None)}
"""What `min` and `max` of a shape are called; of the others, minimum and maximum."""

BODY: Final = frozenset({"uri", "header", "headers", "querystring", "statusCode"})
"""Where members stand that are no part of the body."""


def from_aws(model: Schema) -> Schema:
    """The OpenAPI form: operations are paths, structures and enums are components; the rest stands where it is used.

    Beside them, `<operation>Error` is what any error of an operation may say.
    """
    shapes: Schemas = model["shapes"]
    reader = _Reader(shapes)
    named = {name: reader.shape(name) for name, shape in shapes.items() if _is_named(shape)}
    errors = {f"{name}Error": reader.error(operation) for name, operation in model["operations"].items()}
    paths: Schema = {}
    for each in model["operations"].values():
        address, method = _place(each)
        paths.setdefault(address, {})[method] = {**_operation(each), "parameters": _parameters(each, shapes)}
    info = {"title": model["metadata"]["serviceFullName"], "version": model["metadata"]["apiVersion"]}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": {**named, **errors}}}


def _place(operation: Schema) -> tuple[str, str]:
    return operation["http"]["requestUri"], operation["http"]["method"].lower()


def _operation(operation: Schema) -> Schema:
    roles = (("request", "input"), ("response", "output"))
    return facts.operation({role: operation[key]["shape"] for role, key in roles if key in operation})


def _parameters(operation: Schema, shapes: Schemas) -> list[Schema]:
    """What stands in a header or in the address; what must stand in its path is known."""
    request = shapes.get(operation.get("input", {}).get("shape", ""), {})
    members, owed = request.get("members", {}), request.get("required", ())
    where = {"header": "header", "querystring": "query"}
    return [
        {"name": member.get("locationName", name), "in": where[member["location"]], "required": name in owed}
        for name, member in members.items()
        if member.get("location") in where
    ]


def _is_named(shape: Schema) -> bool:
    return "enum" in shape or (shape["type"] == "structure" and not shape.get("document"))


class _Reader:
    def __init__(self, shapes: Schemas) -> None:
        self.shapes = shapes

    def used(self, member: Schema) -> Schema:
        """A shape as it stands where it is used: a reference if it has a name."""
        name = member["shape"]
        return ref(name) if _is_named(self.shapes[name]) else self.shape(name)

    def shape(self, name: str) -> Schema:
        """What a shape describes."""
        shape = self.shapes[name]
        match shape["type"]:
            case "structure":
                return {} if shape.get("document") else self.structure(shape)
            case "list":
                return {"type": "array", "items": self.used(shape["member"]), **_bounds(shape)}
            case "map":
                return {"type": "object", "additionalProperties": self.used(shape["value"])}
            case "timestamp" if shape.get("timestampFormat", "unixTimestamp") != "unixTimestamp":
                return {"type": "string", "format": "date-time"}
            case kind if kind in SCALARS:
                words = {"enum": shape["enum"]} if "enum" in shape else {}
                return {**SCALARS[kind], **words, **_bounds(shape)}
            case kind:
                raise ValueError(f"the shape {name} is of the type {kind!r}, which no AWS model had before")

    def structure(self, shape: Schema) -> Schema:
        """An object with the members that stand in the body; one of which one is sent at a time is marked as such."""
        members = dict(self.members(shape))
        required = [name for name in shape.get("required", ()) if name in members]
        schema: Schema = {"type": "object", "properties": members, **({"required": required} if required else {})}
        return {**schema, KEYED: {}} if shape.get("union") or shape.get("eventstream") else schema

    def members(self, shape: Schema) -> Iterator[tuple[str, Schema]]:
        for name, member in shape.get("members", {}).items():
            if member.get("location") not in BODY:
                yield name, self.used(member)

    def error(self, operation: Schema) -> Schema:
        """The members of all errors; which of them it is stands in a header."""
        found = (self.members(self.shapes[error["shape"]]) for error in operation.get("errors", ()))
        return {"type": "object", "properties": {name: schema for members in found for name, schema in members}}


def _bounds(shape: Schema) -> dict[str, Any]:
    names = BOUNDS.get(shape["type"], ("minimum", "maximum"))
    found = {name: shape[key] for name, key in zip(names, ("min", "max"), strict=True) if name and key in shape}
    return {**found, **({"pattern": shape["pattern"]} if "pattern" in shape else {})}
