"""What Bedrock's InvokeModel answered: each model's own body. Anthropic's are the Messages API's, and read as such."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Final, NamedTuple

import pytest

from polyvox import Client

from .corpus import INVOKE, JSON, Record, every_record, needs_corpus, report
from .expected import expected, frames
from .replay import HOST, Vendor, ask, differences

pytestmark = [needs_corpus, pytest.mark.block_network]

# Made by hand for a test of its source: a message without `usage`.
WITHOUT_USAGE: Final = "d78ee1d3fdca9e28"


def inner_events(record: Record) -> list[JSON]:
    """What the frames hold: the model's own events."""
    return [json.loads(base64.b64decode(event["chunk"]["bytes"])) for event in frames(record.body)]


def is_anthropic(record: Record) -> bool:
    """Whether it is a message of the Messages API, or the events of one."""
    if record.streamed:
        return inner_events(record)[0].get("type") == "message_start"
    return bool(json.loads(record.body).get("type") == "message")


def as_anthropic(record: Record) -> Record:
    """The exchange, had Anthropic itself answered."""
    plain: JSON = {**record.raw, "provider": "anthropic", "wire": "anthropic_messages", "response_headers": {}}
    if record.streamed:
        named = (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in inner_events(record))
        plain |= {"response_b64": None, "response_text": "".join(named)}
    return Record(plain)


class Invoked(NamedTuple):
    """The exchanges, by what can be made of them."""

    errors: list[Record]
    anthropic: list[Record]
    not_chat: list[Record]
    """Bodies of models' own, which no chat API of ours has: Titan's, Nova's, Llama's, Cohere's, Mistral's, AI21's,
    gpt-oss's, and completions of Claude 2."""


@cache
def invoked() -> Invoked:
    """All of them, each in one place."""
    found = Invoked([], [], [])
    for record in every_record("bedrock"):
        if record.wire == INVOKE:
            answered = found.anthropic if record.status < 300 and is_anthropic(record) else found.not_chat
            (found.errors if record.status >= 300 else answered).append(record)
    return found


def test_every_invocation_is_accounted_for() -> None:
    assert [len(group) for group in invoked()] == [16, 73, 91]


def replayed(record: Record) -> list[str]:
    """What is not as it must be."""
    vendor = Vendor()
    vendor.record = record
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        outcome = ask(client, record)
    wanted = expected(record.wire, record.status, record.headers, record.body, record.streamed)
    return [f"{record.id} {line}" for line in differences(record, wanted, outcome)]


def test_every_anthropic_body_is_read_as_anthropics() -> None:
    chosen = [as_anthropic(record) for record in invoked().anthropic if record.id != WITHOUT_USAGE]
    found = [line for record in chosen for line in replayed(record)]
    assert not found, report(found, len(chosen))


def test_every_error_of_the_runtime_is_bedrocks() -> None:
    chosen = [Record({**record.raw, "wire": "bedrock_converse"}) for record in invoked().errors]
    found = [line for record in chosen for line in replayed(record)]
    assert not found, report(found, len(chosen))


def test_a_message_without_usage() -> None:
    (record,) = [as_anthropic(record) for record in invoked().anthropic if record.id == WITHOUT_USAGE]
    vendor = Vendor()
    vendor.record = record
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        outcome = ask(client, record)
    assert outcome.error is None
    assert outcome.completion is not None
    assert outcome.completion.usage is None
