"""The committed cassettes, replayed through `completion()` and `acompletion()` with the network blocked.

A replay alone proves little about the request, so the bytes that reach the transport are compared with bodies written
out here. Answers are compared with the recorded reply, read by hand: `make record` may change what vendors say.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, cast

import httpx2
import pytest
from pydantic_core import to_jsonable_python

import polyvox
from polyvox import APIError, AsyncClient, ChatCompletion, Client, NotFoundError, Parameters, ParsedChatCompletion
from polyvox.natives import NATIVE
from tests import record
from tests.scenarios import (
    CASSETTES,
    KINDS,
    MODELS,
    NO_SUCH_MODEL,
    VENDORS,
    Ask,
    CityInfo,
    Conversation,
    Kind,
    Vendor,
    Verdict,
    conversation,
    converse,
)
from tests.server import Exchange, exchanges

JSON: TypeAlias = dict[str, Any]
Answers: TypeAlias = list[ChatCompletion | APIError]

KEY: Final = "not-a-key"


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return request.param  # type: ignore[no-any-return]  # one of VENDORS


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]  # one of KINDS


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(CASSETTES)


@pytest.fixture
def default_cassette_name(vendor: Vendor, kind: Kind) -> str:
    return f"{vendor}/{kind}"


@pytest.fixture
def vcr_config() -> dict[str, object]:
    return {"match_on": list(record.MATCH_ON)}


replayed: Final = (pytest.mark.vcr, pytest.mark.block_network)


def replay(test: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a test to run on the cassette of its vendor and kind, with the network blocked."""
    for mark in replayed:
        test = mark(test)
    return test


# --- answers ---------------------------------------------------------------------------------------------------------


def ask_completion(ask: Ask) -> ChatCompletion:
    answer = polyvox.completion(
        ask.model, ask.messages, stream=ask.stream, response_format=ask.response_format, **ask.parameters
    )
    return answer if isinstance(answer, ChatCompletion) else answer.completion()


async def ask_acompletion(ask: Ask) -> ChatCompletion:
    answer = await polyvox.acompletion(
        ask.model, ask.messages, stream=ask.stream, response_format=ask.response_format, **ask.parameters
    )
    return answer if isinstance(answer, ChatCompletion) else await answer.completion()


async def aconverse(steps: Conversation, ask: Callable[[Ask], Awaitable[ChatCompletion]]) -> Answers:
    answers: Answers = []
    try:
        step = next(steps)
        while True:
            answers.append(answer := await ask(step))
            step = steps.send(answer)
    except StopIteration:
        return answers
    except APIError as error:
        return [*answers, error]


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VENDORS:
        monkeypatch.setenv(NATIVE[name].key_variables[0], KEY)


@replay
def test_completion(vendor: Vendor, kind: Kind, keys: None) -> None:
    check(vendor, kind, converse(conversation(vendor, kind), ask_completion))


@replay
@pytest.mark.anyio
async def test_acompletion(vendor: Vendor, kind: Kind, keys: None) -> None:
    check(vendor, kind, await aconverse(conversation(vendor, kind), ask_acompletion))


def check(vendor: Vendor, kind: Kind, answers: Answers) -> None:
    recorded = exchanges(f"{vendor}/{kind}")
    assert len(answers) == len(recorded), "every recorded exchange is used"
    for answer, exchange in zip(answers, recorded, strict=True):
        if isinstance(answer, ChatCompletion):
            check_answer(vendor, answer, exchange)
        else:
            check_error(vendor, answer)
    match kind:
        case "tool":
            check_tool_round_trip(answers)
        case "structured":
            check_parsed(answers)
        case "error":
            assert isinstance(answers[0], NotFoundError)
        case "plain" | "stream":
            assert finish_reasons(answers) == ["stop"]


def check_answer(vendor: Vendor, answer: ChatCompletion, exchange: Exchange) -> None:
    said = read_by_hand(vendor, exchange)
    assert answer.choices[0].message.content == said["text"]
    assert answer.id == said["id"]
    assert answer.model == said["model"]
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == said["tokens"]
    assert answer.provider == vendor
    assert answer.dropped_params == ()
    assert answer.choices[0].provider_specific_fields["native_finish_reason"] == said["finish"]


def check_error(vendor: Vendor, error: APIError) -> None:
    facts = (error.status_code, error.provider, error.model, error.retryable)
    assert facts == (404, vendor, NO_SUCH_MODEL, False)
    assert error.body is not None
    assert error.message in json.loads(error.body)["error"]["message"]


def check_tool_round_trip(answers: Answers) -> None:
    assert finish_reasons(answers) == ["tool_calls", "stop"]
    called, told = answers
    assert isinstance(called, ChatCompletion)
    assert isinstance(told, ChatCompletion)
    calls = called.choices[0].message.tool_calls or []
    assert len(calls) == 1
    call = calls[0]
    assert (call.type, call.function.name) == ("function", "get_weather")
    assert json.loads(call.function.arguments)["location"].startswith("Paris")
    assert told.choices[0].message.tool_calls is None


def check_parsed(answers: Answers) -> None:
    assert finish_reasons(answers) == ["stop", "stop"]
    for answer, wanted in zip(answers, (CityInfo, Verdict), strict=True):
        assert isinstance(answer, ParsedChatCompletion)
        message = cast("ParsedChatCompletion[CityInfo | Verdict]", answer).choices[0].message
        assert isinstance(message.parsed, wanted)
        assert to_jsonable_python(message.parsed) == json.loads(message.content or "")


def finish_reasons(answers: Answers) -> list[str | None]:
    return [answer.choices[0].finish_reason for answer in answers if isinstance(answer, ChatCompletion)]


# --- recorded replies, read by hand ----------------------------------------------------------------------------------


def read_by_hand(vendor: Vendor, exchange: Exchange) -> JSON:
    streamed = "event-stream" in exchange.headers["content-type"][0]
    lines = exchange.body.decode().splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")] if streamed else []
    return READERS[vendor](events or [json.loads(exchange.body)])


def _openai(events: list[JSON]) -> JSON:
    choices = [choice for event in events for choice in event["choices"]]
    said = [choice.get("message") or choice["delta"] for choice in choices]
    usage = events[-1]["usage"]
    return {
        "id": events[0]["id"],
        "model": events[0]["model"],
        "text": "".join(one.get("content") or "" for one in said) or None,
        "finish": choices[-1]["finish_reason"],
        "tokens": (usage["prompt_tokens"], usage["completion_tokens"]),
    }


def _anthropic(events: list[JSON]) -> JSON:
    start = events[0].get("message", events[0])
    end = next((event for event in events if event["type"] == "message_delta"), {"delta": start, **start})
    texts = [block for block in start["content"] if block["type"] == "text"]
    texts += [event["delta"] for event in events if event["type"] == "content_block_delta"]
    return {
        "id": start["id"],
        "model": start["model"],
        "text": "".join(text["text"] for text in texts) or None,
        "finish": end["delta"]["stop_reason"],
        "tokens": (start["usage"]["input_tokens"], end["usage"]["output_tokens"]),
    }


def _gemini(events: list[JSON]) -> JSON:
    candidates = [event["candidates"][0] for event in events]
    parts = [part for candidate in candidates for part in candidate["content"]["parts"]]
    usage = events[-1]["usageMetadata"]
    return {
        "id": events[0]["responseId"],
        "model": events[0]["modelVersion"],
        "text": "".join(part.get("text", "") for part in parts) or None,
        "finish": candidates[-1]["finishReason"],
        "tokens": (usage["promptTokenCount"], usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)),
    }


READERS: Final[Mapping[Vendor, Callable[[list[JSON]], JSON]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
}


# --- bytes on the wire -----------------------------------------------------------------------------------------------


class Noting(httpx2.BaseTransport):
    """A real transport (vcrpy stands behind it) that notes what it is given."""

    def __init__(self) -> None:
        self.sent: list[httpx2.Request] = []
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.sent.append(request)
        return self._inner.handle_request(request)


class AsyncNoting(httpx2.AsyncBaseTransport):
    """The same, asynchronous."""

    def __init__(self) -> None:
        self.sent: list[httpx2.Request] = []
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.sent.append(request)
        return await self._inner.handle_async_request(request)


@replay
def test_bytes_sent(vendor: Vendor, kind: Kind) -> None:
    wire = Noting()
    with Client(transport=wire) as client:
        converse(conversation(vendor, kind), lambda ask: record.ask_client(client, ask, KEY))
    check_sent(vendor, kind, wire.sent)


@replay
@pytest.mark.anyio
async def test_bytes_sent_async(vendor: Vendor, kind: Kind) -> None:
    wire = AsyncNoting()

    async def ask(step: Ask) -> ChatCompletion:
        given: Parameters = {"api_key": KEY, **step.parameters}
        answer = await client.completion(
            step.model, step.messages, stream=step.stream, response_format=step.response_format, **given
        )
        return answer if isinstance(answer, ChatCompletion) else await answer.completion()

    async with AsyncClient(transport=wire) as client:
        await aconverse(conversation(vendor, kind), ask)
    check_sent(vendor, kind, wire.sent)


def check_sent(vendor: Vendor, kind: Kind, sent: list[httpx2.Request]) -> None:
    assert [json.loads(request.content) for request in sent] == bodies(vendor, kind)
    for request in sent:
        assert request.method == "POST"
        assert str(request.url) == address(vendor, kind)
        assert {name: request.headers[name] for name in HEADERS[vendor]} == HEADERS[vendor]
        assert request.headers["content-type"] == "application/json"
        assert request.headers["accept"] == ("text/event-stream" if kind == "stream" else "application/json")


HEADERS: Final[Mapping[Vendor, Mapping[str, str]]] = {
    "openai": {"authorization": f"Bearer {KEY}"},
    "anthropic": {"x-api-key": KEY, "anthropic-version": "2023-06-01"},
    "gemini": {"x-goog-api-key": KEY},
}


def address(vendor: Vendor, kind: Kind) -> str:
    match vendor:
        case "openai":
            return "https://api.openai.com/v1/chat/completions"
        case "anthropic":
            return "https://api.anthropic.com/v1/messages"
        case "gemini":
            model = NO_SUCH_MODEL if kind == "error" else MODELS[vendor]
            method = "streamGenerateContent?alt=sse" if kind == "stream" else "generateContent"
            return f"https://generativelanguage.googleapis.com/v1beta/models/{model}:{method}"


def bodies(vendor: Vendor, kind: Kind) -> list[JSON]:
    """What must be sent. The second leg of a tool call gives the vendor back what it sent in the first."""
    sent = BODIES[vendor, kind]
    if kind != "tool":
        return sent
    first_reply = json.loads(exchanges(f"{vendor}/tool")[0].body)
    return [*sent, {**sent[0], **SECOND_LEGS[vendor](first_reply)}]


INSTRUCTION: Final = "Answer in one short sentence."
CAPITAL: Final = "What is the capital of France?"
WEATHER: Final = "What is the weather in Paris?"
RESULT: Final = "Sunny, 24 C, in Paris."
PARAMETERS: Final[JSON] = {
    "type": "object",
    "properties": {
        "location": {"type": "string", "description": "the city"},
        "unit": {"type": "string", "default": "C", "description": "C or F"},
    },
    "required": ["location"],
    "additionalProperties": False,
}
CITY: Final[JSON] = {
    "title": "CityInfo",
    "type": "object",
    "properties": {
        "name": {"title": "Name", "type": "string"},
        "country": {"title": "Country", "type": "string"},
        "population": {"title": "Population", "type": "integer"},
    },
    "required": ["name", "country", "population"],
    "additionalProperties": False,
}
VERDICT: Final[JSON] = {
    "title": "Verdict",
    "type": "object",
    "properties": {
        "answer": {"title": "Answer", "type": "string"},
        "confidence": {"title": "Confidence", "type": "number"},
    },
    "required": ["answer", "confidence"],
    "additionalProperties": False,
}


def user(text: str) -> JSON:
    return {"role": "user", "content": text}


def openai(*messages: JSON, **more: object) -> JSON:
    return {"model": MODELS["openai"], "messages": list(messages), **more}


def openai_schema(name: str, schema: JSON) -> JSON:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}


def anthropic(*messages: JSON, **more: object) -> JSON:
    return {"model": MODELS["anthropic"], "messages": list(messages), "max_tokens": 4096, **more}


def anthropic_schema(schema: JSON) -> JSON:
    return {"format": {"type": "json_schema", "schema": schema}}


def gemini(text: str, **more: object) -> JSON:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}


def gemini_schema(schema: JSON) -> JSON:
    return {"responseMimeType": "application/json", "responseJsonSchema": schema}


GET_WEATHER: Final[JSON] = {"name": "get_weather", "description": "Get the weather at a place."}
OPENAI_INSTRUCTION: Final[JSON] = {"role": "system", "content": INSTRUCTION}
GEMINI_INSTRUCTION: Final[JSON] = {"parts": [{"text": INSTRUCTION}]}

BODIES: Final[Mapping[tuple[Vendor, Kind], list[JSON]]] = {
    ("openai", "plain"): [openai(OPENAI_INSTRUCTION, user(CAPITAL), temperature=0.2)],
    ("openai", "stream"): [
        openai(OPENAI_INSTRUCTION, user(CAPITAL), stream=True, stream_options={"include_usage": True})
    ],
    ("openai", "tool"): [
        openai(user(WEATHER), tools=[{"type": "function", "function": {**GET_WEATHER, "parameters": PARAMETERS}}])
    ],
    ("openai", "structured"): [
        openai(user("Tell me about Paris."), response_format=openai_schema("CityInfo", CITY)),
        openai(user("Is 91 a prime?"), response_format=openai_schema("Verdict", VERDICT)),
    ],
    ("openai", "error"): [{"model": NO_SUCH_MODEL, "messages": [user("Hello?")]}],
    ("anthropic", "plain"): [anthropic(user(CAPITAL), system=INSTRUCTION, temperature=0.2)],
    ("anthropic", "stream"): [anthropic(user(CAPITAL), system=INSTRUCTION, stream=True)],
    ("anthropic", "tool"): [anthropic(user(WEATHER), tools=[{**GET_WEATHER, "input_schema": PARAMETERS}])],
    ("anthropic", "structured"): [
        anthropic(user("Tell me about Paris."), output_config=anthropic_schema(CITY)),
        anthropic(user("Is 91 a prime?"), output_config=anthropic_schema(VERDICT)),
    ],
    ("anthropic", "error"): [{"model": NO_SUCH_MODEL, "messages": [user("Hello?")], "max_tokens": 4096}],
    ("gemini", "plain"): [
        gemini(CAPITAL, systemInstruction=GEMINI_INSTRUCTION, generationConfig={"temperature": 0.2}),
    ],
    ("gemini", "stream"): [gemini(CAPITAL, systemInstruction=GEMINI_INSTRUCTION)],
    ("gemini", "tool"): [
        gemini(WEATHER, tools=[{"functionDeclarations": [{**GET_WEATHER, "parametersJsonSchema": PARAMETERS}]}])
    ],
    ("gemini", "structured"): [
        gemini("Tell me about Paris.", generationConfig=gemini_schema(CITY)),
        gemini("Is 91 a prime?", generationConfig=gemini_schema(VERDICT)),
    ],
    ("gemini", "error"): [gemini("Hello?")],
}


def openai_second_leg(reply: JSON) -> JSON:
    said = reply["choices"][0]["message"]
    [call] = said["tool_calls"]
    answered = {name: said[name] for name in ("role", "content", "tool_calls") if said[name] is not None}
    result = {"role": "tool", "tool_call_id": call["id"], "content": RESULT}
    return {"messages": [user(WEATHER), answered, result]}


def anthropic_second_leg(reply: JSON) -> JSON:
    said = [{name: block[name] for name in block if name != "caller"} for block in reply["content"]]
    result = {"type": "tool_result", "tool_use_id": said[-1]["id"], "content": RESULT}
    return {"messages": [user(WEATHER), {"role": "assistant", "content": said}, {"role": "user", "content": [result]}]}


def gemini_second_leg(reply: JSON) -> JSON:
    said = reply["candidates"][0]["content"]
    call = next(part["functionCall"] for part in said["parts"] if "functionCall" in part)
    response: JSON = {"name": call["name"], "response": {"output": RESULT}}
    if "id" in call:
        response["id"] = call["id"]
    answer = {"role": "user", "parts": [{"functionResponse": response}]}
    return {"contents": [*gemini(WEATHER)["contents"], said, answer]}


SECOND_LEGS: Final[Mapping[Vendor, Callable[[JSON], JSON]]] = {
    "openai": openai_second_leg,
    "anthropic": anthropic_second_leg,
    "gemini": gemini_second_leg,
}
