"""Results: attributes and keys alike, OpenAI's JSON, facts of the call, pickling."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Final

import pytest
from pydantic import BaseModel

from polyvox import ChatCompletion, ChatCompletionChunk, Client, ParsedChatCompletion
from polyvox.results import (
    ChatCompletionMessage,
    Choice,
    CompletionUsage,
    Delta,
    FunctionCall,
    ToolCall,
)
from polyvox.shapes import is_list, is_mapping
from tests.mapping.asking import HELLO, OPENAI_REPLY, Wire, answered, as_bytes, sse, streamed

MODELS: Final = ["openai:gpt-5", "anthropic:claude-sonnet-4-5", "gemini:gemini-2.5-flash", "groq:llama"]

ANSWER: Final = ChatCompletion(
    id="c1",
    created=5,
    model="m",
    choices=[
        Choice(
            message=ChatCompletionMessage(
                content="Hi", tool_calls=[ToolCall(id="t1", function=FunctionCall(name="f", arguments="{}"))]
            ),
            finish_reason="stop",
        )
    ],
    usage=CompletionUsage(prompt_tokens=1, completion_tokens=2, total_tokens=3),
)


def test_attributes_and_keys_are_the_same() -> None:
    assert ANSWER["id"] == ANSWER.id == "c1"
    assert ANSWER["choices"][0]["message"]["content"] == ANSWER.choices[0].message.content == "Hi"
    calls = ANSWER["choices"][0]["message"]["tool_calls"]
    assert calls is not None
    assert calls[0]["function"]["name"] == "f"
    usage = ANSWER["usage"]
    assert usage is not None
    assert usage["total_tokens"] == 3


def test_get_gives_the_default_for_what_is_unset_null_or_unknown() -> None:
    message = ANSWER.choices[0].message
    assert message.get("content") == "Hi"
    assert message.get("content", "none") == "Hi"
    assert message.get("refusal") is None
    assert message.get("refusal", "none") == "none"
    assert message.get("brand_new") is None
    assert message.get("brand_new", 3) == 3
    assert Delta().get("content", "") == ""


def test_get_keeps_values_that_are_false() -> None:
    assert ChatCompletionMessage(content="").get("content", "none") == ""
    assert CompletionUsage().get("total_tokens", 7) == 0


def test_in_says_whether_there_is_a_value() -> None:
    message = ANSWER.choices[0].message
    assert "content" in message
    assert "refusal" not in message
    assert "brand_new" not in message
    assert 3 not in message


def test_a_key_that_nobody_knows() -> None:
    with pytest.raises(KeyError, match="brand_new"):
        ANSWER["brand_new"]
    assert ANSWER.choices[0].message["refusal"] is None


def test_keys_are_what_has_a_value() -> None:
    assert "content" in ANSWER.choices[0].message.keys()  # noqa: SIM118  (keys() is what is tested)
    assert "refusal" not in ANSWER.choices[0].message.keys()  # noqa: SIM118


def test_it_is_walked_through_as_a_dict_is() -> None:
    message = ANSWER.choices[0].message
    assert dict(message.items()) == {name: message[name] for name in message.keys()} == dict(message)  # noqa: SIM118
    assert dict(ANSWER.items())["id"] == ANSWER.id


def test_fields_of_the_vendor_that_nobody_described_are_keys_too() -> None:
    answer = answered("groq:llama", {**OPENAI_REPLY, "x_groq": {"id": "req_1"}})
    assert answer["x_groq"] == {"id": "req_1"}
    assert answer.get("x_groq") == {"id": "req_1"}
    assert "x_groq" in answer
    assert "x_groq" in answer.keys()  # noqa: SIM118


def test_the_dump_of_openais_reply_is_openais_reply() -> None:
    answer = answered("openai:gpt-5", OPENAI_REPLY)
    dumped = answer.model_dump(exclude_none=True)
    for choice in dumped["choices"]:
        assert choice.pop("provider_specific_fields") == {"native_finish_reason": "stop"}
        assert choice["message"].pop("provider_specific_fields", {}) == {}
    assert dumped == OPENAI_REPLY
    assert json.loads(answer.model_dump_json(exclude_none=True)) == answer.model_dump(exclude_none=True)


def _shape(value: object) -> object:
    """The keys of a dump, without its values."""
    if is_mapping(value):
        kept = {key: inner for key, inner in value.items() if key not in ("usage", "provider_specific_fields")}
        return {key: _shape(inner) for key, inner in kept.items()}
    return [_shape(inner) for inner in value] if is_list(value) else None


@pytest.mark.parametrize("model", MODELS)
def test_every_vendors_answer_has_the_same_keys(model: str) -> None:
    assert _shape(Wire().ask(model).model_dump()) == _shape(Wire().ask("openai:gpt-5").model_dump())


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_survives_a_round_trip_through_json(model: str) -> None:
    answer = Wire().ask(model)
    assert ChatCompletion.model_validate_json(answer.model_dump_json()).model_dump() == answer.model_dump()


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_survives_pickling_and_copying(model: str) -> None:
    answer = Wire(headers={"x-request-id": "r1"}).ask(model)
    for again in (pickle.loads(pickle.dumps(answer)), copy.copy(answer), copy.deepcopy(answer)):
        assert isinstance(again, ChatCompletion)
        assert again.model_dump() == answer.model_dump()
        assert (again.provider, again.request_id) == (answer.provider, "r1")
        assert again.native == answer.native


class City(BaseModel):
    """What is asked for."""

    name: str


def test_a_parsed_answer_survives_pickling() -> None:
    body = as_bytes(OPENAI_REPLY).replace(b"Hello", rb"{\"name\": \"Oslo\"}")
    answer = Client(transport=Wire(body).client()._transport, api_key="k", api_base="https://h.test").completion(
        "openai:gpt-5", HELLO, response_format=City
    )
    again: ParsedChatCompletion[City] = pickle.loads(pickle.dumps(answer))
    assert again.choices[0].message.parsed == City(name="Oslo")
    assert again.model_dump() == answer.model_dump()


def test_chunks_survive_pickling() -> None:
    event = {"id": "c1", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    chunks = streamed("openai:gpt-5", sse(event, "[DONE]"))
    assert pickle.loads(pickle.dumps(chunks)) == chunks
    assert isinstance(chunks[0], ChatCompletionChunk)


def test_facts_of_a_call() -> None:  # 107, 108 of research/wire-oddities.md
    wire = Wire(headers={"x-request-id": "r1", "x-ratelimit-remaining-requests": "9", "retry-after": "30"})
    answer = wire.ask("openai:gpt-5")
    assert len(wire.requests) == 1
    assert (answer.provider, answer.request_id, answer.dropped_params) == ("openai", "r1", ())
    assert answer.response_headers["X-RateLimit-Remaining-Requests"] == "9"
    assert answer.response_ms is not None
    assert answer.structured_by is None


def test_facts_of_a_stream() -> None:
    event = {"id": "c1", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    wire = Wire(sse(event, "[DONE]"), headers={"x-request-id": "r1"})
    answer = wire.open("groq:llama", HELLO, drop_params=True, logit_bias={"1": 1}).completion()
    assert (answer.provider, answer.request_id, answer.dropped_params) == ("groq", "r1", ("logit_bias",))
    assert answer.response_ms is None
    assert answer.native is None


def test_an_answer_made_by_hand_has_empty_facts() -> None:
    assert (ANSWER.provider, ANSWER.request_id, ANSWER.native, ANSWER.dropped_params) == ("", None, None, ())
    assert dict(ANSWER.response_headers) == {}


def test_facts_are_no_part_of_the_json() -> None:
    assert "request_id" not in Wire(headers={"x-request-id": "r1"}).ask("openai:gpt-5").model_dump()


def test_an_answer_may_be_printed() -> None:
    assert "content='Hi'" in repr(ANSWER)


def test_a_repr_shows_what_there_is_and_cuts_long_texts() -> None:
    message = ChatCompletionMessage(content="x" * 500)
    answer = ChatCompletion(id="c1", model="m", choices=[Choice(message=message, finish_reason="stop")])
    shown = repr(answer)
    assert "None" not in shown
    assert "usage" not in shown
    assert "(500 characters)" in shown
    assert len(shown) < 500
