"""`tool_choice` in every form that people write, as one of few: `auto`, `none`, `required`, or a function by name.

Forms that only OpenAI has go there as they are; elsewhere `allowed_tools` offers just those tools, which is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from .errors import InvalidRequestError
from .shapes import is_list, is_mapping, mapping_of

if TYPE_CHECKING:
    from .call import Call

_WORDS: Final[Mapping[object, str]] = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
# Who knows `allowed_tools` and `custom` itself.
_OPENAI: Final = frozenset({"openai", "azure"})


def settle_choice(call: Call) -> None:
    """Bring `tool_choice` into a form that every mapping knows. A vendor's own forms are left as they are."""
    choice: object = call.given.get("tool_choice")
    if isinstance(choice, str):
        if choice not in _WORDS and call.vendor.speaks_openai:
            raise wrong_choice(choice)
        call.given["tool_choice"] = _WORDS.get(choice, choice)
    elif is_mapping(choice):
        _settle_mapping(call, choice)


def _settle_mapping(call: Call, choice: Mapping[str, object]) -> None:
    match choice:
        case {"type": "auto" | "none" | "required" | "any" as word} if len(choice) == 1:
            call.given["tool_choice"] = _WORDS[word]
        case {"type": "function" | "tool", "name": str(name)} | {"name": str(name)} if choice.keys() <= {
            "type",
            "name",
        }:
            call.given["tool_choice"] = {"type": "function", "function": {"name": name}}
        case {"type": "function", "function": {"name": str()}} if len(choice) == 2:
            pass
        case {"type": "allowed_tools"}:
            _allow(call, mapping_of(choice.get("allowed_tools")) or choice)
        case {"type": "custom"} if call.vendor.name not in _OPENAI:
            call.refuse("tool_choice", f"{call.vendor.name} has no tools with free-text input")
            del call.given["tool_choice"]
        case {"type": "custom", "custom": {"name": str()}}:
            pass
        case _ if call.vendor.speaks_openai:
            raise wrong_choice(choice)
        case _:
            pass  # the vendor's own form


def wrong_choice(
    choice: object, takes: str = "'auto', 'none', 'required', or a function by name"
) -> InvalidRequestError:
    """The error for a choice in none of the forms that are known."""
    return InvalidRequestError(f"tool_choice is {repr(choice)[:60]}; it is {takes}", param="tool_choice")


def _allow(call: Call, allowed: Mapping[str, object]) -> None:
    mode, listed = allowed.get("mode", "auto"), allowed.get("tools")
    if mode not in ("auto", "required") or not is_list(listed) or not all(map(is_mapping, listed)):
        raise InvalidRequestError(
            "tool_choice.allowed_tools needs `mode`, 'auto' or 'required', and `tools`", param="tool_choice"
        )
    if call.vendor.name in _OPENAI:
        call.given["tool_choice"] = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": listed}}
        return
    names = {_name(mapping_of(tool)) for tool in listed}
    tools = cast("list[Mapping[str, object]]", call.given.get("tools") or [])
    if unknown := names - {_name(tool) for tool in tools}:
        raise InvalidRequestError(
            f"tool_choice.allowed_tools names {', '.join(sorted(map(repr, unknown)))}, which `tools` lacks",
            param="tool_choice",
        )
    call.given["tools"] = [tool for tool in tools if _name(tool) in names]
    call.given["tool_choice"] = mode


def _name(tool: Mapping[str, object]) -> str:
    part = mapping_of(tool.get("function") or tool.get("custom"))
    return str(part.get("name") or tool.get("name") or tool.get("type"))
