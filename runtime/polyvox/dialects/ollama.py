"""Ollama's own chat API: https://docs.ollama.com/api/chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from pydantic_core import to_json
from typing_extensions import override

from polyvox_wire.ollama import responses as r
from polyvox_wire.ollama import stubs
from polyvox_wire.ollama.options import PATHS

from ..honest import check_calls, created, new_id
from ..reading import read_reply, unreadable
from ..results import (
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    CompletionUsage,
    FinishReason,
    FunctionCall,
    TokenLogprob,
    ToolCall,
    TopLogprob,
)
from ..support import COUNTED, NATIVE, Emulated, Renamed, Stance, Unsupported
from .dialect import Dialect, StreamReader, only_text
from .ollama_address import server
from .ollama_request import request
from .parts import OWN_ID

if TYPE_CHECKING:
    from ..call import Call
    from ..results import Facts

_NO = "Ollama has no such setting"
SUPPORT: Final[Mapping[str, Stance]] = {
    "temperature": Renamed("options.temperature"),
    "top_p": Renamed("options.top_p"),
    "max_tokens": Renamed("options.num_predict"),
    "max_completion_tokens": Renamed("options.num_predict"),
    "stop": Renamed("options.stop"),
    "n": Unsupported("Ollama gives one answer per call"),
    "seed": Renamed("options.seed"),
    "presence_penalty": Renamed("options.presence_penalty"),
    "frequency_penalty": Renamed("options.frequency_penalty"),
    "logit_bias": Unsupported(_NO),
    "logprobs": NATIVE,
    "top_logprobs": NATIVE,
    "user": Unsupported(_NO),
    "safety_identifier": Unsupported(_NO),
    "tools": NATIVE,
    "tool_choice": Emulated("'none' sends no tools; a call cannot be forced"),
    "parallel_tool_calls": Unsupported("an Ollama model may always call several tools at once"),
    "functions": Emulated("tools"),
    "function_call": Emulated("tool_choice"),
    "stream_options": COUNTED,
    "reasoning_effort": Renamed("think: a level for gpt-oss, on or off for other models"),
    "thinking": Emulated("think, on or off, without a budget"),
    "verbosity": Unsupported(_NO),
    "modalities": Emulated("text only"),
    "audio": Unsupported("Ollama does not speak"),
    "prediction": Unsupported(_NO),
    "web_search_options": Unsupported("Ollama's chat does not search the web; give it a tool that does"),
    "service_tier": Unsupported(_NO),
    "metadata": Unsupported(_NO),
    "store": Unsupported(_NO),
    "prompt_cache_key": Unsupported("Ollama caches by itself; keep the model loaded with ollama={'keep_alive': ...}"),
}

FINISH_REASONS: Final[stubs.StopReasons[FinishReason]] = {
    "stop": "stop",
    "length": "length",
    "load": "other",
    "unload": "other",
}
_DURATIONS: Final = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


def finish_reason(reply: r.ChatResponse, called: bool) -> FinishReason | None:
    """The unified reason; Ollama says `stop` also where it calls a tool, and old servers give no reason."""
    if not reply.done:
        return None
    reasons = cast("Mapping[str, FinishReason]", FINISH_REASONS)
    found = reasons.get(reply.done_reason or "stop", "other")
    return "tool_calls" if called and found == "stop" else found


class OllamaMapping(stubs.Mapping["Call", ChatCompletion]):
    """A call to Ollama's request, and its reply to an answer."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        return request(call)

    @override
    def response(self, call: Call, reply: r.ChatResponse, /) -> ChatCompletion:
        message = _message(reply.message or r.ReplyMessage())
        check_calls(message, call)
        choice = Choice(
            message=message,
            finish_reason=finish_reason(reply, bool(message.tool_calls)),
            logprobs=logprobs(reply.logprobs),
            provider_specific_fields=choice_fields(reply),
        )
        return ChatCompletion(
            id=new_id("chatcmpl-"),
            created=created(reply.created_at),
            model=reply.model or call.model,
            choices=[choice],
            usage=usage(reply),
        )


def _message(said: r.ReplyMessage) -> ChatCompletionMessage:
    calls = [tool_call(made) for made in said.tool_calls or ()]
    return ChatCompletionMessage(
        content=said.content or (None if calls else ""),
        reasoning_content=said.thinking or None,
        tool_calls=calls or None,
        provider_specific_fields=kept(said.images or []),
    )


def kept(images: list[str]) -> dict[str, object]:
    """What a message has beside text, thinking and calls, to be given back in the next turn."""
    return {"ollama": {"images": images}} if images else {}


def tool_call(made: r.ToolCall) -> ToolCall:
    """One call. Old servers give no ids: then it gets one of ours, which answers are told apart by."""
    function = made.function or r.ToolCallFunction()
    return ToolCall(
        id=made.id or new_id(OWN_ID),
        type="function",
        function=FunctionCall(name=function.name, arguments=to_json(function.arguments or {}).decode()),
        provider_specific_fields={} if function.index is None else {"index": function.index},
    )


def choice_fields(reply: r.ChatResponse) -> dict[str, object]:
    """What is known of the end beside its unified reason: how long it took, in nanoseconds, and whatever is new."""
    fields: dict[str, object] = {"native_finish_reason": reply.done_reason}
    durations = {name: cast("int | None", getattr(reply, name)) for name in _DURATIONS}
    fields.update({name: spent for name, spent in durations.items() if spent is not None})
    return {**fields, **(reply.model_extra or {})}


def logprobs(found: list[r.Logprob] | None) -> ChoiceLogprobs | None:
    """Log probabilities in OpenAI's form."""
    if not found:
        return None
    return ChoiceLogprobs(
        content=[
            TokenLogprob(
                token=one.token or "",
                bytes=one.bytes,
                logprob=one.logprob or 0.0,
                top_logprobs=[
                    TopLogprob(token=top.token or "", bytes=top.bytes, logprob=top.logprob or 0.0)
                    for top in one.top_logprobs or ()
                ],
            )
            for one in found
        ]
    )


def usage(reply: r.ChatResponse) -> CompletionUsage | None:
    """What was counted; a prompt that was cached whole is not."""
    if reply.prompt_eval_count is None and reply.eval_count is None:
        return None
    prompt, answer = reply.prompt_eval_count or 0, reply.eval_count or 0
    return CompletionUsage(prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer)


class OllamaDialect(Dialect):
    """Ollama: one's own server, or ollama.com."""

    mapping = OllamaMapping()

    support = SUPPORT
    option_paths = PATHS

    @override
    def base_url(self, call: Call) -> str:
        return server(self.vendor, call)

    @override
    def body(self, call: Call) -> dict[str, object]:
        only_text(call, "Ollama is not known to be asked for anything but text")
        return self.mapping.request(call).wire()

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        reply = read_reply(r.ChatResponse, body, call)
        if reply.error is not None:
            raise self.error(call, None, {}, body)
        if reply.message is None and not reply.done:
            raise unreadable(call, body, "it has no message")
        completion = self.mapping.response(call, reply)
        facts.native = reply
        completion._facts = facts
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        from .ollama_stream import OllamaReader

        return OllamaReader(self, call)
