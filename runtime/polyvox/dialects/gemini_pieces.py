"""A function call of Gemini's that arrives in pieces (`streamFunctionCallArguments`)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

from polyvox_wire.gemini import responses as r

from ..errors import APIResponseValidationError

if TYPE_CHECKING:
    from ..call import Call

_MOST_ITEMS: Final = 10_000
"""Of a list: its place is made before its items come, so a vendor's slip of the pen must not fill the memory."""

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]")


class PartialCall:
    """A function call whose arguments come in pieces, each with the JSON path where it belongs."""

    def __init__(self, part: r.FunctionCallPart, call: Call) -> None:
        self.part = part
        self._call = call
        self.args: dict[str, object] = {}

    def add(self, pieces: list[r.PartialArg]) -> None:
        """More pieces; texts at one path follow each other. Raises `APIResponseValidationError`: one fits nowhere."""
        for piece in pieces:
            found = _STEP.findall(piece.jsonPath or "")
            steps = [int(number) if number else name or quoted for name, number, quoted in found]
            if steps and not _put(self.args, cast("list[str | int]", steps), piece):
                raise APIResponseValidationError(
                    f"a piece of a function call has no place at {piece.jsonPath!r}",
                    provider=self._call.vendor.name,
                    model=self._call.model,
                )

    def whole(self) -> r.FunctionCallPart:
        """The call as a whole reply would have it."""
        call = self.part.functionCall
        call.args = {**self.args, **(call.args or {})}
        call.partialArgs, call.willContinue = None, None
        call.model_fields_set.difference_update({"partialArgs", "willContinue"})
        return self.part


def _put(args: dict[str, object], steps: list[str | int], piece: r.PartialArg) -> bool:
    """Put a piece in its place; whether there is one."""
    holder: dict[str, object] | list[object] = args
    for step, following in pairwise(steps):
        inner = _at(holder, step)
        if not isinstance(inner, (dict, list)):
            inner = list[object]() if isinstance(following, int) else dict[str, object]()
            if not _set(holder, step, inner):
                return False
        holder = cast("dict[str, object] | list[object]", inner)
    old = _at(holder, steps[-1])
    value = _value(piece)
    return _set(holder, steps[-1], old + value if isinstance(old, str) and isinstance(value, str) else value)


def _value(piece: r.PartialArg) -> object:
    if piece.stringValue is not None:
        return piece.stringValue
    if piece.boolValue is not None:
        return piece.boolValue
    number = piece.numberValue
    return int(number) if number is not None and number.is_integer() else number


def _at(holder: dict[str, object] | list[object], step: str | int) -> object:
    if isinstance(holder, list):
        return holder[step] if isinstance(step, int) and step < len(holder) else None
    return holder.get(str(step))


def _set(holder: dict[str, object] | list[object], step: str | int, value: object) -> bool:
    if isinstance(holder, dict):
        holder[str(step)] = value
    elif isinstance(step, str) or step >= _MOST_ITEMS:
        return False
    else:
        holder.extend([None] * (step + 1 - len(holder)))
        holder[step] = value
    return True
