"""ConverseStream's events to unified chunks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, assert_never

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import from_json, to_json
from typing_extensions import override

from polyvox_wire.bedrock import responses as r
from polyvox_wire.bedrock import stubs
from polyvox_wire.support import UnknownVariant, Wire

from ..aws_frames import BrokenFrameError, Frame, FrameDecoder
from ..errors import APIError
from ..failures import AWS_ERROR_HEADER
from ..honest import check_call
from ..reading import read_event
from ..results import ChatCompletionChunk, Chunks, Delta, FunctionCallDelta, ToolCallDelta
from .bedrock import Parts, choice_fields, finish_reason, thinking_block, usage, web_citations
from .dialect import StreamReader, interrupted
from .on_aws import broken, told
from .parts import arguments_so_far

if TYPE_CHECKING:
    from ..call import Call
    from .dialect import Dialect

EVENTS: Final[TypeAdapter[r.ConverseStreamOutput]] = TypeAdapter(
    r.ConverseStreamOutput, config=ConfigDict(defer_build=True)
)


_DELTA: Final = frozenset({"contentBlockIndex", "delta", "p"})
"""What a piece of a block has, padding included."""


class _Block:
    """A block that is still being written. Text and thoughts come without an announcement."""

    def __init__(self, start: r.ContentBlockStart | None, place: int) -> None:
        self.announced = start
        self.place = place
        """Where its text begins in the text of the answer."""
        self.call_index: int | None = None
        self.text: list[str] = []
        self.json: list[str] = []
        self.thought: list[str] = []
        self.signature: list[str] = []
        self.redacted: list[str] = []
        self.citations: list[r.CitationsDelta] = []
        self.results: list[r.ToolResultBlockDelta] = []
        self.images: list[r.ImageBlockDelta] = []

    def whole(self) -> Iterator[r.ContentBlock]:
        """What a whole reply would have in its place."""
        match self.announced:
            case None:
                yield from self._unannounced()
            case r.ToolUseStart():
                yield self._call(self.announced.toolUse)
            case r.ToolResultStart():
                yield self._result(self.announced.toolResult)
            case r.ImageStart():
                yield from self._images(self.announced.image)
            case UnknownVariant():
                yield self.announced
            case _:
                assert_never(self.announced)

    def _unannounced(self) -> Iterator[r.ContentBlock]:
        for data in self.redacted:
            yield r.ReasoningContent(reasoningContent=r.RedactedReasoning(redactedContent=data))
        if self.thought or self.signature:
            thought = r.ReasoningTextBlock(text="".join(self.thought))
            if self.signature:
                thought.signature = "".join(self.signature)
            yield r.ReasoningContent(reasoningContent=r.ReasoningText(reasoningText=thought))
        text = "".join(self.text)
        if self.citations:
            cited = [r.Citation.model_validate(_dump(one)) for one in self.citations]
            held = r.CitationsContentBlock(content=[r.CitationGeneratedContent(text=text)], citations=cited)
            yield r.CitationsContent(citationsContent=held)
        elif self.text:
            yield r.TextContent(text=text)

    def _call(self, start: r.ToolUseBlockStart) -> r.ContentBlock:
        held = {**_dump(start), "input": arguments_so_far("".join(self.json))}
        return r.ToolUseContent(toolUse=r.ToolUseBlock.model_validate(held))

    def _result(self, start: r.ToolResultBlockStart) -> r.ContentBlock:
        content = [_dump(one) for one in self.results]
        return r.ToolResultContent.model_validate({"toolResult": {**_dump(start), "content": content}})

    def _images(self, start: r.ImageBlockStart) -> Iterator[r.ContentBlock]:
        for image in self.images:
            yield r.ImageContent.model_validate({"image": {**_dump(start), **_dump(image)}})


def _dump(part: Wire) -> dict[str, object]:
    return part.model_dump(exclude_unset=True, by_alias=True)


class BedrockEvents(Chunks, stubs.StreamMapping[ChatCompletionChunk]):
    """One stream's events, in order, to chunks."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(call.model)
        self._dialect = dialect
        self._call = call
        self._blocks: dict[int, _Block] = {}
        self._parts = Parts()
        self._made = 0
        self._length = 0
        self._stopped: r.MessageStopEvent | None = None
        self.done = False

    @override
    def event(self, event: r.ConverseStreamOutput, /) -> Iterable[ChatCompletionChunk]:
        match event:
            case r.ContentBlockDeltaFrame():
                return self._delta(event.contentBlockDelta)
            case r.ContentBlockStartFrame():
                return self._start(event.contentBlockStart)
            case r.ContentBlockStopFrame():
                return self._stop(event.contentBlockStop.contentBlockIndex)
            case r.MessageStartFrame():
                return () if self._begun else (self._chunk(Delta(content="")),)
            case r.MessageStopFrame():
                return self._end(event.messageStop)
            case r.MetadataFrame():
                return self.last(event.metadata)
            case r.InternalServerFrame():
                raise self._failure("internalServerException", event.internalServerException)
            case r.ModelStreamErrorFrame():
                raise self._failure("modelStreamErrorException", event.modelStreamErrorException)
            case r.ValidationFrame():
                raise self._failure("validationException", event.validationException)
            case r.ThrottlingFrame():
                raise self._failure("throttlingException", event.throttlingException)
            case r.ServiceUnavailableFrame():
                raise self._failure("serviceUnavailableException", event.serviceUnavailableException)
            case UnknownVariant():
                return ()
            case _:
                assert_never(event)

    def plain(self, data: bytes) -> Iterable[ChatCompletionChunk] | None:
        """The chunks of a piece of a block that is text and nothing else, as nearly all are; None for any other, and
        nothing is taken: it is for `event`, which does the same, but reads by the vendor's types, which costs four
        times as much."""
        try:
            found = from_json(data)
            index, delta = found["contentBlockIndex"], found["delta"]
            text = delta["text"]
            whole = len(delta) == 1 and found.keys() <= _DELTA and isinstance(found.get("p", ""), str)
        except (KeyError, TypeError, ValueError):
            return None
        if not whole or not self._begun or type(index) is not int or not isinstance(text, str):
            return None
        return (self._write(self._block(index), text),)

    def _block(self, index: int) -> _Block:
        held = self._blocks.get(index)
        if held is None:
            held = self._blocks[index] = _Block(None, self._length)
        return held

    def _write(self, held: _Block, text: str) -> ChatCompletionChunk:
        held.text.append(text)
        self._length += len(text)
        return self._piece({"content": text})

    def _failure(self, name: str, told: Wire) -> APIError:
        return self._dialect.error(self._call, None, {AWS_ERROR_HEADER: name}, told.model_dump_json().encode())

    def _start(self, event: r.ContentBlockStartEvent) -> Iterable[ChatCompletionChunk]:
        held = self._blocks[event.contentBlockIndex] = _Block(event.start, self._length)
        if isinstance(event.start, r.ToolUseStart) and event.start.toolUse.type in (None, "tool_use"):
            called = event.start.toolUse
            check_call(self._made, called.toolUseId, called.name, self._call)
            held.call_index = self._made
            self._made += 1
            function = FunctionCallDelta(name=called.name, arguments="")
            made = ToolCallDelta(index=held.call_index, id=called.toolUseId, type="function", function=function)
            yield self._chunk(Delta(tool_calls=[made]))

    def _delta(self, event: r.ContentBlockDeltaEvent) -> Iterable[ChatCompletionChunk]:
        held = self._block(event.contentBlockIndex)
        delta = event.delta
        match delta:
            case r.TextDelta():
                yield self._write(held, delta.text)
            case r.ToolUseDelta():
                yield from self._arguments(held, delta.toolUse.input)
            case r.ReasoningDelta():
                yield from self._think(held, delta.reasoningContent)
            case r.CitationDelta():
                held.citations.append(delta.citation)
            case r.ToolResultDelta():
                held.results.extend(delta.toolResult)
            case r.ImageDelta():
                held.images.append(delta.image)
            case UnknownVariant():
                pass
            case _:
                assert_never(delta)

    def _arguments(self, held: _Block, text: str) -> Iterable[ChatCompletionChunk]:
        if held.announced is None:
            check_call(self._made, "", "", self._call)  # a call that never began has neither id nor name
        held.json.append(text)
        if text and held.call_index is not None:
            yield self._piece({"tool_calls": [{"index": held.call_index, "function": {"arguments": text}}]})

    def _think(self, held: _Block, delta: r.ReasoningContentBlockDelta) -> Iterable[ChatCompletionChunk]:
        match delta:
            case r.ReasoningTextDelta():
                held.thought.append(delta.text)
                yield self._piece({"reasoning_content": delta.text})
            case r.ReasoningSignatureDelta():
                held.signature.append(delta.signature)
            case r.RedactedReasoningDelta():
                held.redacted.append(delta.redactedContent)
            case UnknownVariant():
                pass
            case _:
                assert_never(delta)

    def _stop(self, index: int) -> Iterable[ChatCompletionChunk]:
        held = self._blocks.pop(index, None)
        if held is None:
            return
        for block in held.whole():
            self._parts.add(block)
            if isinstance(block, r.ReasoningContent):
                thought = thinking_block(block.reasoningContent)
                if thought is not None:
                    yield self._chunk(Delta(thinking_blocks=[thought]))
        if held.call_index is not None and not any(held.json):
            yield from self._arguments(held, "{}")
        if found := web_citations(held.citations, held.place, self._length):
            yield self._chunk(Delta(annotations=found))

    def _end(self, event: r.MessageStopEvent) -> Iterable[ChatCompletionChunk]:
        for index in sorted(self._blocks):
            yield from self._stop(index)
        self._stopped = event

    def last(self, metadata: r.ConverseStreamMetadataEvent | None) -> Iterable[ChatCompletionChunk]:
        """The chunk that ends the answer, once; nothing where it has not ended."""
        said = self._stopped
        if said is None or self.done:
            return
        self.done = True
        chunk = self._chunk(Delta(provider_specific_fields=self._parts.kept()))
        choice = chunk.choices[0]
        choice.finish_reason = finish_reason(said.stopReason)
        choice.provider_specific_fields = choice_fields(said.stopReason, said.additionalModelResponseFields, metadata)
        if metadata is not None:
            chunk.usage = usage(metadata.usage)
            chunk.service_tier = metadata.serviceTier.type if metadata.serviceTier else None
        yield chunk


class BedrockReader(StreamReader):
    """One stream of Bedrock's."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        self._dialect = dialect
        self._call = call
        self._decoder = FrameDecoder()
        self._events = BedrockEvents(dialect, call)

    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        try:
            for frame in self._decoder.feed(piece):
                if not self.done:  # what follows the last event adds nothing
                    chunks.extend(self._read(frame))
                    self.done = self._events.done
        except BrokenFrameError as error:
            raise broken(self._call, error) from error

    def _read(self, frame: Frame) -> Iterable[ChatCompletionChunk]:
        if frame.event == "contentBlockDelta" and (made := self._events.plain(frame.data)) is not None:
            return made
        named = b"{%s:%s}" % (to_json(frame.event), frame.data or b"{}")
        event = read_event(EVENTS, named, self._call)
        if frame.is_error and isinstance(event, UnknownVariant):
            raise told(self._dialect, self._call, frame)
        return self._events.event(event)

    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        chunks.extend(self._events.last(None))

    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        chunks.extend(self._events.last(None))
        self.done = self._events.done
        if not self.done:
            raise interrupted(self._call)
