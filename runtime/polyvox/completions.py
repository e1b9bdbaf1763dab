"""`completion()` and `acompletion()`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Literal, TypeVar, Unpack, overload

from .defaults import default_clients
from .parameters import CallParameters, ModelParameters, Parameters

if TYPE_CHECKING:
    from .answer_streams import AsyncStream, Stream
    from .messages import Messages
    from .names import ModelName
    from .parsed_results import ParsedChatCompletion
    from .parsed_streams import AsyncParsedStream, ParsedStream
    from .results import ChatCompletion, ChatCompletionChunk

__all__ = ["acompletion", "completion"]

T = TypeVar("T")


# The plain one first: mypy takes the first where it has no arguments to choose by, as in `partial(completion)`.
@overload
def completion(
    model: ModelName,
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    response_format: Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> ChatCompletion: ...
@overload
def completion(
    model: ModelName,
    messages: Messages,
    *,
    response_format: type[T],
    stream: Literal[False] | None = None,
    **parameters: Unpack[Parameters],
) -> ParsedChatCompletion[T]: ...
@overload
def completion(
    model: ModelName,
    messages: Messages,
    *,
    response_format: type[T],
    stream: Literal[True],
    **parameters: Unpack[Parameters],
) -> ParsedStream[T]: ...
@overload
def completion(
    model: ModelName,
    messages: Messages,
    *,
    stream: Literal[True],
    response_format: Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> Stream[ChatCompletionChunk]: ...
@overload
def completion(
    model: ModelName,
    messages: Messages,
    *,
    response_format: type[T],
    stream: bool | None,
    **parameters: Unpack[Parameters],
) -> ParsedChatCompletion[T] | ParsedStream[T]: ...
@overload
def completion(
    model: ModelName,
    messages: Messages,
    *,
    stream: bool | None,
    response_format: Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> ChatCompletion | Stream[ChatCompletionChunk]: ...
def completion(
    model: str,
    messages: Messages,
    *,
    stream: bool | None = None,
    response_format: type[object] | Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> ChatCompletion | Stream[ChatCompletionChunk]:
    """Ask a model, of any vendor, and get the answer in one shape.

    Args:
        model: `"provider:model"` or `"provider/model"`, or a bare name: `gpt-*` goes to OpenAI, `claude-*` to
            Anthropic, `gemini-*` to Gemini, and so on; any other bare name to OpenAI.
        messages: the conversation: dicts with `role` and `content`, and messages of earlier results.
        stream: True to get the answer in chunks, as it is written.
        response_format: a Pydantic model, dataclass or TypedDict that the answer is parsed into
            (`.choices[0].message.parsed`), or OpenAI's mapping such as `{"type": "json_object"}`.
        **parameters: see `polyvox.Parameters`, where each has its meaning, range and default:
            {parameters}

    Returns:
        A `ChatCompletion`; with a type as `response_format` a `ParsedChatCompletion` of it; with `stream=True` a
        `Stream` of `ChatCompletionChunk`.

    Raises:
        InvalidRequestError: something about the call is wrong; nothing was sent.
        MissingApiKeyError: no key was given and none stands in the environment.
        APIError: the call failed; its subclasses say how (`AuthenticationError`, `RateLimitError`, `Timeout`, ...).
    """
    return default_clients()[0].completion(
        model, messages, stream=stream, response_format=response_format, **parameters
    )


@overload
async def acompletion(
    model: ModelName,
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    response_format: Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> ChatCompletion: ...
@overload
async def acompletion(
    model: ModelName,
    messages: Messages,
    *,
    response_format: type[T],
    stream: Literal[False] | None = None,
    **parameters: Unpack[Parameters],
) -> ParsedChatCompletion[T]: ...
@overload
async def acompletion(
    model: ModelName,
    messages: Messages,
    *,
    response_format: type[T],
    stream: Literal[True],
    **parameters: Unpack[Parameters],
) -> AsyncParsedStream[T]: ...
@overload
async def acompletion(
    model: ModelName,
    messages: Messages,
    *,
    stream: Literal[True],
    response_format: Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> AsyncStream[ChatCompletionChunk]: ...
@overload
async def acompletion(
    model: ModelName,
    messages: Messages,
    *,
    response_format: type[T],
    stream: bool | None,
    **parameters: Unpack[Parameters],
) -> ParsedChatCompletion[T] | AsyncParsedStream[T]: ...
@overload
async def acompletion(
    model: ModelName,
    messages: Messages,
    *,
    stream: bool | None,
    response_format: Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> ChatCompletion | AsyncStream[ChatCompletionChunk]: ...
async def acompletion(
    model: str,
    messages: Messages,
    *,
    stream: bool | None = None,
    response_format: type[object] | Mapping[str, object] | None = None,
    **parameters: Unpack[Parameters],
) -> ChatCompletion | AsyncStream[ChatCompletionChunk]:
    """The same as `completion`, asynchronous: `await` it; with `stream=True` the result is an `AsyncStream`."""
    return await default_clients()[1].completion(
        model, messages, stream=stream, response_format=response_format, **parameters
    )


def _complete_signature(function: Callable[..., object]) -> None:
    """Name every parameter, so that `help()`, notebooks and IPython complete them too."""
    own = list(signature(function).parameters.values())
    every = {**ModelParameters.__annotations__, **CallParameters.__annotations__}
    named = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=_shown(kind)) for name, kind in every.items()
    ]
    known = Signature([*own[:-1], *named], return_annotation=function.__annotations__["return"])
    function.__signature__ = known  # type: ignore[attr-defined]  # functions take attributes
    function.__doc__ = (function.__doc__ or "").replace("{parameters}", _lines(list(every)))


def _lines(names: list[str], to_a_line: int = 6) -> str:
    lines = (", ".join(names[start : start + to_a_line]) for start in range(0, len(names), to_a_line))
    return (",\n" + " " * 12).join(lines)


def _shown(annotation: object) -> str:
    return str(getattr(annotation, "__forward_arg__", annotation))


_complete_signature(completion)
_complete_signature(acompletion)
