"""What a provider is to the rest of polyvox: a handful of pure functions over bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from typing_extensions import override

from ..addressing import base_url, environment_key
from ..errors import InvalidRequestError, StreamInterruptedError
from ..headers import bearer
from ..reading import is_whole
from ..schemas import LENIENT

if TYPE_CHECKING:
    from ..call import Call, Format, Vendor, Way
    from ..errors import APIError
    from ..exchange import Headers, Request
    from ..parameters import TokenProvider
    from ..results import ChatCompletion, ChatCompletionChunk, ChunkChoice, Facts
    from ..schemas import Rules
    from ..streams import ServerSentEvent
    from ..support import Support


class Decoder(Protocol):
    """Bytes to events."""

    def feed(self, piece: bytes) -> list[ServerSentEvent]: ...

    def finish(self) -> list[ServerSentEvent]: ...


@dataclass(slots=True)  # not frozen: one is made per call, and freezing doubles its cost
class Credentials:
    """A key, or what gives one for each request, and the headers that carry it (which may sign the request)."""

    key: TokenProvider = field(repr=False)
    headers: Callable[[str, Request], Headers]
    blocking: bool = False
    """Whether getting the key may take a while (a token server, a file)."""
    renew: Callable[[], None] | None = None
    """Forgets a key that the vendor refuses."""
    source: str = "api_key"
    """Where the key stands: the parameter, or a variable of the environment."""

    @property
    def renewal(self) -> Callable[[], None] | None:
        """What to do before the one more try that a refused key gets; None where there is no other key to be had.

        A callable of the caller's keeps its tokens itself: it is asked again.
        """
        return self.renew or (_nothing if callable(self.key) else None)


def _nothing() -> None:
    """There is nothing of ours to forget."""


def wanted_way(wanted: Format) -> Way:
    """The vendor's own field for what is wanted."""
    return "json_object" if wanted.kind == "json_object" else "json_schema"


def only_text(call: Call, why: str) -> None:
    """Refuse every modality but text, for this reason."""
    if any(kind != "text" for kind in call.given.get("modalities") or ()):
        call.refuse("modalities", why)


def interrupted(call: Call, says: str = "its end marker is missing") -> StreamInterruptedError:
    """The error for a stream that ended before the answer did."""
    return StreamInterruptedError(
        f"the stream ended early: {says}; `error.partial` has what arrived",
        provider=call.vendor.name,
        model=call.model,
    )


class Head:
    """The start of a body that should be a stream, until its first event: some errors come as plain JSON instead."""

    def __init__(self) -> None:
        self.open = True
        """Whether no event has come yet; asked for every piece of a stream, so no method."""
        self._bytes = bytearray()

    def add(self, piece: bytes) -> None:
        """More of it."""
        self._bytes += piece

    def forget(self) -> None:
        """It is a stream."""
        self.open, self._bytes = False, bytearray()

    def document(self) -> bytes | None:
        """The whole body, if it is JSON."""
        return bytes(self._bytes) if self._bytes.lstrip().startswith((b"{", b"[")) else None


class StreamReader(ABC):
    """One streamed answer: bytes in, unified chunks out. Chunks before an error are handed over with it."""

    done: bool = False
    """Whether the end marker has come."""

    @abstractmethod
    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        """Append the chunks that this piece completes. Raises the vendor's error where the stream carries one."""

    @abstractmethod
    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        """Append the last chunks, at the end of the body.

        Raises `StreamInterruptedError` if the end marker is missing.
        """

    def release(self, chunks: list[ChatCompletionChunk]) -> None:  # noqa: B027  # most hold nothing back
        """Append what was held back, where the stream broke."""


class EventReader(StreamReader):
    """A stream of events: each is read as it comes; the last, where its end is missing, if it is whole."""

    def __init__(self, call: Call, decoder: Decoder) -> None:
        self._call = call
        self._decoder = decoder

    @override
    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        for _, data in self._decoder.feed(piece):
            self._read(data, chunks)

    @override
    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        for event in self._decoder.finish():
            if is_whole(event.data):
                self._read(event.data, chunks)
        self._check_end()

    @abstractmethod
    def _read(self, data: bytes, chunks: list[ChatCompletionChunk]) -> None:
        """Append the chunks of one event."""

    def _check_end(self) -> None:
        if not self.done:
            raise interrupted(self._call)


class ChangingReader(StreamReader):
    """A stream whose choices are changed on their way to the caller."""

    def __init__(self, inner: StreamReader) -> None:
        self._inner = inner

    @override
    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        before = len(chunks)
        try:
            self._inner.feed(piece, chunks)
        finally:
            self._settle(chunks[before:])

    @override
    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        before = len(chunks)
        try:
            self._inner.finish(chunks)
        finally:
            self._settle(chunks[before:])

    @override
    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        before = len(chunks)
        self._inner.release(chunks)
        self._settle(chunks[before:])

    def _settle(self, chunks: list[ChatCompletionChunk]) -> None:
        self.done = self._inner.done
        for chunk in chunks:
            for choice in chunk.choices:
                self._choice(choice)

    @abstractmethod
    def _choice(self, choice: ChunkChoice) -> None:
        """Change one choice of a chunk."""


class Dialect(ABC):
    """One wire format. Each instance speaks it to one vendor."""

    support: Support
    """The stance on each unified parameter."""
    own_settings: frozenset[str] = frozenset()
    """Which of the settings for some vendors this one has."""
    stream_type: str = "text/event-stream"
    """The media type of a streamed answer, which is asked for."""
    schema_rules: Rules = LENIENT
    """How a schema is written for the vendor's schema mode."""
    option_paths: Mapping[str, tuple[str, ...]]
    """The vendor's own fields that a caller may set, and where they stand in the body."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.options_name = vendor.name
        """The keyword of `completion()` that carries the vendor's own fields."""

    def holds_messages(self, model: str) -> bool:
        """Whether messages may be empty: the model is a stored prompt, which has its own."""
        return False

    def way(self, call: Call, wanted: Format, *, sayable: bool) -> Way:
        """How the answer gets its form; `sayable`: whether the vendor's schema mode can express the type."""
        return wanted_way(wanted)

    def base_url(self, call: Call) -> str:
        """The host and what stands before the path: the caller's, the environment's, or the vendor's."""
        return base_url(self.vendor, call.api_base)

    def credentials(self, call: Call) -> Credentials:
        """The key, and how it is sent."""
        given = call.settings.get("api_key")
        if callable(given):
            return Credentials(given, lambda key, _: self.headers(key, None))
        if given is not None:
            if not (given := given.strip()):
                raise InvalidRequestError("api_key is blank", param="api_key", provider=self.vendor.name)
            return Credentials(given, lambda key, _: self.headers(key, None))
        key, variable = environment_key(self.vendor, call.model)
        return Credentials(key, lambda key, _: self.headers(key, variable), source=variable or "api_key")

    def path(self, call: Call) -> str:
        """What follows the base URL."""
        return self.vendor.path

    def headers(self, key: str, variable: str | None) -> Headers:
        """The headers that carry the key; `variable` is where it was found, if in the environment."""
        return bearer(key) if key else ()

    def renamed(self, body: dict[str, object]) -> dict[str, object]:
        """The body, with the fields that this vendor calls otherwise under its names."""
        for name, to in self.vendor.renames.items():
            if name in body:
                body[to] = body.pop(name)
        return body

    @abstractmethod
    def body(self, call: Call) -> dict[str, object]:
        """The request's body."""

    @abstractmethod
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        """The whole answer, from the reply's body."""

    @abstractmethod
    def reader(self, call: Call) -> StreamReader:
        """A reader for one streamed answer."""

    def error(self, call: Call, status: int | None, headers: Mapping[str, str], body: bytes) -> APIError:
        """The error for a reply that is one."""
        from ..failures import failure

        return failure(self.vendor.name, call.model, status, headers, body)
