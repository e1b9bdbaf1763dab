"""Every code example of the peers' documents, run against the local server. mypy and pyright check them as they stand.

An example stands here with what it prints, and, where that says little, with a part of the last request it sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import NamedTuple

import pytest

from tests.reference import (
    any_llm_completion,
    litellm_completion,
    litellm_completion_skill,
    onellm_chat_completions,
    ritellm,
)
from tests.scenarios import VENDORS
from tests.server import JSON, LocalServer

any_llm, litellm, skill, onellm = (
    any_llm_completion,
    litellm_completion,
    litellm_completion_skill,
    onellm_chat_completions,
)


class Example(NamedTuple):
    """One example."""

    run: Callable[[], None]
    prints: str
    sends: Mapping[str, object] = {}


CITY = r'\{"name":"Paris".*\}\n'
CALL = r"get_weather\n"
PARIS = r".*Paris.*"
IMAGE_PART = {"type": "image_url", "image_url": {"url": "https://example.com/cat.jpg"}}
# What any-llm's callable becomes: its signature and its docstring.
GET_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get weather information for a location.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "The city or location to get weather for"},
                "unit": {"type": "string", "description": "Temperature unit, either 'C' or 'F'", "default": "F"},
            },
            "required": ["location"],
            "additionalProperties": False,
        },
    },
}

EXAMPLES = [
    Example(
        any_llm.every_parameter,
        PARIS,
        {
            "temperature": 0.5,
            "top_p": 0.9,
            "max_completion_tokens": 100,
            "tool_choice": "auto",
            "stop": ["END"],
            "logit_bias": {"1734": -100.0},
            "prompt_cache_retention": "24h",
            "response_format": {"type": "json_object"},
        },
    ),
    Example(any_llm.not_streaming, PARIS, {"model": "mistral-small-latest"}),
    Example(any_llm.streaming, PARIS, {"stream": True}),
    Example(any_llm.asynchronous, PARIS, {"model": "claude-sonnet-4-20250514", "max_tokens": 4096}),
    Example(any_llm.structured_output, r"Paris, France - pop\. \d+\n"),
    Example(any_llm.tools_as_callables, "", {"model": "mistral-small-latest", "tools": [GET_WEATHER]}),
    Example(any_llm.addressing, "openai openai openai ", {"model": "gpt-4"}),
    Example(
        litellm.every_parameter, PARIS, {"max_completion_tokens": 50, "verbosity": "low", "service_tier": "default"}
    ),
    Example(litellm.messages, PARIS, {"systemInstruction": {"parts": [{"text": "You are a helpful assistant."}]}}),
    Example(litellm.count_to_ten, PARIS),
    Example(litellm.stream_options, "True\n", {"stream_options": {"include_usage": True}}),
    Example(
        litellm.tools, "(tool_calls ){3}", {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}
    ),
    Example(litellm.json_mode, CITY, {"response_format": {"type": "json_object"}}),
    Example(litellm.structured_output, r"answer='.+' confidence=\d\.\d+\n"),
    Example(litellm.override_of_the_provider, "bedrock anthropic\n", {"model": "my-own-model"}),
    Example(litellm.mock_response, r"This is a test\.\n"),
    Example(litellm.fallbacks, PARIS),
    Example(litellm.model_list, PARIS),
    Example(litellm.thinking, PARIS, {"thinking": {"type": "enabled", "budget_tokens": 1000}, "max_tokens": 5096}),
    Example(litellm.basic, PARIS, {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello, how are you?"}]}),
    Example(litellm.streaming, PARIS, {"stream": True}),
    Example(litellm.asynchronous, PARIS),
    Example(litellm.function_calling, CALL),
    Example(litellm.multiple_providers, "openai anthropic bedrock azure ", {"model": "gpt-4"}),
    Example(litellm.error_handling, "Authentication failed: openai.*: no API key: .* set OPENAI_API_KEY\n"),
    Example(skill.quick_start, PARIS, {"model": "gpt-4o", "max_completion_tokens": 100, "temperature": 0.7}),
    Example(skill.prefixes, "openai anthropic vertexai bedrock ollama azure openai "),
    Example(skill.streaming, PARIS),
    Example(skill.streaming_with_usage, r"\d+\n"),
    Example(
        skill.image,
        PARIS,
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Describe this image"}, IMAGE_PART]}]},
    ),
    Example(skill.other_content, "(stop ){4}"),
    Example(skill.error_handling, r"API error: anthropic:no-such-model: .* \(status 404, not_found_error.*\)\n"),
    Example(skill.essential_parameters, "tool_calls\n", {"tool_choice": "none", "temperature": 0.2}),
    Example(skill.more_parameters, r"\('thinking',\)\n", {"metadata": {"tag": "demo"}}),
    Example(skill.api_version, PARIS, {"model": "gpt-4o"}),
    Example(skill.supported_parameters, "max_tokens stream tool_choice tools\n"),
    Example(skill.response_fields, r".*Paris.*\nstop\n\d+\nTrue\nend_turn\n"),
    Example(skill.drop_params, r"\('seed',\)\n"),
    Example(skill.deprecated_functions, "tool_calls\n", {"tool_choice": {"type": "tool", "name": "get_weather"}}),
    Example(skill.json_mode, CITY),
    Example(onellm.basic_usage, PARIS),
    Example(
        onellm.every_parameter,
        "tool_calls\n",
        {
            "frequency_penalty": 0.5,
            "max_completion_tokens": 150,
            "n": 3,
            "seed": 42,
            "stop": ["\n", "END"],
            "user": "user-123",
            "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        },
    ),
    Example(onellm.models, "openai anthropic gemini "),
    Example(onellm.standard_response, r"\S+\n\S+\n\d+\n.*Paris.*\nstop\n\d+\n"),
    Example(onellm.streaming_response, PARIS),
    Example(onellm.text_messages, "0\n", {"system": "You are a pirate."}),
    Example(onellm.multimodal_messages, "(stop ){3}"),
    Example(onellm.function_results, r"(.*Paris.*\n){3}"),
    Example(onellm.json_mode, CITY),
    Example(onellm.function_calling, r'Function: get_weather\nArguments: \{"location":"Paris"\}\n'),
    Example(
        onellm.multi_turn,
        PARIS,
        {
            "messages": [
                {"role": "user", "content": "My name is Alice"},
                {"role": "assistant", "content": "The capital of France is Paris."},
                {"role": "user", "content": "What's my name?"},
            ]
        },
    ),
    Example(onellm.multiple_completions, r"Option 1: .*\n", {"n": 3}),
    Example(onellm.creative_writing, PARIS, {"max_completion_tokens": 50}),
    Example(onellm.code_generation, PARIS, {"system": "You are an expert programmer.", "max_tokens": 200}),
    Example(
        onellm.data_extraction,
        r"\{\n  \"name\".*",
        {"generationConfig": {"temperature": 0, "responseMimeType": "application/json"}},
    ),
    Example(onellm.audio, "stop\n"),
    Example(onellm.with_fallback_models, "openai\n", {"model": "gpt-4"}),
    Example(onellm.with_retries_and_fallbacks, "anthropic\n", {"model": "claude-3-opus"}),
    Example(ritellm.synchronous, PARIS, {"stream": True}),
    Example(ritellm.asynchronous, PARIS, {"stream": True}),
    Example(ritellm.every_parameter, "stop\n", {"top_p": 0.5, "verbosity": "low", "max_completion_tokens": 64}),
    Example(ritellm.unknown_prefix, "unknown provider 'openapi'; did you mean 'openai'\\?\n"),
]


def _id(example: Example) -> str:
    return f"{example.run.__module__.rpartition('.')[2]}-{example.run.__name__}"


# Vendors without cassettes, whom the peers' examples ask too.
OTHERS = {
    "MISTRAL_API_BASE": "{url}/v1",
    "MISTRAL_API_KEY": "local",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{url}",
    "AWS_BEARER_TOKEN_BEDROCK": "local",
    "AWS_REGION": "us-east-1",
    "AZURE_API_BASE": "{url}",
    "AZURE_API_KEY": "local",
    "VERTEXAI_API_BASE": "{url}",
    "VERTEXAI_API_KEY": "local",
    "OLLAMA_API_BASE": "{url}",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """The environment of somebody who has keys; every vendor's address is the local server's."""
    with LocalServer() as server:
        for vendor in VENDORS:
            for name, value in server.environment(vendor).items():
                monkeypatch.setenv(name, value)
        for name, value in OTHERS.items():
            monkeypatch.setenv(name, value.format(url=server.url))
        yield server


@pytest.mark.parametrize("example", EXAMPLES, ids=_id)
def test_example(example: Example, server: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    example.run()
    assert re.fullmatch(example.prints, capsys.readouterr().out, re.DOTALL)
    if example.sends:
        sent: JSON = server.requests[-1].json
        assert {name: sent.get(name) for name in example.sends} == example.sends


def test_every_example_is_run() -> None:
    modules: tuple[ModuleType, ...] = (any_llm, litellm, skill, onellm, ritellm)
    written = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and value.__name__ != "get_weather"
    }
    assert written == {example.run for example in EXAMPLES}
    assert len(EXAMPLES) == len(written)
