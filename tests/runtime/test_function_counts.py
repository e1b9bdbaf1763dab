"""What a longer conversation and more tools add to a call, in function calls, Python's and C's: the same on every
machine, whatever its load, so that no clock is needed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

import httpx2
import pytest
from pydantic_core import from_json

from benchmarks.cases import TOOLS, WORK, Asked, Case, Object
from benchmarks.counting import calls_of
from benchmarks.subjects import our_call
from polyvox import APIConnectionError, Client
from tests.mapping.asking import HELLO

# A message of a conversation with images, calls, answers and texts, on average; and a function with a schema.
MOST: Final = {
    "openai": (45, 20),
    "groq": (45, 20),
    "anthropic": (60, 42),
    "gemini": (65, 24),
    "bedrock": (64, 32),
    "mistral": (57, 31),
    "cohere": (54, 30),
    "ollama": (64, 28),
}


def _nobody(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("nobody is there")


Given: TypeAlias = tuple[list[Object], list[Object] | None]


def _added(vendor: str, given: Callable[[int], Given]) -> tuple[float, float]:
    """Function calls for each of the items 5 to 12, and for each of the next sixteen."""
    transport = httpx2.MockTransport(_nobody)
    client = Client(api_key="key-12345", num_retries=0, transport=transport, api_base="http://127.0.0.1:9")

    def count(number: int) -> float:
        messages, tools = given(number)

        def call() -> None:
            with suppress(APIConnectionError):
                client.completion("m", messages, provider=vendor, tools=tools)

        return calls_of(call, times=1)

    few, more, many = count(4), count(12), count(28)
    return (more - few) / 8, (many - more) / 16


@pytest.mark.parametrize("vendor", MOST)
def test_each_message_costs_the_same_however_many_there_are(vendor: str) -> None:
    early, late = _added(vendor, lambda number: ([*WORK[:number], *HELLO], None))
    assert early == late <= MOST[vendor][0]


@pytest.mark.parametrize("vendor", MOST)
def test_each_tool_costs_the_same_however_many_there_are(vendor: str) -> None:
    early, late = _added(vendor, lambda number: (HELLO, TOOLS[:number]))
    assert early == late <= MOST[vendor][1]


@pytest.mark.parametrize("vendor", ["openai", "anthropic", "gemini", "bedrock"])
@pytest.mark.parametrize(
    ("asked", "tools"), [("short", 0), ("10 messages", 0), ("40 messages", 0), ("short", 4)], ids=str
)
def test_raw_httpx2_is_given_what_polyvox_sends(vendor: str, asked: Asked, tools: int) -> None:
    case = Case(vendor, asked=asked, tools=tools)
    sent: list[bytes] = []

    def seen(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.content)
        return _nobody(request)

    transport = httpx2.MockTransport(seen)
    client = Client(api_key="key-12345", num_retries=0, transport=transport, api_base="http://127.0.0.1:9")
    with suppress(APIConnectionError):
        our_call(case, "", client)()
    assert from_json(sent[0]) == case.body()
