"""The content of a Mistral message: text, or chunks of text, thinking, references and media."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, Union, assert_never

from polyvox_wire.mistral import responses as r
from polyvox_wire.support import UnknownVariant

if TYPE_CHECKING:
    from collections.abc import Callable

Piece: TypeAlias = Union[str, r.ContentChunk]
Content: TypeAlias = Union[str, Sequence[r.ContentChunk], None]


class Said(NamedTuple):
    """What the unified message has places for."""

    text: str | None = None
    reasoning: str | None = None


def said(content: Content) -> Said:
    """Text and thinking, apart."""
    if content is None or isinstance(content, str):
        return Said(content)
    text: list[str] = []
    thoughts: list[str] = []
    for chunk in content:
        match chunk:
            case r.TextChunk():
                text.append(chunk.text)
            case r.ThinkChunk():
                thoughts.extend(_thought(chunk))
            case (
                r.ReferenceChunk()
                | r.ImageURLChunk()
                | r.DocumentURLChunk()
                | r.FileChunk()
                | r.AudioChunk()
                | UnknownVariant()
            ):
                pass  # kept as it is, and given back as it is
            case _:
                assert_never(chunk)
    return Said("".join(text) if text else None, "".join(thoughts) or None)


def _thought(chunk: r.ThinkChunk) -> Iterable[str]:
    for item in chunk.thinking:
        match item:
            case r.TextChunk():
                yield item.text
            case r.ReferenceChunk() | r.ToolReferenceChunk() | UnknownVariant():
                pass
            case _:
                assert_never(item)


def kept(chunks: Content, text: str | None) -> dict[str, object]:
    """Chunks as they came, to be given back in the next turn; plain text needs no keeping."""
    if chunks is None or isinstance(chunks, str):
        return {}
    found = [chunk.model_dump(exclude_unset=True, by_alias=True) for chunk in chunks]
    return {"mistral": {"content": found, "text": text or ""}}


def whole(pieces: Iterable[Piece]) -> list[r.ContentChunk]:
    """A stream's pieces as a whole reply would have them: neighbours of one kind are one chunk."""
    found: list[r.ContentChunk] = []
    for kind, group in groupby(pieces, _kind):
        same = list(group)
        if kind is r.TextChunk:
            text = "".join(piece if isinstance(piece, str) else _text(piece) for piece in same)
            found.append(r.TextChunk(type="text", text=text))
        elif kind is r.ThinkChunk:
            found.append(_joined([piece for piece in same if isinstance(piece, r.ThinkChunk)]))
        else:
            found.extend(piece for piece in same if not isinstance(piece, str))
    return found


def _kind(piece: Piece) -> type[object]:
    return r.TextChunk if isinstance(piece, str) else type(piece)


def _text(item: object) -> str:
    return item.text if isinstance(item, r.TextChunk) else ""


def _joined(chunks: Sequence[r.ThinkChunk]) -> r.ThinkChunk:
    """One thought again. What is said of it beside its text is what the last piece says."""
    items: list[r.ThinkChunkThinkingItem] = []
    kind: Callable[[r.ThinkChunkThinkingItem], type[object]] = type
    for one, group in groupby((item for chunk in chunks for item in chunk.thinking), kind):
        if one is r.TextChunk:
            items.append(r.TextChunk(type="text", text="".join(map(_text, group))))
        else:
            items.extend(group)
    beside = {key: value for chunk in chunks for key, value in chunk.model_dump(exclude_unset=True).items()}
    return r.ThinkChunk.model_validate({**beside, "thinking": items})
