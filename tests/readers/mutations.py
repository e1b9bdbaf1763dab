"""What may become of a stream on its way, or in a vendor's next release: events and values, changed at random."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

JSON: TypeAlias = Any


def _nest(depth: int) -> JSON:
    value: JSON = "deep"
    for _ in range(depth):
        value = [value]
    return value


ODD: Final[Sequence[JSON]] = (
    *(None, True, False, 0, 1, -1, 7, 2**70, 1.5, -0.0, 1e300, float("nan"), float("inf")),
    *("", "odd", "7", "\x00", "\u2028\U0001f600", [], {}, ["odd"], [None], [{}], {"odd": 1}, {"text": "odd"}),
    *({"type": "odd"}, _nest(20), _nest(300)),
)
"""Values in the place of others."""
UNKNOWN: Final[Sequence[JSON]] = ({}, {"type": "brand_new", "text": "no"}, {"brand_new": {"text": "no"}})
"""Events that no vendor describes."""

Place: TypeAlias = tuple[int | str, ...]


def places(node: JSON, above: Place = ()) -> Iterator[Place]:
    """Where the values of a document stand."""
    yield above
    match node:
        case dict():
            for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]  # JSON
                yield from places(value, (*above, key))  # pyright: ignore[reportUnknownArgumentType]  # JSON
        case list():
            for index, value in enumerate(node):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # JSON
                yield from places(value, (*above, index))
        case _:
            pass


def _holder(document: JSON, place: Place) -> JSON:
    for step in place[:-1]:
        document = document[step]
    return document


@st.composite
def moved(draw: st.DrawFn, events: Sequence[JSON]) -> list[JSON]:
    """The events, some of them dropped, repeated, in another place, or unknown ones among them; or cut off."""
    found = list(copy.deepcopy(events))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(found) - 1, 0)))
        match draw(st.sampled_from(("drop", "repeat", "swap", "cut", "unknown"))):
            case "drop":
                del found[at : at + 1]
            case "repeat":
                found[at:at] = copy.deepcopy(found[at : at + 1])
            case "swap":
                found[at : at + 2] = reversed(found[at : at + 2])
            case "cut":
                del found[at:]
            case _:
                found.insert(at, {"brand_new": {}} if _keyed(events) else draw(st.sampled_from(UNKNOWN)))
    return found


def _keyed(events: Sequence[JSON]) -> bool:
    """Whether the events are told apart by their only key, as Bedrock's are."""
    return all(isinstance(event, dict) and len(event) == 1 for event in events)  # pyright: ignore[reportUnknownArgumentType]  # JSON


@st.composite
def changed(draw: st.DrawFn, events: Sequence[JSON]) -> list[JSON]:
    """The events, some values in them changed, taken away or added."""
    found = list(copy.deepcopy(events))
    keyed = _keyed(events)
    for _ in range(draw(st.integers(1, 2))):
        where = [(at, place) for at, event in enumerate(found) for place in places(event) if len(place) > keyed]
        at, place = draw(st.sampled_from(where))
        value = copy.deepcopy(draw(st.sampled_from(ODD)))
        if not place:
            found[at] = {"brand_new": value}
            continue
        holder, last = _holder(found[at], place), place[-1]
        how = draw(st.sampled_from(("change", "change", "take away", "add")))
        if how == "take away":
            del holder[last]
        elif how == "add" and isinstance(holder, dict) and len(place) > 1:
            holder["brand_new"] = value
        else:
            holder[last] = value
    return found
