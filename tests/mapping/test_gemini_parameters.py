"""Gemini: what each parameter puts on the wire."""

from typing import Final

import pytest

from polyvox import InvalidRequestError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, request, sent
from tests.mapping.parameter_table import Row

MODEL: Final = "gemini:gemini-2.5-flash"
NEW: Final = "gemini:gemini-3-pro-preview"

SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOL: Final[Json] = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}
ITS_TOOLS: Final = [{"functionDeclarations": [{"name": "add", "description": "Adds.", "parametersJsonSchema": SCHEMA}]}]
TOOLS: Final[Json] = {"tools": [TOOL]}
NAMED: Final[Json] = {"type": "function", "function": {"name": "add"}}
NO_SUCH: Final = "no such setting"


def _config(**fields: object) -> Json:
    return {"generationConfig": fields}


def _calling(**fields: object) -> Json:
    return {"toolConfig": {"functionCallingConfig": fields}}


def _budget(tokens: int) -> Json:
    return _config(thinkingConfig={"thinkingBudget": tokens, "includeThoughts": tokens != 0})


def _level(word: str, *, shown: bool = True) -> Json:
    return _config(thinkingConfig={"thinkingLevel": word, "includeThoughts": shown})


TABLE: Final = (
    Row("temperature", 0.2, _config(temperature=0.2)),
    Row("temperature", 0, _config(temperature=0)),
    Row("top_p", 0.9, _config(topP=0.9)),
    Row("max_tokens", 100, _config(maxOutputTokens=100)),
    Row("max_completion_tokens", 100, _config(maxOutputTokens=100)),
    Row("stop", "END", _config(stopSequences=["END"])),
    Row("stop", ("a", "b"), _config(stopSequences=["a", "b"])),
    Row("n", 2, _config(candidateCount=2)),
    Row("seed", 7, _config(seed=7)),
    Row("presence_penalty", 0.5, _config(presencePenalty=0.5)),
    Row("frequency_penalty", 0.5, _config(frequencyPenalty=0.5)),
    Row("logit_bias", {"1": 1}, refuses=NO_SUCH),
    Row("logprobs", True, _config(responseLogprobs=True)),
    Row("top_logprobs", 3, _config(responseLogprobs=True, logprobs=3), beside={"logprobs": True}),
    Row("user", "u1", refuses=NO_SUCH),
    Row("safety_identifier", "s1", refuses=NO_SUCH),
    Row("tools", [TOOL], {"tools": ITS_TOOLS}),
    Row("tool_choice", "auto", _calling(mode="AUTO"), beside=TOOLS),
    Row("tool_choice", "none", _calling(mode="NONE"), beside=TOOLS),
    Row("tool_choice", "required", _calling(mode="ANY"), beside=TOOLS),
    Row("tool_choice", "any", _calling(mode="ANY"), beside=TOOLS),
    Row("tool_choice", NAMED, _calling(mode="ANY", allowedFunctionNames=["add"]), beside=TOOLS),
    Row("tool_choice", {"mode": "VALIDATED"}, _calling(mode="VALIDATED"), beside=TOOLS),
    Row("parallel_tool_calls", True, {}, beside=TOOLS),
    Row("parallel_tool_calls", False, refuses="several functions at once", beside=TOOLS),
    Row("functions", [TOOL["function"]], {"tools": ITS_TOOLS}),
    Row(
        "function_call",
        {"name": "add"},
        _calling(mode="ANY", allowedFunctionNames=["add"]),
        beside={"functions": [TOOL["function"]]},
    ),
    Row("stream_options", {"include_usage": True}, {}, beside={"stream": True}),
    # Up to Gemini 2.5 a budget, from Gemini 3 on a level.
    Row("reasoning_effort", "none", _budget(0)),
    Row("reasoning_effort", "minimal", _budget(512)),
    Row("reasoning_effort", "low", _budget(1024)),
    Row("reasoning_effort", "medium", _budget(8192)),
    Row("reasoning_effort", "high", _budget(24576)),
    Row("reasoning_effort", "xhigh", _budget(24576)),
    Row("reasoning_effort", "max", _budget(24576)),
    Row("reasoning_effort", "auto", {}),
    Row("reasoning_effort", "default", {}),
    Row("reasoning_effort", "none", _level("MINIMAL", shown=False), model=NEW),
    Row("reasoning_effort", "minimal", _level("MINIMAL"), model=NEW),
    Row("reasoning_effort", "low", _level("LOW"), model=NEW),
    Row("reasoning_effort", "medium", _level("MEDIUM"), model=NEW),
    Row("reasoning_effort", "high", _level("HIGH"), model=NEW),
    Row("reasoning_effort", "xhigh", _level("HIGH"), model=NEW),
    Row("reasoning_effort", "max", _level("HIGH"), model=NEW),
    Row("thinking", {"type": "enabled", "budget_tokens": 2048}, _budget(2048)),
    Row("thinking", {"type": "enabled"}, _budget(-1)),
    Row("thinking", {"type": "adaptive"}, _budget(-1)),
    Row("thinking", {"type": "disabled"}, _config(thinkingConfig={"thinkingBudget": 0})),
    Row(
        "thinking",
        {"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
        _config(thinkingConfig={"thinkingBudget": 2048, "includeThoughts": False}),
    ),
    Row("verbosity", "low", refuses=NO_SUCH),
    Row("modalities", ["text", "image"], _config(responseModalities=["TEXT", "IMAGE"])),
    Row("audio", {"voice": "alloy", "format": "mp3"}, refuses="speechConfig"),
    Row("prediction", {"type": "content", "content": "x"}, refuses=NO_SUCH),
    Row("web_search_options", {}, {"tools": [{"googleSearch": {}}]}),
    Row(
        "web_search_options",
        {"search_context_size": "low"},
        {"tools": [{"googleSearch": {}}]},
        refuses="no options",
        drops="web_search_options['search_context_size']",
    ),
    Row("service_tier", "auto", {}),
    Row("service_tier", "default", {"serviceTier": "standard"}),
    Row("service_tier", "flex", {"serviceTier": "flex"}),
    Row("service_tier", "priority", {"serviceTier": "priority"}),
    Row("service_tier", "scale", refuses="no tier 'scale'"),
    Row("metadata", {"team": "a"}, refuses=NO_SUCH),
    Row("store", False, {"store": False}),
    Row("prompt_cache_key", "k1", refuses="cachedContent"),
)


def test_the_model_stands_in_the_address_only() -> None:
    asked = request(MODEL)
    assert asked.url == "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
    assert sent(MODEL) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_a_tuned_model_is_named_whole() -> None:
    assert request("gemini:tunedModels/mine").url.path == "/v1beta/tunedModels/mine:generateContent"


def test_a_level_and_a_budget_of_thinking_exclude_each_other() -> None:
    with pytest.raises((InvalidRequestError, UnsupportedParamsError), match="reasoning_effort"):
        sent(MODEL, HELLO, reasoning_effort="low", thinking={"type": "enabled", "budget_tokens": 2048})
