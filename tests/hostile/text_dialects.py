"""Vendors who give text for text, each in JSON of its own: a prompt's continuation, an agent's, a graph's, a flow's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from polyvox import APIError, InternalServerError
from tests.hostile.dialect import EVENTS, LINES, Dialect, events
from tests.mapping.asking import Json, as_bytes, sse
from tests.mapping.openai_events import COUNTED


def _named(name: str, payload: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(payload)}\n\n".encode()


def _prompt(text: str, finish: str | None = None, **more: object) -> Json:
    choice: Json = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {
        **{"id": "cmpl-1", "object": "text_completion", "created": 1700000000, "model": "davinci-002"},
        **{"choices": [choice], **more},
    }


COMPLETIONS: Final = Dialect(
    model="text-completion-openai:davinci-002",
    reply=as_bytes(_prompt("Hello", "stop", usage=COUNTED)),
    piece=as_bytes(_prompt("Hel")),
    end=sse(_prompt("", "stop"), {**_prompt(""), "choices": [], "usage": COUNTED}, "[DONE]"),
    error=sse({"error": {"message": "busy", "type": "server_error", "code": "server_error"}}),
    error_class=InternalServerError,
)


def _generated(text: str, reason: str, counted: int) -> Json:
    counts: Json = {"generated_token_count": counted, "input_token_count": 1}
    return {"model_id": "ibm/granite", "results": [{"generated_text": text, "stop_reason": reason, **counts}]}


WATSONX_ERROR: Final = _named("error", {"errors": [{"code": "x", "message": "busy"}], "trace": "t", "status_code": 500})
"""IBM's SDK (PyPI: ibm-watsonx-ai) raises what follows `event: error`, of chat and of generation."""

WATSONX_TEXT: Final = Dialect(
    model="watsonx_text:ibm/granite",
    reply=as_bytes(_generated("Hello", "eos_token", 2)),
    piece=as_bytes(_generated("Hel", "not_finished", 1)),
    end=_named("message", _generated("", "eos_token", 2)),
    error=WATSONX_ERROR,
    error_class=InternalServerError,
    framing=events("message"),
)
TRITON: Final = Dialect(
    model="triton:llama",
    reply=as_bytes({"model_name": "llama", "model_version": "1", "text_output": "Hello"}),
    piece=as_bytes({"model_name": "llama", "model_version": "1", "text_output": "Hel"}),
    end=b"",
    error=sse({"error": "busy"}),
    error_class=APIError,
    ends=False,
)
_PAGES: Final[Json] = {"references": [{"url": "https://a.test", "title": "A"}]}
LINER: Final = Dialect(
    model="liner:search",
    reply=as_bytes({"answer": "Hello", **_PAGES}),
    begin=sse({"type": "start"}),
    piece=as_bytes({"type": "text-delta", "delta": "Hel"}),
    end=sse({"type": "data-search-references", "data": _PAGES}, {"type": "finish"}, "[DONE]"),
    error=sse({"type": "data-error", "data": {"message": "busy"}}),
    error_class=APIError,
)
_GRAPHS: Final[Json] = {"type": "ai", "content": "Hello"}
LANGGRAPH: Final = Dialect(
    model="langgraph:agent",
    reply=as_bytes({"messages": [{"type": "human", "content": "Hi"}, _GRAPHS]}),
    begin=_named("metadata", {"run_id": "r1"}),
    piece=as_bytes([{"type": "AIMessageChunk", "content": "Hel"}, {"langgraph_node": "n"}]),
    end=_named("end", None),
    error=_named("error", {"error": "ValueError", "message": "busy"}),
    error_class=APIError,
    framing=events("messages"),
)
_FLOWS: Final[Json] = {"session_id": "s1", "outputs": [{"outputs": [{"results": {"message": {"text": "Hello"}}}]}]}


def _told(event: str, data: Json) -> bytes:
    return LINES.event(as_bytes({"event": event, "data": data}))


LANGFLOW: Final = Dialect(
    model="langflow:flow",
    reply=as_bytes(_FLOWS),
    begin=_told("add_message", {"sender": "User", "text": "Hi"}),
    piece=as_bytes({"event": "token", "data": {"chunk": "Hel", "id": "m1"}}),
    end=_told("add_message", {"sender": "Machine", "text": "Hello"}) + _told("end", {"result": _FLOWS}),
    error=_told("error", {"error": "busy"}),
    error_class=APIError,
    framing=LINES,
)
_MESSAGE: Final[Json] = {"type": "message", "id": "m1", "content": [{"type": "output_text", "text": "Hello"}]}
AGENT: Final = Dialect(
    model="databricks_agent:agent",
    reply=as_bytes({"output": [_MESSAGE], "usage": {"input_tokens": 1, "output_tokens": 2}}),
    piece=as_bytes({"type": "response.output_text.delta", "item_id": "m1", "delta": "Hel"}),
    end=sse(
        {"type": "response.output_item.done", "item": _MESSAGE},
        {"type": "response.completed", "response": {"output": [_MESSAGE]}},
    ),
    error=sse({"type": "error", "message": "busy"}),
    error_class=APIError,
    framing=EVENTS,
)

TEXT_DIALECTS: Final = (COMPLETIONS, WATSONX_TEXT, TRITON, LINER, LANGGRAPH, LANGFLOW, AGENT)
"""One vendor for each way to answer so."""
ELSEWHERE: Final = (
    replace(COMPLETIONS, model="text-completion-inception:mercury-coder"),
    replace(COMPLETIONS, model="azure_text:davinci-002"),
)
"""And those who put such an answer behind another address."""
