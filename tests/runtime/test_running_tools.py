"""`run_tools` and `arun_tools`: the calls of an answer, carried out, as the messages that go back."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import threading
from collections.abc import Callable
from datetime import date
from functools import lru_cache, partial, wraps
from typing import Annotated, Final, Literal, ParamSpec, TypeVar

import pytest
from pydantic import BaseModel, Field

from polyvox import ChatCompletion, InvalidRequestError, arun_tools, assemble, run_tools
from polyvox.running import Answer, Functions
from tests.mapping.asking import HELLO, Json, Wire, answered, as_bytes, sse, streamed
from tests.mapping.openai_events import DONE, chunk

P = ParamSpec("P")
R = TypeVar("R")

MODEL: Final = "openai:gpt-5"


class Place(BaseModel):
    """Where."""

    city: str
    country: str = "NO"


@dataclasses.dataclass
class Span:
    """From when to when."""

    start: date
    end: date


def weather(place: Place, unit: Literal["C", "F"] = "C", *, days: int = 1) -> str:
    """The weather at a place."""
    return f"{place.city}, {place.country}: 20 {unit} for {days}"


def nights(span: Span) -> int:
    """How many nights it is."""
    return (span.end - span.start).days


def now() -> str:
    """What time it is."""
    return "noon"


async def later(city: str) -> str:
    """The weather, from far away."""
    return f"rain in {city}"


def broken(city: str) -> str:
    """Never works."""
    raise ValueError(f"no station in {city}")


def call(name: str, arguments: object = "", made: str = "call_1") -> Json:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": made, "type": "function", "function": {"name": name, "arguments": text}}


def message(*calls: Json) -> Json:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)}


def completion(*calls: Json) -> ChatCompletion:
    choices = [{"index": 0, "finish_reason": "tool_calls", "message": message(*calls)}]
    return answered(MODEL, {"id": "c1", "model": "m", "choices": choices})


def ran(*calls: Json, tools: Functions = (weather, nights, now, broken)) -> list[Json]:
    return [dict(each) for each in run_tools(message(*calls), tools)]


def told(content: object, made: str = "call_1") -> Json:
    return {"role": "tool", "tool_call_id": made, "content": content}


def failed(content: str) -> Json:
    return {**told(f"Error: {content}"), "is_error": True}


RESULTS: Final[dict[str, tuple[Json, Json]]] = {
    "a nested model": (call("weather", {"place": {"city": "Oslo"}}), told("Oslo, NO: 20 C for 1")),
    "all arguments": (
        call("weather", {"place": {"city": "Rome", "country": "IT"}, "unit": "F", "days": "3"}),
        told("Rome, IT: 20 F for 3"),
    ),
    "a dataclass, and a number as JSON": (
        call("nights", {"span": {"start": "2026-01-01", "end": "2026-01-04"}}),
        told("3"),
    ),
    "empty arguments": (call("now", ""), told("noon")),
    "no arguments": (call("now", "{}"), told("noon")),
    "null for no arguments": (call("now", "null"), told("noon")),
    "an unknown name": (
        call("sunset"),
        failed("there is no tool 'sunset'; there are weather, nights, now, broken"),
    ),
    "an argument missing": (call("weather", {}), failed("the arguments of weather are not valid: place: {missing}")),
    "a nested one missing": (
        call("weather", {"place": {}}),
        failed("the arguments of weather are not valid: place.city: Field required"),
    ),
    "a wrong word": (
        call("weather", {"place": {"city": "Oslo"}, "unit": "K"}),
        failed("the arguments of weather are not valid: unit: Input should be 'C' or 'F'"),
    ),
    "one too many": (
        call("now", {"zone": "UTC"}),
        failed("the arguments of now are not valid: zone: Unexpected keyword argument"),
    ),
    "an exception": (call("broken", {"city": "Oslo"}), failed("ValueError: no station in Oslo")),
}


@pytest.mark.parametrize(("made", "result"), RESULTS.values(), ids=RESULTS)
def test_a_call_becomes_a_message(made: Json, result: Json) -> None:
    missing = "Missing required keyword only argument"
    assert ran(made) == [{**result, "content": str(result["content"]).replace("{missing}", missing)}]


@pytest.mark.parametrize(("made", "result"), RESULTS.values(), ids=RESULTS)
def test_the_same_asynchronously(made: Json, result: Json) -> None:
    tools = (weather, nights, now, broken)
    assert asyncio.run(arun_tools(message(made), tools)) == run_tools(message(made), tools)


def test_arguments_that_are_no_json() -> None:
    (answer,) = ran(call("weather", '{"place": '))
    assert str(answer["content"]).startswith("Error: the arguments of weather are not valid: arguments: Invalid JSON")
    assert answer["is_error"] is True


PART: Final[Json] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
CONTENTS: Final[dict[str, tuple[object, object]]] = {
    "text": ("sunny", "sunny"),
    "empty text": ("", ""),
    "nothing": (None, "null"),
    "number": (2.5, "2.5"),
    "mapping": ({"degrees": 20}, '{"degrees":20}'),
    "list": ([1, 2], "[1,2]"),
    "empty list": ([], "[]"),
    "tuple": ((1, "a"), '[1,"a"]'),
    "model": (Place(city="Ås"), '{"city":"Ås","country":"NO"}'),
    "list of models": ([Place(city="Ås")], '[{"city":"Ås","country":"NO"}]'),
    "dataclass": (Span(date(2026, 1, 1), date(2026, 1, 2)), '{"start":"2026-01-01","end":"2026-01-02"}'),
    "content parts": ([{"type": "text", "text": "Look:"}, PART], [{"type": "text", "text": "Look:"}, PART]),
    "objects with a type of their own": ([{"type": "sun", "text": "x"}], '[{"type":"sun","text":"x"}]'),
    "what has no JSON": (
        object(),
        "Error: PydanticSerializationError: Unable to serialize unknown type: <class 'object'>",
    ),
}


@pytest.mark.parametrize(("result", "content"), CONTENTS.values(), ids=CONTENTS)
def test_what_a_tool_returns(result: object, content: object) -> None:
    def tool() -> object:
        return result

    (answer,) = ran(call("tool"), tools=[tool])
    assert answer["content"] == content


def test_one_message_for_each_call_in_their_order() -> None:
    answers = ran(call("now", made="a"), call("sunset", made="b"), call("now", made="c"))
    assert [answer["tool_call_id"] for answer in answers] == ["a", "b", "c"]


def test_no_calls_no_messages() -> None:
    assert ran() == []
    assert run_tools(answered(MODEL, Wire().ask(MODEL).model_dump()), [now]) == []


def test_a_completion_its_message_and_a_mapping_of_either_are_the_same() -> None:
    response = completion(call("now"))
    forms: list[Answer] = [
        response,
        response.choices[0].message,
        response.model_dump(),
        response.choices[0].message.model_dump(),
    ]
    for form in forms:
        assert run_tools(form, [now]) == [told("noon")]


def test_a_stream_when_it_is_assembled() -> None:
    piece = {"index": 0, "id": "call_1", "function": {"name": "now", "arguments": ""}}
    body = sse(chunk({"tool_calls": [piece]}), chunk(finish="tool_calls"), DONE)
    assert run_tools(assemble(streamed(MODEL, body)), [now]) == [told("noon")]


def test_the_whole_loop() -> None:
    asking = as_bytes(completion(call("now")).model_dump())
    messages: list[Json] = [*HELLO]
    response = Wire(asking).ask(MODEL, messages, tools=[now])
    wire = Wire()
    wire.ask(MODEL, [*messages, response.choices[0].message, *run_tools(response, [now])], tools=[now])
    called = {"role": "assistant", "tool_calls": [call("now")]}
    assert wire.body["messages"] == [*HELLO, called, told("noon")]


class Station:
    """Something with methods."""

    def here(self, city: str) -> str:
        """The weather."""
        return f"here: {city}"

    @classmethod
    def made(cls, city: str) -> str:
        """The weather."""
        return f"{cls.__name__}: {city}"

    @staticmethod
    def plain(city: str) -> str:
        """The weather."""
        return f"plain: {city}"

    def __call__(self, city: str) -> str:
        """The weather."""
        return f"called: {city}"


def from_station(station: str, city: str, *, loud: bool = False) -> str:
    """The weather."""
    return f"{station}: {city.upper() if loud else city}"


def logged(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    return wrapper


@logged
def decorated(city: str) -> str:
    """The weather."""
    return f"decorated: {city}"


@lru_cache
def cached(city: str) -> str:
    """The weather."""
    return f"cached: {city}"


CALLABLES: Final[dict[str, tuple[Callable[..., object], str, str]]] = {
    "method": (Station().here, "here", "here: Oslo"),
    "class method": (Station.made, "made", "Station: Oslo"),
    "static method": (Station.plain, "plain", "plain: Oslo"),
    "object": (Station(), "Station", "called: Oslo"),
    "partial": (partial(from_station, "north"), "from_station", "north: Oslo"),
    "partial by name": (partial(from_station, "north", loud=True), "from_station", "north: OSLO"),
    "partial of a partial": (partial(partial(from_station, "north"), loud=True), "from_station", "north: OSLO"),
    "decorated": (decorated, "decorated", "decorated: Oslo"),
    "cached": (cached, "cached", "cached: Oslo"),
    "model": (Place, "Place", '{"city":"Oslo","country":"NO"}'),
}


@pytest.mark.parametrize(("function", "name", "result"), CALLABLES.values(), ids=CALLABLES)
def test_callables_of_every_kind(function: Callable[..., object], name: str, result: str) -> None:
    assert ran(call(name, {"city": "Oslo"}), tools=[function]) == [told(result)]


def test_names_of_ones_own_for_tools_that_are_dicts() -> None:
    assert ran(call("get_time"), tools={"get_time": lambda: "noon"}) == [told("noon")]


DEFINITION: Final[Json] = {"type": "function", "function": {"name": "get_time"}}


def test_a_definition_without_a_function_is_the_programs_mistake_once_it_is_called() -> None:
    assert ran(call("now"), tools=[now, DEFINITION]) == [told("noon")]
    with pytest.raises(InvalidRequestError, match=r"'get_time', which is a definition without a function"):
        ran(call("get_time"), tools=[now, DEFINITION])


def test_a_custom_tool_gets_its_text() -> None:
    made: Json = {"id": "call_1", "type": "custom", "custom": {"name": "run", "input": "print(1)"}}

    def run(code: str) -> str:
        return f"ran {code}"

    assert ran(made, tools={"run": run}) == [told("ran print(1)")]


def test_the_deprecated_function_call_is_answered_by_a_function_message() -> None:
    old: Json = {"role": "assistant", "content": None, "function_call": {"name": "now", "arguments": "{}"}}
    assert run_tools(old, [now]) == [{"role": "function", "name": "now", "content": "noon"}]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_ends_a_program_is_not_kept_from_it(kind: type[BaseException]) -> None:
    def stop() -> None:
        raise kind

    with pytest.raises(kind):
        ran(call("stop"), tools=[stop])


def test_a_cancelled_tool_cancels() -> None:
    async def stop() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(arun_tools(message(call("stop")), [stop]))


def test_an_async_tool_needs_arun_tools_and_nothing_was_run() -> None:
    ran_already: list[str] = []

    def first() -> str:
        ran_already.append("first")
        return ""

    with pytest.raises(InvalidRequestError, match="'later' is async; use arun_tools"):
        run_tools(message(call("first"), call("later", {"city": "Oslo"})), [first, later])
    assert ran_already == []


def test_async_tools_run_at_the_same_time_and_others_in_threads() -> None:
    async def main() -> list[str]:
        met = asyncio.Event()
        home = threading.get_ident()

        async def waits() -> str:
            await met.wait()
            return "waited"

        async def comes() -> str:
            met.set()
            return "came"

        def elsewhere() -> bool:
            return threading.get_ident() != home

        answers = await arun_tools(message(call("waits"), call("comes"), call("elsewhere")), [waits, comes, elsewhere])
        return [str(answer["content"]) for answer in answers]

    assert asyncio.run(main()) == ["waited", "came", "true"]


def test_a_tool_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "polyvox"):
        ran(call("broken", {"city": "Oslo"}))
    assert [record.getMessage() for record in caplog.records] == ["the tool broken raised ValueError"]


def test_something_else_than_an_answer() -> None:
    with pytest.raises(InvalidRequestError, match="run_tools takes a completion or a message, not a str"):
        run_tools("hello", [now])  # type: ignore[arg-type]  # the mistake


def test_annotated_bounds_hold() -> None:
    def roll(sides: Annotated[int, Field(ge=2)]) -> int:
        return sides

    (answer,) = ran(call("roll", {"sides": 1}), tools=[roll])
    assert "greater than or equal to 2" in str(answer["content"])
