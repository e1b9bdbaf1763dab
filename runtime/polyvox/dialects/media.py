"""Images, sounds, films and files of a message: inline in base64, or by address. Checked here for all vendors; nothing
is fetched and no file is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import PurePosixPath
from string import ascii_letters, digits
from typing import Final, NamedTuple

from ..errors import InvalidMessageError
from ..shapes import is_mapping, mapping_of

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")  # two letters at least: C: is a disk
_BASE64: Final = f"{ascii_letters}{digits}+/-_=".encode()
_AT_A_TIME: Final = 2**16
"""Letters of base64 to look at: no second copy of a long file is made for it."""
_HOW: Final = "give https://..., or the content as data:<media type>;base64,<data>"
_ENCODE: Final = "write base64.b64encode(data).decode()"
_UNKNOWN: Final = ("", "application/octet-stream")
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
# What Python says differently, or not at all, on some machines and in some versions.
_TYPES: Final[Mapping[str, str]] = {
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".md": "text/markdown",
    ".webp": "image/webp",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
}


class Inline(NamedTuple):
    """Bytes in base64, and their media type."""

    media_type: str
    data: str


class File(NamedTuple):
    """A file: its content, or where it is. One of the two."""

    held: Inline | None
    at: str
    """An address, or the id of an upload."""
    media_type: str | None
    """As far as it is said, or to be seen from the name."""
    name: str | None

    @property
    def by_address(self) -> bool:
        """Whether it is on the web."""
        return self.at.startswith(("https://", "http://"))


def inline(url: str) -> Inline | None:
    """The content of a data URL; None for an address."""
    found = _begun(url)
    return None if found is None else Inline(found[0], url[found[1] :])


def _begun(url: str) -> tuple[str, int] | None:
    """The media type of a data URL, and where its data begins."""
    comma = url.find(",")
    if comma < 0 or not url.startswith("data:") or not url.endswith(";base64", 0, comma):
        return None
    return url[len("data:") : url.index(";")], comma + 1


def url_of(where: str, payload: object) -> str:
    """The address in `{"url": ...}`, or in the bare text that some write instead.

    Raises `InvalidMessageError` for what is no address (a path, bare base64), and for a data URL that is none.
    """
    url = payload.get("url") if is_mapping(payload) else payload
    if not isinstance(url, str) or not url:
        raise InvalidMessageError(f"{where}.url is missing" if not url else f"{where}.url must be a text; {_HOW}")
    if not url.startswith("data:"):
        if url.startswith("file:") or not _SCHEME.match(url):
            raise InvalidMessageError(f"{where}.url is no address ({_start(url)}); {_HOW}")
        return url
    found = _begun(url)
    if found is None:
        raise InvalidMessageError(f"{where}.url is a data URL without base64; {_HOW}")
    media_type, start = found
    if not media_type:
        raise InvalidMessageError(f"{where}.url is a data URL without a media type; {_HOW}")
    _check_base64(f"{where}.url", url, start)
    return url


def base64_of(where: str, data: object) -> str:
    """The data, which must be text in base64. (That it is complete is not checked.)"""
    if not isinstance(data, str):
        kind = type(data).__name__
        raise InvalidMessageError(
            f"{where} is missing" if data is None else f"{where} must be text in base64, not {kind}; {_ENCODE}"
        )
    _check_base64(where, data)
    return data


def _check_base64(where: str, text: str, start: int = 0) -> None:
    if len(text) == start:
        raise InvalidMessageError(f"{where} is missing: there is no data")
    for at in range(start, len(text), _AT_A_TIME):
        wrong = text[at : at + _AT_A_TIME].encode("utf-8", "replace").translate(None, _BASE64)
        if wrong:
            hint = "without the data:...;base64, before it" if start == 0 and text.startswith("data:") else _ENCODE
            raise InvalidMessageError(f"{where} is not base64 (it has {chr(wrong[0])!r}); {hint}")


def sound_of(where: str, payload: object) -> Inline:
    """An `input_audio`: its data, and its format as a media type."""
    if not is_mapping(payload):
        raise InvalidMessageError(f"{where}.input_audio must be a mapping with data and format")
    data = base64_of(f"{where}.input_audio.data", payload.get("data"))
    name = payload.get("format") or "wav"
    return Inline(f"audio/{name}", data)


def file_of(where: str, payload: object) -> File:
    """A `file`: `file_data` (a data URL, or bare base64) or `file_id` (an upload, or an address).

    Bare base64 is a PDF unless `format` (a media type) or `filename` say otherwise.
    """
    file = mapping_of(payload)
    data, named, name = file.get("file_data"), file.get("file_id"), file.get("filename")
    given = named if data is None else data
    if not isinstance(given, str) or not given:
        raise InvalidMessageError(f"{where}.file needs file_data or file_id")
    if data is not None and named is not None:
        raise InvalidMessageError(f"{where}.file has file_data and file_id; give one")
    title = str(name) if name else None
    said = str(file["format"]) if file.get("format") else _guessed(title or "")
    if data is None or (_SCHEME.match(given) and not given.startswith("data:")):
        return File(None, given, said or _guessed(given), title)
    held = _held(f"{where}.file.file_data", given, said)
    return File(held, "", held.media_type, title)


def _held(where: str, data: str, said: str | None) -> Inline:
    if not data.startswith("data:"):
        return Inline(said or "application/pdf", base64_of(where, data))
    held = inline(data)
    if held is None:
        raise InvalidMessageError(f"{where} is a data URL without base64; {_HOW}")
    kind = said if held.media_type in _UNKNOWN else held.media_type
    if not kind:
        raise InvalidMessageError(f"{where} says no media type, nor do format and filename; {_HOW}")
    return Inline(kind, base64_of(where, held.data))


def _guessed(name: str) -> str | None:
    """The media type by the ending of a name or an address."""
    plain = name.partition("?")[0]
    return _TYPES.get(PurePosixPath(plain).suffix.lower()) or guess_type(plain, strict=False)[0]


def detail_of(payload: object) -> str | None:
    """The detail asked for of an image; None for what vendors do anyway."""
    detail = mapping_of(payload).get("detail")
    return None if detail in (None, "auto", "high") else str(detail)


def media_type_of(payload: object, url: str) -> str | None:
    """The media type of what is at an address: as `format` says, or by its ending; None if neither tells."""
    said = mapping_of(payload).get("format")
    return str(said) if said else _guessed(url)


def _start(url: str) -> str:
    return repr(url if len(url) <= 40 else f"{url[:40]}...")
