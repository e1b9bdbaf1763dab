"""Messages in Gemini's form: instructions, turns, calls and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from pydantic_core import from_json

from polyvox_wire.support import OMIT, Omit

from ..checking import is_plain
from ..errors import InvalidMessageError
from ..shapes import mapping_of
from .gemini_parts import OF_SYSTEM, TAKES, answered, from_3, parts_of
from .parts import Called, calls_of, native_blocks, texts

if TYPE_CHECKING:
    from polyvox_wire.gemini import requests as q

    from ..call import Call
    from .parts import Turn
else:
    from .dicts import requests as q


def system(call: Call, placed: Sequence[Turn]) -> q.Content | Omit:
    """The instructions of all messages that have some."""
    parts: list[q.Part] = []
    for where, message in placed:
        if message["role"] in ("system", "developer"):
            parts.extend(parts_of(call, where, message["content"], OF_SYSTEM))
    return q.Content(parts=parts) if parts else OMIT


class _Calls:
    """The calls of earlier turns: an answer names its call by id, Gemini wants the function's name."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.sent_ids: set[str] = set()


class _Answers:
    """The answers to the calls of one turn; behind them what they could not hold."""

    def __init__(self) -> None:
        self._parts: list[q.Part] = []
        self._beside: list[q.Part] = []

    def add(self, answer: q.Part, beside: list[q.Part]) -> None:
        self._parts.append(answer)
        self._beside.extend(beside)

    def move_to(self, said: list[q.Content]) -> None:
        if self._parts:
            said.append(q.Content(role="user", parts=[*self._parts, *self._beside]))
            self._parts, self._beside = [], []


def contents(call: Call, placed: Sequence[Turn]) -> list[q.Content]:
    """The turns; the answers to the calls of one turn stand in one."""
    said: list[q.Content] = []
    answers = _Answers()
    calls = _Calls()
    for where, message in placed:
        match message["role"]:
            case "system" | "developer":
                continue
            case "tool" | "function":
                answers.add(*_answer(call, where, message, calls))
            case _:
                answers.move_to(said)
                turn = _turn(call, where, message, calls)
                if turn.get("parts"):  # an answer in which nothing was said; Gemini refuses an empty turn
                    said.append(turn)
    answers.move_to(said)
    if not said:
        raise InvalidMessageError(
            "messages has only instructions, or says nothing; Gemini needs a user message with content"
        )
    return said


def _turn(call: Call, where: str, message: Mapping[str, object], calls: _Calls) -> q.Content:
    if message["role"] == "assistant":
        return q.Content(role="model", parts=_said(call, where, message, calls))
    return q.Content(role="user", parts=parts_of(call, where, message["content"], TAKES))


def _said(call: Call, where: str, message: Mapping[str, object], calls: _Calls) -> list[q.Part]:
    if is_plain(message):
        return [q.Part(text=text)] if (text := message["content"]) else []
    made = list(calls_of(where, message))
    calls.names.update({one.id: one.name for one in made})
    native = native_blocks(message, "gemini", "parts")
    if native is not None:
        found = (part.get("functionCall") for part in native)
        ids = (cast("Mapping[str, object]", one).get("id") for one in found if one)
        calls.sent_ids.update(str(one) for one in ids if one)
        return cast("list[q.Part]", native)
    parts = parts_of(call, where, message.get("content"), TAKES)
    parts.extend(q.Part(text=text) for text in texts(message.get("refusal")))
    parts.extend(map(_call, made))
    return [part for part in parts if part.get("text") != ""]


def _call(made: Called) -> q.Part:
    part = q.Part(functionCall=q.FunctionCall(name=made.name, args=made.arguments))
    signature = _signature(made.given)
    if isinstance(signature, str):
        part["thoughtSignature"] = signature
    return part


def _signature(made: Mapping[str, object]) -> object:
    """Of a call that came from Gemini: directly, or through its own gateway in OpenAI's dialect."""
    google = mapping_of(mapping_of(made.get("extra_content")).get("google"))
    return mapping_of(made.get("provider_specific_fields")).get("thought_signature", google.get("thought_signature"))


def _answer(call: Call, where: str, fields: Mapping[str, object], calls: _Calls) -> tuple[q.Part, list[q.Part]]:
    """A function's answer, and its media where it cannot hold them: before Gemini 3 they stand behind it."""
    made = str(fields["tool_call_id"])
    name = fields.get("name") or calls.names.get(made)
    if not name:
        raise InvalidMessageError(f"{where}.tool_call_id {made!r} answers no call of an earlier message")
    told, media = answered(call, where, fields.get("content"))
    result = q.FunctionResponse(name=str(name), response=_outcome("\n".join(told), bool(fields.get("is_error"))))
    if made in calls.sent_ids:
        result["id"] = made
    if media and from_3(call.model):
        result["parts"] = cast("list[q.FunctionResponsePart]", media)
        media = []
    return q.Part(functionResponse=result), media


def _outcome(told: str, failed: bool) -> dict[str, object]:
    """A function's answer: an object as it is, anything else under Google's key for it."""
    try:
        value: object = from_json(told)
    except ValueError:
        value = told
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    return {"error" if failed else "output": value}
