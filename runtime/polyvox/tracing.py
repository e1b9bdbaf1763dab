"""One span per call, by OpenTelemetry's conventions for generative AI. Needs the `otel` extra; imported at need.

Prompts and answers are recorded only where OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT asks for it, and of an
error its kind and codes, not the vendor's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from opentelemetry.util.genai.handler import TelemetryHandler  # pyright: ignore[reportMissingTypeStubs]  # typed, unmarked
from opentelemetry.util.genai.types import (  # pyright: ignore[reportMissingTypeStubs]  # typed, unmarked
    Error,
    InputMessage,
    MessagePart,
    OutputMessage,
    ReasoningPart,
    TextPart,
    ToolCallRequestPart,
    ToolCallResponsePart,
)
from opentelemetry.util.genai.utils import image_from_url  # pyright: ignore[reportMissingTypeStubs]  # typed, unmarked

from .addressing import locate
from .errors import APIError, InvalidRequestError
from .keywords import provider_of
from .shapes import is_list, mapping_of

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from .events import RequestEvent
    from .messages import MessageParam
    from .results import ChatCompletion, Choice

# The conventions' own names; every other provider goes by ours.
_NAMES: Final[Mapping[str, str]] = {
    "gemini": "gcp.gemini",
    "vertexai": "gcp.vertex_ai",
    "vertexaianthropic": "gcp.vertex_ai",
    "bedrock": "aws.bedrock",
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "moonshot": "moonshot_ai",
    "watsonx": "ibm.watsonx.ai",
}
_NUMBERS: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "n": "request_choice_count",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
}
"""Our parameter -> the invocation's attribute."""


class Tracing:
    """Where a client's spans go."""

    def __init__(self, tracer_provider: TracerProvider | None) -> None:
        self._handler = TelemetryHandler(tracer_provider=tracer_provider, instrumentation_scope_name="polyvox")

    def trace(self, model: str, settings: Mapping[str, object], stream: bool) -> Trace:
        """The span of one call, started."""
        return Trace(self._handler, model, settings, stream)


class Trace:
    """One call's span. It is the current one until the answer is there, or, streamed, until the stream is."""

    def __init__(self, handler: TelemetryHandler, model: str, settings: Mapping[str, object], stream: bool) -> None:
        provider, name = _asked(model, settings)
        self._provider = provider
        self._requests = 0
        self._invocation = handler.inference(_NAMES.get(provider, provider), request_model=name)
        for parameter, attribute in _NUMBERS.items():
            value = settings.get(parameter)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                setattr(self._invocation, attribute, value)
        self._invocation.stop_sequences = _stops(settings.get("stop"))
        if isinstance(effort := settings.get("reasoning_effort"), str):
            self._invocation.reasoning_level = effort
        if stream:
            self._invocation.request_stream = True
        if isinstance(label := settings.get("session_label"), str):
            self._invocation.attributes["anyllm.user_session_label"] = label

    def requested(self, url: str, event: RequestEvent) -> None:
        """One more request was made."""
        self._requests += 1
        attributes = self._invocation.attributes
        address = urlsplit(url)
        if address.hostname is not None:
            attributes["server.address"] = address.hostname
            attributes["server.port"] = address.port or (443 if address.scheme == "https" else 80)
        if self._requests > 1:
            attributes["polyvox.requests"] = self._requests
        if event.provider != self._provider:
            attributes["polyvox.provider"] = event.provider

    def arrived(self) -> None:
        """One more chunk has come."""
        self._invocation.record_stream_chunk()

    def handed_over(self) -> None:
        """The caller has a stream to read: what he does meanwhile is no part of this call."""
        self._invocation.suspend()

    def answered(self, completion: ChatCompletion, messages: Sequence[MessageParam]) -> None:
        """The call has its answer."""
        made = self._invocation
        made.response_id = completion.id
        made.response_model_name = completion.model
        made.finish_reasons = [choice.finish_reason or "unknown" for choice in completion.choices]
        if (usage := completion.usage) is not None:
            made.input_tokens, made.output_tokens = usage.prompt_tokens, usage.completion_tokens
            if usage.completion_tokens_details is not None:
                made.thinking_tokens = usage.completion_tokens_details.reasoning_tokens
            if usage.prompt_tokens_details is not None:
                made.cache_read_input_tokens = usage.prompt_tokens_details.cached_tokens
        if made.should_capture_content:
            made.input_messages = _inputs(messages)
            made.output_messages = [_output(choice) for choice in completion.choices]
        made.stop()

    def failed(self, error: BaseException, messages: Sequence[MessageParam]) -> None:
        """The call has failed."""
        if self._invocation.should_capture_content:
            self._invocation.input_messages = _inputs(messages)
        self._invocation.fail(Error(message=_facts(error), type=type(error).__name__))


def _asked(model: str, settings: Mapping[str, object]) -> tuple[str, str]:
    try:
        vendor, name = locate(model, provider_of(settings))
    except (InvalidRequestError, AttributeError, TypeError):  # the call will say so itself
        return "unknown", str(model)
    return vendor.name, name


def _stops(stop: object) -> list[str] | None:
    if isinstance(stop, str):
        return [stop]
    return [str(one) for one in cast("Sequence[object]", stop)] if isinstance(stop, (list, tuple)) else None


def _facts(error: BaseException) -> str:
    if not isinstance(error, APIError):
        return type(error).__name__
    facts = [f"status {error.status_code}" if error.status_code else "", error.code or "", error.request_id or ""]
    return ", ".join(fact for fact in facts if fact) or type(error).__name__


def _inputs(messages: Sequence[MessageParam]) -> list[InputMessage]:
    return [_input(cast("Mapping[str, object]", message)) for message in messages]


def _input(message: Mapping[str, object]) -> InputMessage:
    role = str(message.get("role", "user"))
    if role == "tool":
        answer = ToolCallResponsePart(
            response=message.get("content"), id=cast("str | None", message.get("tool_call_id"))
        )
        return InputMessage(role=role, parts=[answer])
    return InputMessage(role=role, parts=[*_parts(message.get("content")), *_calls(message.get("tool_calls"))])


def _parts(content: object) -> Iterator[MessagePart]:
    if isinstance(content, str):
        yield TextPart(content=content)
    for part in content if is_list(content) else ():
        fields = mapping_of(part)
        if isinstance(text := fields.get("text"), str):
            yield TextPart(content=text)
        for kind in ("image", "audio", "video"):
            url = mapping_of(fields.get(f"{kind}_url")).get("url")
            if isinstance(url, str) and (found := image_from_url(url, modality=kind)) is not None:
                yield found


def _calls(calls: object) -> Iterator[MessagePart]:
    for call in calls if is_list(calls) else ():
        fields = mapping_of(call)
        function = mapping_of(fields.get("function"))
        yield ToolCallRequestPart(
            arguments=function.get("arguments"), name=str(function.get("name")), id=cast("str | None", fields.get("id"))
        )


def _output(choice: Choice) -> OutputMessage:
    message = choice.message
    parts: list[MessagePart] = []
    if message.reasoning_content:
        parts.append(ReasoningPart(content=message.reasoning_content))
    if message.content:
        parts.append(TextPart(content=message.content))
    parts.extend(_calls(message.model_dump(include={"tool_calls"}).get("tool_calls")))
    return OutputMessage(role="assistant", parts=parts, finish_reason=choice.finish_reason)
