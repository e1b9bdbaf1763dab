"""OpenAI: what each parameter puts on the wire."""

from typing import Final

from tests.mapping.asking import HELLO, Json, sent
from tests.mapping.parameter_table import Row

MODEL: Final = "openai:gpt-5"

TOOL: Final[Json] = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
FUNCTION: Final[Json] = {"name": "add", "parameters": {"type": "object"}}
NAMED: Final[Json] = {"type": "function", "function": {"name": "add"}}
PREDICTION: Final[Json] = {"type": "content", "content": "The quick brown fox"}
STREAMED: Final[Json] = {"stream": True}
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

TABLE: Final = (
    Row("temperature", 0.2, {"temperature": 0.2}),
    Row("temperature", 0, {"temperature": 0}),
    Row("top_p", 0.9, {"top_p": 0.9}),
    Row("max_tokens", 100, {"max_completion_tokens": 100}),
    Row("max_completion_tokens", 100, {"max_completion_tokens": 100}),
    Row("max_tokens", 100, {}, beside={"max_completion_tokens": 100}),
    Row("stop", "END", {"stop": "END"}),
    Row("stop", ("a", "b"), {"stop": ["a", "b"]}),
    Row("n", 2, {"n": 2}),
    Row("n", 1, {"n": 1}),
    Row("seed", 7, {"seed": 7}),
    Row("seed", 0, {"seed": 0}),
    Row("presence_penalty", 0.5, {"presence_penalty": 0.5}),
    Row("frequency_penalty", -0.5, {"frequency_penalty": -0.5}),
    Row("logit_bias", {"50256": -100}, {"logit_bias": {"50256": -100}}),
    Row("logprobs", True, {"logprobs": True}),
    Row("logprobs", False, {"logprobs": False}),
    Row("top_logprobs", 3, {"top_logprobs": 3}, beside={"logprobs": True}),
    Row("user", "u1", {"user": "u1"}),
    Row("tools", [TOOL], {"tools": [TOOL]}),
    Row("tool_choice", "auto", {"tool_choice": "auto"}, beside={"tools": [TOOL]}),
    Row("tool_choice", "none", {"tool_choice": "none"}, beside={"tools": [TOOL]}),
    Row("tool_choice", "required", {"tool_choice": "required"}, beside={"tools": [TOOL]}),
    Row("tool_choice", NAMED, {"tool_choice": NAMED}, beside={"tools": [TOOL]}),
    Row("parallel_tool_calls", False, {"parallel_tool_calls": False}, beside={"tools": [TOOL]}),
    Row("functions", [FUNCTION], {"tools": [TOOL]}),
    Row("function_call", {"name": "add"}, {"tool_choice": NAMED}, beside={"functions": [FUNCTION]}),
    Row("function_call", "none", {"tool_choice": "none"}, beside={"functions": [FUNCTION]}),
    Row("stream_options", {"include_usage": True}, {"stream_options": {"include_usage": True}}, beside=STREAMED),
    *(Row("reasoning_effort", word, {"reasoning_effort": word}) for word in EFFORTS),
    Row("reasoning_effort", "auto", {}),
    Row("reasoning_effort", "default", {}),
    Row("thinking", {"type": "enabled", "budget_tokens": 2048}, refuses="use reasoning_effort"),
    Row("verbosity", "low", {"verbosity": "low"}),
    Row("modalities", ["text", "audio"], {"modalities": ["text", "audio"]}),
    Row("audio", {"voice": "alloy", "format": "mp3"}, {"audio": {"voice": "alloy", "format": "mp3"}}),
    Row("prediction", PREDICTION, {"prediction": PREDICTION}),
    Row("web_search_options", {}, {"web_search_options": {}}),
    Row("service_tier", "flex", {"service_tier": "flex"}),
    Row("metadata", {"team": "a"}, {"metadata": {"team": "a"}}),
    Row("store", True, {"store": True}),
    Row("safety_identifier", "s1", {"safety_identifier": "s1"}),
    Row("prompt_cache_key", "k1", {"prompt_cache_key": "k1"}),
)


def test_nothing_but_model_and_messages_without_parameters() -> None:
    assert sent(MODEL) == {"model": "gpt-5", "messages": HELLO}


def test_a_stream_is_asked_for_by_its_flag() -> None:
    assert sent(MODEL, HELLO, stream=True) == {"model": "gpt-5", "messages": HELLO, "stream": True}
