"""What becomes of every parameter of the model with every vendor: the table of `test_every_parameter`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from tests.mapping.asking import Json


@dataclass(frozen=True)
class Sent:
    """The vendor has it: what it changes in the body, whole top-level keys, and the end of the address."""

    body: Json = field(default_factory=dict[str, object])
    path: str = ""


@dataclass(frozen=True)
class Emulated:
    """The vendor lacks it, and the same is reached by this change, or without any."""

    body: Json = field(default_factory=dict[str, object])
    without: tuple[str, ...] = ()
    """Keys that are not sent because of it."""


@dataclass(frozen=True)
class Refused:
    """The vendor cannot do it: the whole reason."""

    reason: str


Cell: TypeAlias = Sent | Emulated | Refused
Column: TypeAlias = Mapping[str, Cell]

SCHEMA: Final[Json] = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
SCHEMA_TEXT: Final = json.dumps(SCHEMA, separators=(",", ":"))
TOOL: Final[Json] = {"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}

VALUES: Final[Json] = {
    "temperature": 0.5,
    "top_p": 0.5,
    "max_tokens": 2000,
    "max_completion_tokens": 2000,
    "stop": ["END"],
    "n": 2,
    "seed": 7,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "logit_bias": {"1734": -1},
    "logprobs": True,
    "top_logprobs": 2,
    "user": "u1",
    "tools": [TOOL],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "functions": [TOOL["function"]],
    "function_call": {"name": "add"},
    "stream": True,
    "stream_options": {"include_usage": True},
    "response_format": {"type": "json_schema", "json_schema": {"name": "sum", "strict": True, "schema": SCHEMA}},
    "reasoning_effort": "low",
    "thinking": {"type": "enabled", "budget_tokens": 1500},
    "verbosity": "low",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "mp3"},
    "prediction": {"type": "content", "content": "x"},
    "web_search_options": {},
    "service_tier": "default",
    "metadata": {"user_id": "u1"},
    "store": True,
    "safety_identifier": "s1",
    "prompt_cache_key": "k1",
}
"""One value of each parameter."""
BESIDE: Final[Mapping[str, Json]] = {
    "top_logprobs": {"logprobs": True},
    "tool_choice": {"tools": [TOOL]},
    "parallel_tool_calls": {"tools": [TOOL]},
    "function_call": {"functions": [TOOL["function"]]},
    "stream_options": {"stream": True},
}
"""What a parameter needs beside it."""
_TEXT: Final[Json] = {"modalities": ["text"]}
OTHERWISE: Final[Mapping[str, Json]] = {
    "anthropic": _TEXT,
    "azureanthropic": _TEXT,
    "vertexaianthropic": _TEXT,
    "bedrock": _TEXT,
    "mistral": _TEXT,
    "cohere": {**_TEXT, "function_call": "auto"},
    "ollama": {**_TEXT, "thinking": {"type": "enabled"}, "tool_choice": "none", "function_call": "none"},
    "gigachat": {"tool_choice": "none"},
}
"""Where a vendor does only some values of a parameter: one of these. (The others are refused: `*_parameters.py`.)"""

OPENAI: Final[Column] = {
    "temperature": Sent({"temperature": 0.5}),
    "top_p": Sent({"top_p": 0.5}),
    "max_tokens": Sent({"max_completion_tokens": 2000}),
    "max_completion_tokens": Sent({"max_completion_tokens": 2000}),
    "stop": Sent({"stop": ["END"]}),
    "n": Sent({"n": 2}),
    "seed": Sent({"seed": 7}),
    "presence_penalty": Sent({"presence_penalty": 0.5}),
    "frequency_penalty": Sent({"frequency_penalty": 0.5}),
    "logit_bias": Sent({"logit_bias": {"1734": -1}}),
    "logprobs": Sent({"logprobs": True}),
    "top_logprobs": Sent({"top_logprobs": 2}),
    "user": Sent({"user": "u1"}),
    "tools": Sent(
        {"tools": [{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}]}
    ),
    "tool_choice": Sent({"tool_choice": "required"}),
    "parallel_tool_calls": Sent({"parallel_tool_calls": False}),
    "functions": Emulated(
        {"tools": [{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": SCHEMA}}]}
    ),
    "function_call": Emulated({"tool_choice": {"type": "function", "function": {"name": "add"}}}),
    "stream": Sent({"stream": True}),
    "stream_options": Sent({"stream_options": {"include_usage": True}}),
    "response_format": Sent(
        {"response_format": {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA, "strict": True}}}
    ),
    "reasoning_effort": Sent({"reasoning_effort": "low"}),
    "thinking": Refused("OpenAI takes no thinking budget; use reasoning_effort"),
    "verbosity": Sent({"verbosity": "low"}),
    "modalities": Sent({"modalities": ["text", "audio"]}),
    "audio": Sent({"audio": {"voice": "alloy", "format": "mp3"}}),
    "prediction": Sent({"prediction": {"type": "content", "content": "x"}}),
    "web_search_options": Sent({"web_search_options": {}}),
    "service_tier": Sent({"service_tier": "default"}),
    "metadata": Sent({"metadata": {"user_id": "u1"}}),
    "store": Sent({"store": True}),
    "safety_identifier": Sent({"safety_identifier": "s1"}),
    "prompt_cache_key": Sent({"prompt_cache_key": "k1"}),
}
ANTHROPIC_LACKS: Final = Refused("the Messages API has no such setting")
ANTHROPIC: Final[Column] = {
    "temperature": Sent({"temperature": 0.5}),
    "top_p": Sent({"top_p": 0.5}),
    "max_tokens": Sent({"max_tokens": 2000}),
    "max_completion_tokens": Sent({"max_tokens": 2000}),
    "stop": Sent({"stop_sequences": ["END"]}),
    "n": Refused("Anthropic gives one answer per call"),
    "seed": ANTHROPIC_LACKS,
    "presence_penalty": ANTHROPIC_LACKS,
    "frequency_penalty": ANTHROPIC_LACKS,
    "logit_bias": ANTHROPIC_LACKS,
    "logprobs": Refused("the Messages API gives no log probabilities"),
    "top_logprobs": Refused("the Messages API gives no log probabilities"),
    "user": Sent({"metadata": {"user_id": "u1"}}),
    "tools": Sent({"tools": [{"name": "add", "input_schema": SCHEMA, "description": "Adds."}]}),
    "tool_choice": Sent({"tool_choice": {"type": "any"}}),
    "parallel_tool_calls": Sent({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}),
    "functions": Emulated({"tools": [{"name": "add", "input_schema": SCHEMA, "description": "Adds."}]}),
    "function_call": Emulated({"tool_choice": {"type": "tool", "name": "add"}}),
    "stream": Sent({"stream": True}),
    "stream_options": Emulated(),
    "response_format": Sent({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}),
    "reasoning_effort": Emulated({"max_tokens": 6144, "thinking": {"type": "enabled", "budget_tokens": 2048}}),
    "thinking": Sent({"max_tokens": 5596, "thinking": {"type": "enabled", "budget_tokens": 1500}}),
    "verbosity": ANTHROPIC_LACKS,
    "modalities": Emulated(),
    "audio": Refused("Claude does not speak"),
    "prediction": ANTHROPIC_LACKS,
    "web_search_options": Emulated({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
    "service_tier": Sent({"service_tier": "standard_only"}),
    "metadata": Sent({"metadata": {"user_id": "u1"}}),
    "store": ANTHROPIC_LACKS,
    "safety_identifier": Sent({"metadata": {"user_id": "s1"}}),
    "prompt_cache_key": Refused("mark what to cache with `cache_control`"),
}
GEMINI_LACKS: Final = Refused("generateContent has no such setting")
GEMINI: Final[Column] = {
    "temperature": Sent({"generationConfig": {"temperature": 0.5}}),
    "top_p": Sent({"generationConfig": {"topP": 0.5}}),
    "max_tokens": Sent({"generationConfig": {"maxOutputTokens": 2000}}),
    "max_completion_tokens": Sent({"generationConfig": {"maxOutputTokens": 2000}}),
    "stop": Sent({"generationConfig": {"stopSequences": ["END"]}}),
    "n": Sent({"generationConfig": {"candidateCount": 2}}),
    "seed": Sent({"generationConfig": {"seed": 7}}),
    "presence_penalty": Sent({"generationConfig": {"presencePenalty": 0.5}}),
    "frequency_penalty": Sent({"generationConfig": {"frequencyPenalty": 0.5}}),
    "logit_bias": GEMINI_LACKS,
    "logprobs": Sent({"generationConfig": {"responseLogprobs": True}}),
    "top_logprobs": Sent({"generationConfig": {"logprobs": 2, "responseLogprobs": True}}),
    "user": GEMINI_LACKS,
    "tools": Sent(
        {"tools": [{"functionDeclarations": [{"name": "add", "description": "Adds.", "parametersJsonSchema": SCHEMA}]}]}
    ),
    "tool_choice": Sent({"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}),
    "parallel_tool_calls": Refused("Gemini always may call several functions at once"),
    "functions": Emulated(
        {"tools": [{"functionDeclarations": [{"name": "add", "description": "Adds.", "parametersJsonSchema": SCHEMA}]}]}
    ),
    "function_call": Emulated(
        {"toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["add"]}}}
    ),
    "stream": Sent(path="gemini-2.5-flash:streamGenerateContent"),
    "stream_options": Emulated(),
    "response_format": Sent(
        {"generationConfig": {"responseJsonSchema": SCHEMA, "responseMimeType": "application/json"}}
    ),
    "reasoning_effort": Sent(
        {"generationConfig": {"thinkingConfig": {"thinkingBudget": 1024, "includeThoughts": True}}}
    ),
    "thinking": Sent({"generationConfig": {"thinkingConfig": {"thinkingBudget": 1500, "includeThoughts": True}}}),
    "verbosity": GEMINI_LACKS,
    "modalities": Sent({"generationConfig": {"responseModalities": ["TEXT", "AUDIO"]}}),
    "audio": Refused("choose a voice with gemini={'speechConfig': ...}"),
    "prediction": GEMINI_LACKS,
    "web_search_options": Emulated({"tools": [{"googleSearch": {}}]}),
    "service_tier": Sent({"serviceTier": "standard"}),
    "metadata": GEMINI_LACKS,
    "store": Sent({"store": True}),
    "safety_identifier": GEMINI_LACKS,
    "prompt_cache_key": Refused("cache by gemini={'cachedContent': ...}"),
}
BEDROCK_LACKS: Final = Refused(
    "Converse has no such setting; a model's own goes into additionalModelRequestFields={...}"
)
BEDROCK: Final[Column] = {
    "temperature": Sent({"inferenceConfig": {"temperature": 0.5}}),
    "top_p": Sent({"inferenceConfig": {"topP": 0.5}}),
    "max_tokens": Sent({"inferenceConfig": {"maxTokens": 2000}}),
    "max_completion_tokens": Sent({"inferenceConfig": {"maxTokens": 2000}}),
    "stop": Sent({"inferenceConfig": {"stopSequences": ["END"]}}),
    "n": Refused("Bedrock gives one answer per call"),
    "seed": BEDROCK_LACKS,
    "presence_penalty": BEDROCK_LACKS,
    "frequency_penalty": BEDROCK_LACKS,
    "logit_bias": BEDROCK_LACKS,
    "logprobs": Refused("Converse gives no log probabilities"),
    "top_logprobs": Refused("Converse gives no log probabilities"),
    "user": Refused("Converse takes no end user; mark calls in your invocation log with metadata={...}"),
    "tools": Sent(
        {
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "add", "inputSchema": {"json": SCHEMA}, "description": "Adds."}}]
            }
        }
    ),
    "tool_choice": Sent(
        {
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "add", "inputSchema": {"json": SCHEMA}, "description": "Adds."}}],
                "toolChoice": {"any": {}},
            }
        }
    ),
    "parallel_tool_calls": Refused("Converse leaves it to the model"),
    "functions": Emulated(
        {
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "add", "inputSchema": {"json": SCHEMA}, "description": "Adds."}}]
            }
        }
    ),
    "function_call": Emulated(
        {
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "add", "inputSchema": {"json": SCHEMA}, "description": "Adds."}}],
                "toolChoice": {"tool": {"name": "add"}},
            }
        }
    ),
    "stream": Sent(path="converse-stream"),
    "stream_options": Emulated(),
    "response_format": Sent(
        {
            "outputConfig": {
                "textFormat": {
                    "type": "json_schema",
                    "structure": {"jsonSchema": {"schema": SCHEMA_TEXT, "name": "sum"}},
                }
            }
        }
    ),
    "reasoning_effort": Sent(
        {"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 2048}}}
    ),
    "thinking": Sent({"additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1500}}}),
    "verbosity": BEDROCK_LACKS,
    "modalities": Emulated(),
    "audio": Refused("Converse gives no spoken output"),
    "prediction": BEDROCK_LACKS,
    "web_search_options": Refused("give the model's own system tool in `tools`: {'systemTool': {'name': ...}}"),
    "service_tier": Sent({"serviceTier": {"type": "default"}}),
    "metadata": Sent({"requestMetadata": {"user_id": "u1"}}),
    "store": BEDROCK_LACKS,
    "safety_identifier": Refused("Converse takes no end user; mark calls in your log with metadata={...}"),
    "prompt_cache_key": Refused("mark what to cache with `cache_control`"),
}
MISTRAL_LACKS: Final = Refused("Mistral's chat completions have no such setting")
MISTRAL: Final[Column] = {
    "temperature": Sent({"temperature": 0.5}),
    "top_p": Sent({"top_p": 0.5}),
    "max_tokens": Sent({"max_tokens": 2000}),
    "max_completion_tokens": Sent({"max_tokens": 2000}),
    "stop": Sent({"stop": ["END"]}),
    "n": Sent({"n": 2}),
    "seed": Sent({"random_seed": 7}),
    "presence_penalty": Sent({"presence_penalty": 0.5}),
    "frequency_penalty": Sent({"frequency_penalty": 0.5}),
    "logit_bias": MISTRAL_LACKS,
    "logprobs": Sent({"logprobs": True}),
    "top_logprobs": Sent({"top_logprobs": 2}),
    "user": MISTRAL_LACKS,
    "tools": Sent(
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": SCHEMA, "description": "Adds."}}]}
    ),
    "tool_choice": Sent({"tool_choice": "any"}),
    "parallel_tool_calls": Sent({"parallel_tool_calls": False}),
    "functions": Emulated(
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": SCHEMA, "description": "Adds."}}]}
    ),
    "function_call": Emulated({"tool_choice": {"type": "function", "function": {"name": "add"}}}),
    "stream": Sent({"stream": True}),
    "stream_options": Emulated(),
    "response_format": Sent(
        {"response_format": {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA, "strict": True}}}
    ),
    "reasoning_effort": Sent({"reasoning_effort": "low"}),
    "thinking": Refused("Mistral takes no thinking budget; use reasoning_effort"),
    "verbosity": MISTRAL_LACKS,
    "modalities": Emulated(),
    "audio": Refused("Mistral's models do not speak"),
    "prediction": Sent({"prediction": {"type": "content", "content": "x"}}),
    "web_search_options": Refused("give the web search tool in `tools`, as Mistral writes it"),
    "service_tier": Sent({"service_tier": "standard_only"}),
    "metadata": Sent({"metadata": {"user_id": "u1"}}),
    "store": MISTRAL_LACKS,
    "safety_identifier": MISTRAL_LACKS,
    "prompt_cache_key": Sent({"prompt_cache_key": "k1"}),
}
COHERE_LACKS: Final = Refused("Cohere's chat API has no such setting")
COHERE: Final[Column] = {
    "temperature": Sent({"temperature": 0.5}),
    "top_p": Sent({"p": 0.5}),
    "max_tokens": Sent({"max_tokens": 2000}),
    "max_completion_tokens": Sent({"max_tokens": 2000}),
    "stop": Sent({"stop_sequences": ["END"]}),
    "n": Refused("Cohere gives one answer per call"),
    "seed": Sent({"seed": 7}),
    "presence_penalty": Sent({"presence_penalty": 0.5}),
    "frequency_penalty": Sent({"frequency_penalty": 0.5}),
    "logit_bias": COHERE_LACKS,
    "logprobs": Sent({"logprobs": True}),
    "top_logprobs": Refused("Cohere gives the log probabilities of its own choice only"),
    "user": COHERE_LACKS,
    "tools": Sent(
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": SCHEMA, "description": "Adds."}}]}
    ),
    "tool_choice": Emulated({"tool_choice": "REQUIRED"}),
    "parallel_tool_calls": Refused("a Cohere model may always call several tools at once"),
    "functions": Emulated(
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": SCHEMA, "description": "Adds."}}]}
    ),
    "function_call": Emulated(),
    "stream": Sent({"stream": True}),
    "stream_options": Emulated(),
    "response_format": Sent({"response_format": {"type": "json_object", "json_schema": SCHEMA}}),
    "reasoning_effort": Emulated({"thinking": {"type": "enabled", "token_budget": 2048}}),
    "thinking": Sent({"thinking": {"type": "enabled", "token_budget": 1500}}),
    "verbosity": COHERE_LACKS,
    "modalities": Emulated(),
    "audio": Refused("Cohere does not speak"),
    "prediction": COHERE_LACKS,
    "web_search_options": Refused("version 2 of the API does not search the web; give it a tool that does"),
    "service_tier": Refused("ask for an earlier turn with cohere={'priority': ...}"),
    "metadata": COHERE_LACKS,
    "store": COHERE_LACKS,
    "safety_identifier": COHERE_LACKS,
    "prompt_cache_key": Refused("Cohere caches by itself"),
}
OLLAMA_LACKS: Final = Refused("Ollama has no such setting")
OLLAMA: Final[Column] = {
    "temperature": Sent({"options": {"temperature": 0.5}}),
    "top_p": Sent({"options": {"top_p": 0.5}}),
    "max_tokens": Sent({"options": {"num_predict": 2000}}),
    "max_completion_tokens": Sent({"options": {"num_predict": 2000}}),
    "stop": Sent({"options": {"stop": ["END"]}}),
    "n": Refused("Ollama gives one answer per call"),
    "seed": Sent({"options": {"seed": 7}}),
    "presence_penalty": Sent({"options": {"presence_penalty": 0.5}}),
    "frequency_penalty": Sent({"options": {"frequency_penalty": 0.5}}),
    "logit_bias": OLLAMA_LACKS,
    "logprobs": Sent({"logprobs": True}),
    "top_logprobs": Sent({"top_logprobs": 2}),
    "user": OLLAMA_LACKS,
    "tools": Sent(
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": SCHEMA, "description": "Adds."}}]}
    ),
    "tool_choice": Emulated(without=("tools",)),
    "parallel_tool_calls": Refused("an Ollama model may always call several tools at once"),
    "functions": Emulated(
        {"tools": [{"type": "function", "function": {"name": "add", "parameters": SCHEMA, "description": "Adds."}}]}
    ),
    "function_call": Emulated(without=("tools",)),
    "stream": Sent({"stream": True}),
    "stream_options": Emulated(),
    "response_format": Sent({"format": SCHEMA}),
    "reasoning_effort": Sent({"think": True}),
    "thinking": Emulated({"think": True}),
    "verbosity": OLLAMA_LACKS,
    "modalities": Emulated(),
    "audio": Refused("Ollama does not speak"),
    "prediction": OLLAMA_LACKS,
    "web_search_options": Refused("Ollama's chat does not search the web; give it a tool that does"),
    "service_tier": OLLAMA_LACKS,
    "metadata": OLLAMA_LACKS,
    "store": OLLAMA_LACKS,
    "safety_identifier": OLLAMA_LACKS,
    "prompt_cache_key": Refused("Ollama caches by itself; keep the model loaded with ollama={'keep_alive': ...}"),
}
AZURE: Final[Column] = {
    **OPENAI,
    "thinking": Refused("Azure OpenAI takes no thinking budget; use reasoning_effort"),
}
COLUMNS: Final[Mapping[str, Column]] = {
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "gemini": GEMINI,
    "azure": AZURE,
    "azure_ai": {**AZURE, "max_tokens": Sent({"max_tokens": 2000})},
    "azureanthropic": ANTHROPIC,
    "vertexai": {
        **GEMINI,
        "service_tier": Refused("Vertex AI takes it as a header: X-Vertex-AI-LLM-Shared-Request-Type"),
        "metadata": Refused("name what a call is for with labels={...}"),
        "store": Refused("Vertex AI has no such setting"),
    },
    "vertexaianthropic": {**ANTHROPIC, "stream": Sent({"stream": True}, path="claude-sonnet-4-5:streamRawPredict")},
    "bedrock": BEDROCK,
    "mistral": MISTRAL,
    "cohere": COHERE,
    "ollama": OLLAMA,
}
"""Vendor -> parameter -> what becomes of it; the vendors of `every_parameter_elsewhere` beside."""
