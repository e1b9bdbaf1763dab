"""How an answer gets the form that `response_format` asks for, at vendors with and without a schema mode.

The ways, best first: the vendor's schema mode; a function that the model must call, whose arguments are the answer;
the vendor's JSON mode, or nothing but words, with the schema in the instructions. `Dialect.way` chooses; here it is
carried out: `settle_format` on the way out, `answered` and `AnswerReader` on the way back. Whoever reads the answer
sees its JSON as content, whichever way it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from pydantic_core import to_json
from typing_extensions import override

from .call import Format
from .dialects.dialect import ChangingReader
from .results import ChatCompletionChunk, ChunkChoice, Delta
from .schemas import LENIENT
from .shapes import mapping_of
from .support import Unsupported

if TYPE_CHECKING:
    from .call import Call
    from .dialects.dialect import Dialect, StreamReader
    from .messages import MessageParam
    from .results import ChatCompletion, Choice, ToolCallDelta

_JSON_ONLY: Final = "Answer with one JSON object and nothing else: no explanation before or after it, no code fence."
_BY_SCHEMA: Final = "The object must be valid by this JSON Schema:"
_ANSWER_WITH: Final = "Gives the answer. Call this function to answer."
# A call that the caller wants leaves no room for an answer beside it.
_ANY_OF_THE_CALLERS: Final = ("required", "any")
BEFORE: Final = "text_before_answer"
"""The provider-specific field with what a model said before it called the function that is its answer."""


def settle_format(dialect: Dialect, call: Call) -> None:
    """Choose how the answer gets its form, and ask for it that way."""
    wanted = call.format
    if wanted is None or wanted.kind == "text":
        return
    schema = _schema(dialect, call, wanted)
    call.structured_by = way = dialect.way(call, wanted, sayable=schema is not None)
    match way:
        case "json_schema" if call.typed is not None and schema is None:
            call.format = replace(wanted, strict=False)  # as far as the vendor follows it; the type checks the rest
        case "json_schema":
            call.format = replace(wanted, schema=schema or wanted.schema)
        case "json_object":
            call.format = wanted if wanted.kind == "json_object" else Format("json_object")
            if wanted.kind == "json_schema":
                _instruct(call, wanted)
        case "instructions":
            call.format = None
            _instruct(call, wanted)
        case "tool":
            call.format = None
            _force(dialect, call, wanted)


def _schema(dialect: Dialect, call: Call, wanted: Format) -> Mapping[str, object] | None:
    """What the vendor's schema mode gets: a type's schema by its rules, a caller's own as it is."""
    if wanted.kind != "json_schema":
        return None
    return wanted.schema if call.typed is None else call.typed.schema(dialect.schema_rules)


def _instruct(call: Call, wanted: Format) -> None:
    """Say it in words, after the caller's own instructions."""
    text = _JSON_ONLY
    if wanted.schema:
        text = f"{_JSON_ONLY}\n{_BY_SCHEMA}\n{to_json(wanted.schema).decode()}"
    roles = [message["role"] for message in call.messages]
    place = next((index for index, role in enumerate(roles) if role not in ("system", "developer")), len(roles))
    said = cast("MessageParam", {"role": "system", "content": text})
    call.messages = [*call.messages[:place], said, *call.messages[place:]]


def _force(dialect: Dialect, call: Call, wanted: Format) -> None:
    """Offer a function whose arguments are the answer, and have the model call it, or one of the caller's."""
    tools = cast("list[Mapping[str, object]]", list(call.given.get("tools") or ()))
    choice: object = call.given.get("tool_choice")
    if choice in _ANY_OF_THE_CALLERS or isinstance(choice, Mapping):
        call.structured_by = None
        return
    call.answer_tool = name = _free_name(wanted.name, tools)
    parameters = (call.typed.schema(LENIENT) if call.typed is not None else None) or wanted.schema
    function = {"name": name, "description": wanted.description or _ANSWER_WITH, "parameters": parameters}
    call.given["tools"] = [*tools, {"type": "function", "function": function}]
    only = choice == "none" and tools
    call.given["tool_choice"] = {"type": "function", "function": {"name": name}} if only else "required"
    if not tools and not isinstance(dialect.support["parallel_tool_calls"], Unsupported):
        call.given["parallel_tool_calls"] = False


def _free_name(name: str, tools: list[Mapping[str, object]]) -> str:
    taken = {mapping_of(tool.get("function")).get("name") for tool in tools}
    while name in taken:
        name += "_"
    return name


def answered(completion: ChatCompletion, name: str) -> ChatCompletion:
    """The answer with the arguments of the call that it is as its content."""
    for choice in completion.choices:
        _take_answer(choice, name)
    return completion


def _take_answer(choice: Choice, name: str) -> None:
    message = choice.message
    calls = message.tool_calls or []
    answer = next((call for call in calls if call.function.name == name), None)
    if answer is None:
        return
    if message.content:
        message.provider_specific_fields[BEFORE] = message.content
    message.content = answer.function.arguments
    message.tool_calls = [call for call in calls if call is not answer] or None
    if choice.finish_reason == "tool_calls" and not message.tool_calls:
        choice.finish_reason = "stop"


class _Streamed:
    """What has come of one choice: text that waits for the answer, and which of its calls is the answer."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.answer: int | None = None
        self.others = False

    def say(self, choice: ChunkChoice) -> None:
        """Hand on the text that waited: as the content, where the model would not call; else beside the answer."""
        text, self.text = "".join(self.text), []
        if text and self.answer is None:
            choice.delta.content = text
        elif text:
            choice.delta.provider_specific_fields[BEFORE] = text


class AnswerReader(ChangingReader):
    """A stream whose answer comes as a call: its arguments are handed on as content."""

    def __init__(self, inner: StreamReader, name: str) -> None:
        super().__init__(inner)
        self._name = name
        self._choices: dict[int, _Streamed] = {}
        self._last: ChatCompletionChunk | None = None

    @override
    def feed(self, piece: bytes, chunks: list[ChatCompletionChunk]) -> None:
        super().feed(piece, chunks)
        if self.done:
            self._let_go(chunks)

    @override
    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        super().finish(chunks)
        self._let_go(chunks)

    @override
    def release(self, chunks: list[ChatCompletionChunk]) -> None:
        super().release(chunks)
        self._let_go(chunks)

    def _let_go(self, chunks: list[ChatCompletionChunk]) -> None:
        """No more comes: what waits for a reason to stop, which some vendors forget, waits in vain."""
        for index, held in self._choices.items():
            if held.text and self._last is not None:
                held.say(_last_of(index, chunks, self._last))

    @override
    def _settle(self, chunks: list[ChatCompletionChunk]) -> None:
        super()._settle(chunks)
        self._last = chunks[-1] if chunks else self._last

    @override
    def _choice(self, choice: ChunkChoice) -> None:
        held = self._choices.setdefault(choice.index, _Streamed())
        delta = choice.delta
        if delta.content:
            held.text.append(delta.content)
            delta.content = None
        if delta.tool_calls:
            self._calls(delta, held)
        if choice.finish_reason is None:
            return
        held.say(choice)
        if choice.finish_reason == "tool_calls" and held.answer is not None and not held.others:
            choice.finish_reason = "stop"

    def _calls(self, delta: Delta, held: _Streamed) -> None:
        others: list[ToolCallDelta] = []
        for call in delta.tool_calls or ():
            function = call.function
            if held.answer is None and function is not None and function.name == self._name:
                held.answer = call.index
            if call.index == held.answer:
                delta.content = (delta.content or "") + ((function.arguments if function else None) or "")
                continue
            if held.answer is not None and call.index is not None and call.index > held.answer:
                call.index -= 1
            others.append(call)
        held.others = held.others or bool(others)
        delta.tool_calls = others or None


def _last_of(index: int, chunks: list[ChatCompletionChunk], known: ChatCompletionChunk) -> ChunkChoice:
    """That choice of the last chunk, which is made where there is none."""
    if not chunks:
        chunks.append(ChatCompletionChunk(id=known.id, created=known.created, model=known.model, choices=[]))
    choices = chunks[-1].choices
    if not any(choice.index == index for choice in choices):
        choices.append(ChunkChoice(index=index, delta=Delta()))
    return next(choice for choice in choices if choice.index == index)
