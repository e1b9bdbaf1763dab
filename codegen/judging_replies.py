"""What a change of what comes back means: which function reads it or must handle it, and what callers lose.

Callers have the vendor's own reply, typed (`response.native`): a field that is gone from it breaks them.
"""

from collections.abc import Iterable

from codegen.changes import Change
from codegen.consequences import NOTHING, Bench, Consequence, mapping
from codegen.emitted import mentioned
from codegen.handwritten import Place
from codegen.surface import Side


class ReplyJudge(Bench):
    """Judges what comes back."""

    def table(self, change: Change) -> Consequence:
        """A table with one key for each word must have each, and no others."""
        words = {*change.words} if change.kind == "arm" else {change.name, change.before, change.after}
        found = NOTHING
        for table, before in self.old.tables.items() if change.kind in ("word", "arm") else ():
            after = self.new.tables.get(table, before)
            come, gone = frozenset(after) - {*before}, frozenset(before) - {*after}
            if words & (come | gone):
                found |= mapping(self.hand.filling(table, come & words, gone & words))
        return found

    def reply(self, change: Change) -> Consequence:
        old, new = self.old.side("responses"), self.new.side("responses")
        owner = old.name(change.component, change.path)
        match change.kind, change.action:
            case "arm" | "field", "added":
                before, after = _members(old, change), _members(new, change)
                news = after - before if _is_choice(change, old) else frozenset[str]()
                return mapping(self.hand.choosing(before, news)) if news else NOTHING
            case "arm", "removed":
                gone = old.named.get(change.before, "")
                return self._lost(gone, "", self.hand.naming(("responses", gone)))
            case "field", "removed" | "renamed":
                name = change.before if change.action == "renamed" else change.name
                if change.keyed or _is_choice(change, old):
                    return self._lost_members(_members(old, change) - _members(new, change))
                return self._lost(owner, name, self.hand.reading(("responses", owner), name))
            case "field", "retyped" | "nullable" | "not nullable" | "required" | "optional":
                return self._other(change, owner)
            case "type", "renamed":
                gone = self.gone(change, "responses")
                return self._lost(gone, "", self.hand.naming(("responses", gone)))
            case _:
                return NOTHING

    def _lost(self, owner: str, field: str, at: Iterable[Place]) -> Consequence:
        """A reply type, or a field of one, that is no more."""
        old, new = self.old.side("responses"), self.new.side("responses")
        is_gone = owner not in new.emitted.names or (field and field not in new.emitted.classes.get(owner, {}))
        was = owner in old.emitted.names and (not field or field in old.emitted.classes.get(owner, {}))
        if not (was and is_gone):
            return NOTHING
        return Consequence("breaking", breaks=(f"native {owner}{'.' if field else ''}{field}",)) | mapping(at)

    def _lost_members(self, gone: Iterable[str]) -> Consequence:
        found = NOTHING
        for name in sorted(gone):
            found |= self._lost(name, "", self.hand.naming(("responses", name)))
        return found

    def _other(self, change: Change, owner: str) -> Consequence:
        old = self.old.side("responses")
        if old.type_of(owner, change.name) is None or not self.retyped(change, "responses"):
            return NOTHING
        at = mapping(self.hand.reading(("responses", owner), change.name))
        if change.action == "retyped" and not change.wider:
            return Consequence("breaking", breaks=(f"native {owner}.{change.name}",)) | at
        return at

    def unified(self, change: Change) -> Consequence:
        old, new = self.old.unified, self.new.unified
        if not (old.emitted.names and new.emitted.names):
            return NOTHING
        owner = old.name(change.component, change.path)
        name = change.before if change.action == "renamed" else change.name
        if change.kind == "field" and (before := old.type_of(owner, name)) is not None:
            after = new.type_of(new.name(change.component, change.path), name)
            if before == after:
                return NOTHING
            gone = old.closure(old.emitted.classes[owner][name].annotation) - new.emitted.names
            at = [place for each in gone for place in self.unified_hand.naming(("responses", each))]
            return Consequence("breaking", breaks=(f"{owner}.{name}",)) | mapping(at)
        if change.kind == "word" and change.action in ("removed", "renamed"):
            return Consequence("breaking", breaks=(f"{owner} {name!r}",)) if owner in old.closed else NOTHING
        return NOTHING


def _is_choice(change: Change, side: Side) -> bool:
    """Whether what was added to is one of a kind: an arm always, a field where an object only ever has one."""
    return change.kind == "arm" or side.name(change.component, change.path) in side.emitted.aliases


def _members(side: Side, change: Change) -> frozenset[str]:
    """The classes that may stand at the place."""
    name = side.name(change.component, change.path)
    if name in side.emitted.names:
        return side.members(name)
    for end in range(len(change.path) - 1, -1, -1):
        fields = side.emitted.classes.get(side.name(change.component, change.path[:end]), {})
        if change.path[end] in fields:
            names = [each for each in mentioned(fields[change.path[end]].annotation) if each in side.emitted.names]
            return frozenset[str]().union(*map(side.members, names))
    return frozenset()
