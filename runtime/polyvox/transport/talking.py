"""HTTP/1.1 without I/O: h11, for the requests and replies of one connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

import h11

_LONGEST_HEAD: Final = 100 * 1024
"""Bytes."""
_EARLY: Final = 10_000
"""Early replies to one request."""
_TOGETHER: Final = 2**16
"""Bytes: what is longer is not worth to be copied for the sake of one system call less."""

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]


class Head(NamedTuple):
    """How a reply begins."""

    status: int
    headers: RawHeaders


class Talk:
    """A connection's bytes, both ways: `request` gives what to send; of what comes, `receive` takes all, `head` and
    `body` give what is there by now. They raise h11's errors."""

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._open = True
        self._early = 0
        self.ended = True
        """Whether the reply is whole."""

    def request(self, target: bytes, headers: RawHeaders, body: bytes) -> list[bytes]:
        """A POST: head and body together if they are short, so that they are one packet."""
        self.ended = False
        self._early = 0
        head = self._h11.send(h11.Request(method=b"POST", target=target, headers=headers)) or b""
        data = self._h11.send(h11.Data(data=body)) or b""
        self._h11.send(h11.EndOfMessage())
        return [head + data] if len(data) < _TOGETHER else [head, data]

    def receive(self, data: bytes) -> None:
        """More has come; nothing means that the server has closed the connection."""
        if not data and self._h11.their_state is h11.SEND_RESPONSE:
            raise h11.RemoteProtocolError("the server closed the connection without an answer")
        self._open = bool(data)
        self._h11.receive_data(data)

    def head(self) -> Head | None:
        """Status and headers, once they are there. Early replies (1xx) are passed over."""
        while (event := self._h11.next_event()) is not h11.NEED_DATA:
            if isinstance(event, h11.Response):
                return Head(event.status_code, event.headers.raw_items())
            self._early += 1
            if self._early > _EARLY:
                raise h11.RemoteProtocolError("too many early replies (1xx), and no other")
        return None

    def body(self) -> Iterator[bytes]:
        """The pieces of the body that are there, as the server framed them. Each is handed out before the next is
        looked for: the first need not wait for what came with it."""
        while (event := self._h11.next_event()) is not h11.NEED_DATA:
            if not isinstance(event, h11.Data):
                self.ended = True
                return
            yield bytes(event.data)

    def again(self) -> bool:
        """Whether the connection is good for another request; it is ready for it then. It is not if more has come than
        was asked for."""
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        if not self._open or self._h11.trailing_data[0]:
            return False
        self._h11.start_next_cycle()
        return True
