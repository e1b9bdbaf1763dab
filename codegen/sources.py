"""What a folder of specs/ holds: source.toml and decisions.toml, as typed values."""
# ruff: noqa: RUF012  (pydantic copies defaults)

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import StringConstraints, model_validator

from codegen.failure import Failure
from codegen.files import text_of
from codegen.tables import Form, Table, read

Format: TypeAlias = Literal["openapi", "google-discovery", "aws-service-model", "json-schema"]
Text: TypeAlias = Annotated[str, StringConstraints(pattern=r"\S")]
ClassName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z0-9]*$")]


@dataclass(frozen=True)
class Source:
    """specs/<vendor>/source.toml."""

    folder: Path
    title: str
    """The vendor's name as types spell it."""
    format: Format
    page: str
    """Where the vendor documents the operation."""
    base: str | None
    """The vendor whose description is compiled, where it is not this one's."""
    dialect: str | None
    """The vendor whose replies are the form of this one's, so that only its requests are compiled."""
    extends: str | None
    """The vendor to whose request this description only adds fields."""
    address: str | None
    resolver: tuple[str, str] | None
    """For an address that changes: a page, and the key of it that gives the address of the day."""
    called: str | None
    """The title of the published description, where other vendors' have the same paths and names."""
    sha256: str
    date: str
    """Of the upstream file that was last taken."""
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
    reply: bool
    """Whether replies are mapped by hand. Not where the unified types are compiled from this very description."""
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


class _Resolver(Table):
    page: str
    key: str


class _Upstream(Table):
    address: str | None = None
    resolver: _Resolver | None = None
    licence: Text
    title: Text | None = None
    date: str
    sha256: str
    bytes: int


class _Cut(Table):
    sha256: str


class _Operation(Table):
    path: Annotated[str, StringConstraints(pattern="^/")]
    method: Literal["get", "post"] = "post"
    request: Text
    response: Text | None = None
    stream: Text | None = None
    error: Text | None = None
    also: list[Text] = []

    @property
    def roots(self) -> dict[str, str]:
        """The schemas by their role."""
        roles = {"request": self.request, "response": self.response, "stream": self.stream, "error": self.error}
        return {role: name for role, name in roles.items() if name}


class _Stubs(Table):
    reply: bool = True
    tables: dict[ClassName, ClassName] = {}
    fields: dict[str, ClassName] = {}


class _File(Table):
    """source.toml of a vendor's description; or, with `base`, of what is compiled from another vendor's.

    With `dialect`, its replies are read as another vendor's, and nothing need be said of them.
    """

    title: ClassName
    format: Format = "openapi"
    page: Annotated[str, StringConstraints(pattern="^https://")]
    base: str | None = None
    dialect: Literal["openai"] | None = None
    extends: str | None = None
    upstream: _Upstream | None = None
    cut: _Cut | None = None
    operation: _Operation | None = None
    prefixes: list[ClassName] = []
    names: dict[str, ClassName] = {}
    inline: dict[ClassName, Annotated[str, StringConstraints(pattern="^/")]] = {}
    stubs: _Stubs = _Stubs()
    docs: dict[ClassName, Text] = {}
    closed: list[ClassName] = []

    @model_validator(mode="after")
    def _whole(self) -> Self:
        own = {"upstream": self.upstream, "cut": self.cut, "operation": self.operation}
        for name, part in own.items():
            if self.base is None and part is None:
                raise ValueError(f"[{name}] is missing")
            if self.base is not None and part is not None:
                raise ValueError(f"[{name}] is for a description of its own; base = {self.base!r} says whose it is")
        if self.operation and not (self.operation.response or self.dialect):
            raise ValueError("operation.response is missing")
        return self


class _Verdicts(Table):
    mapped: list[str] = []
    passthrough: list[str] = []
    ignored: dict[str, str] = {}


def load(folder: Path) -> Source:
    """The source.toml in `folder`."""
    file = _read(_File, folder / "source.toml", f"specs/{folder.name}/source.toml")
    upstream, operation = file.upstream, file.operation
    return Source(
        folder=folder,
        title=file.title,
        format=file.format,
        page=file.page,
        base=file.base,
        dialect=file.dialect,
        extends=file.extends,
        address=upstream.address if upstream else None,
        resolver=(upstream.resolver.page, upstream.resolver.key) if upstream and upstream.resolver else None,
        called=upstream.title if upstream else None,
        sha256=upstream.sha256 if upstream else "",
        date=upstream.date if upstream else "",
        path=operation.path if operation else "",
        method=operation.method if operation else "",
        roots=operation.roots if operation else {},
        also=tuple(operation.also) if operation else (),
        inline=file.inline,
        names=file.names,
        prefixes=tuple(file.prefixes),
        tables=file.stubs.tables,
        reply=file.stubs.reply,
        fields=file.stubs.fields,
        docs=file.docs,
        closed=tuple(file.closed),
    )


def decisions(folder: Path) -> Decisions:
    """The decisions.toml in `folder`; without one, nothing is decided."""
    name, file = f"specs/{folder.name}/decisions.toml", folder / "decisions.toml"
    found = _read(_Verdicts, file, name) if file.exists() else _Verdicts()
    return Decisions(name, tuple(found.mapped), tuple(found.passthrough), found.ignored)


def vendors(specs: Path) -> list[str]:
    """The folders of `specs` that hold a description."""
    if found := sorted(file.parent.name for file in specs.glob("*/source.toml")):
        return found
    raise Failure(f"{specs} holds no vendor's description")


def known(specs: Path, vendor: str) -> Path:
    """The folder of `vendor`."""
    names = vendors(specs)
    if vendor not in names:
        raise Failure(
            f"specs/{vendor}/source.toml: no such file; there {'is' if len(names) == 1 else 'are'} {', '.join(names)}"
        )
    return specs / vendor


def _read(form: type[Form], file: Path, name: str) -> Form:
    return read(form, text_of(file.read_bytes(), name), name)
