"""JSON Schema documents in the form of OpenAPI: definitions are components."""

from typing import Any, Final

from codegen.schemas import COMPONENTS, Schema, is_list, is_object

DEFINITIONS: Final = "#/$defs/"
ROOT: Final = "Root"
"""What the schema of the document itself is called, where it describes anything."""


def from_json_schema(document: Schema) -> Schema:
    """The OpenAPI form; there is no operation."""
    own = {key: value for key, value in document.items() if key not in ("$defs", "$schema", "$id", "title")}
    root = {ROOT: own} if {"properties", "$ref", "anyOf", "oneOf"} & set(own) else {}
    found = {**document.get("$defs", {}), **root}
    schemas = {name: _moved(schema) for name, schema in found.items()}
    info = {"title": document.get("title", ""), "version": ""}
    return {"openapi": "3.1.0", "info": info, "paths": {}, "components": {"schemas": schemas}}


def _moved(value: Any) -> Any:
    """`value` with every reference to a definition made one to a component."""
    if is_object(value):
        return {key: _pointer(inner) if key == "$ref" else _moved(inner) for key, inner in value.items()}
    return [_moved(inner) for inner in value] if is_list(value) else value


def _pointer(reference: Any) -> Any:
    if isinstance(reference, str) and reference.startswith(DEFINITIONS):
        return COMPONENTS + reference.removeprefix(DEFINITIONS)
    return _moved(reference)
