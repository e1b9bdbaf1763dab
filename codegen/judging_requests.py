"""What a change of what is sent means: which option there is now or no more, which function builds it otherwise."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from codegen.changes import Change, Path
from codegen.consequences import NOTHING, Bench, Consequence, mapping
from codegen.dialects import UNIFIED
from codegen.handwritten import Name, Place
from codegen.stubs import mapped_type

ALWAYS: Final = frozenset({"model", "messages"})
"""What every request has."""
NARROWER: Final = frozenset({"removed", "renamed", "retyped", "required", "not nullable"})


class RequestJudge(Bench):
    """Judges what is sent."""

    def request(self, change: Change) -> Consequence:
        """What it means for requests."""
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
        if _is_owed(change) and change.component == self.source.roots["request"]:
            return NOTHING if change.name in ALWAYS else Consequence("breaking", breaks=(_not_sent(change.name),))
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
            return Consequence("option", options=(self._option(name),)) if option else mapping(at)
        verdict = verdict or before
        if change.action == "required" and verdict == "passthrough" and len(path) == 1:
            return Consequence("breaking", breaks=(_not_sent(name),), verdict=decide, at=at)
        broken = (self._option(change.before or name) if change.action == "renamed" else self._option(name),)
        if change.action in ("removed", "renamed"):
            if verdict == "ignored":
                return Consequence("mapping", verdict=decide)
            lost = broken if verdict == "passthrough" else (f"what sends {change.before if before else name}",)
            return Consequence("breaking", breaks=lost, verdict=decide, at=at if verdict == "mapped" else ())
        if verdict == "mapped":
            return mapping(at) if self._is_sent_otherwise(change, path) else NOTHING
        if not self.retyped(change) or change.wider:
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

    def _inside(self, change: Change, owner: str) -> Consequence:
        """A change of a type that requests are made of."""
        at = () if self.source.dialect else tuple(self._builders(change, ("requests", owner)))
        options = self._options_with(change)
        narrower = change.action in NARROWER and not change.wider and change.kind != "type"
        if options and (narrower or (change.action == "added" and change.required)):
            return Consequence("breaking", breaks=options) | mapping(at)
        if at:
            return mapping(at)
        if options and change.action in ("added", "nullable", "retyped", "optional"):
            return Consequence("option", options=options)
        return self._look(change)

    def _look(self, change: Change) -> Consequence:
        """What is new in a field that is mapped, and may be left out: no type asks for a way to say it."""
        if change.action != "added" or self.source.dialect or not self._within(change, "mapped"):
            return NOTHING
        return Consequence("look", at=tuple(self.hand.saying_some(change.words if change.kind == "word" else ())))

    def _builders(self, change: Change, owner: Name) -> Iterable[Place]:
        """Who has to build it otherwise."""
        new = self.new.side("requests")
        match change.kind, change.action:
            case "field", "removed" | "renamed":
                return self.hand.reading(owner, change.before if change.action == "renamed" else change.name)
            case "field", "required" | "added":
                owed = change.required or (change.action == "required" and self.retyped(change))
                built = self.hand.building(owner) if owed else ()
                return [place for place, words in built if words is not None and change.name not in words]
            case "field", "retyped" | "not nullable":
                built = self.hand.building(owner) if self.retyped(change) and not change.wider else ()
                return [place for place, words in built if words is not None and change.name in words]
            case "word", "removed" | "renamed":
                return self.hand.saying(change.before)
            case "arm", "removed":
                gone = self.old.side("requests").named.get(change.before, "")
                return [] if gone in new.emitted.names else self.hand.naming(("requests", gone))
            case "type", "renamed":
                gone = self.gone(change, "requests")
                return self.hand.naming(("requests", gone)) if gone else []
            case _:
                return []

    def _options_with(self, change: Change) -> tuple[str, ...]:
        """The options that are made of what changed."""
        return tuple(map(self._option, self._within(change, "passthrough")))

    def _within(self, change: Change, verdict: str) -> list[str]:
        """The fields with that verdict that are made of what changed."""
        found: list[str] = []
        for surface in (self.old, self.new):
            side = surface.side("requests")
            places = {side.name(change.component, change.path[:end]) for end in range(len(change.path) + 1)}
            places &= side.emitted.names - surface.groups.keys()
            for group, prefix in surface.groups.items():
                for key, field in side.emitted.classes.get(group, {}).items():
                    within = side.name(change.component, ()) == group and change.path[:1] == (key,)
                    if self._is((*prefix, key), verdict) and (within or places & side.closure(field.annotation)):
                        found.append(key)
        return list(dict.fromkeys(found))

    def _is(self, path: Path, verdict: str) -> bool:
        if self.source.dialect:
            own = path[0] not in UNIFIED and path[0] not in self.decisions.ignored
            return own and verdict == "passthrough"
        return self._verdict(path) == verdict


def _is_owed(change: Change) -> bool:
    return change.action == "required" or (change.action == "added" and change.required)


def _not_sent(name: str) -> str:
    return f"what does not send {name}"
