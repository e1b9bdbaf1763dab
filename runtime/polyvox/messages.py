"""What callers may put in `messages`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NotRequired, TypeAlias, TypedDict, Union

from .content import (
    AudioURLPart,
    CacheControl,
    Content,
    ContentPart,
    DocumentPart,
    FilePart,
    ImagePart,
    InputAudioPart,
    RefusalPart,
    TextPart,
    VideoURLPart,
)

if TYPE_CHECKING:
    from polyvox_wire.chat.responses import ChatCompletionMessage

__all__ = [
    "AssistantMessage",
    "AudioURLPart",
    "CacheControl",
    "ContentPart",
    "DeveloperMessage",
    "DocumentPart",
    "FilePart",
    "FunctionMessage",
    "ImagePart",
    "InputAudioPart",
    "Message",
    "MessageParam",
    "Messages",
    "RefusalPart",
    "SystemMessage",
    "TextPart",
    "ToolMessage",
    "UserMessage",
    "VideoURLPart",
]


class FunctionCallParam(TypedDict):
    """Name, and arguments as JSON text."""

    name: str
    arguments: str


class CustomCallParam(TypedDict):
    """Name, and the input as plain text."""

    name: str
    input: str


class ToolCallParam(TypedDict):
    """A tool call made by the assistant in an earlier turn."""

    id: str
    type: Literal["function", "custom"]
    function: NotRequired[FunctionCallParam]
    custom: NotRequired[CustomCallParam]
    provider_specific_fields: NotRequired[Mapping[str, object]]


class SystemMessage(TypedDict):
    """Instructions that stand over the conversation."""

    role: Literal["system"]
    content: Content
    name: NotRequired[str]
    cache_control: NotRequired[CacheControl]


class DeveloperMessage(TypedDict):
    """The same as a system message, for OpenAI's reasoning models; sent as `system` where a vendor has no such role."""

    role: Literal["developer"]
    content: Content
    name: NotRequired[str]
    cache_control: NotRequired[CacheControl]


class UserMessage(TypedDict):
    """What the user said."""

    role: Literal["user"]
    content: Content
    name: NotRequired[str]
    cache_control: NotRequired[CacheControl]


class AssistantMessage(TypedDict):
    """What the model answered. A message of a result can be appended as it is instead."""

    role: Literal["assistant"]
    content: NotRequired[Content | None]
    name: NotRequired[str]
    refusal: NotRequired[str | None]
    tool_calls: NotRequired[Sequence[ToolCallParam] | None]
    function_call: NotRequired[FunctionCallParam | None]
    audio: NotRequired[Mapping[str, object] | None]
    reasoning_content: NotRequired[str | None]
    thinking_blocks: NotRequired[Sequence[Mapping[str, object]] | None]
    provider_specific_fields: NotRequired[Mapping[str, object]]


class ToolMessage(TypedDict):
    """What a tool answered: a text, content parts (images where the vendor takes them), or an object, which is sent as
    JSON. `tool_call_id` says to which call; `is_error` that the tool failed."""

    role: Literal["tool"]
    content: Content | Mapping[str, object]
    tool_call_id: str
    name: NotRequired[str]
    is_error: NotRequired[bool]
    cache_control: NotRequired[CacheControl]


class PlainMessage(TypedDict):
    """What most messages are."""

    role: Literal["system", "user", "assistant"]
    content: str


class FunctionMessage(TypedDict):
    """Deprecated by OpenAI: use a tool message."""

    role: Literal["function"]
    name: str
    content: str | None


MessageParam: TypeAlias = Union[
    SystemMessage, DeveloperMessage, UserMessage, AssistantMessage, ToolMessage, FunctionMessage
]
Message: TypeAlias = "MessageParam | Mapping[str, object] | ChatCompletionMessage"
Messages: TypeAlias = "Iterable[Message]"
