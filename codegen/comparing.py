"""What differs between two cuts of a description: one `Change` for each thing that says something else on the wire."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from codegen.changes import Action, Change, Kind, Path
from codegen.likeness import bar_null, bare, equal, renamed, same_sort, side_by_side, sort_of, without_these, words_of
from codegen.plainly import DETAILS, constants, plainly, told
from codegen.schemas import (
    KEYED,
    NULL,
    Schema,
    Schemas,
    arms,
    is_object,
    ref,
    references,
    target,
    with_null,
    without_null,
)

ABSENT: Final = object()
TEXT: Final = {"type": "string"}


@dataclass
class Comparison:
    """The comparison of two sets of components, each pair looked at once."""

    old: Schemas
    new: Schemas
    changes: list[Change] = field(default_factory=list[Change])
    seen: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def components(self, one: str, other: str) -> None:
        """Compare a component with what became of it."""
        if (one, other) in self.seen:
            return
        self.seen.add((one, other))
        if one in self.old and other in self.new:
            self.schemas(self.old[one], self.new[other], other, ())
        elif one in self.old:
            self._say("type", "removed", one, (), "", told(self.old[one]))  # forgotten, as vendors do
        elif other in self.new:
            self._say("type", "added", other, (), "", "", told(self.new[other]))

    def schemas(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        """Compare two schemas, and what they refer to."""
        if self._is_moved(bar_null(one), bar_null(other)):
            self._moved(one, other, component, path)
            return
        if null := _null_change(one, other):
            self._say("field" if path else "type", null, component, path[:-1], _last(path), told(one), told(other))
        one, other = bar_null(one), bar_null(other)
        one, other = side_by_side(one, other), side_by_side(other, one)
        self._details(one, other, component, path)
        before, after = target(one), target(other)
        if "anyOf" in one or "anyOf" in other:
            self._unions(one, other, component, path)
        elif before and after:
            self._references(before, after, component, path)
        else:
            self._contents(one, other, component, path)

    def _references(self, before: str, after: str, component: str, path: Path) -> None:
        if before != after:
            same = self._shape(before, self.old) == self._shape(after, self.new)
            renamed = before not in self.new and after not in self.old
            if not (same or renamed):
                self._retyped(ref(before), ref(after), component, path)
                return
            if renamed and (before, after) not in self.seen:
                self._say("type", "renamed", after, (), "", before, after)
            elif not renamed:
                self._say("type", "renamed", component, path, "", before, after)
        self.components(before, after)

    def _moved(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        """What stood inline has a component now, or the other way round: on the wire, only contents count."""
        before, after = self._effective(one, self.old), self._effective(other, self.new)
        if {sort_of(before), sort_of(after)} & {"object", "choice"} or "enum" in before or "enum" in after:
            self._say("type", "renamed", component, path, "", told(one), told(other))
        self.schemas(before, after, component, path)

    def _is_moved(self, one: Schema, other: Schema) -> bool:
        if (target(one) is None) == (target(other) is None):
            return False
        names = {target(arm) for arm in arms(other if target(one) else one)}
        return (target(one) or target(other)) not in names  # else, one of the arms of a choice is what was or is alone

    def _effective(self, schema: Schema, schemas: Schemas) -> Schema:
        """What a schema comes down to, null included."""
        bare = bar_null(schema)
        if target(bare) is None:
            return schema
        found = self._resolved(bare, schemas)
        beside = {key: value for key, value in bare.items() if key != "$ref"}
        return {**(with_null(found) if bare != schema else found), **beside}

    def _contents(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        if sort_of(one) != sort_of(other):
            self._retyped(one, other, component, path)
            return
        self._words(one, other, component, path)
        if "properties" in one or "properties" in other:
            self._properties(one, other, component, path)
        for key, step in (("items", "[]"), ("additionalProperties", "{}")):
            here, there = one.get(key), other.get(key)
            if is_object(here) and is_object(there):
                self.schemas(here, there, component, (*path, step))
            elif is_object(here) or is_object(there):
                before, after = (each if is_object(each) else {} for each in (here, there))
                self._retyped(before, after, component, (*path, step))

    def _details(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        for key in DETAILS:
            before, after = one.get(key, ABSENT), other.get(key, ABSENT)
            if before != after and not (is_object(before) or is_object(after)):
                texts = ("" if said is ABSENT else json.dumps(said, ensure_ascii=False) for said in (before, after))
                self._say("detail", "changed", component, path, key, *texts)
        if one.get("discriminator") != other.get("discriminator"):
            texts = (str(each.get("discriminator") or "") for each in (one, other))
            self._say("detail", "changed", component, path, "discriminator", *texts)
        for key in ("allOf",):
            if one.get(key) != other.get(key):
                self._retyped(one, other, component, path)

    def _words(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        if "enum" not in one and "enum" not in other:
            return
        before, after = one.get("enum"), other.get("enum")
        if before is None or after is None:
            self._retyped(one, other, component, path)
            return
        if len(before) == len(after) == 1 and before != after:
            self._retyped(one, other, component, path)
            return
        self._set("word", component, path, before, after, tuple(map(str, before)))

    def _set(self, kind: Kind, component: str, path: Path, before: list[Any], after: list[Any], words: Path) -> None:
        gone = [str(word) for word in before if word not in after]
        come = [str(word) for word in after if word not in before]
        for here, there in renamed(gone, come, lambda _one, _other: len(gone) == len(come) == 1):
            self._say(kind, "renamed", component, path, there, here, there, words=words)
            gone.remove(here)
            come.remove(there)
        for word in gone:
            self._say(kind, "removed", component, path, word, word, "", words=words)
        for word in come:
            self._say(kind, "added", component, path, word, "", word, words=words)

    def _properties(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        before, after = one.get("properties", {}), other.get("properties", {})
        keyed = KEYED in one or KEYED in other
        owed = (set(one.get("required", ())), set(other.get("required", ())))

        def alike(here: str, there: str) -> bool:
            return bool(self._inside(before[here], self.old) == self._inside(after[there], self.new))

        gone, come = ([name for name in each if name not in rest] for each, rest in ((before, after), (after, before)))
        pairs = dict(renamed(gone, come, alike))
        for here, there in pairs.items():
            self._say("field", "renamed", component, path, there, here, there, keyed=keyed, required=there in owed[1])
        for name in gone:
            if name not in pairs:
                self._say("field", "removed", component, path, name, told(before[name]), "", keyed=keyed)
        for name in come:
            if name not in pairs.values():
                required = name in owed[1]
                self._say(
                    "field", "added", component, path, name, "", told(after[name]), keyed=keyed, required=required
                )
        for name in sorted((owed[0] ^ owed[1]) - {*before, *after}):  # required, and not described
            self._say("field", "required" if name in owed[1] else "optional", component, path, name)
        for here, there in [*pairs.items(), *((name, name) for name in before if name in after)]:
            if (here in owed[0]) != (there in owed[1]):
                self._say("field", "required" if there in owed[1] else "optional", component, path, there)
            self.schemas(before[here], after[there], component, (*path, there))

    def _unions(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        """Arms are matched: the same one, else one of the same name, tag or sort."""
        gone, come = self._other_than_words(one, other, component, path)
        pairs: list[tuple[Schema, Schema]] = []
        for alike in (equal, self._same_name, self._same_constants, self._same_shape, same_sort):
            for arm in list(gone):
                if (found := next((each for each in come if alike(arm, each)), None)) is not None:
                    gone.remove(arm)
                    come.remove(found)
                    pairs.append((arm, found))
        if not pairs and gone and come and 1 in (len(arms(one)), len(arms(other))):
            self._retyped(one, other, component, path)
            return
        for arm, found in pairs:
            self.schemas(arm, found, component, path)
        for action, left, schemas in (("removed", gone, self.old), ("added", come, self.new)):
            for arm in left:
                texts = (told(arm), "") if action == "removed" else ("", told(arm))
                words = tuple(sorted(constants(self._resolved(arm, schemas)).values()))
                self._say("arm", action, component, path, told(arm), *texts, words=words)  # type: ignore[arg-type]  # the two

    def _other_than_words(
        self, one: Schema, other: Schema, component: str, path: Path
    ) -> tuple[list[Schema], list[Schema]]:
        """The arms of two unions. Arms that are one word each are, together, an enum."""
        before, after = words_of(one), words_of(other)
        if not (before and after and len(before) + len(after) > 2):
            return list(arms(one)), list(arms(other))
        self._set("word", component, path, list(before), list(after), tuple(before))
        for word in before:
            if word in after:
                self._details(before[word], after[word], component, (*path, word))
        return without_these(arms(one), before.values()), without_these(arms(other), after.values())

    def _same_name(self, one: Schema, other: Schema) -> bool:
        return target(one) is not None and target(one) == target(other)

    def _same_constants(self, one: Schema, other: Schema) -> bool:
        before, after = constants(self._resolved(one, self.old)), constants(self._resolved(other, self.new))
        return bool(before) and before == after

    def _same_shape(self, one: Schema, other: Schema) -> bool:
        return self._inside(one, self.old) == self._inside(other, self.new)

    def _resolved(self, schema: Schema, schemas: Schemas) -> Schema:
        seen: set[str] = set()
        while (name := target(schema)) is not None and name in schemas and name not in seen:
            seen.add(name)
            schema = schemas[name]
        return schema

    def _shape(self, name: str, schemas: Schemas) -> object:
        return bare(schemas.get(name, {}))

    def _inside(self, schema: Schema, schemas: Schemas) -> object:
        return bare(self._resolved(without_null(schema), schemas))

    def _retyped(self, one: Schema, other: Schema, component: str, path: Path) -> None:
        before = [bare(self._resolved(arm, self.old)) for arm in arms(self._effective(one, self.old))]
        after = [bare(self._resolved(arm, self.new)) for arm in arms(self._effective(other, self.new))]
        wider = other == {} or all(arm in after or (_is_word(arm) and TEXT in after) for arm in before)
        kind: Kind = "field" if path else "type"
        self._say(kind, "retyped", component, path[:-1], _last(path), told(one), told(other), wider=wider)

    def _say(
        self,
        kind: Kind,
        action: Action,
        component: str,
        path: Path,
        name: str,
        before: str = "",
        after: str = "",
        *,
        keyed: bool = False,
        words: Path = (),
        required: bool = False,
        wider: bool = False,
    ) -> None:
        change = Change(kind, action, component, path, name, before, after, keyed, words, required, wider)
        if change not in self.changes:
            self.changes.append(change)


def compare(old: Schemas, new: Schemas, roots: Iterable[tuple[str, str]]) -> list[Change]:
    """What differs between the components that `roots` reach, in the order in which it is met."""
    comparison = Comparison(plainly(old), plainly(new))
    pairs = list(roots)
    for one, other in pairs:
        comparison.components(one, other)
    before = _reached(comparison.old, [one for one, _ in pairs])
    after = _reached(comparison.new, [other for _, other in pairs])
    for name in before:  # what is used elsewhere than before is still looked at
        if name in after:
            comparison.components(name, name)
    return comparison.changes


def _reached(schemas: Schemas, waiting: list[str]) -> dict[str, Schema]:
    """The components that are used at all, in the order in which they are met."""
    found: dict[str, Schema] = {}
    while waiting:
        name = waiting.pop(0)
        if name in schemas and name not in found:
            found[name] = schemas[name]
            waiting += references(schemas[name])
    return found


def _null_change(one: Schema, other: Schema) -> Literal["nullable", "not nullable"] | None:
    before, after = NULL in arms(one), NULL in arms(other)
    if before == after:
        return None
    return "nullable" if after else "not nullable"


def _last(path: Path) -> str:
    return path[-1] if path else ""


def _is_word(bared: object) -> bool:
    return is_object(bared) and bared.keys() == {"type", "enum"} and bared["type"] == "string"
