"""OpenTelemetry: one span per call, by the conventions for generative AI; off unless somebody traces."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from polyvox import AsyncClient, AuthenticationError, Client, InvalidRequestError, StreamInterruptedError
from tests.mapping.asking import HELLO, KEY, OPENAI_REPLY, Json, sse, usual_reply

if TYPE_CHECKING:
    from polyvox import Parameters

MODEL: Final = "openai:gpt-5"
CAPTURE: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
USAGE: Final = {
    "prompt_tokens": 10,
    "completion_tokens": 7,
    "total_tokens": 17,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
CALL: Final[Json] = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}


class Spans:
    """A tracer provider that keeps what it is given, and a vendor to call."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.statuses: list[int] = []
        self.reply: Json = OPENAI_REPLY
        self.stream: bytes | None = None
        self.current: list[trace.Span] = []

    def client(self) -> Client:
        return Client(
            transport=httpx2.MockTransport(self.answer),
            api_key=KEY,
            api_base="https://api.test",
            tracer_provider=self.provider,
        )

    def async_client(self) -> AsyncClient:
        return AsyncClient(
            transport=httpx2.MockTransport(self.answer),
            api_key=KEY,
            api_base="https://api.test",
            tracer_provider=self.provider,
        )

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.current.append(trace.get_current_span())
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200:
            code = "invalid_api_key" if status == 401 else None
            said = {"error": {"message": f"Incorrect key {KEY}, my secret", "code": code}}
            return httpx2.Response(status, headers={"x-request-id": "req-1", "retry-after": "0"}, json=said)
        if self.stream is not None:
            return httpx2.Response(200, content=self.stream)
        return httpx2.Response(200, json=self.reply) if request.url.path == "/chat/completions" else _usual(request)

    @property
    def ended(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    @property
    def only(self) -> ReadableSpan:
        (span,) = self.ended
        return span

    @property
    def attributes(self) -> dict[str, object]:
        return dict(self.only.attributes or {})


def _usual(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=usual_reply(request.url.path))


@pytest.fixture
def spans() -> Iterator[Spans]:
    """An application that traces."""
    found = Spans()
    yield found
    found.provider.shutdown()


def test_a_call_is_one_span(spans: Spans) -> None:
    spans.reply = {**OPENAI_REPLY, "usage": USAGE}
    spans.client().completion(
        MODEL,
        HELLO,
        temperature=0.2,
        top_p=0.9,
        max_tokens=50,
        stop="END",
        seed=7,
        reasoning_effort="low",
        session_label="session-1",
    )
    assert spans.only.name == "chat gpt-5"
    assert spans.only.kind is SpanKind.CLIENT
    assert spans.only.instrumentation_scope is not None
    assert spans.only.instrumentation_scope.name == "polyvox"
    assert spans.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.max_tokens": 50,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.seed": 7,
        "gen_ai.request.reasoning.level": "low",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.model": "gpt-5-2025-08-07",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.reasoning.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "server.address": "api.test",
        "server.port": 443,
        "anyllm.user_session_label": "session-1",
    }


NAMES: Final = {
    "anthropic:m": "anthropic",
    "gemini:m": "gcp.gemini",
    "bedrock:anthropic.claude-3": "aws.bedrock",
    "mistral:m": "mistral_ai",
    "cohere:m": "cohere",
    "ollama:m": "ollama",
    "groq:m": "groq",
    "xai:m": "x_ai",
    "deepseek:m": "deepseek",
}


@pytest.mark.parametrize("model", NAMES)
def test_providers_have_the_names_of_the_conventions(spans: Spans, model: str) -> None:
    region = {"aws_region_name": "us-east-1"} if model.startswith("bedrock") else {}
    spans.client().completion(model, HELLO, **cast("Parameters", region))
    assert spans.attributes["gen_ai.provider.name"] == NAMES[model]
    assert spans.attributes["gen_ai.request.model"] == model.split(":", 1)[1]


def test_the_span_is_the_current_one_during_the_call_and_not_after(spans: Spans) -> None:
    before = trace.get_current_span()
    spans.client().completion(MODEL, HELLO)
    assert spans.current[0].get_span_context().span_id == spans.only.get_span_context().span_id  # type: ignore[union-attr]  # is set
    assert trace.get_current_span() is before


def test_retries_and_fallbacks_are_in_the_same_span(spans: Spans) -> None:
    spans.statuses = [500, 500]
    spans.client().completion(MODEL, HELLO, num_retries=1, fallbacks=[{"model": "anthropic:m", "api_key": KEY}])
    assert spans.attributes["gen_ai.provider.name"] == "openai"
    assert spans.attributes["polyvox.requests"] == 3
    assert spans.attributes["polyvox.provider"] == "anthropic"
    assert spans.attributes["server.address"] == "api.anthropic.com"
    assert spans.only.status.status_code is StatusCode.UNSET


def test_a_failure_has_its_kind_and_codes_and_not_the_vendors_words(spans: Spans) -> None:
    spans.statuses = [401]
    with pytest.raises(AuthenticationError):
        spans.client().completion(MODEL, [{"role": "user", "content": "my secret"}])
    assert spans.only.status.status_code is StatusCode.ERROR
    assert spans.only.status.description == "status 401, invalid_api_key, req-1"
    assert spans.attributes["error.type"] == "AuthenticationError"
    assert KEY not in spans.only.to_json()
    assert "my secret" not in spans.only.to_json()


@pytest.mark.parametrize(("model", "kind"), [("openapi:m", "UnknownProviderError"), ("", "InvalidRequestError")])
def test_a_call_that_is_wrong(spans: Spans, model: str, kind: str) -> None:
    with pytest.raises(InvalidRequestError):
        spans.client().completion(model, HELLO)
    assert spans.attributes["error.type"] == kind
    assert spans.attributes["gen_ai.provider.name"] == "unknown"


STREAM: Final = sse(
    {"id": "c", "model": "gpt-5", "choices": [{"index": 0, "delta": {"content": "Hello"}}]},
    {"id": "c", "model": "gpt-5", "choices": [{"index": 0, "delta": {"content": None}, "finish_reason": "stop"}]},
    {"id": "c", "model": "gpt-5", "choices": [], "usage": USAGE},
    "[DONE]",
)


def test_a_streams_span_ends_with_the_stream(spans: Spans) -> None:
    spans.stream = STREAM
    stream = spans.client().completion(MODEL, HELLO, stream=True)
    assert not trace.get_current_span().get_span_context().is_valid  # the reader's own work is no part of the call
    next(stream)
    assert spans.ended == []
    list(stream)
    assert spans.attributes["gen_ai.request.stream"] is True
    assert spans.attributes["gen_ai.usage.output_tokens"] == 7
    assert "gen_ai.response.time_to_first_chunk" in spans.attributes


def test_a_stream_that_is_left_ends_its_span(spans: Spans) -> None:
    spans.stream = STREAM
    with spans.client().completion(MODEL, HELLO, stream=True) as stream:
        next(stream)
    assert spans.only.status.status_code is StatusCode.UNSET


def test_a_stream_that_breaks_off_is_an_error(spans: Spans) -> None:
    spans.stream = STREAM[:80]
    with pytest.raises(StreamInterruptedError):
        list(spans.client().completion(MODEL, HELLO, stream=True))
    assert spans.attributes["error.type"] == "StreamInterruptedError"


@pytest.mark.anyio
async def test_asynchronous_calls(spans: Spans) -> None:
    async with spans.async_client() as client:
        await client.completion(MODEL, HELLO)
        spans.stream = STREAM
        stream = await client.completion(MODEL, HELLO, stream=True)
        assert not trace.get_current_span().get_span_context().is_valid
        assert len(spans.ended) == 1
        async for _ in stream:
            pass
    assert [span.name for span in spans.ended] == ["chat gpt-5"] * 2


def test_a_race_is_one_span(spans: Spans) -> None:
    spans.client().completion("gpt-4", HELLO, model_list=["gpt-4"])
    assert spans.only.name == "chat gpt-4"
    assert spans.current[0].get_span_context().span_id == spans.only.get_span_context().span_id  # type: ignore[union-attr]  # is set


CONVERSATION: Final[list[Json]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "my secret"},
            {"type": "image_url", "image_url": {"url": "https://h.test/a.png"}},
        ],
    },
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "2"},
]


def test_content_is_not_recorded(spans: Spans) -> None:
    spans.client().completion(MODEL, CONVERSATION)
    assert not any(word in spans.only.to_json() for word in ("my secret", "Hello", "h.test", "Be brief"))


def test_content_is_recorded_where_the_environment_asks_for_it(spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CAPTURE, "SPAN_ONLY")
    message = {"role": "assistant", "content": "Hello", "tool_calls": [CALL]}
    spans.reply = {**OPENAI_REPLY, "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    spans.client().completion(MODEL, CONVERSATION)
    asked, said = (str(spans.attributes[f"gen_ai.{name}.messages"]) for name in ("input", "output"))
    for part in (
        '"content":"my secret"',
        '"uri":"https://h.test/a.png"',
        '"response":"2"',
        '"name":"add"',
        "Be brief.",
    ):
        assert part in asked
    for part in ('"content":"Hello"', '"name":"add"', '"finish_reason":"tool_calls"'):
        assert part in said


GLOBAL: Final = """
import sys, httpx2, polyvox
reply = {"id": "m", "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}
client = polyvox.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=reply)), api_key="k", api_base="https://api.test")
ask = lambda: client.completion("openai:m", [{"role": "user", "content": "Hi"}])
"""
OFF: Final = {
    "nothing of OpenTelemetry is loaded": """
ask()
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
""",
    "no provider is set": """
import opentelemetry.trace
ask()
assert "polyvox.tracing" not in sys.modules
""",
    "the extra is missing": """
import logging.handlers
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
sys.modules["opentelemetry.util.genai"] = None
told = logging.handlers.BufferingHandler(9)
logging.getLogger("polyvox").addHandler(told)
logging.getLogger("polyvox").setLevel("DEBUG")
ask(), ask()
assert [one.getMessage() for one in told.buffer if "polyvox[otel]" in one.getMessage()] == [told.buffer[0].getMessage()]
logging.getLogger("polyvox").setLevel("INFO")
assert "polyvox.tracing" not in sys.modules
try:
    polyvox.Client(tracer_provider=TracerProvider()).completion("openai:m", [], api_key="k")
except polyvox.InvalidRequestError as error:
    assert "polyvox[otel]" in str(error)
else:
    raise AssertionError
""",
}
ON: Final = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
ask()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
ask()
assert [span.name for span in exporter.get_finished_spans()] == ["chat m"]
"""


@pytest.mark.parametrize("program", [*OFF.values(), ON], ids=[*OFF, "a provider is set"])
def test_the_processs_own_provider(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", GLOBAL + program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
