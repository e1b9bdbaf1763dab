"""What a call returns: the unified types, with the facts of the call on the outermost ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pydantic import PrivateAttr

from polyvox_wire.chat import responses as chat
from polyvox_wire.chat.responses import (
    Annotation,
    Audio,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    ChunkChoice,
    CompletionTokensDetails,
    CompletionUsage,
    CustomCall,
    Delta,
    FinishReason,
    FunctionCall,
    FunctionCallDelta,
    PromptTokensDetails,
    ThinkingBlock,
    TokenLogprob,
    ToolCall,
    ToolCallDelta,
    TopLogprob,
    UrlCitation,
)
from polyvox_wire.support import Wire

from .headers import request_id
from .honest import new_id, now

__all__ = [
    "Annotation",
    "Audio",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatCompletionMessage",
    "Choice",
    "ChoiceLogprobs",
    "ChunkChoice",
    "CompletionTokensDetails",
    "CompletionUsage",
    "CustomCall",
    "Delta",
    "FinishReason",
    "FunctionCall",
    "FunctionCallDelta",
    "PromptTokensDetails",
    "ThinkingBlock",
    "TokenLogprob",
    "ToolCall",
    "ToolCallDelta",
    "TopLogprob",
    "UrlCitation",
]

ONLY_TEXT: Final = {"content"}
"""The fields of nearly every delta: where these are all that was set, nothing else needs to be looked at."""


def extras(part: Wire) -> dict[str, object]:
    """What a vendor sent beside the fields that are known, to be read and added to."""
    found = part.__pydantic_extra__
    assert found is not None, "every part of a reply allows extras"
    return found


@dataclass(slots=True)
class Facts:
    """What is known about a call beside its answer."""

    provider: str = ""
    response_ms: float | None = None
    dropped_params: tuple[str, ...] = ()
    structured_by: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    native: Callable[[], Wire | None] | Wire | None = field(default=None, compare=False)


_FACTS = frozenset({"provider", "request_id", "response_ms", "dropped_params", "response_headers", "structured_by"})


class ChatCompletion(chat.ChatCompletion):
    """An answer, in OpenAI's shape, from any vendor. Attributes, `["key"]`, `.get("key")` and `in` all work."""

    _facts: Facts = PrivateAttr(default_factory=Facts)

    if not TYPE_CHECKING:  # the generated overloads know the keys

        def __getitem__(self, key: str, /) -> object:
            """The facts of the call too, before a vendor's own field of the same name."""
            return getattr(self, key) if key in _FACTS else super().__getitem__(key)

    @property
    def provider(self) -> str:
        """The provider that answered, by its canonical name."""
        return self._facts.provider

    @property
    def request_id(self) -> str | None:
        """The vendor's id of the request, for its support."""
        return request_id(self._facts.headers)

    @property
    def response_ms(self) -> float | None:
        """Milliseconds from the request that was answered to its whole answer; None for an assembled stream."""
        return self._facts.response_ms

    @property
    def dropped_params(self) -> tuple[str, ...]:
        """What `drop_params=True` left out, by name."""
        return self._facts.dropped_params

    @property
    def response_headers(self) -> Mapping[str, str]:
        """The reply's HTTP headers, such as the rate limits that are left."""
        return self._facts.headers

    @property
    def structured_by(self) -> str | None:
        """How `response_format` was asked for: `json_schema` (the vendor's schema mode), `tool` (a forced call),
        `json_object` (its JSON mode), `instructions` (words alone); None if it was not."""
        return self._facts.structured_by

    @property
    def native(self) -> Wire | None:
        """The vendor's own answer, typed, e.g. `polyvox_wire.anthropic.responses.Message`."""
        native = self._facts.native
        if callable(native):
            self._facts.native = native = native()
        return native


class ChatCompletionChunk(chat.ChatCompletionChunk):
    """A piece of a streamed answer, in OpenAI's shape. There is always a choice; usage is on the last chunk."""


class Chunks:
    """Makes the chunks of one streamed answer: they have one id, time and model, and the first one says the role."""

    def __init__(self, model: str) -> None:
        self._id, self._created, self._model = new_id("chatcmpl-"), now(), model
        self._begun = False

    def _chunk(self, delta: Delta) -> ChatCompletionChunk:
        if not self._begun:
            self._begun, delta.role = True, "assistant"
        choices = [ChunkChoice(delta=delta)]
        return ChatCompletionChunk(id=self._id, created=self._created, model=self._model, choices=choices)

    def _piece(self, delta: Mapping[str, object]) -> ChatCompletionChunk:
        """The same, of a delta that says one thing, as most do: one validation instead of constructors."""
        if not self._begun:
            self._begun, delta = True, {**delta, "role": "assistant"}
        fields = {"id": self._id, "created": self._created, "model": self._model, "choices": [{"delta": delta}]}
        chunk: ChatCompletionChunk = ChatCompletionChunk.__pydantic_validator__.validate_python(fields)
        return chunk
