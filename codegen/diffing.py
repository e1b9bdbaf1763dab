"""`diff`: what changed between two descriptions of a vendor, as seen through our operation, and what it means."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from codegen import read, sources
from codegen.changes import Change
from codegen.comparing import compare
from codegen.consequences import NOTHING, Consequence
from codegen.failure import Failure
from codegen.handwritten import Handwritten
from codegen.judging import Judge
from codegen.prune import reach
from codegen.refresh import taken
from codegen.reporting import Line, Report
from codegen.schemas import Schema
from codegen.sources import Source
from codegen.surface import Surface, surface
from codegen.tracing import handwritten

RUNTIME: Final = Path(__file__).parent.parent / "runtime"


def diff(specs: Path, vendor: str, old: Path | None, new: Path | None, runtime: Path = RUNTIME) -> Report:
    """The report between the vendored cut (or the file `old`) and what is at the address (or in the file `new`)."""
    source = sources.load(sources.known(specs, vendor))
    if source.base:
        raise Failure(f"{vendor} has no description of its own: it is compiled from that of {source.base}")
    before = taken(source, old) if old else (f"specs/{vendor} of {source.date}", read.description(source.folder))
    after = taken(source, new)
    return between(source, before, after, runtime)


def between(source: Source, old: tuple[str, Schema], new: tuple[str, Schema], runtime: Path = RUNTIME) -> Report:
    """The report between two cuts, each with its name."""
    (called, before), (named, after) = old, new
    changes = compare(read.schemas_of(before), read.schemas_of(after), _roots(before, after))
    beside = _beside(source, read.operation_in(before), read.operation_in(after))
    if not changes:
        return Report(source.vendor, called, named, beside)
    surfaces = surface(source, before), surface(source, after)
    judge = _judge(source, *surfaces, runtime)
    roles = _roles(before, after)
    lines = [_line(change, roles.get(change.component, ()), judge) for change in changes]
    return Report(source.vendor, called, named, [*_stops(source, *surfaces), *beside, *_folded(lines)])


def _roots(old: Schema, new: Schema) -> list[tuple[str, str]]:
    before, after = (read.roots_of(document, needed=("request",)) for document in (old, new))
    return [(name, after[role]) for role, name in before.items() if role in after]


def _judge(source: Source, old: Surface, new: Surface, runtime: Path) -> Judge:
    emitted = {name: side.emitted for name, side in old.sides.items()}
    hand = handwritten(runtime, source.vendor, emitted)
    unified = {"responses": old.unified.emitted}
    also = handwritten(runtime, old.unified_in, unified) if old.unified_in else Handwritten(())
    return Judge(source, sources.decisions(source.folder), old, new, hand, also)


def _roles(*documents: Schema) -> dict[str, tuple[str, ...]]:
    """Which of request, response, stream and error reach each component."""
    found: dict[str, list[str]] = {}
    for document in documents:
        schemas = read.schemas_of(document)
        for role, root in read.roots_of(document, needed=("request",)).items():
            for name in reach(schemas, [root], gaps=True):
                known = found.setdefault(name, [])
                if role not in known:
                    known.append(role)
    return {name: tuple(roles) for name, roles in found.items()}


def _line(change: Change, roles: tuple[str, ...], judge: Judge) -> Line:
    return Line(
        what=judge.what(change, roles),
        change=change.action,
        place=change.place,
        name=change.name,
        before=change.before,
        after=change.after,
        roles=roles,
        consequence=judge.consequence(change, roles),
    )


def _folded(lines: Iterable[Line]) -> list[Line]:
    """One line for one thing that changed in several places in the same way."""
    found: dict[tuple[object, ...], Line] = {}
    for line in lines:
        key = (line.what, line.change, line.name, line.before, line.after, line.consequence)
        first = found.get(key)
        found[key] = line if first is None else replace(first, also=(*first.also, line.place))
    return list(found.values())


def _stops(source: Source, old: Surface, new: Surface) -> list[Line]:
    """What `generate` would stop at, beside verdicts, which stand beside the fields they are on."""
    news = [stop for stop in dict.fromkeys(new.stops) if stop not in old.stops and "decisions.toml: " not in stop]
    return [Line("generate", "stops", "", "", "", stop, (), _mend(source, stop)) for stop in news]


def _beside(source: Source, old: Schema, new: Schema) -> list[Line]:
    """What the operation says otherwise, beside its schemas."""
    place = f"{source.method.upper()} {source.path}"
    before, after = ({(each["in"], each["name"]) for each in said.get("parameters", ())} for said in (old, new))
    lines: list[Line] = []
    if old.get("deprecated") != new.get("deprecated"):
        is_now = bool(new.get("deprecated"))
        consequence = Consequence("mapping", verdict=source.file) if is_now else NOTHING
        texts = ("", "true") if is_now else ("true", "")
        lines.append(Line("operation", "changed", place, "deprecated", *texts, ("request",), consequence))
    for where, name in sorted(before ^ after):
        owed = (where, name) in after
        consequence = Consequence("breaking", breaks=(f"what does not send {name}",)) if owed else NOTHING
        change = "required" if owed else "optional"
        lines.append(Line(where, change, place, name, "", "", ("request",), consequence))
    return lines


def _mend(source: Source, stop: str) -> Consequence:
    found = re.search(r"specs/\w+/[\w.]+", stop)
    file = source.file if "source.toml" in stop else f"specs/{source.vendor}/overlay.yaml"
    return Consequence("mapping", verdict=found[0] if found else file)
