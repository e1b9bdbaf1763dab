"""Tools as callers give them, in OpenAI's form, from which every mapping starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from .docstrings import read_docstring
from .errors import InvalidRequestError

if TYPE_CHECKING:
    from inspect import Parameter

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

    named = _unwrapped(function)
    name = getattr(named, "__name__", type(named).__name__)
    summary, said = read_docstring(getdoc(_written(named)) or "")
    parameters = _parameters(f"tools[{index}] ({name})", function, said)
    described = {"description": summary} if summary else {}
    return {"type": "function", "function": {"name": name, **described, "parameters": parameters}}


def _unwrapped(function: object) -> object:
    return cast("partial[object]", function).func if isinstance(function, partial) else function


def _bound(function: object) -> Mapping[str, object]:
    return cast("partial[object]", function).keywords if isinstance(function, partial) else {}


def _parameters(where: str, function: Callable[..., object], said: Mapping[str, str]) -> dict[str, object]:
    """The JSON Schema of a function's parameters."""
    from pydantic import PydanticUserError, TypeAdapter

    try:
        schema = TypeAdapter(cast("type[object]", _stand_in(where, function))).json_schema()
    except PydanticUserError as error:
        raise InvalidRequestError(f"{where} cannot be described: {error.message}", param="tools") from error
    schema.pop("title", None)
    for name, described in schema.get("properties", {}).items():
        described.pop("title", None)
        if name in said:
            described.setdefault("description", said[name])
    return schema


def _stand_in(where: str, function: Callable[..., object]) -> Callable[..., object]:
    """A function with the same parameters, all by name, whose annotations are resolved: pydantic looks for the names in
    them where the call stands, not where a method or a partial was written."""
    from inspect import signature

    bound = _bound(function)
    known = signature(function)
    asked = [parameter for parameter in known.parameters.values() if parameter.name not in bound]
    hints = _hints(where, _unwrapped(function))

    def stand_in(**_arguments: object) -> None: ...

    for parameter in asked:
        _check_parameter(where, parameter)
    by_name = [each.replace(kind=each.KEYWORD_ONLY, annotation=hints[each.name]) for each in asked]
    stand_in.__signature__ = known.replace(parameters=by_name)  # type: ignore[attr-defined]  # functions take attributes
    stand_in.__annotations__ = {each.name: hints[each.name] for each in asked}
    return stand_in


def _written(named: object) -> object:
    """The function that somebody wrote: a class is called by `__init__`, an object by `__call__`."""
    from inspect import isclass, isroutine

    if isroutine(named):
        return named
    kind, name = (named, "__init__") if isclass(named) else (type(named), "__call__")
    return cast("object", getattr(kind, name))


def _hints(where: str, named: object) -> dict[str, object]:
    from typing import get_type_hints

    try:
        return get_type_hints(_written(named), include_extras=True)
    except NameError as error:
        raise InvalidRequestError(f"{where}: its annotations use {error.name!r}, which is not defined there") from error


def _check_parameter(where: str, parameter: Parameter) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        raise InvalidRequestError(f"{where}: parameter {str(parameter)!r} cannot be filled by name", param="tools")
    if parameter.annotation is parameter.empty:
        raise InvalidRequestError(f"{where}: parameter {parameter.name!r} needs a type annotation", param="tools")
