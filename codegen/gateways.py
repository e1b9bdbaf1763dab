"""From specs/gateways.toml to polyvox_wire/gateways.py: one row for each vendor that speaks OpenAI's dialect."""
# ruff: noqa: RUF012  (pydantic copies defaults)

import re
from collections import Counter
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from codegen import rendering
from codegen.tables import Table, hint, read

SOURCE: Final = "specs/gateways.toml"

# What a row may rename or refuse: a misspelt parameter would never be looked at, so it must not pass.
_PARAMETERS: Final = """
    audio frequency_penalty logit_bias logprobs max_completion_tokens max_tokens metadata modalities n
    parallel_tool_calls prediction presence_penalty prompt_cache_key reasoning_effort response_format
    safety_identifier seed service_tier stop store stream_options temperature tool_choice tools top_logprobs top_p
    user verbosity web_search_options
"""
PARAMETERS: Final = frozenset(_PARAMETERS.split())


def render(toml_text: str) -> str:
    """Give the source of polyvox_wire/gateways.py, in the form that `ruff format` leaves alone."""
    document = read(Document, toml_text, SOURCE)
    return rendering.render("gateways.py.jinja", rows=document.gateway, left_out=document.reasons)


def _distinct(values: list[str]) -> list[str]:
    for value, count in Counter(values).items():
        if count > 1:
            raise ValueError(f"{value!r} stands there twice")
    return values


def _ordered(names: list[str]) -> list[str]:
    for before, after in pairwise(names):
        if after < before:
            raise ValueError(f"{after!r} stands after {before!r}: keep the alphabetical order")
    return names


def _address(url: str) -> str:
    if not re.match(r"https://[^/\s]", url):
        raise ValueError(f"{url!r} is no https address")
    if url.endswith("/"):
        raise ValueError(f"{url!r} ends with a slash")
    rest = re.sub(r"\{[A-Z][A-Z0-9_]*\}", "", url)
    if re.search(r"[{}\s?#]", rest):
        raise ValueError(f"{url!r} is more than host, path and {{VARIABLE}}")
    return url


def _parameter(name: str) -> str:
    if name not in PARAMETERS:
        raise ValueError(f"unknown parameter {name!r}{hint(name, PARAMETERS)}")
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


class Row(Table):
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
    thinking: bool = False
    think_tags: bool = False
    counted: bool = False
    formats: Annotated[list[Literal["json_object", "json_schema"]], AfterValidator(_distinct)] = [
        "json_object",
        "json_schema",
    ]
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


class LeftOut(Table):
    """One `[[left_out]]`: names that other libraries know, and why they are refused."""

    names: Annotated[list[Name], AfterValidator(_ordered), Field(min_length=1)]
    reason: Text


class Document(Table):
    """The whole file: each part in alphabetical order, no name given twice."""

    gateway: list[Row]
    left_out: list[LeftOut] = []

    @model_validator(mode="after")
    def _names(self) -> Self:
        _ordered([row.name for row in self.gateway])
        _ordered([entry.names[0] for entry in self.left_out])
        names = [name for row in self.gateway for name in (row.name, *row.aliases)]
        _distinct(names + [name for entry in self.left_out for name in entry.names])
        return self

    @property
    def reasons(self) -> dict[str, str]:
        """`left_out` as it is looked up, name -> reason, in alphabetical order."""
        return dict(sorted((name, entry.reason) for entry in self.left_out for name in entry.names))
