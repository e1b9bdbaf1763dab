"""What callers sent to Mistral, as polyvox writes it; and what only Mistral counts and says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import cast

import pytest

from polyvox import APIError, Client, Stream

from .corpus import JSON, Record, needs_corpus, records
from .replay import Vendor, ask, at_once
from .test_given_back import AGAIN, nine

pytestmark = [needs_corpus, pytest.mark.block_network]


def good() -> list[Record]:
    return [record for record in records("mistral") if record.status < 300]


def test_every_fact() -> None:
    vendor = Vendor()
    with Client(transport=vendor, api_key="a-key", api_base="https://h.test", num_retries=0) as client:
        for record in good():
            vendor.record = record
            completion = ask(client, record).completion
            assert completion is not None
            told = at_once(record)
            assert completion.created == (told["created"] or completion.created), record.id
            usage = told["usage"]
            details: JSON = usage.get("prompt_tokens_details") or {}
            cached: int | None = details.get("cached_tokens", usage.get("num_cached_tokens"))
            assert completion.usage is not None
            counted = completion.usage.prompt_tokens_details
            assert (counted.cached_tokens if counted else None) == cached, record.id
            for choice, said in zip(completion.choices, told["choices"], strict=True):
                assert choice.provider_specific_fields["native_finish_reason"] == said["finish_reason"], record.id
    assert len(good()) == 166


def test_every_error_has_its_type_as_code() -> None:
    vendor = Vendor()
    failed = [record for record in records("mistral") if record.status >= 300]
    with Client(transport=vendor, api_key="a-key", api_base="https://h.test", num_retries=0) as client:
        for record in failed:
            vendor.record = record
            error = ask(client, record).error
            assert isinstance(error, APIError)
            told = record.raw["response_json"]
            assert (error.message, error.code) == (told.get("message", told.get("detail")), told.get("type"))
    assert len(failed) == 5


# --- requests ---------------------------------------------------------------------------------------------------------


RENAMED = {"random_seed": "seed"}


def parameters_of(request: JSON) -> JSON:
    """The call that a recorded request amounts to."""
    named = {RENAMED.get(key, key): value for key, value in request.items() if value is not None}
    for message in named["messages"]:
        for number, call in enumerate(message.get("tool_calls") or ()):
            call["id"] = call.get("id") or f"call_{number}"
    return named


def as_sent(request: JSON) -> JSON:
    """A recorded request as polyvox writes it: without what says nothing, and each thing in one form."""
    body = {key: value for key, value in request.items() if value is not None and (key, value) != ("stream", False)}
    body["messages"] = [_turn_as_sent(message) for message in body["messages"]]
    if body.get("tool_choice") == "required":
        body["tool_choice"] = "any"
    for tool in body.get("tools", ()):
        tool["type"] = "function"
        if not tool["function"].get("description"):
            tool["function"].pop("description", None)
    return body


def _turn_as_sent(message: JSON) -> JSON:
    turn = {key: value for key, value in message.items() if value or key in ("prefix", "content")}
    if message["role"] == "assistant" and not message.get("content"):
        turn.pop("content", None)
    if "tool_calls" in turn:
        turn["tool_calls"] = [
            {"id": nine(call["id"]), "type": "function", "function": call["function"]} for call in turn["tool_calls"]
        ]
    if "tool_call_id" in turn:
        turn["tool_call_id"] = nine(turn["tool_call_id"])
    if isinstance(turn.get("content"), list):
        turn["content"] = [_part_as_sent(part) for part in turn["content"]]
    return turn


def _part_as_sent(part: JSON) -> JSON:
    kind = part["type"]
    payload: JSON | str = part[kind]
    if isinstance(payload, str) or kind not in ("image_url", "input_audio"):
        return part
    if kind == "input_audio":
        return {**part, kind: payload["data"]}
    return {**part, kind: payload["url"]} if payload.keys() == {"url"} else part


DONE = Record({**AGAIN["openai_chat"].raw, "tags": ["stream"], "response_text": "data: [DONE]\n\n"})


def test_every_request() -> None:
    vendor = Vendor()
    asked = [request for record in records("mistral") if (request := record.request)]
    with Client(transport=vendor, api_key="a-key", api_base="https://h.test", num_retries=0) as client:
        complete = cast("Callable[..., object]", client.completion)
        for request in asked:
            wanted, call = as_sent(copied(request)), parameters_of(copied(request))
            vendor.record = DONE if call.get("stream") else AGAIN["openai_chat"]
            reply = complete(provider="mistral", **call)
            if isinstance(reply, Stream):
                reply.close()
            assert json.loads(vendor.sent[-1].content) == wanted
    assert len(asked) == 159


def copied(document: JSON) -> JSON:
    return cast("JSON", json.loads(json.dumps(document)))
