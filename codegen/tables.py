"""Tables that people write: typed values, or one line that says what is wrong and where."""

import tomllib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from textwrap import shorten
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from codegen.failure import Failure


class Table(BaseModel):
    """What a table may hold: nothing is converted, and a misspelt key does not pass."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Form = TypeVar("Form", bound=Table)


def read(form: type[Form], text: str, file: str) -> Form:
    """The values in `text`, which messages call `file`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Failure(f"{file}: not TOML: {error}") from None
    return typed(form, raw, file)


def typed(form: type[Form], raw: Any, file: str) -> Form:
    """The values in `raw`, which messages call `file`."""
    try:
        return form.model_validate(raw)
    except ValidationError as error:
        raise Failure(f"{file}: {_line(form, raw, error.errors()[0])}") from None


def hint(word: str, known: Iterable[str]) -> str:
    """The known word that may have been meant, as the end of a message."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _line(form: type[Table], raw: Any, error: ErrorDetails) -> str:
    where, inside = _place(raw, [part for part in error["loc"] if part != "[key]"])
    if error["type"] == "extra_forbidden":
        key = inside.pop()
        said = f"unknown key {key!r}{hint(key, _keys(form))}"
    else:
        said = _complaint(error)
    where += [".".join(inside)] if inside else []
    return (" " if said.startswith("is ") else ": ").join([": ".join(where), said] if where else [said])


def _place(raw: Any, location: Sequence[str | int]) -> tuple[list[str], list[str]]:
    """The entry of a list that an error is about, if it is about one; and the keys that lead on from there."""
    match location:
        case [str(kind), int(number), *rest]:
            return [_entry(raw[kind][number], kind, number)], [str(part) for part in rest]
        case _:
            return [], [str(part) for part in location]


def _keys(form: type[Table]) -> set[str]:
    """The keys of `form` and of the tables inside it."""
    schema = form.model_json_schema()
    return {key for each in (schema, *schema.get("$defs", {}).values()) for key in each.get("properties", {})}


def _complaint(error: ErrorDetails) -> str:
    match error["type"]:
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case "missing":
            return "is missing"
        case "too_short":
            return "is empty"
        case "string_pattern_mismatch":
            return f"{error['input']!r} is not of the form {error.get('ctx', {}).get('pattern')}"
        case "model_type" | "dict_type":
            return f"input should be a table, not {shorten(repr(error['input']), 60)}"
        case _:
            return f"{error['msg'][:1].lower()}{error['msg'][1:]}, not {shorten(repr(error['input']), 60)}"


def _entry(entry: Any, kind: str, number: int) -> str:
    """What an entry is called."""
    match entry:
        case {"name": str(name)} | {"names": [str(name), *_]}:
            return f"{kind} {name!r}"
        case _:
            return f"{kind} number {number + 1}"
