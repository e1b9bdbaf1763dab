"""An answer, appended to the messages of the next call, gives the vendor back what it sent.

Every block and part, thinking and signatures, calls and their ids, whether the answer came whole or streamed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

import pytest

from polyvox import Client
from tests.mapping.asking import COHERE_REPLY, CONVERSE_REPLY, OLLAMA_REPLY

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
        case "bedrock_converse":
            content = [plain for block in reply["output"]["message"]["content"] if (plain := bedrock_block(block))]
            return content or None
        case "cohere_v2":
            message = {"role": "assistant", **reply["message"]}
            return {**message, "content": as_parts(message.get("content"))}
        case "ollama_chat":
            return reply["message"]
        case "gemini":
            candidates: list[JSON] = fold_gemini([reply]).get("candidates") or []  # neighbouring texts are one
            parts: JSON = candidates[index]["content"] if candidates else {}
            return parts.get("parts") or None
        case _ if record.provider == "mistral":
            return mistral_message(with_short_ids(reply["choices"][index]["message"]))
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


def bedrock_block(block: JSON) -> JSON | None:
    """Not blank texts, thoughts without a signature, and words that only replies have."""
    if "text" in block:
        return {"text": block["text"]} if block["text"].strip() else None
    if "reasoningText" in block.get("reasoningContent", {}):
        return block if block["reasoningContent"]["reasoningText"].get("signature") else None
    if block.get("toolUse", {}).get("type") == "tool_use":
        return {"toolUse": {key: value for key, value in block["toolUse"].items() if key != "type"}}
    return block


def as_parts(content: str | list[JSON] | None) -> list[JSON]:
    """One text is the same as a part of that text."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def mistral_message(message: JSON) -> JSON | None:
    """Pieces of one thought or text are one; None for a message that says nothing."""
    content: str | list[JSON] | None = message.get("content")
    turn: JSON = {"content": content if isinstance(content, str) else mistral_parts(content or [])}
    turn["tool_calls"] = [openai_call(call) for call in message.get("tool_calls") or ()]
    return {**turn, "role": "assistant"} if any(turn.values()) else None


def mistral_parts(parts: list[JSON]) -> list[JSON]:
    thoughts = ({**part, "thinking": joined(part["thinking"])} if "thinking" in part else part for part in parts)
    return [part for part in joined(list(thoughts)) if part.get("text") != ""]


def with_short_ids(message: JSON) -> JSON:
    """Mistral takes ids of nine characters. (The recordings have some that were replaced, `call_REDACTED_1`, and one of
    another vendor's model.)"""
    calls: list[JSON] = message.get("tool_calls") or []
    return {**message, "tool_calls": [{**call, "id": nine(call["id"])} for call in calls]}


def nine(made: str) -> str:
    return made if re.fullmatch("[a-zA-Z0-9]{9}", made) else sha256(made.encode()).hexdigest()[:9]


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
        case "bedrock_converse":
            return next((turn["content"] for turn in body["messages"] if turn["role"] == "assistant"), None)
        case "cohere_v2":
            turn = body["messages"][1]
            return {**turn, "content": as_parts(turn.get("content"))}
        case "ollama_chat":
            return body["messages"][1]
        case _ if record.provider == "mistral":
            return next((mistral_message(turn) for turn in body["messages"] if turn["role"] == "assistant"), None)
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
    "bedrock_converse": _reply("bedrock_converse", CONVERSE_REPLY),
    "cohere_v2": _reply("cohere_v2", COHERE_REPLY),
    "ollama_chat": _reply("ollama_chat", OLLAMA_REPLY),
}


@pytest.mark.parametrize("file", FILES)
def test_given_back(file: str) -> None:
    vendor = Vendor()
    answered = [record for record in records(file) if record.status < 300]
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        found = [f"{record.id} {line}" for record in answered for line in faults(client, vendor, record)]
    assert not found, report(found, len(answered))
