"""Cohere's chat API, version 2: https://docs.cohere.com/reference/chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Final, assert_never, cast

from pydantic_core import from_json
from typing_extensions import override

from polyvox_wire.cohere import responses as r
from polyvox_wire.cohere import stubs
from polyvox_wire.cohere.options import PATHS
from polyvox_wire.support import UnknownVariant

from .. import errors
from ..failures import failure
from ..honest import check_calls, new_id, now
from ..reading import read_reply
from ..results import (
    Annotation,
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    ChoiceLogprobs,
    CompletionTokensDetails,
    CompletionUsage,
    FinishReason,
    FunctionCall,
    PromptTokensDetails,
    TokenLogprob,
    ToolCall,
    UrlCitation,
    extras,
)
from ..shapes import mapping_of
from ..support import COUNTED, NATIVE, Emulated, Renamed, Stance, Unsupported
from .cohere_request import RULES, request, strict_tools, way
from .dialect import Dialect, StreamReader, only_text

if TYPE_CHECKING:
    from ..call import Call, Format, Way
    from ..errors import APIError
    from ..results import Facts

_NO = "Cohere's chat API has no such setting"
SUPPORT: Final[Mapping[str, Stance]] = {
    "temperature": NATIVE,
    "top_p": Renamed("p"),
    "max_tokens": NATIVE,
    "max_completion_tokens": Renamed("max_tokens"),
    "stop": Renamed("stop_sequences"),
    "n": Unsupported("Cohere gives one answer per call"),
    "seed": NATIVE,
    "presence_penalty": NATIVE,
    "frequency_penalty": NATIVE,
    "logit_bias": Unsupported(_NO),
    "logprobs": NATIVE,
    "top_logprobs": Unsupported("Cohere gives the log probabilities of its own choice only"),
    "user": Unsupported(_NO),
    "safety_identifier": Unsupported(_NO),
    "tools": NATIVE,
    "tool_choice": Emulated("required and none by Cohere's words for them, auto by saying nothing"),
    "parallel_tool_calls": Unsupported("a Cohere model may always call several tools at once"),
    "functions": Emulated("tools"),
    "function_call": Emulated("tool_choice"),
    "stream_options": COUNTED,
    "reasoning_effort": Emulated("thinking, with a budget up to medium"),
    "thinking": NATIVE,
    "verbosity": Unsupported(_NO),
    "modalities": Emulated("text only"),
    "audio": Unsupported("Cohere does not speak"),
    "prediction": Unsupported(_NO),
    "web_search_options": Unsupported("version 2 of the API does not search the web; give it a tool that does"),
    "service_tier": Unsupported("ask for an earlier turn with cohere={'priority': ...}"),
    "metadata": Unsupported(_NO),
    "store": Unsupported(_NO),
    "prompt_cache_key": Unsupported("Cohere caches by itself"),
}

FINISH_REASONS: Final[stubs.StopReasons[FinishReason]] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "other",
    "TIMEOUT": "other",
}
ERROR_TYPES: Final[Mapping[str, type[APIError]]] = {
    "error": errors.InternalServerError,  # the reasons for which a stream may end early
    "timeout": errors.GatewayTimeoutError,
}


def finish_reason(said: str | None) -> FinishReason | None:
    """The unified reason for Cohere's."""
    reasons = cast("Mapping[str, FinishReason]", FINISH_REASONS)
    return None if said is None else reasons.get(said, "other")


class CohereMapping(stubs.Mapping["Call", ChatCompletion]):
    """A call to Cohere's request, and its reply to an answer."""

    @override
    def request(self, call: Call, /) -> stubs.RequestFields:
        return request(call)

    @override
    def response(self, call: Call, reply: r.ChatResponseV2, /) -> ChatCompletion:
        message = unified(reply.message)
        check_calls(message, call)
        choice = Choice(
            message=message,
            finish_reason=finish_reason(reply.finish_reason),
            logprobs=logprobs(reply.logprobs),
            provider_specific_fields=choice_fields(reply.finish_reason, reply.usage),
        )
        return ChatCompletion(
            id=reply.id or new_id("chatcmpl-"),
            created=now(),
            model=call.model,
            choices=[choice],
            usage=usage(reply.usage),
        )


def choice_fields(reason: str | None, counted: r.Usage | None) -> dict[str, object]:
    """What is known of the end beside its unified reason; what is billed is not what was counted."""
    fields: dict[str, object] = {"native_finish_reason": reason}
    if counted is not None and counted.billed_units is not None:
        fields["billed_units"] = counted.billed_units.model_dump(exclude_none=True)
    return fields


class _Blocks:
    """The blocks of a message's content, sorted into what the unified message has places for."""

    def __init__(self, blocks: Iterable[r.AssistantMessageResponseContentItem]) -> None:
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.starts: list[int] = []
        """Where each block begins in the joined text."""
        self._length = 0
        self.plain = True
        """Whether the joined texts say everything, order included."""
        for block in blocks:
            self._add(block)

    def _add(self, block: r.AssistantMessageResponseContentItem) -> None:
        self.starts.append(self._length)
        match block:
            case r.ChatTextContent():
                self.plain = self.plain and not self.texts
                self.texts.append(block.text)
                self._length += len(block.text)
            case r.ChatThinkingContent():
                self.plain = self.plain and not self.texts and not self.thoughts
                self.thoughts.append(block.thinking)
            case UnknownVariant():
                self.plain = False
            case _:
                assert_never(block)


def unified(said: r.AssistantMessageResponse) -> ChatCompletionMessage:
    """The unified message. A plan before calls is reasoning too."""
    blocks = _Blocks(said.content or ())
    calls = [_tool_call(made) for made in said.tool_calls or ()]
    text, plan = "".join(blocks.texts), said.tool_plan or ""
    # Reasoning goes back as a plan where there are calls, and as a thinking block where there are none.
    placed = not blocks.thoughts if calls else not plan
    plain = blocks.plain and placed and not said.citations and not said.model_extra
    return ChatCompletionMessage(
        content=text or (None if calls else ""),
        reasoning_content="".join([*blocks.thoughts, plan]) or None,
        tool_calls=calls or None,
        annotations=_annotations(said.citations or (), blocks) or None,
        provider_specific_fields={} if plain else {"cohere": _kept(said, text)},
    )


def _kept(said: r.AssistantMessageResponse, text: str) -> dict[str, object]:
    """The whole message as it came, to be given back in the next turn."""
    return {"message": said.model_dump(exclude_unset=True, exclude_none=True, exclude={"role"}), "text": text}


def _tool_call(made: r.ToolCallV2) -> ToolCall:
    function = made.function or r.ToolCallV2Function()
    return ToolCall(
        id=made.id,
        type="function",
        function=FunctionCall(name=function.name or "", arguments=function.arguments or "{}"),
    )


def _annotations(citations: Iterable[r.Citation], blocks: _Blocks) -> list[Annotation]:
    """Citations of sources that have an address, in OpenAI's form; the others have no such form."""
    found: list[Annotation] = []
    for citation in citations:
        if citation.type not in (None, "TEXT_CONTENT"):
            continue
        index = citation.content_index or 0
        before = blocks.starts[index] if 0 <= index < len(blocks.starts) else 0
        start, end = before + (citation.start or 0), before + (citation.end or 0)
        for url, title in _pages(citation.sources or ()):
            held = UrlCitation(url=url, title=title, start_index=start, end_index=end)
            found.append(Annotation(type="url_citation", url_citation=held))
    return found


def _pages(sources: Iterable[r.Source]) -> Iterable[tuple[str, str]]:
    for source in sources:
        match source:
            case r.ChatDocumentSource():
                held = source.document or {}
            case r.ChatToolSource():
                held = source.tool_output or {}
            case UnknownVariant():
                held = dict[str, object]()
            case _:
                assert_never(source)
        url = held.get("url")
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            yield url, str(held.get("title") or "")


def logprobs(found: Iterable[r.LogprobItem] | None) -> ChoiceLogprobs | None:
    """Log probabilities in OpenAI's form: one entry for each piece of text, whose tokens' probabilities are multiplied
    and listed beside it."""
    pieces = [_logprob(item) for item in found or ()]
    return ChoiceLogprobs(content=pieces) if pieces else None


def _logprob(item: r.LogprobItem) -> TokenLogprob:
    made = TokenLogprob(token=item.text or "", logprob=sum(item.logprobs or ()))
    extras(made).update(token_ids=item.token_ids, logprobs=item.logprobs or [])
    return made


def whole(number: float | None) -> int:
    """Cohere counts in floats, of which some are no numbers."""
    return int(number) if number is not None and isfinite(number) else 0


def usage(counted: r.Usage | None) -> CompletionUsage | None:
    """Tokens as the model counts them; what is billed only where nothing else is said."""
    found = None if counted is None else counted.tokens or counted.billed_units
    if counted is None or found is None:
        return None
    prompt, answer = whole(found.input_tokens), whole(found.output_tokens)
    tokens = counted.tokens or r.UsageTokens()
    thought = tokens.reasoning_tokens
    return CompletionUsage(
        prompt_tokens=prompt,
        completion_tokens=answer,
        total_tokens=prompt + answer,
        prompt_tokens_details=PromptTokensDetails(
            cached_tokens=whole(counted.cached_tokens),
            image_tokens=None if tokens.image_tokens is None else whole(tokens.image_tokens),
        ),
        completion_tokens_details=None if thought is None else CompletionTokensDetails(reasoning_tokens=whole(thought)),
    )


def _document(body: bytes) -> Mapping[str, object]:
    try:
        found: object = from_json(body)
    except ValueError:
        return {}
    return mapping_of(found)


class CohereDialect(Dialect):
    """Cohere."""

    mapping = CohereMapping()

    support = SUPPORT
    option_paths = PATHS
    schema_rules = RULES

    @override
    def way(self, call: Call, wanted: Format, *, sayable: bool) -> Way:
        return way(call, wanted)

    @override
    def base_url(self, call: Call) -> str:
        # The path has its version already.
        return super().base_url(call).removesuffix("/chat").removesuffix("/v2").removesuffix("/v1")

    @override
    def body(self, call: Call) -> dict[str, object]:
        only_text(call, "Cohere answers in text only")
        body = self.mapping.request(call).wire()
        if strict_tools(call):
            body["strict_tools"] = True
        return body

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        try:
            reply = read_reply(r.ChatResponseV2, body, call)
        except errors.APIResponseValidationError:
            if isinstance(_document(body).get("message"), str):
                raise self.error(call, None, {}, body) from None
            raise
        completion = self.mapping.response(call, reply)
        facts.native = reply
        completion._facts = facts
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        from .cohere_stream import CohereReader

        return CohereReader(self, call)

    @override
    def error(self, call: Call, status: int | None, headers: Mapping[str, str], body: bytes) -> APIError:
        found = failure(self.vendor.name, call.model, status, headers, body, ERROR_TYPES)
        named = _document(body).get("id")
        if found.request_id is None and isinstance(named, str):
            found.request_id = named
        return found
