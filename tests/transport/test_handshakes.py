"""A connection is closed whatever becomes of its task."""

from __future__ import annotations

import anyio
import httpcore2
import pytest
from typing_extensions import override

from polyvox.transport.handshakes import closed_all_the_same


class Closing(httpcore2.AsyncMockStream):
    """Takes a moment to close."""

    closed = False

    @override
    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.closed = True


@pytest.mark.anyio
async def test_closing_while_the_scope_is_cancelled() -> None:
    stream = Closing([])
    with anyio.CancelScope() as scope:
        scope.cancel()
        await closed_all_the_same(stream)
    assert stream.closed
