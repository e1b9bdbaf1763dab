"""An answer, appended to the messages of the next call, gives the vendor back what it sent.

Every block and part, thinking and signatures, calls and their ids, whether the answer came whole or streamed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import pytest

from polyvox import Client

from .corpus import FILES, JSON, OPENAI_WIRES, Record, needs_corpus, records, report
from .expected import fold_gemini, joined
from .replay import HOST, MESSAGES, Vendor, ask, at_once, places, without_nothing

pytestmark = [needs_corpus, pytest.mark.block_network]

# What an answer has and a request has not.
NOT_BACK: Final = frozenset({"annotations", "index"})
# Of a streamed answer nothing else is looked at: what more a delta has (`token_id`, `channel`) is no part of a message.
OF_STREAMS: Final = frozenset(
    {"role", "content", "tool_calls", "function_call", "refusal", "reasoning", "reasoning_content", "reasoning_details"}
)


def came(record: Record, index: int) -> object:
    """What the vendor sent as one choice, as it must go back; None for nothing, which no vendor takes back."""
    reply = at_once(record)
    match record.wire:
        case "anthropic_messages":
            said: list[JSON] = [block for block in reply["content"] if block != {"type": "text", "text": ""}]
            return [anthropic_block(block) for block in said] or None  # empty texts are refused, too
        case "gemini":
            candidates: list[JSON] = fold_gemini([reply]).get("candidates") or []  # neighbouring texts are one
            content: JSON = candidates[index]["content"] if candidates else {}
            return content.get("parts") or None
        case _:
            return openai_message(reply["choices"][index].get("message") or {}, record.streamed)


def anthropic_block(block: JSON) -> JSON:
    """That the model itself called a tool (`direct`) goes without saying."""
    direct = block.get("caller") == {"type": "direct"}
    return {key: value for key, value in block.items() if not (direct and key == "caller")}


def openai_message(message: JSON, streamed: bool) -> JSON:
    """Audio goes back by its id; a call has a type, and only what belongs to that type."""
    kept = {key: value for key, value in message.items() if key in OF_STREAMS or not (streamed or key in NOT_BACK)}
    if audio := kept.get("audio"):
        kept["audio"] = {"id": audio["id"]}
    if calls := kept.get("tool_calls"):
        kept["tool_calls"] = [openai_call(call) for call in calls]
    if details := kept.get("reasoning_details"):
        kept["reasoning_details"] = joined(details)
    return {**kept, "role": "assistant"}


def openai_call(call: JSON) -> JSON:
    kind = call.get("type") or "function"
    held = dict(call[kind])
    held["arguments"] = _document(held.get("arguments"))
    return {"id": call["id"], "type": kind, kind: held}


def _document(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except ValueError:
        return text


def goes_back(record: Record, body: JSON) -> object:
    """The assistant's turn of a request."""
    match record.wire:
        case "anthropic_messages":
            said = [message["content"] for message in body["messages"] if message["role"] == "assistant"]
            blocks = said[0] if said else None
            if blocks is None:
                return None
            return [{"type": "text", "text": blocks}] if isinstance(blocks, str) else [*map(anthropic_block, blocks)]
        case "gemini":
            return next((content["parts"] for content in body["contents"] if content["role"] == "model"), None)
        case _:
            return openai_message(body["messages"][1], record.streamed)


def faults(client: Client, vendor: Vendor, record: Record) -> list[str]:
    vendor.record = record
    completion = ask(client, record).completion
    found: list[str] = []
    for number, choice in enumerate(completion.choices if completion else ()):
        vendor.record = AGAIN[record.wire]
        client.completion(record.model, [*MESSAGES, choice.message, *MESSAGES], provider=record.provider)
        back = goes_back(record, json.loads(vendor.sent[-1].content))
        found += places(without_nothing(came(record, number)), without_nothing(back), f"choices[{number}]")
    return found


def _reply(wire: str, body: JSON) -> Record:
    return Record({"id": "", "wire": wire, "status": 200, "response_headers": {}, "tags": [], "response_json": body})


# Any answer to the second call.
_OPENAI: Final = {
    "id": "1",
    "choices": [{"message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
}
AGAIN: Final[Mapping[str, Record]] = {
    **{wire: _reply(wire, _OPENAI) for wire in OPENAI_WIRES},
    "anthropic_messages": _reply(
        "anthropic_messages", {"type": "message", "id": "1", "content": [], "stop_reason": "end_turn", "usage": {}}
    ),
    "gemini": _reply("gemini", {"candidates": [{"content": {"parts": [{"text": "Yes."}]}, "finishReason": "STOP"}]}),
}


@pytest.mark.parametrize("file", FILES)
def test_given_back(file: str) -> None:
    vendor = Vendor()
    answered = [record for record in records(file) if record.status < 300]
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        found = [f"{record.id} {line}" for record in answered for line in faults(client, vendor, record)]
    assert not found, report(found, len(answered))
