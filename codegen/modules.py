"""From one side of a description to the text of its module: models, checked, opened, laid out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from codegen import access, checking, emitted, layout, models, opening
from codegen.emitted import Emitted
from codegen.normalise import Normal, Side
from codegen.rendering import render
from codegen.sources import Source

BASES: Final[Mapping[Side, str]] = {"requests": "TypedDict", "responses": "Wire", "unified": "Record"}
CONTENTS: Final[Mapping[Side, str]] = {
    "requests": "what is sent",
    "responses": "what comes back",
    "unified": "the result types that every vendor's replies are mapped to",
}


@dataclass(frozen=True)
class Module:
    """A generated module: its normal form, and its classes and aliases as emitted."""

    source: Source
    normal: Normal
    emitted: Emitted

    @property
    def text(self) -> str:
        """As it is written; `diff` never asks."""
        return text_for(self.source, self.normal, self.emitted)


def module(source: Source, normal: Normal) -> Module:
    """The module for `normal`."""
    plain = emitted.parse(models.emit(normal))
    checking.check(plain, normal)
    opened = opening.open_types(plain, normal)
    return Module(source, normal, opened)


def text_for(source: Source, normal: Normal, opened: Emitted) -> str:
    """The text of a module with these classes and aliases."""
    extras = access.overloads(opened) if normal.side == "unified" else {}
    docs = {**dict.fromkeys(normal.roots.values(), f"See {source.page}."), **source.docs}
    body = layout.module(opened, BASES[normal.side], docs, extras)
    return render(
        "models.py.jinja",
        title=source.title,
        vendor=source.vendor,
        contents=CONTENTS[normal.side],
        body=body,
    )
