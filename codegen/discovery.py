"""Google's discovery documents in the form of OpenAPI."""

from collections.abc import Iterator
from typing import Final

from codegen.facts import operation
from codegen.schemas import Schema, ref

OWN: Final = ("id", "enumDescriptions", "enumDeprecated", "annotations")
"""Keywords that only discovery documents have, and that say nothing about types."""


def from_discovery(document: Schema) -> Schema:
    """The OpenAPI form: every method is a path, every schema a component; in order, which each revision shuffles."""
    schemas = {name: _schema(schema) for name, schema in sorted(document["schemas"].items())}
    paths: Schema = {}
    for each in _methods(document["resources"]):
        paths.setdefault(f"/{each['path']}", {})[each["httpMethod"].lower()] = _operation(each)
    info = {"title": document["name"], "version": document["version"], "revision": document.get("revision", "")}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _operation(method: Schema) -> Schema:
    roles = ("request", "response")
    return operation({role: method[role]["$ref"] for role in roles if role in method})


def _methods(resources: Schema) -> Iterator[Schema]:
    for resource in resources.values():
        yield from resource.get("methods", {}).values()
        yield from _methods(resource.get("resources", {}))


def _schema(schema: Schema) -> Schema:
    new = {key: value for key, value in sorted(schema.items()) if key not in OWN}
    if "$ref" in new:
        new |= ref(new["$ref"])
    if new.get("type") == "any":
        del new["type"]
    for key in ("items", "additionalProperties"):
        if key in new:
            new[key] = _schema(new[key])
    if "properties" in new:
        new["properties"] = {name: _schema(inner) for name, inner in sorted(new["properties"].items())}
    return new
