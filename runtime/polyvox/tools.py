"""Tools as callers give them, in OpenAI's form, from which every mapping starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

from .errors import InvalidRequestError
from .forms import CACHE, Form, by_type, fields, mapping, nullable, switch, text, word
from .shapes import is_mapping, its_type, mapping_of

if TYPE_CHECKING:
    from .call import Call
    from .parameters import ModelParameters


_FUNCTION: Final = fields(
    {"name": text}, {"description": nullable(text), "parameters": nullable(mapping), "strict": nullable(switch)}
)
_TYPE: Final[Mapping[str, Form]] = {"type": text}
_GRAMMAR: Final = fields({"definition": text, "syntax": word("lark", "regex")}, closed=True)
_WITH_GRAMMAR: Final = fields({"grammar": _GRAMMAR}, _TYPE, closed=True)
_FREE: Final = fields(
    {"name": text},
    {
        "description": nullable(text),
        "format": nullable(by_type({"text": fields({}, _TYPE, closed=True), "grammar": _WITH_GRAMMAR})),
    },
)
# A tool by what it has: a function, a tool with free-text input, or what a vendor alone knows.
_MARK: Final = {"cache_control": nullable(CACHE)}
_FORMS: Final[Mapping[str | None, Form]] = {
    "function": fields({"function": _FUNCTION}, {"type": word("function"), **_MARK}),
    "custom": fields({"custom": _FREE}, {"type": word("custom"), **_MARK}),
    None: fields({}, {"type": text, **_MARK}),
}


def settle_tools(given: ModelParameters) -> None:
    """Turn callables into definitions. Only `given`, which is ours, is changed."""
    if (tools := given.get("tools")) is None:
        return
    asked = _listed("tools", tools)
    found = [_definition(index, tool) for index, tool in enumerate(asked)]
    if any(map(callable, asked)):
        _check_names(found)
    given["tools"] = found


def check_functions(given: ModelParameters) -> None:
    """The deprecated `functions` have names, as tools do."""
    if (functions := given.get("functions")) is None:
        return
    for index, function in enumerate(_listed("functions", functions)):
        if (said := _FUNCTION(f"functions[{index}]", function)) is not None:
            raise InvalidRequestError(said, param="functions")


def _listed(name: str, given: object) -> list[object]:
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise InvalidRequestError(f"{name} must be a list of {name}", param=name)
    return list(cast("Iterable[object]", given))


def functions_as_tools(given: ModelParameters) -> None:
    """`functions` as tools, which is what all vendors know (`functions.py` has the way back)."""
    if functions := given.pop("functions", None):
        tools = [{"type": "function", "function": _without_nulls(function)} for function in functions]
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
    if not tools:
        return
    if own is None:
        _check_typed(call, tools)
        return
    kept: list[Mapping[str, object]] = []
    for index, tool in enumerate(tools):
        owner = _ANYBODY if "function" in tool else _owner(tool)
        if owner in (own, _ANYBODY):
            kept.append(tool)
        else:
            name = tool.get("type") or next(iter(tool), "")
            why = (
                f"this is {owner}'s own form of a tool; {own} does not know it" if owner else f"{own} has no such tool"
            )
            call.refuse(f"tools[{index}] ({name})", why)
    if len(kept) < len(tools):
        call.given["tools"] = kept


def _check_typed(call: Call, tools: list[Mapping[str, object]]) -> None:
    """A gateway may have tools of its own; in OpenAI's dialect each says its type."""
    for index, tool in enumerate(tools if call.vendor.speaks_openai else ()):
        if "type" not in tool:
            raise InvalidRequestError(f"tools[{index}].type is missing, and it has no function", param="tools")


_ANYBODY: Final = "anybody"


def _owner(tool: Mapping[str, object]) -> str | None:
    """The vendor whose own a tool is; a function is anybody's, and None's what nobody here knows."""
    kind = tool.get("type")
    if kind == "function":
        return _ANYBODY
    if isinstance(kind, str):
        if kind == "custom":
            return "openai" if "custom" in tool else "anthropic"
        return "anthropic" if _DATED.fullmatch(kind) else _OWN_TYPES.get(kind)
    if "input_schema" in tool:
        return "anthropic"
    return "bedrock" if not _BEDROCK.isdisjoint(tool) else "gemini"


def _definition(index: int, tool: object) -> Mapping[str, object]:
    if is_mapping(tool):
        return _checked(f"tools[{index}]", tool)
    if callable(tool):
        return _from_callable(index, tool)
    raise InvalidRequestError(f"tools[{index}] must be a mapping or a callable, not {its_type(tool)}")


def _checked(where: str, tool: Mapping[str, object]) -> Mapping[str, object]:
    """The caller's own mapping, unless it leaves out its type, or says null for what is not given."""
    kind = _kind(tool)
    if (said := _FORMS[kind](where, tool)) is not None:
        raise InvalidRequestError(said, param="tools")
    if kind is None:
        if "name" in tool and not {"type", "input_schema"} & tool.keys():
            says = f"{where} is a function on its own; write {{'type': 'function', 'function': {{...}}}}"
            raise InvalidRequestError(says, param="tools")
        return tool
    inner = mapping_of(tool[kind])
    if "type" in tool and None not in inner.values():
        return tool
    return {**tool, "type": kind, kind: _without_nulls(inner)}


def _kind(tool: Mapping[str, object]) -> str | None:
    """Under which key a tool says what it is; None for a vendor's own. (Anthropic calls its functions `custom` too.)"""
    kind = tool.get("type")
    if "function" in tool or kind == "function":
        return "function"
    return "custom" if "custom" in tool or (kind == "custom" and "input_schema" not in tool) else None


def _without_nulls(fields: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in fields.items() if value is not None} if None in fields.values() else fields


def _from_callable(index: int, function: Callable[..., object]) -> Mapping[str, object]:
    from .callables import described

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
