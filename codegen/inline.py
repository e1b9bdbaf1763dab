"""Schemas that a description has inline where others have components: source.toml says where, and names them."""

from collections.abc import Mapping
from typing import Any

from codegen.failure import Failure
from codegen.schemas import Schema, is_list, is_object, target


def name_inline(document: Schema, places: Mapping[str, str], what: str) -> Schema:
    """`document` with a component for each JSON pointer of `places`."""
    found = {name: _inline(name, document, pointer, what) for name, pointer in places.items()}
    schemas = document["components"]["schemas"]
    if taken := sorted(set(found) & set(schemas)):
        raise Failure(f"{what}: {taken[0]} is a component already; name the inline schema otherwise")
    return {**document, "components": {**document["components"], "schemas": {**schemas, **found}}}


def _inline(name: str, document: Schema, pointer: str, what: str) -> Schema:
    try:
        found = at(document, pointer, what)
    except Failure as failure:
        raise Failure(f"{failure}, where [inline] of source.toml has {name}") from None
    if is_object(found) and (component := target(found)):
        mend = f"name that one in source.toml instead of {name}, and drop the line of [inline]"
        raise Failure(f"{what}: what stands at {pointer} is the component {component} now: {mend}")
    if not is_object(found):
        raise Failure(f"{what}: no schema stands at {pointer}")
    return found


def at(document: Schema, pointer: str, what: str) -> Any:
    """What stands at a JSON pointer."""
    here: Any = document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if is_list(here) and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        elif is_object(here) and key in here:
            here = here[key]
        else:
            raise Failure(f"{what}: nothing stands at {pointer}")
    return here
