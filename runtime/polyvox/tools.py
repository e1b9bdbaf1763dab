"""Tools as callers give them, in OpenAI's form, from which every mapping starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from .errors import InvalidRequestError

if TYPE_CHECKING:
    from .parameters import ModelParameters


def settle_tools(given: ModelParameters) -> None:
    """Turn callables into definitions, and the deprecated `functions` and `function_call` into tools where they stand
    beside none. Only `given`, which is ours, is changed."""
    tools = given.get("tools")
    if tools is None:
        return
    if isinstance(tools, (str, bytes, Mapping)):
        raise InvalidRequestError("tools must be a list of tools")
    given["tools"] = [_definition(index, tool) for index, tool in enumerate(cast("Iterable[object]", tools))]


def functions_as_tools(given: ModelParameters) -> None:
    """`functions` and `function_call` as tools, for vendors that know only these."""
    if functions := given.pop("functions", None):
        tools = [{"type": "function", "function": function} for function in functions]
        given["tools"] = [*(given.get("tools") or ()), *tools]
    choice = given.pop("function_call", None)
    if choice is not None and "tool_choice" not in given:
        given["tool_choice"] = choice if isinstance(choice, str) else {"type": "function", "function": choice}


def _definition(index: int, tool: object) -> Mapping[str, object]:
    if isinstance(tool, Mapping):
        found = cast("Mapping[str, object]", tool)
        if "function" in found and not isinstance(_name(found["function"]), str):
            raise InvalidRequestError(f"tools[{index}].function.name is missing", param="tools")
        return found
    if callable(tool):
        return _from_callable(index, tool)
    raise InvalidRequestError(f"tools[{index}] must be a mapping or a callable, not a {type(tool).__name__}")


def _name(function: object) -> object:
    return cast("Mapping[str, object]", function).get("name") if isinstance(function, Mapping) else None


def _from_callable(index: int, function: Callable[..., object]) -> Mapping[str, object]:
    """A definition from a signature: types from the annotations, texts from the docstring and `Field(description=)`."""
    from inspect import getdoc  # lazy: most calls bring no callable

    from pydantic import PydanticUserError, TypeAdapter

    named = _unwrapped(function)
    name = getattr(named, "__name__", type(named).__name__)
    _check_signature(index, name, function)
    try:
        schema = TypeAdapter(cast("type[object]", function)).json_schema()
    except PydanticUserError as error:
        raise InvalidRequestError(f"tools[{index}] ({name}) cannot be described: {error.message}") from error
    schema.pop("title", None)
    for described in schema.get("properties", {}).values():
        described.pop("title", None)
    summary = (getdoc(named) or "").split("\n\n")[0].replace("\n", " ").strip()
    definition: dict[str, object] = {"name": name, "parameters": schema}
    if summary:
        definition["description"] = summary
    return {"type": "function", "function": definition}


def _unwrapped(function: object) -> object:
    return cast("partial[object]", function).func if isinstance(function, partial) else function


def _check_signature(index: int, name: str, function: Callable[..., object]) -> None:
    from inspect import Parameter, signature

    for parameter in signature(function).parameters.values():
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD, Parameter.POSITIONAL_ONLY):
            raise InvalidRequestError(f"tools[{index}] ({name}): parameter {str(parameter)!r} cannot be filled by name")
        if parameter.annotation is Parameter.empty:
            raise InvalidRequestError(f"tools[{index}] ({name}): parameter {parameter.name!r} needs a type annotation")
