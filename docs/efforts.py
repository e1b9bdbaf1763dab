"""What each word of `reasoning_effort` puts on the wire, found out by asking: a part of docs/parameters.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, cast, get_args

import httpx2

import polyvox
from polyvox import APIConnectionError, ReasoningEffort, UnsupportedParamsError

MODELS: Final = {
    "OpenAI, Azure, gateways": "openai:gpt-5",
    "Claude, the newer ones": "anthropic:claude-sonnet-4-6",
    "Claude, those with a budget": "anthropic:claude-sonnet-4-5",
    "Gemini from 3 on": "gemini:gemini-3-pro",
    "Gemini to 2.5": "gemini:gemini-2.5-flash",
    "Bedrock: Claude, with a budget": "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0",
    "Bedrock: Nova 2": "bedrock:amazon.nova-2-lite-v1:0",
    "Bedrock: gpt-oss": "bedrock:openai.gpt-oss-120b-1:0",
    "Mistral": "mistral:magistral-medium-latest",
    "Cohere": "cohere:command-a-reasoning-08-2025",
    "Ollama: gpt-oss": "ollama:gpt-oss:20b",
    "Ollama: others": "ollama:qwen3:4b",
}
WHERE: Final = {
    model: "generationConfig.thinkingConfig." if model.startswith("gemini") else "additionalModelRequestFields."
    for model in MODELS.values()
    if model.startswith(("gemini", "bedrock"))
}
"""What stands above all of a model's fields, and is left out."""
TEXT: Final = """
## `reasoning_effort`, word by word

What is sent for each; tokens, where it is a budget. `auto`, `default` and None send nothing. With a `max_tokens` a
budget of Claude's is at most half of it, so that an answer follows the thinking. `thinking={"type": "enabled",
"budget_tokens": ...}` sets a budget of your own wherever there is one. Gemini's fields stand in
`generationConfig.thinkingConfig`, Bedrock's in `additionalModelRequestFields`.

"""


def section() -> str:
    """The table."""
    words = [word for word in get_args(ReasoningEffort) if word not in ("auto", "default")]
    lines = ["| | " + " | ".join(f"`{word}`" for word in words) + " |", "| --- " * (len(words) + 1) + "|"]
    for label, model in MODELS.items():
        lines.append(f"| {label} | " + " | ".join(_said(model, word) for word in words) + " |")
    return TEXT + "\n".join(lines) + "\n"


def _said(model: str, word: str) -> str:
    try:
        plain, with_effort = _sent(model, None), _sent(model, word)
    except UnsupportedParamsError as refused:
        return "refused: " + refused.message.partition(": ")[2].partition(";")[0]
    changed = {key: value for key, value in with_effort.items() if plain.get(key) != value and key != "max_tokens"}
    said = [(path.removeprefix(WHERE.get(model, "")), value) for path, value in _flat(changed)]
    return ", ".join(f"`{path}: {value}`" for path, value in said if path != "includeThoughts")


def _flat(value: object, path: str = "") -> list[tuple[str, str]]:
    if not isinstance(value, Mapping):
        return [(path, json.dumps(value))]
    found = cast("Mapping[str, object]", value)
    return [pair for key, inner in found.items() for pair in _flat(inner, f"{path}.{key}" if path else key)]


def _sent(model: str, word: str | None) -> dict[str, object]:
    bodies: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        raise httpx2.ConnectError("enough is known")

    client = polyvox.Client(transport=httpx2.MockTransport(answer), num_retries=0)
    region = "us-east-1" if model.startswith("bedrock") else None
    with suppress(APIConnectionError):
        client.completion(
            model,
            [{"role": "user", "content": "Hi"}],
            reasoning_effort=cast("ReasoningEffort | None", word),
            aws_region_name=region,
            api_key="none",
        )
    return cast("dict[str, object]", json.loads(bodies[0]))
