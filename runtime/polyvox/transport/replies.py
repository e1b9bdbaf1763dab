"""What the drivers use of an HTTP client, whoever made it, and of its replies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..exchange import Headers


class Reply(Protocol):
    """An open reply of either library."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def iter_bytes(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


class AsyncReply(Protocol):
    """The same, asynchronous."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def aiter_bytes(self) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...


class HTTP(Protocol):
    """What is used of a client of either library."""

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> object: ...
    def send(self, request: object, *, stream: bool, follow_redirects: bool) -> Reply: ...


class AsyncHTTP(Protocol):
    """The same, asynchronous."""

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> object: ...
    async def send(self, request: object, *, stream: bool, follow_redirects: bool) -> AsyncReply: ...


class Open:
    """The reply of a streamed answer: its pieces are read on from where the exchange left them."""

    def __init__(self, reply: Reply) -> None:
        self._pieces = reply.iter_bytes()
        self.status_code, self.headers = reply.status_code, reply.headers
        self.close = reply.close

    def iter_bytes(self) -> Iterator[bytes]:
        """What has not been read yet."""
        return self._pieces


class AsyncOpen:
    """The same, asynchronous."""

    def __init__(self, reply: AsyncReply) -> None:
        self._pieces = reply.aiter_bytes()
        self.status_code, self.headers = reply.status_code, reply.headers
        self.aclose = reply.aclose

    def aiter_bytes(self) -> AsyncIterator[bytes]:
        """What has not been read yet."""
        return self._pieces


class MockReply:
    """A reply that nobody sent."""

    status_code = 200
    headers: Mapping[str, str] = {}

    def __init__(self, body: bytes) -> None:
        self._body = body

    def iter_bytes(self) -> Iterator[bytes]:
        """The whole body at once."""
        yield self._body

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        """The same."""
        yield self._body

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""
