"""`model_list`: several models asked at once; the first answer wins, and the others are stopped."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import httpx
import httpx2
import pytest
from pydantic import BaseModel
from typing_extensions import override

from polyvox import (
    APIConnectionError,
    AsyncClient,
    Client,
    FallbacksExhaustedError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    UnsupportedParamsError,
)
from tests.mapping.asking import HELLO, Json, as_bytes, usual_reply
from tests.serving import at_work

QUICK: Final = "openai:quick"
SLOW: Final = "openai:slow"


@dataclass
class Vendor:
    """A vendor that answers the model `quick` at once, `slow` never, and others with the status that is their name."""

    url: str = ""
    asked: list[Json] = field(default_factory=list[Json])
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Counts the callers that went away while `slow` was thinking."""
    thinking: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Counts the calls that `slow` thinks about."""
    wait_for_slow: bool = True
    """Whether `quick` answers only when `slow` is thinking, so that there is somebody to stop."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: Vendor

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.vendor.asked.append(asked)
        if asked["model"] == "slow":
            self._think(stream=bool(asked.get("stream")))
        elif asked["model"].isdigit():
            self._answer(int(asked["model"]), b'{"error": {"message": "no"}}')
        else:
            if self.vendor.wait_for_slow:
                assert self.vendor.thinking.acquire(timeout=60)
            chunk = {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}]}
            stream = b"data: " + as_bytes(chunk) + b"\n\ndata: [DONE]\n\n"
            self._answer(200, stream if asked.get("stream") else usual_reply(self.path))

    def _think(self, *, stream: bool) -> None:
        if stream:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.flush()
        self.vendor.thinking.release()
        try:
            gone = self.connection.recv(1) == b""
        except OSError:
            gone = True
        if gone:
            self.vendor.left.release()
        self.close_connection = True

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no error here."""


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A vendor with real sockets."""
    handler = type("Handler", (_Handler,), {"vendor": Vendor()})
    with _Server(("127.0.0.1", 0), handler) as server:
        found: Vendor = handler.vendor  # type: ignore[attr-defined]  # of the class above
        found.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        with at_work(server):
            yield found


def _client(vendor: Vendor) -> Client:
    return Client(api_base=vendor.url, api_key="k", num_retries=0)


def _async_client(vendor: Vendor) -> AsyncClient:
    return AsyncClient(api_base=vendor.url, api_key="k", num_retries=0)


def _has_left(vendor: Vendor) -> bool:
    return vendor.left.acquire(timeout=60)


@pytest.mark.parametrize("order", [[QUICK, SLOW], [SLOW, QUICK]])
def test_the_first_answer_wins_and_the_other_is_stopped(vendor: Vendor, order: list[str]) -> None:
    with _client(vendor) as client:
        answer = client.completion("openai:any", HELLO, model_list=order)
        assert answer.choices[0].message.content == "Hello"
        assert _has_left(vendor)
    assert {str(one["model"]) for one in vendor.asked} == {"quick", "slow"}


@pytest.mark.anyio
async def test_the_same_asynchronously(vendor: Vendor) -> None:
    before = asyncio.all_tasks()
    async with _async_client(vendor) as client:
        answer = await client.completion("openai:any", HELLO, model_list=[SLOW, QUICK])
        assert answer.choices[0].message.content == "Hello"
        assert await asyncio.to_thread(_has_left, vendor)
        assert asyncio.all_tasks() == before


def test_a_stream_counts_from_its_first_chunk(vendor: Vendor) -> None:
    with _client(vendor) as client, client.completion("openai:any", HELLO, model_list=[SLOW, QUICK], stream=True) as it:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in it) == "Hello"
        assert it.completion().choices[0].message.content == "Hello"
        assert _has_left(vendor)


@pytest.mark.anyio
async def test_an_asynchronous_stream_counts_from_its_first_chunk(vendor: Vendor) -> None:
    async with _async_client(vendor) as client:
        stream = await client.completion("openai:any", HELLO, model_list=[SLOW, QUICK], stream=True)
        assert [chunk.choices[0].delta.content async for chunk in stream if chunk.choices[0].delta.content] == ["Hello"]
        assert await asyncio.to_thread(_has_left, vendor)


def test_a_failure_is_no_answer(vendor: Vendor) -> None:
    vendor.wait_for_slow = False
    with _client(vendor) as client:
        answer = client.completion("openai:any", HELLO, model_list=["openai:500", "openai:404", QUICK])
    assert answer.choices[0].message.content == "Hello"


def test_a_call_without_any_answer_has_each_models_error(vendor: Vendor) -> None:
    with _client(vendor) as client, pytest.raises(FallbacksExhaustedError, match="all 2 models failed") as caught:
        client.completion("openai:any", HELLO, model_list=["openai:404", "openai:429"])
    assert [type(error) for error in caught.value.attempts] == [NotFoundError, RateLimitError]


@pytest.mark.anyio
async def test_a_call_without_any_answer_asynchronously(vendor: Vendor) -> None:
    async with _async_client(vendor) as client:
        with pytest.raises(FallbacksExhaustedError) as caught:
            await client.completion("openai:any", HELLO, model_list=["openai:404", "openai:429"], stream=True)
    assert [type(error) for error in caught.value.attempts] == [NotFoundError, RateLimitError]


@pytest.mark.anyio
async def test_a_cancelled_call_stops_all(vendor: Vendor) -> None:
    async with _async_client(vendor) as client:
        call = asyncio.create_task(client.completion("openai:any", HELLO, model_list=[SLOW, SLOW]))
        for _ in range(2):
            assert await asyncio.to_thread(vendor.thinking.acquire, timeout=60)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        for _ in range(2):
            assert await asyncio.to_thread(_has_left, vendor)


def test_what_is_wrong_with_one_models_call_is_that_models_failure(vendor: Vendor) -> None:
    vendor.wait_for_slow = False
    with _client(vendor) as client:
        answer = client.completion("openai:any", HELLO, seed=7, model_list=["anthropic:m", QUICK], api_base=vendor.url)
        assert answer.provider == "openai"
        with pytest.raises(FallbacksExhaustedError) as caught:
            client.completion("openai:any", HELLO, seed=7, model_list=["anthropic:m"])
    assert isinstance(caught.value.attempts[0], UnsupportedParamsError)


@dataclass
class Wire:
    """Every vendor, in one process."""

    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def client(self) -> Client:
        return Client(transport=httpx2.MockTransport(self.answer))


LITELLM: Final[list[Json]] = [
    {"model_name": "gpt-4", "litellm_params": {"model": "azure/my-gpt", "api_key": "k1", "api_base": "https://a.test"}},
    {"model_name": "gpt-4", "litellm_params": {"model": "gpt-4", "api_key": "k2", "temperature": 0.5}},
    {"model_name": "gpt-3.5-turbo", "litellm_params": {"model": "gpt-3.5-turbo", "api_key": "k3"}},
]


def test_litellms_deployments_of_the_model_are_asked_each_with_its_own_parameters() -> None:
    barrier = threading.Barrier(2)
    wire = Wire()

    def answer(request: httpx2.Request) -> httpx2.Response:
        reply = wire.answer(request)
        barrier.wait(60)  # both are asked before one is answered
        return reply

    with Client(transport=httpx2.MockTransport(answer)) as client:
        client.completion("gpt-4", HELLO, model_list=LITELLM, max_tokens=9)
    keys = {one.url.host: one.headers.get("authorization") or one.headers["api-key"] for one in wire.requests}
    assert keys == {"a.test": "k1", "api.openai.com": "Bearer k2"}
    bodies = [json.loads(one.content) for one in wire.requests]
    assert sorted(body.get("temperature", 0) for body in bodies) == [0, 0.5]
    assert all(9 in body.values() for body in bodies)


def test_no_deployment_of_the_model() -> None:
    wire = Wire()
    for listed in (LITELLM[:2], []):
        with pytest.raises(InvalidRequestError, match="no deployment with model_name 'gpt-5'"):
            wire.client().completion("gpt-5", HELLO, model_list=listed)
    assert wire.requests == []


@pytest.mark.parametrize("entry", [{"litellm_params": {}}, {"name": "gpt-4"}, 3])
def test_an_entry_that_names_no_model(entry: object) -> None:
    with pytest.raises(InvalidRequestError, match="a deployment is a model name or a mapping with 'model'"):
        Wire().client().completion("gpt-4", HELLO, model_list=[entry])  # type: ignore[list-item]  # what is tested


def test_fallbacks_beside_it_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="give one of them"):
        Wire().client().completion("gpt-4", HELLO, model_list=[QUICK], fallbacks=["gpt-5"])


class City(BaseModel):
    """What is asked for."""

    name: str


def test_a_race_for_an_object() -> None:
    mocked: list[Json] = [{"model": "gpt-4", "mock_response": '{"name": "Oslo"}'}]
    answer = Client().completion("gpt-4", HELLO, model_list=mocked, response_format=City)
    assert answer.choices[0].message.parsed == City(name="Oslo")


LIBRARIES: Final[dict[str, Callable[[], httpx2.Client | httpx.Client]]] = {
    "httpx2": httpx2.Client,
    "httpx": httpx.Client,
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_callers_own_http_client(vendor: Vendor, library: str) -> None:
    with LIBRARIES[library]() as own:
        client = Client(http_client=own, api_base=vendor.url, api_key="k", num_retries=0)
        answer = client.completion("openai:any", HELLO, model_list=[SLOW, QUICK])
        assert answer.choices[0].message.content == "Hello"
        assert _has_left(vendor)


def test_a_racer_that_has_lost_before_it_connects_sends_nothing() -> None:
    from polyvox.racing import Interruptible, Lost

    wire = Wire()
    racer = Interruptible(wire.client()._http())
    request = racer.build_request("POST", "https://h.test", headers=(), content=b"", extensions={})
    racer.stop()
    with pytest.raises(Lost):
        racer.send(request, stream=True, follow_redirects=False)
    assert wire.requests == []


def test_a_connection_that_opens_too_late_is_shut() -> None:
    from polyvox.racing import Interruptible

    class NetworkStream:
        def get_extra_info(self, info: str) -> object:
            return ours if info == "socket" else None

    ours, theirs = socket.socketpair()
    with ours, theirs:
        racer = Interruptible(Wire().client()._http())
        racer.stop()
        racer._trace("connection.connect_tcp.complete", {"return_value": NetworkStream()})
        assert theirs.recv(1) == b""


def test_a_machine_that_starts_no_more_threads() -> None:
    before = threading.stack_size(2**47)  # more than there are addresses
    try:
        with Client() as client, pytest.raises(FallbacksExhaustedError, match="it could not be asked") as caught:
            client.completion("openai:a", HELLO, model_list=["openai:a", "openai:b"], api_key="k")
    finally:
        threading.stack_size(before)
    assert [type(error) for error in caught.value.attempts] == [APIConnectionError, APIConnectionError]
