"""A vendor's own compiled types, asked whether they take what a caller wrote in that vendor's own form.

Only where something is written so: options, own tools, own parts. A type is loaded, and its check made, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, cast, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json
from typing_extensions import is_typeddict

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


@cache
def options_of(vendor: str) -> Mapping[str, object]:
    """The vendor's own fields that a caller may set -> their types."""
    options = import_module(f"polyvox_wire.{vendor}.options")
    kind = next(value for name, value in vars(options).items() if name.endswith("Options"))
    requests = f"polyvox_wire.{vendor}.requests"  # which vendors have whose options are all plain values
    return get_type_hints(kind, localns={"q": import_module(requests)} if find_spec(requests) else {})


@cache
def items_of(kind: type, field: str) -> object:
    """The type of what stands in a list of such an object."""
    return get_args(get_type_hints(kind)[field])[0]


@cache
def arms(union: object) -> Mapping[str, object]:
    """The types of a union, by the `type` that each of them has."""
    found: dict[str, object] = {}
    for arm in get_args(union):
        kind = get_type_hints(arm, include_extras=False).get("type")
        if get_origin(kind) is Literal:
            found.update(dict.fromkeys(get_args(kind), arm))
    return found


@cache
def words_at(kind: type, *path: str) -> tuple[str, ...]:
    """The words that a field of such an object may be, wherever its type has them: what generated names the parts of
    the type have may change with a description."""
    found: object = kind
    for step in path:
        found = get_type_hints(_object_in(found))[step]
    return tuple(_words_in(found))


def _object_in(kind: object) -> object:
    return kind if is_typeddict(kind) else next(arm for arm in get_args(kind) if is_typeddict(arm))


def _words_in(kind: object) -> Iterator[str]:
    for one in get_args(kind):
        if get_origin(kind) is not Literal:
            yield from _words_in(one)
        elif isinstance(one, str):
            yield one


@cache
def _adapter(kind: object) -> TypeAdapter[object]:
    return TypeAdapter(cast("type[object]", kind))


def misfit(where: str, value: object, kind: object) -> str | None:
    """What is wrong with a value of such a type, and where; None if nothing is. A key that the type lacks is wrong."""
    try:
        _adapter(kind).validate_json(to_json(value), strict=True, extra="forbid")
    except ValidationError as error:
        return _told(where, error.errors(include_url=False, include_context=False))
    except (PydanticSerializationError, ValueError) as error:
        return f"{where} cannot be written as JSON: {error}"
    return None


def _told(where: str, found: list[ErrorDetails]) -> str:
    """Of several complaints, as a union has them, the one that got furthest."""
    error = max(found, key=lambda one: len(one["loc"]))
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"] if _is_key(step))
    if error["type"] == "extra_forbidden":
        return f"{where}{place} is not in the vendor's description; a field that is new there goes in extra_body"
    return f"{where}{place}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _is_key(step: int | str) -> bool:
    """Pydantic names the arms of a union among the keys, by types and classes."""
    return isinstance(step, int) or not (step[:1].isupper() or "[" in step or step in ("str", "int", "float", "bool"))
