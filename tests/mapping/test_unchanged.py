"""A call changes nothing of the caller's: neither while asking, nor while dropping, nor when a result goes back."""

from copy import deepcopy
from typing import Final

import pytest

from tests.mapping.asking import Json, Wire

MODELS: Final = ["openai:gpt-5", "anthropic:claude-sonnet-4-5", "gemini:gemini-2.5-flash", "mistral:m", "publicai:p"]


def _messages() -> list[Json]:
    return [
        {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "developer", "content": "Be kind."},
        {
            "role": "user",
            "name": "ada",
            "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "thinking_blocks": [{"type": "thinking", "thinking": "x", "signature": "s"}],
            "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}],
            "provider_specific_fields": {"gemini": {"parts": [{"text": "x"}], "text": ""}},
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "3", "is_error": False},
    ]


def _parameters() -> Json:
    schema: Json = {"type": "object", "properties": {"a": {"type": "object", "properties": {}}}}
    function: Json = {"name": "add", "parameters": schema, "strict": True}
    return {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "auto"},
        "functions": [function],
        "parallel_tool_calls": False,
        "stop": ["a"],
        "logit_bias": {"1": 1},
        "metadata": {"team": "a"},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        "modalities": ["text"],
        "anthropic": {"container": {"id": "c"}},
        "gemini": {"speechConfig": {"languageCode": "de"}},
        "fallbacks": ["anthropic:claude-sonnet-4-5", {"model": "gemini:gemini-2.5-flash", "seed": 1}],
        "extra_body": {"metadata": {"more": 1}, "generationConfig": {"speechConfig": {"x": 1}}},
        "extra_headers": {"X-A": "1"},
        "extra_query": {"a": "1"},
        "web_search_options": {"search_context_size": "low"},
    }


@pytest.mark.parametrize("model", MODELS)
def test_arguments_stay_as_they_were(model: str) -> None:
    messages, parameters = _messages(), _parameters()
    if model.startswith("gemini"):
        parameters["tool_choice"] = {"mode": "AUTO"}
    before = deepcopy((messages, parameters))
    Wire().ask(model, messages, drop_params=True, **parameters)
    assert (messages, parameters) == before


@pytest.mark.parametrize("model", MODELS)
def test_a_result_stays_as_it_was_when_it_goes_back(model: str) -> None:
    wire = Wire()
    answer = wire.ask(model)
    before = answer.model_copy(deep=True)
    wire.ask(model, [{"role": "user", "content": "Hi"}, answer.choices[0].message, {"role": "user", "content": "More"}])
    assert answer == before


def test_settings_of_a_client_stay_as_they_were() -> None:
    from polyvox import Client

    headers, body = {"X-A": "1"}, {"a": {"b": 1}}
    wire = Wire()
    client = Client(
        transport=wire.client()._transport,
        api_key="k",
        api_base="https://h.test",
        extra_headers=headers,
        extra_body=body,
    )
    client.completion("openai:gpt-5", [{"role": "user", "content": "Hi"}], extra_query={"q": "1"})
    assert (headers, body) == ({"X-A": "1"}, {"a": {"b": 1}})
