"""Every request field has exactly one verdict: mapped, passthrough, or ignored for a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from codegen.emitted import Emitted, Field, Fields, mentioned
from codegen.failure import Failure
from codegen.modules import Module
from codegen.sources import Decisions, Source

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """The fields of a request, those of nested groups too, each with its verdict."""

    groups: Mapping[Path, Fields]
    verdicts: Mapping[Path, str]

    def fields(self, verdict: str) -> list[tuple[Path, Field]]:
        """The fields with that verdict, in the order of the description."""
        every = [((*group, key), field) for group, fields in self.groups.items() for key, field in fields.items()]
        return [(path, field) for path, field in every if self.verdicts[path] == verdict]


def decide(requests: Module, source: Source, decisions: Decisions) -> Request:
    """The verdict on each field of the request, which decisions.toml must have, and no others."""
    root = requests.normal.roots["request"]
    if root not in requests.emitted.classes:
        raise Failure(f"specs/{source.vendor}: {root} is a choice; make it one object by overlay")
    groups: dict[Path, Fields] = {(): requests.emitted.classes[root]}
    for name in source.fields:
        groups[(name,)] = _nested(requests.emitted, root, name, source)
    verdicts = _verdicts(decisions)
    described = [(*group, key) for group, fields in groups.items() for key in fields]
    _check(described, verdicts, decisions.file)
    _check_required(groups[()], verdicts, decisions.file)
    return Request(groups, verdicts)


def _nested(emitted: Emitted, root: str, name: str, source: Source) -> Fields:
    """The fields of the object in the request field `name`."""
    field = emitted.classes[root].get(name)
    used = [each for each in emitted.classes if field and each in mentioned(field.annotation)]
    if len(used) != 1:
        raise Failure(f"{source.file}: stubs.fields: {name} is no object of the request")
    return emitted.classes[used[0]]


def _verdicts(decisions: Decisions) -> dict[Path, str]:
    if unexplained := [name for name, why in decisions.ignored.items() if not why.strip()]:
        raise Failure(f"{decisions.file}: ignored: {unexplained[0]} needs a reason")
    lists: dict[str, Iterable[str]] = {
        "mapped": decisions.mapped,
        "passthrough": decisions.passthrough,
        "ignored": decisions.ignored,
    }
    verdicts: dict[Path, str] = {}
    for verdict, names in lists.items():
        for name in names:
            path = tuple(name.split("."))
            if path in verdicts:
                raise Failure(f"{decisions.file}: two verdicts on {name}: {verdicts[path]} and {verdict}")
            verdicts[path] = verdict
    return verdicts


def _check(described: list[Path], verdicts: Mapping[Path, str], file: str) -> None:
    if gone := [path for path in verdicts if path not in described]:
        raise Failure(f"{file}: {verdicts[gone[0]]}: {'.'.join(gone[0])} is no field of the request any more")
    if new := [".".join(path) for path in described if path not in verdicts]:
        which, it = ("field", "it") if len(new) == 1 else ("fields", "each")
        names = ", ".join(new)
        raise Failure(f"{file}: no verdict on the request {which} {names}: add {it} to mapped, passthrough or ignored")


def _check_required(fields: Fields, verdicts: Mapping[Path, str], file: str) -> None:
    """What a vendor demands is no option: whoever does not know of it would have no call answered."""
    if owed := [name for name, field in fields.items() if field.required and verdicts[name,] == "passthrough"]:
        raise Failure(f"{file}: passthrough: the vendor requires {owed[0]}: add it to mapped")
