"""What a change of a description means for us: for callers' options, for the hand-written half, for callers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from codegen.changes import Change
from codegen.handwritten import Handwritten, Place
from codegen.sources import Decisions, Source
from codegen.surface import Surface

Level: TypeAlias = Literal["nothing", "look", "option", "mapping", "breaking"]
LEVELS: Final[tuple[Level, ...]] = ("nothing", "look", "option", "mapping", "breaking")


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
        elif self.level == "look":
            said.append(f"no type asks for it: can a caller say it?{f' See {places}' if places else ''}")
        elif places:
            said.append(f"needs a mapping: {places}")
        if self.options:
            said.append(f"new typed option: {', '.join(self.options)}")
        return "; ".join(said) or "nothing to do"


NOTHING: Final = Consequence()


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*one, *other]))


@dataclass(frozen=True)
class Bench:
    """What a change is judged by: two surfaces, and what was written by hand for the first."""

    source: Source
    decisions: Decisions
    old: Surface
    new: Surface
    hand: Handwritten
    unified_hand: Handwritten = field(default_factory=lambda: Handwritten(()))
    """What names the unified types, where they are compiled from this description."""

    def retyped(self, change: Change, module: str = "requests") -> bool:
        """Whether the generated type of the field is another."""
        old, new = self.old.side(module), self.new.side(module)
        if not new.emitted.names:
            return True  # it cannot be compiled: nothing is known
        before = old.type_of(old.name(change.component, change.path), change.name)
        after = new.type_of(new.name(change.component, change.path), change.name)
        return before != after

    def gone(self, change: Change, module: str) -> str:
        """The name of a type that is called otherwise now."""
        old, new = self.old.side(module), self.new.side(module)
        names = {old.named.get(change.before, ""), old.name(change.component, change.path)}
        return next((name for name in sorted(names) if name in old.emitted.names - new.emitted.names), "")


def mapping(at: Iterable[Place]) -> Consequence:
    """Those functions are to be changed, if any."""
    places = tuple(sorted(set(at)))
    return Consequence("mapping", at=places) if places else NOTHING
