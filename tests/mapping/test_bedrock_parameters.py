"""What each parameter puts into a request to Bedrock, or why it is refused."""

from __future__ import annotations

from typing import Final, cast

import pytest
from pydantic import BaseModel

from polyvox import UnknownParameterError, UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, as_bytes
from tests.mapping.bedrock_frames import MODEL, sent, wire
from tests.mapping.parameter_table import Row

OLD: Final = "bedrock:us.anthropic.claude-3-7-sonnet-20250219-v1:0"
NEW: Final = "bedrock:us.anthropic.claude-sonnet-4-6"
NOVA: Final = "bedrock:us.amazon.nova-2-lite-v1:0"
LLAMA: Final = "bedrock:us.meta.llama3-3-70b-instruct-v1:0"
OSS: Final = "bedrock:openai.gpt-oss-120b-1:0"
PROFILE: Final = "bedrock:arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/mi1dadi0g15f"

SPEC: Final[Json] = {"name": "add", "inputSchema": {"json": {"type": "object", "properties": {}}}}
ADD: Final[Json] = {"type": "function", "function": {"name": "add"}}
CALLS: Final[Json] = {"tools": [{"toolSpec": SPEC}]}
SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}


def inference(**fields: object) -> Json:
    return {"inferenceConfig": fields}


def choice(made: Json) -> Json:
    return {"toolConfig": {**CALLS, "toolChoice": made}}


def fields(**model_fields: object) -> Json:
    return {"additionalModelRequestFields": model_fields}


def text_format(schema: str, **more: str) -> Json:
    held = {"schema": schema, **more}
    return {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": held}}}}


TABLE: Final = (
    Row("temperature", 0.2, inference(temperature=0.2)),
    Row("top_p", 0.9, inference(topP=0.9)),
    Row("max_tokens", 7, inference(maxTokens=7)),
    Row("max_completion_tokens", 7, inference(maxTokens=7)),
    Row("stop", "END", inference(stopSequences=["END"])),
    Row("stop", ["a", "b"], inference(stopSequences=["a", "b"])),
    Row("n", 1, {}),
    Row("n", 2, refuses="one answer per call"),
    Row("seed", 7, refuses="no such setting"),
    Row("presence_penalty", 0, {}),
    Row("presence_penalty", 0.5, refuses="no such setting"),
    Row("frequency_penalty", 0.5, refuses="no such setting"),
    Row("logit_bias", {"1": 1}, refuses="no such setting"),
    Row("logprobs", False, {}),
    Row("logprobs", True, refuses="no log probabilities"),
    Row("top_logprobs", 2, refuses="no log probabilities"),
    Row("user", "u1", refuses="metadata={...}"),
    Row("safety_identifier", "u1", refuses="metadata={...}"),
    Row("metadata", {"team": "a", "n": 1}, {"requestMetadata": {"team": "a", "n": "1"}}),
    Row("tools", [], {}),
    Row("tools", [ADD], {"toolConfig": CALLS}),
    Row("tools", [{"toolSpec": SPEC}], {"toolConfig": CALLS}),
    Row(
        "tools",
        [{"systemTool": {"name": "nova_grounding"}}],
        {"toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]}},
    ),
    Row(
        "tools",
        [{"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}}],
        {
            "toolConfig": {
                "tools": [
                    {"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": SCHEMA}, "strict": True}}
                ]
            }
        },
    ),
    Row(
        "tools",
        [{**ADD, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        {"toolConfig": {"tools": [{"toolSpec": SPEC}, {"cachePoint": {"type": "default", "ttl": "1h"}}]}},
    ),
    Row(
        "tools",
        [{"type": "custom", "custom": {"name": "c"}}],
        refuses="Bedrock takes functions",
        drops="tools[0] (custom)",
    ),
    Row("tool_choice", "auto", choice({"auto": {}}), beside={"tools": [ADD]}),
    Row("tool_choice", "required", choice({"any": {}}), beside={"tools": [ADD]}),
    Row(
        "tool_choice",
        {"type": "function", "function": {"name": "add"}},
        choice({"tool": {"name": "add"}}),
        beside={"tools": [ADD]},
    ),
    Row("tool_choice", {"any": {}}, choice({"any": {}}), beside={"tools": [ADD]}),
    Row("tool_choice", "none", refuses="leave `tools` out", beside={"tools": [ADD]}),
    Row("parallel_tool_calls", True, {}),
    Row("parallel_tool_calls", False, refuses="leaves it to the model"),
    Row("stream_options", {"include_usage": True}, {}, beside={"stream": True}),
    Row("functions", [{"name": "add"}], {"toolConfig": CALLS}),
    Row("function_call", {"name": "add"}, choice({"tool": {"name": "add"}}), beside={"tools": [ADD]}),
    Row("reasoning_effort", "auto", {}),
    Row("reasoning_effort", "none", fields(thinking={"type": "disabled"})),
    Row("reasoning_effort", "low", fields(thinking={"type": "enabled", "budget_tokens": 2048}), model=OLD),
    Row(
        "reasoning_effort",
        "max",
        fields(thinking={"type": "enabled", "budget_tokens": 2000}),
        beside={"max_tokens": 4000},
    ),
    Row("reasoning_effort", "high", refuses="above 1024", beside={"max_tokens": 1000}),
    Row(
        "reasoning_effort", "minimal", fields(thinking={"type": "adaptive"}, output_config={"effort": "low"}), model=NEW
    ),
    Row(
        "reasoning_effort", "low", fields(reasoningConfig={"type": "enabled", "maxReasoningEffort": "low"}), model=NOVA
    ),
    Row("reasoning_effort", "none", fields(reasoningConfig={"type": "disabled"}), model=NOVA),
    Row("reasoning_effort", "xhigh", fields(reasoning_effort="high"), model=OSS),
    Row("reasoning_effort", "none", refuses="always thinks", model=OSS),
    Row("reasoning_effort", "low", refuses="only Claude, Nova 2 and gpt-oss", model=LLAMA),
    Row("reasoning_effort", "low", refuses="does not tell which model", model=PROFILE),
    Row(
        "thinking",
        {"type": "enabled", "budget_tokens": 1500},
        fields(thinking={"type": "enabled", "budget_tokens": 1500}),
    ),
    Row("thinking", {"type": "adaptive"}, fields(thinking={"type": "adaptive"}), model=PROFILE),
    Row("thinking", {"type": "enabled", "budget_tokens": 1500}, refuses="only Claude", model=NOVA),
    Row(
        "reasoning_effort",
        "high",
        fields(thinking={"type": "adaptive"}, output_config={"effort": "high"}),
        beside={"thinking": {"type": "adaptive"}},
        model=NEW,
    ),
    Row(
        "reasoning_effort", "high", refuses="not both", beside={"thinking": {"type": "enabled", "budget_tokens": 1500}}
    ),
    Row("verbosity", "low", refuses="no such setting"),
    Row("modalities", ["text"], {}),
    Row("modalities", ["text", "audio"], refuses="text only"),
    Row("audio", {"voice": "v", "format": "wav"}, refuses="no spoken output"),
    Row("prediction", {"type": "content", "content": "x"}, refuses="no such setting"),
    Row("web_search_options", {}, refuses="system tool"),
    Row("service_tier", "auto", {}),
    Row("service_tier", "flex", {"serviceTier": {"type": "flex"}}),
    Row("service_tier", "scale", refuses="only priority"),
    Row("store", True, refuses="no such setting"),
    Row("prompt_cache_key", "k", refuses="cache_control"),
    Row("guardrailConfig", {"guardrailIdentifier": "g"}, {"guardrailConfig": {"guardrailIdentifier": "g"}}),
    Row("bedrock", {"performanceConfig": {"latency": "optimized"}}, {"performanceConfig": {"latency": "optimized"}}),
    Row("extra_body", {"promptVariables": {"a": {"text": "b"}}}, {"promptVariables": {"a": {"text": "b"}}}),
    Row("response_format", {"type": "text"}, {}),
    Row(
        "response_format",
        {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "description": "d"}},
        text_format(
            '{"type":"object","properties":{"a":{"type":"object","properties":{},"additionalProperties":false}},'
            '"additionalProperties":false}',
            name="n",
            description="d",
        ),
    ),
)


def test_thinking_stands_beside_the_callers_own_model_fields() -> None:
    found = sent(reasoning_effort="low", additionalModelRequestFields={"top_k": 20})
    assert found["additionalModelRequestFields"] == {
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "top_k": 20,
    }


def test_the_shortest_call() -> None:
    assert sent() == {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}


class City(BaseModel):
    name: str


def test_a_type_becomes_a_schema_and_the_answer_an_object() -> None:
    message: Json = {"role": "assistant", "content": [{"text": '{"name": "Bern"}'}]}
    asked = wire(as_bytes({"output": {"message": message}, "stopReason": "end_turn"}))
    answer = asked.client().completion(MODEL, HELLO, response_format=City, aws_region_name="us-east-1")
    assert answer.choices[0].message.parsed == City(name="Bern")
    assert (answer.structured_by, answer.usage) == ("json_schema", None)
    assert "outputConfig" in asked.body


def test_json_without_a_schema_is_asked_for_in_words() -> None:
    found = sent([{"role": "system", "content": "Be brief."}, *HELLO], response_format={"type": "json_object"})
    first, second = cast("list[dict[str, str]]", found["system"])
    assert first == {"text": "Be brief."}
    assert "JSON object" in second["text"]


def test_a_misspelt_option() -> None:
    with pytest.raises(UnknownParameterError, match="guardrailConfig"):
        sent(guardrailConfg={})


def test_settings_of_others_are_refused() -> None:
    with pytest.raises(UnsupportedParamsError, match="vertex_project"):
        sent(vertex_project="p")
