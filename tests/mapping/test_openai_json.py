"""`model_dump()` of every vendor's answer is OpenAI's JSON: it fits OpenAI's own description, chunks too; and every way
to reach a value in the peers' documents reaches the same one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, cast

import jsonschema_rs
import pytest

from polyvox import ChatCompletion, ChatCompletionChunk
from polyvox.shapes import is_list, is_mapping
from tests.mapping.asking import HELLO, Json, Wire
from tests.server import exchanges

ROOT: Final = Path(__file__).parents[2]
DESCRIBED: Final = cast("Json", json.loads((ROOT / "specs/openai/openapi.json").read_text("utf-8")))
# Required, but null: left out with the other nulls.
NULLS: Final = frozenset({"logprobs", "refusal", "content", "usage"})
ANSWER: Final = "CreateChatCompletionResponse"
CHUNK: Final = "CreateChatCompletionStreamResponse"
ENVIRONMENT: Final = {
    "AWS_REGION": "us-east-1",
    "VERTEXAI_PROJECT": "p",
    "AZURE_API_BASE": "https://h.test",
    "AZURE_AI_API_BASE": "https://h.test",
    "AZURE_ANTHROPIC_API_BASE": "https://h.test",
}
MODELS: Final = (
    "openai:gpt-5",
    "anthropic:claude-sonnet-4-5",
    "gemini:gemini-2.5-flash",
    "azure:gpt-5",
    "azure_ai:gpt-5",
    "azureanthropic:claude-sonnet-4-5",
    "vertexai:gemini-2.5-flash",
    "vertexaianthropic:claude-sonnet-4-5",
    "bedrock:anthropic.claude-sonnet-4-5",
    "mistral:mistral-small-latest",
    "cohere:command-a",
    "ollama:qwen3",
    "groq:llama-4",
)
CASSETTES: Final = tuple(
    f"{vendor}/{kind}" for vendor in ("openai", "anthropic", "gemini") for kind in ("plain", "tool")
)
STREAMS: Final = ("openai/stream", "anthropic/stream", "gemini/stream")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of those who have none of their own."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def _without_nulls(schema: object) -> object:
    """The same description of documents whose nulls are left out."""
    if is_list(schema):
        return [_without_nulls(one) for one in schema]
    if not is_mapping(schema):
        return schema
    made = {key: _without_nulls(value) for key, value in schema.items()}
    if is_list(required := made.get("required")):
        made["required"] = [name for name in required if name not in NULLS]
    return made


@cache
def _validator(name: str) -> jsonschema_rs.Validator:
    components = cast("dict[str, Json]", _without_nulls(DESCRIBED["components"]))
    components["schemas"]["ServiceTier"] = {"type": "string"}  # every vendor has words of its own
    if name == CHUNK:
        _choice(components["schemas"][CHUNK])["required"] = ["delta", "index"]  # null until the last
    return jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": components})


def _choice(schema: object) -> Json:
    choices = cast("Mapping[str, Mapping[str, Json]]", schema)["properties"]["choices"]
    return cast("Json", choices["items"])


def _check(dumped: Mapping[str, object], name: str) -> None:
    problems = [f"{list(one.instance_path)}: {one.message}" for one in _validator(name).iter_errors(dumped)]
    assert problems == []


def _whole(answer: ChatCompletion) -> Json:
    return answer.model_dump(mode="json", exclude_none=True)


def test_the_description_is_really_asked() -> None:
    with pytest.raises(AssertionError, match="finish_reason"):
        _check({"id": "c", "created": 1, "model": "m", "object": "chat.completion", "choices": [{"index": 0}]}, ANSWER)


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_fits_openais_description(model: str) -> None:
    _check(_whole(Wire().ask(model)), ANSWER)


def _recorded(cassette: str) -> Iterator[Wire]:
    for exchange in exchanges(cassette):
        yield Wire(exchange.body)


def _model(cassette: str) -> str:
    vendor = cassette.partition("/")[0]
    return next(model for model in MODELS if model.startswith(f"{vendor}:"))


@pytest.mark.parametrize("cassette", CASSETTES)
def test_a_recorded_answer_fits_openais_description(cassette: str) -> None:
    for wire in _recorded(cassette):
        _check(_whole(wire.ask(_model(cassette))), ANSWER)


@pytest.mark.parametrize("cassette", STREAMS)
def test_recorded_chunks_and_what_they_add_up_to_fit_openais_description(cassette: str) -> None:
    for wire in _recorded(cassette):
        stream = wire.open(_model(cassette), HELLO)
        for chunk in stream:
            _check(chunk.model_dump(mode="json", exclude_none=True), CHUNK)
        _check(_whole(stream.completion()), ANSWER)


@pytest.mark.parametrize("model", MODELS)
def test_every_way_to_reach_a_value(model: str) -> None:
    answer = Wire().ask(model)
    message = answer.choices[0].message
    assert answer["choices"][0]["message"]["content"] == message.content == message["content"] == "Hello"
    assert answer.get("choices") is answer.choices
    assert message.get("content", "") == "Hello"
    assert message.get("tool_calls") is None
    assert message.get("tool_calls", []) == []
    assert "content" in message
    assert "tool_calls" not in message
    assert answer.choices[0].finish_reason == answer["choices"][0]["finish_reason"] == "stop"
    assert answer.choices[0].provider_specific_fields["native_finish_reason"]
    assert answer.usage is not None
    assert answer.usage["total_tokens"] == answer.usage.total_tokens == 3
    assert answer.id == answer["id"]
    assert answer.created > 0
    assert answer.response_ms is not None


@pytest.mark.parametrize("cassette", STREAMS)
def test_every_way_to_reach_a_piece(cassette: str) -> None:
    (wire,) = _recorded(cassette)
    chunks: list[ChatCompletionChunk] = list(wire.open(_model(cassette), HELLO))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert said == "".join(chunk.choices[0].delta.get("content") or "" for chunk in chunks)
    assert said == "".join(
        chunk.choices[0].delta["content"] or "" for chunk in chunks if "content" in chunk.choices[0].delta
    )
    assert len({chunk.id for chunk in chunks}) == 1
