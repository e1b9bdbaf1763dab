"""Mistral: what each parameter puts on the wire."""

from typing import Final

import pytest

from polyvox import InvalidRequestError
from tests.mapping.asking import HELLO, KEY, Json, Wire, request, sent
from tests.mapping.parameter_table import Row

MODEL: Final = "mistral:mistral-small-latest"

SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOL: Final[Json] = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}
TOOLS: Final[Json] = {"tools": [TOOL]}
NAMED: Final[Json] = {"type": "function", "function": {"name": "add"}}
NO_SUCH: Final = "no such setting"

TABLE: Final = (
    Row("temperature", 0.2, {"temperature": 0.2}),
    Row("temperature", 0, {"temperature": 0}),
    Row("top_p", 0.9, {"top_p": 0.9}),
    Row("max_tokens", 100, {"max_tokens": 100}),
    Row("max_completion_tokens", 100, {"max_tokens": 100}),
    Row("stop", "END", {"stop": "END"}),
    Row("stop", ("a", "b"), {"stop": ["a", "b"]}),
    Row("n", 2, {"n": 2}),
    Row("seed", 7, {"random_seed": 7}),
    Row("presence_penalty", 0.5, {"presence_penalty": 0.5}),
    Row("frequency_penalty", 0.5, {"frequency_penalty": 0.5}),
    Row("logit_bias", {"1": 1}, refuses=NO_SUCH),
    Row("logprobs", True, {"logprobs": True}),
    Row("top_logprobs", 3, {"top_logprobs": 3}, beside={"logprobs": True}),
    Row("user", "u1", refuses=NO_SUCH),
    Row("safety_identifier", "s1", refuses=NO_SUCH),
    Row("tools", [TOOL], TOOLS),
    Row("tools", [{"type": "web_search"}], {"tools": [{"type": "web_search"}]}),
    Row(
        "tools",
        [{"type": "function", "function": {"name": "now", "strict": True}}],
        {
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "now", "parameters": {"type": "object", "properties": {}}, "strict": True},
                }
            ]
        },
    ),
    Row("tool_choice", "auto", {"tool_choice": "auto"}, beside=TOOLS),
    Row("tool_choice", "none", {"tool_choice": "none"}, beside=TOOLS),
    Row("tool_choice", "required", {"tool_choice": "any"}, beside=TOOLS),
    Row("tool_choice", "any", {"tool_choice": "any"}, beside=TOOLS),
    Row("tool_choice", {"type": "auto"}, {"tool_choice": "auto"}, beside=TOOLS),
    Row("tool_choice", NAMED, {"tool_choice": NAMED}, beside=TOOLS),
    Row("parallel_tool_calls", True, {"parallel_tool_calls": True}, beside=TOOLS),
    Row("parallel_tool_calls", False, {"parallel_tool_calls": False}, beside=TOOLS),
    Row("functions", [TOOL["function"]], TOOLS),
    Row("function_call", {"name": "add"}, {"tool_choice": NAMED}, beside={"functions": [TOOL["function"]]}),
    Row("stream_options", {"include_usage": True}, {}, beside={"stream": True}),
    Row("reasoning_effort", "none", {"reasoning_effort": "none"}),
    Row("reasoning_effort", "minimal", {"reasoning_effort": "minimal"}),
    Row("reasoning_effort", "low", {"reasoning_effort": "low"}),
    Row("reasoning_effort", "medium", {"reasoning_effort": "medium"}),
    Row("reasoning_effort", "high", {"reasoning_effort": "high"}),
    Row("reasoning_effort", "xhigh", {"reasoning_effort": "xhigh"}),
    Row("reasoning_effort", "max", {"reasoning_effort": "xhigh"}),
    Row("reasoning_effort", "auto", {}),
    Row("reasoning_effort", "default", {}),
    Row("thinking", {"type": "enabled", "budget_tokens": 2048}, refuses="use reasoning_effort"),
    Row("verbosity", "low", refuses=NO_SUCH),
    Row("modalities", ["text"], {}),
    Row("modalities", ["text", "audio"], refuses="text only"),
    Row("audio", {"voice": "alloy", "format": "mp3"}, refuses="do not speak"),
    Row("prediction", {"type": "content", "content": "x"}, {"prediction": {"type": "content", "content": "x"}}),
    Row(
        "prediction",
        {"type": "content", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
        {"prediction": {"type": "content", "content": "xy"}},
    ),
    Row("web_search_options", {}, refuses="in `tools`"),
    Row("service_tier", "auto", {"service_tier": "auto"}),
    Row("service_tier", "standard_only", {"service_tier": "standard_only"}),
    Row("service_tier", "default", {"service_tier": "standard_only"}),
    Row("service_tier", "flex", refuses="no tier 'flex'"),
    Row("metadata", {"team": "a"}, {"metadata": {"team": "a"}}),
    Row("store", True, refuses=NO_SUCH),
    Row("prompt_cache_key", "k1", {"prompt_cache_key": "k1"}),
)


def test_the_shortest_request() -> None:
    asked = request(MODEL)
    assert asked.url == "https://api.mistral.ai/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert sent(MODEL) == {"model": "mistral-small-latest", "messages": HELLO}


def test_a_stream_is_asked_for() -> None:
    assert sent(MODEL, HELLO, stream=True) == {**sent(MODEL), "stream": True}


@pytest.mark.parametrize("asked", [{"mistral": {"safe_prompt": True}}, {"safe_prompt": True}])
def test_its_own_fields(asked: Json) -> None:
    assert sent(MODEL, HELLO, **asked) == {**sent(MODEL), "safe_prompt": True}


def test_its_own_prompt_mode() -> None:
    assert sent(MODEL, HELLO, mistral={"prompt_mode": "reasoning"})["prompt_mode"] == "reasoning"


FORMATS: Final[dict[str, tuple[Json, Json, str | None]]] = {
    "text": ({"type": "text"}, {"type": "text"}, None),
    "object": ({"type": "json_object"}, {"type": "json_object"}, "json_object"),
    "schema": (
        {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA, "strict": True, "description": "d"}},
        {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA, "strict": True, "description": "d"}},
        "json_schema",
    ),
    "bare schema": (
        SCHEMA,
        {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA}},
        "json_schema",
    ),
}


@pytest.mark.parametrize(("given", "format_", "by"), FORMATS.values(), ids=FORMATS)
def test_formats(given: Json, format_: Json, by: str | None) -> None:
    wire = Wire()
    answer = wire.ask(MODEL, HELLO, response_format=given)
    assert wire.body["response_format"] == format_
    assert answer.structured_by == by


REFUSED_TOOLS: Final[dict[str, tuple[Json, str, list[Json] | None]]] = {
    "custom": ({"type": "custom", "custom": {"name": "run"}}, r"tools\[0\] \(custom\)", []),
    "cache mark": ({**TOOL, "cache_control": {"type": "ephemeral"}}, r"tools\[0\]\.cache_control", [TOOL]),
}


@pytest.mark.parametrize(("tool", "where", "left"), REFUSED_TOOLS.values(), ids=REFUSED_TOOLS)
def test_tools_that_mistral_does_not_have(tool: Json, where: str, left: list[Json]) -> None:
    with pytest.raises(InvalidRequestError, match=where):
        sent(MODEL, HELLO, tools=[tool])
    assert sent(MODEL, HELLO, tools=[tool], drop_params=True).get("tools", []) == left
