"""Mistral's streams: OpenAI's, but for content in chunks, which is read by Mistral's own types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from typing_extensions import override

from polyvox_wire.mistral import responses as r
from polyvox_wire.mistral import stubs

from ..reading import read_reply
from ..results import (
    ChatCompletionChunk,
    ChunkChoice,
    Delta,
    FinishReason,
    FunctionCallDelta,
    ToolCallDelta,
    extras,
)
from .mistral import arguments, finish_reason, logprobs, usage
from .mistral_content import Piece, kept, said, whole
from .openai_stream import OpenAIReader

if TYPE_CHECKING:
    from ..call import Call
    from .dialect import Dialect

# What the unified types cannot take as it comes. Text does not match: its quotes are escaped.
_OWN = re.compile(rb'"content"\s*:\s*\[|"usage"\s*:\s*\{|"logprobs"\s*:\s*\{')


class MistralReader(OpenAIReader, stubs.StreamMapping[ChatCompletionChunk]):
    """One stream of Mistral's."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(dialect, call)
        self._pieces: dict[int, list[Piece]] = {}

    @override
    def event(self, event: r.CompletionChunk, /) -> Iterable[ChatCompletionChunk]:
        yield ChatCompletionChunk(
            id=event.id,
            created=event.created or 0,
            model=event.model,
            choices=[self._unified(choice) for choice in event.choices],
            usage=usage(event.usage),
            service_tier=event.usage.service_tier if event.usage else None,
        )

    def _unified(self, choice: r.CompletionResponseStreamChoice) -> ChunkChoice:
        content = choice.delta.content
        pieces: Iterable[Piece] = [content] if isinstance(content, str) else content or ()
        self._pieces.setdefault(choice.index, []).extend(pieces)
        text, reasoning = said(content)
        return ChunkChoice(
            index=choice.index,
            delta=Delta(
                role=choice.delta.role,
                content=text,
                reasoning_content=reasoning,
                tool_calls=[_call(made) for made in choice.delta.tool_calls or ()] or None,
            ),
            logprobs=logprobs(choice.logprobs),
            finish_reason=cast("FinishReason | None", choice.finish_reason),
        )

    @override
    def _read(self, data: bytes) -> ChatCompletionChunk:
        if _OWN.search(data) is not None:
            (chunk,) = self.event(read_reply(r.CompletionChunk, data, self._call))
            return chunk
        chunk = super()._read(data)
        extra = extras(chunk)
        extra.pop("p", None)  # padding
        if not chunk.choices and (chunk.object == "error" or "detail" in extra):
            raise self._dialect.error(self._call, None, {}, data)
        for choice in chunk.choices:
            if choice.delta.content:
                self._pieces.setdefault(choice.index, []).append(choice.delta.content)
        return chunk

    @override
    def _choice(self, choice: ChunkChoice, data: bytes) -> None:
        super()._choice(choice, data)
        if choice.finish_reason is not None:
            self._keep(choice)

    def _keep(self, choice: ChunkChoice) -> None:
        """What goes back in the next turn, where it is more than text."""
        pieces = self._pieces.pop(choice.index, [])
        if any(not isinstance(piece, str) for piece in pieces):
            chunks = whole(piece for piece in pieces if piece != "")
            choice.delta.provider_specific_fields = kept(chunks, said(chunks).text)

    @override
    def _reason(self, word: str) -> FinishReason | None:
        return finish_reason(word)


def _call(made: r.ToolCall) -> ToolCallDelta:
    function = FunctionCallDelta(name=made.function.name or None, arguments=arguments(made.function.arguments))
    return ToolCallDelta(index=made.index, id=made.id, type=made.type, function=function)
