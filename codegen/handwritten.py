"""The hand-written half: which function builds, reads or takes apart what of a vendor's types."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

Name: TypeAlias = tuple[str, str]
"""A name of a generated module: `("requests", "Tool")`."""

IMPORTS: Final = "imports"
"""How the place is called where names are imported one by one: there they are missed, and nowhere else in that file."""


@dataclass(frozen=True, order=True)
class Place:
    """A function, or a variable of a module."""

    file: str
    function: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.function}"


@dataclass
class Function:
    """What a function does with generated types."""

    place: Place
    builds: list[tuple[Name, frozenset[str] | None]] = field(default_factory=list[tuple[Name, frozenset[str] | None]])
    """Classes it calls, with which keywords; None where they are given as `**`."""
    reads: set[tuple[Name, str]] = field(default_factory=set[tuple[Name, str]])
    """Fields it reads or sets, of which class."""
    guesses: set[str] = field(default_factory=set[str])
    """Attributes of things whose class is not known here."""
    names: set[Name] = field(default_factory=set[Name])
    choices: list[frozenset[str]] = field(default_factory=list[frozenset[str]])
    """The classes of each `match` that must be complete."""
    words: set[str] = field(default_factory=set[str])


@dataclass(frozen=True)
class Handwritten:
    """All functions that have to do with one vendor's types."""

    functions: tuple[Function, ...]

    def building(self, name: Name) -> Iterator[tuple[Place, frozenset[str] | None]]:
        """Who builds that class."""
        for function in self.functions:
            yield from ((function.place, keywords) for built, keywords in function.builds if built == name)

    def reading(self, name: Name, attribute: str) -> list[Place]:
        """Who reads that field; where nobody surely does, who may."""
        sure = [each.place for each in self.functions if (name, attribute) in each.reads]
        return sure or [each.place for each in self.functions if attribute in each.guesses and len(attribute) > SHORT]

    def naming(self, name: Name) -> list[Place]:
        """Who names that class or table."""
        found = [each.place for each in self.functions if name in each.names]
        importing = {place.file for place in found if place.function == IMPORTS}
        return [place for place in found if place.function == IMPORTS or place.file not in importing]

    def saying(self, word: str) -> list[Place]:
        """Who says that word where requests are built."""
        return [
            each.place
            for each in self.functions
            if word in each.words and any(module == "requests" for module, _ in each.names)
        ]

    def saying_some(self, words: Collection[str]) -> list[Place]:
        """Who says most of those words where requests are built: who says few may mean another thing."""
        return [
            each.place
            for each in self.functions
            if len(each.words & {*words}) > len(words) / 2 and any(module == "requests" for module, _ in each.names)
        ]

    def choosing(self, members: frozenset[str], news: frozenset[str]) -> list[Place]:
        """Who must handle each of `members`, and does not yet handle all of `news`."""
        found = [
            (each.place, choice, len(choice & members) / len((choice | members) - news))
            for each in self.functions
            for choice in each.choices
            if choice & members
        ]
        best = max((likeness for _, _, likeness in found), default=0)
        return [place for place, choice, likeness in found if likeness == best >= MOST and not news <= choice]

    def filling(self, table: str, come: frozenset[str], gone: frozenset[str]) -> list[Place]:
        """Who fills that table of stubs.py, and not with these words yet, or still with those."""
        return [
            each.place
            for each in self.functions
            if ("stubs", table) in each.names and each.words and (come - each.words or gone & each.words)
        ]


MOST: Final = 0.5
"""How much of a choice must be there for a `match` to be of that choice: some is handled before it."""

SHORT: Final = 7
"""A name this short says little about whose attribute it is: `id`, `type`, `content`."""
