"""Anthropic's Messages API (the beta superset): https://docs.claude.com/en/api/messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, assert_never

from pydantic_core import to_json
from typing_extensions import override

from polyvox_wire.anthropic import responses as r
from polyvox_wire.anthropic import stubs
from polyvox_wire.anthropic.options import PATHS
from polyvox_wire.support import UnknownVariant

from .. import errors
from ..honest import check_calls, new_id, now
from ..reading import read_reply, unreadable
from ..results import (
    Annotation,
    ChatCompletion,
    Choice,
    CompletionTokensDetails,
    CompletionUsage,
    FinishReason,
    FunctionCall,
    PromptTokensDetails,
    ThinkingBlock,
    ToolCall,
    UrlCitation,
    extras,
)
from ..support import COUNTED, NATIVE, Emulated, Renamed, Stance, Unsupported
from .anthropic_request import request, way
from .blocks import Blocks
from .claude import RULES
from .dialect import Dialect, StreamReader, only_text

if TYPE_CHECKING:
    from ..call import Call, Format, Vendor, Way
    from ..errors import APIError
    from ..exchange import Headers
    from ..results import Facts

_NO = "the Messages API has no such setting"
SUPPORT: Final[Mapping[str, Stance]] = {
    "temperature": NATIVE,
    "top_p": NATIVE,
    "max_tokens": NATIVE,
    "max_completion_tokens": Renamed("max_tokens"),
    "stop": Renamed("stop_sequences"),
    "n": Unsupported("Anthropic gives one answer per call"),
    "seed": Unsupported(_NO),
    "presence_penalty": Unsupported(_NO),
    "frequency_penalty": Unsupported(_NO),
    "logit_bias": Unsupported(_NO),
    "logprobs": Unsupported("the Messages API gives no log probabilities"),
    "top_logprobs": Unsupported("the Messages API gives no log probabilities"),
    "user": Renamed("metadata.user_id"),
    "safety_identifier": Renamed("metadata.user_id"),
    "tools": NATIVE,
    "tool_choice": NATIVE,
    "parallel_tool_calls": Renamed("tool_choice.disable_parallel_tool_use"),
    "functions": Emulated("tools"),
    "function_call": Emulated("tool_choice"),
    "stream_options": COUNTED,
    "reasoning_effort": Emulated("output_config.effort with adaptive thinking; a thinking budget for older models"),
    "thinking": NATIVE,
    "verbosity": Unsupported(_NO),
    "modalities": Emulated("text only"),
    "audio": Unsupported("Claude does not speak"),
    "prediction": Unsupported(_NO),
    "web_search_options": Emulated("the web_search tool"),
    "service_tier": NATIVE,
    "metadata": NATIVE,
    "store": Unsupported(_NO),
    "prompt_cache_key": Unsupported("mark what to cache with `cache_control`"),
}

FINISH_REASONS: Final[stubs.StopReasons[FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "other",
    "compaction": "other",
}
ERROR_TYPES: Final[stubs.ErrorTypes[type[APIError]]] = {
    "invalid_request_error": errors.BadRequestError,
    "authentication_error": errors.AuthenticationError,
    "billing_error": errors.InsufficientFundsError,
    "permission_error": errors.PermissionDeniedError,
    "not_found_error": errors.NotFoundError,
    "rate_limit_error": errors.RateLimitError,
    "timeout_error": errors.GatewayTimeoutError,
    "api_error": errors.InternalServerError,
    "overloaded_error": errors.OverloadedError,
}


def finish_reason(said: str | None) -> FinishReason | None:
    """The unified reason for Anthropic's."""
    reasons: Mapping[str, FinishReason] = FINISH_REASONS  # type: ignore[assignment]  # every value has this type
    return None if said is None else reasons.get(said, "other")


class AnthropicMapping(stubs.Mapping["Call", ChatCompletion]):
    """A call to Anthropic's request, and its message to an answer."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        return request(call)

    @override
    def response(self, call: Call, reply: r.Message, /) -> ChatCompletion:
        parts = Parts()
        for block in reply.content:
            parts.add(block)
        message = parts.message()
        check_calls(message, call)
        return ChatCompletion(
            id=reply.id or new_id("chatcmpl-"),
            created=now(),
            model=reply.model or call.model,
            choices=[
                Choice(
                    message=message,
                    finish_reason=finish_reason(reply.stop_reason),
                    provider_specific_fields=choice_fields(reply, reply.context_management),
                )
            ],
            usage=None if reply.usage is None else usage(reply.usage),
            service_tier=reply.usage.service_tier if reply.usage else None,
        )


def choice_fields(end: r.Message | r.MessageDelta, managed: r.ContextManagement | None) -> dict[str, object]:
    """What is known of the end beside its unified reason. (`container` is asked for by its id in a next call.)"""
    fields: dict[str, object] = {"native_finish_reason": end.stop_reason}
    if end.stop_sequence is not None:
        fields["stop_sequence"] = end.stop_sequence
    for name, part in (
        ("stop_details", end.stop_details),
        ("container", end.container),
        ("context_management", managed),
    ):
        if part is not None:
            fields[name] = part.model_dump(exclude_none=True)
    return fields


class Parts(Blocks):
    """The blocks of a message, sorted."""

    vendor = "anthropic"

    def add(self, block: r.ContentBlock) -> None:
        """One more block."""
        self.blocks.append(block)
        match block:
            case r.TextBlock():
                self._text(block)
            case r.ThinkingBlock():
                self.comes_first()
                self.reasoning.append(block.thinking)
                thought = ThinkingBlock(type="thinking", thinking=block.thinking, signature=block.signature)
                self.thinking.append(thought)
            case r.RedactedThinkingBlock():
                self.comes_first()
                self.thinking.append(ThinkingBlock(type="redacted_thinking", data=block.data))
            case r.ToolUseBlock():
                self._call(block)
            case (
                r.ServerToolUseBlock()
                | r.WebSearchToolResultBlock()
                | r.WebFetchToolResultBlock()
                | r.AdvisorToolResultBlock()
                | r.CodeExecutionToolResultBlock()
                | r.BashCodeExecutionToolResultBlock()
                | r.TextEditorCodeExecutionToolResultBlock()
                | r.ToolSearchToolResultBlock()
                | r.MCPToolUseBlock()
                | r.MCPToolResultBlock()
                | r.ContainerUploadBlock()
                | r.CompactionBlock()
                | r.FallbackBlock()
                | UnknownVariant()
            ):
                self.plain = False  # what happened at the vendor: kept as it is, and given back as it is
            case _:
                assert_never(block)

    def _text(self, block: r.TextBlock) -> None:
        self.comes_first()
        self.plain = self.plain and not block.citations
        start, end = self.say(block.text)
        for citation in block.citations or ():
            found = annotation(citation, start, end)
            if found is not None:
                self.annotations.append(found)

    def _call(self, block: r.ToolUseBlock) -> None:
        if block.toolset_name or not (block.caller is None or isinstance(block.caller, r.DirectCaller)):
            self.plain = False
        function = FunctionCall(name=block.name, arguments=to_json(block.input).decode())
        self.calls.append(ToolCall(id=block.id, type="function", function=function))


def annotation(citation: r.TextBlockCitationsItem, start: int, end: int) -> Annotation | None:
    """A citation of a web page, in OpenAI's form; citations of documents have no such form and stay in the block."""
    match citation:
        case r.WebSearchResultLocationCitation():
            held = UrlCitation(url=citation.url, title=citation.title or "", start_index=start, end_index=end)
            return Annotation(type="url_citation", url_citation=held)
        case (
            r.CharLocationCitation()
            | r.PageLocationCitation()
            | r.ContentBlockLocationCitation()
            | r.SearchResultLocationCitation()
            | UnknownVariant()
        ):
            return None
        case _:
            assert_never(citation)


def usage(counted: r.Usage) -> CompletionUsage:
    """OpenAI counts cached tokens as a part of the prompt, Anthropic beside it."""
    read, written = counted.cache_read_input_tokens or 0, counted.cache_creation_input_tokens or 0
    prompt = counted.input_tokens + read + written
    thought = counted.output_tokens_details.thinking_tokens if counted.output_tokens_details else None
    made = CompletionUsage(
        prompt_tokens=prompt,
        completion_tokens=counted.output_tokens,
        total_tokens=prompt + counted.output_tokens,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=read, cache_write_tokens=written),
        completion_tokens_details=None if thought is None else CompletionTokensDetails(reasoning_tokens=thought),
    )
    extras(made).update(_counted_beside(counted))
    return made


def _counted_beside(counted: r.Usage) -> Iterator[tuple[str, object]]:
    """What has no place in OpenAI's usage, under Anthropic's names, and whatever is new."""
    if counted.inference_geo:
        yield "inference_geo", counted.inference_geo
    if counted.speed:
        yield "speed", counted.speed
    if counted.cache_creation and counted.cache_creation_input_tokens:
        yield "cache_creation", counted.cache_creation.model_dump(exclude_none=True)
    for name, part in (("server_tool_use", counted.server_tool_use), ("fallback_credit", counted.fallback_credit)):
        if part is not None:
            yield name, part.model_dump(exclude_none=True)
    if counted.iterations:
        yield "iterations", [iteration.model_dump(exclude_none=True) for iteration in counted.iterations]
    yield from extras(counted).items()


class AnthropicDialect(Dialect):
    """Anthropic."""

    mapping = AnthropicMapping()

    support = SUPPORT
    option_paths = PATHS
    schema_rules = RULES

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.options_name = "anthropic"

    @override
    def way(self, call: Call, wanted: Format, *, sayable: bool) -> Way:
        return way(call, wanted, sayable=sayable)

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        # A token of a login (OAuth) goes another way than a key.
        token = variable == "ANTHROPIC_AUTH_TOKEN" or key.startswith("sk-ant-oat")
        auth = ("authorization", f"Bearer {key}") if token else ("x-api-key", key)
        return (auth, ("anthropic-version", "2023-06-01"))

    @override
    def body(self, call: Call) -> dict[str, object]:
        only_text(call, "Claude answers in text only")
        return self.mapping.request(call).wire()

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        reply = read_reply(r.Message, body, call)
        if reply.type == "error":
            raise self.error(call, None, {}, body)
        if "content" not in reply.model_fields_set:
            raise unreadable(call, body, "it has no content")
        completion = self.mapping.response(call, reply)
        facts.native = reply
        completion._facts = facts
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        from .anthropic_stream import AnthropicReader

        return AnthropicReader(self, call)

    @override
    def error(self, call: Call, status: int | None, headers: Mapping[str, str], body: bytes) -> APIError:
        from ..failures import failure

        return failure(self.vendor.name, call.model, status, headers, body, ERROR_TYPES)
