"""What vendors share that take text and answer with text, in JSON of their own: no tools, no pictures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from pydantic_core import from_json
from typing_extensions import override

from polyvox_wire.support import Wire

from ..honest import new_id, now
from ..reading import is_whole, unreadable
from ..results import (
    Annotation,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    Choice,
    Chunks,
    CompletionUsage,
    Delta,
    FinishReason,
)
from ..shapes import is_mapping
from ..streams import EventStreamDecoder, JsonLinesDecoder
from .dialect import Decoder, Dialect, Head, StreamReader, interrupted

if TYPE_CHECKING:
    from ..call import Call
    from ..results import Facts
    from ..streams import ServerSentEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer, or a piece of one."""

    text: str = ""
    whole: str = ""
    """All of the text, at the end: it counts where no piece of it came."""
    reason: FinishReason | None = None
    """Why it ends; None where more may come."""
    native: str | None = None
    usage: CompletionUsage | None = None
    annotations: list[Annotation] = field(default_factory=list[Annotation])
    more: Mapping[str, object] = field(default_factory=dict[str, object])
    """What has no place of its own in an answer."""


class PlainDialect(Dialect):
    """Text for text."""

    option_paths: Mapping[str, tuple[str, ...]] = {}
    decoder: Callable[[], Decoder] = EventStreamDecoder
    """Takes a stream apart."""
    ends_silently = False
    """Whether the end of the body is the only end of a stream."""

    @abstractmethod
    def answer(self, call: Call, document: Mapping[str, object]) -> Said | None:
        """What a whole reply says; None where it is none."""

    @abstractmethod
    def piece(self, call: Call, name: str, document: object) -> Said | None:
        """What an event of a stream says; None for news of other kinds."""

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        document = parsed(call, body)
        said = self.answer(call, document) if is_mapping(document) else None
        if said is None:
            raise unreadable(call, body, "it has no answer")
        message = ChatCompletionMessage(role="assistant", content=said.text, annotations=said.annotations or None)
        fields = {"native_finish_reason": said.native, **said.more}
        choice = Choice(message=message, finish_reason=said.reason or "stop", provider_specific_fields=fields)
        facts.native = partial(Wire.model_validate_json, body)
        completion = ChatCompletion(
            id=new_id("chatcmpl-"), created=now(), model=call.model, choices=[choice], usage=said.usage
        )
        completion._facts = facts
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        return PlainReader(self, call)


def parsed(call: Call, data: bytes) -> object:
    """A JSON document, or the error that it is none."""
    try:
        return from_json(data)
    except ValueError as error:
        raise unreadable(call, data, str(error)) from error


class PlainReader(Chunks, StreamReader):
    """One stream of such answers."""

    def __init__(self, dialect: PlainDialect, call: Call) -> None:
        super().__init__(call.model)
        self._dialect, self._call = dialect, call
        self._decoder = dialect.decoder()
        self._head = Head()
        self._of_lines = isinstance(self._decoder, JsonLinesDecoder)  # plain JSON is what it should be
        self._written = False
        self._usage: CompletionUsage | None = None

    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        if not self._of_lines:
            self._head.add(piece)
        for event in self._decoder.feed(piece):
            self._event(event, chunks)

    def _event(self, event: ServerSentEvent, chunks: list[ChatCompletionChunk]) -> None:
        self._head.forget()
        if self.done or not event.data.strip():
            return
        if event.data.strip() == b"[DONE]":
            self._add(Said(reason="stop"), chunks)
            return
        if event.event == "error":
            raise self._dialect.error(self._call, None, {}, event.data)
        document = parsed(self._call, event.data)
        if is_mapping(document) and document.get("error"):
            raise self._dialect.error(self._call, None, {}, event.data)
        said = self._said(event.event, document)
        if said is not None:
            self._add(said, chunks)

    def _said(self, name: str, document: object) -> Said | None:
        return self._dialect.piece(self._call, name, document)

    def _add(self, said: Said, chunks: list[ChatCompletionChunk]) -> None:
        self._usage = _more(self._usage, said.usage)
        text = said.text or ("" if self._written else said.whole)
        self._written = self._written or bool(text)
        chunk = self._chunk(Delta(content=text or None, annotations=said.annotations or None))
        choice = chunk.choices[0]
        choice.finish_reason, choice.provider_specific_fields = said.reason, dict(said.more)
        if said.reason is not None:
            self.done = True
            choice.provider_specific_fields["native_finish_reason"] = said.native
            chunk.usage = self._usage
        chunks.append(chunk)

    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        for event in self._decoder.finish():
            if is_whole(event.data):
                self._event(event, chunks)
        if document := self._head.document():
            raise self._dialect.error(self._call, None, {}, document)
        if not self.done and self._begun and self._dialect.ends_silently:
            self._add(Said(reason="stop"), chunks)
        if not self.done:
            raise interrupted(self._call)


def _more(old: CompletionUsage | None, new: CompletionUsage | None) -> CompletionUsage | None:
    """The higher counts: some vendors count up, and say only once what the prompt was."""
    if old is None or new is None:
        return old or new
    return counted(max(old.prompt_tokens, new.prompt_tokens), max(old.completion_tokens, new.completion_tokens))


def counted(prompt: object, answer: object) -> CompletionUsage | None:
    """Usage, of the two counts of tokens that all others follow from; None where a vendor gives neither."""
    if not isinstance(prompt, int) and not isinstance(answer, int):
        return None
    prompt, answer = (count if isinstance(count, int) else 0 for count in (prompt, answer))
    return CompletionUsage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer)
