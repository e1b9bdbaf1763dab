"""Types and functions of the caller are described once, not for each call; never as they were before."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Literal, cast

import httpx2
import pytest
from pydantic import BaseModel
from pydantic_core import from_json

from benchmarks.counting import calls_of
from polyvox import APIConnectionError, Client
from polyvox.remembering import once_each
from tests.mapping.asking import HELLO, Json, sent


class City(BaseModel):
    name: str
    kind: Literal["town", "village"] = "town"
    near: list[str] = []


def weather(city: City, days: int = 1, unit: Literal["C", "F"] = "C") -> str:
    """The weather.

    Args:
        city: where
    """
    return f"{city} {days} {unit}"


def _nobody(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("nobody is there")


def _schema_of(response_format: type[object]) -> Json:
    """What a vendor is sent of a type."""
    asked: list[bytes] = []

    def seen(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.content)
        return _nobody(request)

    client = Client(api_key="key-12345", api_base="https://h.test", num_retries=0, transport=httpx2.MockTransport(seen))
    with pytest.raises(APIConnectionError):
        client.completion("gpt-5", HELLO, response_format=response_format)
    return cast("Json", from_json(asked[0])["response_format"]["json_schema"]["schema"])


def _counted(response_format: type[City] | None = None, *tools: Callable[..., object]) -> float:
    client = Client(
        api_key="key-12345", api_base="https://h.test", num_retries=0, transport=httpx2.MockTransport(_nobody)
    )

    def call() -> None:
        with suppress(APIConnectionError):
            client.completion("gpt-5", HELLO, response_format=response_format, tools=tools or None)

    return calls_of(call, times=1)


def test_a_type_and_a_function_cost_a_call_little_once_they_are_known() -> None:
    """Making their schemas takes 2,000 to 10,000 function calls."""
    plain = _counted()
    assert _counted(City) - plain < 80
    assert _counted(None, weather) - plain < 500


def test_a_model_that_is_built_again_is_described_again() -> None:
    class Town(BaseModel):
        name: str

    assert _schema_of(Town)["properties"] == {"name": {"title": "Name", "type": "string"}}
    Town.model_fields["name"].description = "as it is written there"
    Town.model_rebuild(force=True)
    described = {"title": "Name", "type": "string", "description": "as it is written there"}
    assert _schema_of(Town)["properties"] == {"name": described}


def _of_the_tool(tool: Callable[..., object]) -> Json:
    return cast("Json", cast("list[Json]", sent("gpt-5", tools=[tool])["tools"])[0]["function"])


def test_a_function_that_was_changed_is_described_again() -> None:
    def found(size: int = 1) -> int:
        """How much."""
        return size

    assert _of_the_tool(found)["parameters"] == {
        "type": "object",
        "properties": {"size": {"type": "integer", "default": 1}},
        "additionalProperties": False,
    }
    found.__defaults__ = (True,)  # equal to 1, and not the same
    found.__annotations__["size"] = bool
    found.__doc__ = "Whether."
    assert _of_the_tool(found) == {
        "name": "found",
        "description": "Whether.",
        "parameters": {
            "type": "object",
            "properties": {"size": {"type": "boolean", "default": True}},
            "additionalProperties": False,
        },
    }


def test_a_function_that_nobody_has_any_more_is_not_kept() -> None:
    def made() -> Callable[[int], int]:
        return lambda size: size

    tool = made()
    tool.__name__, tool.__annotations__ = "tool", {"size": int}
    assert _of_the_tool(tool)["name"] == "tool"
    held = weakref.ref(tool)
    del tool
    gc.collect()
    assert held() is None


def test_types_that_cannot_be_keys_are_described_each_time() -> None:
    unhashable = cast("type[object]", Annotated[list[int], {"some": "note"}])
    assert _schema_of(unhashable)["properties"] == {"value": {"items": {"type": "integer"}, "type": "array"}}


@dataclass(eq=False)
class Made:
    """Something made."""

    key: int


def test_what_was_not_used_for_long_is_forgotten() -> None:
    remembered = once_each(Made)
    first = remembered(0)
    assert remembered(0) is first
    held = weakref.ref(first)
    del first
    for key in range(1, 129):
        remembered(key)
    gc.collect()
    assert held() is None


@pytest.mark.parametrize("key", [[], {}])
def test_what_cannot_be_a_key_is_made_anew(key: object) -> None:
    assert once_each(list)((key,)) == [key]
