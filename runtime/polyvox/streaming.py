"""What a streamed answer is, whoever reads its bytes: chunks, the answer so far, and how it broke."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assembling import Assembler
from .errors import APIError, StreamInterruptedError
from .headers import request_id
from .structured import parsed

if TYPE_CHECKING:
    from .calling import Opened
    from .results import ChatCompletion, ChatCompletionChunk


class Received:
    """The part of a stream that has arrived."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._assembler = Assembler()

    def feed(self, piece: bytes) -> tuple[list[ChatCompletionChunk], APIError | None]:
        """The chunks that this piece completes, and the error that follows them, if one does."""
        chunks: list[ChatCompletionChunk] = []
        try:
            self._opened.reader.feed(piece, chunks)
        except APIError as error:
            return self._add(chunks), self._failed(error)
        return self._add(chunks), None

    def finish(self) -> tuple[list[ChatCompletionChunk], APIError | None]:
        """The chunks that the end completes, and the error if it came too early."""
        chunks: list[ChatCompletionChunk] = []
        try:
            self._opened.reader.finish(chunks)
        except APIError as error:
            return self._add(chunks), self._failed(error)
        return self._add(chunks), None

    def _add(self, chunks: list[ChatCompletionChunk]) -> list[ChatCompletionChunk]:
        for chunk in chunks:
            self._assembler.add(chunk)
        return chunks

    def broken(self, error: Exception, *, timed_out: bool) -> APIError | None:
        """The error for a connection that failed; None where the answer was complete already."""
        if self._opened.reader.done:
            return None
        says = "no more data came in time; pass a longer `timeout`" if timed_out else f"the connection broke ({error})"
        return self._failed(self.interrupted(says))

    def interrupted(self, says: str) -> StreamInterruptedError:
        """The stream ended before the answer did."""
        call = self._opened.call
        return StreamInterruptedError(
            f"the stream ended early: {says}; `error.partial` has what arrived",
            provider=call.vendor.name,
            model=call.model,
        )

    def _failed(self, error: APIError) -> APIError:
        self._opened.secrets.mask(error)
        error.request_id = error.request_id or request_id(self._opened.facts.headers)
        error.partial = self._answer()
        return error

    def _answer(self) -> ChatCompletion:
        answer = self._assembler.completion()
        answer._facts = self._opened.facts
        return answer

    def completion(self) -> ChatCompletion:
        """The answer, parsed if a type was given as `response_format`.

        Raises:
            StructuredOutputError: it does not fit `response_format`.
        """
        call = self._opened.call
        if call.typed is None:
            return self._answer()
        return parsed(self._answer(), call.typed, call.model)
