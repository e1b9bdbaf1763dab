"""Anthropic: what each parameter puts on the wire."""

from typing import Final

import pytest

from polyvox import InvalidRequestError
from tests.mapping.asking import HELLO, Json, Wire, sent
from tests.mapping.parameter_table import Row

MODEL: Final = "anthropic:claude-opus-4-6"
OLD: Final = "anthropic:claude-3-7-sonnet-20250219"

SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOL: Final[Json] = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}
ITS_TOOL: Final[Json] = {"name": "add", "description": "Adds.", "input_schema": SCHEMA}
TOOLS: Final[Json] = {"tools": [TOOL]}
NAMED: Final[Json] = {"type": "function", "function": {"name": "add"}}
NO_SUCH: Final = "no such setting"
SEARCH: Final[Json] = {"type": "web_search_20250305", "name": "web_search"}


def _adaptive(effort: str) -> Json:
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}


def _budget(tokens: int, limit: int) -> Json:
    return {"thinking": {"type": "enabled", "budget_tokens": tokens}, "max_tokens": limit}


TABLE: Final = (
    Row("temperature", 0.2, {"temperature": 0.2}),
    Row("temperature", 0, {"temperature": 0}),
    Row("top_p", 0.9, {"top_p": 0.9}),
    Row("max_tokens", 100, {"max_tokens": 100}),
    Row("max_tokens", 0, {"max_tokens": 0}),
    Row("max_completion_tokens", 100, {"max_tokens": 100}),
    Row("stop", "END", {"stop_sequences": ["END"]}),
    Row("stop", ("a", "b"), {"stop_sequences": ["a", "b"]}),
    Row("n", 1, {}),
    Row("n", 2, refuses="one answer per call"),
    Row("seed", 7, refuses=NO_SUCH),
    Row("presence_penalty", 0.5, refuses=NO_SUCH),
    Row("frequency_penalty", 0.5, refuses=NO_SUCH),
    Row("logit_bias", {"1": 1}, refuses=NO_SUCH),
    Row("logprobs", True, refuses="no log probabilities"),
    Row("top_logprobs", 3, refuses="no log probabilities"),
    Row("user", "u1", {"metadata": {"user_id": "u1"}}),
    Row("safety_identifier", "s1", {"metadata": {"user_id": "s1"}}),
    Row("tools", [TOOL], {"tools": [ITS_TOOL]}),
    Row("tool_choice", "auto", {"tool_choice": {"type": "auto"}}, beside=TOOLS),
    Row("tool_choice", "none", {"tool_choice": {"type": "none"}}, beside=TOOLS),
    Row("tool_choice", "required", {"tool_choice": {"type": "any"}}, beside=TOOLS),
    Row("tool_choice", "any", {"tool_choice": {"type": "any"}}, beside=TOOLS),
    Row("tool_choice", NAMED, {"tool_choice": {"type": "tool", "name": "add"}}, beside=TOOLS),
    Row("tool_choice", {"type": "any"}, {"tool_choice": {"type": "any"}}, beside=TOOLS),
    Row("parallel_tool_calls", True, {}, beside=TOOLS),
    Row(
        "parallel_tool_calls",
        False,
        {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        beside=TOOLS,
    ),
    Row(
        "parallel_tool_calls",
        False,
        {"tool_choice": {"type": "any", "disable_parallel_tool_use": True}},
        beside={**TOOLS, "tool_choice": "required"},
    ),
    Row("parallel_tool_calls", False, {}, beside={**TOOLS, "tool_choice": "none"}),
    Row("functions", [TOOL["function"]], {"tools": [ITS_TOOL]}),
    Row(
        "function_call",
        {"name": "add"},
        {"tool_choice": {"type": "tool", "name": "add"}},
        beside={"functions": [TOOL["function"]]},
    ),
    Row("function_call", "auto", {"tool_choice": {"type": "auto"}}, beside={"functions": [TOOL["function"]]}),
    Row("stream_options", {"include_usage": True}, {}, beside={"stream": True}),
    Row("reasoning_effort", "none", {"thinking": {"type": "disabled"}}),
    Row("reasoning_effort", "minimal", _adaptive("low")),
    *(Row("reasoning_effort", word, _adaptive(word)) for word in ("low", "medium", "high", "xhigh", "max")),
    Row("reasoning_effort", "auto", {}),
    Row("reasoning_effort", "default", {}),
    # Models before adaptive thinking take a budget; the limit grows by it, so that an answer still follows.
    Row("reasoning_effort", "none", {"thinking": {"type": "disabled"}}, model=OLD),
    Row("reasoning_effort", "minimal", _budget(1024, 5120), model=OLD),
    Row("reasoning_effort", "low", _budget(2048, 6144), model=OLD),
    Row("reasoning_effort", "medium", _budget(8192, 12288), model=OLD),
    Row("reasoning_effort", "high", _budget(16384, 20480), model=OLD),
    Row("reasoning_effort", "xhigh", _budget(24576, 28672), model=OLD),
    Row("reasoning_effort", "max", _budget(32768, 36864), model=OLD),
    Row("reasoning_effort", "high", _budget(2000, 4000), model=OLD, beside={"max_tokens": 4000}),
    Row("reasoning_effort", "high", refuses="max_tokens above 1024", model=OLD, beside={"max_tokens": 500}),
    Row("thinking", {"type": "enabled", "budget_tokens": 2048}, _budget(2048, 6144)),
    Row("thinking", {"type": "disabled"}, {"thinking": {"type": "disabled"}}),
    Row("thinking", {"type": "adaptive"}, {"thinking": {"type": "adaptive"}}),
    Row(
        "thinking",
        {"type": "enabled", "budget_tokens": 2048},
        {"thinking": {"type": "enabled", "budget_tokens": 2048}, "max_tokens": 9000},
        beside={"max_tokens": 9000},
    ),
    # Values that ask for nothing need no support.
    Row("presence_penalty", 0, {}),
    Row("frequency_penalty", 0.0, {}),
    Row("logprobs", False, {}),
    Row("top_logprobs", 0, {}),
    Row("verbosity", "low", refuses=NO_SUCH),
    Row("modalities", ["text"], {}),
    Row("modalities", ["text", "audio"], refuses="text only"),
    Row("audio", {"voice": "alloy", "format": "mp3"}, refuses="does not speak"),
    Row("prediction", {"type": "content", "content": "x"}, refuses=NO_SUCH),
    Row("web_search_options", {}, {"tools": [SEARCH]}),
    Row("web_search_options", {"search_context_size": "medium"}, {"tools": [SEARCH]}),
    Row(
        "web_search_options",
        {"user_location": {"type": "approximate", "approximate": {"city": "Oslo", "country": "NO", "region": None}}},
        {"tools": [{**SEARCH, "user_location": {"type": "approximate", "city": "Oslo", "country": "NO"}}]},
    ),
    Row(
        "web_search_options",
        {"user_location": {"type": "approximate", "timezone": "Europe/Oslo"}},
        {"tools": [{**SEARCH, "user_location": {"type": "approximate", "timezone": "Europe/Oslo"}}]},
    ),
    Row("service_tier", "auto", {"service_tier": "auto"}),
    Row("service_tier", "default", {"service_tier": "standard_only"}),
    Row("service_tier", "standard_only", {"service_tier": "standard_only"}),
    Row("service_tier", "flex", refuses="only auto and standard_only"),
    Row("metadata", {"user_id": "u1"}, {"metadata": {"user_id": "u1"}}),
    Row("metadata", {"team": "a"}, refuses="only user_id", drops="metadata['team']"),
    Row("store", True, refuses=NO_SUCH),
    Row("prompt_cache_key", "k1", refuses="cache_control"),
)


def test_the_search_stands_beside_the_tools() -> None:
    assert sent(MODEL, HELLO, tools=[TOOL], web_search_options={})["tools"] == [ITS_TOOL, SEARCH]


def test_an_option_that_anthropics_search_lacks_is_refused_or_dropped() -> None:
    with pytest.raises(InvalidRequestError, match=r"search_context_size.*max_uses"):
        sent(MODEL, HELLO, web_search_options={"search_context_size": "high"})
    wire = Wire()
    answer = wire.ask(MODEL, HELLO, drop_params=True, web_search_options={"search_context_size": "high"})
    assert answer.dropped_params == ("web_search_options['search_context_size']",)
    assert wire.body["tools"] == [SEARCH]


def test_the_limit_that_anthropic_needs_is_filled_in() -> None:
    assert sent(MODEL) == {"model": "claude-opus-4-6", "messages": HELLO, "max_tokens": 4096}


def test_a_stream_is_asked_for_by_its_flag() -> None:
    assert sent(MODEL, HELLO, stream=True) == {**sent(MODEL), "stream": True}


def test_two_names_of_one_id_must_agree() -> None:
    assert sent(MODEL, HELLO, user="u1", safety_identifier="u1")["metadata"] == {"user_id": "u1"}
    with pytest.raises(InvalidRequestError, match="user"):
        sent(MODEL, HELLO, user="u1", safety_identifier="s1")
