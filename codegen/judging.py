"""What a change is called, and what it means: for what is sent, for what comes back, for the unified types."""

from collections.abc import Collection
from typing import Final

from codegen.changes import Change
from codegen.consequences import NOTHING, Consequence
from codegen.judging_replies import ReplyJudge
from codegen.judging_requests import RequestJudge

WORDS: Final = {"StopReasons": "stop reason", "ErrorTypes": "error"}
"""What the words of the tables of stubs.py are called."""
FACTS: Final = {"discriminator": "tag", "deprecated": "deprecation", "additionalProperties": "openness"}
"""What a detail is called; one that is not here is a bound, unless it goes by its own name."""
PLAIN: Final = frozenset({"default", "format", "readOnly", "writeOnly"})


class Judge(RequestJudge, ReplyJudge):
    """Judges whatever changed."""

    def consequence(self, change: Change, roles: Collection[str]) -> Consequence:
        """What `change`, in what those roles reach, means."""
        if change.kind == "detail":
            return NOTHING
        found = NOTHING
        if "request" in roles:
            found |= self.request(change)
        if set(roles) - {"request"}:
            found |= self.table(change) | self.reply(change) | self.unified(change)
        return found

    def what(self, change: Change, roles: Collection[str]) -> str:
        """What kind of thing changed, in the field's words."""
        if change.kind == "detail":
            return change.name if change.name in PLAIN else FACTS.get(change.name, "bound")
        words = change.words if change.kind == "arm" else (change.name,)
        for table, what in WORDS.items() if change.kind in ("word", "arm") else ():
            if self._touched(table) & set(words) and set(roles) - {"request"}:
                return what
        if change.kind == "word":
            return "enum value"
        if change.kind == "arm" and not (change.words or self._is_class(change)):
            return "form"
        if change.kind == "arm" or change.keyed:
            is_event = change.component == self.source.roots.get("stream") and not change.path
            return "stream event" if is_event else "request variant" if {*roles} == {"request"} else "block type"
        if change.kind == "type":
            return "type"
        sides = {"request" if role == "request" else "error" if role == "error" else "reply" for role in roles}
        return (
            f"{sides.pop()} field"
            if len(sides) == 1
            else "request and reply field"
            if "request" in sides
            else "reply field"
        )

    def _is_class(self, change: Change) -> bool:
        """Whether the arm is of a named type."""
        return any(change.name in side.named for each in (self.old, self.new) for side in each.sides.values())

    def _touched(self, table: str) -> set[str]:
        return set(self.old.tables.get(table, ())) ^ set(self.new.tables.get(table, ()))
