"""Bytes that anyio has taken from a socket before anybody asked for them: the socket does not show them any more. On a
connection that is to be used again they answer nobody's request, and would be taken for the next one's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ssl import MemoryBIO, SSLObject

    from httpcore2 import AsyncNetworkStream


def holds_more(stream: AsyncNetworkStream) -> bool:
    """Whether there are any, of TLS or behind it.

    anyio shows neither; tests/transport/test_read_ahead.py sees that it still keeps them there. An anyio that keeps
    them elsewhere costs a new connection for each call, and nobody a wrong answer.
    """
    from anyio.streams.tls import TLSStream  # a synchronous program never needs it

    given: object = getattr(stream, "_stream", None)
    if isinstance(given, TLSStream):
        coming: MemoryBIO | None = getattr(given, "_read_bio", None)
        read: SSLObject | None = getattr(given, "_ssl_object", None)
        if coming is None or coming.pending or read is None or read.pending():
            return True
        given = given.transport_stream
    queue: Sequence[bytes] | None = getattr(getattr(given, "_protocol", None), "read_queue", None)
    return queue is None or bool(queue)
