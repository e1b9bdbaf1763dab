"""Calls to vendors whose shortest good answer `asking` does not know, and tables of their parameters."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from polyvox import ChatCompletion, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, as_bytes
from tests.mapping.parameter_table import Row


@dataclass(frozen=True)
class Native:
    """A vendor and its usual answer."""

    model: str
    reply: Json

    def wire(self) -> Wire:
        """The vendor itself."""
        return Wire(as_bytes(self.reply))

    def sent(self, messages: list[Json] = HELLO, /, **parameters: object) -> Json:
        """The body that a call puts on the wire; `model` asks another model."""
        wire = self.wire()
        model = str(parameters.pop("model", "") or self.model)
        if parameters.pop("stream", False):
            wire.ask_streamed(model, messages, **parameters)
        else:
            wire.ask(model, messages, **parameters)
        return wire.body

    def dropped(self, messages: list[Json] = HELLO, /, **parameters: object) -> tuple[Json, tuple[str, ...]]:
        """The body of a call that may leave out what the vendor cannot do, and what was left out."""
        wire = self.wire()
        answer = wire.ask(self.model, messages, drop_params=True, **parameters)
        return wire.body, answer.dropped_params

    def answered(self, **changes: object) -> ChatCompletion:
        """What the usual reply becomes, with some of its keys changed."""
        return Wire(as_bytes({**self.reply, **changes})).ask(self.model)

    def check_sent(self, row: Row) -> None:
        """The body with the parameter is the body without it, and what the row says; nothing else."""
        without = self.sent(model=row.model, **row.beside)
        given = {**row.beside, row.name: row.value}
        assert self.sent(model=row.model, **given) == {**without, **(row.sends or {})}

    def check_refused(self, row: Row) -> None:
        """An error before any request; with `drop_params` the parameter is left out and listed."""
        wire = self.wire()
        with pytest.raises(UnsupportedParamsError) as caught:
            wire.ask(row.model or self.model, HELLO, **{**row.beside, row.name: row.value})
        assert row.name in str(caught.value)
        assert row.refuses is not None
        assert row.refuses in str(caught.value)
        assert caught.value.provider == self.model.partition(":")[0]
        assert wire.requests == []
        body, dropped = self.dropped(**{**row.beside, row.name: row.value})
        assert body == {**self.sent(**row.beside), **(row.sends or {})}
        assert dropped == (row.drops or row.name,)
