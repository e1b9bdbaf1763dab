"""One-key bags: an object of which each reply fills one property is written out as a union, an object per key."""

from typing import Any, Final

from codegen.failure import Failure
from codegen.rules.names import keep, pascal
from codegen.schemas import KEYED, Schema, Schemas, is_object, ref, without

PARTS: Final = ("beside", "first", "names")
"""Of a mark, as `split_bags` says."""


def split_bags(schemas: Schemas) -> Schemas:
    """The components with each marked bag as a keyed union.

    Its mark says: `beside`, what may stand beside any key; `first`, which arms are tried first, for speed; `names`,
    those of arms whose own would be taken.
    """
    split: Schemas = {}
    for name, schema in schemas.items():
        if KEYED not in schema or "properties" not in schema:
            keep(split, name, schema)
            continue
        beside = _named_in("beside", name, schema)
        if len(schema["properties"]) - len(beside) < 2:
            keep(split, name, without(schema, KEYED))  # one key alone is no choice yet
            continue
        arms = _arms(name, schema, beside)
        union: Schema = {"anyOf": [ref(arm) for arm in arms], KEYED: True}
        for each, arm in {name: union, **arms, **_words(name, beside)}.items():
            keep(split, each, arm)
    return split


def forget_gone(schemas: Schemas, stops: list[str]) -> None:
    """Drop from the marks what they name of properties that are gone; `stops` is told of each."""
    for name, schema in schemas.items():
        if is_object(mark := schema.get(KEYED)) and is_object(properties := schema.get("properties")):
            for part in PARTS:
                if gone := [key for key in mark.get(part, ()) if key not in properties]:
                    stops += [_gone(name, key, part) for key in gone]
                    mark[part] = _bar(mark[part], gone)


def _bar(keys: Any, gone: list[str]) -> Any:
    if is_object(keys):
        return {key: to for key, to in keys.items() if key not in gone}
    return [key for key in keys if key not in gone]


def _named_in(part: str, name: str, schema: Schema) -> Schemas:
    """The properties that a part of the mark names."""
    keys = schema[KEYED].get(part, ())
    if gone := [key for key in keys if key not in schema["properties"]]:
        raise Failure(_gone(name, gone[0], part))
    return {key: schema["properties"][key] for key in keys}


def _gone(name: str, key: str, part: str) -> str:
    return f"{name}.{key} is named in {KEYED}.{part} by an overlay, but is not described any more"


def _arms(name: str, schema: Schema, beside: Schemas) -> Schemas:
    names = {key: schema[KEYED]["names"][key] for key in _named_in("names", name, schema)}
    keys = [key for key in {**_named_in("first", name, schema), **schema["properties"]} if key not in beside]
    return {names.get(key, pascal(key) + name): _arm(name, key, schema, beside) for key in keys}


def _arm(name: str, key: str, schema: Schema, beside: Schemas) -> Schema:
    shared = {each: ref(name + pascal(each)) if "enum" in inner else inner for each, inner in beside.items()}
    properties = {key: schema["properties"][key], **shared}
    return {"type": "object", "properties": properties, "required": [key]}


def _words(name: str, beside: Schemas) -> Schemas:
    """The enums that all arms share."""
    return {name + pascal(key): inner for key, inner in beside.items() if "enum" in inner}
