"""Images, documents, videos and sounds in Converse's form: bytes or an address in S3, and a format by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple, cast, get_args
from urllib.parse import urlsplit

from polyvox_wire.bedrock import requests as q

from ..errors import InvalidMessageError
from ..shapes import mapping_of
from .media import detail_of, file_of, inline, media_type_of, sound_of, url_of

if TYPE_CHECKING:
    from ..call import Call

CONTENT_KEYS: Final = frozenset(q.ContentBlock.__annotations__) - {"text", "toolUse", "toolResult"}
"""Blocks that a caller may give as Bedrock writes them: `{"type": "document", "document": {...}}`."""
_FORMATS: Final[Mapping[str, str]] = {
    "jpg": "jpeg",
    "plain": "txt",
    "markdown": "md",
    "htm": "html",
    "msword": "doc",
    "vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "vnd.ms-excel": "xls",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "quicktime": "mov",
    "x-matroska": "mkv",
    "x-flv": "flv",
    "x-ms-wmv": "wmv",
    "3gpp": "three_gp",
    "3gp": "three_gp",
    "x-wav": "wav",
}
"""Media types and endings whose format has another name."""
_IMAGES: Final = frozenset(get_args(q.ImageFormat))
_VIDEOS: Final = frozenset(get_args(q.VideoFormat))
_SOUNDS: Final = frozenset(get_args(q.AudioFormat))
_DOCUMENTS: Final = frozenset(get_args(q.DocumentFormat))
_BAD_IN_NAME = re.compile(r"[^a-zA-Z0-9()\[\] -]+")
_LONGEST_NAME: Final = 190


class Documents:
    """Names for the documents of a request, each of its own and in the letters that Bedrock allows."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}

    def name(self, filename: object) -> str:
        """A name for one more document."""
        stem = PurePosixPath(str(filename)).stem if filename else ""
        plain = " ".join(_BAD_IN_NAME.sub("-", stem).split())[:_LONGEST_NAME] or "document"
        name, number = plain, self._names.get(plain, 1)
        while name in self._names:
            number += 1
            name = f"{plain} {number}"
        self._names[name], self._names[plain] = 1, number
        return name


class _Source(NamedTuple):
    """Where the bytes are, and what they are."""

    source: dict[str, object]
    format: str


def cache_point(asked: object) -> q.CachePointBlock:
    """The end of what is to be cached, from `cache_control` as Anthropic writes it."""
    point = q.CachePointBlock(type="default")
    if ttl := mapping_of(asked).get("ttl"):
        point["ttl"] = cast("q.CacheTTL", ttl)
    return point


def media(call: Call, where: str, kind: str, part: Mapping[str, object], documents: Documents) -> q.ContentBlock | None:
    """A part that is not text; None where it is refused and left out."""
    match kind:
        case "image_url":
            return _image(call, where, part)
        case "video_url":
            found = _by_url(call, where, part, _VIDEOS)
            return None if found is None else q.ContentBlock(video=cast("q.VideoBlock", found._asdict()))
        case "audio_url":
            found = _by_url(call, where, part, _SOUNDS)
            return None if found is None else q.ContentBlock(audio=cast("q.AudioBlock", found._asdict()))
        case "input_audio":
            return _sound(call, where, part["input_audio"])
        case "file":
            return _document(call, where, part, documents)
        case _:
            return as_written(where, kind, part)


def as_written(where: str, kind: str, part: Mapping[str, object]) -> q.ContentBlock:
    """A block in Bedrock's own form: `{"type": "guardContent", "guardContent": {...}}`."""
    if not part.get(kind):
        raise InvalidMessageError(f"{where}.{kind} is missing; a part of type {kind!r} needs it")
    return cast("q.ContentBlock", {kind: part[kind]})


def _image(call: Call, where: str, part: Mapping[str, object]) -> q.ContentBlock | None:
    found = _by_url(call, where, part, _IMAGES)
    if detail_of(part["image_url"]) is not None:
        call.refuse(f"{where}.image_url.detail", "Bedrock has no such setting")
    return None if found is None else q.ContentBlock(image=cast("q.ImageBlock", found._asdict()))


def _sound(call: Call, where: str, payload: object) -> q.ContentBlock | None:
    sound = sound_of(where, payload)
    source = _Source({"bytes": sound.data}, _format(sound.media_type))
    found = _known(call, f"{where} (input_audio)", source, _SOUNDS)
    return None if found is None else q.ContentBlock(audio=cast("q.AudioBlock", found._asdict()))


def _document(call: Call, where: str, part: Mapping[str, object], documents: Documents) -> q.ContentBlock | None:
    file, place = file_of(where, part["file"]), f"{where} ({part['type']})"
    if file.held is not None:
        found = _known(call, place, _Source({"bytes": file.held.data}, _format(file.held.media_type)), _DOCUMENTS)
    else:
        found = _stored(call, place, file.at, file.media_type, _DOCUMENTS)
    if found is None:
        return None
    named = documents.name(file.name or (urlsplit(file.at).path if file.at else None))
    return q.ContentBlock(document=cast("q.DocumentBlock", {**found._asdict(), "name": named}))


def _by_url(call: Call, where: str, part: Mapping[str, object], formats: frozenset[str]) -> _Source | None:
    """The bytes of a data URL, or an object in S3."""
    kind = str(part["type"])
    place, url = f"{where} ({kind})", url_of(f"{where}.{kind}", part[kind])
    if (held := inline(url)) is not None:
        return _known(call, place, _Source({"bytes": held.data}, _format(held.media_type)), formats)
    return _stored(call, place, url, media_type_of(part[kind], url), formats)


def _stored(call: Call, where: str, address: str, kind: str | None, formats: frozenset[str]) -> _Source | None:
    if not address.startswith("s3://"):
        call.refuse(where, "Bedrock fetches no addresses but s3://; give the content as a data URL")
        return None
    ending = PurePosixPath(address).suffix[1:].lower()
    name = ending if kind is None or _FORMATS.get(ending, ending) in formats else _format(kind)
    return _known(call, where, _Source({"s3Location": {"uri": address}}, name), formats)


def _format(media_type: str) -> str:
    return media_type.partition("/")[2]


def _known(call: Call, where: str, found: _Source, formats: frozenset[str]) -> _Source | None:
    kind = _FORMATS.get(found.format.lower(), found.format.lower())
    if kind not in formats:
        call.refuse(where, f"Bedrock has no format {found.format!r} for it, only {', '.join(sorted(formats))}")
        return None
    return found._replace(format=kind)
