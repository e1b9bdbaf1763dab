"""What a value from outside is, in a way that type checkers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeGuard

# What JSON has beside mappings. Nearly all values are of JSON's types, for which asking an abstract type takes long.
_NONE: Final = frozenset((str, list, int, float, bool, type(None)))
_VOWELS: Final = ("a", "e", "i", "o")  # not `u`: a UserDict, a UUID


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """A mapping; its keys are taken for strings, as JSON's are."""
    kind = type(value)
    return kind is dict or (kind not in _NONE and isinstance(value, Mapping))


def is_list(value: object) -> TypeGuard[list[object]]:
    """A list."""
    return isinstance(value, list)


def is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    """A list or a tuple."""
    return isinstance(value, (list, tuple))


def mapping_of(value: object) -> Mapping[str, object]:
    """The value if it is a mapping, else an empty one."""
    return value if is_mapping(value) else {}


def its_type(value: object) -> str:
    """What an error calls a value whose type is wrong: `an int`, `a dict`, `None`."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name.lower().startswith(_VOWELS) else 'a'} {name}"
