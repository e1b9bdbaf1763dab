"""Ollama: what each parameter puts on the wire."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import UnknownParameterError
from polyvox_wire.ollama.options import PATHS
from tests.mapping.asking import HELLO, Json
from tests.mapping.native_asking import Native
from tests.mapping.parameter_table import Row

OLLAMA: Final = Native(
    "ollama:qwen3:4b",
    {
        "model": "qwen3:4b",
        "created_at": "2026-08-17T08:22:53.078901Z",
        "message": {"role": "assistant", "content": "Hello"},
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 5,
        "eval_count": 2,
    },
)
LEVELS: Final = "ollama:gpt-oss:20b"

SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "integer"}}}
FUNCTION: Final[Json] = {"name": "add", "description": "Adds.", "parameters": SCHEMA}
TOOL: Final[Json] = {"type": "function", "function": FUNCTION}
TOOLS: Final[Json] = {"tools": [TOOL]}
NAMED: Final[Json] = {"type": "function", "function": {"name": "add"}}
NO_SUCH: Final = "no such setting"
THINKING: Final[Json] = {"thinking": {"type": "enabled"}}


def _options(**options: object) -> Json:
    return {"options": options}


TABLE: Final = (
    Row("temperature", 0.2, _options(temperature=0.2)),
    Row("temperature", 0, _options(temperature=0)),
    Row("top_p", 0.9, _options(top_p=0.9)),
    Row("max_tokens", 100, _options(num_predict=100)),
    Row("max_tokens", 0, _options(num_predict=0)),
    Row("max_completion_tokens", 100, _options(num_predict=100)),
    Row("stop", "END", _options(stop=["END"])),
    Row("stop", ("a", "b"), _options(stop=["a", "b"])),
    Row("n", 1, {}),
    Row("n", 2, refuses="one answer per call"),
    Row("seed", 7, _options(seed=7)),
    Row("seed", 7, _options(top_p=0.5, seed=7, num_ctx=1), beside={"ollama": {"num_ctx": 1}, "top_p": 0.5}),
    Row("presence_penalty", 0.5, _options(presence_penalty=0.5)),
    Row("frequency_penalty", 0.5, _options(frequency_penalty=0.5)),
    Row("logit_bias", {"1": 1}, refuses=NO_SUCH),
    Row("logprobs", True, {"logprobs": True}),
    Row("top_logprobs", 3, {"top_logprobs": 3}, beside={"logprobs": True}),
    Row("user", "u1", refuses=NO_SUCH),
    Row("safety_identifier", "s1", refuses=NO_SUCH),
    Row("tools", [TOOL], {"tools": [TOOL]}),
    Row(
        "tools",
        [{"type": "function", "function": {"name": "now"}}],
        {
            "tools": [
                {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}
            ]
        },
    ),
    Row(
        "tools",
        [{"type": "function", "function": {**FUNCTION, "strict": True}}],
        {"tools": [TOOL]},
        refuses="does not hold a model",
        drops="tools[0].function.strict",
    ),
    Row("tools", [{"type": "web_search"}], {}, refuses="function tools only", drops="tools[0] (web_search)"),
    Row("tool_choice", "auto", {}, beside=TOOLS),
    Row("tool_choice", "required", refuses="leaves it to the model", beside=TOOLS),
    Row("tool_choice", NAMED, refuses="leaves it to the model", beside=TOOLS),
    Row("parallel_tool_calls", True, {}, beside=TOOLS),
    Row("parallel_tool_calls", False, refuses="several tools at once", beside=TOOLS),
    Row("functions", [FUNCTION], {"tools": [TOOL]}),
    Row("function_call", "auto", {}, beside={"functions": [FUNCTION]}),
    Row("stream_options", {"include_usage": True}, {}, beside={"stream": True}),
    Row("reasoning_effort", "none", {"think": False}),
    *(Row("reasoning_effort", word, {"think": True}) for word in ("minimal", "low", "medium", "high", "xhigh", "max")),
    Row("reasoning_effort", "auto", {}),
    Row("reasoning_effort", "default", {}),
    # One family of models thinks in levels.
    Row("reasoning_effort", "none", {"think": False}, model=LEVELS),
    Row("reasoning_effort", "minimal", {"think": "low"}, model=LEVELS),
    Row("reasoning_effort", "low", {"think": "low"}, model=LEVELS),
    Row("reasoning_effort", "medium", {"think": "medium"}, model=LEVELS),
    *(Row("reasoning_effort", word, {"think": "high"}, model=LEVELS) for word in ("high", "xhigh", "max")),
    Row("reasoning_effort", "low", {"think": "low"}, model=LEVELS, beside=THINKING),
    Row("reasoning_effort", "none", refuses="contradicts", beside=THINKING),
    Row("reasoning_effort", "low", refuses="contradicts", beside={"thinking": {"type": "disabled"}}),
    Row("thinking", {"type": "enabled"}, {"think": True}),
    Row("thinking", {"type": "adaptive"}, {"think": True}),
    Row("thinking", {"type": "disabled"}, {"think": False}),
    Row(
        "thinking",
        {"type": "enabled", "budget_tokens": 1024},
        {"think": True},
        refuses="no budget",
        drops="thinking.budget_tokens",
    ),
    Row(
        "thinking",
        {"type": "enabled", "display": "omitted"},
        {"think": True},
        refuses="always shows",
        drops="thinking.display",
    ),
    Row("verbosity", "low", refuses=NO_SUCH),
    Row("modalities", ["text"], {}),
    Row("modalities", ["text", "audio"], refuses="anything but text"),
    Row("audio", {"voice": "alloy", "format": "mp3"}, refuses="does not speak"),
    Row("prediction", {"type": "content", "content": "x"}, refuses=NO_SUCH),
    Row("web_search_options", {}, refuses="does not search"),
    Row("service_tier", "flex", refuses=NO_SUCH),
    Row("metadata", {"team": "a"}, refuses=NO_SUCH),
    Row("store", True, refuses=NO_SUCH),
    Row("prompt_cache_key", "k1", refuses="keep_alive"),
)


def test_the_shortest_call() -> None:
    """Ollama streams unless it is told not to."""
    assert OLLAMA.sent() == {"model": "qwen3:4b", "messages": HELLO, "stream": False}
    assert OLLAMA.sent(stream=True) == {"model": "qwen3:4b", "messages": HELLO, "stream": True}


def test_a_model_without_tools_calls_none() -> None:
    assert OLLAMA.sent(tools=[TOOL], tool_choice="none") == OLLAMA.sent()


FORMATS: Final[dict[str, tuple[Json, Json, str | None]]] = {
    "text": ({"type": "text"}, {}, None),
    "object": ({"type": "json_object"}, {"format": "json"}, "json_object"),
    "schema": (
        {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}},
        {"format": SCHEMA},
        "json_schema",
    ),
}


@pytest.mark.parametrize(("asked", "sends", "by"), FORMATS.values(), ids=FORMATS)
def test_response_format(asked: Json, sends: Json, by: str | None) -> None:
    wire = OLLAMA.wire()
    answer = wire.ask(OLLAMA.model, response_format=asked)
    assert wire.body == {**OLLAMA.sent(), **sends}
    assert answer.structured_by == by


OPTIONS: Final[Json] = {
    "keep_alive": "5m",
    "top_k": 40,
    "min_p": 0.1,
    "num_ctx": 8192,
    "num_keep": 4,
    "typical_p": 0.7,
    "repeat_last_n": 33,
    "repeat_penalty": 1.2,
    "mirostat": 1,
    "mirostat_tau": 0.8,
    "mirostat_eta": 0.6,
    "num_batch": 2,
    "num_gpu": 1,
    "main_gpu": 0,
    "use_mmap": True,
    "num_thread": 8,
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str) -> None:
    value = OPTIONS[name]
    placed = {"keep_alive": value} if name == "keep_alive" else _options(**{name: value})
    assert OLLAMA.sent(ollama={name: value}) == {**OLLAMA.sent(), **placed}
    assert OLLAMA.sent(**{name: value}) == {**OLLAMA.sent(), **placed}


def test_every_option_has_a_case() -> None:
    assert OPTIONS.keys() == PATHS.keys()


def test_options_stand_beside_parameters() -> None:
    body = OLLAMA.sent(ollama={"num_ctx": 1}, temperature=0.5, extra_body={"options": {"penalize_newline": True}})
    assert body["options"] == {"temperature": 0.5, "num_ctx": 1, "penalize_newline": True}


def test_an_option_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownParameterError, match="num_ctx"):
        OLLAMA.sent(ollama={"num_ctxt": 1})
