"""What of a description is vendored: facts (names, types, bounds, words), none of the vendor's prose."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from codegen.prune import reach
from codegen.schemas import COMPONENTS, KEYED, Schema, Schemas, as_schema, is_object, rebuild, ref

FACTS: Final = frozenset(
    (
        *("$ref", "type", "format", "enum", "const", "default", "nullable", "deprecated", "readOnly", "writeOnly"),
        *("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
        *("items", "minItems", "maxItems", "uniqueItems", "anyOf", "oneOf", "allOf", "discriminator"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern", KEYED),
    )
)
"""The keywords that are kept. Properties are not keywords: one may be called `title` or `description`."""


def cut(schemas: Schemas, roots: Iterable[str]) -> Schemas:
    """The facts about what `roots` reach."""
    reached = reach(schemas, roots, gaps=True)
    return {name: _facts(as_schema(schema), reached) for name, schema in reached.items()}


def _facts(schema: Schema, kept: Schemas) -> Schema:
    new = {key: value for key, value in schema.items() if key in FACTS}
    if isinstance(new.get("default"), dict | list):
        del new["default"]
    if is_object(told := new.get("discriminator")):
        new["discriminator"] = _discriminator(told, kept)
    return rebuild(new, lambda inner: _facts(inner, kept))


def _discriminator(told: Schema, kept: Schemas) -> Schema:
    """The tag, and the table of what is kept."""
    table = told.get("mapping", {})
    known = {word: to for word, to in table.items() if str(to).removeprefix(COMPONENTS) in kept}
    return {"propertyName": told["propertyName"], **({"mapping": known} if known else {})}


def document(
    title: str, version: str, path: str, method: str, roots: Mapping[str, str], schemas: Schemas, beside: Schema
) -> Schema:
    """An OpenAPI document with that one operation, which says something `beside` its schemas."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": {path: {method: {**beside, **operation(roots)}}},
        "components": {"schemas": schemas},
    }


def operation(roots: Mapping[str, str | None]) -> Schema:
    """What an OpenAPI document says of an operation whose request, response, stream event and error these are."""
    replies = {"application/json": roots.get("response"), "text/event-stream": roots.get("stream")}
    good = {"description": "", "content": _content(replies)}
    bad = {"description": "", "content": _content({"application/json": roots.get("error")})}
    body = {"requestBody": {"content": _content({"application/json": roots["request"]})}} if "request" in roots else {}
    return {**body, "responses": {"200": good, "default": bad} if "error" in roots else {"200": good}}


def _content(by_type: Mapping[str, str | None]) -> dict[str, Any]:
    return {media: {"schema": ref(name)} for media, name in by_type.items() if name}
