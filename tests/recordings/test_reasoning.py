"""What a model thought goes back to it letter for letter: thoughts, signatures, and what it keeps encrypted.

Every recorded answer that has any (1195), whole or streamed, put back as the message object, as its `model_dump()`, and
as a dict from JSON. `test_given_back.py` compares the turns whole; here each text that a vendor signed or sealed must
stand in the next request, and nothing that it calls a thought may be missing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final, cast

import pytest

from polyvox import ChatCompletion, Client, Message
from polyvox.results import ChatCompletionMessage

from .corpus import FILES, JSON, Record, needs_corpus, records, report
from .replay import HOST, MESSAGES, Vendor, ask, at_once
from .test_given_back import AGAIN

pytestmark = [needs_corpus, pytest.mark.block_network]

# What a vendor signs or seals, by its key.
SEALED: Final = frozenset({"signature", "thoughtSignature", "redactedContent", "encrypted_content", "encrypted_stdout"})
# What it says that its model thought.
TOLD: Final = frozenset({"thinking", "reasoning_content", "reasoning", "summary"})
# File -> of how many answers each vendor gets thoughts or seals back. Some sign what models think, some only tell it.
ANSWERS: Final[Mapping[str, Mapping[str, int]]] = {
    "alibaba": {"alibaba": 1},
    "anthropic": {"anthropic": 131},
    "avian": {"avian": 4},
    "azure": {"azureanthropic": 9, "azure": 16},
    "bedrock": {"bedrock": 13, "bedrock_mantle": 1},
    "cerebras": {"cerebras": 14},
    "cohere": {"cohere": 9},
    "crusoe": {"crusoe": 3},
    "deepseek": {"deepseek": 49},
    "doubleword": {"doubleword": 38},
    "gemini": {"gemini": 304},
    "groq": {"groq": 42},
    "llamacpp": {"llamacpp": 30},
    "local_openai": {"local_openai": 2},
    "mistral": {"mistral": 9},
    "ollama": {"ollama": 10, "openai_like": 37},
    "openrouter": {"openrouter": 289},
    "snowflake": {"snowflake": 1},
    "venice": {"venice": 8},
    "vercel": {"vercel": 12},
    "vertex": {"vertexai": 85, "vertexaianthropic": 3},
    "xai": {"xai": 37},
    "zai": {"zai": 38},
}


def kept(value: object, key: str = "") -> Iterator[str]:
    """Every text of an answer that must go back as it is."""
    if isinstance(value, str):
        if key in SEALED | TOLD and value:
            yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from kept(item, key)
    elif isinstance(value, dict):
        yield from _of_block(cast("JSON", value), key)


def _of_block(block: JSON, key: str) -> Iterator[str]:
    if block.get("type") in ("redacted_thinking", "reasoning.encrypted"):
        yield str(block.get("data"))
    signed = key == "reasoningText" and block.get("signature")  # Bedrock takes only those back
    if block.get("text") and (signed or key in ("thinking", "reasoning_details") or block.get("thought") is True):
        yield str(block["text"])
    for name, item in block.items():
        yield from kept(item, name)


def texts(value: object) -> Iterator[str]:
    """Every text of a request."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from texts(item)
    elif isinstance(value, dict):
        yield from texts(list(cast("JSON", value).values()))


FORMS: Final[Mapping[str, Callable[[ChatCompletionMessage], Message]]] = {
    "object": lambda message: message,
    "dict": lambda message: message.model_dump(),
    "JSON": lambda message: cast("Message", json.loads(message.model_dump_json())),
}


def thoughtful(client: Client, vendor: Vendor, file: str) -> Iterator[tuple[Record, ChatCompletion]]:
    """The answers of a file that have thoughts or seals."""
    for record in records(file):
        vendor.record = record
        completion = ask(client, record).completion if record.status < 300 and record.wire in AGAIN else None
        if completion is not None and any(kept(at_once(record))):
            yield record, completion


def lost(client: Client, vendor: Vendor, record: Record, messages: list[Message]) -> list[str]:
    """What of this answer is not in the next request."""
    vendor.record = AGAIN[record.wire]
    client.completion(record.model, [*MESSAGES, *messages, *MESSAGES], provider=record.provider)
    said = "\n".join(texts(json.loads(vendor.sent[-1].content)))
    return [text for text in kept(at_once(record)) if text not in said]


@pytest.mark.parametrize("file", FILES)
def test_goes_back_letter_for_letter(file: str) -> None:
    vendor, found, counted = Vendor(), list[str](), Counter[str]()
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        for record, completion in thoughtful(client, vendor, file):
            counted[record.provider] += 1
            for name, form in FORMS.items():
                messages = [form(choice.message) for choice in completion.choices]
                found += [f"{record.id} as {name}: {text[:80]!r}" for text in lost(client, vendor, record, messages)]
    assert not found, report(found, counted.total())
    assert counted == ANSWERS.get(file, {})
