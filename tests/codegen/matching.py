"""Does the report say what an independent comparison of the two cuts says? Nothing less, nothing more.

The comparison is blind at first: it sees types, fields and words come and go, and knows of no other name. Each renaming
that the report claims must be of something that it saw go and something that it saw come. Only then is it told which
types these are, to compare what is in them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from codegen.changes import Change
from codegen.comparing import compare
from tests.codegen.structure import REFERS, Fact, Structure, differences

Cut = Mapping[str, Any]
BOUNDS: Final = frozenset({"is", "may be", "word", REFERS})
"""What is said of a type; anything else is a detail of it."""


def compared(old: Cut, new: Cut) -> list[Change]:
    """What the report is made of."""
    roots = sorted(root_names(old) & root_names(new))
    schemas = [json.loads(json.dumps(cut["components"]["schemas"])) for cut in (old, new)]
    return compare(schemas[0], schemas[1], [(name, name) for name in roots])


def root_names(node: Any) -> set[str]:
    """The references of the operation."""
    return {part.partition('"')[0] for part in json.dumps(node["paths"]).split('"#/components/schemas/')[1:]}


def silent(old: Cut, new: Cut, changes: Sequence[Change]) -> list[Fact]:
    """What differs, and is not said."""
    facts = told_of_renamings(old, new, changes)
    return sorted(fact for fact in facts if not any(covers(change, fact) for change in changes))


def invented(old: Cut, new: Cut, changes: Sequence[Change]) -> list[Change]:
    """What is said, and does not differ."""
    facts = told_of_renamings(old, new, changes)
    blind = Structure(old, {}, set()), Structure(new, {}, set())
    found = [change for change in changes if change.action != "renamed" and not is_real(change, facts, old, new)]
    return [*found, *(change for change in changes if change.action == "renamed" and not is_renaming(change, *blind))]


def told_of_renamings(old: Cut, new: Cut, changes: Sequence[Change]) -> set[Fact]:
    """What differs, to one who knows which types have another name, or have one now, and nothing else of ours."""
    renamed = {change.before: change.after for change in changes if change.kind == "type" and is_of_a_component(change)}
    through = {(change.component, change.path) for change in changes if is_at_a_place(change)}
    return differences(Structure(old, renamed, through), Structure(new, {}, through))


def is_of_a_component(change: Change) -> bool:
    """A component is called otherwise."""
    return change.action == "renamed" and not change.path and change.component == change.after


def is_at_a_place(change: Change) -> bool:
    """What stood inline has a name now, or the other way round, or another name that there was before."""
    return change.kind == "type" and change.action == "renamed" and not is_of_a_component(change)


def is_renaming(change: Change, old: Structure, new: Structure) -> bool:
    """Whether the one name went and the other came, and there it was and here it is the very same."""
    if change.kind == "type" and is_of_a_component(change):
        return change.before in old.names() - new.names() and change.after in new.names() - old.names()
    one, other = old.facts(change.component), new.facts(change.component)
    if change.kind == "type":
        return names_at(one, change.path) != names_at(other, change.path)
    if change.kind == "word":
        went, came = ({fact.value for fact in each if fact.what == "word"} for each in (one - other, other - one))
        return change.before in went and change.after in came
    gone, come = ((*change.path, name) for name in (change.before, change.after))
    return bool(inside(one, gone)) and not inside(other, gone) and inside(one, gone) == inside(other, come)


def names_at(facts: set[Fact], path: tuple[str, ...]) -> set[str]:
    """What a place refers to."""
    return {fact.value for fact in facts if fact.path == path and fact.what == REFERS}


def inside(facts: set[Fact], path: tuple[str, ...]) -> set[tuple[tuple[str, ...], str, str]]:
    """What is said of the type of what stands at a place, as seen from there."""
    return {
        (fact.path[len(path) :], fact.what, fact.value)
        for fact in facts
        if fact.path[: len(path)] == path and fact.what in BOUNDS and fact.value != "required"
    }


def covers(change: Change, fact: Fact) -> bool:
    """Whether a change is what a fact is about: at that very place, or above it where the whole of it came or went."""
    if change.component != fact.component:
        return False
    at = (*change.path, change.name) if change.kind in ("field", "type") and change.name else change.path
    match change.kind, change.action:
        case ("field", "added" | "removed" | "retyped" | "renamed") | ("type", "retyped"):
            names = {change.name, change.before} if change.action == "renamed" else {change.name}
            spots = {(*change.path, name) if name else change.path for name in names}
            return any(fact.path[: len(spot)] == spot for spot in spots)
        case "field", "required" | "optional":
            return fact.path == at and fact.value == "required"
        case (("field" | "type"), "nullable" | "not nullable"):
            return fact.path == at and fact.value == "null"
        case "word", _:
            gone_or_come = {change.name, change.before, change.after}
            kinds = fact.what == "may be"  # the first word of a union says that it may be a string
            its_own = bool(fact.path) and fact.path[:-1] == at and fact.path[-1] in gone_or_come
            return its_own or (fact.path == at and (fact.value in gone_or_come or kinds))
        case "arm", _:
            return fact.path[: len(at)] == at
        case "detail", _:
            return fact.what == change.name and at in (fact.path, fact.path[:-1])  # that of a word, too
        case _:
            return False


def is_real(change: Change, facts: set[Fact], old: Cut, new: Cut) -> bool:
    """Whether the two cuts do differ there."""
    if change.kind == "type" and change.action in ("added", "removed"):
        there, here = (change.component in cut["components"]["schemas"] for cut in (old, new))
        return there != here
    return any(covers(change, fact) for fact in facts)


def places(report: Mapping[str, Any]) -> Iterator[str]:
    """Where the report of the command line sees changes."""
    for each in report["changes"]:
        if each["what"] != "generate":
            yield from each["places"]
