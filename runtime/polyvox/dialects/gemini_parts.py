"""Parts of a message in Gemini's form: text, images, sound, films and files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from .media import detail_of, file_of, inline, media_type_of, sound_of, url_of
from .parts import ONLY_TEXT, UNIFIED, Taken, numbered

if TYPE_CHECKING:
    from polyvox_wire.gemini import requests as q

    from ..call import Call
else:
    from .dicts import requests as q

_NO_MARKS: Final = "Gemini caches by itself, or by gemini={'cachedContent': ...}"
TAKES: Final = Taken(UNIFIED, "Gemini takes text, images, sound, films and files", no_marks=_NO_MARKS)
OF_SYSTEM: Final = Taken(ONLY_TEXT, "Gemini's system instruction takes text only", no_marks=_NO_MARKS)
_GENERATION_3 = re.compile(r"gemini-([3-9]|\d\d)")
_BY_ADDRESS: Final = "vertexai"
"""Describes `fileData` in a function's answer; the Gemini API does not."""
_NO_ADDRESSES: Final = "Gemini takes the media of a function's answer inline; give the content as a data URL"


def from_3(model: str) -> bool:
    """Whether the model is Gemini 3 or later, by the shape of its name."""
    return _GENERATION_3.match(model) is not None


def parts_of(call: Call, where: str, content: object, takes: Taken) -> list[q.Part]:
    """The parts of a content; what Gemini cannot take is refused."""
    if isinstance(content, str):
        return [q.Part(text=content)]
    return [_part(call, place, kind, part) for place, kind, part in numbered(call, where, content or (), takes)]


def answered(call: Call, where: str, content: object) -> tuple[list[str], list[q.Part]]:
    """What a function answered: its texts, and its media; from Gemini 3 on these have fewer forms there."""
    if content is None or isinstance(content, str):
        return [content or ""], []
    texts: list[str] = []
    media: list[q.Part] = []
    for place, kind, part in numbered(call, where, content, TAKES):
        made = _part(call, place, kind, part)
        if "text" in made:
            texts.append(made["text"])
        elif "fileData" in made and from_3(call.model) and call.vendor.name != _BY_ADDRESS:
            call.refuse(f"{place} ({part['type']})", _NO_ADDRESSES)
        else:
            if made.pop("mediaResolution", None):
                call.refuse(f"{place}.{kind}.detail", "Gemini has no such setting for a function's answer")
            media.append(made)
    return texts, media


def _part(call: Call, where: str, kind: str, part: Mapping[str, object]) -> q.Part:
    match kind:
        case "text" | "refusal":
            return q.Part(text=str(part[kind]))
        case "input_audio":
            sound = sound_of(where, part["input_audio"])
            return q.Part(inlineData=q.Blob(mimeType=sound.media_type, data=sound.data))
        case "file":
            return _file(where, part["file"])
        case _:
            media = _media(url_of(f"{where}.{kind}", part[kind]), part[kind])
            if detail_of(part[kind]) is not None:
                _less_detail(call, where, media)
            return media


def _less_detail(call: Call, where: str, part: q.Part) -> None:
    if from_3(call.model):
        part["mediaResolution"] = q.V1mainMediaResolution(level="MEDIA_RESOLUTION_LOW")
    else:
        call.refuse(f"{where}.image_url.detail", "before Gemini 3 it holds for all: gemini={'mediaResolution': ...}")


def _media(url: str, payload: object) -> q.Part:
    held = inline(url)
    if held is not None:
        return q.Part(inlineData=q.Blob(mimeType=held.media_type, data=held.data))
    return _at(url, media_type_of(payload, url))


def _at(url: str, kind: str | None) -> q.Part:
    file = q.FileData(fileUri=url)
    if kind:
        file["mimeType"] = kind
    return q.Part(fileData=file)


def _file(where: str, payload: object) -> q.Part:
    file = file_of(where, payload)
    if file.held is None:
        return _at(file.at, file.media_type)
    return q.Part(inlineData=q.Blob(mimeType=file.held.media_type, data=file.held.data))
