"""A vendor and its usual answer, of which replies change a part."""

from __future__ import annotations

from dataclasses import dataclass

from polyvox import ChatCompletion
from tests.mapping.asking import HELLO, Json, Wire, as_bytes, sent


@dataclass(frozen=True)
class Native:
    """A vendor and its usual answer."""

    model: str
    reply: Json

    def wire(self) -> Wire:
        """The vendor itself."""
        return Wire(as_bytes(self.reply))

    def sent(self, messages: list[Json] = HELLO, /, **parameters: object) -> Json:
        """The body that a call puts on the wire."""
        return sent(self.model, messages, **parameters)

    def dropped(self, messages: list[Json] = HELLO, /, **parameters: object) -> tuple[Json, tuple[str, ...]]:
        """The body of a call that may leave out what the vendor cannot do, and what was left out."""
        wire = self.wire()
        answer = wire.ask(self.model, messages, drop_params=True, **parameters)
        return wire.body, answer.dropped_params

    def answered(self, **changes: object) -> ChatCompletion:
        """What the usual reply becomes, with some of its keys changed."""
        return Wire(as_bytes({**self.reply, **changes})).ask(self.model)
