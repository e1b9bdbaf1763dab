"""Stage `overlay`: corrections to a description, as an OpenAPI Overlay 1.1 document."""

import copy
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import jsonpath
import yaml
from pydantic import Field, StringConstraints, model_validator

from codegen.failure import Failure
from codegen.files import text_of
from codegen.schemas import Schema, is_list, is_object
from codegen.tables import Table, typed

STANDARD: Final = jsonpath.JSONPathEnvironment(strict=True)
"""JSONPath as RFC 9535 has it, without the library's additions."""


class Action(Table):
    """One correction, and why it is there."""

    target: str
    description: Annotated[str, StringConstraints(pattern=r"\S")]
    update: Any = None
    copied: str | None = Field(default=None, alias="copy")
    remove: Literal[True] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set & {"update", "copied", "remove"}) != 1:
            raise ValueError("give one of update, copy, and remove: true")
        return self


class _Info(Table):
    title: str
    version: str


class _Document(Table):
    overlay: Annotated[str, StringConstraints(pattern=r"^1\.1\.")]
    info: _Info
    actions: list[Action]


def apply(description: Schema, file: Path) -> Schema:
    """`description` with the actions of `file` applied; each must still be needed."""
    if not file.exists():
        return description
    name = f"specs/{file.parent.name}/{file.name}"
    document = copy.deepcopy(description)
    for number, action in enumerate(_actions(file, name), start=1):
        _act(document, action, f"{name}: action {number}")
    return document


def tolerant(description: Schema, file: Path, stops: list[str]) -> Schema:
    """`description` with the actions of `file` that still fit applied; `stops` is told of the others."""
    document = copy.deepcopy(description)
    name = f"specs/{file.parent.name}/{file.name}"
    for number, action in enumerate(_actions(file, name) if file.exists() else (), start=1):
        try:
            _act(document, action, f"{name}: action {number}")
        except Failure as failure:
            stops.append(str(failure))
    return document


def _actions(file: Path, name: str) -> list[Action]:
    try:
        raw: Any = yaml.safe_load(text_of(file.read_bytes(), name))
    except yaml.YAMLError as error:
        raise Failure(f"{name}: {_line(error)}") from None
    if not is_object(raw):
        raise Failure(f"{name} is no OpenAPI Overlay document")
    return typed(_Document, raw, name).actions


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _act(document: Schema, action: Action, what: str) -> None:
    matches = _find(document, action.target, what)
    if not matches:
        raise Failure(f"{what} matches nothing: {action.target} (the vendor fixed it, or moved it)")
    changed = [_change(document, match, action, what) for match in reversed(matches)]
    if not any(changed):  # reversed, so that removing an entry moves none that is still to come
        raise Failure(f"{what} changes nothing: {action.target} is already so")


def _find(document: Schema, path: str, what: str) -> list[jsonpath.JSONPathMatch]:
    try:
        return list(STANDARD.finditer(path, document))
    except jsonpath.JSONPathError as error:
        raise Failure(f"{what}: {path}: {_line(error)}") from None


def _change(document: Schema, match: jsonpath.JSONPathMatch, action: Action, what: str) -> bool:
    """Do it at one place; whether that says anything new."""
    if match.parent is None:
        raise Failure(f"{what}: {action.target} is the whole document; say which part of it")
    parent: Any = match.parent.obj
    if action.remove:
        del parent[match.parts[-1]]
        return True
    value = action.update if action.copied is None else _copied(document, action.copied, what)
    old, parent[match.parts[-1]] = match.obj, merge(match.obj, copy.deepcopy(value))
    return bool(parent[match.parts[-1]] != old)


def _copied(document: Schema, path: str, what: str) -> Any:
    found = _find(document, path, what)
    if len(found) != 1:
        raise Failure(f"{what}: copy must name one place, and {path} names {len(found)}")
    return found[0].obj


def merge(old: Any, new: Any) -> Any:
    """Objects are merged, entries appended to arrays, and anything else is replaced."""
    if is_object(old) and is_object(new):
        return {**old, **{key: merge(old[key], value) if key in old else value for key, value in new.items()}}
    if is_list(old):
        entries = new if is_list(new) else [new]
        return [*old, *(entry for entry in entries if entry not in old)]
    return new
