"""Closes a connection whatever becomes of its task, whoever else is reading it, and one whose TLS handshake is
cancelled: httpcore2 closes only those whose handshake fails."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ssl import SSLContext

    from httpcore2 import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream


async def closed_all_the_same(stream: AsyncNetworkStream) -> None:
    """Close it, even while the task is being cancelled."""
    from anyio import CancelScope  # httpcore2's own library for waiting, loaded by now

    with CancelScope(shield=True):
        await stream.aclose()


def shut(one: object) -> None:
    """End a socket's connection: closing alone would not wake a thread that waits for it."""
    if isinstance(one, socket.socket):
        with suppress(OSError):  # closed already
            socket.socket.shutdown(one, socket.SHUT_RDWR)  # TLS's own would take the keys from under the other thread


def closing(network: AsyncNetworkBackend) -> AsyncNetworkBackend:
    """The same network, whose connections close so."""
    return cast("AsyncNetworkBackend", _Network(network))


class _Network:
    def __init__(self, behind: AsyncNetworkBackend) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> object:
        return getattr(self._behind, name)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore2 has it
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> _Connection:
        """A connection, without TLS yet."""
        return _Connection(await self._behind.connect_tcp(host, port, timeout, local_address, socket_options))


class _Connection:
    def __init__(self, stream: AsyncNetworkStream) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    async def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore2 has it
    ) -> AsyncNetworkStream:
        """The same connection, with TLS."""
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await closed_all_the_same(self._stream)
            raise
