"""`run_tools` and `arun_tools`: the calls of an answer carried out, and their results as messages.

What the model got wrong (a name, arguments) and what a tool raised go back to the model, as an error it can react to.
What the program got wrong (a tool that is no function, an async tool in `run_tools`) is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable, iscoroutine, iscoroutinefunction
from logging import NullHandler, getLogger
from typing import TYPE_CHECKING, TypeAlias, cast

from pydantic import ValidationError
from pydantic_core import to_json

from .callables import name_of, reader_of
from .checking import is_part
from .errors import InvalidRequestError
from .shapes import is_list, is_mapping, its_type, mapping_of

if TYPE_CHECKING:
    from .messages import FunctionMessage, ToolMessage
    from .parameters import ToolFunction
    from .results import ChatCompletion, ChatCompletionMessage

__all__ = ["arun_tools", "run_tools"]

Answer: TypeAlias = "ChatCompletion | ChatCompletionMessage | Mapping[str, object]"
Functions: TypeAlias = "Iterable[ToolFunction | Mapping[str, object]] | Mapping[str, ToolFunction]"
Result: TypeAlias = "ToolMessage | FunctionMessage"
_Function: TypeAlias = Callable[..., object]

_log = getLogger("polyvox")
_log.addHandler(NullHandler())


def run_tools(response: Answer, tools: Functions) -> list[Result]:
    """Carry out the calls of an answer, one after the other, in the order the model made them.

    Args:
        response: a completion (its first choice counts), the message of one, or such a message as a mapping.
        tools: what `completion()` got as `tools`, or a mapping from names to functions (for tools that were given as
            dicts). The arguments are checked against a function's annotations; nested models arrive as models.

    Returns:
        One message per call, to append after the answer's own message; empty where it calls nothing. A result that is
        a text stands as it is, content parts (`[{"type": "image_url", ...}]`) too, anything else as JSON. Unknown
        names, arguments that do not fit and exceptions of a tool stand there as errors, with `is_error`.

    Raises:
        InvalidRequestError: a called tool is a dict without a function, or async; nothing has been run then.
    """
    todo = _todo(response, tools)
    for call in todo:
        if call.function is not None and _is_async(call.function):
            raise InvalidRequestError(f"the tool {call.name!r} is async; use arun_tools", param="tools")
    return [_run(call) for call in todo]


async def arun_tools(response: Answer, tools: Functions) -> list[Result]:
    """The same as `run_tools`, for async tools too, and all calls at the same time: async tools in this loop, others in
    threads. The messages keep the order of the calls. Cancelling it cancels the async tools."""
    todo = _todo(response, tools)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_arun(call)) for call in todo]
    return [task.result() for task in tasks]


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that the model made, and what it calls: None where there is no such tool."""

    id: str | None
    """None for OpenAI's deprecated `function_call`, which has none."""
    name: str
    text: str
    is_custom: bool
    function: _Function | None
    known: tuple[str, ...]

    def arguments(self) -> tuple[tuple[object, ...], Mapping[str, object]]:
        """What to call the function with; raises ValidationError where the model's arguments do not fit."""
        if self.is_custom:
            return (self.text,), {}
        assert self.function is not None
        reader = reader_of(self.name, self.function)
        return (), reader.validate_json(self.text if self.text.strip() not in ("", "null") else "{}")


def _ready(call: _Call) -> partial[object] | Result:
    """What to run, or what the model is told where nothing can be."""
    if call.function is None:
        return _unknown(call)
    try:
        positional, named = call.arguments()
    except ValidationError as error:
        return _misfit(call, error)
    return partial(call.function, *positional, **named)


def _run(call: _Call) -> Result:
    ready = _ready(call)
    if not isinstance(ready, partial):
        return ready
    try:
        return _answer(call, _content(_no_awaitable(call, ready())))
    except Exception as error:
        return _failed(call, error)


async def _arun(call: _Call) -> Result:
    ready = _ready(call)
    if not isinstance(ready, partial):
        return ready
    try:
        result = ready() if _is_async(ready.func) else await asyncio.to_thread(ready)
        return _answer(call, _content(await cast("Awaitable[object]", result) if isawaitable(result) else result))
    except Exception as error:
        return _failed(call, error)


def _is_async(function: _Function) -> bool:
    return iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004  (an object's)


def _no_awaitable(call: _Call, result: object) -> object:
    if not isawaitable(result):
        return result
    if iscoroutine(result):
        result.close()
    raise TypeError(f"{call.name} returned something to await; use arun_tools")


def _todo(response: Answer, tools: Functions) -> list[_Call]:
    known = _functions(tools)
    names = tuple(known)
    message = _message(response)
    found: list[_Call] = []
    for made in cast("Iterable[Mapping[str, object]]", message.get("tool_calls") or ()):
        is_custom = made.get("type") == "custom"
        part = mapping_of(made.get("custom" if is_custom else "function"))
        name, text = str(part.get("name")), part.get("input" if is_custom else "arguments")
        found.append(_Call(str(made.get("id")), name, _text(text), is_custom, _function(known, name), names))
    if (legacy := mapping_of(message.get("function_call"))) and not found:  # else the same call in the old form
        name = str(legacy.get("name"))
        text = _text(legacy.get("arguments"))
        found.append(_Call(None, name, text, False, _function(known, name), names))
    return found


def _text(arguments: object) -> str:
    return to_json(arguments).decode() if is_mapping(arguments) else str(arguments or "")


def _message(response: Answer) -> Mapping[str, object]:
    """The message with the calls, as a mapping."""
    dump = getattr(response, "model_dump", None)
    fields = mapping_of(dump(exclude_none=True) if dump is not None else response)
    if not fields and not is_mapping(response):
        raise InvalidRequestError(f"run_tools takes a completion or a message, not {its_type(response)}")
    choices = fields.get("choices")
    if not is_list(choices):
        return fields
    return mapping_of(mapping_of(choices[0]).get("message")) if choices else {}


def _functions(tools: Functions) -> dict[str, _Function | None]:
    """Each tool by its name; None for one that is only a definition."""
    if is_mapping(tools):
        return {name: _callable(f"tools[{name!r}]", tool) for name, tool in tools.items()}
    found: dict[str, _Function | None] = {}
    for index, tool in enumerate(cast("Iterable[object]", tools)):
        if is_mapping(tool):
            part = mapping_of(tool.get("function") or tool.get("custom"))
            found[str(part.get("name") or tool.get("name"))] = None
        else:
            function = _callable(f"tools[{index}]", tool)
            found[name_of(f"tools[{index}]", function)] = function
    return found


def _callable(where: str, tool: object) -> _Function:
    if not callable(tool):
        raise InvalidRequestError(f"{where} must be a callable, not {its_type(tool)}", param="tools")
    return tool


def _function(known: Mapping[str, _Function | None], name: str) -> _Function | None:
    if name in known and known[name] is None:
        raise InvalidRequestError(
            f"the model calls {name!r}, which is a definition without a function; pass {{{name!r}: function}}",
            param="tools",
        )
    return known.get(name)


# --- messages ---------------------------------------------------------------------------------------------------------


def _answer(call: _Call, content: str | list[Mapping[str, object]]) -> Result:
    if call.id is None:
        return {"role": "function", "name": call.name, "content": content if isinstance(content, str) else None}
    return cast("ToolMessage", {"role": "tool", "tool_call_id": call.id, "content": content})


def _error(call: _Call, says: str) -> Result:
    message = _answer(call, f"Error: {says}")
    if message["role"] == "tool":
        message["is_error"] = True
    return message


def _content(result: object) -> str | list[Mapping[str, object]]:
    """A text as it is, content parts as they are, anything else as JSON."""
    if isinstance(result, str):
        return result
    if is_list(result) and result and all(is_part(item) for item in result):
        return cast("list[Mapping[str, object]]", result)
    return to_json(result).decode()


def _unknown(call: _Call) -> Result:
    return _error(call, f"there is no tool {call.name!r}; there are {', '.join(call.known) or 'none'}")


def _misfit(call: _Call, error: ValidationError) -> Result:
    faults = error.errors(include_url=False, include_context=False)
    told = (f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}" for fault in faults)
    return _error(call, f"the arguments of {call.name} are not valid: {'; '.join(told)}")


def _failed(call: _Call, error: Exception) -> Result:
    _log.warning("the tool %s raised %s", call.name, type(error).__name__, exc_info=error)
    return _error(call, f"{type(error).__name__}: {error}")
