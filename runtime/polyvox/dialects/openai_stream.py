"""Streams in OpenAI's dialect, and what their vendors do to it, made one thing.

One id, created and model over all chunks; the role first; tool calls numbered from 0; every chunk has a choice; usage
on the last chunk, once. The chunk that carries a finish reason is held back until the stream says whether more
belongs to it (usage comes after it, often alone, sometimes with a second finish reason).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from pydantic_core import to_json

from ..honest import check_call, new_id, now
from ..reading import is_whole, read_reply
from ..results import ONLY_TEXT, ChatCompletionChunk, ChunkChoice, CompletionUsage, Delta, FinishReason, extras
from ..shapes import is_list, is_mapping, mapping_of
from ..streams import EventStreamDecoder
from .dialect import Head, StreamReader, interrupted

if TYPE_CHECKING:
    from polyvox_wire.openai.stubs import StopReasons

    from ..call import Call
    from ..results import ToolCallDelta
    from .dialect import Dialect

FINISH_REASONS: Final[StopReasons[FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "function_call": "function_call",
}
# Words of gateways that are not OpenAI's.
_OTHER_WORDS: Final[Mapping[str, FinishReason]] = {
    **cast("dict[str, FinishReason]", FINISH_REASONS),
    "": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "sensitive": "content_filter",
    "safety": "content_filter",
}


_LONGER_THAN_A_MARKER = 20
"""Bytes; `strip` copies, and most events are chunks."""


def finish_reason(said: str | None) -> FinishReason | None:
    """The unified reason for a vendor's word."""
    return None if said is None else _OTHER_WORDS.get(said.lower(), "other")


def _groq_usage(extra: Mapping[str, object], call: Call) -> CompletionUsage | None:
    """Groq counts here, and in the usual place only if asked."""
    found = mapping_of(extra.get("x_groq")).get("usage")
    return read_reply(CompletionUsage, to_json(found), call) if is_mapping(found) else None


def reasoning_of(extra: Mapping[str, object]) -> str | None:
    """The reasoning text, where a vendor gives it under another name."""
    found = extra.get("reasoning")
    return found if isinstance(found, str) and found else None


class _Calls:
    """Numbers the tool calls of one choice from 0, whatever numbers the vendor gives."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._ids: list[str] = []
        self._names: list[str] = []
        self._last: object = None

    def settle(self, delta: ToolCallDelta) -> None:
        """Give a piece of a call its number."""
        place: object = delta.index if delta.index is not None else self._last
        known = self._numbers.get(place)
        if known is None or (delta.id and self._ids[known] and delta.id != self._ids[known]):
            known = self._begin(place, delta)
        part = delta.function or delta.custom
        self._ids[known] = self._ids[known] or delta.id or ""
        self._names[known] = self._names[known] or (part.name if part else "") or ""
        self._last = place
        if delta.index != known:
            delta.index = known

    def _begin(self, place: object, delta: ToolCallDelta) -> int:
        """A call of its own; also where two come under one number, or without any."""
        known = self._numbers[place] = len(self._ids)
        self._ids.append("")
        self._names.append("")
        delta.type = delta.type or "function"
        return known

    def check(self, call: Call) -> None:
        """A call that ends without id or name cannot be answered."""
        for number, (made, name) in enumerate(zip(self._ids, self._names, strict=True)):
            check_call(number, made, name, call)


class OpenAIReader(StreamReader):
    """One stream in OpenAI's dialect."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        self._dialect = dialect
        self._call = call
        self._decoder = EventStreamDecoder()
        self._id, self._created, self._model = "", 0, ""
        self._head = Head()
        self._held: ChatCompletionChunk | None = None
        self._waiting: dict[str, object] = {}
        self._usage: CompletionUsage | None = None
        self._service_tier: str | None = None
        self._fingerprint: str | None = None
        self._started: set[int] = set()
        self._finished: set[int] = set()
        self._calls: dict[int, _Calls] = {}
        self._handed: dict[int, str] = {}

    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if self._head.open:
            self._head.add(piece)
        for event, data in self._decoder.feed(piece):
            self._event(event, data, chunks)

    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        for event, data in self._decoder.finish():
            if is_whole(data):
                self._event(event, data, chunks)
        if document := self._head.document():
            raise self._dialect.error(self._call, None, {}, document)
        if not self.done and not (self._started and self._started == self._finished):
            raise interrupted(self._call)
        self._end(chunks)

    def _event(self, event: str, data: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if self._head.open:
            self._head.forget()
        if len(data) < _LONGER_THAN_A_MARKER and data.strip() == b"[DONE]":
            self._end(chunks)
            return
        if event == "error":
            raise self._dialect.error(self._call, None, {}, data)
        if not data or self.done:
            return
        self._chunk(self._read(data), data, chunks)

    def _read(self, data: bytes) -> ChatCompletionChunk:
        return read_reply(ChatCompletionChunk, data, self._call)

    def _reason(self, word: str) -> FinishReason | None:
        return finish_reason(word)

    def _chunk(self, chunk: ChatCompletionChunk, data: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if extra := chunk.__pydantic_extra__:
            if extra.get("error"):
                raise self._dialect.error(self._call, None, {}, data)
            if "x_groq" in extra and chunk.usage is None:
                chunk.usage = _groq_usage(extra, self._call)
        if chunk.usage is not None:
            self._usage, chunk.usage = chunk.usage, None
        if not chunk.choices or (self._held is not None and self._is_echo(chunk)):
            self._waiting.update(extras(chunk))
            self._service_tier = chunk.service_tier or self._service_tier
            self._fingerprint = chunk.system_fingerprint or self._fingerprint
            return
        if self._held is not None:
            self._hand_over(chunks)
        if self._settle(chunk, data):
            self._held = chunk
        else:
            chunks.append(chunk)

    def _is_echo(self, chunk: ChatCompletionChunk) -> bool:
        """Says nothing but what was said: the finish reason once more."""
        return all(choice.index in self._finished and _is_empty(choice.delta) for choice in chunk.choices)

    def _settle(self, chunk: ChatCompletionChunk, data: bytes) -> bool:
        """Put a chunk in order; whether a choice of it has finished."""
        if not self._id:
            self._id = chunk.id or new_id("chatcmpl-")
            self._created = chunk.created or now()
            self._model = chunk.model or self._call.model
        if chunk.id != self._id:
            chunk.id = self._id
        if chunk.created != self._created:
            chunk.created = self._created
        if chunk.model != self._model:
            chunk.model = self._model
        if self._waiting:
            extras(chunk).update(self._waiting)
            self._waiting = {}
        finished = False
        for choice in chunk.choices:
            self._choice(choice, data)
            if choice.finish_reason is not None:
                finished = True
        return finished

    def _choice(self, choice: ChunkChoice, data: bytes) -> None:
        if "delta" not in choice.__pydantic_fields_set__:
            self._take_message(choice)
        delta = choice.delta
        if choice.index not in self._started:
            self._started.add(choice.index)
            delta.role = "assistant"
        elif delta.role is not None:
            delta.role = None
        if (extra := choice.__pydantic_extra__) and extra.get("error"):
            raise self._dialect.error(self._call, None, {}, data)
        if delta.__pydantic_fields_set__ != ONLY_TEXT:
            self._rare(choice.index, delta)
        if choice.finish_reason is not None:
            self._finish(choice, choice.finish_reason)

    def _finish(self, choice: ChunkChoice, said: str) -> None:
        choice.finish_reason = None
        if choice.index not in self._finished:
            self._finished.add(choice.index)
            choice.provider_specific_fields["native_finish_reason"] = said
            choice.finish_reason = self._reason(said)

    def _rare(self, index: int, delta: Delta) -> None:
        extra = delta.__pydantic_extra__
        if extra and not delta.reasoning_content and (thought := reasoning_of(extra)):
            delta.reasoning_content = thought
        if delta.tool_calls:
            if delta.function_call is not None:
                delta.function_call = None  # llama-cpp-python says a call twice
            held = self._calls.get(index)
            if held is None:
                held = self._calls[index] = _Calls()
            for call in delta.tool_calls:
                held.settle(call)

    def _take_message(self, choice: ChunkChoice) -> None:
        """A message in the place of a delta, whole or so far: some only pretend to stream."""
        fields = dict(mapping_of(extras(choice).pop("message", None)))
        text = fields.get("content") or ""
        if isinstance(text, str):
            handed = self._handed.get(choice.index, "")
            self._handed[choice.index] = text
            fields["content"] = text.removeprefix(handed)
        choice.delta = _as_delta(fields, self._call)

    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        self._hand_over(chunks)

    def _hand_over(self, chunks: list[ChatCompletionChunk]) -> None:
        if self._held is not None:
            chunks.append(self._held)
            self._held = None

    def _end(self, chunks: list[ChatCompletionChunk]) -> None:
        """Hand over the last chunk, with the usage, once."""
        if self.done:
            return
        self.done = True
        self._hand_over_last(chunks)
        for calls in self._calls.values():
            calls.check(self._call)

    def _hand_over_last(self, chunks: list[ChatCompletionChunk]) -> None:
        last = self._held
        if last is None and (self._usage is not None or self._waiting):
            last = ChatCompletionChunk(id=self._id, created=self._created, model=self._model, choices=[ChunkChoice()])
        if last is None:
            return
        last.usage = self._usage
        extras(last).update(self._waiting)
        last.service_tier = last.service_tier or self._service_tier
        last.system_fingerprint = last.system_fingerprint or self._fingerprint
        chunks.append(last)
        self._held = None


def _as_delta(fields: dict[str, object], call: Call) -> Delta:
    calls = fields.get("tool_calls")
    if is_list(calls):
        fields["tool_calls"] = [{"index": index, **mapping_of(made)} for index, made in enumerate(calls)]
    return read_reply(Delta, to_json(fields), call)


def _is_empty(delta: Delta) -> bool:
    return not (delta.content or delta.tool_calls or delta.reasoning_content or delta.refusal or delta.model_extra)
