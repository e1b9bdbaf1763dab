"""Ollama's stream, whose lines are replies in small, to unified chunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json
from typing_extensions import override

from polyvox_wire.ollama import responses as r
from polyvox_wire.ollama import stubs

from ..honest import check_call, created
from ..reading import read_reply
from ..results import ChatCompletionChunk, Chunks, Delta, FunctionCallDelta, ToolCallDelta
from ..streams import JsonLinesDecoder
from .dialect import EventReader
from .ollama import choice_fields, finish_reason, kept, logprobs, tool_call, usage

if TYPE_CHECKING:
    from ..call import Call
    from .dialect import Dialect


# What a line of text has.
_LINE: Final = frozenset({"model", "created_at", "message", "done"})
_MESSAGE: Final = frozenset({"role", "content"})


class OllamaEvents(Chunks, stubs.StreamMapping[ChatCompletionChunk]):
    """One stream's lines, in order, to chunks."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.model)
        self._call = call
        self._made = 0
        self._images: list[str] = []
        self.done = False

    @override
    def event(self, event: r.ChatResponse, /) -> Iterable[ChatCompletionChunk]:
        if not self._begun:
            self._created, self._model = created(event.created_at), event.model or self._model
        delta = self._delta(event.message or r.ReplyMessage())
        chunk = self._chunk(delta)
        choice = chunk.choices[0]
        choice.logprobs = logprobs(event.logprobs)
        if event.done:
            self.done = True
            choice.finish_reason = finish_reason(event, bool(self._made))
            choice.provider_specific_fields = choice_fields(event)
            delta.provider_specific_fields = kept(self._images)
            chunk.usage = usage(event)
        return (chunk,)

    def plain(self, data: bytes) -> Iterable[ChatCompletionChunk] | None:
        """The chunks of a line that is text and nothing else, as nearly all are; None for any other, and nothing is
        taken: it is for `event`, which does the same, but reads by the vendor's types, which costs twice as much."""
        try:
            found = from_json(data)
            message = found["message"]
            text = message["content"]
            whole = found["done"] is False and found.keys() <= _LINE and message.keys() <= _MESSAGE
        except (KeyError, TypeError, ValueError):
            return None
        if not whole or not self._begun or not isinstance(message.get("role", ""), str):
            return None
        if not text or not isinstance(text, str):
            return None
        return (self._piece({"content": text}),)

    def _delta(self, said: r.ReplyMessage) -> Delta:
        self._images.extend(said.images or ())
        calls = [self._call_delta(made) for made in said.tool_calls or ()]
        return Delta(content=said.content or None, reasoning_content=said.thinking or None, tool_calls=calls or None)

    def _call_delta(self, made: r.ToolCall) -> ToolCallDelta:
        """A call, which always comes whole."""
        index, self._made = self._made, self._made + 1
        call = tool_call(made)
        check_call(index, call.id, call.function.name, self._call)
        return ToolCallDelta(
            index=index,
            id=call.id,
            type="function",
            function=FunctionCallDelta(name=call.function.name, arguments=call.function.arguments),
            provider_specific_fields=call.provider_specific_fields,
        )


class OllamaReader(EventReader):
    """One stream of Ollama's."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(call, JsonLinesDecoder())
        self._dialect = dialect
        self._events = OllamaEvents(call)

    @override
    def _read(self, data: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if self.done:
            return
        if (made := self._events.plain(data)) is not None:
            chunks.extend(made)
            return
        reply = read_reply(r.ChatResponse, data, self._call)
        if reply.error is not None:
            raise self._dialect.error(self._call, None, {}, data)
        chunks.extend(self._events.event(reply))
        self.done = self._events.done
