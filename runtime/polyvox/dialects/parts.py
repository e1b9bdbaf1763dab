"""Messages, content parts and tool calls, as mappings to other dialects than OpenAI's need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, cast

from pydantic_core import from_json, to_json

from polyvox_wire.support import OMIT, Omit

from ..checking import is_plain
from ..errors import InvalidMessageError, InvalidRequestError, UnsupportedParamsError
from ..guessing import nearest
from ..shapes import is_list, is_mapping, its_type, mapping_of

if TYPE_CHECKING:
    from ..call import Call

_SAID = ("text", "refusal")
_ANYWHERE: Final = frozenset({"role", "content", "name", "cache_control"})
# What a message of each role may have. An assistant's may have more: what another vendor answered, with all its extras.
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "system": _ANYWHERE,
    "developer": _ANYWHERE,
    "user": _ANYWHERE,
    "tool": _ANYWHERE | {"tool_call_id", "is_error"},
    "function": _ANYWHERE | {"is_error"},
}
UNIFIED: Final = frozenset({*_SAID, "image_url", "audio_url", "video_url", "input_audio", "file"})
"""The types of parts that hold what they say under their own name."""
ONLY_TEXT: Final = frozenset({"text"})
SAID: Final = frozenset(_SAID)


OWN_ID: Final = "call_pv_"
"""Begins the ids that we make for calls that have none; they never go back to a vendor that sent none."""

Turn: TypeAlias = tuple[str, Mapping[str, object]]
"""A message, and its place."""


def turns(call: Call) -> Iterable[Turn]:
    """Each message with its place, for vendors that know less of messages than OpenAI does. A deprecated
    `function_call` gets an id, and its answer names it, as those of tools do."""
    named = f"{OWN_ID}0"
    for index, message in enumerate(call.messages):
        where = f"messages[{index}]"
        fields: Mapping[str, object] = message
        if not is_plain(message):
            fields = _told(call, where, fields)
            if called := fields.get("function_call"):
                named = f"{OWN_ID}{index}"
                fields = {**fields, "function_call": {**mapping_of(called), "id": named}}
            elif fields["role"] == "function":
                fields = {**fields, "tool_call_id": named}
        yield where, fields


def _told(call: Call, where: str, fields: Mapping[str, object]) -> Mapping[str, object]:
    role = cast("str", fields["role"])
    known = _KEYS.get(role)
    if known is not None and not fields.keys() <= known:
        _refuse_unknown(call, where, role, fields, known)
    if "name" in fields and fields["name"] and role not in ("tool", "function"):
        call.refuse(f"{where}.name", f"{call.vendor.name} has no names of participants")
    if fields.get("audio"):
        fields = _spoken(call, where, fields)
    return _marked_part(fields) if fields.get("cache_control") else fields


def _refuse_unknown(call: Call, where: str, role: str, fields: Mapping[str, object], known: frozenset[str]) -> None:
    for key in fields.keys() - known:
        if fields[key] is not None:
            call.refuse(f"{where}.{key}", f"a {role} message has no such key")


def _spoken(call: Call, where: str, fields: Mapping[str, object]) -> Mapping[str, object]:
    """An answer that was spoken, for vendors who cannot hear it again: what was said."""
    if fields.get("content"):
        return fields
    said = mapping_of(fields["audio"]).get("transcript")
    if not said:
        call.refuse(f"{where}.audio", f"{call.vendor.name} cannot have OpenAI's sound back, and there is no transcript")
    return {**fields, "content": said or None}


def _marked_part(fields: Mapping[str, object]) -> Mapping[str, object]:
    """The message with its `cache_control` on its last part, where vendors have it."""
    mark, content = {"cache_control": fields["cache_control"]}, fields.get("content")
    parts = list(cast("Iterable[Mapping[str, object]]", content)) if not isinstance(content, str) else []
    last: Mapping[str, object] = parts.pop() if parts else {"type": "text", "text": content or ""}
    return {**fields, "content": [*parts, {**last, **mark}]}


class Taken(NamedTuple):
    """Which parts a vendor takes in one place."""

    kinds: frozenset[str]
    why: str
    """Said of all others, such as `Cohere takes text only here`."""
    own: frozenset[str] = frozenset()
    """The types, among these, that go as they are: the vendor writes them so itself."""
    no_marks: str = "its parts have no such mark"
    """Said of a part's `cache_control`; nothing where the vendor knows it."""


def numbered(call: Call, where: str, content: object, takes: Taken) -> Iterable[tuple[str, str, Mapping[str, object]]]:
    """Each part that the vendor takes: its place, its type, and what it says; the others are refused.

    A `document` comes as the text or the file that says the same, but for `part["type"]`, which names it in errors.
    """
    for number, part in enumerate(cast("Iterable[Mapping[str, object]]", content)):
        place, kind = f"{where}.content[{number}]", str(part["type"])
        if kind == "document" and "source" in part and kind not in takes.own:
            kind, part = _unified(part)
        if kind not in takes.kinds:
            hint = "" if kind in UNIFIED else nearest(kind, sorted(takes.kinds))
            call.refuse(f"{place} ({part['type']})", f"{takes.why}{hint}")
            continue
        if "cache_control" in part and takes.no_marks:
            part = _unmarked(call, place, part, takes.no_marks)
        if len(part) > 2 and kind in UNIFIED and (kind not in takes.own or kind != part["type"]):
            part = _known(call, place, kind, part)
        yield place, kind, part


def _unmarked(call: Call, where: str, part: Mapping[str, object], why: str) -> Mapping[str, object]:
    if part["cache_control"]:
        call.refuse(f"{where}.cache_control", why)
    return {key: value for key, value in part.items() if key != "cache_control"}


def _known(call: Call, where: str, kind: str, part: Mapping[str, object]) -> Mapping[str, object]:
    """The part without keys that no vendor knows of it, which are refused."""
    unknown = [key for key in part if key not in ("type", kind, "cache_control") and part[key] is not None]
    for key in unknown:
        call.refuse(f"{where}.{key}", f"a part of type {part['type']!r} has no such key for {call.vendor.name}")
    return {key: value for key, value in part.items() if key not in unknown} if unknown else part


def _unified(part: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    """A `document` as Anthropic writes it, as the text or the file that it holds, with the keys that are left."""
    named = part.get("title") is not None
    rest = {key: part[key] for key in part if key not in ("source", "title")}
    title = {"filename": part["title"]} if named else {}
    match mapping_of(part["source"]):
        case {"type": "text", "data": str(text)}:
            return "text", {**rest, "text": text, **({"title": part["title"]} if named else {})}
        case {"type": "base64", "media_type": str(kind), "data": str(data)}:
            return "file", {**rest, "file": {"file_data": f"data:{kind};base64,{data}", **title}}
        case {"type": "url", "url": str(url)}:
            return "file", {**rest, "file": {"file_id": url, "format": "application/pdf", **title}}
        case _:
            return "document", part  # an upload, or blocks: Anthropic's own


def texts(content: object) -> list[str]:
    """All texts of a content."""
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    parts = cast("Iterable[Mapping[str, object]]", content)
    return [str(part.get("text") or part.get("refusal") or "") for part in parts if part.get("type") in _SAID]


def only_texts(call: Call, where: str, content: object, takes: Taken) -> str:
    """All texts of a message whose vendor takes nothing else, in lines."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(str(part[kind]) for _, kind, part in numbered(call, where, content, takes))


def plain_turns(call: Call, roles: Mapping[str, str], takes: Taken, why: str) -> list[object]:
    """Role and text of each message, for a vendor that takes no more. `roles` are those it knows, by their usual names;
    `why` says what is wrong with others, and with calls."""
    made: list[object] = []
    for where, message in turns(call):
        role = roles.get(str(message["role"]))
        if role is None or any(calls_of(where, message)):
            raise UnsupportedParamsError(f"{where}: {why}", param=where, provider=call.vendor.name, model=call.model)
        made.append({"role": role, "content": only_texts(call, where, message.get("content"), takes)})
    return made


def stops(stop: object) -> list[str] | Omit:
    """What ends the answer, as a list; many refuse a single text."""
    if stop is None:
        return OMIT
    return [stop] if isinstance(stop, str) else list(cast("Iterable[str]", stop))


def kind_of(thinking: Mapping[str, object]) -> str:
    """The `type` of a `thinking`: `enabled`, `disabled` or `adaptive`; any other was refused before."""
    kind = thinking.get("type")
    if not isinstance(kind, str):
        raise InvalidRequestError(
            "thinking.type is missing; it is 'enabled', 'disabled' or 'adaptive'", param="thinking"
        )
    return kind


def arguments(where: str, text: object) -> dict[str, object]:
    """A call's arguments as an object; no text at all means none."""
    if is_mapping(text):
        return dict(text)
    try:
        value: object = from_json(cast("str", text)) if text else {}
    except ValueError as error:
        raise InvalidMessageError(f"{where}.arguments is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidMessageError(f"{where}.arguments must be a JSON object")
    return cast("dict[str, object]", value)


def one_or_more(stop: object) -> str | list[str] | Omit:
    """What ends the answer, as it was given: one text, or several."""
    return stop if isinstance(stop, str) else stops(stop)


def arguments_so_far(text: str) -> dict[str, object]:
    """A streamed call's arguments; what the token limit cut off is read as far as it goes."""
    try:
        found: object = from_json(text, allow_partial="trailing-strings") if text.strip() else {}
    except ValueError:
        return {}
    return dict(mapping_of(found))


class Called(NamedTuple):
    """A call that an assistant made in an earlier turn."""

    where: str
    id: str
    name: str
    said: object
    """Its arguments as they were given: JSON text, an object, or nothing."""
    given: Mapping[str, object]
    """All that was given of it."""

    @property
    def arguments(self) -> dict[str, object]:
        """Its arguments as an object. Raises `InvalidMessageError` where they are none."""
        return arguments(self.where, self.said)

    @property
    def text(self) -> str:
        """The same as JSON text, which is not read."""
        if self.said is None or isinstance(self.said, str):
            return self.said or ""
        if is_mapping(self.said):
            return to_json(self.said).decode()
        raise InvalidMessageError(f"{self.where}.arguments must be JSON text, not {its_type(self.said)}")


def calls_of(where: str, message: Mapping[str, object]) -> Iterable[Called]:
    """The calls of an assistant's message, also in the deprecated form. Free text, which only OpenAI's tools take, is
    an argument of its own."""
    for number, made in enumerate(cast("Iterable[Mapping[str, object]]", message.get("tool_calls") or ())):
        place, named, inner = (
            f"{where}.tool_calls[{number}].function",
            str(made["id"]),
            mapping_of(made.get("function")),
        )
        if free := mapping_of(made.get("custom")):
            inner = {"name": free["name"], "arguments": {"input": free.get("input") or ""}}
        yield Called(place, named, str(inner["name"]), inner.get("arguments"), made)
    if legacy := mapping_of(message.get("function_call")):
        said = legacy.get("arguments")
        yield Called(f"{where}.function_call", str(legacy.get("id")), str(legacy["name"]), said, legacy)


def native_blocks(message: Mapping[str, object], vendor: str, key: str) -> list[dict[str, object]] | None:
    """What this vendor itself sent in an earlier answer, to be given back as it is; None if there is no such thing, or
    if the caller has changed the text since."""
    if "provider_specific_fields" not in message:
        return None
    held = mapping_of(mapping_of(message["provider_specific_fields"]).get(vendor))
    blocks = held.get(key)
    if not is_list(blocks) or held.get("text", "") != "".join(texts(message.get("content"))):
        return None
    return cast("list[dict[str, object]]", blocks)
