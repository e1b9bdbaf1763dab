"""What is no image, sound, film or file: found before any request, by the place and with what to write instead."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import InvalidMessageError, UnsupportedParamsError
from tests.mapping.asking import Json, Wire
from tests.mapping.test_parts import MODELS, SETTINGS

PART: Final = "messages[0].content[0]"


def _url(kind: str, url: object) -> Json:
    return {"type": kind, kind: {"url": url}}


def _file(**file: object) -> Json:
    return {"type": "file", "file": file}


def _sound(data: object) -> Json:
    return {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}


INSTEAD: Final = "give https://..., or the content as data:<media type>;base64,<data>"
ENCODE: Final = "write base64.b64encode(data).decode()"

# What is wrong wherever images are taken.
IMAGES: Final[dict[str, tuple[Json, str]]] = {
    "no url": ({"type": "image_url", "image_url": {}}, f"{PART}.image_url.url is missing"),
    "empty url": (_url("image_url", ""), f"{PART}.image_url.url is missing"),
    "a number": (_url("image_url", 3), f"{PART}.image_url.url is 3; it must be a text; {INSTEAD}"),
    "bytes": (_url("image_url", b"PNG"), f"{PART}.image_url.url is b'PNG'; it must be a text; {INSTEAD}"),
    "a path": (_url("image_url", "cats/a.png"), f"{PART}.image_url.url is no address ('cats/a.png'); {INSTEAD}"),
    "a path of Windows": (_url("image_url", r"C:\cats\a.png"), f"{PART}.image_url.url is no address"),
    "a file's address": (_url("image_url", "file:///cats/a.png"), "is no address ('file:///cats/a.png')"),
    "bare base64": (
        _url("image_url", "iVBORw0KGgo=" * 9),
        "is no address ('iVBORw0KGgo=iVBORw0KGgo=iVBORw0KGgo=iVBO...')",
    ),
    "no base64": (
        _url("image_url", "data:image/png,A"),
        f"{PART}.image_url.url is a data URL without base64; {INSTEAD}",
    ),
    "no media type": (_url("image_url", "data:;base64,AAAA"), "is a data URL without a media type"),
    "no data": (_url("image_url", "data:image/png;base64,"), f"{PART}.image_url.url is missing: there is no data"),
    "wrong base64": (_url("image_url", "data:image/png;base64,!AA="), f"is not base64 (it has '!'); {ENCODE}"),
    "lines of base64": (_url("image_url", "data:image/png;base64,AAAA\nAAAA"), r"is not base64 (it has '\n')"),
    "letters of others": (_url("image_url", "data:image/png;base64,AAäA"), "is not base64"),
}
TAKE_IMAGES: Final = tuple(MODELS)


def _says(vendor: str, part: Json) -> str:
    wire = Wire()
    with pytest.raises(InvalidMessageError) as caught:
        wire.ask(MODELS[vendor], [{"role": "user", "content": [part]}], provider=vendor, **SETTINGS.get(vendor, {}))
    assert wire.requests == []
    return str(caught.value)


@pytest.mark.parametrize(("part", "says"), IMAGES.values(), ids=IMAGES)
@pytest.mark.parametrize("vendor", TAKE_IMAGES)
def test_what_is_no_image(vendor: str, part: Json, says: str) -> None:
    assert says in _says(vendor, part)


OTHERS: Final[dict[str, tuple[tuple[str, ...], Json, str]]] = {
    "sound in bytes": (
        ("openai", "azure", "gemini", "bedrock", "mistral"),
        _sound(b"RIFF"),
        f"{PART}.input_audio.data is b'RIFF'; it must be a text in base64; {ENCODE}",
    ),
    "sound in a data URL": (
        ("openai", "azure", "gemini", "bedrock", "mistral"),
        _sound("data:audio/wav;base64,AAAA"),
        f"{PART}.input_audio.data is not base64 (it has ':'); without the data:...;base64, before it",
    ),
    "no sound": (
        ("openai", "azure", "gemini", "bedrock", "mistral"),
        _sound(None),
        f"{PART}.input_audio.data is missing",
    ),
    "sound at a path": (
        ("gemini", "bedrock", "mistral", "azure_ai"),
        _url("audio_url", "a.wav"),
        f"{PART}.audio_url.url is no address",
    ),
    "a film at a path": (("gemini", "bedrock"), _url("video_url", "a.mp4"), f"{PART}.video_url.url is no address"),
    "an empty file": (
        ("openai", "anthropic", "gemini", "bedrock", "mistral"),
        _file(filename="a.pdf"),
        f"{PART}.file needs file_data or file_id",
    ),
    "two files": (
        ("openai", "anthropic", "gemini", "bedrock", "mistral"),
        _file(file_data="AAAA", file_id="file-1"),
        f"{PART}.file has file_data and file_id; give one",
    ),
    "a file that is a path": (
        ("openai", "anthropic", "gemini", "bedrock", "mistral"),
        _file(file_data="./a.pdf"),
        f"{PART}.file.file_data is not base64 (it has '.'); {ENCODE}",
    ),
    "a file of any kind": (
        ("openai", "anthropic", "gemini", "bedrock", "mistral"),
        _file(file_data="data:application/octet-stream;base64,AAAA"),
        f"{PART}.file.file_data says no media type, nor do format and filename",
    ),
    "a text that is none": (
        ("anthropic",),
        _file(file_data="data:text/plain;base64,gICA"),
        f"{PART}.file.file_data is not base64 of a text in UTF-8",
    ),
    "Bedrock's block without itself": (("bedrock",), {"type": "guardContent"}, f"{PART}.guardContent is missing"),
}


@pytest.mark.parametrize(
    ("vendor", "part", "says"),
    [
        pytest.param(vendor, part, says, id=f"{vendor}-{name}")
        for name, (on, part, says) in OTHERS.items()
        for vendor in on
    ],
)
def test_what_is_no_sound_film_or_file(vendor: str, part: Json, says: str) -> None:
    assert says in _says(vendor, part)


# Well-formed, but of a kind that the vendor has not: like a part that it does not take.
KINDS: Final[dict[str, tuple[str, Json, str]]] = {
    "Anthropic's images": (
        "anthropic",
        _url("image_url", "data:image/bmp;base64,AAAA"),
        "Anthropic has no images of type 'image/bmp', only image/gif, image/jpeg, image/png, image/webp",
    ),
    "Anthropic's addresses": ("anthropic", _url("image_url", "gs://b/a.png"), "give the content as a data URL"),
    "Anthropic's documents": (
        "anthropic",
        _file(file_data="AAAA", filename="a.docx"),
        "Anthropic takes PDFs and texts, not 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'",
    ),
    "Anthropic's images as files": (
        "anthropic",
        _file(file_data="data:image/png;base64,AAAA"),
        "Anthropic takes PDFs and texts, not 'image/png'; an image goes into an image_url",
    ),
    "Bedrock's images": ("bedrock", _url("image_url", "data:image/bmp;base64,AAAA"), "Bedrock has no format 'bmp'"),
    "Bedrock's documents": ("bedrock", _file(file_data="AAAA", filename="a.zip"), "Bedrock has no format 'zip'"),
    "Bedrock's sounds": ("bedrock", _url("audio_url", "data:audio/midi;base64,AAAA"), "Bedrock has no format 'midi'"),
}


@pytest.mark.parametrize(("vendor", "part", "says"), KINDS.values(), ids=KINDS)
def test_a_kind_that_the_vendor_has_not(vendor: str, part: Json, says: str) -> None:
    wire = Wire()
    text: Json = {"type": "text", "text": "Look:"}
    talk: list[Json] = [{"role": "user", "content": [text, part]}]
    with pytest.raises(UnsupportedParamsError) as caught:
        wire.ask(MODELS[vendor], talk, provider=vendor, **SETTINGS.get(vendor, {}))
    assert says in str(caught.value)
    assert caught.value.param == f"messages[0].content[1] ({part['type']})"
    assert wire.requests == []
    answer = wire.ask(MODELS[vendor], talk, provider=vendor, drop_params=True, **SETTINGS.get(vendor, {}))
    assert answer.dropped_params == (caught.value.param,)


# The media type of what has none in itself: `format`, or the ending of the name.
TYPES: Final[dict[str, tuple[Json, Json]]] = {
    "by format": (
        {"type": "image_url", "image_url": {"url": "https://x.test/cat", "format": "image/webp"}},
        {"fileData": {"fileUri": "https://x.test/cat", "mimeType": "image/webp"}},
    ),
    "by the ending of an address": (
        _url("image_url", "https://x.test/cat.webp?size=2"),
        {"fileData": {"fileUri": "https://x.test/cat.webp?size=2", "mimeType": "image/webp"}},
    ),
    "by a filename": (
        _file(file_data="AAAA", filename="cats.csv"),
        {"inlineData": {"mimeType": "text/csv", "data": "AAAA"}},
    ),
    "by a filename for octets": (
        _file(file_data="data:application/octet-stream;base64,AAAA", filename="cats.md"),
        {"inlineData": {"mimeType": "text/markdown", "data": "AAAA"}},
    ),
    "a PDF where nothing tells": (
        _file(file_data="AAAA"),
        {"inlineData": {"mimeType": "application/pdf", "data": "AAAA"}},
    ),
    "unknown": (_url("image_url", "https://x.test/cat"), {"fileData": {"fileUri": "https://x.test/cat"}}),
}


@pytest.mark.parametrize(("part", "sends"), TYPES.values(), ids=TYPES)
def test_the_media_type(part: Json, sends: Json) -> None:
    wire = Wire()
    wire.ask("gemini:gemini-2.5-flash", [{"role": "user", "content": [part]}])
    assert wire.body["contents"] == [{"role": "user", "parts": [sends]}]


def test_openai_needs_no_format() -> None:
    wire = Wire()
    part: Json = {"type": "image_url", "image_url": {"url": "https://x.test/cat", "format": "image/webp"}}
    wire.ask("openai:gpt-5", [{"role": "user", "content": [part]}])
    assert wire.body["messages"] == [{"role": "user", "content": [_url("image_url", "https://x.test/cat")]}]
    assert "format" in part["image_url"]  # type: ignore[operator]  # the caller's own is as it was
