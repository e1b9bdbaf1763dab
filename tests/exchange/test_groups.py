"""Calls of a model group, by both clients: where they go, what costs whom an attempt, and when there is room again."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest
from pydantic import BaseModel

from polyvox import (
    AsyncClient,
    AuthenticationError,
    BadRequestError,
    Client,
    Deployment,
    FallbacksExhaustedError,
    InvalidRequestError,
    ModelGroup,
    RateLimitError,
    ServiceUnavailableError,
    StreamInterruptedError,
)
from tests.mapping.asking import HELLO, Json, sse, usual_reply

if TYPE_CHECKING:
    from polyvox import Parameters

ONE: Final = Deployment("openai:gpt-5", {"api_key": "key-1", "api_base": "https://one.example/v1"})
TWO: Final = Deployment("openai:gpt-5", {"api_key": "key-2", "api_base": "https://two.example/v1"})
CLAUDE: Final = Deployment("anthropic:claude-sonnet-4-5", {"api_key": "key-3"})
CHUNK: Final = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5"}
EVENTS: Final[list[Json]] = [
    {**CHUNK, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": None}]},
    {**CHUNK, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
]


class Bytes(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that is read piece by piece."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


@dataclass
class Hosts:
    """Vendors; those in `failing` answer with that status."""

    failing: dict[str, int] = field(default_factory=dict[str, int])
    cut: bool = False
    """Whether streams end too early."""
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Host and key of each request."""

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        key = request.headers.get("authorization", "").removeprefix("Bearer ") or request.headers.get("x-api-key", "")
        self.asked.append((request.url.host, key))
        if status := self.failing.get(request.url.host):
            return httpx2.Response(status, json={"error": {"message": "no"}})
        if b'"stream":true' in request.content:
            begun, rest = sse(EVENTS[0]), sse(EVENTS[1], "[DONE]")
            return httpx2.Response(200, stream=Bytes([begun] if self.cut else [begun, rest]))
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def client(self, group: ModelGroup) -> Client:
        return Client(transport=httpx2.MockTransport(self.answer), models={"chat": group})

    def async_client(self, group: ModelGroup) -> AsyncClient:
        return AsyncClient(transport=httpx2.MockTransport(self.answer), models={"chat": group})

    @property
    def hosts(self) -> list[str]:
        return [host for host, _ in self.asked]


def timeless(deployments: Sequence[Deployment], cooldown: float = 30, max_wait: float = 60) -> ModelGroup:
    """A group whose clock stands still: whatever cools down does so until the test is over."""
    return ModelGroup(deployments, cooldown=cooldown, max_wait=max_wait, clock=lambda: 0.0)


def ask(client: Client, model: str = "chat", **parameters: object) -> str:
    return client.completion(model, HELLO, **cast("Parameters", parameters)).choices[0].message.content or ""


def test_each_deployment_gets_its_own_key() -> None:
    hosts = Hosts()
    client = hosts.client(timeless([ONE, TWO, CLAUDE]))
    for _ in range(60):
        ask(client)
    assert set(hosts.asked) == {("one.example", "key-1"), ("two.example", "key-2"), ("api.anthropic.com", "key-3")}


def test_an_outage_costs_one_attempt() -> None:
    hosts = Hosts({"one.example": 503})
    client = hosts.client(timeless([ONE, TWO]))
    for _ in range(50):
        ask(client)
    assert Counter(hosts.hosts) == {"one.example": 1, "two.example": 50}, "one failed attempt, no retries on the spot"


def test_while_one_call_tries_a_deployment_again_the_others_are_told_so() -> None:
    hosts = Hosts({"one.example": 503})
    client = hosts.client(timeless([ONE], cooldown=0))
    with pytest.raises(FallbacksExhaustedError):
        ask(client)
    hosts.failing.clear()
    busy = client.completion("chat", HELLO, stream=True)
    with busy, pytest.raises(ServiceUnavailableError, match="one is being tried again now") as told:
        ask(client)
    assert told.value.retry_after == 1, "to ask again at once is of no use"


@pytest.mark.anyio
async def test_and_asynchronously() -> None:
    hosts = Hosts({"one.example": 503})
    client = hosts.async_client(timeless([ONE, TWO]))
    for _ in range(50):
        await client.completion("chat", HELLO)
    assert Counter(hosts.hosts) == {"one.example": 1, "two.example": 50}


def test_clients_may_share_a_group_and_what_it_knows() -> None:
    hosts, group = Hosts({"one.example": 401}), timeless([ONE, TWO])
    for _ in range(20):
        ask(hosts.client(group))
    assert hosts.hosts.count("one.example") == 1


def test_what_is_wrong_with_the_request_is_raised_at_once() -> None:
    hosts = Hosts({"one.example": 400, "two.example": 400})
    group = timeless([ONE, TWO])
    with pytest.raises(BadRequestError):
        ask(hosts.client(group))
    assert len(hosts.asked) == 1
    hosts.failing.clear()
    for _ in range(20):
        ask(hosts.client(group))
    assert set(hosts.hosts[1:]) == {"one.example", "two.example"}, "no deployment was at fault"


def test_where_all_fail_each_error_is_there_and_the_next_call_is_told_when_to_come_back() -> None:
    hosts = Hosts({"one.example": 503, "two.example": 401})
    client = hosts.client(timeless([ONE, TWO], cooldown=30))
    with pytest.raises(FallbacksExhaustedError) as caught:
        ask(client)
    assert {type(error) for error in caught.value.attempts} == {ServiceUnavailableError, AuthenticationError}
    with pytest.raises(ServiceUnavailableError, match="all 2 deployments of 'chat' have failed") as told:
        ask(client)
    assert told.value.retry_after == 30
    assert len(hosts.asked) == 2


def test_num_retries_is_how_many_others_may_be_asked() -> None:
    hosts = Hosts({"one.example": 503, "two.example": 503, "api.anthropic.com": 503})
    with pytest.raises(FallbacksExhaustedError):
        ask(hosts.client(timeless([ONE, TWO, CLAUDE])), num_retries=1)
    assert len(hosts.asked) == 2


def test_a_call_asks_each_once_even_where_nobody_cools_down() -> None:
    hosts = Hosts({"one.example": 503, "two.example": 503})
    with pytest.raises(FallbacksExhaustedError):
        ask(hosts.client(timeless([ONE, TWO], cooldown=0)))
    assert sorted(hosts.hosts) == ["one.example", "two.example"]


def test_a_group_has_fallbacks() -> None:
    hosts = Hosts({"one.example": 503, "two.example": 503})
    ask(hosts.client(timeless([ONE, TWO])), fallbacks=[{"model": CLAUDE.model, "api_key": "key-4"}])
    assert hosts.asked[2] == ("api.anthropic.com", "key-4")


def test_a_group_can_be_a_fallback_and_does_not_get_the_first_models_key() -> None:
    hosts = Hosts({"three.example": 503})
    client = hosts.client(timeless([ONE]))
    ask(client, "openai:gpt-5", api_key="key-5", api_base="https://three.example/v1", num_retries=0, fallbacks=["chat"])
    assert hosts.asked == [("three.example", "key-5"), ("one.example", "key-1")]


def test_a_key_for_a_group_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="api_key is for one provider, and 'chat' is a model group"):
        ask(Hosts().client(timeless([ONE])), api_key="key-5")


def test_what_is_the_calls_does_not_belong_to_a_deployment() -> None:
    with pytest.raises(InvalidRequestError, match="fallbacks belongs to the call"):
        Deployment("openai:gpt-5", {"fallbacks": ["gemini:x"]})


def test_a_stream_holds_its_place_until_it_ends() -> None:
    group = timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=1)], max_wait=0)
    client = Hosts().client(group)
    stream = client.completion("chat", HELLO, stream=True)
    with pytest.raises(RateLimitError, match="all deployments of 'chat' that work have been at their limits"):
        ask(client)
    assert stream.completion().choices[0].message.content == "Hi"
    ask(client)


@pytest.mark.parametrize("how", ["close", "with", "drop"])
def test_a_stream_that_is_left_gives_its_place_back(how: str) -> None:
    client = Hosts().client(timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=1)], max_wait=0))
    stream = client.completion("chat", HELLO, stream=True)
    if how == "close":
        stream.close()
    elif how == "with":
        with stream:
            next(stream)
    del stream
    gc.collect()  # a stream nobody read or closed
    ask(client)


@pytest.mark.anyio
@pytest.mark.parametrize("taken", [0, 1, 2], ids=["unread", "in the middle", "whole"])
async def test_an_async_stream_gives_its_place_back_too(taken: int) -> None:
    group = timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=1)], max_wait=0)
    client = Hosts().async_client(group)
    async with await client.completion("chat", HELLO, stream=True) as stream:
        assert [await anext(stream) for _ in range(taken)] or not taken
    await client.completion("chat", HELLO)


@pytest.mark.parametrize("stops", [KeyboardInterrupt, ZeroDivisionError])
def test_a_call_that_is_stopped_gives_its_place_back(stops: type[BaseException]) -> None:
    stopping: list[BaseException] = [stops()]

    def answer(request: httpx2.Request) -> httpx2.Response:
        if stopping:
            raise stopping.pop()
        return httpx2.Response(200, content=usual_reply(request.url.path))

    group = timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=1)], max_wait=0)
    client = Client(transport=httpx2.MockTransport(answer), models={"chat": group})
    with pytest.raises(stops) as caught:
        ask(client)
    assert (ask(client), caught.tb is None) == ("Hello", False)  # while the error, and so its frames, are still here


@pytest.mark.anyio
async def test_a_cancelled_call_gives_its_place_back() -> None:
    begun = asyncio.Event()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return httpx2.Response(200, content=usual_reply(request.url.path))

    group = timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=1)], max_wait=0)
    client = AsyncClient(transport=httpx2.MockTransport(answer), models={"chat": group})
    call = asyncio.ensure_future(client.completion("chat", HELLO))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await call
    await client.completion("chat", HELLO)
    assert caught.tb is not None  # the frames are still here


def test_a_broken_stream_cools_its_deployment() -> None:
    hosts = Hosts(cut=True)
    client = hosts.client(timeless([ONE, TWO]))
    with pytest.raises(StreamInterruptedError):
        list(client.completion("chat", HELLO, stream=True))
    for _ in range(20):
        ask(client)
    assert len(set(hosts.hosts[1:])) == 1
    assert hosts.hosts[0] not in hosts.hosts[1:]


def test_a_call_waits_for_room() -> None:
    client = Hosts().client(timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=1)]))
    stream = client.completion("chat", HELLO, stream=True)
    answers: list[str] = []
    waiting = threading.Thread(target=lambda: answers.append(ask(client)))
    waiting.start()
    assert not answers
    stream.close()
    waiting.join(60)
    assert answers


@pytest.mark.anyio
async def test_calls_wait_for_room_in_their_loop() -> None:
    group = timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=3)])
    client = Hosts().async_client(group)
    answers = await asyncio.gather(*(client.completion("chat", HELLO) for _ in range(40)))
    assert len(answers) == 40


@pytest.mark.anyio
async def test_a_cancelled_wait_takes_no_place() -> None:
    client = Hosts().async_client(timeless([Deployment(ONE.model, ONE.parameters, max_concurrent=1)]))
    stream = await client.completion("chat", HELLO, stream=True)
    waiting = asyncio.ensure_future(client.completion("chat", HELLO))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await stream.close()
    await client.completion("chat", HELLO)


class City(BaseModel):
    name: str


def test_a_structured_answer_that_does_not_fit_is_nobodys_outage() -> None:
    from polyvox import StructuredOutputError

    hosts = Hosts()
    client = hosts.client(timeless([ONE, TWO]))
    with pytest.raises(StructuredOutputError):
        client.completion("chat", HELLO, response_format=City)
    assert len(hosts.asked) == 1
