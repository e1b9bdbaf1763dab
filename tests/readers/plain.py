"""What a stream says, by the plainest rules: JSON events in, an answer out. Never an import of polyvox.

Per dialect one class with a method that takes an event, and whether the answer is complete. An event may be anything
that JSON can be: what has another type than the vendor describes says nothing, or says what is left of it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

JSON: TypeAlias = Any


class Counts(NamedTuple):
    """Tokens: of the prompt, of the answer, of both."""

    prompt: int
    answer: int
    total: int


@dataclass
class Call:
    """A tool call; `place` is what tells its pieces from another's."""

    name: str
    place: object = None
    id: str = ""
    arguments: str = ""


@dataclass
class Choice:
    """What one choice says."""

    text: str = ""
    reasoning: str = ""
    calls: list[Call] = field(default_factory=list[Call])
    finish: str | None = None


def fields(value: JSON) -> dict[str, JSON]:
    """An object; anything else has no fields."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # JSON


def items(value: JSON) -> list[JSON]:
    """A list; anything else has no items."""
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]  # JSON


def text(value: JSON) -> str:
    """A text; null is none, and what is no text is written as JSON writes it."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(value) if isinstance(value, (bool, int, float)) else json.dumps(value, separators=(",", ":"))


def number(value: JSON) -> int:
    """A whole number; what is none counts nothing."""
    return number_or_none(value) or 0


def number_or_none(value: JSON) -> int | None:
    """A whole number, where there is one; also as a text, or with a fraction of nothing."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() else None
    return int(value) if isinstance(value, int) or (isinstance(value, float) and abs(value) < 2**63) else None


def true(value: JSON) -> bool:
    """Whether something is so, also where a number says it."""
    return isinstance(value, (int, float)) and value == 1


def as_json(value: JSON) -> str:
    """An object as the text that callers get."""
    return json.dumps(value, separators=(",", ":"))


class Reading(ABC):
    """An answer that is being read."""

    def __init__(self) -> None:
        self.choices: dict[int, Choice] = {}
        self.usage: Counts | None = None
        self.done = False
        """Nothing that follows says anything."""

    @property
    def complete(self) -> bool:
        """Whether the answer has come to its end."""
        return self.done

    def choice(self, index: int = 0) -> Choice:
        """The choice of that number; it begins when it is first mentioned."""
        return self.choices.setdefault(index, Choice())

    def close(self) -> None:  # noqa: B027  (most have nothing open)
        """Nothing follows, or nothing that can be read."""

    @abstractmethod
    def take(self, event: JSON) -> None:
        """One more event."""


# --- OpenAI, and who speaks its dialect -------------------------------------------------------------------------------

OPENAI_FINISH: Final[Mapping[str, str]] = {
    **{word: word for word in ("stop", "length", "tool_calls", "function_call", "content_filter")},
    "": "stop",
}


def joined(content: JSON) -> str:
    """A text, or the texts of its parts."""
    parts = (part if isinstance(part, str) else fields(part).get("text") for part in items(content))
    return "".join(map(text, parts)) if isinstance(content, list) else text(content)


class OpenAI(Reading):
    """Deltas are added up per choice; `[DONE]`, or a finish reason for each choice, is the end."""

    finishes = OPENAI_FINISH

    @property
    def complete(self) -> bool:
        return self.done or (bool(self.choices) and all(choice.finish for choice in self.choices.values()))

    def take(self, event: JSON) -> None:
        if event == "[DONE]":
            self.done = True
        if self.done:
            return
        for counted in (fields(fields(event).get("x_groq")).get("usage"), fields(event).get("usage")):
            if isinstance(counted, dict):
                self.usage = self.counts(fields(counted))
        for choice in items(fields(event).get("choices")):
            self._choice(choice)

    def counts(self, counted: JSON) -> Counts:
        """The vendor's words for its counts."""
        return Counts(*(number(counted.get(key)) for key in ("prompt_tokens", "completion_tokens", "total_tokens")))

    def _choice(self, said: JSON) -> None:
        choice, delta = self.choice(number(said.get("index"))), fields(said.get("delta"))
        choice.text += self.content(choice, delta.get("content"))
        choice.reasoning += text(delta.get("reasoning_content")) or text(delta.get("reasoning"))
        for call in items(delta.get("tool_calls")):
            self._call(choice.calls, call)
        if said.get("finish_reason") is not None and choice.finish is None:
            choice.finish = self.finishes.get(text(said["finish_reason"]), "other")

    def content(self, choice: Choice, content: JSON) -> str:
        """The text of a content."""
        return joined(content)

    def _call(self, calls: list[Call], delta: JSON) -> None:
        """A piece belongs to the call with its number, unless it has another id; without a number, to the last."""
        given, function = text(delta.get("id")), fields(delta.get("function"))
        place: object = number_or_none(delta.get("index"))
        if place is None and calls:
            place = calls[-1].place
        held = next((call for call in reversed(calls) if call.place == place), None)
        if held is None or (given and held.id and given != held.id):
            held = Call("", place)
            calls.append(held)
        held.id = held.id or given
        held.name = text(function.get("name")) or held.name
        held.arguments += text(function.get("arguments"))


class Mistral(OpenAI):
    """The same; content may come as chunks, thoughts among them."""

    finishes = {word: OPENAI_FINISH[word] for word in ("stop", "length", "tool_calls")}

    def content(self, choice: Choice, content: JSON) -> str:
        parts = [fields(part) for part in items(content)]
        thoughts = [one for part in parts if part.get("type") == "thinking" for one in items(part.get("thinking"))]
        choice.reasoning += "".join(text(one.get("text")) for one in map(fields, thoughts) if one.get("type") == "text")
        texts = [text(part.get("text")) for part in parts if part.get("type") == "text"]
        return "".join(texts) if isinstance(content, list) else text(content)


class Functions(OpenAI):
    """The same, asked in the words of OpenAI's old functions."""

    finishes = {**OPENAI_FINISH, "tool_calls": "function_call"}


class GigaChat(OpenAI):
    """The same; a call comes whole, as the function call that OpenAI once had."""

    finishes = {**OPENAI_FINISH, "function_call": "tool_calls", "blacklist": "content_filter"}

    def _choice(self, said: JSON) -> None:
        super()._choice(fields(said))
        made = fields(fields(fields(said).get("delta")).get("function_call"))
        if made:
            arguments = as_json(made.get("arguments") or {})
            self.choice(number(fields(said).get("index"))).calls.append(
                Call(text(made.get("name")), None, "", arguments)
            )


class Completions(OpenAI):
    """Texts that go on, instead of messages."""

    finishes = {word: word for word in ("stop", "length", "content_filter")} | {"": "stop"}

    def take(self, event: JSON) -> None:
        choices = items(fields(event).get("choices"))
        said = [{**fields(one), "delta": {"content": text(fields(one).get("text"))}} for one in choices]
        super().take({**event, "choices": said} if isinstance(event, dict) else event)


class ThinkTags(OpenAI):
    """A text that begins with `<think>` has thoughts up to `</think>`; the newlines after each tag are the tag's."""

    def _choice(self, said: JSON) -> None:
        before = self.choice(number(said.get("index"))).finish
        super()._choice(said)
        choice = self.choice(number(said.get("index")))
        if choice.finish and not before:
            self._part(choice)

    def close(self) -> None:
        for choice in self.choices.values():
            if not choice.finish:
                self._part(choice)

    def _part(self, choice: Choice) -> None:
        if choice.text.startswith("<think>"):
            thoughts, _, answer = choice.text.removeprefix("<think>").partition("</think>")
            choice.reasoning, choice.text = choice.reasoning + thoughts.lstrip("\r\n"), answer.lstrip("\r\n")
