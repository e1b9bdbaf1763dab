"""From specs/gateways.toml to polyvox_wire/gateways.py: one row for each vendor that speaks OpenAI's dialect."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Self, TypeAlias

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

SOURCE: Final = "specs/gateways.toml"
TEMPLATES: Final = Path(__file__).parent / "templates"
WIDTH: Final = 120

# What a row may rename or refuse: a misspelt parameter would never be looked at, so it must not pass.
_PARAMETERS: Final = """
    audio frequency_penalty logit_bias logprobs max_completion_tokens max_tokens metadata modalities n
    parallel_tool_calls prediction presence_penalty prompt_cache_key reasoning_effort response_format
    safety_identifier seed service_tier stop store stream_options temperature tool_choice tools top_logprobs top_p
    user verbosity web_search_options
"""
PARAMETERS: Final = frozenset(_PARAMETERS.split())


class GatewayError(ValueError):
    """What is wrong in specs/gateways.toml, in one line."""


def render(toml_text: str) -> str:
    """Give the source of polyvox_wire/gateways.py, in the form that `ruff format` leaves alone.

    Raises GatewayError.
    """
    document = _read(toml_text)
    return _environment().get_template("gateways.py.jinja").render(rows=document.gateway, left_out=document.left_out)


# -- the form of the file ----------------------------------------------------------------------------------------------


def _distinct(values: list[str]) -> list[str]:
    for value, count in Counter(values).items():
        if count > 1:
            raise ValueError(f"{value!r} stands there twice")
    return values


def _address(url: str) -> str:
    if not re.match(r"https?://[^/\s]", url):
        raise ValueError(f"{url!r} is no http(s) address")
    if url.endswith("/"):
        raise ValueError(f"{url!r} ends with a slash")
    rest = re.sub(r"\{[A-Z][A-Z0-9_]*\}", "", url)
    if re.search(r"[{}\s?#]", rest):
        raise ValueError(f"{url!r} is more than host, path and {{VARIABLE}}")
    return url


def _parameter(name: str) -> str:
    if name not in PARAMETERS:
        raise ValueError(f"unknown parameter {name!r}{_hint(name, PARAMETERS)}")
    return name


def _constant(header: str) -> str:
    if header.lower() in {"authorization", "x-api-key", "api-key"}:
        raise ValueError(f"{header!r} would carry a key: rows hold constants only")
    return header


Text = Annotated[str, StringConstraints(pattern=r"^\S([^\n]*\S)?$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
Variables = Annotated[list[Variable], AfterValidator(_distinct)]
Address = Annotated[str, AfterValidator(_address)]
Endpoint = Annotated[str, StringConstraints(pattern=r"^/[^\s?#{}]+$")]
Parameter = Annotated[str, AfterValidator(_parameter)]
WireField = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$"), AfterValidator(_constant)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Row(_Strict):
    """One `[[gateway]]`; what each key means stands at the top of the file."""

    name: Name
    aliases: list[Name] = []
    base_url: Address | None = None
    path: Endpoint = "/chat/completions"
    key_variables: Annotated[Variables, Field(min_length=1)]
    base_variables: Variables = []
    self_hosted: bool = False
    key_optional: bool = False
    renames: dict[Parameter, WireField] = {}
    unsupported: dict[Text, list[Parameter]] = {}
    developer_role: bool = False
    text_only: bool = False
    headers: dict[Header, Text] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.self_hosted == (self.base_url is not None):
            raise ValueError("give either base_url or self_hosted = true")
        if self.key_optional and not self.self_hosted:
            raise ValueError("key_optional is for self-hosted servers")
        refused = _distinct([parameter for parameters in self.unsupported.values() for parameter in parameters])
        for parameter in refused:
            if parameter in self.renames:
                raise ValueError(f"{parameter} is both renamed and unsupported")
        return self

    @property
    def reasons(self) -> dict[str, str]:
        """`unsupported` as it is looked up, parameter -> reason; the file has it as it is pleasant to write."""
        return {parameter: reason for reason, parameters in self.unsupported.items() for parameter in parameters}


class LeftOut(_Strict):
    """One `[[left_out]]`: a name that other libraries know, and why it is refused."""

    name: Name
    reason: Text


class Document(_Strict):
    """The whole file: rows in alphabetical order, no name given twice."""

    gateway: list[Row]
    left_out: list[LeftOut] = []

    @model_validator(mode="after")
    def _names(self) -> Self:
        _ordered([row.name for row in self.gateway])
        _ordered([entry.name for entry in self.left_out])
        names = [name for row in self.gateway for name in (row.name, *row.aliases)]
        _distinct(names + [entry.name for entry in self.left_out])
        return self


def _ordered(names: Sequence[str]) -> None:
    for before, after in pairwise(names):
        if after < before:
            raise ValueError(f"{after!r} stands after {before!r}: keep the alphabetical order")


# -- reading, and errors in one line -----------------------------------------------------------------------------------


def _read(text: str) -> Document:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GatewayError(f"{SOURCE}: not TOML: {error}") from None
    try:
        return Document.model_validate(raw)
    except ValidationError as error:
        raise GatewayError(f"{SOURCE}: {_line(raw, error.errors()[0])}") from None


def _line(raw: dict[str, Any], error: ErrorDetails) -> str:
    location = list(error["loc"])
    where = [_entry(raw, location.pop(0), location.pop(0))] if len(location) > 1 else []
    if error["type"] == "extra_forbidden":
        key = str(location.pop())
        return ": ".join([*where, f"unknown key {key!r}{_hint(key, [*Row.model_fields, *Document.model_fields])}"])
    where += [".".join(str(part) for part in location if part != "[key]")] if location else []
    return ": ".join([*where, _complaint(error)])


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
        case _:
            return f"{error['msg'][:1].lower()}{error['msg'][1:]}, not {error['input']!r}"


def _entry(raw: dict[str, Any], kind: int | str, place: int | str) -> str:
    """Name the entry that a validation error is about."""
    try:
        name = raw[str(kind)][place]["name"]
    except (KeyError, TypeError):
        name = None
    if isinstance(name, str):
        return f"{kind} {name!r}"
    return f"{kind} number {place + 1}" if isinstance(place, int) else f"{kind}.{place}"


def _hint(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


# -- writing -----------------------------------------------------------------------------------------------------------


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["literal"] = literal
    return environment


Value: TypeAlias = str | bool | list[str] | dict[str, str] | None


def literal(value: Value, prefix: str, indent: int) -> str:
    """`prefix`, the value as a literal (a list becomes a tuple), a comma; over several lines if one is too long."""
    match value:
        case dict():
            opening, items, closing = "{", [f"{_atom(k)}: {_atom(v)}" for k, v in value.items()], "}"
        case list():
            opening, items, closing = "(", [_atom(item) for item in value], ")"
        case _:
            return f"{prefix}{_atom(value)},"
    lone = "," if opening == "(" and len(items) == 1 else ""
    line = f"{prefix}{opening}{', '.join(items)}{lone}{closing},"
    if indent + len(line) <= WIDTH:
        return line
    margin = " " * indent
    return "\n".join([f"{prefix}{opening}", *(f"{margin}    {item}," for item in items), f"{margin}{closing},"])


def _atom(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
