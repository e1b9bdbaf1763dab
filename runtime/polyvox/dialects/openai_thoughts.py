"""Thoughts that come in the text, as `<think>...</think>` before the answer: they belong in `reasoning_content`.

Open models write them so, and a server hands them on where it does not part them itself. Which vendors' replies are
looked at is data: `think_tags` of a gateway's row. Only what begins with the tag is touched.

The newlines after each tag go with it, as in what Groq parts itself (`reasoning_format = "parsed"`). What was taken
out stands in `provider_specific_fields["think_tags"]`, so that a message goes back as it came: MiniMax wants it whole,
and the templates of models that do without old thoughts (Qwen's, DeepSeek's) cut them off themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..results import ChatCompletionChunk, ChunkChoice, Delta
from ..shapes import is_list, mapping_of
from .openai_stream import OpenAIReader

if TYPE_CHECKING:
    from ..call import Call
    from ..results import ChatCompletionMessage
    from .dialect import Dialect

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"
_KEPT: Final = "think_tags"


class ThinkTags:
    """Sorts the text of one answer, in pieces or whole, into thoughts and answer.

    Holds nothing back but what may be the beginning of a tag.
    """

    def __init__(self) -> None:
        self._sort: Callable[[ThinkTags, str], tuple[str, str]] = ThinkTags._start
        self._held = ""
        self.opening, self.closing = "", ""
        """What is neither: the tags, each with the newlines after it."""

    def take(self, piece: str) -> tuple[str, str]:
        """The thoughts and the answer's text that are certain with this piece."""
        text, self._held = self._held + piece, ""
        return self._sort(self, text)

    def end(self) -> tuple[str, str]:
        """What was held back, at the end; thoughts that were never closed are thoughts."""
        held, self._held = self._held, ""
        thinking = self._sort is ThinkTags._thoughts
        self._sort = ThinkTags._answer
        return (held, "") if thinking else ("", held)

    def _start(self, text: str) -> tuple[str, str]:
        if text.startswith(_OPEN):
            self.opening, self._sort = _OPEN, ThinkTags._after_opening
            return self._after_opening(text[len(_OPEN) :])
        if _OPEN.startswith(text):
            self._held = text
            return "", ""
        self._sort = ThinkTags._answer
        return "", text

    def _after_opening(self, text: str) -> tuple[str, str]:
        rest = text.lstrip("\r\n")
        self.opening += text[: len(text) - len(rest)]
        if not rest:
            return "", ""
        self._sort = ThinkTags._thoughts
        return self._thoughts(rest)

    def _thoughts(self, text: str) -> tuple[str, str]:
        thoughts, closed, rest = text.partition(_CLOSE)
        if closed:
            self.closing, self._sort = _CLOSE, ThinkTags._after_closing
            return thoughts, self._after_closing(rest)[1]
        certain = len(text) - _begun(text)
        self._held = text[certain:]
        return text[:certain], ""

    def _after_closing(self, text: str) -> tuple[str, str]:
        rest = text.lstrip("\r\n")
        self.closing += text[: len(text) - len(rest)]
        if rest:
            self._sort = ThinkTags._answer
        return "", rest

    def _answer(self, text: str) -> tuple[str, str]:
        return "", text


def _begun(text: str) -> int:
    """How many characters at the end may be the beginning of the closing tag."""
    return next((n for n in range(min(len(text), len(_CLOSE) - 1), 0, -1) if _CLOSE.startswith(text[-n:])), 0)


def part_thoughts(message: ChatCompletionMessage) -> None:
    """Move the thoughts at the start of a message's text, unless the vendor gave them apart."""
    text = message.content
    if message.reasoning_content or text is None or not text.startswith(_OPEN):
        return
    tags = ThinkTags()
    thoughts, message.content = tags.take(text)
    message.reasoning_content = thoughts + tags.end()[0] or None
    message.provider_specific_fields[_KEPT] = [tags.opening, tags.closing]


def with_thoughts(message: Mapping[str, object], plain: Mapping[str, object]) -> Mapping[str, object]:
    """A message of an earlier result with its text as it came."""
    kept = mapping_of(message.get("provider_specific_fields")).get(_KEPT)
    content = plain.get("content") or ""
    if not (is_list(kept) and len(kept) == 2 and isinstance(content, str)):
        return plain
    opening, closing = kept
    thoughts = message.get("reasoning_content") or ""
    rest = {key: value for key, value in plain.items() if key != "reasoning_content"}
    return {**rest, "content": f"{opening}{thoughts}{closing}{content}"}


class ThinkTagReader(OpenAIReader):
    """A stream whose text may begin with thoughts."""

    def __init__(self, dialect: Dialect, call: Call) -> None:
        super().__init__(dialect, call)
        self._tags: dict[int, ThinkTags] = {}

    @override
    def _choice(self, choice: ChunkChoice, data: bytes) -> None:
        super()._choice(choice, data)
        delta = choice.delta
        tags = self._tags.get(choice.index) or self._tags.setdefault(choice.index, ThinkTags())
        taken = (tags.opening, tags.closing)
        if delta.reasoning_content and not tags.opening:
            _say(delta, *tags.end())  # the vendor parts them itself
        elif delta.content:
            text, delta.content = delta.content, None
            _say(delta, *tags.take(text))
        if choice.finish_reason is not None:
            _say(delta, *tags.end())
        if taken != (tags.opening, tags.closing):
            kept = {_KEPT: [tags.opening, tags.closing]}
            delta.provider_specific_fields = {**delta.provider_specific_fields, **kept}

    @override
    def _end(self, chunks: list[ChatCompletionChunk]) -> None:
        if not self.done:
            self._let_go(chunks)
        super()._end(chunks)

    @override
    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        self._let_go(chunks)
        super().release(chunks)

    def _let_go(self, chunks: list[ChatCompletionChunk]) -> None:
        for index, tags in self._tags.items():
            choice = ChunkChoice(index=index, delta=Delta())
            _say(choice.delta, *tags.end())
            if choice.delta.model_fields_set:
                made = ChatCompletionChunk(id=self._id, created=self._created, model=self._model, choices=[choice])
                chunks.append(made)


def _say(delta: Delta, thoughts: str, text: str) -> None:
    if thoughts:
        delta.reasoning_content = (delta.reasoning_content or "") + thoughts
    if text:
        delta.content = text + (delta.content or "")
