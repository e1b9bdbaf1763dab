"""`AsyncClient`: event loops one after another and at once, cancellation, other people's clients."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import httpx
import httpx2
import pytest
from typing_extensions import override

from polyvox import (
    APIConnectionError,
    APIError,
    AsyncClient,
    Client,
    InvalidRequestError,
    Timeout,
    acompletion,
    completion,
)
from polyvox.exchange import Attempt, Request, Response, Timeouts, exchange
from tests.mapping.asking import HELLO, OPENAI_REPLY, Wire, usual_reply
from tests.runtime.socket_server import serving

if TYPE_CHECKING:
    from polyvox.async_client import AsyncHTTPClient

MODEL: Final = "openai:gpt-5"


def _answer(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, content=usual_reply(request.url.path))


def _client() -> AsyncClient:
    return AsyncClient(transport=httpx2.MockTransport(_answer), api_key="k", api_base="https://h.test", num_retries=0)


@pytest.mark.anyio
@pytest.mark.parametrize("model", ["openai:m", "anthropic:m", "gemini:m", "groq:m"])
async def test_an_asynchronous_answer_is_the_synchronous_one(model: str) -> None:
    async with _client() as client:
        answer = await client.completion(model, HELLO)
    exclude = {"id", "created"} if model.startswith(("anthropic", "gemini")) else set[str]()
    assert answer.model_dump(exclude=exclude) == Wire().ask(model).model_dump(exclude=exclude)


@pytest.mark.anyio
async def test_calls_at_once_share_the_pool() -> None:
    async with _client() as client:
        answers = await asyncio.gather(*(client.completion(MODEL, HELLO) for _ in range(20)))
        assert {answer.choices[0].message.content for answer in answers} == {"Hello"}
        assert client._pools is not None
        assert len(client._pools) == 1


@pytest.mark.anyio
async def test_openais_way_to_call() -> None:
    async with _client() as client:
        answer = await client.chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.choices[0].message.content == "Hello"


@pytest.mark.anyio
async def test_a_closed_client_opens_again() -> None:
    client = _client()
    await client.completion(MODEL, HELLO)
    await client.close()
    await client.close()
    assert (await client.completion(MODEL, HELLO)).choices[0].message.content == "Hello"
    await client.close()


async def _ask(client: AsyncClient) -> tuple[str | None, httpx2.AsyncClient]:
    answer = await client.completion(MODEL, HELLO)
    return answer.choices[0].message.content, cast("httpx2.AsyncClient", await client._http())


def test_loops_one_after_another_each_with_a_pool_that_closes_with_it() -> None:
    with serving() as vendor:
        client = AsyncClient(api_base=vendor.url, api_key="k", num_retries=0)
        pools = [asyncio.run(_ask(client)) for _ in range(3)]
    assert {text for text, _ in pools} == {"Hello"}
    assert len({id(pool) for _, pool in pools}) == 3
    assert all(pool.is_closed for _, pool in pools)
    assert (vendor.requests, len(vendor.connections)) == (3, 3)
    del pools
    gc.collect()


def test_loops_at_once() -> None:
    barrier = threading.Barrier(4)

    def run(_: int) -> str | None:
        barrier.wait()
        return asyncio.run(_ask(client))[0]

    with serving() as vendor, ThreadPoolExecutor(4) as threads:
        client = AsyncClient(api_base=vendor.url, api_key="k", num_retries=0)
        assert set(threads.map(run, range(4))) == {"Hello"}
    assert vendor.requests == 4


def test_the_default_client_in_loops_one_after_another() -> None:
    with serving() as vendor:
        for _ in range(2):
            answer = asyncio.run(acompletion(MODEL, HELLO, api_base=vendor.url, api_key="k"))
            assert answer.choices[0].message.content == "Hello"
    gc.collect()


@pytest.mark.anyio
async def test_a_synchronous_call_within_a_running_loop() -> None:
    with serving() as vendor:
        assert completion(MODEL, HELLO, api_base=vendor.url, api_key="k").choices[0].message.content == "Hello"


@pytest.mark.anyio
async def test_a_synchronous_key_callable_is_fine() -> None:
    async with _client() as client:
        assert (await client.completion(MODEL, HELLO, api_key=lambda: "k2")).choices


@dataclass
class Slow(httpx2.AsyncBaseTransport, httpx2.AsyncByteStream):
    """Answers never: neither its headers, nor (once they are there) its body."""

    headers_come: bool
    reached: asyncio.Event
    closed: int = 0

    @override
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.headers_come:
            return httpx2.Response(200, stream=self)
        self.reached.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
        self.reached.set()
        await asyncio.Event().wait()

    @override
    async def aclose(self) -> None:
        self.closed += 1


@pytest.mark.anyio
@pytest.mark.parametrize("headers_come", [True, False], ids=["in the body", "before the headers"])
async def test_cancelling_a_plain_call_leaves_nothing_open(headers_come: bool) -> None:
    transport = Slow(headers_come, asyncio.Event())
    client = AsyncClient(transport=transport, api_key="k", api_base="https://h.test")
    task = asyncio.create_task(client.completion(MODEL, HELLO))
    await transport.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.close()
    assert transport.closed >= 1


@pytest.mark.anyio
async def test_cancelling_the_reader_of_a_stream_closes_the_connection() -> None:
    transport = Slow(headers_come=True, reached=asyncio.Event())
    client = AsyncClient(transport=transport, api_key="k", api_base="https://h.test")
    stream = await client.completion(MODEL, HELLO, stream=True)

    async def read() -> list[object]:
        return [chunk async for chunk in stream]

    task = asyncio.create_task(read())
    await transport.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert transport.closed == 1
    await client.close()


@pytest.mark.anyio
async def test_cancelling_while_waiting_for_the_next_try_ends_it() -> None:
    requests = 0
    asked = asyncio.Event()

    def busy(_: httpx2.Request) -> httpx2.Response:
        nonlocal requests
        requests += 1
        asked.set()
        return httpx2.Response(429, headers={"retry-after": "30"})

    client = AsyncClient(transport=httpx2.MockTransport(busy), api_key="k", api_base="https://h.test")
    task = asyncio.create_task(client.completion(MODEL, HELLO))
    await asked.wait()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert requests == 1
    await client.close()


@pytest.mark.anyio
async def test_an_exchange_that_fails_to_read_closes_what_is_open() -> None:
    from polyvox.drivers import arun
    from polyvox.transport.connecting import open_async_http

    def read(_: Response) -> str:
        raise ZeroDivisionError

    transport = Slow(headers_come=True, reached=asyncio.Event())
    attempt = Attempt(
        provider="acme",
        model="m",
        request=Request("https://h.test/", (), b"{}", Timeouts(), stream=True),
        read=read,
        error=lambda _: APIError("no"),
    )
    http = open_async_http(transport)
    with pytest.raises(ZeroDivisionError):
        await arun(exchange([lambda: attempt], 0), http)
    assert transport.closed == 1
    await http.aclose()


# A caller's own HTTP client, of either library.
OTHERS: Final[dict[str, Callable[[Callable[[object], object]], object]]] = {
    "httpx2": lambda answer: httpx2.AsyncClient(
        transport=httpx2.MockTransport(cast("Callable[[httpx2.Request], httpx2.Response]", answer))
    ),
    "httpx": lambda answer: httpx.AsyncClient(
        transport=httpx.MockTransport(cast("Callable[[httpx.Request], httpx.Response]", answer))
    ),
}
LIBRARIES: Final = {"httpx2": httpx2, "httpx": httpx}


@pytest.mark.anyio
@pytest.mark.parametrize("library", OTHERS)
async def test_a_callers_own_client_is_used_and_not_closed(library: str) -> None:
    own = cast("AsyncHTTPClient", OTHERS[library](lambda _: LIBRARIES[library].Response(200, json=OPENAI_REPLY)))
    async with AsyncClient(http_client=own, api_key="k", api_base="https://h.test") as client:
        assert (await client.completion(MODEL, HELLO)).choices[0].message.content == "Hello"
    assert not own.is_closed
    await own.aclose()


@pytest.mark.anyio
@pytest.mark.parametrize("library", OTHERS)
@pytest.mark.parametrize(("raised", "kind"), [("ConnectError", APIConnectionError), ("ReadTimeout", Timeout)])
async def test_failures_of_either_library_are_ours(library: str, raised: str, kind: type[APIError]) -> None:
    error = getattr(LIBRARIES[library], raised)("broken")

    def answer(_: object) -> object:
        raise error

    own = cast("AsyncHTTPClient", OTHERS[library](answer))
    with pytest.raises(kind):
        await AsyncClient(http_client=own, api_key="k", api_base="https://h.test", num_retries=0).completion(
            MODEL, HELLO
        )
    await own.aclose()


def test_an_asynchronous_client_is_no_synchronous_one() -> None:
    with pytest.raises(InvalidRequestError, match="http_client is an AsyncClient; it must be a synchronous one"):
        Client(http_client=httpx2.AsyncClient())  # type: ignore[arg-type]  # the mistake
    with pytest.raises(InvalidRequestError, match="transport is a HTTPTransport; it must be an asynchronous one"):
        AsyncClient(transport=httpx2.HTTPTransport())  # type: ignore[arg-type]  # the mistake


def test_a_client_has_one_way_to_the_network() -> None:
    with pytest.raises(InvalidRequestError, match="give http_client or transport"):
        Client(http_client=httpx2.Client(), transport=httpx2.MockTransport(_answer))


def test_another_event_loop_is_told_so() -> None:
    call = AsyncClient().completion("openai:gpt-5", HELLO, api_key="k")
    with pytest.raises(InvalidRequestError, match="needs asyncio's event loop"):
        call.send(None)  # as trio would


@pytest.mark.anyio
async def test_a_machine_without_threads_is_a_connection_error() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()  # it starts none any more
    asyncio.get_running_loop().set_default_executor(executor)
    async with AsyncClient(num_retries=0) as client:
        with pytest.raises(APIConnectionError, match="could not reach http://localhost:9: cannot schedule"):
            await client.completion("openai:gpt-5", HELLO, api_key="k", api_base="http://localhost:9")
