"""The keywords: unknown ones, timeouts in all forms, what `help()` says, mocks."""

from __future__ import annotations

import inspect
import json
import pydoc
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Final, cast, get_args

import httpx
import httpx2
import pytest
from pydantic import BaseModel

from polyvox import (
    AsyncClient,
    ChatCompletion,
    Client,
    InvalidRequestError,
    RateLimitError,
    UnknownParameterError,
    acompletion,
    completion,
    configure,
)
from polyvox.call import Call
from polyvox.exchange import Timeouts
from polyvox.keywords import SAME
from polyvox.natives import NATIVE
from polyvox.parameters import CALL_PARAMETERS, MODEL_PARAMETERS, ParameterName, Parameters
from tests.mapping.asking import HELLO, OPENAI_REPLY, Json, Wire, request

if TYPE_CHECKING:
    from polyvox.parameters import CallParameters

MODEL: Final = "openai:gpt-5"
EVERY: Final = MODEL_PARAMETERS | CALL_PARAMETERS

SPELT: Final = {
    "temprature": "temperature",
    "max_token": "max_tokens",
    "response_fromat": "response_format",
    "tool": "tools",
    "apikey": "api_key",
    "top-p": "top_p",
    "strem": "stream",
    "num_retry": "num_retries",
}


@pytest.mark.parametrize("wrong", SPELT)
@pytest.mark.parametrize("model", ["openai:m", "anthropic:m", "gemini:m", "groq:m"])
def test_an_unknown_keyword_names_the_nearest(model: str, wrong: str) -> None:
    wire = Wire()
    with pytest.raises(UnknownParameterError) as caught:
        wire.ask(model, HELLO, **{wrong: 1})
    assert f"unknown parameter {wrong!r}; did you mean {SPELT[wrong]!r}?" in str(caught.value)
    assert caught.value.param == wrong
    assert wire.requests == []


ALL_THAT_IS_SAID: Final = {
    "temprature": "; did you mean 'temperature'?",
    "top_k": "; did you mean 'top_p'? Or send a field that polyvox does not know as extra_body={...}",
    "zzz": "; send a field that polyvox does not know as extra_body={...}",
}


@pytest.mark.parametrize(("wrong", "said"), ALL_THAT_IS_SAID.items())
def test_what_may_be_no_slip_but_another_vendors_is_told_its_way(wrong: str, said: str) -> None:
    with pytest.raises(UnknownParameterError) as caught:
        Wire().ask(MODEL, HELLO, **{wrong: 1})
    assert caught.value.message == f"unknown parameter {wrong!r}{said}"


@pytest.mark.parametrize("wrong", ["temprature", "apikey", "zzz"])
def test_a_client_refuses_a_setting_that_nobody_knows(wrong: str) -> None:
    for make in (Client, AsyncClient):
        with pytest.raises(UnknownParameterError, match=wrong):
            make(**cast("CallParameters", {wrong: 1}))


@pytest.mark.parametrize("name", sorted(MODEL_PARAMETERS))
def test_what_is_for_the_model_is_no_setting_of_a_client(name: str) -> None:
    with pytest.raises(UnknownParameterError, match=name):
        Client(**cast("CallParameters", {name: 1}))


SECONDS: Final[dict[str, tuple[object, float]]] = {
    "integer": (30, 30),
    "float": (62.5, 62.5),
    "numeric text": ("30", 30),
    "numeric text with space": (" 62.5 ", 62.5),
    "exponent": ("6e1", 60),
    "longer than a socket can count": (1e300, 1e9),
}


@pytest.mark.parametrize(("timeout", "seconds"), SECONDS.values(), ids=SECONDS)
def test_a_timeout_in_seconds_holds_for_every_phase(timeout: object, seconds: float) -> None:
    phases = request(MODEL, HELLO, timeout=timeout).extensions["timeout"]
    assert set(phases) == {"connect", "read", "write", "pool"}
    assert all(0 < phases[phase] <= seconds for phase in phases)  # what is left of them, whenever a phase begins


PHASES: Final[dict[str, tuple[object, Json]]] = {
    "none": (None, {"connect": 5.0, "read": 600.0, "write": 600.0, "pool": 600.0}),
    "httpx2": (httpx2.Timeout(9, connect=1), {"connect": 1, "read": 9, "write": 9, "pool": 9}),
    "httpx": (httpx.Timeout(9, read=2), {"connect": 9, "read": 2, "write": 9, "pool": 9}),
    "very long": (httpx2.Timeout(1e300), {"connect": 1e9, "read": 1e9, "write": 1e9, "pool": 1e9}),
    "endless": (httpx2.Timeout(None), {"connect": None, "read": None, "write": None, "pool": None}),
}


@pytest.mark.parametrize(("timeout", "phases"), PHASES.values(), ids=PHASES)
def test_a_timeout_per_phase(timeout: object, phases: Json) -> None:
    assert request(MODEL, HELLO, timeout=timeout).extensions["timeout"] == phases


WRONG: Final = [0, -1, float("nan"), float("inf"), "soon", "", "nan", "inf", "-3", 10**400, httpx2.Timeout(-1)]


@pytest.mark.parametrize("timeout", WRONG)
def test_a_timeout_that_is_none(timeout: object) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match="timeout is"):
        wire.ask(MODEL, HELLO, timeout=timeout)
    assert wire.requests == []


@pytest.mark.parametrize("timeout", [[1], {"read": 1}, (1, 2), object()])
def test_a_timeout_of_another_kind(timeout: object) -> None:
    with pytest.raises(InvalidRequestError, match="timeout"):
        Wire().ask(MODEL, HELLO, timeout=timeout)


def test_the_defaults_are_those_of_the_design() -> None:
    assert (Timeouts().connect, Timeouts().read, Timeouts().total) == (5, 600, None)


def _in_thousands(sent: httpx2.Request) -> int:
    """Seconds to read: what is left of them when the test looks."""
    seconds: float = sent.extensions["timeout"]["read"]
    return ceil(seconds / 1_000)


def test_a_clients_timeout_holds_unless_the_call_has_one() -> None:
    wire = Wire()
    client = Client(transport=wire.client()._transport, api_key="k", api_base="https://h.test", timeout=7_000)
    client.completion(MODEL, HELLO)
    client.completion(MODEL, HELLO, timeout=3_000)
    client.completion(MODEL, HELLO, timeout=None)
    assert [_in_thousands(one) for one in wire.requests] == [7, 3, 7]


FUNCTIONS: Final[list[Callable[..., object]]] = [completion, acompletion]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: str(function.__name__))
def test_the_signature_names_every_parameter(function: Callable[..., object]) -> None:
    parameters = inspect.signature(function).parameters
    assert set(parameters) == {"model", "messages", "stream", "response_format"} | EVERY
    assert [name for name, one in parameters.items() if one.kind is one.POSITIONAL_OR_KEYWORD] == ["model", "messages"]
    assert all(parameters[name].default is None for name in EVERY)
    assert all(parameters[name].annotation is not inspect.Parameter.empty for name in EVERY)


def test_help_names_every_parameter_and_every_error() -> None:
    body = pydoc.plain(pydoc.render_doc(completion)).partition("Args:")[2]
    for name in EVERY:
        assert name in body, name
    for word in ("Returns:", "Raises:", "MissingApiKeyError", "InvalidRequestError", "APIError"):
        assert word in body


def test_every_parameter_has_its_own_words() -> None:
    source = inspect.getsource(inspect.getmodule(Parameters) or pytest)
    for name in EVERY:
        assert f"    {name}: " in source
        after = source.partition(f"    {name}: ")[2].split("\n", 1)[1]
        assert after.lstrip().startswith('"""'), name


def test_the_names_that_type_checkers_know_are_those_of_the_parameters() -> None:
    assert set(get_args(ParameterName)) == {*MODEL_PARAMETERS, "stream", "response_format"}


@pytest.fixture
def configured() -> Iterator[None]:
    """The process's settings are put back."""
    yield
    configure()


@pytest.mark.anyio
@pytest.mark.usefixtures("configured")
async def test_settings_of_the_process_hold_until_they_are_replaced() -> None:
    configure(drop_params=True, mock_response="Hi")
    assert completion("anthropic:m", HELLO, seed=7).dropped_params == ("seed",)
    assert (await acompletion("anthropic:m", HELLO, seed=7)).dropped_params == ("seed",)
    with pytest.raises(InvalidRequestError, match="seed"):
        completion("anthropic:m", HELLO, seed=7, drop_params=False)
    with pytest.raises(InvalidRequestError, match="seed"):
        Client().completion("anthropic:m", HELLO, seed=7, mock_response="Hi")
    configure(mock_response="Hi")
    with pytest.raises(InvalidRequestError, match="seed"):
        completion("anthropic:m", HELLO, seed=7)


def test_a_setting_of_the_process_that_nobody_knows() -> None:
    with pytest.raises(UnknownParameterError, match="drop_params"):
        configure(**cast("CallParameters", {"drop_param": True}))


def test_groups_of_one_parameter_are_parameters() -> None:
    assert {name for group in SAME for name in group} <= CALL_PARAMETERS


MOCKS: Final[dict[str, tuple[object, str | None]]] = {
    "text": ("It's mine", "It's mine"),
    "empty text": ("", ""),
    "mapping": (OPENAI_REPLY, "Hello"),
    "result": (ChatCompletion.model_validate(OPENAI_REPLY), "Hello"),
}


@pytest.mark.parametrize("model", ["openai:m", "anthropic:m", "gemini:m", "groq:m"])
@pytest.mark.parametrize(("mock", "text"), MOCKS.values(), ids=MOCKS)
def test_a_mock_answers_without_key_and_request(model: str, mock: object, text: str | None) -> None:
    wire = Wire()
    client = Client(transport=wire.client()._transport)
    answer = client.completion(model, HELLO, **cast("Parameters", {"mock_response": mock}))
    assert answer.choices[0].message.content == text
    assert answer.provider == model.split(":")[0]
    assert answer.id
    stream = client.completion(model, HELLO, stream=True, mock_response="Two words")
    assert [one.choices[0].delta.content for one in stream if one.choices[0].delta.content] == ["Two", " words"]
    assert wire.requests == []


@pytest.mark.anyio
async def test_a_mock_answers_an_asynchronous_call() -> None:
    answer = await acompletion("anthropic:m", HELLO, mock_response="Hi")
    assert answer.choices[0].message.content == "Hi"
    stream = await acompletion("anthropic:m", HELLO, mock_response="Hi", stream=True)
    assert (await stream.completion()).choices[0].message.content == "Hi"


@pytest.mark.parametrize("mock", [RateLimitError("slow", provider="openai"), ValueError("mine")])
def test_a_mock_may_be_an_error(mock: Exception) -> None:
    with pytest.raises(type(mock)) as caught:
        Wire().ask(MODEL, HELLO, mock_response=mock, num_retries=0)
    assert caught.value is mock


CALL: Final[Json] = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
CALLING: Final[Json] = {
    **OPENAI_REPLY,
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": None, "reasoning_content": "Hm", "tool_calls": [CALL]},
            "finish_reason": "tool_calls",
        }
    ],
}


@pytest.mark.parametrize("mock", [CALLING, ChatCompletion.model_validate(CALLING)], ids=["mapping", "result"])
def test_a_mock_with_tool_calls_is_the_same_streamed(mock: object) -> None:
    given = cast("Parameters", {"mock_response": mock})
    whole = Client().completion(MODEL, HELLO, **given)
    stream = Client().completion(MODEL, HELLO, stream=True, **given)
    again = stream.completion()
    for answer in (whole, again):
        (choice,) = answer.choices
        assert choice.finish_reason == "tool_calls"
        assert choice.message.reasoning_content == "Hm"
        assert choice.message.tool_calls is not None
        assert choice.message.tool_calls[0].function is not None
        assert choice.message.tool_calls[0].function.arguments == '{"a": 1}'
    assert whole.usage == again.usage


def test_a_mock_may_be_a_function_of_the_model_and_the_messages() -> None:
    def vendor(model: str, messages: Sequence[Mapping[str, object]]) -> str | BaseException:
        return RateLimitError("slow") if model == "openai:m" else f"{model} heard {messages[-1]['content']}"

    answer = completion("openai:m", HELLO, mock_response=vendor, fallbacks=["claude-m"])
    assert answer.choices[0].message.content == "anthropic:claude-m heard Hi"
    with pytest.raises(InvalidRequestError, match="mock_response is a type; it is a text, a result, an exception, or"):
        Wire().ask(MODEL, HELLO, mock_response=RateLimitError)


def test_a_mock_has_as_many_choices_as_are_asked_for() -> None:
    answer = Client().completion(MODEL, HELLO, mock_response="Hi", n=2)
    stream = Client().completion(MODEL, HELLO, mock_response="Hi", n=2, stream=True)
    for one in (answer, stream.completion()):
        assert [(choice.index, choice.message.content, choice.finish_reason) for choice in one.choices] == [
            (0, "Hi", "stop"),
            (1, "Hi", "stop"),
        ]


@pytest.mark.anyio
async def test_a_mock_that_is_an_error_is_raised_streamed_and_asynchronously_too() -> None:
    error = RateLimitError("slow", provider="openai")
    with pytest.raises(RateLimitError):
        completion(MODEL, HELLO, stream=True, mock_response=error, num_retries=0)
    for stream in (False, True):
        with pytest.raises(RateLimitError):
            await acompletion(MODEL, HELLO, stream=stream, mock_response=error, num_retries=0)


def test_a_mock_of_one_model_is_answered_by_its_fallbacks_mock() -> None:
    entry = {"model": "anthropic:m", "mock_response": "Hi"}
    answer = completion(MODEL, HELLO, mock_response=RateLimitError("slow"), num_retries=0, fallbacks=[entry])
    assert (answer.provider, answer.choices[0].message.content) == ("anthropic", "Hi")


@pytest.mark.anyio
async def test_a_mock_is_parsed_streamed_too() -> None:
    stream = completion(MODEL, HELLO, mock_response='{"name": "Oslo"}', response_format=City, stream=True)
    whole = stream.completion().choices[0].message.get("parsed")
    assert whole == City(name="Oslo")
    later = await acompletion("gemini:m", HELLO, mock_response='{"name": "Oslo"}', response_format=City)
    assert later.choices[0].message.parsed == City(name="Oslo")


class City(BaseModel):
    """What is asked for."""

    name: str


def test_a_mock_is_parsed_as_an_answer_is() -> None:
    answer = completion(MODEL, HELLO, mock_response='{"name": "Oslo"}', response_format=City)
    assert answer.choices[0].message.parsed == City(name="Oslo")


@pytest.mark.parametrize("mock", [3, b"x", ["x"]])
def test_a_mock_of_another_kind(mock: object) -> None:
    with pytest.raises(InvalidRequestError, match="mock_response is a"):
        Wire().ask(MODEL, HELLO, mock_response=mock)


@pytest.mark.parametrize("stream", ["false", "yes", 1, 0, []])
def test_a_stream_that_is_neither_asked_for_nor_not(stream: object) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match=r"stream is .*; it must be True or False"):
        wire.ask(MODEL, HELLO, stream=stream)
    assert wire.requests == []


CLIENT_ARGS: Final[dict[str, tuple[Json, Callable[[httpx2.Request], object], object]]] = {
    "timeout": ({"timeout": 3_000}, _in_thousands, 3),
    "headers": ({"default_headers": {"x-a": "1"}}, lambda sent: sent.headers["x-a"], "1"),
    "address": ({"base_url": "https://h.test/v1"}, lambda sent: sent.url.host, "h.test"),
    "key": ({"api_key": "k9"}, lambda sent: sent.headers["authorization"], "Bearer k9"),
    "who pays": (
        {"organization": "o1", "project": "p1", "default_headers": {"x-a": "1"}},
        lambda sent: [sent.headers[name] for name in ("openai-organization", "openai-project", "x-a")],
        ["o1", "p1", "1"],
    ),
}


@pytest.mark.parametrize(("arguments", "look", "seen"), CLIENT_ARGS.values(), ids=CLIENT_ARGS)
def test_client_args_are_settings(arguments: Json, look: Callable[[httpx2.Request], object], seen: object) -> None:
    wire = Wire()
    client = Client(transport=wire.client()._transport)
    client.completion(MODEL, HELLO, **cast("Parameters", {"client_args": {"api_key": "k9", **arguments}}))
    assert look(wire.requests[-1]) == seen


# What other vendors' clients take.
@pytest.mark.parametrize(
    ("model", "arguments", "address"),
    [
        ("azure:m", {"base_url": "https://r.test", "api_version": "2024-02-01"}, "api-version=2024-02-01"),
        ("bedrock:m", {"region_name": "eu-west-1"}, "bedrock-runtime.eu-west-1.amazonaws.com"),
        ("bedrock:m", {"aws_region_name": "eu-west-1"}, "bedrock-runtime.eu-west-1.amazonaws.com"),
        ("vertexai:m", {"vertex_project": "p1", "vertex_location": "us-east1"}, "/projects/p1/locations/us-east1/"),
    ],
)
def test_client_args_of_one_vendor(model: str, arguments: Json, address: str) -> None:
    wire = Wire()
    wire.ask(model, HELLO, client_args=arguments)
    assert address in str(wire.requests[-1].url)


@pytest.mark.parametrize(
    ("model", "arguments", "says"),
    [
        (MODEL, {"timeot": 3}, "timeout"),
        (MODEL, {"http_client": None}, "it belongs to a Client"),
        (MODEL, {"api_version": "2024-02-01"}, "it is for Azure"),
        ("anthropic:claude-x", {"organization": "o1"}, "client_args has no 'organization'"),
    ],
)
def test_client_args_that_nobody_knows(model: str, arguments: Json, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        request(model, HELLO, client_args=arguments)


@pytest.mark.parametrize("name", ["api_version", "deployment_id"])
def test_settings_of_azure_are_refused_elsewhere(name: str) -> None:
    with pytest.raises(InvalidRequestError, match=name):
        request(MODEL, HELLO, **{name: "x"})


def test_what_is_dropped_twice_is_listed_once() -> None:
    call = Call(vendor=NATIVE["openai"], model="m", messages=[], given={}, drop=True)
    for name in ("seed", "n", "seed"):
        call.refuse(name, "no")
    assert list(call.dropped) == ["seed", "n"]


def test_a_label_is_never_sent() -> None:
    sent = request(MODEL, HELLO, session_label="secret-label")
    assert b"secret-label" not in sent.content
    assert "secret-label" not in str(sent.headers) + str(sent.url)
    assert json.loads(sent.content) == {"model": "gpt-5", "messages": HELLO}
