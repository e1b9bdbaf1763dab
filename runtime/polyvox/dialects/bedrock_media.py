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
from .parts import detail_of, inline, url_of

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
        self._names: set[str] = set()

    def name(self, filename: object) -> str:
        """A name for one more document."""
        stem = PurePosixPath(str(filename)).stem if filename else ""
        plain = " ".join(_BAD_IN_NAME.sub("-", stem).split())[:_LONGEST_NAME] or "document"
        name, number = plain, 1
        while name in self._names:
            number += 1
            name = f"{plain} {number}"
        self._names.add(name)
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


def media(call: Call, where: str, part: Mapping[str, object], documents: Documents) -> q.ContentBlock | None:
    """A part that is not text; None where it is refused and left out."""
    kind = str(part["type"])
    match kind:
        case "image_url":
            return _image(call, where, part["image_url"])
        case "video_url":
            found = _source(call, f"{where} (video_url)", url_of(f"{where}.video_url", part[kind]), _VIDEOS)
            return None if found is None else q.ContentBlock(video=cast("q.VideoBlock", found._asdict()))
        case "audio_url":
            found = _source(call, f"{where} (audio_url)", url_of(f"{where}.audio_url", part[kind]), _SOUNDS)
            return None if found is None else q.ContentBlock(audio=cast("q.AudioBlock", found._asdict()))
        case "input_audio":
            return _sound(call, where, mapping_of(part["input_audio"]))
        case "file":
            return _document(call, where, mapping_of(part["file"]), documents)
        case _:
            call.refuse(f"{where} ({kind})", "Bedrock takes text, images, documents, videos and sounds")
            return None


def _image(call: Call, where: str, payload: object) -> q.ContentBlock | None:
    found = _source(call, f"{where} (image_url)", url_of(f"{where}.image_url", payload), _IMAGES)
    if detail_of(payload) is not None:
        call.refuse(f"{where}.image_url.detail", "Bedrock has no such setting")
    return None if found is None else q.ContentBlock(image=cast("q.ImageBlock", found._asdict()))


def _sound(call: Call, where: str, payload: Mapping[str, object]) -> q.ContentBlock | None:
    asked, data = str(payload.get("format")), payload.get("data")
    if not isinstance(data, str):
        raise InvalidMessageError(f"{where}.input_audio.data is missing")
    found = _known(call, f"{where} (input_audio)", _Source({"bytes": data}, asked), _SOUNDS)
    return None if found is None else q.ContentBlock(audio=cast("q.AudioBlock", found._asdict()))


def _document(call: Call, where: str, file: Mapping[str, object], documents: Documents) -> q.ContentBlock | None:
    address, name = file.get("file_data") or file.get("file_id"), file.get("filename")
    if not isinstance(address, str):
        raise InvalidMessageError(f"{where}.file needs file_data or file_id")
    if "file_data" in file and inline(address) is None:
        address = f"data:application/pdf;base64,{address}"
    found = _source(call, f"{where} (file)", address, _DOCUMENTS, str(name or ""))
    if found is None:
        return None
    named = documents.name(name or (urlsplit(address).path if address.startswith("s3:") else None))
    return q.ContentBlock(document=cast("q.DocumentBlock", {**found._asdict(), "name": named}))


def _source(call: Call, where: str, address: str, formats: frozenset[str], name: str = "") -> _Source | None:
    """The bytes of a data URL, or an object in S3."""
    if (held := inline(address)) is not None:
        kind = held.media_type.partition("/")[2] if held.media_type != "application/octet-stream" else _ending(name)
        return _known(call, where, _Source({"bytes": held.data}, kind), formats)
    if address.startswith("s3://"):
        return _known(call, where, _Source({"s3Location": {"uri": address}}, _ending(address)), formats)
    call.refuse(where, "Bedrock fetches no addresses but s3://; give the content as a data URL")
    return None


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix[1:]


def _known(call: Call, where: str, found: _Source, formats: frozenset[str]) -> _Source | None:
    kind = _FORMATS.get(found.format.lower(), found.format.lower())
    if kind not in formats:
        call.refuse(where, f"Bedrock has no format {found.format!r} for it, only {', '.join(sorted(formats))}")
        return None
    return found._replace(format=kind)
