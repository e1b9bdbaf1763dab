"""`mock_response`: an answer that nobody was asked for, as the bytes that a vendor with OpenAI's dialect would send."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from pydantic_core import to_json

from .errors import InvalidRequestError
from .honest import new_id, now
from .shapes import is_mapping, its_type

if TYPE_CHECKING:
    from .call import Call
    from .parameters import MockVendor
    from .results import ChatCompletion

_WORDS = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")

_MOST = 128
"""Choices, as OpenAI has it."""


def mock_body(mock: object, call: Call) -> bytes:
    """The reply's body, whole or streamed as the call asks. An exception is raised instead."""
    from .results import ChatCompletion

    if callable(mock) and not isinstance(mock, type):
        mock = cast("MockVendor", mock)(f"{call.vendor.name}:{call.model}", call.messages)
    if isinstance(mock, BaseException):
        raise mock
    if isinstance(mock, str):
        answer = _answer(mock, call)
    elif is_mapping(mock):
        answer = ChatCompletion.model_validate(mock)
    elif isinstance(mock, ChatCompletion):
        answer = mock
    else:
        raise InvalidRequestError(
            f"mock_response is {its_type(mock)}; it is a text, a result, an exception, or a function of these",
            param="mock_response",
        )
    if not call.stream:
        return answer.model_dump_json().encode()
    return b"".join(b"data: " + event + b"\n\n" for event in (*map(to_json, _events(answer)), b"[DONE]"))


def _answer(text: str, call: Call) -> ChatCompletion:
    from .results import ChatCompletion, ChatCompletionMessage, Choice, CompletionUsage

    count = call.given.get("n") or 1
    if count > _MOST:
        raise InvalidRequestError(f"a mock_response gives at most {_MOST} choices", param="n")
    choices = [
        Choice(index=index, message=ChatCompletionMessage(content=text), finish_reason="stop") for index in range(count)
    ]
    return ChatCompletion(
        id=new_id("chatcmpl-mock-"), created=now(), model=call.model, choices=choices, usage=CompletionUsage()
    )


def _events(answer: ChatCompletion) -> Iterator[Mapping[str, object]]:
    head = {"id": answer.id, "created": answer.created, "model": answer.model, "object": "chat.completion.chunk"}
    for choice in answer.choices:
        for word in _WORDS.findall(choice.message.content or ""):
            yield {**head, "choices": [{"index": choice.index, "delta": {"content": word}}]}
        delta = choice.message.model_dump(exclude_none=True, exclude={"content", "role"})
        for number, made in enumerate(delta.get("tool_calls", ())):
            made["index"] = number
        yield {**head, "choices": [{"index": choice.index, "delta": delta, "finish_reason": choice.finish_reason}]}
    if answer.usage is not None:
        yield {**head, "choices": [], "usage": answer.usage.model_dump()}
