"""What a change of a description means for us: for callers' options, for the hand-written half, for callers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from codegen.comparing import Change, Path
from codegen.dialects import UNIFIED
from codegen.emitted import mentioned
from codegen.handwritten import Handwritten, Name, Place
from codegen.sources import Decisions, Source
from codegen.stubs import mapped_type
from codegen.surface import Side, Surface

Level: TypeAlias = Literal["nothing", "option", "mapping", "breaking"]
LEVELS: Final[tuple[Level, ...]] = ("nothing", "option", "mapping", "breaking")
NARROWER: Final = frozenset({"removed", "renamed", "retyped", "required", "not nullable"})
WORDS: Final = {"StopReasons": "stop reason", "ErrorTypes": "error"}
"""What the words of the tables of stubs.py are called."""
FACTS: Final = {"discriminator": "tag", "deprecated": "deprecation", "additionalProperties": "openness"}
"""What a detail is called; one that is not here is a bound, unless it goes by its own name."""
PLAIN: Final = frozenset({"default", "format", "readOnly", "writeOnly"})


@dataclass(frozen=True)
class Consequence:
    """What is to be done."""

    level: Level = "nothing"
    breaks: tuple[str, ...] = ()
    """What callers use that is no more what it was."""
    options: tuple[str, ...] = ()
    """What callers can newly pass."""
    verdict: str = ""
    """The file that wants a verdict first."""
    at: tuple[Place, ...] = ()

    def __or__(self, other: "Consequence") -> "Consequence":
        """Both."""
        return Consequence(
            level=LEVELS[max(LEVELS.index(self.level), LEVELS.index(other.level))],
            breaks=_both(self.breaks, other.breaks),
            options=_both(self.options, other.options),
            verdict=self.verdict or other.verdict,
            at=tuple(sorted({*self.at, *other.at})),
        )

    @property
    def says(self) -> str:
        """In a line."""
        places = ", ".join(map(str, self.at))
        said = [f"breaks callers of {', '.join(self.breaks)}"] if self.breaks else []
        if self.verdict:
            said.append(f"needs a decision: {self.verdict}" + (f"; if mapped, a mapping: {places}" if places else ""))
        elif places:
            said.append(f"needs a mapping: {places}")
        if self.options:
            said.append(f"new typed option: {', '.join(self.options)}")
        return "; ".join(said) or "nothing to do"


NOTHING: Final = Consequence()


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*one, *other]))


@dataclass(frozen=True)
class Judge:
    """Two surfaces, and what was written by hand for the first."""

    source: Source
    decisions: Decisions
    old: Surface
    new: Surface
    hand: Handwritten

    def consequence(self, change: Change, roles: Collection[str]) -> Consequence:
        """What `change`, in what those roles reach, means."""
        if change.kind == "detail":
            return NOTHING
        found = NOTHING
        if "request" in roles:
            found |= self._request(change)
        if set(roles) - {"request"}:
            found |= self._table(change) | self._reply(change) | self._unified(change)
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

    def _table(self, change: Change) -> Consequence:
        """A table with one key for each word must have each, and no others."""
        words = {*change.words} if change.kind == "arm" else {change.name, change.before, change.after}
        found = NOTHING
        for table, before in self.old.tables.items() if change.kind in ("word", "arm") else ():
            after = self.new.tables.get(table, before)
            come, gone = frozenset(after) - {*before}, frozenset(before) - {*after}
            if words & (come | gone):
                found |= self._mapping(self.hand.filling(table, come & words, gone & words))
        return found

    def _mapping(self, at: Iterable[Place]) -> Consequence:
        places = tuple(sorted(set(at)))
        return Consequence("mapping", at=places) if places else NOTHING

    # Requests

    def _request(self, change: Change) -> Consequence:
        old, new = self.old.side("requests"), self.new.side("requests")
        owner = new.name(change.component, change.path) or old.name(change.component, change.path)
        groups = {**self.new.groups, **self.old.groups}
        if self.source.dialect and change.kind == "field" and self._is_root(change):
            return self._field_of_dialect(change)
        if change.kind == "field" and owner in groups and not self.source.dialect:
            return self._request_field(change, (*groups[owner], change.name))
        return self._inside(change, owner)

    def _is_root(self, change: Change) -> bool:
        """Of the request; whose variants, where it has some, are merged."""
        return not change.path and change.component in (self.source.roots["request"], *self._variants())

    def _variants(self) -> frozenset[str]:
        return frozenset(self.new.variants) | frozenset(self.old.variants)

    def _field_of_dialect(self, change: Change) -> Consequence:
        names = {change.before, change.name} if change.action == "renamed" else {change.name}
        names -= self.decisions.ignored.keys()
        if not names:
            return NOTHING
        if change.action in ("removed", "renamed", "retyped", "not nullable") and not change.wider:
            if change.action not in ("removed", "renamed") and names & UNIFIED:
                return NOTHING  # a unified parameter has a type of its own
            return Consequence("breaking", breaks=tuple(sorted(map(self._called, names))))
        if change.action in ("added", "nullable") or change.wider:
            return Consequence("option", options=(self._called(change.name),))
        return NOTHING

    def _called(self, name: str) -> str:
        return f"the parameter {name}" if name in UNIFIED else self._option(name)

    def _option(self, name: str) -> str:
        return f"{self.source.vendor}={{{name!r}: ...}}"

    def _request_field(self, change: Change, path: Path) -> Consequence:
        name = change.name
        verdict = self._verdict(path)
        before = self._verdict((*path[:-1], change.before)) if change.action == "renamed" else ""
        group = self.source.fields.get(path[0], "RequestFields") if len(path) > 1 else "RequestFields"
        built = [(place, words or frozenset[str]()) for place, words in self.hand.building(("stubs", group))]
        sent = change.before if change.action == "renamed" else name
        at = tuple({place for place, words in built if (sent in words) != (change.action == "added")})
        decide = f"specs/{self.source.vendor}/decisions.toml"
        if change.action in ("added", "renamed") and not verdict and not before:
            return Consequence("mapping", verdict=decide, at=at)
        if change.action == "added":
            option = verdict == "passthrough"
            return Consequence("option", options=(self._option(name),)) if option else self._mapping(at)
        verdict = verdict or before
        broken = (self._option(change.before or name) if change.action == "renamed" else self._option(name),)
        if change.action in ("removed", "renamed"):
            if verdict == "ignored":
                return Consequence("mapping", verdict=decide)
            lost = broken if verdict == "passthrough" else (f"what sends {change.before if before else name}",)
            return Consequence("breaking", breaks=lost, verdict=decide, at=at if verdict == "mapped" else ())
        if verdict == "mapped":
            return self._mapping(at) if self._is_sent_otherwise(change, path) else NOTHING
        if not self._retyped(change) or change.wider:
            return Consequence("option", options=broken) if verdict == "passthrough" and change.wider else NOTHING
        narrow = verdict == "passthrough" and change.action in NARROWER and change.action != "required"
        return Consequence("breaking", breaks=broken) if narrow else NOTHING

    def _is_sent_otherwise(self, change: Change, path: Path) -> bool:
        """Whether the field of `RequestFields` has a type that what was passed to it may not have."""
        if change.wider or change.action in ("nullable", "optional"):
            return False
        given = self.source.fields.get(".".join(path))
        types: list[str | None] = []
        for surface in (self.old, self.new):
            side = surface.side("requests")
            field = side.emitted.classes.get(side.name(change.component, change.path), {}).get(change.name)
            types.append(mapped_type(field, given, side.emitted) if field else None)
        return types[0] != types[1]

    def _verdict(self, path: Path) -> str:
        name = ".".join(path)
        lists: Mapping[str, Collection[str]] = {
            "mapped": self.decisions.mapped,
            "passthrough": self.decisions.passthrough,
            "ignored": self.decisions.ignored,
        }
        return next((verdict for verdict, names in lists.items() if name in names), "")

    def _retyped(self, change: Change, module: str = "requests") -> bool:
        """Whether the generated type of the field is another."""
        old, new = self.old.side(module), self.new.side(module)
        if not new.emitted.names:
            return True  # it cannot be compiled: nothing is known
        before = old.type_of(old.name(change.component, change.path), change.name)
        after = new.type_of(new.name(change.component, change.path), change.name)
        return before != after

    def _inside(self, change: Change, owner: str) -> Consequence:
        """A change of a type that requests are made of."""
        at = () if self.source.dialect else tuple(self._builders(change, ("requests", owner)))
        options = self._options_with(change)
        narrower = change.action in NARROWER and not change.wider and change.kind != "type"
        if options and (narrower or (change.action == "added" and change.required)):
            return Consequence("breaking", breaks=options) | self._mapping(at)
        if at:
            return self._mapping(at)
        if options and change.action in ("added", "nullable", "retyped", "optional"):
            return Consequence("option", options=options)
        return NOTHING

    def _builders(self, change: Change, owner: Name) -> Iterable[Place]:
        """Who has to build it otherwise."""
        new = self.new.side("requests")
        match change.kind, change.action:
            case "field", "removed" | "renamed":
                return self.hand.reading(owner, change.before if change.action == "renamed" else change.name)
            case "field", "required" | "added":
                owed = change.required or (change.action == "required" and self._retyped(change))
                built = self.hand.building(owner) if owed else ()
                return [place for place, words in built if words is not None and change.name not in words]
            case "field", "retyped" | "not nullable":
                built = self.hand.building(owner) if self._retyped(change) and not change.wider else ()
                return [place for place, words in built if words is not None and change.name in words]
            case "word", "removed" | "renamed":
                return self.hand.saying(change.before)
            case "arm", "removed":
                gone = self.old.side("requests").named.get(change.before, "")
                return [] if gone in new.emitted.names else self.hand.naming(("requests", gone))
            case "type", "renamed":
                gone = self._gone(change, "requests")
                return self.hand.naming(("requests", gone)) if gone else []
            case _:
                return []

    def _gone(self, change: Change, module: str) -> str:
        """The name of a type that is called otherwise now."""
        old, new = self.old.side(module), self.new.side(module)
        names = {old.named.get(change.before, ""), old.name(change.component, change.path)}
        return next((name for name in sorted(names) if name in old.emitted.names - new.emitted.names), "")

    def _options_with(self, change: Change) -> tuple[str, ...]:
        """The options that are made of what changed."""
        found: list[str] = []
        for surface in (self.old, self.new):
            side = surface.side("requests")
            places = {side.name(change.component, change.path[:end]) for end in range(len(change.path) + 1)}
            places &= side.emitted.names - surface.groups.keys()
            for group, prefix in surface.groups.items():
                for key, field in side.emitted.classes.get(group, {}).items():
                    within = side.name(change.component, ()) == group and change.path[:1] == (key,)
                    if self._is_option((*prefix, key)) and (within or places & side.closure(field.annotation)):
                        found.append(self._option(key))
        return tuple(dict.fromkeys(found))

    def _is_option(self, path: Path) -> bool:
        if self.source.dialect:
            return path[0] not in UNIFIED and path[0] not in self.decisions.ignored
        return self._verdict(path) == "passthrough"

    # Replies

    def _reply(self, change: Change) -> Consequence:
        old, new = self.old.side("responses"), self.new.side("responses")
        owner = old.name(change.component, change.path)
        match change.kind, change.action:
            case "arm" | "field", "added":
                before, after = _members(old, change), _members(new, change)
                news = after - before if _is_choice(change, old) else frozenset[str]()
                return self._mapping(self.hand.choosing(before, news)) if news else NOTHING
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
                gone = self._gone(change, "responses")
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
        return Consequence("breaking", breaks=(f"native {owner}{'.' if field else ''}{field}",)) | self._mapping(at)

    def _lost_members(self, gone: Iterable[str]) -> Consequence:
        found = NOTHING
        for name in sorted(gone):
            found |= self._lost(name, "", self.hand.naming(("responses", name)))
        return found

    def _other(self, change: Change, owner: str) -> Consequence:
        old = self.old.side("responses")
        if old.type_of(owner, change.name) is None or not self._retyped(change, "responses"):
            return NOTHING
        at = self._mapping(self.hand.reading(("responses", owner), change.name))
        if change.action == "retyped" and not change.wider:
            return Consequence("breaking", breaks=(f"native {owner}.{change.name}",)) | at
        return at

    # The unified types

    def _unified(self, change: Change) -> Consequence:
        old, new = self.old.unified, self.new.unified
        if not (old.emitted.names and new.emitted.names):
            return NOTHING
        owner = old.name(change.component, change.path)
        name = change.before if change.action == "renamed" else change.name
        if change.kind == "field" and (before := old.type_of(owner, name)) is not None:
            after = new.type_of(new.name(change.component, change.path), name)
            return Consequence("breaking", breaks=(f"{owner}.{name}",)) if before != after else NOTHING
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
