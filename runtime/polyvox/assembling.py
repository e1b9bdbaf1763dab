"""Chunks to the answer they add up to.

Every chunk of a stream comes through here, so it asks for what stands behind pydantic's properties (`model_extra`,
`model_fields_set`), each of which is a call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .results import (
    ONLY_TEXT,
    Annotation,
    Audio,
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    CompletionUsage,
    CustomCall,
    FunctionCall,
    ThinkingBlock,
    ToolCall,
    extras,
)
from .shapes import is_list, is_mapping, mapping_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .results import ChatCompletionChunk, ChunkChoice, Delta, FinishReason, ToolCallDelta


@dataclass(slots=True)
class _Call:
    id: str = ""
    type: str = "function"
    name: str = ""
    text: list[str] = field(default_factory=list[str])
    fields: dict[str, object] = field(default_factory=dict[str, object])

    def add(self, delta: ToolCallDelta) -> None:
        self.id = delta.id or self.id
        self.type = delta.type or self.type
        if delta.function is not None:
            self.name = delta.function.name or self.name
            self.text.append(delta.function.arguments or "")
        if delta.custom is not None:
            self.name = delta.custom.name or self.name
            self.text.append(delta.custom.input or "")
        self.fields.update(delta.provider_specific_fields)

    def whole(self) -> ToolCall:
        text = "".join(self.text)
        return ToolCall(
            id=self.id,
            type=self.type,
            function=FunctionCall(name=self.name, arguments=text),
            custom=CustomCall(name=self.name, input=text) if self.type == "custom" else None,
            provider_specific_fields=self.fields,
        )


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list[str])
    refusal: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    thinking: list[ThinkingBlock] = field(default_factory=list[ThinkingBlock])
    annotations: list[Annotation] = field(default_factory=list[Annotation])
    calls: dict[int, _Call] = field(default_factory=dict[int, _Call])
    function: _Call | None = None
    audio: Audio | None = None
    logprobs: ChoiceLogprobs | None = None
    finish_reason: FinishReason | None = None
    fields: dict[str, object] = field(default_factory=dict[str, object])
    message_fields: dict[str, object] = field(default_factory=dict[str, object])
    message_extra: dict[str, object] = field(default_factory=dict[str, object])
    extra: dict[str, object] = field(default_factory=dict[str, object])
    has_reasoning: bool = False

    def add(self, choice: ChunkChoice) -> None:
        delta = choice.delta
        if delta.content:
            self.text.append(delta.content)
        if delta.__pydantic_fields_set__ != ONLY_TEXT:
            self._add_delta(delta)
        if choice.finish_reason is not None:
            self.finish_reason = choice.finish_reason
        if choice.provider_specific_fields:
            self.fields.update(choice.provider_specific_fields)
        if choice.logprobs is not None:
            self.logprobs = _joined(self.logprobs, choice.logprobs)
        if extra := choice.__pydantic_extra__:
            # E.g. what Azure's filters found: the last that says something stands.
            self.extra.update({key: value for key, value in extra.items() if value and key not in Choice.model_fields})

    def _add_delta(self, delta: Delta) -> None:
        if delta.reasoning_content:
            self.reasoning.append(delta.reasoning_content)
        for call in delta.tool_calls or ():
            held = self.calls.get(call.index or 0)
            if held is None:
                held = self.calls[call.index or 0] = _Call()
            held.add(call)
        if delta.refusal:
            self.refusal.append(delta.refusal)
        if delta.thinking_blocks:
            self.thinking.extend(delta.thinking_blocks)
        if delta.annotations:
            self.annotations.extend(delta.annotations)
        if delta.provider_specific_fields:
            self.message_fields.update(delta.provider_specific_fields)
        if delta.function_call is not None:
            self.function = self.function or _Call()
            self.function.name = delta.function_call.name or self.function.name
            self.function.text.append(delta.function_call.arguments or "")
        if (piece := delta.audio) is not None:
            so_far = self.audio or Audio()
            self.audio = Audio(
                id=piece.id or so_far.id,
                data=so_far.data + (piece.data or ""),
                transcript=so_far.transcript + (piece.transcript or ""),
                expires_at=piece.expires_at or so_far.expires_at,
            )
        if extra := delta.__pydantic_extra__:
            # Lists and objects can be content (`reasoning_details`); anything else is of this piece only.
            _gather(self.message_extra, {key: value for key, value in extra.items() if _is_content(value)})
            self.has_reasoning = self.has_reasoning or "reasoning" in extra

    def whole(self, index: int) -> Choice:
        text = "".join(self.text)
        calls = [self.calls[number].whole() for number in sorted(self.calls)]
        message = ChatCompletionMessage(
            content=text if self.text or not (calls or self.refusal) else None,
            refusal="".join(self.refusal) or None,
            reasoning_content="".join(self.reasoning) or None,
            thinking_blocks=self.thinking or None,
            annotations=self.annotations or None,
            tool_calls=calls or None,
            function_call=self.function.whole().function if self.function else None,
            audio=self.audio,
            provider_specific_fields=self.message_fields,
        )
        extras(message).update(self.message_extra)
        if self.has_reasoning:
            extras(message)["reasoning"] = message.reasoning_content  # by the vendor's name, for the way back
        choice = Choice(
            index=index,
            message=message,
            finish_reason=self.finish_reason,
            logprobs=self.logprobs,
            provider_specific_fields=self.fields,
        )
        extras(choice).update(self.extra)
        return choice


def _is_content(value: object) -> bool:
    return is_list(value) or is_mapping(value)


def _joined(so_far: ChoiceLogprobs | None, more: ChoiceLogprobs) -> ChoiceLogprobs:
    if so_far is None:
        so_far = ChoiceLogprobs()
    if more.content is not None:
        so_far.content = so_far.content or []
        so_far.content.extend(more.content)
    if more.refusal is not None:
        so_far.refusal = so_far.refusal or []
        so_far.refusal.extend(more.refusal)
    _gather(extras(so_far), extras(more))
    return so_far


def _gather(so_far: dict[str, object], more: Mapping[str, object]) -> None:
    """Vendor fields that no type describes: lists grow, anything else is replaced."""
    for key, value in more.items():
        if is_list(value):
            held = so_far.setdefault(key, list[object]())
            if is_list(held):
                _extend(held, value)
        elif value is not None:
            so_far[key] = value


def _extend(held: list[object], more: list[object]) -> None:
    """Pieces of one `reasoning_details` entry, which a stream sends one by one, are one entry again."""
    for item in more:
        piece, last = mapping_of(item), mapping_of(held[-1] if held else None)
        same = "index" in piece and all(piece.get(key) == last.get(key) for key in ("type", "index"))
        if same and any(isinstance(piece.get(key), str) for key in _GROWING):
            held[-1] = {
                **last,
                **{key: value for key, value in piece.items() if value is not None},
                **_grown(last, piece),
            }
        else:
            held.append(item)


_GROWING = ("text", "summary")


def _grown(last: Mapping[str, object], piece: Mapping[str, object]) -> dict[str, object]:
    return {key: f"{last.get(key) or ''}{piece[key] or ''}" for key in _GROWING if key in piece}


class Assembler:
    """Adds chunks up; `completion()` may be asked at any time."""

    def __init__(self) -> None:
        self._first: ChatCompletionChunk | None = None
        self._choices: dict[int, _Choice] = {}
        self._usage: CompletionUsage | None = None
        self._service_tier: str | None = None
        self._fingerprint: str | None = None
        self._extra: dict[str, object] = {}

    def add(self, chunk: ChatCompletionChunk) -> None:
        """One more chunk."""
        if self._first is None:
            self._first = chunk
        for choice in chunk.choices:
            held = self._choices.get(choice.index)
            if held is None:
                held = self._choices[choice.index] = _Choice()
            held.add(choice)
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.service_tier is not None:
            self._service_tier = chunk.service_tier
        if chunk.system_fingerprint is not None:
            self._fingerprint = chunk.system_fingerprint
        if extra := chunk.__pydantic_extra__:
            self._extra.update(extra)

    def completion(self) -> ChatCompletion:
        """The answer so far."""
        first = self._first
        completion = ChatCompletion(
            id=first.id if first else "",
            created=first.created if first else 0,
            model=first.model if first else "",
            choices=[self._choices[index].whole(index) for index in sorted(self._choices)],
            usage=self._usage,
            service_tier=self._service_tier,
            system_fingerprint=self._fingerprint,
        )
        self._extra.pop("obfuscation", None)  # padding, different on every chunk
        extras(completion).update(self._extra)
        return completion


def assemble(chunks: Iterable[ChatCompletionChunk]) -> ChatCompletion:
    """The answer that these chunks add up to."""
    assembler = Assembler()
    for chunk in chunks:
        assembler.add(chunk)
    return assembler.completion()
