"""Cohere's stream events to unified chunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, assert_never

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import from_json, to_json
from typing_extensions import override

from polyvox_wire.cohere import responses as r
from polyvox_wire.cohere import stubs
from polyvox_wire.support import UnknownVariant

from ..honest import check_call
from ..reading import read_event
from ..results import ChatCompletionChunk, Chunks, Delta, FunctionCallDelta, ToolCallDelta
from ..streams import EventStreamDecoder
from .cohere import choice_fields, finish_reason, logprobs, unified, usage
from .dialect import EventReader

if TYPE_CHECKING:
    from ..call import Call
    from .dialect import Dialect

EVENTS: Final[TypeAdapter[r.StreamedChatResponseV2]] = TypeAdapter(
    r.StreamedChatResponseV2, config=ConfigDict(defer_build=True)
)


class _Block:
    """A block of content that is still being written."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.thinking: list[str] = []

    def whole(self) -> r.ChatTextContent | r.ChatThinkingContent:
        """The block as a whole reply would have it."""
        if self.thinking:
            return r.ChatThinkingContent(type="thinking", thinking="".join(self.thinking))
        return r.ChatTextContent(type="text", text="".join(self.text))


class _Call:
    """A call that is still being written."""

    def __init__(self, number: int, named: str, function: str) -> None:
        self.number = number
        self.named = named
        self.function = function
        self.arguments: list[str] = []

    def whole(self) -> r.ToolCallV2:
        """The call as a whole reply would have it."""
        function = r.ToolCallV2Function(name=self.function, arguments="".join(self.arguments))
        return r.ToolCallV2(id=self.named, type="function", function=function)


class _Written:
    """The message so far."""

    def __init__(self) -> None:
        self.blocks: dict[tuple[int, bool], _Block] = {}  # by index, and by whether it is thinking
        self.calls: list[_Call] = []
        self.places: dict[int, _Call] = {}
        """The last call that began at an index."""
        self.plan: list[str] = []
        self.citations: list[r.Citation] = []

    def whole(self) -> r.AssistantMessageResponse:
        """The message as a whole reply would have it."""
        said = r.AssistantMessageResponse()
        if self.plan:
            said.tool_plan = "".join(self.plan)
        if self.blocks:
            said.content = [block.whole() for block in self.blocks.values()]
        if self.calls:
            said.tool_calls = [call.whole() for call in self.calls]
        if self.citations:
            said.citations = self.citations
        return said


_NOTHING: Final[tuple[ChatCompletionChunk, ...]] = ()


class CohereEvents(Chunks, stubs.StreamMapping[ChatCompletionChunk]):
    """One stream's events, in order, to chunks."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(call.model)
        self._dialect = dialect
        self._call = call
        self._written = _Written()
        self.done = False

    @override
    def event(self, event: r.StreamedChatResponseV2, /) -> Iterable[ChatCompletionChunk]:
        match event:
            case r.ChatContentDeltaEvent():
                return self._content(event)
            case r.ChatContentStartEvent():
                return self._start(event)
            case r.ChatToolPlanDeltaEvent():
                return self._plan(event)
            case r.ChatToolCallStartEvent():
                return self._start_call(event)
            case r.ChatToolCallDeltaEvent():
                return self._arguments(event)
            case r.ChatToolCallEndEvent():
                return self._end_call(event)
            case r.CitationStartEvent():
                return self._cite(event)
            case r.ChatMessageStartEvent():
                return self._begin(event)
            case r.ChatMessageEndEvent():
                return self._end(event)
            case UnknownVariant():
                return self._unknown(event)
            case r.ChatContentEndEvent() | r.CitationEndEvent() | r.ChatDebugEvent():
                return _NOTHING
            case _:
                assert_never(event)

    def _begin(self, event: r.ChatMessageStartEvent) -> Iterable[ChatCompletionChunk]:
        if self._begun:
            return _NOTHING  # an answer has one id, and one beginning
        self._id = event.id or self._id
        return (self._chunk(Delta(content="")),)

    def plain(self, data: bytes) -> Iterable[ChatCompletionChunk] | None:
        """The chunks of an event that adds text or a thought and does nothing else, as nearly all do; None for any
        other, and nothing is taken: it is for `event`, which does the same, but reads by the vendor's types, which
        costs twice as much."""
        try:
            found = from_json(data)
            index, delta = found["index"], found["delta"]
            message = delta["message"]
            ((kind, text),) = message["content"].items()
            whole = found["type"] == "content-delta" and len(found) == 3 and len(delta) == len(message) == 1
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        if not whole or type(index) is not int or not isinstance(text, str):
            return None
        match kind:
            case "text":
                return self._write(index, text, None)
            case "thinking":
                return self._write(index, None, text)
            case _:
                return None

    def _start(self, event: r.ChatContentStartEvent) -> Iterable[ChatCompletionChunk]:
        message = event.delta.message if event.delta else None
        content = (message.content if message else None) or r.ChatContentStartEventDeltaMessageContent()
        return self._write(event.index, content.text, content.thinking)

    def _content(self, event: r.ChatContentDeltaEvent) -> Iterable[ChatCompletionChunk]:
        message = event.delta.message if event.delta else None
        content = (message.content if message else None) or r.ChatContentDeltaEventDeltaMessageContent()
        for chunk in self._write(event.index, content.text, content.thinking):
            if event.logprobs is not None:
                chunk.choices[0].logprobs = logprobs([event.logprobs])
            yield chunk

    def _write(self, index: int | None, text: str | None, thinking: str | None) -> Iterable[ChatCompletionChunk]:
        key = index or 0, thinking is not None and not text
        block = self._written.blocks.get(key)
        if block is None:
            block = self._written.blocks[key] = _Block()
        if thinking:
            block.thinking.append(thinking)
            return (self._piece({"reasoning_content": thinking}),)
        if text:
            block.text.append(text)
            return (self._piece({"content": text}),)
        return _NOTHING

    def _plan(self, event: r.ChatToolPlanDeltaEvent) -> Iterable[ChatCompletionChunk]:
        message = event.delta.message if event.delta else None
        if message is None or not message.tool_plan:
            return _NOTHING
        self._written.plan.append(message.tool_plan)
        return (self._piece({"reasoning_content": message.tool_plan}),)

    def _start_call(self, event: r.ChatToolCallStartEvent) -> Iterable[ChatCompletionChunk]:
        message = event.delta.message if event.delta else None
        made = (message.tool_calls if message else None) or r.ToolCallV2()
        function = made.function or r.ToolCallV2Function()
        number = len(self._written.calls)
        check_call(number, made.id, function.name or "", self._call)
        held = _Call(number, made.id, function.name or "")
        self._written.calls.append(held)
        self._written.places[number if event.index is None else event.index] = held
        if function.arguments:
            held.arguments.append(function.arguments)
        given = FunctionCallDelta(name=held.function, arguments=function.arguments or "")
        call = ToolCallDelta(index=number, id=held.named, type="function", function=given)
        return (self._chunk(Delta(tool_calls=[call])),)

    def _arguments(self, event: r.ChatToolCallDeltaEvent) -> Iterable[ChatCompletionChunk]:
        message = event.delta.message if event.delta else None
        made = message.tool_calls if message else None
        return self._add(event.index, made.function.arguments if made and made.function else None)

    def _end_call(self, event: r.ChatToolCallEndEvent) -> Iterable[ChatCompletionChunk]:
        held = self._written.places.get(event.index or 0)
        return _NOTHING if held is None or held.arguments else self._add(event.index, "{}")

    def _add(self, index: int | None, text: str | None) -> Iterable[ChatCompletionChunk]:
        held = self._written.places.get(index or 0)
        if held is None or not text:
            return _NOTHING
        held.arguments.append(text)
        return (self._piece({"tool_calls": [{"index": held.number, "function": {"arguments": text}}]}),)

    def _cite(self, event: r.CitationStartEvent) -> Iterable[ChatCompletionChunk]:
        message = event.delta.message if event.delta else None
        if message is not None and message.citations is not None:
            self._written.citations.append(message.citations)
        return _NOTHING

    def _end(self, event: r.ChatMessageEndEvent) -> Iterable[ChatCompletionChunk]:
        said = event.delta or r.ChatMessageEndEventDelta()
        if said.error:
            told = to_json({"message": said.error, "type": said.finish_reason or "ERROR"})
            raise self._dialect.error(self._call, None, {}, told)
        self.done = True
        message = unified(self._written.whole())
        chunk = self._chunk(
            Delta(annotations=message.annotations, provider_specific_fields=message.provider_specific_fields)
        )
        choice = chunk.choices[0]
        choice.finish_reason = finish_reason(said.finish_reason)
        choice.provider_specific_fields = choice_fields(said.finish_reason, said.usage)
        chunk.usage = usage(said.usage)
        return (chunk,)

    def _unknown(self, event: UnknownVariant) -> Iterable[ChatCompletionChunk]:
        found = event.model_extra or {}
        if "type" not in found and isinstance(found.get("message"), str):  # an error, as replies have it
            raise self._dialect.error(self._call, None, {}, to_json(found))
        return _NOTHING


class CohereReader(EventReader):
    """One stream of Cohere's."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(call, EventStreamDecoder())
        self._events = CohereEvents(dialect, call)

    @override
    def _read(self, data: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if not data or data == b"[DONE]" or self.done:  # what follows the last event adds nothing
            return
        made = self._events.plain(data)
        if made is None:
            made = self._events.event(read_event(EVENTS, data, self._call))
        chunks.extend(made)
        self.done = self._events.done
