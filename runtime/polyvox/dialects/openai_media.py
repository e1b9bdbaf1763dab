"""Content parts as OpenAI and Azure take them: checked and, but for a few, sent as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from ..shapes import is_mapping
from .media import file_of, inline, sound_of, url_of
from .parts import ONLY_TEXT, SAID, Taken, numbered

if TYPE_CHECKING:
    from ..call import Call

_TALK: Final = dict.fromkeys(("system", "developer", "tool", "function"), ONLY_TEXT) | {"assistant": SAID}
_OF_OPENAI: Final = {**_TALK, "user": ONLY_TEXT | {"image_url", "input_audio", "file"}}
TAKES: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "openai": _OF_OPENAI,
    "azure": _OF_OPENAI,
    "azure_ai": {**_TALK, "user": ONLY_TEXT | {"image_url", "audio_url", "input_audio"}},
}
"""Vendors who say which parts they take -> role -> types. Gateways get whatever the caller has; they know their models.

OpenAI's and Azure's descriptions; for model inference, learn.microsoft.com/rest/api/aifoundry/modelinference.
"""
NO_CACHE_MARKS: Final = "OpenAI caches prompts by itself; see prompt_cache_key"
_FORMATS: Final = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}


def parts(call: Call, where: str, role: str, content: object) -> Iterable[Mapping[str, object]]:
    """The parts as the vendor takes them, without what it does not."""
    kinds = TAKES[call.vendor.name][role]
    why = f"{call.vendor.name} takes {', '.join(sorted(kinds))} in a message of role {role!r}"
    inline_sound = {"audio_url"} if "input_audio" in kinds else frozenset[str]()
    for place, kind, part in numbered(call, where, content, Taken(kinds | inline_sound, why, kinds)):
        made = _sound(call, place, part, why) if kind not in kinds else _checked(call, place, kind, part)
        if made is None:
            continue
        if part.get("cache_control"):
            call.refuse(f"{place}.cache_control", NO_CACHE_MARKS)
        yield made


def _checked(call: Call, where: str, kind: str, part: Mapping[str, object]) -> Mapping[str, object] | None:
    match kind:
        case "image_url" | "audio_url":
            url_of(f"{where}.{kind}", part[kind])
        case "input_audio":
            sound_of(where, part[kind])
        case "file":
            return _file(call, where, part)
        case _:
            pass
    kept = {key: value for key, value in part.items() if key != "cache_control"}
    return {**kept, "type": kind, kind: _without_format(part[kind])}


def _sound(call: Call, where: str, part: Mapping[str, object], why: str) -> Mapping[str, object] | None:
    """An `audio_url` with the sound in it, as the `input_audio` it is."""
    held = inline(url_of(f"{where}.audio_url", part["audio_url"]))
    if held is None:
        call.refuse(f"{where} (audio_url)", f"{why}; it fetches no sound: give it as input_audio")
        return None
    name = held.media_type.partition("/")[2]
    return {"type": "input_audio", "input_audio": {"data": held.data, "format": _FORMATS.get(name, name)}}


def _without_format(payload: object) -> object:
    """Without the media type, which other vendors need of an address."""
    if not is_mapping(payload) or "url" not in payload:
        return payload
    return {key: value for key, value in payload.items() if key != "format"}


def _file(call: Call, where: str, part: Mapping[str, object]) -> Mapping[str, object] | None:
    file = file_of(where, part["file"])
    if file.by_address:
        reason = f"{call.vendor.name} fetches no files; give file_data, or the id of an upload"
        call.refuse(f"{where} ({part['type']})", reason)
        return None
    named = {"filename": file.name} if file.name else dict[str, str]()
    if file.held is None:
        return {"type": "file", "file": {"file_id": file.at, **named}}
    return {"type": "file", "file": {"file_data": f"data:{file.held.media_type};base64,{file.held.data}", **named}}
