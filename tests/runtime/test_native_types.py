"""The vendors' own reply types in the hands of a user of pydantic: shown as a schema, held in lists, dumped, copied."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final, TypeAlias, get_args

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from polyvox.results import ChatCompletion, ChatCompletionChunk
from polyvox_wire.anthropic import responses as anthropic
from polyvox_wire.bedrock import responses as bedrock
from polyvox_wire.cohere import responses as cohere
from polyvox_wire.completions import responses as completions
from polyvox_wire.gemini import responses as gemini
from polyvox_wire.mistral import responses as mistral
from polyvox_wire.ollama import responses as ollama
from polyvox_wire.openai import responses as openai
from polyvox_wire.support import UnknownVariant, Wire

Json: TypeAlias = dict[str, Any]
VENDORS: Final = ("anthropic", "bedrock", "chat", "cohere", "completions", "gemini", "mistral", "ollama", "openai")


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_type_has_a_json_schema(vendor: str) -> None:
    """All of a vendor's at once: those that no other mentions, and with them all others."""
    kinds = _types_of(vendor)
    roots = set(kinds) - {
        each for kind in kinds for field in kind.model_fields.values() for each in _in(field.annotation)
    }
    _, schema = models_json_schema([(root, "validation") for root in roots])
    assert schema["$defs"].keys() - {UnknownVariant.__name__} == {kind.__name__ for kind in kinds}


def _types_of(vendor: str) -> list[type[Wire]]:
    module = import_module(f"polyvox_wire.{vendor}.responses")
    return [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]


def _in(annotation: object) -> Iterator[object]:
    yield annotation
    for each in get_args(annotation):
        yield from _in(each)


CHOICE: Final[Json] = {
    "index": 0,
    "finish_reason": "stop",
    "message": {"role": "assistant", "content": "Hi", "audio": None},
}
NEW: Final[Json] = {"type": "brand_new", "of": [1]}
REPLIES: Final[dict[type[BaseModel], Json]] = {
    ChatCompletion: {"id": "1", "created": 1, "model": "m", "choices": [CHOICE], "new": 1},
    ChatCompletionChunk: {"id": "1", "created": 1, "model": "m", "choices": [{"index": 0, "delta": {"content": "Hi"}}]},
    anthropic.Message: {
        "id": "msg_1",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "text", "text": "Hi", "new": 1},
            {"type": "fallback", "from": {"model": "m"}, "to": {"model": "n"}},
            {
                "type": "web_search_tool_result",
                "tool_use_id": "t",
                "content": [{"type": "web_search_result", "url": "u"}],
            },
            NEW,
        ],
        "stop_reason": "brand_new",
        "usage": {"input_tokens": 1},
    },
    bedrock.ConverseResponse: {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}, {"brandNew": {"of": 1}}]}},
        "stopReason": "brand_new",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    },
    cohere.ChatResponseV2: {
        "id": "1",
        "finish_reason": "COMPLETE",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}, NEW]},
    },
    completions.CreateCompletionResponse: {
        "id": "1",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "text": "Hi"}],
    },
    gemini.GenerateContentResponse: {
        "candidates": [
            {
                "content": {
                    "parts": [{"text": "Hi", "thought": True}, {"functionCall": {"name": "f"}}, {"brandNew": {"of": 1}}]
                },
                "finishReason": "BRAND_NEW",
            }
        ]
    },
    mistral.ChatCompletionResponse: {
        "id": "1",
        "created": 1,
        "model": "m",
        "usage": {"prompt_tokens": 1},
        "choices": [{**CHOICE, "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}, NEW]}}],
    },
    ollama.ChatResponse: {"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": True},
    openai.CreateChatCompletionResponse: {"id": "1", "created": 1, "model": "m", "choices": [CHOICE]},
}
every_reply = pytest.mark.parametrize(
    ("kind", "wire"),
    [pytest.param(*each, id=each[0].__module__.split(".")[1] + each[0].__name__) for each in REPLIES.items()],
)


@every_reply
def test_a_reply_is_dumped_as_it_came(kind: type[BaseModel], wire: Json) -> None:
    reply = kind.model_validate(wire)
    assert reply.model_dump(exclude_unset=True) == wire
    assert json.loads(reply.model_dump_json(exclude_unset=True)) == wire
    assert kind.model_validate(reply.model_dump()) == reply
    assert kind.model_validate_json(reply.model_dump_json()) == reply
    assert kind(**dict(reply)) == reply  # by the attributes' names


@every_reply
def test_a_reply_is_copied(kind: type[BaseModel], wire: Json) -> None:
    reply = kind.model_validate(wire)
    copies = (copy.copy(reply), copy.deepcopy(reply), reply.model_copy(deep=True), pickle.loads(pickle.dumps(reply)))
    for again in copies:
        assert again == reply
        assert again.model_dump(exclude_unset=True) == wire


@every_reply
def test_a_reply_stands_in_other_types(kind: type[BaseModel], wire: Json) -> None:
    replies: TypeAdapter[list[BaseModel]] = TypeAdapter(list[kind])  # type: ignore[valid-type]  # made at run time
    assert replies.validate_python([wire]) == replies.validate_python([kind.model_validate(wire)])
    assert replies.validate_json(replies.dump_json(replies.validate_python([wire]))) == replies.validate_python([wire])
    assert replies.json_schema(mode="serialization")["type"] == "array"
