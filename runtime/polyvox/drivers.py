"""All I/O of a call: carries each request of an exchange through an HTTP client, and reads streams.

`run` and `arun`, `Stream` and `AsyncStream` are the same thing twice; all they decide with stands elsewhere.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from inspect import isawaitable, iscoroutine
from time import monotonic, sleep
from types import TracebackType
from typing import TYPE_CHECKING, Final, Generic, Protocol, Self, cast

import httpx2
from typing_extensions import TypeVar

from .errors import APIError, InvalidRequestError
from .exchange import Failure, Headers, More, Outcome, Pause, Request, Response, Steps, UnreadableReplyError, is_good
from .limits import Body, Phases, phases_of
from .results import ChatCompletion, ChatCompletionChunk
from .secrecy import Hidden, forget_carriers
from .watching import NOBODY, Watch

if TYPE_CHECKING:
    from .calling import Opened

T = TypeVar("T")
ChunkT = TypeVar("ChunkT", bound=ChatCompletionChunk, default=ChatCompletionChunk)


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
        self, method: str, url: str, *, headers: object, content: bytes, extensions: Mapping[str, object]
    ) -> object: ...
    def send(self, request: object, *, stream: bool, follow_redirects: bool) -> Reply: ...


class AsyncHTTP(Protocol):
    """The same, asynchronous."""

    def build_request(
        self, method: str, url: str, *, headers: object, content: bytes, extensions: Mapping[str, object]
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


_ERRORS: Final = {
    "httpcore2": ("TimeoutException", "NetworkError", "ProtocolError"),
    "httpx2": ("RequestError", "InvalidURL"),
    "httpx": ("RequestError", "InvalidURL"),
}
"""What a failed request raises, of the libraries that may carry it."""


def _errors() -> tuple[type[Exception], ...]:
    """The errors of those that are loaded."""
    return _errors_of(tuple(name for name in _ERRORS if name in sys.modules))


@lru_cache
def _errors_of(loaded: tuple[str, ...]) -> tuple[type[Exception], ...]:
    theirs = (getattr(sys.modules[library], name) for library in loaded for name in _ERRORS[library])
    return (*theirs, TimeoutError, UnreadableReplyError)


def _failure(error: Exception, started: float, reply: Reply | AsyncReply | None) -> Failure:
    forget_carriers(error)
    if _is(error, "DecodingError"):
        error = UnreadableReplyError(f"it does not unpack ({error})")
    return Failure(error, _timed_out(error), monotonic() - started, None if reply is None else reply.headers)


def _timed_out(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or _is(error, "TimeoutException")


def _is(error: Exception, name: str) -> bool:
    """Whether it is of this class, of either library."""
    return any(kind.__name__ == name for kind in type(error).__mro__)


def _stays_open(request: Request, status: int) -> bool:
    return request.stream and is_good(status)


def _key_headers(request: Request, key: object) -> Headers:
    if request.sign is None:
        return request.headers
    if not isinstance(key, str) or not key.strip():
        raise InvalidRequestError("the api_key callable returned no key", param="api_key")
    key = Hidden(key.strip())
    return (*request.headers, *request.sign(key))


def _sync_key_headers(request: Request) -> Headers:
    return _key_headers(request, _no_coroutine(request.key() if request.key is not None else None))


def _no_coroutine(key: object) -> object:
    if not isawaitable(key):
        return key
    if iscoroutine(key):
        key.close()
    raise InvalidRequestError("api_key is an async callable; use acompletion(), or a plain callable", param="api_key")


def run(steps: Steps[T], http: HTTP) -> tuple[T, Reply | None]:
    """Carry an exchange out. Returns its result, and the open reply if it is streamed."""
    errors = _errors()
    reply: Reply | None = None
    step: Callable[[], Request | Pause | More] = partial(next, steps)
    try:
        while True:
            try:
                request = step()
            except StopIteration as done:
                return cast("T", done.value), reply
            if isinstance(request, More):
                assert reply is not None, "more is asked of a reply that is open"
                step = partial(steps.send, _more(reply, errors))
                continue
            if reply is not None:
                reply.close()  # a stream that failed before it began
            reply = None
            if isinstance(request, Pause):
                _pause(request)
                step = partial(next, steps)
                continue
            if request.after:
                sleep(request.after)
            started = monotonic()
            try:
                headers = request.headers if request.key is None else _sync_key_headers(request)
                reply = _send(http, request, headers)
                come = Response(reply.status_code, reply.headers)
                if _stays_open(request, reply.status_code):
                    reply = Open(reply)
                else:
                    come.body = _read(reply, request, started, errors)
                come.elapsed = monotonic() - started
                outcome: Outcome = come
            except APIError as refused:  # no key: the next model may have one
                step = partial(steps.throw, refused)
                continue
            except errors as error:
                outcome = _failure(error, started, reply)
            step = partial(steps.send, outcome)
    except BaseException as stopped:
        forget_carriers(stopped)
        if reply is not None:
            reply.close()
        raise
    finally:
        steps.close()


def _more(reply: Reply, errors: tuple[type[Exception], ...]) -> Outcome:
    started = monotonic()
    try:
        piece = next(filter(None, reply.iter_bytes()), b"")
    except errors as error:
        return _failure(error, started, reply)
    return Response(reply.status_code, reply.headers, piece, monotonic() - started)


def _pause(pause: Pause) -> None:
    with suppress(TimeoutError):
        pause.until.result(pause.seconds)
    pause.until.cancel()


def _send(http: HTTP, request: Request, headers: Headers) -> Reply:
    if request.mock is not None:
        return MockReply(request.mock)
    phases = phases_of(request.timeouts)
    reply = http.send(_built(http, request, headers, phases), stream=True, follow_redirects=False)
    if request.stream and isinstance(phases, Phases):
        phases.begun()
    return reply


def _built(http: HTTP | AsyncHTTP, request: Request, headers: Headers, phases: Mapping[str, float | None]) -> object:
    """The request in the client's own type: a caller's client builds it itself, so that its headers and settings
    count."""
    extensions = {"timeout": phases}
    return http.build_request("POST", request.url, headers=headers, content=request.body, extensions=extensions)


def _read(reply: Reply, request: Request, started: float, errors: tuple[type[Exception], ...]) -> bytes:
    body = Body(request, reply.status_code, started)
    try:
        for piece in reply.iter_bytes():
            if body.add(piece):
                break
    except errors as error:
        body.broken(error)
    finally:
        reply.close()
    return body.whole


async def arun(steps: Steps[T], http: AsyncHTTP) -> tuple[T, AsyncReply | None]:
    """The same as `run`, asynchronous."""
    errors = _errors()
    reply: AsyncReply | None = None
    step: Callable[[], Request | Pause | More] = partial(next, steps)
    try:
        while True:
            try:
                request = step()
            except StopIteration as done:
                return cast("T", done.value), reply
            if isinstance(request, More):
                assert reply is not None, "more is asked of a reply that is open"
                step = partial(steps.send, await _amore(reply, errors))
                continue
            if reply is not None:
                await reply.aclose()  # a stream that failed before it began
            reply = None
            if isinstance(request, Pause):
                await _apause(request)
                step = partial(next, steps)
                continue
            if request.after:
                await asyncio.sleep(request.after)
            started = monotonic()
            try:
                headers = request.headers if request.key is None else await _async_key_headers(request)
                async with asyncio.timeout(request.timeouts.total):  # headers may trickle in, too
                    reply = await _asend(http, request, headers)
                come = Response(reply.status_code, reply.headers)
                if _stays_open(request, reply.status_code):
                    reply = AsyncOpen(reply)
                else:
                    come.body = await _aread(reply, request, started, errors)
                come.elapsed = monotonic() - started
                outcome: Outcome = come
            except APIError as refused:  # no key: the next model may have one
                step = partial(steps.throw, refused)
                continue
            except errors as error:
                outcome = _failure(error, started, reply)
            step = partial(steps.send, outcome)
    except BaseException as stopped:
        forget_carriers(stopped)
        if reply is not None:
            await reply.aclose()
        raise
    finally:
        steps.close()


async def _amore(reply: AsyncReply, errors: tuple[type[Exception], ...]) -> Outcome:
    started = monotonic()
    try:
        piece = b""
        async for piece in reply.aiter_bytes():
            if piece:
                break
    except errors as error:
        return _failure(error, started, reply)
    return Response(reply.status_code, reply.headers, piece, monotonic() - started)


async def _apause(pause: Pause) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.wrap_future(pause.until), pause.seconds)


async def _async_key_headers(request: Request) -> Headers:
    if request.blocking:
        return await asyncio.to_thread(_sync_key_headers, request)
    key = request.key() if request.key is not None else None
    if isawaitable(key):
        key = await key
    if isinstance(key, str):
        key = Hidden(key)
    return _key_headers(request, key)


async def _asend(http: AsyncHTTP, request: Request, headers: Headers) -> AsyncReply:
    if request.mock is not None:
        return MockReply(request.mock)
    phases = phases_of(request.timeouts)
    reply = await http.send(_built(http, request, headers, phases), stream=True, follow_redirects=False)
    if request.stream and isinstance(phases, Phases):
        phases.begun()
    return reply


async def _aread(reply: AsyncReply, request: Request, started: float, errors: tuple[type[Exception], ...]) -> bytes:
    body = Body(request, reply.status_code, started)
    try:
        async for piece in reply.aiter_bytes():
            if body.add(piece):
                break
    except errors as error:
        body.broken(error)
    finally:
        await reply.aclose()
    return body.whole


def fetch(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], timeout: float
) -> tuple[int, Mapping[str, str], bytes]:
    """One request outside of a call: to a token server."""

    with httpx2.Client(timeout=timeout) as client:
        reply = client.request(method, url, content=body, headers=dict(headers))
        return reply.status_code, reply.headers, reply.content


class Stream(Iterator[ChunkT], Generic[ChunkT]):
    """A streamed answer: iterate over its chunks. Leaving a `with` block, or `close()`, closes the connection.

    Its first chunk has arrived, so that whatever went wrong before could be tried again. Raises, while iterating, the
    vendor's error if the stream carries one, `StreamInterruptedError` if it ends before the answer does; both have what
    arrived in `error.partial`.
    """

    def __init__(self, opened: Opened, reply: Reply, http: HTTP, watch: Watch = NOBODY) -> None:
        self._received = opened.received
        self._received.watched_by(watch)
        self._reply = reply
        self._chunks = self._read(_errors())

    def _read(self, errors: tuple[type[Exception], ...]) -> Generator[ChatCompletionChunk, None, None]:
        received = self._received
        try:
            yield from received.taken()
            for piece in self._reply.iter_bytes():
                chunks, error = received.feed(piece)
                yield from chunks
                if error is not None:
                    piece = b""  # may repeat the key
                    raise error
        except errors as broken:
            forget_carriers(broken)
            if failure := received.broken(broken, timed_out=_timed_out(broken)):
                raise failure from broken
        except BaseException as stopped:
            forget_carriers(stopped)
            received.left(stopped)
            raise
        finally:
            self._reply.close()
        piece = b""
        chunks, error = received.finish()
        yield from chunks
        if error is not None:
            raise error

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._received!r}>"

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ChunkT:
        return cast("ChunkT", next(self._chunks))

    def completion(self) -> ChatCompletion:
        """The whole answer: reads what is left of the stream first."""
        for _ in self._chunks:
            pass
        return self._received.completion()

    def close(self) -> None:
        """Stop reading and close the connection; safe to call twice."""
        self._chunks.close()
        self._reply.close()
        self._received.left()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncStream(AsyncIterator[ChunkT], Generic[ChunkT]):
    """The same as `Stream`, asynchronous."""

    def __init__(self, opened: Opened, reply: AsyncReply, http: AsyncHTTP, watch: Watch = NOBODY) -> None:
        self._received = opened.received
        self._received.watched_by(watch)
        self._reply = reply
        self._chunks = self._read(_errors())

    async def _read(self, errors: tuple[type[Exception], ...]) -> AsyncGenerator[ChatCompletionChunk, None]:
        received = self._received
        try:
            for chunk in received.taken():
                yield chunk
            async for piece in self._reply.aiter_bytes():
                chunks, error = received.feed(piece)
                for chunk in chunks:
                    yield chunk
                if error is not None:
                    piece = b""  # may repeat the key
                    raise error
        except errors as broken:
            forget_carriers(broken)
            if failure := received.broken(broken, timed_out=_timed_out(broken)):
                raise failure from broken
        except BaseException as stopped:
            forget_carriers(stopped)
            received.left(stopped)
            raise
        finally:
            await self._reply.aclose()
        piece = b""
        chunks, error = received.finish()
        for chunk in chunks:
            yield chunk
        if error is not None:
            raise error

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._received!r}>"

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ChunkT:
        return cast("ChunkT", await anext(self._chunks))

    async def completion(self) -> ChatCompletion:
        """The whole answer: reads what is left of the stream first."""
        async for _ in self._chunks:
            pass
        return self._received.completion()

    async def close(self) -> None:
        """Stop reading and close the connection; safe to call twice."""
        await self._chunks.aclose()
        await self._reply.aclose()
        self._received.left()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()
