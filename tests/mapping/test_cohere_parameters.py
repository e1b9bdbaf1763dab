"""Cohere: what each parameter puts on the wire, and where it goes."""

from __future__ import annotations

from typing import Final

import httpx2
import pytest

from polyvox import MissingApiKeyError, UnknownParameterError, UnsupportedParamsError
from polyvox_wire.cohere.options import PATHS
from tests.mapping.asking import HELLO, KEY, Json
from tests.mapping.native_asking import Native
from tests.mapping.parameter_table import Row

COHERE: Final = Native(
    "cohere:command-a-03-2025",
    {
        "id": "1",
        "finish_reason": "COMPLETE",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
        "usage": {"billed_units": {"input_tokens": 1, "output_tokens": 2}, "tokens": {"input_tokens": 5}},
    },
)

SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "integer"}}}
FUNCTION: Final[Json] = {"name": "add", "description": "Adds.", "parameters": SCHEMA}
TOOL: Final[Json] = {"type": "function", "function": FUNCTION}
STRICT: Final[Json] = {"type": "function", "function": {**FUNCTION, "strict": True}}
TOOLS: Final[Json] = {"tools": [TOOL]}
NAMED: Final[Json] = {"type": "function", "function": {"name": "add"}}
NO_SUCH: Final = "no such setting"


def _thinking(**fields: object) -> Json:
    return {"thinking": {"type": "enabled", **fields}}


TABLE: Final = (
    Row("temperature", 0.2, {"temperature": 0.2}),
    Row("temperature", 0, {"temperature": 0}),
    Row("top_p", 0.9, {"p": 0.9}),
    Row("max_tokens", 100, {"max_tokens": 100}),
    Row("max_tokens", 0, {"max_tokens": 0}),
    Row("max_completion_tokens", 100, {"max_tokens": 100}),
    Row("stop", "END", {"stop_sequences": ["END"]}),
    Row("stop", ("a", "b"), {"stop_sequences": ["a", "b"]}),
    Row("n", 1, {}),
    Row("n", 2, refuses="one answer per call"),
    Row("seed", 7, {"seed": 7}),
    Row("presence_penalty", 0.5, {"presence_penalty": 0.5}),
    Row("frequency_penalty", 0.5, {"frequency_penalty": 0.5}),
    Row("logit_bias", {"1": 1}, refuses=NO_SUCH),
    Row("logprobs", True, {"logprobs": True}),
    Row("top_logprobs", 3, refuses="own choice only"),
    Row("top_logprobs", 0, {}),
    Row("user", "u1", refuses=NO_SUCH),
    Row("safety_identifier", "s1", refuses=NO_SUCH),
    Row("tools", [TOOL], {"tools": [TOOL]}),
    Row("tools", [STRICT], {"tools": [TOOL], "strict_tools": True}),
    Row("tools", [{"type": "function", "function": {**FUNCTION, "strict": False}}], {"tools": [TOOL]}),
    Row(
        "tools",
        [{"type": "function", "function": {"name": "now"}}],
        {
            "tools": [
                {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
            ]
        },
    ),
    Row("tools", [STRICT, TOOL], {"tools": [TOOL, TOOL]}, refuses="all functions or of none", drops="tools (strict)"),
    Row("tools", [{"type": "web_search"}], {}, refuses="function tools only", drops="tools[0] (web_search)"),
    Row("tool_choice", "auto", {}, beside=TOOLS),
    Row("tool_choice", "none", {"tool_choice": "NONE"}, beside=TOOLS),
    Row("tool_choice", "required", {"tool_choice": "REQUIRED"}, beside=TOOLS),
    Row("tool_choice", "any", {"tool_choice": "REQUIRED"}, beside=TOOLS),
    Row("tool_choice", "REQUIRED", {"tool_choice": "REQUIRED"}, beside=TOOLS),
    Row("tool_choice", NAMED, refuses="offer only that one", beside=TOOLS),
    Row("parallel_tool_calls", True, {}, beside=TOOLS),
    Row("parallel_tool_calls", False, refuses="several tools at once", beside=TOOLS),
    Row("functions", [FUNCTION], {"tools": [TOOL]}),
    Row("function_call", "none", {"tool_choice": "NONE"}, beside={"functions": [FUNCTION]}),
    Row("stream_options", {"include_usage": True}, {}, beside={"stream": True}),
    Row("reasoning_effort", "none", {"thinking": {"type": "disabled"}}),
    Row("reasoning_effort", "minimal", _thinking(token_budget=512)),
    Row("reasoning_effort", "low", _thinking(token_budget=2048)),
    Row("reasoning_effort", "medium", _thinking(token_budget=8192)),
    *(Row("reasoning_effort", word, _thinking()) for word in ("high", "xhigh", "max")),
    Row("reasoning_effort", "auto", {}),
    Row("reasoning_effort", "default", {}),
    Row("reasoning_effort", "low", refuses="not both", beside={"thinking": {"type": "disabled"}}),
    Row("thinking", {"type": "enabled", "budget_tokens": 100}, _thinking(token_budget=100)),
    Row("thinking", {"type": "enabled", "token_budget": 100}, _thinking(token_budget=100)),
    Row("thinking", {"type": "enabled"}, _thinking()),
    Row("thinking", {"type": "adaptive"}, _thinking()),
    Row("thinking", {"type": "disabled"}, {"thinking": {"type": "disabled"}}),
    Row(
        "thinking",
        {"type": "enabled", "display": "omitted"},
        _thinking(),
        refuses="always shows",
        drops="thinking.display",
    ),
    Row("verbosity", "low", refuses=NO_SUCH),
    Row("modalities", ["text"], {}),
    Row("modalities", ["text", "audio"], refuses="text only"),
    Row("audio", {"voice": "alloy", "format": "mp3"}, refuses="does not speak"),
    Row("prediction", {"type": "content", "content": "x"}, refuses=NO_SUCH),
    Row("web_search_options", {}, refuses="does not search"),
    Row("service_tier", "flex", refuses="priority"),
    Row("metadata", {"team": "a"}, refuses=NO_SUCH),
    Row("store", True, refuses=NO_SUCH),
    Row("prompt_cache_key", "k1", refuses="caches by itself"),
)


def test_the_shortest_call() -> None:
    assert COHERE.sent() == {"model": "command-a-03-2025", "messages": HELLO}
    assert COHERE.sent(stream=True) == {"model": "command-a-03-2025", "messages": HELLO, "stream": True}


FORMATS: Final[dict[str, tuple[Json, Json, str | None]]] = {
    "text": ({"type": "text"}, {}, None),
    "object": ({"type": "json_object"}, {"response_format": {"type": "json_object"}}, "json_object"),
    "schema": (
        {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
        {"response_format": {"type": "json_object", "json_schema": SCHEMA}},
        "json_schema",
    ),
}


@pytest.mark.parametrize(("asked", "sends", "by"), FORMATS.values(), ids=FORMATS)
def test_response_format(asked: Json, sends: Json, by: str | None) -> None:
    wire = COHERE.wire()
    answer = wire.ask(COHERE.model, response_format=asked)
    assert wire.body == {**COHERE.sent(), **sends}
    assert answer.structured_by == by


OPTIONS: Final[Json] = {
    "documents": ["a", {"id": "d1", "data": {"text": "b"}}],
    "citation_options": {"mode": "FAST"},
    "safety_mode": "STRICT",
    "strict_tools": True,
    "k": 5,
    "priority": 3,
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str) -> None:
    wanted = {**COHERE.sent(), name: OPTIONS[name]}
    assert COHERE.sent(cohere={name: OPTIONS[name]}) == wanted
    assert COHERE.sent(**{name: OPTIONS[name]}) == wanted


def test_every_option_has_a_case() -> None:
    assert OPTIONS.keys() == PATHS.keys()


def test_an_option_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownParameterError, match="safety_mode"):
        COHERE.sent(cohere={"safety_mod": "STRICT"})
    with pytest.raises(UnsupportedParamsError, match="it is for Azure"):
        COHERE.sent(api_version="1")


ADDRESSES: Final = {
    "https://proxy.test": "https://proxy.test/v2/chat",
    "https://proxy.test/": "https://proxy.test/v2/chat",
    "https://proxy.test/v1": "https://proxy.test/v2/chat",
    "https://proxy.test/v2": "https://proxy.test/v2/chat",
    "https://proxy.test/v2/chat": "https://proxy.test/v2/chat",
    "https://proxy.test/cohere/v2": "https://proxy.test/cohere/v2/chat",
}


def _request(**parameters: object) -> httpx2.Request:
    wire = COHERE.wire()
    wire.ask(COHERE.model, **parameters)
    return wire.requests[-1]


@pytest.mark.parametrize("base", ADDRESSES)
def test_address(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(_request(api_base=base).url) == ADDRESSES[base]
    monkeypatch.setenv("COHERE_API_BASE", base)
    assert str(_request().url) == ADDRESSES[base]


def test_its_own_host_and_key() -> None:
    request = _request()
    assert str(request.url) == "https://api.cohere.com/v2/chat"
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_missing_key_names_its_variables() -> None:
    from polyvox import completion

    with pytest.raises(MissingApiKeyError, match="COHERE_API_KEY or CO_API_KEY"):
        completion(COHERE.model, HELLO)
