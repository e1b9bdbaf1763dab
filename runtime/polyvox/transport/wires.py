"""The wire under a connection of httpcore2's: head and body of a request leave together, and each read may take what is
left of its call, however many reads there were before.

`Wire` and `AsyncWire` are the same thing twice.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from httpcore2 import AsyncNetworkStream, NetworkStream, WriteError
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOGETHER: Final = 2**16
"""Bytes: more is not worth to be copied for the sake of one system call less."""


class Wire(NetworkStream):
    """A connection's bytes. What is written waits for the first read, so that a request is one packet if it fits."""

    def __init__(self, stream: NetworkStream) -> None:
        self._stream = stream
        self._held = b""
        self.phases: Mapping[str, float | None] = {}
        """The timeouts of the request that has the connection."""

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come. A server may have answered and closed before it was sent everything: that is no error yet."""
        if self._held:
            with suppress(WriteError):
                self._send(self._held)
        return self._stream.read(max_bytes, self.phases.get("read"))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(self._held) + len(buffer) <= _TOGETHER:
            self._held += buffer
            return
        if self._held:
            self._send(self._held)
        self._send(buffer)

    def _send(self, data: bytes) -> None:
        self._held = b""
        self._stream.write(data, self.phases.get("write"))

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class AsyncWire(AsyncNetworkStream):
    """The same, asynchronous."""

    def __init__(self, stream: AsyncNetworkStream) -> None:
        self._stream = stream
        self._held = b""
        self.phases: Mapping[str, float | None] = {}

    @override
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._held:
            with suppress(WriteError):
                await self._send(self._held)
        return await self._stream.read(max_bytes, self.phases.get("read"))

    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if len(self._held) + len(buffer) <= _TOGETHER:
            self._held += buffer
            return
        if self._held:
            await self._send(self._held)
        await self._send(buffer)

    async def _send(self, data: bytes) -> None:
        self._held = b""
        await self._stream.write(data, self.phases.get("write"))

    @override
    async def aclose(self) -> None:
        await self._stream.aclose()

    @override
    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
