"""Tables of parameters: each row says what one parameter puts on the wire, or why the vendor refuses it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from polyvox import UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, sent


@dataclass(frozen=True)
class Row:
    """One parameter with one value; exactly one of `sends` and `refuses` is given."""

    name: str
    value: object
    sends: Json | None = None
    """What stands in the body because of the parameter, whole top-level keys; {} for a parameter that needs nothing."""
    refuses: str | None = None
    """A part of the reason."""
    beside: Json = field(default_factory=dict[str, object])
    """Other parameters of the call."""
    model: str = ""
    """Another model than the table's."""
    drops: str = ""
    """The name in `dropped_params`, where it says more than the parameter's."""

    def __str__(self) -> str:
        value = str(self.value) if isinstance(self.value, (str, int, float)) else ""
        return f"{self.name}{f'={value}' if len(value) < 16 and value else ''}"


def rows(table: Iterable[Row], *, refused: bool) -> list[object]:
    """The rows of one kind, as pytest parameters."""
    found = [row for row in table if (row.refuses is not None) == refused]
    return [pytest.param(row, id=_label(row, found)) for row in found]


def _label(row: Row, others: list[Row]) -> str:
    same = [other for other in others if str(other) == str(row)]
    return str(row) if len(same) == 1 else f"{row}#{same.index(row)}"


def check_sent(model: str, row: Row) -> None:
    """The body with the parameter is the body without it, and what the row says; nothing else."""
    model = row.model or model
    without = sent(model, HELLO, **row.beside)
    assert sent(model, HELLO, **{**row.beside, row.name: row.value}) == {**without, **(row.sends or {})}


def check_refused(model: str, row: Row) -> None:
    """An error before any request, which names the parameter, the provider, the reason and the way out."""
    wire = Wire()
    with pytest.raises(UnsupportedParamsError) as caught:
        wire.ask(row.model or model, HELLO, **{**row.beside, row.name: row.value})
    text = str(caught.value)
    assert row.name in text
    assert row.refuses is not None
    assert row.refuses in text
    assert "drop_params=True" in text
    assert caught.value.provider == model.partition(":")[0]
    assert (caught.value.param or "").startswith(row.name)
    assert wire.requests == []


def check_dropped(model: str, row: Row) -> None:
    """With `drop_params` it is left out of the body and listed in the answer."""
    model = row.model or model
    wire = Wire()
    answer = wire.ask(model, HELLO, drop_params=True, **{**row.beside, row.name: row.value})
    assert wire.body == sent(model, HELLO, **row.beside)
    assert answer.dropped_params == (row.drops or row.name,)
