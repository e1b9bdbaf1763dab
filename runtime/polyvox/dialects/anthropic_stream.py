"""Anthropic's stream events to unified chunks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import from_json, to_json
from typing_extensions import override

from polyvox_wire.anthropic import responses as r
from polyvox_wire.anthropic import stubs
from polyvox_wire.support import UnknownVariant

from ..reading import read_event
from ..results import (
    ChatCompletionChunk,
    Chunks,
    Delta,
    FunctionCallDelta,
    ThinkingBlock,
    ToolCallDelta,
    extras,
)
from ..streams import EventStreamDecoder
from .anthropic import Parts, annotation, choice_fields, finish_reason, usage
from .dialect import EventReader, Head
from .parts import arguments_so_far

if TYPE_CHECKING:
    from ..call import Call
    from .dialect import Dialect

EVENTS: Final[TypeAdapter[r.MessageStreamEvent]] = TypeAdapter(
    r.MessageStreamEvent, config=ConfigDict(defer_build=True)
)
_Kind: TypeAlias = Literal["text_delta", "input_json_delta", "thinking_delta"]
_TEXTS: Final[Mapping[_Kind, str]] = {
    "text_delta": "text",
    "input_json_delta": "partial_json",
    "thinking_delta": "thinking",
}
"""Where the text of a delta stands that has nothing else."""


class _Block:
    """A block that is still being written."""

    def __init__(self, block: r.ContentBlock, call_index: int) -> None:
        self.block = block
        self.call_index = call_index
        self.text: list[str] = []
        self.json: list[str] = []
        self.signature: list[str] = []
        self.citations: list[r.TextBlockCitationsItem] = []
        self.start = 0

    def whole(self) -> r.ContentBlock:
        """The block as a whole reply would have it."""
        block = self.block
        if isinstance(block, r.TextBlock):
            block.text += "".join(self.text)
            if self.citations:
                block.citations = [*(block.citations or ()), *self.citations]
        elif isinstance(block, r.ThinkingBlock):
            block.thinking += "".join(self.text)
            block.signature += "".join(self.signature)
        elif isinstance(block, r.CompactionBlock):
            block.content = (block.content or "") + "".join(self.text)
        elif self.json and isinstance(block, (r.ToolUseBlock, r.ServerToolUseBlock, r.MCPToolUseBlock)):
            block.input = arguments_so_far("".join(self.json))
        return block


class AnthropicEvents(Chunks, stubs.StreamMapping[ChatCompletionChunk]):
    """One stream's events, in order, to chunks."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(call.model)
        self._dialect = dialect
        self._call = call
        self._usage = r.Usage()
        self._blocks: dict[int, _Block] = {}
        self._parts = Parts()
        self._made = 0
        self._length = 0
        self._said: r.MessageDelta | None = None
        """How the answer ended, until it is handed on."""
        self._managed: r.ContextManagement | None = None
        self.done = False

    @override
    def event(self, event: r.MessageStreamEvent, /) -> Iterable[ChatCompletionChunk]:
        match event:
            case r.ContentBlockDeltaEvent():
                chunk = self._delta(event)
                return () if chunk is None else (chunk,)
            case r.ContentBlockStartEvent():
                return self._start(event.index, event.content_block)
            case r.ContentBlockStopEvent():
                return self._stop(event.index)
            case r.MessageStartEvent():
                return self._begin(event)
            case r.MessageDeltaEvent():
                self._end(event)
                return ()
            case r.MessageStopEvent():
                self.done = True
                return (*self._stop_all(), *self.last())
            case r.ErrorEvent():
                raise self._dialect.error(self._call, None, {}, event.model_dump_json().encode())
            case r.PingEvent() | UnknownVariant():
                return ()
            case _:
                assert_never(event)

    def _begin(self, event: r.MessageStartEvent) -> Iterable[ChatCompletionChunk]:
        message = event.message
        self._usage = message.usage or self._usage
        if not self._begun:
            self._id = message.id or self._id
            self._model = message.model or self._model
            yield self._chunk(Delta(content=""))
        for index, block in enumerate(message.content):  # written before the stream began (programmatic tool calls)
            yield from self._start(index, block)
            yield from self._stop(index)
        if message.stop_reason is not None:
            said = r.MessageDelta(
                stop_reason=message.stop_reason,
                stop_sequence=message.stop_sequence,
                stop_details=message.stop_details,
                container=message.container,
            )
            counted = r.MessageDeltaUsage(output_tokens=self._usage.output_tokens)
            managed = message.context_management
            self._end(r.MessageDeltaEvent(delta=said, usage=counted, context_management=managed))

    def _start(self, index: int, block: r.ContentBlock) -> Iterable[ChatCompletionChunk]:
        yield from self._stop(index)  # where the end of another block was lost
        held = self._blocks[index] = _Block(block, self._made)
        held.start = self._length
        if isinstance(block, r.ToolUseBlock):
            self._made += 1
            function = FunctionCallDelta(name=block.name, arguments="")
            yield self._chunk(
                Delta(
                    tool_calls=[ToolCallDelta(index=held.call_index, id=block.id, type="function", function=function)]
                )
            )
        elif isinstance(block, r.TextBlock) and block.text:
            self._length += len(block.text)
            yield self._chunk(Delta(content=block.text))
        elif isinstance(block, r.ThinkingBlock) and block.thinking:
            yield self._chunk(Delta(reasoning_content=block.thinking))

    def plain(self, data: bytes) -> Iterable[ChatCompletionChunk] | None:
        """The chunks of an event that adds text to a block and does nothing else, as nearly all do; None for any other,
        and nothing is taken: it is for `event`, which does the same, but reads by the vendor's types, which costs twice
        as much."""
        try:
            found = from_json(data)
            index, delta = found["index"], found["delta"]
            kind = delta["type"]
            text = delta[_TEXTS[kind]]
            whole = found["type"] == "content_block_delta" and len(found) == 3 and len(delta) == 2
        except (KeyError, TypeError, ValueError):
            return None
        if not whole or type(index) is not int or not isinstance(text, str):
            return None
        chunk = self._write(self._block(index), kind, text)
        return () if chunk is None else (chunk,)

    def _block(self, index: int) -> _Block:
        held = self._blocks.get(index)
        if held is None:  # a block that never began: read it as text
            held = self._blocks[index] = _Block(r.TextBlock(), self._made)
        return held

    def _write(self, held: _Block, kind: _Kind, text: str) -> ChatCompletionChunk | None:
        """More of a text."""
        if kind == "input_json_delta":
            held.json.append(text)
            return self._arguments(held, text) if text and isinstance(held.block, r.ToolUseBlock) else None
        held.text.append(text)
        if kind == "thinking_delta":
            return self._piece({"reasoning_content": text})
        self._length += len(text)
        return self._piece({"content": text})

    def _delta(self, event: r.ContentBlockDeltaEvent) -> ChatCompletionChunk | None:
        delta = event.delta
        held = self._block(event.index)
        match delta:
            case r.TextContentBlockDelta():
                return self._write(held, delta.type, delta.text)
            case r.InputJsonContentBlockDelta():
                return self._write(held, delta.type, delta.partial_json)
            case r.ThinkingContentBlockDelta():
                return self._write(held, delta.type, delta.thinking)
            case r.SignatureContentBlockDelta():
                held.signature.append(delta.signature)
            case r.CitationsDelta():
                self._cite(held, delta)
            case r.CompactionContentBlockDelta():
                held.text.append(delta.content or "")
                if isinstance(held.block, r.CompactionBlock):
                    held.block.encrypted_content = delta.encrypted_content or held.block.encrypted_content
            case UnknownVariant():
                pass
            case _:
                assert_never(delta)
        return None

    def _arguments(self, held: _Block, text: str) -> ChatCompletionChunk:
        call = {"index": held.call_index, "function": {"arguments": text}}
        return self._piece({"tool_calls": [call]})

    def _cite(self, held: _Block, delta: r.CitationsDelta) -> None:
        if isinstance(held.block, r.TextBlock):
            held.citations.append(delta.citation)

    def _stop(self, index: int) -> Iterable[ChatCompletionChunk]:
        held = self._blocks.pop(index, None)
        if held is None:
            return
        unwritten = isinstance(held.block, r.ToolUseBlock) and not any(held.json)
        block = held.whole()
        self._parts.add(block)
        if unwritten and isinstance(block, r.ToolUseBlock):
            yield self._arguments(held, to_json(block.input).decode())
        elif isinstance(block, r.ThinkingBlock):
            thought = ThinkingBlock(type="thinking", thinking=block.thinking, signature=block.signature)
            yield self._chunk(Delta(thinking_blocks=[thought]))
        elif isinstance(block, r.RedactedThinkingBlock):
            yield self._chunk(Delta(thinking_blocks=[ThinkingBlock(type="redacted_thinking", data=block.data)]))
        elif isinstance(block, r.TextBlock) and block.citations:
            cited = [annotation(one, held.start, self._length) for one in block.citations]
            if found := [one for one in cited if one is not None]:
                yield self._chunk(Delta(annotations=found))

    def _stop_all(self) -> Iterable[ChatCompletionChunk]:
        for index in sorted(self._blocks):
            yield from self._stop(index)

    def _end(self, event: r.MessageDeltaEvent) -> None:
        self._count(event.usage)
        self._managed = event.context_management or self._managed
        if self._said is None or event.delta.stop_reason is not None:
            self._said = event.delta

    def last(self) -> Iterable[ChatCompletionChunk]:
        """The chunk that ends the answer, once; nothing where it has not ended. It is held back until nothing can
        follow: a second event of its kind counts anew."""
        said, self._said = self._said, None
        if said is None:
            return
        yield from self._stop_all()
        chunk = self._chunk(Delta(provider_specific_fields=self._parts.kept()))
        choice = chunk.choices[0]
        choice.finish_reason = finish_reason(said.stop_reason)
        choice.provider_specific_fields = choice_fields(said, self._managed)
        chunk.usage = usage(self._usage)
        chunk.service_tier = self._usage.service_tier
        yield chunk

    def _count(self, counted: r.MessageDeltaUsage) -> None:
        """The last event's counts are totals: they replace the first one's."""
        total = self._usage
        total.output_tokens = counted.output_tokens or total.output_tokens
        total.output_tokens_details = counted.output_tokens_details or total.output_tokens_details
        if counted.input_tokens is not None:
            total.input_tokens = counted.input_tokens
        if counted.cache_read_input_tokens is not None:
            total.cache_read_input_tokens = counted.cache_read_input_tokens
        if counted.cache_creation_input_tokens is not None:
            total.cache_creation_input_tokens = counted.cache_creation_input_tokens
        total.server_tool_use = counted.server_tool_use or total.server_tool_use
        total.iterations = counted.iterations or total.iterations
        total.fallback_credit = counted.fallback_credit or total.fallback_credit
        extras(total).update({name: new for name, new in extras(counted).items() if name not in r.Usage.model_fields})


class AnthropicReader(EventReader):
    """One stream of Anthropic's."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(call, EventStreamDecoder())
        self._dialect = dialect
        self._events = AnthropicEvents(dialect, call)
        self._head = Head()

    @override
    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if self._head.open:
            self._head.add(piece)
        super().feed(piece, chunks)

    @override
    def _read(self, data: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if self._head.open:
            self._head.forget()
        if not data or self.done:  # proxies add OpenAI's end marker
            return
        made = self._events.plain(data)
        if made is None:
            made = self._events.event(read_event(EVENTS, data, self._call))
        chunks.extend(made)
        self.done = self._events.done

    @override
    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        chunks.extend(self._events.last())

    @override
    def _check_end(self) -> None:
        if document := self._head.document():
            raise self._dialect.error(self._call, None, {}, document)
        super()._check_end()
