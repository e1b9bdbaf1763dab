"""The names of models: from the descriptions, and from recorded traffic where a description lists none."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

from codegen import read, sources
from codegen.failure import Failure
from codegen.files import text_of
from codegen.rendering import render
from codegen.schemas import COMPONENTS, Schema, Schemas, as_schema, is_object

RECORDED: Final = "models.toml"
_ARMS: Final = ("anyOf", "oneOf", "allOf")


def known_models(specs: Path) -> str:
    """The module that lists them, as one type."""
    recorded = _recorded(specs / RECORDED)
    names = {f"{vendor}:{name}" for vendor, models in recorded.items() for name in models}
    for vendor in sources.vendors(specs):
        if (specs / vendor / "openapi.json").exists():
            names |= {f"{vendor}:{name}" for name in _listed(specs / vendor)}
    return render("models_names.py.jinja", names=sorted(names))


def _recorded(path: Path) -> dict[str, list[str]]:
    if not path.exists():
        return {}
    try:
        found = tomllib.loads(text_of(path.read_bytes(), f"specs/{RECORDED}"))
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"specs/{RECORDED}: {error}") from error
    return {vendor: [str(name) for name in names] for vendor, names in found.items()}


def _listed(vendor: Path) -> Iterator[str]:
    """The words of the request's `model`, whatever unions and references stand around them."""
    description = read.description(vendor)
    components = as_schema(as_schema(description["components"])["schemas"])
    yield from _models(as_schema(components[read.roots_of(description, ("request",))["request"]]), components)


def _models(schema: Schema, components: Schemas) -> Iterator[str]:
    schema = _target(schema, components)
    properties = schema.get("properties")
    if is_object(properties) and is_object(model := properties.get("model")):
        yield from _words(model, components)
    for arm in _arms(schema):
        yield from _models(arm, components)


def _words(schema: Schema, components: Schemas) -> Iterator[str]:
    schema = _target(schema, components)
    yield from (word for word in _items(schema, "enum") if isinstance(word, str))
    for arm in _arms(schema):
        yield from _words(arm, components)


def _arms(schema: Schema) -> Iterator[Schema]:
    for key in _ARMS:
        yield from filter(is_object, _items(schema, key))


def _items(schema: Schema, key: str) -> list[object]:
    found = schema.get(key)
    return cast("list[object]", found) if isinstance(found, list) else []


def _target(schema: Schema, components: Schemas) -> Schema:
    reference = schema.get("$ref")
    return as_schema(components[reference.removeprefix(COMPONENTS)]) if isinstance(reference, str) else schema
