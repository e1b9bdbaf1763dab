"""Who is measured: polyvox, and the least that anybody would write by hand for the same answer.

Raw means `httpx2.Client.post(url, json=...)`, then `.json()`; "raw + model" validates the reply with one pydantic model
of the same fields, which is what a caller who wants types has to do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import httpx2
from pydantic import BaseModel

from polyvox import AsyncClient, Client
from polyvox_wire.anthropic.responses import Message
from polyvox_wire.chat.responses import ChatCompletion, ChatCompletionChunk
from polyvox_wire.gemini.responses import GenerateContentResponse

MESSAGES = [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "Say something."}]
_BODIES: dict[str, tuple[str, dict[str, object]]] = {
    "openai": ("/v1/chat/completions", {"model": "gpt-bench", "messages": MESSAGES, "temperature": 0.2}),
    "anthropic": ("/v1/messages", {"model": "claude-bench", "messages": MESSAGES[1:], "max_tokens": 4096}),
    "gemini": (
        "/v1beta/models/gemini-bench:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "x"}]}]},
    ),
}
_MODELS: dict[str, type[BaseModel]] = {
    "openai": ChatCompletion,
    "anthropic": Message,
    "gemini": GenerateContentResponse,
}
_HEADERS = {"authorization": "Bearer bench"}


@dataclass(frozen=True, slots=True)
class Subject:
    """One way to make a call: runs `count` of them."""

    name: str
    group: str
    run: Callable[[int], None]
    per: int = 1
    """How many units (chunks) one call has."""


def _raw(base: str, vendor: str, model: type[BaseModel] | None) -> Callable[[int], None]:
    client = httpx2.Client()
    path, body = _BODIES[vendor]

    def run(count: int) -> None:
        for _ in range(count):
            found: dict[str, object] = client.post(base + path, json=body, headers=_HEADERS).json()
            if model is not None:
                model.model_validate(found)

    return run


def _ours(base: str, vendor: str) -> Callable[[int], None]:
    client = Client(api_key="bench", api_base=base + {"openai": "/v1", "anthropic": "", "gemini": "/v1beta"}[vendor])
    model = str(_BODIES[vendor][1].get("model", "gemini-bench"))

    def run(count: int) -> None:
        for _ in range(count):
            client.completion(model, MESSAGES, provider=vendor, temperature=0.2)

    return run


def _raw_async(base: str, vendor: str, in_flight: int) -> Callable[[int], None]:
    path, body = _BODIES[vendor]

    async def all_of(count: int) -> None:
        async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None)) as client:

            async def some() -> None:
                for _ in range(count // in_flight):
                    (await client.post(base + path, json=body, headers=_HEADERS)).json()

            await asyncio.gather(*(some() for _ in range(in_flight)))

    return lambda count: asyncio.run(all_of(max(count, in_flight)))


def _ours_async(base: str, vendor: str, in_flight: int) -> Callable[[int], None]:
    async def all_of(count: int) -> None:
        async with AsyncClient(api_key="bench", api_base=f"{base}/v1") as client:

            async def some() -> None:
                for _ in range(count // in_flight):
                    await client.completion("gpt-bench", MESSAGES, provider=vendor, temperature=0.2)

            await asyncio.gather(*(some() for _ in range(in_flight)))

    return lambda count: asyncio.run(all_of(max(count, in_flight)))


def _raw_stream(base: str, vendor: str, model: type[ChatCompletionChunk] | None) -> Callable[[int], None]:
    client = httpx2.Client()
    path, body = _BODIES[vendor]

    def run(count: int) -> None:
        for _ in range(count):
            with client.stream("POST", base + path, json={**body, "stream": True}, headers=_HEADERS) as reply:
                for line in reply.iter_lines():
                    if line.startswith("data: ") and line != "data: [DONE]":
                        found: dict[str, object] = json.loads(line[6:])
                        if model is not None:
                            model.model_validate(found)

    return run


def _ours_stream(base: str, vendor: str) -> Callable[[int], None]:
    client = Client(api_key="bench", api_base=base + {"openai": "/v1", "anthropic": ""}[vendor])

    def run(count: int) -> None:
        for _ in range(count):
            for _chunk in client.completion("bench", MESSAGES, provider=vendor, stream=True):
                pass

    return run


def subjects(base: str, chunks: int) -> list[Subject]:
    """All of them. The first of a group is what the others are compared to."""
    found: list[Subject] = []
    for vendor in ("openai", "anthropic", "gemini"):
        found.append(Subject("raw httpx2 + json", f"{vendor}, sync", _raw(base, vendor, None)))
        found.append(Subject("raw httpx2 + json + model", f"{vendor}, sync", _raw(base, vendor, _MODELS[vendor])))
        found.append(Subject("polyvox", f"{vendor}, sync", _ours(base, vendor)))
    for in_flight in (1, 50):
        group = f"openai, async, {in_flight} in flight"
        found.append(Subject("raw httpx2 + json", group, _raw_async(base, "openai", in_flight)))
        found.append(Subject("polyvox", group, _ours_async(base, "openai", in_flight)))
    for vendor in ("openai", "anthropic"):
        group = f"{vendor}, stream, per chunk"
        found.append(Subject("raw httpx2 + json", group, _raw_stream(base, vendor, None), chunks))
        if vendor == "openai":
            raw_typed = _raw_stream(base, vendor, ChatCompletionChunk)
            found.append(Subject("raw httpx2 + json + model", group, raw_typed, chunks))
        found.append(Subject("polyvox", group, _ours_stream(base, vendor), chunks))
    return found
