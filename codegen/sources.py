"""What a folder of specs/ holds: source.toml and decisions.toml, as typed values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.failure import Failure


@dataclass(frozen=True)
class Source:
    """specs/<vendor>/source.toml."""

    folder: Path
    title: str
    """The vendor's name as types spell it."""
    format: str
    page: str
    """Where the vendor documents the operation."""
    base: str | None
    """The vendor whose description is compiled, where it is not this one's."""
    dialect: str | None
    """The vendor whose replies are the form of this one's, so that only its requests are compiled."""
    extends: str | None
    """The vendor to whose request this description only adds fields."""
    address: str | None
    resolver: Mapping[str, str] | None
    """For an address that changes: a page, and the key of it that gives the address of the day."""
    path: str
    method: str
    roots: Mapping[str, str]
    """The schemas of the request, response, stream event and error in the vendor's description."""
    also: tuple[str, ...]
    """Components that the operation does not reach, and the overlay refers to."""
    inline: Mapping[str, str]
    """Schemas that stand inline in the vendor's description: the name each gets, and the JSON pointer to it."""
    names: Mapping[str, str]
    prefixes: tuple[str, ...]
    tables: Mapping[str, str]
    """Tables that a mapping must fill: name of the table, and the enum or tagged union it lists."""
    fields: Mapping[str, str]
    """Request fields whose own fields are mapped one by one, and the name of the class for them."""
    docs: Mapping[str, str]
    """What is said about a class in its docstring, in our own words."""
    closed: tuple[str, ...]
    """Enums of unified types that callers see closed."""

    @property
    def vendor(self) -> str:
        """The vendor's name as folders spell it."""
        return self.folder.name

    @property
    def file(self) -> str:
        """How messages call the file."""
        return f"specs/{self.vendor}/source.toml"


@dataclass(frozen=True)
class Decisions:
    """specs/<vendor>/decisions.toml: one verdict for each request field; a nested one is `outer.inner`."""

    file: str
    mapped: tuple[str, ...]
    passthrough: tuple[str, ...]
    ignored: Mapping[str, str]


def load(folder: Path) -> Source:
    """The source.toml in `folder`."""
    table = _toml(folder / "source.toml")
    try:
        return _source(folder, table)
    except KeyError as missing:
        raise Failure(f"specs/{folder.name}/source.toml: {missing.args[0]} is missing") from None


def _source(folder: Path, table: dict[str, Any]) -> Source:
    upstream, operation, stubs = table.get("upstream", {}), table.get("operation", {}), table.get("stubs", {})
    return Source(
        folder=folder,
        title=table["title"],
        format=table.get("format", "openapi"),
        page=table["page"],
        base=table.get("base"),
        dialect=table.get("dialect"),
        extends=table.get("extends"),
        address=upstream.get("address"),
        resolver=upstream.get("resolver"),
        path=operation.get("path", ""),
        method=operation.get("method", "post"),
        roots={role: operation[role] for role in ("request", "response", "stream", "error") if role in operation},
        also=tuple(operation.get("also", ())),
        inline=table.get("inline", {}),
        names=table.get("names", {}),
        prefixes=tuple(table.get("prefixes", ())),
        tables=stubs.get("tables", {}),
        fields=stubs.get("fields", {}),
        docs=table.get("docs", {}),
        closed=tuple(table.get("closed", ())),
    )


def decisions(folder: Path) -> Decisions:
    """The decisions.toml in `folder`; without one, nothing is decided."""
    file = folder / "decisions.toml"
    table = _toml(file) if file.exists() else {}
    return Decisions(
        file=f"specs/{folder.name}/decisions.toml",
        mapped=tuple(table.get("mapped", ())),
        passthrough=tuple(table.get("passthrough", ())),
        ignored=table.get("ignored", {}),
    )


def vendors(specs: Path) -> list[str]:
    """The folders of `specs` that hold a description."""
    return sorted(file.parent.name for file in specs.glob("*/source.toml"))


def _toml(file: Path) -> dict[str, Any]:
    name = f"specs/{file.parent.name}/{file.name}"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Failure(f"{name}: no such file") from None
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{name}: {error}") from None
