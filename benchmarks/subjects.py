"""Who is measured: polyvox, and the least that anybody would write by hand for the same answer.

Raw means `httpx2.Client.post(url, json=...)`, then `.json()`; a raw stream means `client.stream`, `iter_lines` and
`json.loads`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from time import process_time

import httpx2

from polyvox import AsyncClient, Client
from polyvox.aiohttp_transport import AiohttpTransport

from .cases import MESSAGES, Case
from .replies import LENGTHS
from .timing import Run, timed

_HEADERS = {"authorization": "Bearer bench-key-1234"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One way to make a call."""

    group: str
    """What is measured, e.g. `sync, openai, 1 kB`. The first subject of a group is what the others are compared to."""
    name: str
    run: Run
    per: int = 1
    """How many units (chunks) one call has."""
    weight: float = 1.0
    """How many calls of a plain batch one of these is worth."""


def raw_call(case: Case, server: str) -> Callable[[], object]:
    """One call by hand."""
    client = httpx2.Client()
    url, body = case.url(server), case.body()
    return lambda: client.post(url, json=body, headers=_HEADERS).json()


def our_call(case: Case, server: str, client: Client | None = None) -> Callable[[], object]:
    """The same by polyvox."""
    client = client or Client(api_key="bench-key-1234", api_base=case.base(server))
    provider, messages, tools = case.vendor, case.messages, case.functions
    if tools:
        return lambda: client.completion("bench", messages, provider=provider, temperature=0.2, tools=tools)
    return lambda: client.completion("bench", messages, provider=provider, temperature=0.2)


def _documents(lines: Iterator[str]) -> Iterator[object]:
    for line in lines:
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line[6:])


async def _async_documents(lines: AsyncIterator[str]) -> AsyncIterator[object]:
    async for line in lines:
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line[6:])


def raw_stream(case: Case, server: str) -> Callable[[], float]:
    """One stream by hand; gives the moment of its first chunk."""
    client = httpx2.Client()
    url, body = case.url(server), case.body()

    def call() -> float:
        first = 0.0
        with client.stream("POST", url, json=body, headers=_HEADERS) as reply:
            for _ in _documents(reply.iter_lines()):
                first = first or process_time()
        return first

    return call


def our_stream(case: Case, server: str) -> Callable[[], float]:
    """The same by polyvox."""
    client = Client(api_key="bench-key-1234", api_base=case.base(server))

    def call() -> float:
        first = 0.0
        for _ in client.completion("bench", MESSAGES, provider=case.vendor, temperature=0.2, stream=True):
            first = first or process_time()
        return first

    return call


def _first(call: Callable[[], float]) -> Run:
    """Only the time to the first chunk counts; the rest is read too, so that the connection is kept."""

    def run(count: int) -> float:
        spent = 0.0
        for _ in range(count):
            started = process_time()
            spent += call() - started
        return spent

    return run


def _gathered(call: Callable[[], Awaitable[object]], count: int, in_flight: int) -> Awaitable[object]:
    async def some() -> None:
        for _ in range(count // in_flight):
            await call()

    return asyncio.gather(*(some() for _ in range(in_flight)))


def _async_run(
    make: Callable[[], tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[None]]]], in_flight: int
) -> Run:
    """Calls in a loop of their own: connections are opened before the clock starts."""

    async def all_of(count: int) -> float:
        call, close = make()
        await _gathered(call, in_flight, in_flight)
        started = process_time()
        await _gathered(call, max(count, in_flight), in_flight)
        spent = process_time() - started
        await close()
        return spent * count / (max(count, in_flight) // in_flight * in_flight)

    return lambda count: asyncio.run(all_of(count))


def raw_async(case: Case, server: str, in_flight: int) -> Run:
    """Calls by hand, so many at once."""
    url, body = case.url(server), case.body()

    def make() -> tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[None]]]:
        client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None))

        async def call() -> object:
            if not case.stream:
                return (await client.post(url, json=body, headers=_HEADERS)).json()
            async with client.stream("POST", url, json=body, headers=_HEADERS) as reply:
                async for _ in _async_documents(reply.aiter_lines()):
                    pass
            return None

        return call, client.aclose

    return _async_run(make, in_flight)


def our_async(
    case: Case, server: str, in_flight: int, transport: Callable[[], httpx2.AsyncBaseTransport | None] = lambda: None
) -> Run:
    """The same by polyvox."""
    base = case.base(server)

    def make() -> tuple[Callable[[], Awaitable[object]], Callable[[], Awaitable[None]]]:
        client = AsyncClient(api_key="bench-key-1234", api_base=base, transport=transport())

        async def call() -> object:
            if not case.stream:
                return await client.completion("bench", MESSAGES, provider=case.vendor, temperature=0.2)
            async for _ in await client.completion("bench", MESSAGES, provider=case.vendor, stream=True):
                pass
            return None

        return call, client.close

    return _async_run(make, in_flight)


def _sync(server: str) -> Iterator[Subject]:
    for vendor in ("openai", "anthropic", "gemini", "bedrock"):
        cases = {
            "1 kB": Case(vendor),
            "20 kB": Case(vendor, reply="20kB"),
            "10 messages": Case(vendor, asked="10 messages"),
            "4 tools": Case(vendor, tools=4),
            "40 messages": Case(vendor, asked="40 messages"),
            "40 tools": Case(vendor, tools=40),
        }
        for name, case in cases.items():
            yield Subject(f"sync, {vendor}, {name}", "raw httpx2", timed(raw_call(case, server)))
            yield Subject(f"sync, {vendor}, {name}", "polyvox", timed(our_call(case, server)))


def _async(server: str) -> Iterator[Subject]:
    case = Case("openai")
    for vendor, in_flight in (("openai", 1), ("openai", 50), ("openai", 200), ("anthropic", 1), ("anthropic", 50)):
        group, weight = f"async, {vendor}, {in_flight} in flight", {1: 1.0, 50: 2.0, 200: 6.0}[in_flight]
        yield Subject(group, "raw httpx2", raw_async(Case(vendor), server, in_flight), weight=weight)
        yield Subject(group, "polyvox", our_async(Case(vendor), server, in_flight), weight=weight)
    group = "async with aiohttp, openai, 200 in flight"
    yield Subject(group, "raw httpx2", raw_async(case, server, 200), weight=6.0)
    yield Subject(group, "polyvox", our_async(case, server, 200, AiohttpTransport), weight=6.0)


def _streams(server: str) -> Iterator[Subject]:
    for length in LENGTHS:
        for vendor in ("openai", "anthropic", "gemini"):
            case, weight = Case(vendor, reply=str(length), stream=True), 10 / length
            group = f"stream, sync, {vendor}, {length} chunks"
            yield Subject(group, "raw httpx2", timed(raw_stream(case, server)), length, weight)
            yield Subject(group, "polyvox", timed(our_stream(case, server)), length, weight)
            group = f"stream, async, {vendor}, {length} chunks"
            yield Subject(group, "raw httpx2", raw_async(case, server, 1), length, weight)
            yield Subject(group, "polyvox", our_async(case, server, 1), length, weight)


def _firsts(server: str) -> Iterator[Subject]:
    for vendor in ("openai", "anthropic"):
        case = Case(vendor, reply="200", stream=True)
        yield Subject(f"first chunk, {vendor}", "raw httpx2", _first(raw_stream(case, server)), weight=0.1)
        yield Subject(f"first chunk, {vendor}", "polyvox", _first(our_stream(case, server)), weight=0.1)


def subjects(server: str) -> list[Subject]:
    """All of them."""
    return [*_sync(server), *_async(server), *_streams(server), *_firsts(server)]
