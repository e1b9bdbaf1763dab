"""Mistral's chat completions: https://docs.mistral.ai/api/#tag/chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import ValidationError
from pydantic_core import to_json
from typing_extensions import override

from polyvox_wire.mistral import responses as r
from polyvox_wire.mistral import stubs
from polyvox_wire.mistral.options import PATHS

from ..failures import failure
from ..honest import check_calls, new_id, now
from ..reading import read_reply, unreadable
from ..results import (
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    CompletionUsage,
    FinishReason,
    FunctionCall,
    PromptTokensDetails,
    ToolCall,
    extras,
)
from ..shapes import is_mapping
from ..support import COUNTED, NATIVE, Emulated, Renamed, Stance, Unsupported
from .dialect import Dialect, only_text
from .mistral_content import kept, said
from .mistral_request import request

if TYPE_CHECKING:
    from ..call import Call
    from ..errors import APIError
    from ..results import Facts
    from .mistral_stream import MistralReader

_NO = "Mistral's chat completions have no such setting"
SUPPORT: Final[Mapping[str, Stance]] = {
    "temperature": NATIVE,
    "top_p": NATIVE,
    "max_tokens": NATIVE,
    "max_completion_tokens": Renamed("max_tokens"),
    "stop": NATIVE,
    "n": NATIVE,
    "seed": Renamed("random_seed"),
    "presence_penalty": NATIVE,
    "frequency_penalty": NATIVE,
    "logit_bias": Unsupported(_NO),
    "logprobs": NATIVE,
    "top_logprobs": NATIVE,
    "user": Unsupported(_NO),
    "safety_identifier": Unsupported(_NO),
    "tools": NATIVE,
    "tool_choice": NATIVE,
    "parallel_tool_calls": NATIVE,
    "functions": Emulated("tools"),
    "function_call": Emulated("tool_choice"),
    "stream_options": COUNTED,
    "reasoning_effort": NATIVE,
    "thinking": Unsupported("Mistral takes no thinking budget; use reasoning_effort"),
    "verbosity": Unsupported(_NO),
    "modalities": Emulated("text only"),
    "audio": Unsupported("Mistral's models do not speak"),
    "prediction": NATIVE,
    "web_search_options": Unsupported("give the web search tool in `tools`, as Mistral writes it"),
    "service_tier": NATIVE,
    "metadata": NATIVE,
    "store": Unsupported(_NO),
    "prompt_cache_key": NATIVE,
}

FINISH_REASONS: Final[stubs.StopReasons[FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "error": "other",
}


def finish_reason(word: str | None) -> FinishReason | None:
    """The unified reason for Mistral's."""
    reasons: Mapping[str, FinishReason] = FINISH_REASONS  # type: ignore[assignment]  # every value has this type
    return None if word is None else reasons.get(word, "other")


class MistralMapping(stubs.Mapping["Call", ChatCompletion]):
    """A call to Mistral's request, and its reply to an answer."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        return request(call)

    @override
    def response(self, call: Call, reply: r.ChatCompletionResponse, /) -> ChatCompletion:
        return ChatCompletion(
            id=reply.id or new_id("chatcmpl-"),
            created=reply.created or now(),
            model=reply.model or call.model,
            choices=[_choice(call, choice) for choice in reply.choices],
            usage=usage(reply.usage),
            service_tier=reply.usage.service_tier if reply.usage else None,
        )


def _choice(call: Call, choice: r.ChatCompletionChoice) -> Choice:
    fields: dict[str, object] = {"native_finish_reason": choice.finish_reason}
    turn: r.AssistantMessage | r.DeltaMessage | None = choice.message
    if choice.messages:  # what tools at the vendor said on the way; the answer is the last
        fields["messages"] = [step.model_dump(exclude_unset=True) for step in choice.messages]
        turn = turn or choice.messages[-1]
    message = _message(turn)
    check_calls(message, call)
    return Choice(
        index=choice.index,
        message=message,
        finish_reason=finish_reason(choice.finish_reason),
        logprobs=logprobs(choice.logprobs),
        provider_specific_fields=fields,
    )


def _message(turn: r.AssistantMessage | r.DeltaMessage | None) -> ChatCompletionMessage:
    if turn is None:
        return ChatCompletionMessage()
    text, reasoning = said(turn.content)
    return ChatCompletionMessage(
        content=text,
        reasoning_content=reasoning,
        tool_calls=[_call(made) for made in turn.tool_calls or ()] or None,
        provider_specific_fields=kept(turn.content, text),
    )


def _call(made: r.ToolCall) -> ToolCall:
    function = FunctionCall(name=made.function.name, arguments=arguments(made.function.arguments))
    return ToolCall(id=made.id or "", type="function", function=function)


def arguments(given: dict[str, object] | str) -> str:
    """A call's arguments, as JSON text."""
    return given if isinstance(given, str) else to_json(given).decode()


def logprobs(found: r.ChoiceLogprobs | None) -> ChoiceLogprobs | None:
    """OpenAI's form, plus the tokens' ids."""
    return None if found is None else ChoiceLogprobs.model_validate(found.model_dump(exclude_unset=True))


def usage(counted: r.UsageInfo | None) -> CompletionUsage | None:
    """OpenAI counts sound as a part of the prompt, Mistral beside it, and in the total."""
    if counted is None:
        return None
    details = counted.prompt_tokens_details or r.UsageInfoPromptTokensDetails()
    cached = counted.num_cached_tokens if details.cached_tokens is None else details.cached_tokens
    audio, prompt = details.audio_tokens, counted.prompt_tokens
    if audio and prompt + audio + counted.completion_tokens == counted.total_tokens:
        prompt += audio
    known = cached is not None or audio is not None
    made = CompletionUsage(
        prompt_tokens=prompt,
        completion_tokens=counted.completion_tokens,
        total_tokens=counted.total_tokens,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=cached, audio_tokens=audio) if known else None,
    )
    if counted.prompt_audio_seconds:
        extras(made)["prompt_audio_seconds"] = counted.prompt_audio_seconds
    return made


class MistralDialect(Dialect):
    """Mistral."""

    mapping = MistralMapping()

    support = SUPPORT
    option_paths = PATHS

    @override
    def path(self, call: Call) -> str:
        # Mistral's own client takes the bare host as its base.
        bare = urlsplit(self.base_url(call)).path in ("", "/")
        return f"/v1{self.vendor.path}" if bare else self.vendor.path

    @override
    def body(self, call: Call) -> dict[str, object]:
        only_text(call, "Mistral answers in text only")
        return self.mapping.request(call).wire()

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        reply = read_reply(r.ChatCompletionResponse, body, call)
        if not reply.choices:
            raise self._explained(call, reply, body)
        completion = self.mapping.response(call, reply)
        facts.native = reply
        completion._facts = facts
        return completion

    def _explained(self, call: Call, reply: r.ChatCompletionResponse, body: bytes) -> APIError:
        """Why there is no answer in a reply that is none."""
        if reply.object == "error" or (reply.model_extra or {}).keys() & {"error", "detail"}:
            return self.error(call, None, {}, body)
        return unreadable(call, body, "it has no choices")

    @override
    def reader(self, call: Call) -> MistralReader:
        from .mistral_stream import MistralReader

        return MistralReader(self, call)

    @override
    def error(self, call: Call, status: int | None, headers: Mapping[str, str], body: bytes) -> APIError:
        error = failure(self.vendor.name, call.model, status, headers, body)
        faults = _faults(body)
        if faults:
            error.message = "; ".join(f"{_place(fault)}: {fault.msg}" for fault in faults)
            error.args = (error.message,)
            error.param = error.param or _place(faults[0])
        return error


def _faults(body: bytes) -> list[r.FieldError]:
    """The fields that Mistral complains about one by one: under `detail`, which may stand under `message`."""
    try:
        told = r.HTTPValidationError.model_validate_json(body)
        if told.detail is None and is_mapping(told.message):
            told = r.HTTPValidationError.model_validate(told.message)
    except ValidationError:
        return []
    return told.detail if isinstance(told.detail, list) else []


def _place(fault: r.FieldError) -> str:
    steps: Iterable[str | int] = fault.loc[1:] if fault.loc[:1] == ["body"] else fault.loc
    return ".".join(map(str, steps))
