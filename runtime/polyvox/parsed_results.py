"""What a call with a type as `response_format` returns: loaded by the first such call, as it takes a while to make."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from .results import ChatCompletion, ChatCompletionMessage, Choice

__all__ = ["ParsedChatCompletion", "ParsedChatCompletionMessage", "ParsedChoice"]

T = TypeVar("T")


class ParsedChatCompletionMessage(ChatCompletionMessage, Generic[T]):
    """A message with the object that its content describes."""

    parsed: T | None = None
    """None where the model refused or called a tool instead."""


class ParsedChoice(Choice, Generic[T]):
    """A choice whose message is parsed."""

    message: ParsedChatCompletionMessage[T] = Field(  # pyright: ignore[reportIncompatibleVariableOverride]  # narrower
        default_factory=lambda: ParsedChatCompletionMessage[T]()
    )


class ParsedChatCompletion(ChatCompletion, Generic[T]):
    """An answer that was parsed into the type given as `response_format`."""

    choices: list[ParsedChoice[T]] = Field(default_factory=list)  # type: ignore[assignment]  # narrower


# Made here, by name, so that they can be pickled: pydantic registers a parametrised class where it is made.
ParsedMessageOfAnything = ParsedChatCompletionMessage[object]
ParsedChoiceOfAnything = ParsedChoice[object]
ParsedCompletionOfAnything = ParsedChatCompletion[object]
