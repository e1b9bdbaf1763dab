"""Messages in OpenAI's form, which the unified ones have but for what other vendors' answers add to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

from pydantic_core import to_json

from ..checking import is_plain
from ..errors import InvalidMessageError
from ..shapes import is_list, is_mapping, mapping_of
from .openai_media import NO_CACHE_MARKS, TAKES, parts, passed_on
from .parts import ONLY_TEXT, Taken, only_texts, texts

if TYPE_CHECKING:
    from ..call import Call
    from ..messages import MessageParam

# What the unified messages have beyond OpenAI's own.
_OURS: Final = frozenset(
    {"reasoning_content", "thinking_blocks", "provider_specific_fields", "annotations", "is_error"}
)
# Where something may be that is not OpenAI's; every other message goes as it is.
_TOUCHED: Final = _OURS | {"function_call", "audio", "reasoning"}
# What a call of a function has; it goes as it is.
_OF_A_CALL: Final = frozenset({"id", "type", "function"})
# Gateways want their reasoning back (DeepSeek, Z.AI, OpenRouter), each under the name it came by.
_GATEWAY_KEEPS: Final = frozenset({"reasoning_content"})


def messages(call: Call) -> list[Mapping[str, object]]:
    """The messages as OpenAI takes them; those of the caller's own that already are so, as they are."""
    return [
        message if is_plain(message) else _message(call, index, message) for index, message in enumerate(call.messages)
    ]


def _message(call: Call, index: int, message: MessageParam) -> Mapping[str, object]:
    """The message as OpenAI takes it; the caller's own mapping wherever it already is."""
    fields: Mapping[str, object] = message
    vendor = call.vendor
    if None in fields.values():  # a dumped message of a result; OpenAI takes null for content only
        fields = {key: value for key, value in fields.items() if value is not None or key == "content"}
    if calls := fields.get("tool_calls"):
        fields = {**fields, "tool_calls": [_tool_call(one) for one in cast("Iterable[Mapping[str, object]]", calls)]}
    if not _TOUCHED.isdisjoint(fields):
        plain = _without_ours(f"messages[{index}]", fields, vendor.name)
        fields = _with_thoughts(fields, plain) if vendor.think_tags else plain
    if fields["role"] == "developer" and not vendor.developer_role:
        fields = {**fields, "role": "system"}
    if vendor.name in TAKES and fields.get("cache_control"):
        call.refuse(f"messages[{index}].cache_control", NO_CACHE_MARKS)
        fields = {key: value for key, value in fields.items() if key != "cache_control"}
    content = fields.get("content")
    if content is None or isinstance(content, str):
        return fields
    if vendor.text_only:
        takes = Taken(ONLY_TEXT, f"{vendor.name} takes text only")
        return {**fields, "content": only_texts(call, f"messages[{index}]", content, takes)}
    if vendor.name in TAKES:
        return {**fields, "content": list(parts(call, f"messages[{index}]", cast("str", fields["role"]), content))}
    return {**fields, "content": list(passed_on(f"messages[{index}].content", content))}


def _with_thoughts(fields: Mapping[str, object], plain: Mapping[str, object]) -> Mapping[str, object]:
    from .openai_thoughts import with_thoughts

    return with_thoughts(fields, plain)


def _without_ours(where: str, fields: Mapping[str, object], vendor: str) -> Mapping[str, object]:
    """A message of an earlier result, without what polyvox added to it."""
    kept = frozenset[str]() if vendor == "openai" or "reasoning" in fields else _GATEWAY_KEEPS
    plain = {key: value for key, value in fields.items() if key not in _OURS or key in kept}
    if vendor == "openai":
        plain.pop("reasoning", None)
    parts = mapping_of(fields.get("provider_specific_fields")).get("content")
    if is_list(parts) and "".join(texts(parts)) == plain.get("content"):
        plain["content"] = parts  # as it came, thinking and all (Mistral)
        plain.pop("reasoning_content", None)
    if (called := plain.get("function_call")) is not None:
        plain["function_call"] = _said_as_text(mapping_of(called))
    audio = plain.get("audio")
    if is_mapping(audio):
        named = audio.get("id")
        if not named and vendor in TAKES:
            raise InvalidMessageError(f"{where}.audio.id is missing; it names what was said")
        plain.update({"audio": {"id": named}} if named else {})
        plain = plain if named else {key: value for key, value in plain.items() if key != "audio"}
    return plain


def _tool_call(call: Mapping[str, object]) -> Mapping[str, object]:
    if call.get("type") == "function" and call.keys() <= _OF_A_CALL and _has_text(call.get("function")):
        return call
    kind = call.get("type") or "function"
    left = ("provider_specific_fields", "function" if kind == "custom" else "custom")
    made = {key: value for key, value in call.items() if key not in left and value is not None}
    made["type"] = kind
    if kind == "function":
        made["function"] = _said_as_text(mapping_of(made["function"]))
    elif kind == "custom" and mapping_of(made["custom"]).get("input") is None:
        made["custom"] = {**mapping_of(made["custom"]), "input": ""}
    return made


def _has_text(function: object) -> bool:
    return is_mapping(function) and isinstance(function.get("arguments"), str)


def _said_as_text(function: Mapping[str, object]) -> Mapping[str, object]:
    """The function with its arguments as the text that they are here; other dialects have an object."""
    arguments = function.get("arguments")
    return function if isinstance(arguments, str) else {**function, "arguments": to_json(arguments or {}).decode()}
