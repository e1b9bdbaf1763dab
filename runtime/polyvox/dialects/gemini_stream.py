"""Gemini's stream, whose events are whole replies in small, to unified chunks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json
from typing_extensions import override

from polyvox_wire.gemini import responses as r
from polyvox_wire.gemini import stubs

from ..honest import created
from ..reading import is_whole, read_reply
from ..results import (
    Annotation,
    ChatCompletionChunk,
    ChunkChoice,
    Chunks,
    Delta,
    FunctionCallDelta,
    ToolCall,
    ToolCallDelta,
)
from ..streams import EventStreamDecoder, JsonArrayDecoder
from .dialect import Decoder, StreamReader, interrupted
from .gemini import Parts, blocked, choice_fields, cited_pages, finish_reason, logprobs
from .gemini_pieces import PartialCall
from .gemini_usage import usage

if TYPE_CHECKING:
    from ..call import Call
    from .dialect import Dialect


# What an event of text has.
_EVENT: Final = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId", "createTime"})
_CANDIDATE: Final = frozenset({"content", "index"})
_CONTENT: Final = frozenset({"parts", "role"})
_NO_COUNTS: Final = dict[str, object]()


class _Candidate:
    """One candidate, so far."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.parts = Parts()
        self.partial: PartialCall | None = None
        self.made = 0
        self.fields: dict[str, object] = {}
        self.started = False
        self.finished = False

    def add(self, candidate: r.Candidate) -> Delta:
        """What this event adds."""
        before_text, before_thought = len(self.parts.text), len(self.parts.reasoning)
        calls: list[ToolCallDelta] = []
        for part in (candidate.content.parts if candidate.content else None) or ():
            calls.extend(self._numbered(call) for call in self._part(part))
        delta = Delta(
            content="".join(self.parts.text[before_text:]) or None,
            reasoning_content="".join(self.parts.reasoning[before_thought:]) or None,
            tool_calls=calls or None,
            annotations=self._cited(candidate),
        )
        if not self.started:
            self.started, delta.role = True, "assistant"
        return delta

    def _cited(self, candidate: r.Candidate) -> list[Annotation] | None:
        found = candidate.groundingMetadata
        return None if found is None else cited_pages(found, "".join(self.parts.text))

    def _part(self, part: r.Part) -> list[ToolCall]:
        if not isinstance(part, r.FunctionCallPart):
            return self.parts.add(part)
        call = part.functionCall
        if self.partial is None and (call.willContinue or call.partialArgs):
            self.partial = PartialCall(part, self._call)
        if self.partial is None:
            return self.parts.add(part)
        self.partial.add(call.partialArgs or [])
        if call.willContinue:
            return []
        whole, self.partial = self.partial.whole(), None
        return self.parts.add(whole)

    def _numbered(self, call: ToolCall) -> ToolCallDelta:
        index, self.made = self.made, self.made + 1
        function = FunctionCallDelta(name=call.function.name, arguments=call.function.arguments)
        return ToolCallDelta(
            index=index,
            id=call.id,
            type="function",
            function=function,
            provider_specific_fields=call.provider_specific_fields,
        )


class GeminiEvents(Chunks, stubs.StreamMapping[ChatCompletionChunk]):
    """One stream's events, in order, to chunks. The last one is held back until the end: usage may follow it."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.model)
        self._call = call
        self._candidates: dict[int, _Candidate] = {}
        self._open: set[int] = set()
        self._usage: r.UsageMetadata | None = None
        self._counted: bytes = b""
        """The last event with newer counts, where they were not read yet."""
        self._held: ChatCompletionChunk | None = None

    @property
    def complete(self) -> bool:
        """Whether every candidate has come to its end."""
        return bool(self._candidates) and not self._open

    @override
    def event(self, event: r.GenerateContentResponse, /) -> Iterable[ChatCompletionChunk]:
        if not self._begun:  # each candidate says its role
            self._begun, self._id = True, event.responseId or self._id
            self._created, self._model = created(event.createTime), event.modelVersion or self._model
            self._model = event.modelVersion or self._model
        if event.usageMetadata is not None:
            self._usage, self._counted = event.usageMetadata, b""
        choices = [self._choice(number, found) for number, found in enumerate(event.candidates or ())]
        if not choices and event.promptFeedback is not None and event.promptFeedback.blockReason is not None:
            choices = [self._blocked(event)]
        if not choices or (self._held is not None and not any(map(_says_something, choices))):
            return
        if self._held is not None:
            yield self._held
        self._held = None
        chunk = ChatCompletionChunk(id=self._id, created=self._created, model=self._model, choices=choices)
        if self.complete:
            self._held = chunk
        else:
            yield chunk

    def plain(self, data: bytes) -> Iterable[ChatCompletionChunk] | None:
        """The chunks of an event that brings the only candidate text and nothing else but counts, as nearly all do;
        None for any other, and nothing is taken: it is for `event`, which does the same, but reads by the vendor's
        types, which costs three times as much. The counts are read at the end, if none follow."""
        held = self._candidates.get(0)
        if held is None or len(self._candidates) != 1 or not held.started or held.finished:
            return None
        text, counted = _only_text(data)
        if not text:
            return None
        if counted:
            self._counted = data
        held.parts.add_text(text)
        return (self._piece({"content": text}),)

    def _candidate(self, index: int) -> _Candidate:
        if index not in self._candidates:
            self._candidates[index] = _Candidate(self._call)
            self._open.add(index)
        return self._candidates[index]

    def _choice(self, number: int, candidate: r.Candidate) -> ChunkChoice:
        index = candidate.index if candidate.index is not None else number
        held = self._candidate(index)
        choice = ChunkChoice(index=index, delta=held.add(candidate), logprobs=logprobs(candidate.logprobsResult))
        held.fields.update({name: value for name, value in choice_fields(candidate).items() if value is not None})
        if candidate.finishReason is not None and not held.finished:
            held.finished = True
            self._open.discard(index)
            choice.finish_reason = finish_reason(candidate.finishReason, bool(held.parts.calls))
            choice.provider_specific_fields = held.fields
            choice.delta.provider_specific_fields = held.parts.fields()
        return choice

    def _blocked(self, event: r.GenerateContentResponse) -> ChunkChoice:
        held = self._candidate(0)
        held.started = held.finished = True
        self._open.discard(0)
        found = blocked(event)
        return ChunkChoice(
            delta=Delta(role="assistant"),
            finish_reason=found.finish_reason,
            provider_specific_fields=found.provider_specific_fields,
        )

    def held(self) -> Iterable[ChatCompletionChunk]:
        """What is held back, as it is."""
        found, self._held = self._held, None
        return () if found is None else (found,)

    def end(self) -> Iterable[ChatCompletionChunk]:
        """The last chunk, with the usage, and with what must be given back in the next turn."""
        last = self._held
        if last is None:
            return
        self._held = None
        for choice in last.choices:
            choice.delta.provider_specific_fields = self._candidates[choice.index].parts.fields()
        if self._counted:
            self._usage = read_reply(r.GenerateContentResponse, self._counted, self._call).usageMetadata
        last.usage = None if self._usage is None else usage(self._usage)
        last.service_tier = self._usage.serviceTier if self._usage else None
        yield last


def _only_text(data: bytes) -> tuple[str, bool]:
    """The text of an event that brings the first candidate a piece of text and nothing else, and whether it has counts;
    no text for any other event, and for what is none."""
    try:
        event = from_json(data)
        (candidate,) = event["candidates"]
        content = candidate["content"]
        (part,) = content["parts"]
        text = part["text"]
    except (KeyError, TypeError, ValueError):
        return "", False
    if not isinstance(text, str) or len(part) != 1 or candidate.get("index"):
        return "", False
    plain = event.keys() <= _EVENT and candidate.keys() <= _CANDIDATE and content.keys() <= _CONTENT
    counts = event.get("usageMetadata", _NO_COUNTS)
    return (text, counts is not _NO_COUNTS) if plain and isinstance(counts, dict) else ("", False)


def _says_something(choice: ChunkChoice) -> bool:
    delta = choice.delta
    return bool(
        delta.content or delta.reasoning_content or delta.tool_calls or delta.annotations or choice.finish_reason
    )


class GeminiReader(StreamReader):
    """One stream of Gemini's."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        self._dialect = dialect
        self._call = call
        self._decoder: Decoder | None = None
        self._events = GeminiEvents(call)

    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if self._decoder is None:
            if not piece.strip():
                return
            # A server that ignores `alt=sse` sends one JSON array.
            self._decoder = JsonArrayDecoder() if piece.lstrip()[:1] in (b"[", b"{") else EventStreamDecoder()
        for _, data in self._decoder.feed(piece):
            self._read(data, chunks)

    def _read(self, data: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if (made := self._events.plain(data)) is not None:
            chunks.extend(made)
            return
        if not data or data.strip() == b"[DONE]":  # gateways end every stream so
            return
        reply = read_reply(r.GenerateContentResponse, data, self._call)
        if reply.model_extra and "error" in reply.model_extra:
            raise self._dialect.error(self._call, None, {}, data)
        chunks.extend(self._events.event(reply))
        self.done = self._events.complete

    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        chunks.extend(self._events.held())

    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        for event in self._decoder.finish() if self._decoder else ():
            if is_whole(event.data):
                self._read(event.data, chunks)
        if not self._events.complete:
            raise interrupted(self._call)
        chunks.extend(self._events.end())
