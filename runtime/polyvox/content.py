"""The parts of a message's content: what callers may write beside plain text.

Which of them each vendor takes, and what it makes of them, is in docs/messages.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NotRequired, TypeAlias, TypedDict, Union


class CacheControl(TypedDict):
    """The end of what is to be cached, for Anthropic and Bedrock; `ttl`: how long, `5m` or `1h`."""

    type: Literal["ephemeral"]
    ttl: NotRequired[Literal["5m", "1h"]]


class TextPart(TypedDict):
    """Text."""

    type: Literal["text"]
    text: str
    cache_control: NotRequired[CacheControl]


class ImageURL(TypedDict):
    """An image: an https address, or a data URL with base64. `detail`: `low`, `high` or `auto`.

    `format`: the media type, which Gemini needs where the ending of an address does not tell.
    """

    url: str
    detail: NotRequired[str]
    format: NotRequired[str]


class ImagePart(TypedDict):
    """An image."""

    type: Literal["image_url"]
    image_url: ImageURL
    cache_control: NotRequired[CacheControl]


class InputAudio(TypedDict):
    """Sound: base64, and its format, such as `wav` or `mp3`."""

    data: str
    format: str


class InputAudioPart(TypedDict):
    """Sound, inline."""

    type: Literal["input_audio"]
    input_audio: InputAudio


class MediaURL(TypedDict):
    """An https address or a data URL with base64. `format`: the media type, where the ending does not tell."""

    url: str
    format: NotRequired[str]


class AudioURLPart(TypedDict):
    """Sound, by address or inline in a data URL."""

    type: Literal["audio_url"]
    audio_url: MediaURL


class VideoURLPart(TypedDict):
    """A film, by address or inline in a data URL."""

    type: Literal["video_url"]
    video_url: MediaURL


class FileData(TypedDict, total=False):
    """A file: `file_data` (a data URL, or base64) or `file_id` (an upload of before, or an address); `filename`.

    `format`: its media type, where neither a data URL nor the ending of a name tells; a PDF otherwise.
    """

    file_data: str
    file_id: str
    filename: str
    format: str


class FilePart(TypedDict):
    """A file, such as a PDF."""

    type: Literal["file"]
    file: FileData
    cache_control: NotRequired[CacheControl]


class TextSource(TypedDict):
    """A text."""

    type: Literal["text"]
    media_type: Literal["text/plain"]
    data: str


class Base64Source(TypedDict):
    """Bytes in base64, and their media type, such as `application/pdf`."""

    type: Literal["base64"]
    media_type: str
    data: str


class URLSource(TypedDict):
    """A PDF at an https address."""

    type: Literal["url"]
    url: str


class Citations(TypedDict):
    """Whether the answer is to cite it."""

    enabled: bool


class DocumentPart(TypedDict):
    """A document as Anthropic writes it; for other vendors the text or the file that it holds."""

    type: Literal["document"]
    source: TextSource | Base64Source | URLSource
    title: NotRequired[str]
    context: NotRequired[str]
    citations: NotRequired[Citations]
    cache_control: NotRequired[CacheControl]


class RefusalPart(TypedDict):
    """What an assistant said when it refused."""

    type: Literal["refusal"]
    refusal: str


ContentPart: TypeAlias = Union[
    TextPart, ImagePart, InputAudioPart, AudioURLPart, VideoURLPart, FilePart, DocumentPart, RefusalPart
]
Content: TypeAlias = Union[str, Sequence[ContentPart]]
