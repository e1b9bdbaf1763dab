"""What a streamed answer is, whoever reads its bytes: chunks, the answer so far, and how it broke."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .assembling import Assembler
from .dialects.dialect import interrupted
from .errors import APIError, APIResponseValidationError, StreamInterruptedError
from .exchange import MAX_REPLY, Failure, Outcome
from .headers import request_id
from .secrecy import forget_frames
from .structured import parsed
from .watching import NOBODY, Watch

if TYPE_CHECKING:
    from .call import Call
    from .dialects.dialect import StreamReader
    from .groups import Lease
    from .results import ChatCompletion, ChatCompletionChunk, Facts
    from .secrecy import Secrets

_SHOWN = 80  # bytes


class Received:
    """A streamed answer whose headers have arrived, and what has come of it since."""

    def __init__(self, reader: StreamReader, call: Call, facts: Facts, secrets: Secrets) -> None:
        self._reader = reader
        self.call = call
        self._facts = facts
        self._secrets = secrets
        self._watch: Watch = NOBODY
        self._lease: Lease | None = None
        self._begun: list[ChatCompletionChunk] = []
        self._error: APIError | None = None
        self._ended = False
        self._assembler = Assembler()
        self._waiting = 0
        self._start: bytes | None = b""
        """The start of a body in which no chunk was found yet."""

    def __repr__(self) -> str:
        return f"{self.call.vendor.name}:{self.call.model}, {'complete' if self._reader.done else 'incomplete'}"

    def watched_by(self, watch: Watch) -> None:
        """Who is told of what comes from now on."""
        self._watch = watch
        watch.arrived(len(self._begun))

    def held_by(self, lease: Lease) -> None:
        """What a model group must know when the stream ends."""
        self._lease = lease

    def begin(self, outcome: Outcome) -> bool:
        """Take a first piece. True once there is a chunk, or the answer is complete.

        Raises:
            APIError: the stream failed before it began; nothing has been handed out, so it may be tried again.
        """
        error: APIError | None = None
        if isinstance(outcome, Failure):
            error = self.broken(outcome.error, timed_out=outcome.timed_out)
            self._ended = error is None
        elif outcome.body:
            self._begun, error = self.feed(outcome.body)
        else:
            self._begun, error = self.finish()
            self._ended = error is None
        if self._begun:
            self._error = error  # it comes after the chunks
        elif error is not None:
            error.retryable = error.retryable or isinstance(outcome, Failure)
            raise error
        return bool(self._begun) or self._ended

    def taken(self) -> Iterator[ChatCompletionChunk]:
        """What `begin` took."""
        begun, self._begun = self._begun, []
        yield from begun
        if self._error is not None:
            raise self._error

    def feed(self, piece: bytes) -> tuple[list[ChatCompletionChunk], APIError | None]:
        """The chunks that this piece completes, and the error that follows them, if one does."""
        chunks: list[ChatCompletionChunk] = []
        try:
            self._reader.feed(piece, chunks)
        except APIError as error:
            self._reader.release(chunks)
            return self._add(chunks), self._failed(error)
        if chunks:
            self._waiting, self._start = 0, None
            return self._add(chunks), None
        self._waiting += len(piece)
        if self._start is not None:
            self._start = (self._start + piece[:_SHOWN])[:_SHOWN]
        return chunks, self._failed(self._endless()) if self._waiting > MAX_REPLY else None

    def finish(self) -> tuple[list[ChatCompletionChunk], APIError | None]:
        """The chunks that the end completes, and the error if it came too early."""
        if self._ended:
            self._end_lease()
            self._watch.ended(self._answer)
            return [], None
        chunks: list[ChatCompletionChunk] = []
        try:
            self._reader.finish(chunks)
        except APIError as error:
            self._reader.release(chunks)
            return self._add(chunks), self._failed(error)
        self._add(chunks)
        self._end_lease()
        self._watch.ended(self._answer)
        return chunks, None

    def _end_lease(self, error: BaseException | None = None) -> None:
        if self._lease is not None:
            self._lease.end(error)

    def _add(self, chunks: list[ChatCompletionChunk]) -> list[ChatCompletionChunk]:
        for chunk in chunks:
            self._assembler.add(chunk)
        if self._watch is not NOBODY:
            self._watch.arrived(len(chunks))
        return chunks

    def left(self, stopped: BaseException | None = None) -> None:
        """The reader went before the end: of his own will, or because something stopped him (a web server cancels the
        task of a browser that has gone)."""
        self._end_lease(stopped)
        if isinstance(stopped, Exception):
            self._watch.failed(stopped)
        else:
            self._watch.ended(self._answer, complete=False)

    def broken(self, error: Exception, *, timed_out: bool) -> APIError | None:
        """The error for a connection that failed; None where the answer was complete already."""
        if self._reader.done:
            return None
        held: list[ChatCompletionChunk] = []
        self._reader.release(held)
        self._add(held)
        says = f"the connection broke ({str(error) or type(error).__name__})"
        if timed_out:
            says = "no more data came in time; pass a longer `timeout`"
        failure = interrupted(self.call, says)
        failure.__cause__ = error
        return self._failed(failure)

    def _endless(self) -> APIError:
        """An event without end, or nothing but keep-alives."""
        return APIResponseValidationError(
            f"the stream sent {MAX_REPLY >> 20} MiB without a chunk; `error.partial` has what arrived",
            provider=self.call.vendor.name,
            model=self.call.model,
        )

    def _failed(self, error: APIError) -> APIError:
        if self._start and isinstance(error, StreamInterruptedError):  # a page to log in, perhaps, and no stream at all
            error.message += f"; it began {self._start.decode('utf-8', 'replace')!r}"
            error.args = (error.message,)
        forget_frames(self._secrets.mask(error))
        error.request_id = error.request_id or request_id(self._facts.headers)
        error.partial = self._answer()
        self._end_lease(error)
        self._watch.failed(error)
        return error

    def _answer(self) -> ChatCompletion:
        answer = self._assembler.completion()
        answer._facts = self._facts
        return answer

    def completion(self) -> ChatCompletion:
        """The answer, parsed if a type was given as `response_format`.

        Raises:
            StructuredOutputError: it does not fit `response_format`.
        """
        typed = self.call.typed
        return self._answer() if typed is None else parsed(self._answer(), typed, self.call.model)
