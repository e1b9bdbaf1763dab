"""Requests that are described once for each family of models: one object takes what any of them takes."""

from functools import reduce

from codegen.failure import Failure
from codegen.rules.inheritance import flat
from codegen.rules.unions import resolved
from codegen.schemas import NULL, Schema, Schemas, arms, is_bag, union


def one_request(root: str, schemas: Schemas) -> Schema:
    """The component `root` as one object, whatever variants it has."""
    whole = flat(resolved(schemas[root], schemas), schemas, root)
    variants = [flat(resolved(arm, schemas), schemas, root) for arm in arms(whole) if arm != NULL]
    if not all(is_bag(variant) for variant in variants):
        raise Failure(f"{root} is no object, and no choice between objects")
    return reduce(_either, variants)


def _either(one: Schema, other: Schema) -> Schema:
    """What says all that either says; objects are merged, words are joined."""
    if one == other:
        return one
    if is_bag(one) and is_bag(other):
        return _merged(one, other)
    if one.get("type") == other.get("type") == "string" and "enum" in one and "enum" in other:
        return {**one, "enum": list(dict.fromkeys([*one["enum"], *other["enum"]]))}
    return union([*arms(one), *arms(other)])


def _merged(one: Schema, other: Schema) -> Schema:
    """An object with the properties of both; required is what both require."""
    mine, theirs = one["properties"], other["properties"]
    both = {key: _either(mine[key], theirs[key]) for key in mine if key in theirs}
    required = [key for key in one.get("required", ()) if key in other.get("required", ())]
    return {"type": "object", "properties": {**mine, **theirs, **both}, "required": required}
