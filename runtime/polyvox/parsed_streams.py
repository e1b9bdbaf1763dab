"""`ParsedStream` and `AsyncParsedStream`: a streamed answer with a type as `response_format`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast

from typing_extensions import override

from .answer_streams import AsyncStream, Stream
from .results import ChatCompletionChunk
from .watching import NOBODY, Watch

if TYPE_CHECKING:
    from .parsed_results import ParsedChatCompletion
    from .results import ChatCompletion
    from .streaming import Received
    from .transport.replies import AsyncReply, Reply

__all__ = ["AsyncParsedStream", "ParsedStream"]

T = TypeVar("T")


class _SoFar:
    """The object that the text handed out so far describes."""

    def __init__(self, received: Received) -> None:
        self._typed = received.call.typed
        self._text: list[str] = []
        self._read = 0
        self._value: object = None

    def add(self, chunk: ChatCompletionChunk) -> None:
        for choice in chunk.choices:
            if choice.index == 0 and choice.delta.content:
                self._text.append(choice.delta.content)

    def end(self, answer: ChatCompletion) -> None:
        """The whole answer was read, without its chunks."""
        self._text = [answer.choices[0].message.content or ""] if answer.choices else []
        self._read = 0

    def value(self) -> object:
        """Read only when asked for, and only if there is more than the last time."""
        if self._typed is not None and self._read != len(self._text):
            self._read = len(self._text)
            found = self._typed.partial("".join(self._text))
            self._value = self._value if found is None else found
        return self._value


class ParsedStream(Stream[ChatCompletionChunk], Generic[T]):
    """A streamed answer that describes a `T`. Its chunks are those of any stream: the JSON's text in pieces."""

    def __init__(self, received: Received, reply: Reply, watch: Watch = NOBODY) -> None:
        super().__init__(received, reply, watch)
        self._so_far = _SoFar(received)

    @override
    def __iter__(self) -> Self:
        return self  # `partial` follows what is handed out

    @override
    def __next__(self) -> ChatCompletionChunk:
        chunk = super().__next__()
        self._so_far.add(chunk)
        return chunk

    @property
    def partial(self) -> T | None:
        """The object so far: what the chunks of the first choice that were handed out describe, where it is a `T`.

        None until it is. Texts and lists grow; of a list, elements that are not whole yet are left out, and so is a
        last field that has a default. A type whose fields all have defaults shows from the first one on.
        """
        return cast("T | None", self._so_far.value())

    @override
    def completion(self) -> ParsedChatCompletion[T]:
        """The whole answer, parsed: reads what is left of the stream first.

        Raises:
            StructuredOutputError: the answer does not fit the type; `reason` says why, `text` has it.
        """
        answer = super().completion()
        self._so_far.end(answer)
        return cast("ParsedChatCompletion[T]", answer)


class AsyncParsedStream(AsyncStream[ChatCompletionChunk], Generic[T]):
    """The same as `ParsedStream`, asynchronous."""

    def __init__(self, received: Received, reply: AsyncReply, watch: Watch = NOBODY) -> None:
        super().__init__(received, reply, watch)
        self._so_far = _SoFar(received)

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> ChatCompletionChunk:
        chunk = await super().__anext__()
        self._so_far.add(chunk)
        return chunk

    @property
    def partial(self) -> T | None:
        """The object so far; see `ParsedStream.partial`."""
        return cast("T | None", self._so_far.value())

    @override
    async def completion(self) -> ParsedChatCompletion[T]:
        """The whole answer, parsed; see `ParsedStream.completion`."""
        answer = await super().completion()
        self._so_far.end(answer)
        return cast("ParsedChatCompletion[T]", answer)


def stream_of(received: Received, reply: Reply, watch: Watch = NOBODY) -> Stream:
    """The stream of an answer that has begun."""
    return (Stream if received.call.typed is None else ParsedStream[object])(received, reply, watch)


def async_stream_of(received: Received, reply: AsyncReply, watch: Watch = NOBODY) -> AsyncStream:
    """The same, asynchronous."""
    return (AsyncStream if received.call.typed is None else AsyncParsedStream[object])(received, reply, watch)
