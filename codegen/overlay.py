"""Stage `overlay`: corrections to a description, as an OpenAPI Overlay 1.1 document."""

import copy
from pathlib import Path
from typing import Any, Final

import jsonpath
import yaml

from codegen.failure import Failure
from codegen.schemas import Schema, is_list, is_object

STANDARD: Final = jsonpath.JSONPathEnvironment(strict=True)
"""JSONPath as RFC 9535 has it, without the library's additions."""


def apply(description: Schema, file: Path) -> Schema:
    """`description` with the actions of `file` applied; each must still be needed, and say why it is."""
    if not file.exists():
        return description
    name = f"specs/{file.parent.name}/{file.name}"
    document = copy.deepcopy(description)
    for number, action in enumerate(_actions(file, name), start=1):
        _act(document, action, f"{name}: action {number}")
    return document


def _actions(file: Path, name: str) -> list[Schema]:
    try:
        overlay: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise Failure(f"{name}: {_line(error)}") from None
    if not is_object(overlay) or not str(overlay.get("overlay", "")).startswith("1."):
        raise Failure(f"{name} is no OpenAPI Overlay document")
    return overlay.get("actions") or []


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _act(document: Schema, action: Schema, what: str) -> None:
    target = action.get("target")
    if not isinstance(target, str) or not action.get("description"):
        raise Failure(f"{what} needs a target, and a description that says why it is there")
    matches = _find(document, target, what)
    if not matches:
        raise Failure(f"{what} matches nothing: {target} (the vendor fixed it, or moved it)")
    before = copy.deepcopy(document)
    for match in reversed(matches):  # so that removing an entry moves none that is still to come
        _change(document, match, action, what)
    if document == before:
        raise Failure(f"{what} changes nothing: {target} is already so")


def _find(document: Schema, path: str, what: str) -> list[jsonpath.JSONPathMatch]:
    try:
        return list(STANDARD.finditer(path, document))
    except jsonpath.JSONPathError as error:
        raise Failure(f"{what}: {path}: {_line(error)}") from None


def _change(document: Schema, match: jsonpath.JSONPathMatch, action: Schema, what: str) -> None:
    parent: Any = match.parent.obj if match.parent else None
    if action.get("remove") is True:
        del parent[match.parts[-1]]
        return
    value = _copied(document, action, what) if "copy" in action else copy.deepcopy(action.get("update"))
    merged = merge(match.obj, value)
    if parent is not None:
        parent[match.parts[-1]] = merged
    else:
        document |= merged


def _copied(document: Schema, action: Schema, what: str) -> Any:
    found = _find(document, action["copy"], what)
    if len(found) != 1:
        raise Failure(f"{what}: copy must name one place, and {action['copy']} names {len(found)}")
    return copy.deepcopy(found[0].obj)


def merge(old: Any, new: Any) -> Any:
    """Objects are merged, entries appended to arrays, and anything else is replaced."""
    if is_object(old) and is_object(new):
        return {**old, **{key: merge(old[key], value) if key in old else value for key, value in new.items()}}
    if is_list(old):
        entries = new if is_list(new) else [new]
        return [*old, *(entry for entry in entries if entry not in old)]
    return new
