"""From keywords to an exchange: counts and fallbacks under all their names, and what goes to whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import (
    AsyncClient,
    Client,
    FallbacksExhaustedError,
    InvalidRequestError,
    RateLimitError,
    ServiceUnavailableError,
    StreamInterruptedError,
)
from polyvox.exchange import Request, Timeouts
from tests.mapping.asking import HELLO, Json, parsed, sse, usual_reply

if TYPE_CHECKING:
    from polyvox import Parameters
    from polyvox.parameters import Fallback

MODEL: Final = "openai:gpt-5"
OTHER: Final = "anthropic:claude-sonnet-4-5"


@dataclass
class Hosts:
    """Vendors that fail as often as the test says, each without asking for a wait."""

    failing: set[str] = field(default_factory=set[str])
    status: int = 503
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """Fail, or answer as the vendor does."""
        self.requests.append(request)
        if request.url.host in self.failing:
            return httpx2.Response(self.status, headers={"retry-after": "0"}, json={"error": {"message": "no"}})
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, model: str = MODEL, /, **parameters: object) -> object:
        """Call with these hosts."""
        client = Client(transport=httpx2.MockTransport(self.answer))
        return client.completion(model, HELLO, **cast("Parameters", {"api_key": "k1", **parameters}))

    @property
    def asked(self) -> list[str]:
        """The host of each request."""
        return [request.url.host for request in self.requests]


OPENAI_HOST: Final = "api.openai.com"
ANTHROPIC_HOST: Final = "api.anthropic.com"


@pytest.mark.parametrize("name", ["num_retries", "retries", "max_retries"])
@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("model", [MODEL, OTHER, "gemini:gemini-2.5-flash", "groq:llama"])
def test_a_count_means_additional_tries_under_every_name_for_every_vendor(name: str, count: int, model: str) -> None:
    hosts = Hosts({OPENAI_HOST, ANTHROPIC_HOST, "generativelanguage.googleapis.com", "api.groq.com"})
    with pytest.raises(ServiceUnavailableError):
        hosts.ask(model, **{name: count})
    assert len(hosts.requests) == count + 1


def test_two_more_tries_without_a_word() -> None:
    hosts = Hosts({OPENAI_HOST})
    with pytest.raises(ServiceUnavailableError):
        hosts.ask()
    assert len(hosts.requests) == 3


def test_a_client_sets_the_count_for_all_its_calls() -> None:
    hosts = Hosts({OPENAI_HOST})
    client = Client(transport=httpx2.MockTransport(hosts.answer), max_retries=1)
    with pytest.raises(ServiceUnavailableError):
        client.completion(MODEL, HELLO, api_key="k")
    assert len(hosts.requests) == 2
    with pytest.raises(ServiceUnavailableError):
        client.completion(MODEL, HELLO, api_key="k", num_retries=0)
    assert len(hosts.requests) == 3


WRONG_COUNTS: Final[dict[str, tuple[Json, str]]] = {
    "negative": ({"num_retries": -1}, "num_retries is -1; it must be 0 or more"),
    "a text": ({"num_retries": "3"}, "num_retries is '3'"),
    "two that differ": ({"num_retries": 1, "max_retries": 2}, "max_retries are one parameter and differ"),
}


@pytest.mark.parametrize(("parameters", "says"), WRONG_COUNTS.values(), ids=WRONG_COUNTS)
def test_a_count_that_is_none(parameters: Json, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        Hosts().ask(**parameters)


def test_two_names_with_one_value_agree() -> None:
    hosts = Hosts({OPENAI_HOST})
    with pytest.raises(ServiceUnavailableError):
        hosts.ask(num_retries=1, retries=1, max_retries=1)
    assert len(hosts.requests) == 2


@pytest.mark.parametrize("name", ["fallbacks", "fallback_models"])
def test_fallbacks_under_both_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k2")
    hosts = Hosts({OPENAI_HOST}, status=401)
    answer = hosts.ask(**{name: [OTHER]})
    assert hosts.asked == [OPENAI_HOST, ANTHROPIC_HOST]
    assert getattr(answer, "provider", None) == "anthropic"


def test_a_key_stays_with_its_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k2")
    hosts = Hosts({OPENAI_HOST}, status=401)
    hosts.ask(
        fallbacks=[OTHER],
        api_base="https://api.openai.com/v1",
        extra_headers={"x-secret": "s"},
        extra_query={"secret": "s"},
    )
    first, second = hosts.requests
    assert first.headers["authorization"] == "Bearer k1"
    assert second.headers["x-api-key"] == "k2"
    assert "authorization" not in second.headers
    assert "k1" not in str(second.headers)
    assert "x-secret" not in second.headers
    assert second.url.host == ANTHROPIC_HOST
    assert "secret" not in str(second.url)


def test_settings_of_client_args_stay_with_their_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k2")
    hosts = Hosts({"proxy.test"}, status=401)
    hosts.ask(
        api_key=None,
        client_args={"api_key": "k1", "base_url": "https://proxy.test/v1", "default_headers": {"x-secret": "s"}},
        fallbacks=[OTHER],
    )
    first, second = hosts.requests
    assert (first.url.host, first.headers["authorization"]) == ("proxy.test", "Bearer k1")
    assert (second.url.host, second.headers["x-api-key"]) == (ANTHROPIC_HOST, "k2")
    assert "x-secret" not in second.headers


def test_a_fallback_without_a_key_says_so_and_gets_nobody_elses() -> None:
    hosts = Hosts({OPENAI_HOST}, status=401)
    with pytest.raises(FallbacksExhaustedError, match="ANTHROPIC_API_KEY"):
        hosts.ask(fallbacks=[OTHER])
    assert hosts.asked == [OPENAI_HOST]


def test_a_fallback_of_the_same_provider_has_its_key_and_address() -> None:
    hosts = Hosts({"h.test"}, status=404)
    with pytest.raises(FallbacksExhaustedError):
        hosts.ask(fallbacks=["openai:gpt-5-mini", "gpt-4.1"], api_base="https://h.test/v1")
    assert [parsed(request.content)["model"] for request in hosts.requests] == ["gpt-5", "gpt-5-mini", "gpt-4.1"]
    assert {request.headers["authorization"] for request in hosts.requests} == {"Bearer k1"}
    assert set(hosts.asked) == {"h.test"}


def test_a_fallback_with_parameters_of_its_own() -> None:
    hosts = Hosts({OPENAI_HOST}, status=404)
    hosts.ask(
        temperature=0.1,
        seed=1,
        fallbacks=[{"model": "claude-sonnet-4-5", "api_key": "k3", "temperature": 0.9, "seed": None, "max_tokens": 7}],
    )
    body = parsed(hosts.requests[1].content)
    assert hosts.requests[1].headers["x-api-key"] == "k3"
    assert body == {"model": "claude-sonnet-4-5", "messages": HELLO, "max_tokens": 7, "temperature": 0.9}


def test_a_bare_name_is_the_first_models_providers() -> None:
    hosts = Hosts({"openrouter.ai"}, status=404)
    with pytest.raises(FallbacksExhaustedError):
        hosts.ask("openrouter:a/b", fallbacks=["c/d"])
    assert [parsed(request.content)["model"] for request in hosts.requests] == ["a/b", "c/d"]
    assert set(hosts.asked) == {"openrouter.ai"}


def test_tools_from_a_generator_reach_the_fallback_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k2")
    tools: list[Json] = [{"type": "function", "function": {"name": "now"}}]
    hosts = Hosts({OPENAI_HOST}, status=404)
    hosts.ask(fallbacks=[OTHER], tools=(tool for tool in tools))
    assert parsed(hosts.requests[0].content)["tools"] == tools
    assert parsed(hosts.requests[1].content)["tools"] == [
        {"name": "now", "input_schema": {"type": "object", "properties": {}}}
    ]


def test_what_a_fallback_cannot_do_is_its_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k2")
    hosts = Hosts({OPENAI_HOST}, status=404)
    with pytest.raises(FallbacksExhaustedError, match="seed"):
        hosts.ask(fallbacks=[OTHER], seed=1)
    assert hosts.asked == [OPENAI_HOST]


@pytest.mark.parametrize("entry", [3, {}, {"provider": "openai"}, None, ["gpt-5"]])
def test_a_fallback_that_is_none(entry: object) -> None:
    hosts = Hosts()
    with pytest.raises(InvalidRequestError, match="a fallback is a model name or a mapping with 'model'"):
        hosts.ask(fallbacks=[entry])
    assert hosts.requests == []


def _streaming(*replies: httpx2.Response) -> tuple[Client, list[httpx2.Request]]:
    requests: list[httpx2.Request] = []
    rest = iter(replies)

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return next(rest)

    return Client(transport=httpx2.MockTransport(answer), api_key="k", api_base="https://h.test"), requests


def _event(text: str, finish: str | None = None) -> Mapping[str, object]:
    return {"id": "c1", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


BUSY: Final = httpx2.Response(429, headers={"retry-after": "0"}, json={"error": {"message": "slow"}})


def test_a_stream_that_does_not_begin_is_tried_again() -> None:
    good = httpx2.Response(200, content=sse(_event("Hi", "stop"), "[DONE]"))
    client, requests = _streaming(BUSY, good)
    stream = client.completion(MODEL, HELLO, stream=True)
    assert [chunk.choices[0].delta.content for chunk in stream] == ["Hi"]
    assert len(requests) == 2


def test_a_stream_that_has_begun_is_not_tried_again() -> None:
    client, requests = _streaming(httpx2.Response(200, content=sse(_event("Hi"))))
    stream = client.completion(MODEL, HELLO, stream=True, num_retries=5)
    assert next(stream).choices[0].delta.content == "Hi"
    with pytest.raises(StreamInterruptedError):
        next(stream)
    assert len(requests) == 1


def test_an_error_in_a_stream_that_has_begun_is_not_tried_again_nor_elsewhere() -> None:
    body = sse(_event("Hi"), {"error": {"message": "slow", "code": 429}})
    client, requests = _streaming(httpx2.Response(200, content=body))
    stream = client.completion(MODEL, HELLO, stream=True, fallbacks=["openai:gpt-5-mini"])
    with pytest.raises(RateLimitError):
        list(stream)
    assert len(requests) == 1


GOOD: Final = sse(_event("Hi", "stop"), "[DONE]")
SLOW: Final = sse({"error": {"message": "slow", "code": 429}})
CLAUDE_IS_BUSY: Final = (
    b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n'
)


@pytest.mark.parametrize("asynchronous", [True, False])
def test_an_error_before_the_first_chunk_is_tried_again(asynchronous: bool) -> None:
    """A status of 200 and then an error at once is how some vendors say that they are busy."""
    replies = iter([httpx2.Response(200, content=SLOW), httpx2.Response(200, content=GOOD)])
    transport = httpx2.MockTransport(lambda _: next(replies))
    if asynchronous:

        async def ask() -> str | None:
            async with AsyncClient(transport=transport, api_key="k", api_base="https://h.test") as client:
                chunks = await client.completion(MODEL, HELLO, stream=True)
                return (await chunks.completion()).choices[0].message.content

        assert asyncio.run(ask()) == "Hi"
    else:
        with Client(transport=transport, api_key="k", api_base="https://h.test") as client:
            assert client.completion(MODEL, HELLO, stream=True).completion().choices[0].message.content == "Hi"
    assert next(replies, None) is None


class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in one piece that knows whether it was closed."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("asynchronous", [True, False])
def test_a_stream_that_failed_before_its_first_chunk_is_closed_before_the_next_is_asked_for(asynchronous: bool) -> None:
    slow = sse({"error": {"message": "slow", "code": 429, "details": [{"retryDelay": "0s"}]}})
    bodies = [Body(slow), Body(slow), Body(GOOD)]
    closed: list[list[bool]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        closed.append([body.closed for body in bodies])
        return httpx2.Response(200, stream=bodies[len(closed) - 1])

    transport = httpx2.MockTransport(answer)

    async def ask() -> None:
        async with AsyncClient(transport=transport) as client:
            await (await client.completion(MODEL, HELLO, stream=True, api_key="k")).completion()

    if asynchronous:
        asyncio.run(ask())
    else:
        Client(transport=transport).completion(MODEL, HELLO, stream=True, api_key="k").completion()
    assert closed == [[False, False, False], [True, False, False], [True, True, False]]
    assert bodies[2].closed


def test_an_error_before_the_first_chunk_goes_to_the_next_model() -> None:
    client, requests = _streaming(httpx2.Response(200, content=CLAUDE_IS_BUSY), httpx2.Response(200, content=GOOD))
    fallback = {"model": MODEL, "api_key": "k2"}
    stream = client.completion(OTHER, HELLO, stream=True, num_retries=0, fallbacks=[fallback])
    assert [chunk.choices[0].delta.content for chunk in stream] == ["Hi"]
    assert [request.url.host for request in requests] == ["h.test", OPENAI_HOST]


def test_an_error_before_the_first_chunk_is_raised_by_the_call_when_nobody_is_left() -> None:
    client, requests = _streaming(httpx2.Response(200, content=SLOW), httpx2.Response(200, content=SLOW))
    with pytest.raises(RateLimitError) as caught:
        client.completion(MODEL, HELLO, stream=True, num_retries=1)
    assert caught.value.partial is not None
    assert len(requests) == 2


def test_a_stream_falls_back_before_it_begins() -> None:
    wrong = httpx2.Response(404, json={"error": {"message": "no such model"}})
    client, requests = _streaming(wrong, httpx2.Response(200, content=sse(_event("Hi", "stop"), "[DONE]")))
    stream = client.completion(MODEL, HELLO, stream=True, fallbacks=["openai:gpt-5-mini"])
    assert stream.completion().choices[0].message.content == "Hi"
    assert [parsed(request.content)["model"] for request in requests] == ["gpt-5", "gpt-5-mini"]


@pytest.mark.anyio
@pytest.mark.parametrize("entry", [OTHER, {"model": OTHER, "api_key": "k3", "max_tokens": 7}], ids=["name", "mapping"])
async def test_an_asynchronous_call_falls_back_too(entry: Fallback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k2")
    hosts = Hosts({OPENAI_HOST})
    async with AsyncClient(transport=httpx2.MockTransport(hosts.answer)) as client:
        answer = await client.completion(MODEL, HELLO, api_key="k1", num_retries=1, fallbacks=[entry])
    assert hosts.asked == [OPENAI_HOST, OPENAI_HOST, ANTHROPIC_HOST]
    assert hosts.requests[-1].headers["x-api-key"] == ("k2" if isinstance(entry, str) else "k3")
    assert parsed(hosts.requests[-1].content)["max_tokens"] == (4096 if isinstance(entry, str) else 7)
    assert answer.provider == "anthropic"


@pytest.mark.anyio
async def test_an_asynchronous_stream_falls_back_before_it_begins() -> None:
    replies = iter([BUSY, httpx2.Response(200, content=sse(_event("Hi", "stop"), "[DONE]"))])
    client = AsyncClient(
        transport=httpx2.MockTransport(lambda _: next(replies)), api_key="k", api_base="https://h.test"
    )
    async with client:
        stream = await client.completion(MODEL, HELLO, stream=True, num_retries=0, fallbacks=[{"model": "gpt-4.1"}])
        assert (await stream.completion()).choices[0].message.content == "Hi"


def test_a_request_does_not_show_its_key() -> None:
    request = Request("https://h.test", (("authorization", "Bearer sk-secret"),), b"{}", Timeouts())
    assert "sk-secret" not in repr(request)
