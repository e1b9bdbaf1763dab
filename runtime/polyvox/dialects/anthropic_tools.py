"""Tools in Anthropic's form: functions, its own, its web search; and which of them the model must call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from polyvox_wire.support import OMIT, Omit

from ..choosing import wrong_choice
from ..errors import InvalidRequestError
from ..forms import each, fields, mapping, nullable, text, word
from ..shapes import mapping_of

if TYPE_CHECKING:
    from polyvox_wire.anthropic import requests as q

    from ..call import Call
else:
    from .dicts import requests as q

_INPUT: Final = fields({"type": word("object")}, {"properties": nullable(mapping), "required": nullable(each(text))})
_NO_PARAMETERS: Final[Mapping[str, object]] = {"properties": {}}
_PLACES: Final = ("city", "country", "region", "timezone")
_USUAL: Final = ("search_context_size", "medium")
_NO_OPTION: Final = "Anthropic's search has no such option; give its own tool in `tools` for max_uses and domains"


def tools(call: Call) -> list[Mapping[str, object]] | Omit:
    """What the model may call, and the search that it may make."""
    asked = cast("list[Mapping[str, object]] | None", call.given.get("tools"))
    found = [_tool(call, index, tool) for index, tool in enumerate(asked or ())]
    if (search := _search(call)) is not None:
        found.append(cast("Mapping[str, object]", search))
    return [tool for tool in found if tool is not None] or OMIT


def _tool(call: Call, index: int, tool: Mapping[str, object]) -> Mapping[str, object] | None:
    if "function" not in tool:
        if tool.get("type") == "custom" and "custom" in tool:
            call.refuse(f"tools[{index}] (custom)", "Anthropic has no tools with free-text input; use a function")
            return None
        return _own(f"tools[{index}]", tool)
    function = mapping_of(tool["function"])
    schema = {"type": "object", **mapping_of(function.get("parameters") or _NO_PARAMETERS)}
    where = f"functions[{index}]" if call.by_functions else f"tools[{index}].function"
    if (said := _INPUT(f"{where}.parameters", schema)) is not None:
        raise InvalidRequestError(said, param="tools")
    made = q.Tool(name=str(function["name"]), input_schema=schema)
    if description := function.get("description"):
        made["description"] = str(description)
    if function.get("strict") is not None:
        made["strict"] = bool(function["strict"])
    if cache := tool.get("cache_control"):
        made["cache_control"] = cast("q.CacheControlEphemeral", cache)
    return cast("Mapping[str, object]", made)


def _own(where: str, tool: Mapping[str, object]) -> Mapping[str, object]:
    """A tool in Anthropic's own form, held to its description. A newer one than the description has goes as it is."""
    from polyvox_wire.anthropic.requests import CreateMessageParams

    from ..described import arms, items_of, misfit

    described = arms(items_of(CreateMessageParams, "tools")).get(str(tool.get("type") or "custom"))
    if described is not None and (said := misfit(where, tool, described)) is not None:
        raise InvalidRequestError(said, param="tools")
    return tool


def _search(call: Call) -> q.WebSearchTool20250305 | None:
    """`web_search_options`, as Anthropic's own tool, which its servers run."""
    options = call.given.get("web_search_options")
    if options is None:
        return None
    made = q.WebSearchTool20250305(type="web_search_20250305", name="web_search")
    for key, value in options.items():
        if key == "user_location":
            made["user_location"] = _location(value)
        elif (key, value) != _USUAL:
            call.refuse(f"web_search_options[{key!r}]", _NO_OPTION)
    return made


def _location(asked: object) -> q.UserLocation:
    """OpenAI's chat completions have the place one level below the kind."""
    given = mapping_of(asked)
    place = mapping_of(given.get("approximate")) or given
    known = {key: place[key] for key in _PLACES if place.get(key) is not None}
    return cast("q.UserLocation", {"type": "approximate", **known})


def tool_choice(call: Call) -> q.ToolChoice | Omit:
    """Whether and what the model must call, and whether several at once."""
    one_at_a_time = call.given.get("parallel_tool_calls") is False
    choice = _choice(call.given.get("tool_choice"))
    if not one_at_a_time or not call.given.get("tools"):
        return choice
    if choice is OMIT:
        return q.ToolChoiceAuto(type="auto", disable_parallel_tool_use=True)
    if choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return choice


def _choice(asked: object) -> q.ToolChoice | Omit:
    match asked:
        case None:
            return OMIT
        case "auto":
            return q.ToolChoiceAuto(type="auto")
        case "none":
            return q.ToolChoiceNone(type="none")
        case "required" | "any":
            return q.ToolChoiceAny(type="any")
        case {"type": "function", "function": {"name": str(name)}}:
            return q.ToolChoiceTool(type="tool", name=name)
        case {"type": "auto" | "any" | "none" | "tool"}:
            return cast("q.ToolChoice", dict(cast("Mapping[str, object]", asked)))
        case _:
            raise wrong_choice(asked)
