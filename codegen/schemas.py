"""JSON Schema as the compiler handles it: plain dicts, and the few moves that every rule makes."""

from collections.abc import Callable, Iterable, Iterator
from textwrap import shorten
from typing import Any, Final, TypeAlias, TypeGuard

from codegen.failure import Failure

Schema: TypeAlias = dict[str, Any]
"""A schema, or any other JSON object. What its values are is checked where they are read."""

Schemas: TypeAlias = dict[str, Schema]
"""Components by name."""

NULL: Final[Schema] = {"type": "null"}
COMPONENTS: Final = "#/components/schemas/"
UNIONS: Final = ("anyOf", "oneOf", "allOf")
KEYED: Final = "x-keyed-union"
"""Our own mark, set by overlays and by the reader of AWS models: each object of this union is told by its one key."""


def is_object(value: object) -> TypeGuard[Schema]:
    """Whether `value` is a JSON object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether `value` is a JSON array."""
    return isinstance(value, list)


def as_schema(value: object) -> Schema:
    """`value`, which must be a schema; `true` is the one that allows everything."""
    if is_object(value) or value is True:
        return {} if value is True else value
    raise Failure(f"{str(value)[:40]!r} stands where a schema should")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return is_list(value) and all(map(_is_text, value))


def _is_choice(value: object) -> bool:
    return is_list(value) and bool(value)


_SOUND: Final[dict[str, Callable[[object], bool]]] = {
    "$ref": _is_text,
    "type": lambda value: _is_text(value) or _are_texts(value),
    "enum": _is_choice,
    "properties": is_object,
    "required": _are_texts,
    "discriminator": lambda value: (
        is_object(value) and _is_text(value.get("propertyName")) and is_object(value.get("mapping", {}))
    ),
    **dict.fromkeys(UNIONS, _is_choice),
}
"""What the keywords that say something about types must be."""


def check(schema: Schema, owner: str) -> None:
    """Raise `Failure` if `schema`, or one inside it, is none; `owner` is the component that it stands in."""
    for keyword, sound in _SOUND.items():
        if keyword in schema and not sound(schema[keyword]):
            raise Failure(f"{owner}: {keyword} cannot be {shorten(repr(schema[keyword]), 60)}")
    try:
        inner = list(inside(schema))
    except Failure as failure:
        raise Failure(f"{owner}: {failure}") from None
    for each in inner:
        check(each, owner)


def ref(name: str) -> Schema:
    """A reference to the component `name`."""
    return {"$ref": COMPONENTS + name}


def target(schema: Schema) -> str | None:
    """The component that `schema` is a reference to."""
    pointer = schema.get("$ref")
    return pointer.removeprefix(COMPONENTS) if isinstance(pointer, str) else None


def rebuild(schema: Schema, visit: Callable[[Schema], Schema]) -> Schema:
    """`schema` with each schema directly inside it replaced by what `visit` makes of it."""
    new = dict(schema)
    if is_object(properties := schema.get("properties")):
        new["properties"] = {name: visit(as_schema(inner)) for name, inner in properties.items()}
    if "items" in schema:
        new["items"] = visit(as_schema(schema["items"]))
    if is_object(extra := schema.get("additionalProperties")):
        new["additionalProperties"] = visit(extra)
    for key in UNIONS:
        if key in schema:
            new[key] = [visit(as_schema(arm)) for arm in schema[key]]
    return new


def inside(schema: Schema) -> Iterator[Schema]:
    """Each schema directly inside `schema`."""
    if is_object(properties := schema.get("properties")):
        yield from map(as_schema, properties.values())
    if "items" in schema:
        yield as_schema(schema["items"])
    if is_object(extra := schema.get("additionalProperties")):
        yield extra
    for key in UNIONS:
        yield from map(as_schema, schema.get(key, ()))


def references(schema: Schema) -> Iterator[str]:
    """The components that `schema` mentions, directly or inside."""
    if name := target(schema):
        yield name
    for inner in inside(schema):
        yield from references(inner)


def without(schema: Schema, *keywords: str) -> Schema:
    """`schema` without those keywords, inside too."""
    new = {key: value for key, value in schema.items() if key not in keywords}
    return rebuild(new, lambda inner: without(inner, *keywords))


def arms(schema: Schema) -> list[Schema]:
    """The arms of a union; anything else is its own only arm."""
    choices: list[Schema] = schema.get("anyOf", [schema])
    return choices


def union(of: Iterable[Schema]) -> Schema:
    """One of these; equal ones count once, and one alone is itself."""
    distinct: list[Schema] = []
    for arm in of:
        if arm not in distinct:
            distinct.append(arm)
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def spliced(schema: Schema) -> Schema:
    """A union whose arms are no unions themselves, unless an arm is marked as one of a kind."""
    if "anyOf" not in schema:
        return schema
    flat = union(inner for arm in schema["anyOf"] for inner in ([arm] if KEYED in arm else arms(arm)))
    return {**_beside(schema), **flat} if "anyOf" in flat else flat


def _beside(schema: Schema) -> Schema:
    """What a union says beside its arms."""
    return {key: schema[key] for key in ("discriminator", KEYED) if key in schema}


def without_null(schema: Schema) -> Schema:
    """`schema` with its null arm taken away."""
    rest = [arm for arm in arms(schema) if arm != NULL]
    if "anyOf" not in schema or len(rest) == len(schema["anyOf"]):
        return schema
    return {**schema, "anyOf": rest} if len(rest) > 1 else union(rest)


def with_null(schema: Schema) -> Schema:
    """`schema`, or null."""
    return schema if NULL in arms(schema) else {"anyOf": [*arms(schema), NULL]}


def is_bag(schema: Schema) -> bool:
    """An object with properties of its own: what becomes a class."""
    return schema.get("type") == "object" and bool(schema.get("properties"))


def constant(schema: Schema) -> str | None:
    """The one string that `schema` allows."""
    allowed = schema.get("enum")
    return allowed[0] if is_list(allowed) and len(allowed) == 1 and isinstance(allowed[0], str) else None
