"""Tables of parameters: each row says what one parameter puts on the wire, or why the vendor refuses it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from polyvox import UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, sent


@dataclass(frozen=True)
class Row:
    """One parameter with one value: what it sends, or why it is refused (and what is sent where it is dropped)."""

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


@dataclass(frozen=True)
class Table:
    """A vendor's rows."""

    model: str
    rows: tuple[Row, ...]
    settings: Json = field(default_factory=dict[str, object])
    """What every call needs."""


def check_sent(table: Table, row: Row) -> None:
    """The body with the parameter is the body without it, and what the row says; nothing else."""
    model, beside = row.model or table.model, {**table.settings, **row.beside}
    without = sent(model, HELLO, **beside)
    assert sent(model, HELLO, **{**beside, row.name: row.value}) == {**without, **(row.sends or {})}


def check_refused(table: Table, row: Row) -> None:
    """An error before any request, which names the parameter, the provider, the reason and the way out."""
    wire = Wire()
    with pytest.raises(UnsupportedParamsError) as caught:
        wire.ask(row.model or table.model, HELLO, **{**table.settings, **row.beside, row.name: row.value})
    text = str(caught.value)
    assert row.name in text
    assert row.refuses is not None
    assert row.refuses in text
    assert "drop_params=True" in text
    assert caught.value.provider == table.model.partition(":")[0]
    assert (caught.value.param or "").startswith(row.name)
    assert wire.requests == []


def check_dropped(table: Table, row: Row) -> None:
    """With `drop_params` it is left out of the body, as far as the vendor cannot do it, and listed in the answer."""
    model, beside = row.model or table.model, {**table.settings, **row.beside}
    wire = Wire()
    answer = wire.ask(model, HELLO, drop_params=True, **{**beside, row.name: row.value})
    assert wire.body == {**sent(model, HELLO, **beside), **(row.sends or {})}
    assert answer.dropped_params == (row.drops or row.name,)
