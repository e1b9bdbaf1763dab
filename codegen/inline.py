"""Schemas that a description has inline where others have components: source.toml says where, and names them."""

from collections.abc import Mapping
from typing import Any

from codegen.failure import Failure
from codegen.schemas import Schema, is_list, is_object


def name_inline(document: Schema, places: Mapping[str, str], what: str) -> Schema:
    """`document` with a component for each JSON pointer of `places`."""
    found = {name: _at(document, pointer, what) for name, pointer in places.items()}
    schemas = document["components"]["schemas"]
    if taken := sorted(set(found) & set(schemas)):
        raise Failure(f"{what}: {taken[0]} is a component already; name the inline schema otherwise")
    return {**document, "components": {**document["components"], "schemas": {**schemas, **found}}}


def _at(document: Schema, pointer: str, what: str) -> Schema:
    here: Any = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if is_list(here) and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        elif is_object(here) and key in here:
            here = here[key]
        else:
            raise Failure(f"{what}: nothing stands at {pointer}")
    if not is_object(here):
        raise Failure(f"{what}: no schema stands at {pointer}")
    return here
