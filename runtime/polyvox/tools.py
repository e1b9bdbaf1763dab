"""Tools as callers give them, in OpenAI's form, from which every mapping starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

from .callables import described
from .errors import InvalidRequestError
from .shapes import is_mapping, mapping_of

if TYPE_CHECKING:
    from .call import Call
    from .parameters import ModelParameters


def settle_tools(given: ModelParameters) -> None:
    """Turn callables into definitions. Only `given`, which is ours, is changed."""
    tools = given.get("tools")
    if tools is None:
        return
    if isinstance(tools, (str, bytes, Mapping)) or not isinstance(cast("object", tools), Iterable):
        raise InvalidRequestError("tools must be a list of tools", param="tools")
    asked = list(cast("Iterable[object]", tools))
    found = [_definition(index, tool) for index, tool in enumerate(asked)]
    if any(map(callable, asked)):
        _check_names(found)
    given["tools"] = found


def check_functions(given: ModelParameters) -> None:
    """The deprecated `functions` have names, as tools do."""
    functions = cast("object", given.get("functions"))
    if functions is None:
        return
    if isinstance(functions, Mapping) or not isinstance(functions, Iterable):
        raise InvalidRequestError("functions must be a list of functions", param="functions")
    for index, function in enumerate(cast("Iterable[object]", functions)):
        if not isinstance(mapping_of(function).get("name"), str):
            raise InvalidRequestError(f"functions[{index}].name is missing", param="functions")


def functions_as_tools(given: ModelParameters) -> None:
    """`functions` as tools, which is what all vendors know (`functions.py` has the way back)."""
    if functions := given.pop("functions", None):
        tools = [{"type": "function", "function": function} for function in functions]
        given["tools"] = [*(given.get("tools") or ()), *tools]


def function_call_as_choice(given: ModelParameters) -> None:
    """`function_call` as `tool_choice`."""
    choice = given.pop("function_call", None)
    if choice is not None and "tool_choice" not in given:
        given["tool_choice"] = choice if isinstance(choice, str) else {"type": "function", "function": choice}


# Whose own a tool is, by its form; `computerUse` and the like are Gemini's, which alone have no type of their own.
_OWN_TYPES: Final[Mapping[str, str]] = {
    "web_search": "mistral",
    "web_search_premium": "mistral",
    "code_interpreter": "mistral",
    "image_generation": "mistral",
    "document_library": "mistral",
    "connector": "mistral",
    "mcp_toolset": "anthropic",
}
_DATED: Final = re.compile(r".+_20\d{6}")  # Anthropic's
_FRAMED: Final = frozenset({"function", "input_schema"})
_BEDROCK: Final = frozenset({"toolSpec", "systemTool", "cachePoint"})
# The dialects whose tools are known; a gateway passes on what its vendors take.
_WHOSE: Final[Mapping[str, str]] = {
    "azure": "openai",
    "anthropic": "anthropic",
    "azureanthropic": "anthropic",
    "vertexanthropic": "anthropic",
    "mistral": "mistral",
}


def refuse_foreign_tools(call: Call) -> None:
    """Refuse the own tools of other vendors; with `drop_params` leave them out."""
    own = "openai" if call.vendor.name == "openai" else _WHOSE.get(call.vendor.dialect)
    tools = cast("list[Mapping[str, object]] | None", call.given.get("tools"))
    if own is None or not tools:
        return
    kept: list[Mapping[str, object]] = []
    for index, tool in enumerate(tools):
        owner = None if "function" in tool else _owner(tool)
        if owner in (None, own):
            kept.append(tool)
        else:
            name = tool.get("type") or next(iter(tool), "")
            call.refuse(f"tools[{index}] ({name})", f"this is {owner}'s own form of a tool; {own} does not know it")
    if len(kept) < len(tools):
        call.given["tools"] = kept


def _owner(tool: Mapping[str, object]) -> str | None:
    """The vendor whose own a tool is; None for a function, and for what nobody here knows."""
    kind = tool.get("type")
    if kind == "function":
        return None
    if isinstance(kind, str):
        if kind == "custom":
            return "openai" if "custom" in tool else None
        return "anthropic" if _DATED.fullmatch(kind) else _OWN_TYPES.get(kind)
    if "input_schema" in tool:
        return "anthropic"
    return "bedrock" if not _BEDROCK.isdisjoint(tool) else "gemini"


def _definition(index: int, tool: object) -> Mapping[str, object]:
    if is_mapping(tool):
        if not isinstance(tool.get("type", ""), str):
            raise InvalidRequestError(f"tools[{index}].type must be a text", param="tools")
        if "function" in tool and not isinstance(mapping_of(tool["function"]).get("name"), str):
            raise InvalidRequestError(f"tools[{index}].function.name is missing", param="tools")
        if _is_bare(tool):
            says = f"tools[{index}] is a function on its own; write {{'type': 'function', 'function': {{...}}}}"
            raise InvalidRequestError(says, param="tools")
        return tool
    if callable(tool):
        return _from_callable(index, tool)
    raise InvalidRequestError(f"tools[{index}] must be a mapping or a callable, not a {type(tool).__name__}")


def _is_bare(tool: Mapping[str, object]) -> bool:
    """Whether it is what belongs under `function`; Anthropic's own form has an `input_schema`."""
    return "name" in tool and tool.get("type", "function") == "function" and tool.keys().isdisjoint(_FRAMED)


def _from_callable(index: int, function: Callable[..., object]) -> Mapping[str, object]:
    told = described(f"tools[{index}]", function)
    summary = {"description": told.description} if told.description else {}
    return {"type": "function", "function": {"name": told.name, **summary, "parameters": told.parameters}}


def _check_names(tools: list[Mapping[str, object]]) -> None:
    """Two functions of one name could not be told apart when they are called."""
    places: dict[str, int] = {}
    for index, tool in enumerate(tools):
        name = mapping_of(tool.get("function")).get("name")
        if isinstance(name, str) and (first := places.setdefault(name, index)) != index:
            raise InvalidRequestError(f"tools[{index}] has the name of tools[{first}], {name!r}", param="tools")
