"""Streamed answers, as callers have them: `Stream` and `AsyncStream` are the same thing twice; all they decide with
stands in streaming.py."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import suppress
from types import AsyncGeneratorType, GeneratorType, TracebackType
from typing import TYPE_CHECKING, Generic, Self, cast

from typing_extensions import TypeVar

from .errors import APIError
from .results import ChatCompletion, ChatCompletionChunk
from .secrecy import forget_carriers
from .transport.troubles import errors_of_libraries, timed_out
from .watching import NOBODY, Watch

if TYPE_CHECKING:
    from .streaming import Received
    from .transport.replies import AsyncReply, Reply

ChunkT = TypeVar("ChunkT", bound=ChatCompletionChunk, default=ChatCompletionChunk)


def _read(received: Received, reply: Reply) -> Generator[ChatCompletionChunk | None, None, None]:
    """The chunks, behind a None that only begins it: what has begun is ended, and closes the connection, when it is
    forgotten. It does not know its stream, so that this does not wait for the garbage collector."""
    failure: APIError | None = None
    try:
        yield None
        yield from received.taken()
        for piece in reply.iter_bytes():
            chunks, error = received.feed(piece)
            yield from chunks
            if error is not None:
                piece = b""  # may repeat the key
                raise error
    except APIError:  # the vendor's own; one of them is a TimeoutError, too
        raise
    except errors_of_libraries() as broken:
        forget_carriers(broken)
        failure = received.broken(broken, timed_out=timed_out(broken))
    except BaseException as stopped:
        forget_carriers(stopped)
        received.left(stopped)
        raise
    finally:
        reply.close()
    if failure is not None:  # out here it has no context that may show what it does not
        raise failure
    piece = b""
    chunks, error = received.finish()
    yield from chunks
    if error is not None:
        raise error


async def _aread(received: Received, reply: AsyncReply) -> AsyncGenerator[ChatCompletionChunk | None, None]:
    """The same as `_read`, asynchronous."""
    failure: APIError | None = None
    try:
        yield None
        for chunk in received.taken():
            yield chunk
        async for piece in reply.aiter_bytes():
            chunks, error = received.feed(piece)
            for chunk in chunks:
                yield chunk
            if error is not None:
                piece = b""  # may repeat the key
                raise error
    except APIError:  # the vendor's own; one of them is a TimeoutError, too
        raise
    except errors_of_libraries() as broken:
        forget_carriers(broken)
        failure = received.broken(broken, timed_out=timed_out(broken))
    except BaseException as stopped:
        forget_carriers(stopped)
        received.left(stopped)
        raise
    finally:
        await reply.aclose()
    if failure is not None:  # out here it has no context that may show what it does not
        raise failure
    piece = b""
    chunks, error = received.finish()
    for chunk in chunks:
        yield chunk
    if error is not None:
        raise error


class Stream(Iterator[ChunkT], Generic[ChunkT]):
    """A streamed answer: iterate over its chunks. Leaving a `with` block, or `close()`, closes the connection.

    Its first chunk has arrived, so that whatever went wrong before could be tried again. Raises, while iterating, the
    vendor's error if the stream carries one, `StreamInterruptedError` if it ends before the answer does; both have what
    arrived in `error.partial`.
    """

    def __init__(self, received: Received, reply: Reply, watch: Watch = NOBODY) -> None:
        self._received = received
        self._received.watched_by(watch)
        self._reply = reply
        self._chunks = cast("GeneratorType[ChunkT, None, None]", _read(received, reply))
        next(self._chunks)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._received!r}>"

    def __iter__(self) -> Iterator[ChunkT]:
        return self._chunks  # and not `self`: a loop need not pass through `__next__` for each chunk

    def __next__(self) -> ChunkT:
        return next(self._chunks)

    def completion(self) -> ChatCompletion:
        """The whole answer: reads what is left of the stream first."""
        for _ in self._chunks:
            pass
        return self._received.completion()

    def close(self) -> None:
        """Stop reading and close the connection; safe to call twice, and while another thread reads: that one gets a
        StreamInterruptedError."""
        with suppress(ValueError):  # another thread is in there
            self._chunks.close()
        self._received.left()
        self._reply.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class AsyncStream(AsyncIterator[ChunkT], Generic[ChunkT]):
    """The same as `Stream`, asynchronous."""

    def __init__(self, received: Received, reply: AsyncReply, watch: Watch = NOBODY) -> None:
        self._received = received
        self._received.watched_by(watch)
        self._reply = reply
        self._chunks = cast("AsyncGeneratorType[ChunkT, None]", _aread(received, reply))
        with suppress(StopIteration):
            anext(self._chunks).send(None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._received!r}>"

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        return self._chunks

    async def __anext__(self) -> ChunkT:
        return await anext(self._chunks)

    async def completion(self) -> ChatCompletion:
        """The whole answer: reads what is left of the stream first."""
        async for _ in self._chunks:
            pass
        return self._received.completion()

    async def close(self) -> None:
        """Stop reading and close the connection; safe to call twice, and while another task reads: that one gets a
        StreamInterruptedError."""
        if not self._chunks.ag_running:  # another task is in there
            await self._chunks.aclose()
        self._received.left()
        await self._reply.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()
