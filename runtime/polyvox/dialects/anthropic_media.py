"""Content parts as Anthropic's blocks."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, cast, get_args

from ..errors import InvalidMessageError
from .media import File, detail_of, file_of, inline, url_of
from .parts import SAID, Taken

if TYPE_CHECKING:
    from polyvox_wire.anthropic import requests as q

    from ..call import Call
else:
    from .dicts import requests as q

_OWN: Final = frozenset({"image", "document", "search_result", "container_upload", "tool_reference"})
_WHY: Final = "Anthropic takes text, images and documents"
TAKES: Final = Taken(_OWN | SAID | {"image_url", "file"}, _WHY, _OWN, no_marks="")
"""The parts of users' messages and of tools' answers."""
_PDF: Final = "application/pdf"
# "URL sources are not supported", it says, nor does it have uploads.
_INLINE_ONLY: Final = "vertexaianthropic"


def block_of(call: Call, where: str, kind: str, part: Mapping[str, object]) -> q.InputContentBlock | None:
    """A part of a user's message or of a tool's answer; None where it is refused and left out."""
    match kind:
        case "text" | "refusal":
            return text(str(part[kind]), part)
        case "image_url":
            return _image(call, where, part)
        case "file":
            return _document(call, where, part)
        case _:
            return cast("q.InputContentBlock", _own(where, kind, part))


def _own(where: str, kind: str, part: Mapping[str, object]) -> Mapping[str, object]:
    """A part in Anthropic's own form, held to its description."""
    from polyvox_wire.anthropic.requests import InputContentBlock

    from ..described import arms, misfit

    described = arms(InputContentBlock).get(kind)
    if described is not None and (said := misfit(where, part, described)) is not None:
        raise InvalidMessageError(said)
    return part


def text(said: str, part: Mapping[str, object]) -> q.TextBlock:
    """A text, with the part's `cache_control`."""
    made = q.TextBlock(type="text", text=said)
    if cache := part.get("cache_control"):
        made["cache_control"] = cast("q.CacheControlEphemeral", cache)
    return made


def _image(call: Call, where: str, part: Mapping[str, object]) -> q.ImageBlock | None:
    url = url_of(f"{where}.image_url", part["image_url"])
    if detail_of(part["image_url"]) is not None:
        call.refuse(f"{where}.image_url.detail", "Anthropic always looks at an image in full")
    source = _image_source(call, where, url)
    if source is None:
        return None
    made = q.ImageBlock(type="image", source=source)
    if cache := part.get("cache_control"):
        made["cache_control"] = cast("q.CacheControlEphemeral", cache)
    return made


@cache
def _images() -> frozenset[str]:
    """The media types that Anthropic names."""
    from polyvox_wire.anthropic.requests import Base64ImageSourceMediaType

    return frozenset(get_args(Base64ImageSourceMediaType))


def _image_source(call: Call, where: str, url: str) -> q.Base64ImageSource | q.URLImageSource | None:
    held = inline(url)
    if held is None:
        if call.vendor.name != _INLINE_ONLY and url.startswith(("https://", "http://")):
            return q.URLImageSource(type="url", url=url)
        call.refuse(f"{where} (image_url)", f"{call.vendor.name} does not fetch it; give the content as a data URL")
        return None
    if held.media_type not in _images():
        known = ", ".join(sorted(_images()))
        call.refuse(f"{where} (image_url)", f"Anthropic has no images of type {held.media_type!r}, only {known}")
        return None
    kind = cast("q.Base64ImageSourceMediaType", held.media_type)
    return q.Base64ImageSource(type="base64", media_type=kind, data=held.data)


def _document(call: Call, where: str, part: Mapping[str, object]) -> q.DocumentBlock | None:
    file = file_of(where, part["file"])
    if file.held is None and call.vendor.name == _INLINE_ONLY:
        call.refuse(f"{where} (file)", f"{call.vendor.name} takes the content only, as a data URL")
        return None
    source = _document_source(where, file)
    if source is None:
        reason = f"Anthropic takes PDFs and texts, not {file.media_type!r}; an image goes into an image_url"
        call.refuse(f"{where} (file)", reason)
        return None
    made = q.DocumentBlock(type="document", source=source)
    if file.name:
        made["title"] = file.name
    if cache := part.get("cache_control"):
        made["cache_control"] = cast("q.CacheControlEphemeral", cache)
    return made


def _document_source(where: str, file: File) -> q.DocumentBlockSource | None:
    if file.held is None:
        if not file.by_address:
            return q.FileDocumentSource(type="file", file_id=file.at)
        return q.URLPDFSource(type="url", url=file.at) if file.media_type in (None, _PDF) else None
    if file.held.media_type.startswith("text/"):
        return q.PlainTextSource(type="text", media_type="text/plain", data=_decoded(where, file.held.data))
    if file.held.media_type != _PDF:
        return None
    return q.Base64PDFSource(type="base64", media_type=_PDF, data=file.held.data)


def _decoded(where: str, data: str) -> str:
    try:
        return b64decode(data).decode()
    except (Error, UnicodeDecodeError) as error:
        raise InvalidMessageError(f"{where}.file.file_data is not base64 of a text in UTF-8: {error}") from error
