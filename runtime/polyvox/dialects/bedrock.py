"""Amazon Bedrock's Converse API: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, assert_never

from pydantic_core import to_json
from typing_extensions import override

from polyvox_wire.bedrock import responses as r
from polyvox_wire.bedrock import stubs
from polyvox_wire.bedrock.options import PATHS
from polyvox_wire.support import UnknownVariant

from ..addressing import path_segment
from ..aws import Service
from ..honest import check_calls, new_id, now
from ..reading import read_reply
from ..results import (
    Annotation,
    ChatCompletion,
    Choice,
    CompletionUsage,
    FinishReason,
    FunctionCall,
    PromptTokensDetails,
    ThinkingBlock,
    ToolCall,
    UrlCitation,
    extras,
)
from ..shapes import mapping_of
from ..support import COUNTED, Emulated, Renamed, Stance, Unsupported
from .bedrock_request import RULES, model_fields, request, way
from .blocks import Blocks
from .dialect import StreamReader, only_text
from .on_aws import OnAWS

if TYPE_CHECKING:
    from ..call import Call, Format, Way
    from ..results import Facts

_NO = "Converse has no such setting; a model's own goes into additionalModelRequestFields={...}"
SUPPORT: Final[Mapping[str, Stance]] = {
    "temperature": Renamed("inferenceConfig.temperature"),
    "top_p": Renamed("inferenceConfig.topP"),
    "max_tokens": Renamed("inferenceConfig.maxTokens"),
    "max_completion_tokens": Renamed("inferenceConfig.maxTokens"),
    "stop": Renamed("inferenceConfig.stopSequences"),
    "n": Unsupported("Bedrock gives one answer per call"),
    "seed": Unsupported(_NO),
    "presence_penalty": Unsupported(_NO),
    "frequency_penalty": Unsupported(_NO),
    "logit_bias": Unsupported(_NO),
    "logprobs": Unsupported("Converse gives no log probabilities"),
    "top_logprobs": Unsupported("Converse gives no log probabilities"),
    "user": Unsupported("Converse takes no end user; mark calls in your invocation log with metadata={...}"),
    "safety_identifier": Unsupported("Converse takes no end user; mark calls in your log with metadata={...}"),
    "tools": Renamed("toolConfig.tools"),
    "tool_choice": Renamed("toolConfig.toolChoice"),
    "parallel_tool_calls": Unsupported("Converse leaves it to the model"),
    "functions": Emulated("tools"),
    "function_call": Emulated("tool_choice"),
    "stream_options": COUNTED,
    "reasoning_effort": Renamed("additionalModelRequestFields, as Claude, Nova or gpt-oss write it"),
    "thinking": Renamed("additionalModelRequestFields.thinking"),
    "verbosity": Unsupported(_NO),
    "modalities": Emulated("text only"),
    "audio": Unsupported("Converse gives no spoken output"),
    "prediction": Unsupported(_NO),
    "web_search_options": Unsupported("give the model's own system tool in `tools`: {'systemTool': {'name': ...}}"),
    "service_tier": Renamed("serviceTier.type"),
    "metadata": Renamed("requestMetadata"),
    "store": Unsupported(_NO),
    "prompt_cache_key": Unsupported("mark what to cache with `cache_control`"),
}

FINISH_REASONS: Final[stubs.StopReasons[FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "other",
    "malformed_tool_use": "other",
}


def finish_reason(said: str) -> FinishReason:
    """The unified reason for Bedrock's."""
    reasons: Mapping[str, FinishReason] = FINISH_REASONS  # type: ignore[assignment]  # every value has this type
    return reasons.get(said, "other")


class BedrockMapping(stubs.Mapping["Call", ChatCompletion]):
    """A call to Converse's request, and its reply to an answer."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        return request(call)

    @override
    def response(self, call: Call, reply: r.ConverseResponse, /) -> ChatCompletion:
        parts = Parts()
        for block in reply.output.message.content if reply.output.message else ():
            parts.add(block)
        message = parts.message()
        check_calls(message, call)
        fields = choice_fields(reply.stopReason, reply.additionalModelResponseFields, reply)
        return ChatCompletion(
            id=new_id("chatcmpl-"),
            created=now(),
            model=call.model,
            choices=[
                Choice(message=message, finish_reason=finish_reason(reply.stopReason), provider_specific_fields=fields)
            ],
            usage=None if reply.usage is None else usage(reply.usage),
            service_tier=reply.serviceTier.type if reply.serviceTier else None,
        )


def choice_fields(
    reason: str, additional: object, told: r.ConverseResponse | r.ConverseStreamMetadataEvent | None
) -> dict[str, object]:
    """What is known of the answer beside its unified fields."""
    fields: dict[str, object] = {"native_finish_reason": reason}
    if additional is not None:
        fields["additionalModelResponseFields"] = additional
    if told is not None:
        parts = (("trace", told.trace), ("metrics", told.metrics), ("performanceConfig", told.performanceConfig))
        fields |= {name: part.model_dump(exclude_unset=True, by_alias=True) for name, part in parts if part is not None}
    return fields


class Parts(Blocks):
    """The blocks of a message, sorted."""

    vendor = "bedrock"

    def add(self, block: r.ContentBlock) -> None:
        """One more block."""
        self.blocks.append(block)
        match block:
            case r.TextContent():
                self.comes_first()
                self.say(block.text)
            case r.ReasoningContent():
                self._think(block.reasoningContent)
            case r.ToolUseContent():
                self._call(block.toolUse)
            case r.CitationsContent():
                self._cite(block.citationsContent)
            case (
                r.ImageContent()
                | r.DocumentContent()
                | r.VideoContent()
                | r.AudioContent()
                | r.ToolResultContent()
                | r.GuardContent()
                | r.CachePointContent()
                | r.SearchResultContent()
                | r.ToolAdditionContent()
                | r.ToolRemovalContent()
                | UnknownVariant()
            ):
                self.plain = False  # no place of its own: kept as it is, and given back as it is
            case _:
                assert_never(block)

    def _think(self, block: r.ReasoningContentBlock) -> None:
        self.comes_first()
        match block:
            case r.ReasoningText():
                self.reasoning.append(block.reasoningText.text)
            case r.RedactedReasoning():
                pass
            case UnknownVariant():
                self.plain = False
            case _:
                assert_never(block)
        if (thought := thinking_block(block)) is not None:
            self.thinking.append(thought)

    def _call(self, block: r.ToolUseBlock) -> None:
        if block.type not in (None, "tool_use"):
            self.plain = False  # Bedrock made this call and has answered it
            return
        function = FunctionCall(name=block.name, arguments=to_json(block.input).decode())
        self.calls.append(ToolCall(id=block.toolUseId, type="function", function=function))

    def _cite(self, block: r.CitationsContentBlock) -> None:
        self.plain = False
        start, end = self.say("".join(part.text or "" for part in block.content or ()))
        self.annotations.extend(web_citations(block.citations or (), start, end))


def thinking_block(block: r.ReasoningContentBlock) -> ThinkingBlock | None:
    """A thought, as the unified message has it."""
    match block:
        case r.ReasoningText():
            thought = block.reasoningText
            return ThinkingBlock(type="thinking", thinking=thought.text, signature=thought.signature)
        case r.RedactedReasoning():
            return ThinkingBlock(type="redacted_thinking", data=block.redactedContent)
        case UnknownVariant():
            return None
        case _:
            assert_never(block)


def web_citations(citations: Iterable[r.Citation | r.CitationsDelta], start: int, end: int) -> list[Annotation]:
    """The citations of web pages, in OpenAI's form; those of documents have no such form and stay in the block."""
    found: list[Annotation] = []
    for citation in citations:
        if isinstance(citation.location, r.WebCitationLocation):
            url = citation.location.web.url or ""
            held = UrlCitation(url=url, title=citation.title or "", start_index=start, end_index=end)
            found.append(Annotation(type="url_citation", url_citation=held))
    return found


def usage(counted: r.TokenUsage) -> CompletionUsage:
    """OpenAI counts cached tokens as a part of the prompt, Bedrock beside it."""
    read, written = counted.cacheReadInputTokens or 0, counted.cacheWriteInputTokens or 0
    prompt = counted.inputTokens + read + written
    made = CompletionUsage(
        prompt_tokens=prompt,
        completion_tokens=counted.outputTokens,
        total_tokens=prompt + counted.outputTokens,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=read, cache_write_tokens=written),
    )
    if counted.cacheDetails:
        extras(made)["cacheDetails"] = [detail.model_dump(exclude_none=True) for detail in counted.cacheDetails]
    if counted.serverToolUsage:
        extras(made)["serverToolUsage"] = counted.serverToolUsage
    return made


def model_id(model: str) -> str:
    """The model as Bedrock knows it, without LiteLLM's choice of an API before it."""
    return model.removeprefix("converse/").removeprefix("invoke/")


class BedrockDialect(OnAWS):
    """Amazon Bedrock."""

    mapping = BedrockMapping()

    support = SUPPORT
    option_paths = PATHS
    schema_rules = RULES
    stream_type = "application/vnd.amazon.eventstream"

    @override
    def way(self, call: Call, wanted: Format, *, sayable: bool) -> Way:
        return way(call, wanted, sayable=sayable)

    @property
    @override
    def service(self) -> Service:
        return Service("bedrock", "bedrock", "pass api_key, or set AWS_BEARER_TOKEN_BEDROCK")

    @override
    def resource(self, call: Call) -> str:
        return model_id(call.model)

    @override
    def holds_messages(self, model: str) -> bool:
        return ":prompt/" in model

    @override
    def path(self, call: Call) -> str:
        return f"/model/{path_segment(model_id(call.model))}/{'converse-stream' if call.stream else 'converse'}"

    @override
    def body(self, call: Call) -> dict[str, object]:
        only_text(call, "Converse answers in text only")
        body = self.mapping.request(call).wire()
        if fields := model_fields(call):
            own = mapping_of(call.options.get("additionalModelRequestFields"))
            call.options = {**call.options, "additionalModelRequestFields": {**fields, **own}}
        return body

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        reply = read_reply(r.ConverseResponse, body, call)
        completion = self.mapping.response(call, reply)
        facts.native = reply
        completion._facts = facts
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        from .bedrock_stream import BedrockReader

        return BedrockReader(self, call)
