"""`response_format=type`: a checked object comes back, or an error that says why not, with the text as it came."""

from __future__ import annotations

import json
from typing import Final, Literal, Union

import jsonschema_rs
import pytest

from polyvox import Client, StructuredOutputError
from polyvox.call import Format, Typed
from polyvox.dialects.openai import RULES
from polyvox.schemas import rewritten
from polyvox.structured import wanted
from tests.mapping.asking import HELLO, KEY, Json, Wire, as_bytes
from tests.runtime.test_schemas import Cat, Dog, Place

MODEL: Final = "openai:gpt-5"


def _wanted(kind: object) -> tuple[Format, Typed]:
    form, typed = wanted(kind)
    assert form is not None
    assert typed is not None
    return form, typed


NOT_OBJECTS: Final[dict[str, tuple[object, str, object]]] = {
    "list": (list[int], '{"value": [1, 2]}', [1, 2]),
    "list of models": (
        list[Place],
        '{"value": [{"city": "Oslo", "country": "NO", "height": null}]}',
        [Place(city="Oslo")],
    ),
    "number": (int, '{"value": 3}', 3),
    "literal": (Literal["a", "b"], '{"value": "a"}', "a"),
    "union": (Union[Cat, Dog], '{"value": {"kind": "cat", "lives": 7}}', Cat(kind="cat", lives=7)),
}


@pytest.mark.parametrize(("kind", "text", "value"), NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_what_is_no_object_is_put_into_one(kind: object, text: str, value: object) -> None:
    form, typed = _wanted(kind)
    schema = rewritten(form.schema, RULES)
    assert schema is not None
    assert schema["type"] == "object"
    jsonschema_rs.validator_for(schema).validate(json.loads(text))
    assert typed.whole(text) == value


def test_a_fence_around_the_json_is_no_part_of_it() -> None:
    _, typed = _wanted(Place)
    assert typed.whole('```json\n{"city": "Oslo"}\n```') == Place(city="Oslo")
    assert _wanted(list[int])[1].whole('```\n{"value": [1]}\n```\n') == [1]


def test_a_type_is_described_once() -> None:
    assert wanted(Place)[0] is wanted(Place)[0]


def _reply(content: object, finish: str = "stop", **more: object) -> bytes:
    message: Json = {"role": "assistant", "content": content, **more}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return as_bytes({"id": "c1", "created": 5, "model": "m", "choices": choices})


def _client(body: bytes) -> Client:
    return Client(
        transport=Wire(body, headers={"x-request-id": "r1"}).client()._transport,
        api_key=KEY,
        api_base="https://h.test",
        num_retries=0,
    )


def test_parsed() -> None:
    answer = _client(_reply('{"city": "Oslo"}')).completion(MODEL, HELLO, response_format=Place)
    message = answer.choices[0].message
    assert message.parsed == Place(city="Oslo")
    assert message.content == '{"city": "Oslo"}'
    assert (answer.id, answer.provider, answer.structured_by) == ("c1", "openai", "json_schema")


SILENT: Final = {
    "refusal": _reply(None, refusal="I cannot."),
    "refusal with text": _reply("I cannot.", refusal="I cannot."),
    "call": _reply(None, tool_calls=[{"id": "1", "function": {"name": "f", "arguments": "{}"}}]),
    "call with empty text": _reply("", tool_calls=[{"id": "1", "function": {"name": "f", "arguments": "{}"}}]),
}


def test_a_refusal_is_on_the_message() -> None:
    message = _client(SILENT["refusal"]).completion(MODEL, HELLO, response_format=Place).choices[0].message
    assert (message.parsed, message.refusal) == (None, "I cannot.")


def test_an_answer_that_ends_at_the_limit_but_is_whole_is_parsed() -> None:
    answer = _client(_reply('{"city": "Oslo"}', "length")).completion(MODEL, HELLO, response_format=Place)
    assert answer.choices[0].message.parsed == Place(city="Oslo")


def test_keys_lead_to_the_object_too() -> None:
    answer = _client(_reply('{"city": "Oslo"}')).completion(MODEL, HELLO, response_format=Place)
    assert answer["choices"][0]["message"]["parsed"] == Place(city="Oslo")
    assert answer.choices[0].message.get("parsed") == Place(city="Oslo")


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
def test_nothing_is_parsed_where_the_model_refused_or_called_a_tool(body: bytes) -> None:
    assert _client(body).completion(MODEL, HELLO, response_format=Place).choices[0].message.parsed is None


MISFITS: Final[dict[str, tuple[bytes, str, str]]] = {
    "cut off": (_reply('{"city": "Os', "length"), "truncated", "max_tokens"),
    "no JSON": (_reply("Sure! Here it is:"), "invalid_json", "not JSON"),
    "half JSON": (_reply('{"city": '), "invalid_json", "not JSON"),
    "lacks something": (_reply('{"country": "NO"}'), "schema_mismatch", "city"),
    "wrong type": (_reply('{"city": {}}'), "schema_mismatch", "city"),
    "another shape": (_reply("[]"), "schema_mismatch", "response_format"),
    "nothing, cut off": (_reply("", "length"), "truncated", "max_tokens"),
    "no content, cut off": (_reply(None, "length"), "truncated", "max_tokens"),
    "nothing at all": (_reply(None), "invalid_json", "not JSON"),
    "filtered": (_reply('{"city": "Os', "content_filter"), "content_filter", "filter"),
    "filtered whole": (_reply(None, "content_filter"), "content_filter", "filter"),
}


@pytest.mark.parametrize(("body", "reason", "says"), MISFITS.values(), ids=MISFITS)
def test_an_answer_that_does_not_fit(body: bytes, reason: str, says: str) -> None:
    with pytest.raises(StructuredOutputError, match=says) as caught:
        _client(body).completion(MODEL, HELLO, response_format=Place)
    error = caught.value
    assert (error.reason, error.provider, error.model, error.request_id) == (reason, "openai", "gpt-5", "r1")
    assert error.text == (error.completion.choices[0].message.content or "")
    assert error.text in body.decode().replace('\\"', '"')
    assert not error.retryable


def test_each_choice_is_parsed() -> None:
    choices = [
        {"index": number, "message": {"content": f'{{"city": "{name}"}}'}, "finish_reason": "stop"}
        for number, name in enumerate(("Oslo", "Ås"))
    ]
    answer = _client(as_bytes({"id": "c1", "choices": choices})).completion(MODEL, HELLO, response_format=Place, n=2)
    assert [choice.message.parsed for choice in answer.choices] == [Place(city="Oslo"), Place(city="Ås")]


def test_a_mapping_asks_for_no_parsing() -> None:
    answer = _client(_reply("not JSON")).completion(MODEL, HELLO, response_format={"type": "json_object"})
    assert answer.choices[0].message.content == "not JSON"
