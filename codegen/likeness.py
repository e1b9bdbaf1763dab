"""What goes with what, where two descriptions are laid side by side: names that are alike, arms of one sort."""

from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any, Final

from codegen.plainly import DETAILS
from codegen.schemas import Schema, arms, constant, is_list, is_object, target, without_null

ALIKE: Final = 0.6
"""How alike two names must be, of 1, to be taken for one that was renamed."""


def words_of(schema: Schema) -> dict[str, Schema]:
    """The arms of a union that are one word each."""
    return {word: arm for arm in arms(schema) if (word := constant(arm)) is not None}


def without_these(choices: list[Schema], these: Iterable[Schema]) -> list[Schema]:
    """The arms that are none of these."""
    left = list(these)
    return [arm for arm in choices if arm not in left]


def side_by_side(one: Schema, other: Schema) -> Schema:
    """`one`, as a choice of one arm if `other` is a choice: what that says beside its arms is compared first."""
    if "anyOf" in one or "anyOf" not in other:
        return one
    beside: Schema = {key: one[key] for key in (*DETAILS, "discriminator") if key in one and key in other}
    return {**beside, "anyOf": [{key: value for key, value in one.items() if key not in beside}]}


def bar_null(schema: Schema) -> Schema:
    """`schema` without its null arm; what is said beside a choice is said of the one arm that is left."""
    bare = without_null(schema)
    return (
        bare
        if "anyOf" in bare or bare is schema
        else {**bare, **{key: schema[key] for key in DETAILS if key in schema}}
    )


def sort_of(schema: Schema) -> str:
    """object, array, string, ...; what the two must have in common to be compared further."""
    if "anyOf" in schema:
        return "choice"
    kind = schema.get("type", "anything")
    return "map" if kind == "object" and not schema.get("properties") else str(kind)


def equal(one: Schema, other: Schema) -> bool:
    """Nothing differs."""
    return one == other


def same_sort(one: Schema, other: Schema) -> bool:
    """Lists go with lists, words with words; but never one object with another."""
    sorts = {sort_of(one), sort_of(other)}
    alone = target(one) is None and target(other) is None
    return alone and len(sorts) == 1 and not sorts & {"object", "choice"} and ("enum" in one) == ("enum" in other)


def bare(schema: Any) -> object:
    """What a schema says about types: without bounds, defaults and orders."""
    if is_object(schema):
        return {key: bare(value) for key, value in schema.items() if key not in DETAILS or is_object(value)}
    if is_list(schema):
        return sorted(repr(bare(each)) for each in schema)
    return schema


def renamed(gone: list[str], come: list[str], alike: Callable[[str, str], bool]) -> Iterator[tuple[str, str]]:
    """Pairs that seem to be one thing under two names: nothing else differs, and each is the other's nearest."""

    def near(one: str, other: str) -> float:
        return SequenceMatcher(None, _letters(one), _letters(other)).ratio()

    taken: set[str] = set()
    for here in list(gone):
        found = [there for there in come if there not in taken and near(here, there) >= ALIKE and alike(here, there)]
        if not found:
            continue
        ranks = {there: near(here, there) for there in found}
        best = max(ranks, key=lambda there: ranks[there])
        if all(near(other, best) <= ranks[best] for other in gone):
            taken.add(best)
            yield here, best


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
