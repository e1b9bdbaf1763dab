"""The same for the vendors whose streams have a form of their own."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Final

from tests.readers.plain import (
    JSON,
    Call,
    Choice,
    Counts,
    Reading,
    as_json,
    fields,
    items,
    joined,
    number,
    number_or_none,
    text,
    true,
)

# --- Anthropic --------------------------------------------------------------------------------------------------------

ANTHROPIC_FINISH: Final[Mapping[str, str]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class Anthropic(Reading):
    """Blocks that start, grow and stop; `message_stop` is the end."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[int, JSON] = {}
        """The blocks that have not stopped; a call stands for one."""
        self.counted: dict[str, JSON] = {}
        self.ended = False

    def close(self) -> None:
        if self.ended:
            self._stop(*self.blocks)

    def take(self, event: JSON) -> None:
        if self.done:
            return
        match fields(event).get("type"):
            case "message_start":
                self._begin(fields(event.get("message")))
            case "content_block_start":
                self._start(number(event.get("index")), fields(event.get("content_block")))
            case "content_block_delta":
                self._delta(number(event.get("index")), fields(event.get("delta")))
            case "content_block_stop":
                self._stop(number(event.get("index")))
            case "message_delta":
                self._end(event)
            case "message_stop":
                self.done = True
                self._stop(*self.blocks)
            case _:
                pass  # a ping, or something new

    def _begin(self, message: JSON) -> None:
        self.choice()
        self.counted = {**fields(message.get("usage"))} or self.counted
        if message.get("stop_reason") is not None:  # it was written before
            self._end({"delta": message})

    def _start(self, index: int, block: JSON) -> None:
        self._stop(index)
        self.blocks[index] = block
        match block.get("type"):
            case "text" if block.get("text"):
                self.choice().text += text(block["text"])
            case "thinking" if block.get("thinking"):
                self.choice().reasoning += text(block["thinking"])
            case "tool_use":
                self.blocks[index] = Call(text(block.get("name")), given(block.get("input")), text(block.get("id")))
                self.choice().calls.append(self.blocks[index])
            case _:
                pass

    def _delta(self, index: int, delta: JSON) -> None:
        held = self.blocks.setdefault(index, {"type": "text"})
        match delta.get("type"):
            case "text_delta":
                self.choice().text += text(delta.get("text"))
            case "thinking_delta":
                self.choice().reasoning += text(delta.get("thinking"))
            case "input_json_delta" if isinstance(held, Call):
                held.arguments += text(delta.get("partial_json"))
            case _:
                pass

    def _stop(self, *indices: int) -> None:
        for index in indices:
            held = self.blocks.pop(index, None)
            if isinstance(held, Call) and not held.arguments:
                held.arguments = as_json(held.place)

    def _end(self, event: JSON) -> None:
        self.ended, counted = True, fields(event.get("usage"))
        self.counted |= {
            key: value for key, value in counted.items() if value or (value == 0 and key != "output_tokens")
        }
        said = fields(event.get("delta")).get("stop_reason")
        self.choice().finish = self.choice().finish if said is None else ANTHROPIC_FINISH.get(text(said), "other")
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        prompt, answer = (
            sum(number(self.counted.get(name)) for name in names),
            number(self.counted.get("output_tokens")),
        )
        self.usage = Counts(prompt, answer, prompt + answer)


class Answering(Anthropic):
    """The same, asked for an object that only a call to a function named `City` gives: its arguments are the text."""

    def close(self) -> None:
        super().close()
        for choice in self.choices.values():
            answer = next((call for call in choice.calls if call.name == "City"), None)
            if answer is not None:
                choice.calls.remove(answer)
                choice.text = answer.arguments
                alone = choice.finish == "tool_calls" and not choice.calls
                choice.finish = "stop" if alone else choice.finish


def given(value: JSON) -> JSON:
    """An object that may be absent."""
    return {} if value is None else value


# --- Gemini -----------------------------------------------------------------------------------------------------------

GEMINI_FINISH: Final[Mapping[str, str]] = {"STOP": "stop", "1": "stop", "MAX_TOKENS": "length"}


class Gemini(Reading):
    """Each event is a reply in small; a finish reason for each candidate is the end, though counts may follow."""

    finishes = GEMINI_FINISH

    @property
    def complete(self) -> bool:
        return bool(self.choices) and all(choice.finish for choice in self.choices.values())

    def take(self, event: JSON) -> None:
        self.counted = fields(fields(event).get("usageMetadata")) or getattr(self, "counted", {})
        if isinstance(fields(event).get("usageMetadata"), dict):
            self.usage = self._counts(fields(event)["usageMetadata"])
        for place, candidate in enumerate(items(fields(event).get("candidates"))):
            index = number_or_none(candidate.get("index"))
            self._candidate(self.choice(place if index is None else index), candidate)

    def _candidate(self, choice: Choice, candidate: JSON) -> None:
        for part in items(fields(candidate.get("content")).get("parts")):
            if "functionCall" in fields(part):
                made = fields(part["functionCall"])
                choice.calls.append(Call(text(made.get("name")), arguments=as_json(made.get("args") or {})))
            elif true(fields(part).get("thought")):
                choice.reasoning += text(fields(part).get("text"))
            else:
                choice.text += text(fields(part).get("text"))
        said = candidate.get("finishReason")
        if said is not None and choice.finish is None:
            found = self.finishes.get(text(said), "other")
            choice.finish = "tool_calls" if choice.calls and found == "stop" else found

    def _counts(self, counted: JSON) -> Counts:
        prompt = number(counted.get("promptTokenCount")) + number(counted.get("toolUsePromptTokenCount"))
        answer = number(counted.get("candidatesTokenCount")) + number(counted.get("thoughtsTokenCount"))
        return Counts(prompt, answer, number(counted.get("totalTokenCount")) or prompt + answer)


class Vertex(Gemini):
    """The same, with a filter of Google Cloud's."""

    finishes = {**GEMINI_FINISH, "MODEL_ARMOR": "content_filter"}


# --- Cohere -----------------------------------------------------------------------------------------------------------

COHERE_FINISH: Final[Mapping[str, str]] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
}


class Cohere(Reading):
    """Texts, plans and calls, each in pieces; `message-end` is the end."""

    def take(self, event: JSON) -> None:
        if self.done:
            return
        delta = fields(fields(event).get("delta"))
        message = fields(delta.get("message"))
        match fields(event).get("type"):
            case "message-start":
                self.choice()
            case "content-start" | "content-delta":
                content = fields(message.get("content"))
                thought, said = text(content.get("thinking")), text(content.get("text"))
                if thought or said:
                    self.choice().reasoning += thought
                    self.choice().text += said
            case "tool-plan-delta" if message.get("tool_plan"):
                self.choice().reasoning += text(message["tool_plan"])
            case "tool-call-start":
                made = fields(message.get("tool_calls"))
                function = fields(made.get("function"))
                place = number_or_none(event.get("index"))
                calls = self.choice().calls
                call = Call(text(function.get("name")), len(calls) if place is None else place, text(made.get("id")))
                call.arguments = text(function.get("arguments"))
                calls.append(call)
            case "tool-call-delta":
                self._more(event, text(fields(fields(message.get("tool_calls")).get("function")).get("arguments")))
            case "tool-call-end":
                held = self._held(event)
                if held is not None and not held.arguments:
                    held.arguments = "{}"
            case "message-end":
                self._end(delta)
            case _:
                pass

    def _held(self, event: JSON) -> Call | None:
        place = number(event.get("index"))
        calls = self.choices[0].calls if 0 in self.choices else []
        return next((call for call in reversed(calls) if call.place == place), None)

    def _more(self, event: JSON, piece: str) -> None:
        held = self._held(event)
        if held is not None:
            held.arguments += piece

    def _end(self, delta: JSON) -> None:
        self.done = True
        said = delta.get("finish_reason")
        self.choice().finish = None if said is None else COHERE_FINISH.get(text(said), "other")
        usage = fields(delta.get("usage"))
        counted = usage.get("tokens") if usage.get("tokens") is not None else usage.get("billed_units")
        if counted is not None:
            prompt, answer = (whole(counted.get(name)) for name in ("input_tokens", "output_tokens"))
            self.usage = Counts(prompt, answer, prompt + answer)


def whole(value: JSON) -> int:
    """Cohere's numbers may have a fraction, and any size."""
    return int(value) if isinstance(value, float) and isfinite(value) else number(value)


# --- Ollama -----------------------------------------------------------------------------------------------------------


class Ollama(Reading):
    """Each line is a reply in small; the one that is `done` is the end."""

    def take(self, event: JSON) -> None:
        if self.done:
            return
        choice, message = self.choice(), fields(fields(event).get("message"))
        choice.text += joined(message.get("content"))
        choice.reasoning += text(message.get("thinking"))
        for made in items(message.get("tool_calls")):
            function = fields(fields(made).get("function"))
            arguments = as_json(given(function.get("arguments")))
            choice.calls.append(Call(text(function.get("name")), arguments=arguments))
        if true(event.get("done")):
            self._end(choice, event)

    def _end(self, choice: Choice, event: JSON) -> None:
        self.done = True
        found = {"stop": "stop", "length": "length"}.get(text(event.get("done_reason")) or "stop", "other")
        choice.finish = "tool_calls" if choice.calls and found == "stop" else found
        if event.get("prompt_eval_count") is not None or event.get("eval_count") is not None:
            prompt, answer = number(event.get("prompt_eval_count")), number(event.get("eval_count"))
            self.usage = Counts(prompt, answer, prompt + answer)


# --- Bedrock ----------------------------------------------------------------------------------------------------------

BEDROCK_FINISH: Final[Mapping[str, str]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


class Bedrock(Reading):
    """`{name: payload}`: blocks that grow and stop; `metadata` after `messageStop` is the end."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: dict[int, Call | None] = {}
        self.said: JSON = None
        self.stopped = False

    @property
    def complete(self) -> bool:
        return self.stopped

    def take(self, event: JSON) -> None:
        if self.done:
            return
        ((name, payload),) = event.items()
        index = number(fields(payload).get("contentBlockIndex"))
        match name:
            case "messageStart":
                self.choice()
            case "contentBlockStart":
                self._start(index, fields(fields(payload).get("start")))
            case "contentBlockDelta":
                self._delta(index, fields(fields(payload).get("delta")))
            case "contentBlockStop":
                self._stop(index)
            case "messageStop":
                self.stopped, self.said = True, fields(payload).get("stopReason")
                for open_block in sorted(self.blocks):
                    self._stop(open_block)
            case "metadata" if self.stopped:
                self._end(fields(fields(payload).get("usage")))
            case _:
                pass

    def _start(self, index: int, start: JSON) -> None:
        self.blocks[index] = None
        called = fields(start.get("toolUse"))
        if "toolUse" in start and called.get("type") in (None, "tool_use"):
            self.blocks[index] = held = Call(text(called.get("name")), index, text(called.get("toolUseId")))
            self.choice().calls.append(held)

    def _delta(self, index: int, delta: JSON) -> None:
        held = self.blocks.setdefault(index, None)
        if "text" in delta:
            self.choice().text += text(delta["text"])
        elif "toolUse" in delta and held is not None:
            held.arguments += text(fields(delta["toolUse"]).get("input"))
        elif "reasoningContent" in delta and "text" in fields(delta["reasoningContent"]):
            self.choice().reasoning += text(delta["reasoningContent"]["text"])

    def _stop(self, index: int) -> None:
        held = self.blocks.pop(index, None)
        if held is not None and not held.arguments:
            held.arguments = "{}"

    def close(self) -> None:
        if self.stopped and not self.done:
            self.done = True
            self.choice().finish = BEDROCK_FINISH.get(text(self.said), "other")

    def _end(self, counted: JSON) -> None:
        self.close()
        names = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
        prompt, answer = sum(number(counted.get(name)) for name in names), number(counted.get("outputTokens"))
        self.usage = Counts(prompt, answer, prompt + answer)
