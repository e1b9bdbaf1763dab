"""What vendors without cassettes answer to the local server: the same conversation in the words of each.

A request with tools gets a call of the first one; one with a tool's answer, and any other, gets a sentence; one with a
response format a JSON object that fits it. Vendors with cassettes are answered here where a call is forced, which is
the way to a structured answer of models without a schema mode, and where OpenAI streams an object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from tests.mapping.bedrock_frames import delta, stream
from tests.scenarios import NO_SUCH_MODEL

JSON: TypeAlias = Mapping[str, Any]

PARIS: Final = "The capital of France is Paris."
CITY: Final[JSON] = {"name": "Paris", "country": "France", "population": 2102650}
VERDICT: Final[JSON] = {"answer": "No: it is 7 times 13.", "confidence": 0.99}
ARGUMENTS: Final[JSON] = {"location": "Paris"}


class Reply(NamedTuple):
    """A body, and its media type."""

    content_type: str
    body: bytes
    status: int = 200


def reply(path: str, body: JSON) -> Reply | None:
    """The answer to a path that no cassette has; None for a path that is none of these vendors'."""
    path = path.partition("?")[0]
    if path.endswith("/converse") and NO_SUCH_MODEL in path:
        return _json({"message": "The provided model identifier is invalid."}, 400)
    if path.endswith("/api/chat") and body["model"] == NO_SUCH_MODEL:
        return _json({"error": f"model {NO_SUCH_MODEL!r} not found"}, 404)
    if path.endswith("/converse"):
        return _json(_converse(body))
    if path.endswith("/chat/completions") and body.get("tool_choice") == "required":
        return _json(_openai_answer(body["model"], body["tools"][0]["function"]))
    if path.endswith("/chat/completions") and body.get("stream") and "response_format" in body:
        return Reply("text/event-stream", _openai_events(body["model"], _object(body["response_format"])))
    if path.endswith("/v1/messages") and body.get("tool_choice", {}).get("type") == "any":
        return _json(_anthropic_answer(body["model"], body["tools"][0]))
    if path.endswith("/converse-stream"):
        return Reply("application/vnd.amazon.eventstream", _converse_stream(body))
    if path.endswith("/v2/chat"):
        return _json(_cohere(body))
    if path.endswith("/api/chat"):
        return _lines(body) if body.get("stream") else _json(_ollama(body))
    return None


def wants_json(body: JSON) -> bool:
    """Whether the instructions ask for JSON, of vendors that have no other way."""
    return "JSON object and nothing else" in json.dumps(body.get("system", []))


def _json(document: JSON, status: int = 200) -> Reply:
    return Reply("application/json", json.dumps(document).encode(), status)


def _object(schema: object) -> str:
    """A JSON object with the properties that are asked for."""
    asked = json.dumps(schema)
    return json.dumps(VERDICT if '"answer"' in asked else CITY)


def _arguments(schema: object) -> JSON:
    asked = json.dumps(schema)
    return ARGUMENTS if '"location"' in asked else json.loads(_object(schema))


# --- calls that are answers ------------------------------------------------------------------------------------------


def _openai_answer(model: str, function: JSON) -> JSON:
    called = {"name": function["name"], "arguments": json.dumps(_arguments(function["parameters"]))}
    message = {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "function", "function": called}]}
    choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
    return {"id": "chatcmpl-1", "created": 1700000000, "model": model, "choices": choices}


def _openai_events(model: str, text: str) -> bytes:
    """A stream of this text, in halves."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": model}
    half = len(text) // 2
    choices: list[JSON] = [{"index": 0, "delta": {"content": piece}} for piece in (text[:half], text[half:])]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events: list[JSON] = [{**head, "choices": [choice]} for choice in choices]
    return b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events) + b"data: [DONE]\n\n"


def _anthropic_answer(model: str, tool: JSON) -> JSON:
    called = {"type": "tool_use", "id": "toolu_1", "name": tool["name"], "input": _arguments(tool["input_schema"])}
    usage = {"input_tokens": 20, "output_tokens": 7}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": model}
    return {**head, "content": [called], "stop_reason": "tool_use", "usage": usage}


# --- Bedrock ---------------------------------------------------------------------------------------------------------

_USAGE: Final[JSON] = {"inputTokens": 20, "outputTokens": 7, "totalTokens": 27}


def _converse(body: JSON) -> JSON:
    block, reason = _converse_block(body)
    return {
        "output": {"message": {"role": "assistant", "content": [block]}},
        "stopReason": reason,
        "usage": _USAGE,
        "metrics": {"latencyMs": 400},
    }


def _converse_block(body: JSON) -> tuple[JSON, str]:
    answered = any("toolResult" in block for block in body["messages"][-1]["content"])
    if "toolConfig" in body and not answered:
        tool = body["toolConfig"]["tools"][0]["toolSpec"]
        found = _arguments(tool["inputSchema"])
        return {"toolUse": {"toolUseId": "tooluse_1", "name": tool["name"], "input": found}}, "tool_use"
    if "outputConfig" in body:
        schema: JSON = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
        return {"text": _object(json.loads(schema["schema"]))}, "end_turn"
    return {"text": _object(None) if wants_json(body) else PARIS}, "end_turn"


def _converse_stream(body: JSON) -> bytes:
    return stream(
        ("messageStart", {"role": "assistant"}),
        *(delta(0, {"text": piece}) for piece in PARIS.split(" is ")),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": dict(_USAGE), "metrics": {"latencyMs": 400}}),
    )


# --- Cohere ----------------------------------------------------------------------------------------------------------


def _cohere(body: JSON) -> JSON:
    return {
        "id": "8f1d7c2e-0001",
        "finish_reason": "COMPLETE",
        "message": {"role": "assistant", "content": [{"type": "text", "text": PARIS}]},
        "usage": {"tokens": {"input_tokens": 20, "output_tokens": 7}},
    }


# --- Ollama ----------------------------------------------------------------------------------------------------------

_AT: Final = "2026-08-17T08:22:53.078901Z"


def _ollama(body: JSON) -> JSON:
    end = {"done": True, "done_reason": "stop", "prompt_eval_count": 20, "eval_count": 7}
    return {"model": body["model"], "created_at": _AT, "message": _ollama_message(body), **end}


def _ollama_message(body: JSON) -> JSON:
    if "tools" in body and body["messages"][-1]["role"] != "tool":
        called = {"function": {"name": body["tools"][0]["function"]["name"], "arguments": ARGUMENTS}}
        return {"role": "assistant", "content": "", "tool_calls": [called]}
    return {"role": "assistant", "content": _object(body["format"]) if "format" in body else PARIS}


def _lines(body: JSON) -> Reply:
    pieces = ({"role": "assistant", "content": piece} for piece in PARIS.split(" is "))
    said = [{"model": body["model"], "created_at": _AT, "message": piece, "done": False} for piece in pieces]
    end = {**_ollama(body), "message": {"role": "assistant", "content": ""}}
    return Reply("application/x-ndjson", b"".join(json.dumps(line).encode() + b"\n" for line in [*said, end]))
