"""What a value from outside is, in a way that type checkers follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """A mapping; its keys are taken for strings, as JSON's are."""
    return type(value) is dict or isinstance(value, Mapping)  # nearly all are dicts, of which the first knows at once


def is_list(value: object) -> TypeGuard[list[object]]:
    """A list."""
    return isinstance(value, list)


def mapping_of(value: object) -> Mapping[str, object]:
    """The value if it is a mapping, else an empty one."""
    return value if is_mapping(value) else {}
