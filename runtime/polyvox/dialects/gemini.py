"""Google's Gemini API, generateContent: https://ai.google.dev/api/generate-content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Final, assert_never, cast

from pydantic_core import to_json
from typing_extensions import override

from polyvox_wire.gemini import responses as r
from polyvox_wire.gemini import stubs
from polyvox_wire.gemini.options import PATHS
from polyvox_wire.support import UnknownVariant

from ..addressing import model_path
from ..honest import check_calls, created, new_id
from ..reading import read_reply, unreadable
from ..results import (
    Annotation,
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    FinishReason,
    FunctionCall,
    TokenLogprob,
    ToolCall,
    TopLogprob,
    UrlCitation,
)
from ..support import COUNTED, NATIVE, Emulated, Renamed, Stance, Unsupported
from .dialect import Dialect, StreamReader
from .gemini_request import RULES, request, way
from .gemini_usage import usage
from .parts import OWN_ID

if TYPE_CHECKING:
    from ..call import Call, Format, Vendor, Way
    from ..exchange import Headers
    from ..results import Facts

_NO = "generateContent has no such setting"
SUPPORT: Final[Mapping[str, Stance]] = {
    "temperature": NATIVE,
    "top_p": Renamed("generationConfig.topP"),
    "max_tokens": Renamed("generationConfig.maxOutputTokens"),
    "max_completion_tokens": Renamed("generationConfig.maxOutputTokens"),
    "stop": Renamed("generationConfig.stopSequences"),
    "n": Renamed("generationConfig.candidateCount"),
    "seed": NATIVE,
    "presence_penalty": Renamed("generationConfig.presencePenalty"),
    "frequency_penalty": Renamed("generationConfig.frequencyPenalty"),
    "logit_bias": Unsupported(_NO),
    "logprobs": Renamed("generationConfig.responseLogprobs"),
    "top_logprobs": Renamed("generationConfig.logprobs"),
    "user": Unsupported(_NO),
    "safety_identifier": Unsupported(_NO),
    "tools": NATIVE,
    "tool_choice": Renamed("toolConfig.functionCallingConfig"),
    "parallel_tool_calls": Unsupported("Gemini always may call several functions at once"),
    "functions": Emulated("tools"),
    "function_call": Emulated("tool_choice"),
    "stream_options": COUNTED,
    "reasoning_effort": Renamed("generationConfig.thinkingConfig: a level from Gemini 3 on, a budget before"),
    "thinking": Renamed("generationConfig.thinkingConfig.thinkingBudget"),
    "verbosity": Unsupported(_NO),
    "modalities": Renamed("generationConfig.responseModalities"),
    "audio": Unsupported("choose a voice with gemini={'speechConfig': ...}"),
    "prediction": Unsupported(_NO),
    "web_search_options": Emulated("the googleSearch tool"),
    "service_tier": NATIVE,
    "metadata": Unsupported(_NO),
    "store": NATIVE,
    "prompt_cache_key": Unsupported("cache by gemini={'cachedContent': ...}"),
}

FINISH_REASONS: Final[stubs.StopReasons[FinishReason]] = {
    "FINISH_REASON_UNSPECIFIED": "other",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "other",
    "OTHER": "other",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MALFORMED_FUNCTION_CALL": "other",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_OTHER": "other",
    "NO_IMAGE": "other",
    "IMAGE_RECITATION": "content_filter",
    "UNEXPECTED_TOOL_CALL": "other",
    "TOO_MANY_TOOL_CALLS": "other",
    "MISSING_THOUGHT_SIGNATURE": "other",
    "MALFORMED_RESPONSE": "other",
    "ESCALATION": "other",
}
# A caller may ask for enums as numbers ($alt=json;enum-encoding=int); these are Google's numbers for the common ones.
_NUMBERS: Final = {"1": "STOP", "2": "MAX_TOKENS", "3": "SAFETY", "4": "RECITATION", "5": "OTHER"}


def finish_reason(said: str | None, called: bool) -> FinishReason | None:
    """The unified reason; Gemini says STOP also where it calls a function."""
    if said is None:
        return None
    reasons = cast("Mapping[str, FinishReason]", FINISH_REASONS)
    found = reasons.get(_NUMBERS.get(said, said), "other")
    return "tool_calls" if called and found == "stop" else found


class GeminiMapping(stubs.Mapping["Call", ChatCompletion]):
    """A call to Gemini's request, and its reply to an answer."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        return request(call)

    @override
    def response(self, call: Call, reply: r.GenerateContentResponse, /) -> ChatCompletion:
        choices = [_choice(call, number, found) for number, found in enumerate(reply.candidates or ())]
        if not choices:
            choices = [blocked(reply)]
        return ChatCompletion(
            id=reply.responseId or new_id("chatcmpl-"),
            created=created(reply.createTime),
            model=reply.modelVersion or call.model,
            choices=choices,
            usage=None if reply.usageMetadata is None else usage(reply.usageMetadata),
            service_tier=reply.usageMetadata.serviceTier if reply.usageMetadata else None,
        )


def blocked(reply: r.GenerateContentResponse) -> Choice:
    """The choice of a reply without candidates: the prompt was blocked."""
    feedback = reply.promptFeedback
    fields: dict[str, object] = {"native_finish_reason": feedback.blockReason if feedback else None}
    if feedback is not None:
        fields["prompt_feedback"] = feedback.model_dump(exclude_none=True)
    return Choice(message=ChatCompletionMessage(), finish_reason="content_filter", provider_specific_fields=fields)


def _choice(call: Call, number: int, candidate: r.Candidate) -> Choice:
    parts = Parts()
    for part in (candidate.content.parts if candidate.content else None) or ():
        parts.add(part)
    message = parts.message()
    message.annotations = cited_pages(candidate.groundingMetadata, message.content or "")
    check_calls(message, call)
    return Choice(
        index=candidate.index if candidate.index is not None else number,
        message=message,
        finish_reason=finish_reason(candidate.finishReason, bool(parts.calls)),
        logprobs=logprobs(candidate.logprobsResult),
        provider_specific_fields=choice_fields(candidate),
    )


def choice_fields(candidate: r.Candidate) -> dict[str, object]:
    """What is known of a candidate beside its content, by Gemini's names in our spelling."""
    fields: dict[str, object] = {"native_finish_reason": candidate.finishReason}
    if candidate.finishMessage is not None:
        fields["finish_message"] = candidate.finishMessage
    if candidate.safetyRatings:
        fields["safety_ratings"] = [rating.model_dump(exclude_none=True) for rating in candidate.safetyRatings]
    for name, found in (
        ("grounding_metadata", candidate.groundingMetadata),
        ("citation_metadata", candidate.citationMetadata),
        ("url_context_metadata", candidate.urlContextMetadata),
    ):
        if found is not None:
            fields[name] = found.model_dump(exclude_none=True)
    return fields


class Parts:
    """The parts of a candidate, sorted into what the unified message has places for."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.calls: list[ToolCall] = []
        self.images: list[str] = []
        self.parts: list[r.Part | str] = []
        """A text alone is a part that says nothing else."""
        self.plain = True
        """Whether the unified fields say everything, signatures included."""

    def add_text(self, text: str) -> None:
        """One more part, which is text and nothing else."""
        self.parts.append(text)
        self.text.append(text)

    def add(self, part: r.Part) -> list[ToolCall]:
        """One more part. Returns the calls that it completes."""
        self.parts.append(part)
        match part:
            case r.TextPart():
                (self.reasoning if part.thought else self.text).append(part.text)
                self.plain = self.plain and not (part.thought or part.thoughtSignature)
            case r.FunctionCallPart():
                self.plain = False
                made = _tool_call(part)
                self.calls.append(made)
                return [made]
            case r.InlineDataPart():
                self.plain = False
                held = part.inlineData
                self.images.append(f"data:{held.mimeType or ''};base64,{held.data or ''}")
            case (
                r.FileDataPart()
                | r.FunctionResultPart()
                | r.ExecutableCodePart()
                | r.CodeExecutionResultPart()
                | r.ToolCallPart()
                | r.ToolResponsePart()
                | UnknownVariant()
            ):
                self.plain = False  # what happened at the vendor: kept as it is, and given back as it is
            case _:
                assert_never(part)
        return []

    def message(self) -> ChatCompletionMessage:
        """The unified message."""
        return ChatCompletionMessage(
            content="".join(self.text) if self.text else None,
            reasoning_content="".join(self.reasoning) or None,
            tool_calls=self.calls or None,
            provider_specific_fields=self.fields(),
        )

    def fields(self) -> dict[str, object]:
        """Images, and all parts as they came, to be given back in the next turn."""
        if self.plain:
            return {}
        parts = [part.model_dump(exclude_unset=True, by_alias=True) for part in _joined(self.parts)]
        kept: dict[str, object] = {"gemini": {"parts": parts, "text": "".join(self.text)}}
        if self.images:
            kept["images"] = self.images
        return kept


def _joined(parts: Iterable[r.Part | str]) -> Iterator[r.Part]:
    """Pieces of one text, which a stream sends as parts of their own, are one part again."""

    def text_of_its_own(part: r.Part) -> object:
        return (part.thought,) if isinstance(part, r.TextPart) and not part.thoughtSignature else id(part)

    whole = [r.TextPart(text=part) if isinstance(part, str) else part for part in parts]
    for _, found in groupby(whole, text_of_its_own):
        first, *rest = found
        if rest and isinstance(first, r.TextPart):
            texts = [part.text for part in (first, *rest) if isinstance(part, r.TextPart)]
            first = first.model_copy(update={"text": "".join(texts)})
        yield first


def _tool_call(part: r.FunctionCallPart) -> ToolCall:
    made = part.functionCall
    signature = {"thought_signature": part.thoughtSignature} if part.thoughtSignature else {}
    return ToolCall(
        id=made.id or new_id(OWN_ID),
        type="function",
        function=FunctionCall(name=made.name or "", arguments=to_json(made.args or {}).decode()),
        provider_specific_fields=dict[str, object](signature),
    )


def cited_pages(grounding: r.GroundingMetadata | None, text: str) -> list[Annotation] | None:
    """The web pages that an answer rests on, in OpenAI's form. Gemini counts bytes of the text, OpenAI letters."""
    if grounding is None:
        return None
    written = text.encode()
    chunks = grounding.groundingChunks or []
    found: list[Annotation] = []
    for support in grounding.groundingSupports or ():
        segment = support.segment or r.Segment()
        for number in support.groundingChunkIndices or ():
            web = chunks[number].web if number < len(chunks) else None
            if web is not None:
                start, end = (
                    len(written[:at].decode("utf-8", "ignore"))
                    for at in (segment.startIndex or 0, segment.endIndex or 0)
                )
                held = UrlCitation(url=web.uri or "", title=web.title or "", start_index=start, end_index=end)
                found.append(Annotation(type="url_citation", url_citation=held))
    return found or None


def logprobs(found: r.LogprobsResult | None) -> ChoiceLogprobs | None:
    """Log probabilities in OpenAI's form."""
    if found is None or not found.chosenCandidates:
        return None
    tops = found.topCandidates or []
    tokens: list[TokenLogprob] = []
    for number, chosen in enumerate(found.chosenCandidates):
        others = (tops[number].candidates if number < len(tops) else None) or ()
        tokens.append(
            TokenLogprob(
                token=chosen.token or "",
                logprob=chosen.logProbability or 0.0,
                top_logprobs=[TopLogprob(token=top.token or "", logprob=top.logProbability or 0.0) for top in others],
            )
        )
    return ChoiceLogprobs(content=tokens)


class GeminiDialect(Dialect):
    """Gemini."""

    mapping = GeminiMapping()

    support = SUPPORT
    option_paths = PATHS
    schema_rules = RULES

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.options_name = "gemini"

    @override
    def way(self, call: Call, wanted: Format, *, sayable: bool) -> Way:
        return way(call, wanted)

    def path(self, call: Call) -> str:
        model = call.model if "/" in call.model else f"models/{call.model}"
        verb = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        return f"/{model_path(model)}:{verb}"

    def headers(self, key: str, variable: str | None) -> Headers:
        return (("x-goog-api-key", key),) if key else ()

    def body(self, call: Call) -> dict[str, object]:
        return self.mapping.request(call).wire()

    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        reply = read_reply(r.GenerateContentResponse, body, call)
        if not reply.candidates and reply.promptFeedback is None:
            if "error" in (reply.model_extra or {}):
                raise self.error(call, None, {}, body)
            if reply.usageMetadata is None:
                raise unreadable(call, body, "it has neither candidates nor a reason why")
        completion = self.mapping.response(call, reply)
        facts.native = reply
        completion._facts = facts
        return completion

    def reader(self, call: Call) -> StreamReader:
        from .gemini_stream import GeminiReader

        return GeminiReader(self, call)
