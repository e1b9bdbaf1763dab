"""A stream with a type as `response_format`: chunks as usual, the object so far, and the whole of it at the end."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Final, Literal

import httpx2
import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from polyvox import (
    AsyncClient,
    AsyncParsedStream,
    ParsedChatCompletion,
    ParsedStream,
    Stream,
    StructuredOutputError,
)
from polyvox.structured import wanted
from tests.mapping.asking import HELLO, KEY, Json, Wire, sse
from tests.mapping.openai_events import DONE, chunk

MODEL: Final = "openai:gpt-5"


class Step(BaseModel):
    """What to do."""

    text: str
    minutes: int


class Recipe(BaseModel):
    """How to cook."""

    title: str
    steps: list[Step] = Field(min_length=1)
    kind: Literal["sweet", "salty"] = "salty"


@dataclasses.dataclass
class City:
    """A place."""

    name: str
    country: str = ""


class Loose(TypedDict, total=False):
    """All may be absent."""

    name: str
    country: str


PANCAKES: Final = (
    '{"title": "Pancakes", "steps": [{"text": "Mix", "minutes": 5}, {"text": "Bake", "minutes": 10}], "kind": "sweet"}'
)


def _partial(kind: object, text: str) -> object:
    _, typed = wanted(kind)
    assert typed is not None
    return typed.partial(text)


SO_FAR: Final[dict[str, tuple[object, str, object]]] = {
    "nothing": (City, "", None),
    "no JSON": (City, "Sure!", None),
    "an object without what it needs": (City, "{", None),
    "a text that grows": (City, '{"name": "Os', City("Os")),
    "the next field begins": (City, '{"name": "Oslo", "coun', City("Oslo")),
    "all of it": (City, '{"name": "Oslo", "country": "NO"}', City("Oslo", "NO")),
    "in a fence": (City, '```json\n{"name": "Oslo"', City("Oslo")),
    "all fields may be absent": (Loose, "{", {}),
    "some are": (Loose, '{"name": "O', {"name": "O"}),
    "a list without a whole element": (Recipe, '{"title": "Pancakes", "steps": [{"te', None),
    "a list with one": (
        Recipe,
        '{"title": "Pancakes", "steps": [{"text": "Mix", "minutes": 5}, {"text": "Ba',
        Recipe(title="Pancakes", steps=[Step(text="Mix", minutes=5)]),
    ),
    "a word that is not one yet": (
        Recipe,
        '{"title": "P", "steps": [{"text": "Mix", "minutes": 5}], "kind": "swe',
        Recipe(title="P", steps=[Step(text="Mix", minutes=5)]),
    ),
    "a list, in its wrapping": (
        list[Step],
        '{"value": [{"text": "Mix", "minutes": 5}, {"t',
        [Step(text="Mix", minutes=5)],
    ),
    "the wrapping alone": (list[Step], '{"val', None),
    "numbers": (list[int], '{"value": [1, 2', [1, 2]),
}


@pytest.mark.parametrize(("kind", "text", "value"), SO_FAR.values(), ids=SO_FAR)
def test_the_object_so_far(kind: object, text: str, value: object) -> None:
    assert _partial(kind, text) == value


def test_wherever_it_is_cut_it_never_shrinks() -> None:
    found = [_partial(Recipe, PANCAKES[:length]) for length in range(len(PANCAKES) + 1)]
    known = [recipe for recipe in found if isinstance(recipe, Recipe)]
    assert found.index(known[0]) < len(PANCAKES) * 2 / 3
    assert all(recipe is not None for recipe in found[found.index(known[0]) :])
    counts = [len(recipe.steps) for recipe in known]
    assert counts == sorted(counts)
    assert known[-1] == Recipe.model_validate_json(PANCAKES)


def _body(text: str, finish: str = "stop", size: int = 9) -> bytes:
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return sse(*(chunk({"content": piece}) for piece in pieces), chunk(finish=finish), DONE)


def _open(body: bytes, kind: type[Recipe] = Recipe) -> ParsedStream[Recipe]:
    wire = Wire(body, headers={"content-type": "text/event-stream"})
    return wire.client().completion(MODEL, HELLO, stream=True, response_format=kind)


def test_chunks_as_usual_and_the_object_beside_them() -> None:
    stream = _open(_body(PANCAKES))
    assert isinstance(stream, Stream)
    assert stream.partial is None
    text, titles, counts = "", set[str](), list[int]()
    for one in stream:
        text += one.choices[0].delta.content or ""
        if stream.partial is not None:
            titles.add(stream.partial.title)
            counts.append(len(stream.partial.steps))
    assert text == PANCAKES
    assert (titles, set(counts)) == ({"Pancakes"}, {1, 2})
    whole = stream.completion()
    assert isinstance(whole, ParsedChatCompletion)
    assert whole.choices[0].message.parsed == Recipe.model_validate_json(PANCAKES) == stream.partial
    assert whole.choices[0].message.content == PANCAKES
    assert whole.structured_by == "json_schema"


def test_the_whole_without_reading_chunks() -> None:
    assert _open(_body(PANCAKES)).completion().choices[0].message.parsed == Recipe.model_validate_json(PANCAKES)


MISFITS: Final[dict[str, tuple[str, str, str]]] = {
    "cut off": (PANCAKES[:60], "length", "truncated"),
    "filtered": (PANCAKES[:60], "content_filter", "content_filter"),
    "no JSON": ("Sure!", "stop", "invalid_json"),
    "another shape": ('{"title": 3}', "stop", "schema_mismatch"),
}


@pytest.mark.parametrize(("text", "finish", "reason"), MISFITS.values(), ids=MISFITS)
def test_what_does_not_fit_says_so_at_the_end(text: str, finish: str, reason: str) -> None:
    stream = _open(_body(text, finish))
    assert "".join(one.choices[0].delta.content or "" for one in stream) == text
    with pytest.raises(StructuredOutputError) as caught:
        stream.completion()
    assert (caught.value.reason, caught.value.text) == (reason, text)


def test_a_refusal() -> None:
    stream = _open(sse(chunk({"refusal": "I cannot."}), chunk(finish="stop"), DONE))
    message = stream.completion().choices[0].message
    assert (message.refusal, message.parsed, stream.partial) == ("I cannot.", None, None)


def test_asynchronously() -> None:
    async def main() -> None:
        reply = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=_body(PANCAKES))
        client = AsyncClient(transport=httpx2.MockTransport(lambda _: reply), api_key=KEY, api_base="https://h.test")
        stream = await client.completion(MODEL, HELLO, stream=True, response_format=Recipe)
        assert isinstance(stream, AsyncParsedStream)
        counts = [len(stream.partial.steps) async for _ in stream if stream.partial is not None]
        assert (counts[0], counts[-1]) == (1, 2)
        assert (await stream.completion()).choices[0].message.parsed == stream.partial

    asyncio.run(main())


@pytest.mark.parametrize("response_format", [None, {"type": "json_object"}])
def test_without_a_type_it_is_a_plain_stream(response_format: Json | None) -> None:
    opened = Wire(_body("{}")).client().completion(MODEL, HELLO, stream=True, response_format=response_format)
    assert type(opened) is Stream


def test_a_mock_is_parsed_too() -> None:
    stream = (
        Wire()
        .client()
        .completion(MODEL, HELLO, stream=True, response_format=City, mock_response=json.dumps({"name": "Oslo"}))
    )
    assert stream.completion().choices[0].message.parsed == City("Oslo") == stream.partial


def test_a_stream_says_what_it_is_and_no_key() -> None:
    stream = _open(_body(PANCAKES))
    assert repr(stream) == "<ParsedStream openai:gpt-5, complete>", "its one piece has come"
