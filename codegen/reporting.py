"""The report of `diff`: for people, as JSON, and as a draft for CHANGELOG.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from codegen.consequences import LEVELS, Consequence, Level

FORMAT: Final = 1
"""Of the JSON; it grows by new keys, and changes its number when a key goes or means something else."""

STATUS: Final[dict[Level, int]] = {"nothing": 0, "look": 0, "option": 0, "mapping": 1, "breaking": 2}
"""The exit status of the gravest consequence."""

HEADINGS: Final[dict[Level, str]] = {
    "breaking": "breaks callers",
    "mapping": "needs a hand",
    "option": "new typed options",
    "look": "worth a look",
    "nothing": "nothing to do",
}


@dataclass(frozen=True)
class Line:
    """One change, and what it means."""

    what: str
    change: str
    place: str
    name: str
    before: str
    after: str
    roles: tuple[str, ...]
    consequence: Consequence
    also: tuple[str, ...] = ()
    """Other places with the very same change."""

    @property
    def guess(self) -> bool:
        """A renaming is told by likeness only, unless it is one type that a reference names."""
        return self.change == "renamed" and self.what != "type"

    @property
    def gist(self) -> str:
        """What changed, in a few words."""
        name = f" {self.name}" if self.name else ""
        match self.change:
            case "added":
                return f"{self.what} added:{name}" + (f" ({self.after})" if self.after not in ("", self.name) else "")
            case "removed":
                return f"{self.what} removed:{name}"
            case "renamed":
                return f"{self.what} {'seems ' if self.guess else ''}renamed: {self.before} -> {self.after}"
            case "stops":
                return f"generate stops: {self.after}"
            case "required" | "optional":
                return f"{self.what} {self.change} now:{name}"
            case "retyped" | "nullable" | "not nullable":
                return f"{self.what} {self.change}:{name} ({self.before} -> {self.after})"
            case _:
                return f"{self.what} changed:{name} {self.before or 'none'} -> {self.after or 'none'}"

    @property
    def where(self) -> str:
        """Where it is described."""
        return self.place + (f" and {len(self.also)} more" if self.also else "")


@dataclass(frozen=True)
class Report:
    """What lies between two descriptions of one vendor."""

    vendor: str
    old: str
    new: str
    lines: Sequence[Line] = field(default_factory=list[Line])

    @property
    def status(self) -> int:
        """The exit status."""
        return max((STATUS[line.consequence.level] for line in self.lines), default=0)

    def text(self) -> str:
        """For people: the gravest first."""
        said = [f"{self.vendor}: {self.old} -> {self.new}: {self._count()}"]
        for level in reversed(LEVELS):
            lines = [line for line in self.lines if line.consequence.level == level]
            said += ["", f"{HEADINGS[level]}:", *_aligned(lines, with_consequence=level != "nothing")] if lines else []
        return "\n".join([*said, ""])

    def _count(self) -> str:
        count = sum(1 + len(line.also) for line in self.lines)
        return "no change" if not count else f"{count} change{'s' if count > 1 else ''}"

    def record(self) -> dict[str, Any]:
        """For programs; described in docs/when-a-spec-changes.md."""
        return {
            "format": FORMAT,
            "vendor": self.vendor,
            "old": self.old,
            "new": self.new,
            "status": self.status,
            "changes": [_record(line) for line in self.lines],
        }

    def changelog(self) -> str:
        """A section for CHANGELOG.md: what callers may notice, the gravest first; empty where that is nothing."""
        lines = sorted(self.lines, key=lambda line: -LEVELS.index(line.consequence.level))
        entries = dict.fromkeys(entry for line in lines if (entry := _entry(line)))
        return "".join([f"### {self.vendor}\n\n", *(f"- {entry}\n" for entry in entries)]) if entries else ""


SEEN: Final = frozenset({"block type", "stream event", "stop reason", "error"})
"""What callers meet in replies, whether or not it wants a mapping."""


def _entry(line: Line) -> str:
    """The line for callers; empty where they notice nothing."""
    more = f" and {len(line.also)} more" if line.also else ""
    what = f"{line.gist}, in `{line.place}`{more}" if line.place else line.gist
    match line.consequence:
        case Consequence(breaks=breaks) if breaks:
            return f"Breaking, by the vendor, for {_listed(breaks)}: {what}"
        case Consequence(options=options) if options:
            return f"New in {_listed(options)}: {what}"
        case Consequence(level=level) if (level == "mapping" and line.change != "stops") or line.what in SEEN:
            return f"{what[:1].upper()}{what[1:]}"
        case _:
            return ""


def _listed(names: Iterable[str]) -> str:
    """Options and classes as code, and what kind of thing they are as words."""
    parts = (name.rpartition(" ") if "=" not in name else ("", "", name) for name in names)
    return ", ".join(f"{kind}{space}`{name}`" for kind, space, name in parts)


def _aligned(lines: Sequence[Line], *, with_consequence: bool) -> Iterable[str]:
    width = min(max((len(line.gist) for line in lines), default=0), 70)
    for line in lines:
        yield f"  {line.gist:<{width}}  {line.where}".rstrip()
        if with_consequence:
            yield f"      {line.consequence.says}"


def _record(line: Line) -> dict[str, Any]:
    consequence = line.consequence
    return {
        "what": line.what,
        "change": line.change,
        "name": line.name,
        "before": line.before,
        "after": line.after,
        "guess": line.guess,
        "roles": list(line.roles),
        "places": [line.place, *line.also],
        "consequence": {
            "level": consequence.level,
            "says": consequence.says,
            "breaks": list(consequence.breaks),
            "options": list(consequence.options),
            "verdict": consequence.verdict,
            "at": [{"file": each.file, "function": each.function, "line": each.line} for each in consequence.at],
        },
    }
