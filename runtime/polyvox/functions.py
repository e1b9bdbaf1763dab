"""OpenAI's deprecated functions: asked for as tools, which every vendor that calls functions knows, and answered in
both forms, so that a program written for them finds what it looks for: `message.function_call`, and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from .dialects.dialect import ChangingReader
from .results import FunctionCallDelta

if TYPE_CHECKING:
    from .results import ChatCompletion, Choice, ChunkChoice


def called(completion: ChatCompletion) -> ChatCompletion:
    """The answer with its first call as a function call too: a function's model made one at a time."""
    for choice in completion.choices:
        _call(choice)
    return completion


def _call(choice: Choice) -> None:
    message = choice.message
    if message.function_call is None and message.tool_calls:
        message.function_call = message.tool_calls[0].function
    if message.function_call is not None and choice.finish_reason == "tool_calls":
        choice.finish_reason = "function_call"


class FunctionReader(ChangingReader):
    """A stream whose first call comes as a function call too."""

    @override
    def _choice(self, choice: ChunkChoice) -> None:
        delta = choice.delta
        for call in delta.tool_calls or ():
            if call.index == 0 and call.function is not None:
                delta.function_call = FunctionCallDelta(name=call.function.name, arguments=call.function.arguments)
        if choice.finish_reason == "tool_calls":
            choice.finish_reason = "function_call"
