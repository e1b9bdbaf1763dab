"""Content parts as OpenAI and Azure take them: checked and, but for a few, sent as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, cast, get_args

from ..errors import InvalidMessageError
from ..forms import Form, lazily, word
from ..shapes import is_mapping, mapping_of
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
    taken = _taken(call.vendor.name, role)
    for place, kind, part in numbered(call, where, content, taken):
        made = _checked(call, place, kind, part) if kind in taken.own else _sound(call, place, part, taken.why)
        if made is not None:
            yield made


@cache
def _taken(vendor: str, role: str) -> Taken:
    kinds = TAKES[vendor][role]
    why = f"{vendor} takes {', '.join(sorted(kinds))} in a message of role {role!r}"
    inline_sound = {"audio_url"} if "input_audio" in kinds else frozenset[str]()
    return Taken(kinds | inline_sound, why, kinds, NO_CACHE_MARKS)


def passed_on(where: str, content: object) -> Iterable[Mapping[str, object]]:
    """The parts for a gateway, which has whatever its models have: in OpenAI's form where OpenAI has one."""
    for number, part in enumerate(cast("Iterable[Mapping[str, object]]", content)):
        kind = str(part["type"])
        if kind in ("image_url", "audio_url", "video_url"):
            yield {**part, kind: _addressed(part[kind])}
        elif kind == "input_audio":
            yield {**part, kind: _with_format(f"{where}[{number}]", part[kind])}
        elif kind == "file":
            yield {**part, kind: _without_nulls(mapping_of(part[kind]))}
        else:
            yield part


@lazily
def _details() -> Form:
    from polyvox_wire.openai.requests import ChatCompletionRequestMessageContentPartImageImageUrlDetail as Detail

    return word(*get_args(Detail))


@lazily
def _sounds() -> Form:
    from polyvox_wire.openai.requests import ChatCompletionRequestMessageContentPartAudioInputAudioFormat as Sound

    return word(*get_args(Sound))


def _checked(call: Call, where: str, kind: str, part: Mapping[str, object]) -> Mapping[str, object] | None:
    payload = part[kind]
    match kind:
        case "image_url" | "audio_url":
            url_of(f"{where}.{kind}", payload)
            _check_word(f"{where}.{kind}.detail", mapping_of(payload).get("detail"), _details)
            payload = _addressed(payload)
        case "input_audio":
            sound_of(where, payload)
            sound = _with_format(where, payload)
            _check_word(f"{where}.{kind}.format", sound["format"], _sounds)
            return {"type": kind, kind: sound}
        case "file":
            return _file(call, where, part)
        case _:
            pass
    if payload is part[kind] and part["type"] == kind:
        return part
    return {**part, "type": kind, kind: payload}


def _sound(call: Call, where: str, part: Mapping[str, object], why: str) -> Mapping[str, object] | None:
    """An `audio_url` with the sound in it, as the `input_audio` it is."""
    held = inline(url_of(f"{where}.audio_url", part["audio_url"]))
    if held is None:
        call.refuse(f"{where} (audio_url)", f"{why}; it fetches no sound: give it as input_audio")
        return None
    name = held.media_type.partition("/")[2]
    return {"type": "input_audio", "input_audio": {"data": held.data, "format": _FORMATS.get(name, name)}}


def _with_format(where: str, payload: object) -> Mapping[str, object]:
    if not is_mapping(payload):
        raise InvalidMessageError(f"{where}.input_audio must be a mapping with data and format")
    return {**payload, "format": payload.get("format") or "wav"}


def _without_nulls(payload: Mapping[str, object]) -> Mapping[str, object]:
    return {key: value for key, value in payload.items() if value is not None}


def _addressed(payload: object) -> object:
    """An address in OpenAI's form, were it a text alone; without the media type, which other vendors need."""
    if not is_mapping(payload):
        return {"url": payload}
    if len(payload) == 1:
        return payload
    return {key: value for key, value in payload.items() if key != "format" and value is not None}


def _check_word(where: str, value: object, form: Form) -> None:
    if value is not None and (said := form(where, value)) is not None:
        raise InvalidMessageError(said)


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
