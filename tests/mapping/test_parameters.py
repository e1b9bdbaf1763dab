"""What each parameter puts on the wire, and what becomes of one that a vendor lacks: the tables of all vendors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pytest

from polyvox import InvalidRequestError
from polyvox.parameters import MODEL_PARAMETERS
from tests.mapping import test_anthropic_parameters as anthropic
from tests.mapping import test_bedrock_parameters as bedrock
from tests.mapping import test_cohere_parameters as cohere
from tests.mapping import test_gemini_parameters as gemini
from tests.mapping import test_mistral_parameters as mistral
from tests.mapping import test_ollama_parameters as ollama
from tests.mapping import test_openai_parameters as openai
from tests.mapping.asking import HELLO, Json, sent
from tests.mapping.bedrock_frames import MODEL as BEDROCK
from tests.mapping.parameter_table import Row, Table, check_dropped, check_refused, check_sent

TABLES: Final[Mapping[str, Table]] = {
    "openai": Table(openai.MODEL, openai.TABLE),
    "anthropic": Table(anthropic.MODEL, anthropic.TABLE),
    "gemini": Table(gemini.MODEL, gemini.TABLE),
    "bedrock": Table(BEDROCK, bedrock.TABLE, {"aws_region_name": "us-east-1"}),
    "mistral": Table(mistral.MODEL, mistral.TABLE),
    "cohere": Table(cohere.COHERE.model, cohere.TABLE),
    "ollama": Table(ollama.OLLAMA.model, ollama.TABLE),
}
ADD: Final[Json] = {"type": "function", "function": {"name": "add"}}

of_each_vendor = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)


def _each(kind: Callable[[Row], bool]) -> pytest.MarkDecorator:
    found = [(vendor, table, row) for vendor, table in TABLES.items() for row in table.rows if kind(row)]
    cases = [pytest.param(table, row, id=f"{vendor}-{row}") for vendor, table, row in found]
    return pytest.mark.parametrize(("table", "row"), cases)


@_each(lambda row: row.refuses is None)
def test_sent(table: Table, row: Row) -> None:
    check_sent(table, row)


@_each(lambda row: row.refuses is not None)
def test_refused(table: Table, row: Row) -> None:
    check_refused(table, row)


@_each(lambda row: row.refuses is not None)
def test_dropped(table: Table, row: Row) -> None:
    check_dropped(table, row)


@of_each_vendor
def test_every_parameter_has_a_row(table: Table) -> None:
    assert {row.name for row in table.rows} >= MODEL_PARAMETERS


@pytest.mark.parametrize("name", sorted(MODEL_PARAMETERS))
@of_each_vendor
def test_none_means_not_given(table: Table, name: str) -> None:
    assert sent(table.model, HELLO, **table.settings, **{name: None}) == sent(table.model, HELLO, **table.settings)


@pytest.mark.parametrize("choice", ["sometimes", {"type": "function"}, {"names": ["add"]}, 3], ids=str)
@of_each_vendor
def test_a_tool_choice_that_nobody_knows(table: Table, choice: object) -> None:
    with pytest.raises(InvalidRequestError, match="tool_choice is"):
        sent(table.model, HELLO, **table.settings, tools=[ADD], tool_choice=choice)


@pytest.mark.parametrize("thinking", [{}, {"type": "much"}], ids=str)
@pytest.mark.parametrize("vendor", ["anthropic", "gemini", "cohere", "ollama"])
def test_thinking_of_no_kind(vendor: str, thinking: Json) -> None:
    with pytest.raises(InvalidRequestError, match=r"thinking\.type is"):
        sent(TABLES[vendor].model, HELLO, thinking=thinking)
