"""What is made once for each key, and kept for those used last: what costs more to make than a request."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar, cast

KeyT = TypeVar("KeyT")
T = TypeVar("T")

_KEPT: Final = 128
"""A program that makes types or functions without end does not fill its memory with them."""


def once_each(make: Callable[[KeyT], T]) -> Callable[[KeyT], T]:
    """The same function, which remembers. For a key that cannot be one (no `hash`) it makes anew."""
    kept = lru_cache(_KEPT)(make)

    @wraps(make)
    def remembered(key: KeyT) -> T:
        try:
            hash(key)
        except TypeError:
            return make(key)
        return kept(key)

    return remembered


def version_of(kind: object) -> object:
    """What changes with a type of pydantic's: `model_rebuild` makes another validator. None for other types."""
    return cast("object", getattr(kind, "__pydantic_validator__", None))
