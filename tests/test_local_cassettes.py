"""What servers that people host themselves really answer: recorded by `make record-local`, replayed by both drivers.

The bodies that are sent stand here; the answers, which a model with random weights gave, are compared with the recorded
replies, read by hand. `OUTCOMES` says what each server makes of what it was asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any, Final, TypeAlias, cast

import httpx2
import pytest

from polyvox import (
    APIError,
    AsyncClient,
    BadRequestError,
    ChatCompletion,
    Client,
    ContextWindowExceededError,
    InternalServerError,
    ParsedChatCompletion,
    StreamInterruptedError,
    StructuredOutputError,
)
from tests import record
from tests.local.scenarios import KINDS, SCHEMA, Kind, Verdict, conversation
from tests.local.servers import MODEL, SERVERS
from tests.scenarios import CASSETTES, Ask, converse
from tests.server import Exchange, exchanges
from tests.test_cassettes import aconverse

JSON: TypeAlias = dict[str, Any]
Answers: TypeAlias = list[ChatCompletion | APIError]

PAIRS: Final = list(product(SERVERS, KINDS))
IDS: Final = [f"{server}/{kind}" for server, kind in PAIRS]
cassettes: Final = pytest.mark.parametrize(("server", "kind"), PAIRS, ids=IDS)

# --- what comes of it -------------------------------------------------------------------------------------------------

# All but these are answered by all.
OUTCOMES: Final[Mapping[tuple[str, Kind], type[APIError]]] = {
    # It takes a schema only as {"type": "json_object", "schema": ...}, and says so with status 500.
    ("llama-cpp-python", "json_schema"): InternalServerError,
    ("litellm", "json_schema"): InternalServerError,
    # It ignores every format, so that the answer is no JSON.
    ("transformers", "json_schema"): StructuredOutputError,
    ("transformers", "unknown_model"): BadRequestError,
    ("litellm", "unknown_model"): BadRequestError,
    ("llama-cpp-python", "bad_parameter"): InternalServerError,
    ("litellm", "bad_parameter"): InternalServerError,
    ("transformers", "bad_parameter"): InternalServerError,
    ("llama.cpp", "bad_parameter"): BadRequestError,
    ("llama.cpp", "context_too_long"): ContextWindowExceededError,
    ("llama.cpp", "context_too_long_stream"): ContextWindowExceededError,
    ("llama-cpp-python", "context_too_long"): ContextWindowExceededError,
    ("litellm", "context_too_long"): ContextWindowExceededError,
    # Status 200, and then nothing at all. LiteLLM's proxy makes an empty answer of it.
    ("llama-cpp-python", "context_too_long_stream"): StreamInterruptedError,
}
# Tools are forced on the models of these; the others only show them to the model.
CALLS_TOOLS: Final = {"llama-cpp-python", "litellm"}
HAS_LOGPROBS: Final = {"llama.cpp", "llama-cpp-python", "litellm"}
KNOWS_SCHEMAS: Final = {"llama.cpp", "llama-cpp-python", "litellm"}


@cassettes
def test_a_synchronous_call(server: str, kind: Kind) -> None:
    wire = Replay(server, kind)
    with Client(transport=httpx2.MockTransport(wire), num_retries=0, api_base=SERVERS[server].url) as client:
        answers = converse(conversation(server, kind), lambda ask: record.ask_client(client, ask))
    check(server, kind, answers, wire.sent)


@cassettes
@pytest.mark.anyio
async def test_an_asynchronous_call(server: str, kind: Kind) -> None:
    wire = Replay(server, kind)

    async def ask(step: Ask) -> ChatCompletion:
        answer = await client.completion(
            step.model, step.messages, stream=step.stream, response_format=step.response_format, **step.parameters
        )
        return answer if isinstance(answer, ChatCompletion) else await answer.completion()

    transport = httpx2.MockTransport(wire)
    async with AsyncClient(transport=transport, num_retries=0, api_base=SERVERS[server].url) as client:
        answers = await aconverse(conversation(server, kind), ask)
    check(server, kind, answers, wire.sent)


class Replay:
    """Answers as recorded, and keeps what is sent."""

    def __init__(self, server: str, kind: Kind) -> None:
        self._replies = iter(exchanges(f"{server}/{kind}"))
        self.sent: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        reply = next(self._replies)
        headers = [(name, value) for name, values in reply.headers.items() for value in values]
        return httpx2.Response(reply.status, headers=headers, content=reply.body)


def check(server: str, kind: Kind, answers: Answers, sent: list[httpx2.Request]) -> None:
    """The bytes that were sent, and what became of the replies."""
    recorded = exchanges(f"{server}/{kind}")
    assert len(answers) == len(sent) == len(recorded)
    assert [json.loads(request.content) for request in sent] == bodies(kind, recorded)
    assert bodies(kind, recorded) == [json.loads(exchange.request) for exchange in recorded]
    assert {str(request.url) for request in sent} == {f"{SERVERS[server].url}/chat/completions"}
    for answer, exchange in zip(answers, recorded, strict=True):
        check_answer(server, kind, answer, exchange)
    if kind in KIND_CHECKS and all(isinstance(answer, ChatCompletion) for answer in answers):
        KIND_CHECKS[kind](server, cast("list[ChatCompletion]", answers))


def check_answer(server: str, kind: Kind, answer: ChatCompletion | APIError, exchange: Exchange) -> None:
    wanted = OUTCOMES.get((server, kind))
    if isinstance(answer, APIError):
        assert type(answer) is wanted
        assert answer.provider == SERVERS[server].provider
        if wanted not in (StreamInterruptedError, StructuredOutputError):
            assert (answer.status_code, answer.body) == (exchange.status, exchange.body.decode())
        return
    assert wanted is None
    said, choice = by_hand(exchange), answer.choices[0]
    assert [one.index for one in answer.choices] == ([0, 1] if (server, kind) == ("llama.cpp", "two_choices") else [0])
    assert (choice.message.content or "") == said["text"]
    assert [(call.function.name, call.function.arguments) for call in choice.message.tool_calls or ()] == said["calls"]
    assert choice.message.function_call is None
    assert choice.provider_specific_fields["native_finish_reason"] == choice.finish_reason == said["finish"]
    assert (answer.id, answer.model) == (said["id"], said["model"])
    assert (answer.usage is not None) == (said["usage"] is not None)
    if answer.usage is not None:
        counted = (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens)
        assert counted == tuple(said["usage"][f"{name}_tokens"] for name in ("prompt", "completion", "total"))
    tokens = choice.logprobs.content or [] if choice.logprobs else []
    assert [(token.token, token.logprob) for token in tokens] == said["logprobs"]


def by_hand(exchange: Exchange) -> JSON:
    """What the first choice of a recorded reply says, whole or streamed."""
    lines = exchange.body.decode().splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")] or [json.loads(exchange.body)]
    choices = [choice for event in events for choice in event["choices"] if choice["index"] == 0]
    said = [choice.get("message") or choice.get("delta", {}) for choice in choices]
    fragments = [call for one in said for call in one.get("tool_calls") or ()]
    names = [call["function"]["name"] for call in fragments if call["function"].get("name")]
    arguments = "".join(call["function"].get("arguments") or "" for call in fragments)
    held: list[JSON] = [choice["logprobs"] for choice in choices if choice.get("logprobs")]
    logprobs: list[JSON] = [token for one in held for token in one["content"]]
    return {
        "id": events[0]["id"],
        "model": events[0]["model"],
        "text": "".join(one.get("content") or "" for one in said),
        "calls": [(names[0], arguments)] if names else [],
        "finish": next(choice["finish_reason"] for choice in reversed(choices) if choice.get("finish_reason")),
        "usage": next((event["usage"] for event in events if event.get("usage")), None),
        "logprobs": [(token["token"], token["logprob"]) for token in logprobs],
    }


def _check_tool(server: str, answers: list[ChatCompletion]) -> None:
    called, told = answers
    calls = called.choices[0].message.tool_calls or []
    assert called.choices[0].finish_reason == ("tool_calls" if server in CALLS_TOOLS else "stop")
    assert [call.function.name for call in calls] == ["get_weather"] * (server in CALLS_TOOLS)
    for call in calls:
        arguments = json.loads(call.function.arguments)
        assert arguments["city"] in ("Paris", "Rome")
        assert arguments["unit"] in ("C", "F")
    assert told.choices[0].message.tool_calls is None


def _check_parsed(server: str, answers: list[ChatCompletion]) -> None:
    (answer,) = answers
    assert isinstance(answer, ParsedChatCompletion)
    message = cast("ParsedChatCompletion[Verdict]", answer).choices[0].message
    assert message.parsed == Verdict.model_validate_json(message.content or "")


def _check_object(server: str, answers: list[ChatCompletion]) -> None:
    text = answers[0].choices[0].message.content or ""
    if server in KNOWS_SCHEMAS:
        Verdict.model_validate_json(text)
    else:
        with pytest.raises(ValueError, match="JSON"):
            Verdict.model_validate_json(text)


def _check_logprobs(server: str, answers: list[ChatCompletion]) -> None:
    found = answers[0].choices[0].logprobs
    assert (found is not None) == (server in HAS_LOGPROBS)
    for token in (found.content or ()) if found else ():
        assert len(token.top_logprobs) >= 2
        assert token.logprob <= 0


KIND_CHECKS: Final[Mapping[Kind, Callable[[str, list[ChatCompletion]], None]]] = {
    "tool": _check_tool,
    "tool_stream": _check_tool,
    "json_schema": _check_parsed,
    "json_object": _check_object,
    "logprobs": _check_logprobs,
    "logprobs_stream": _check_logprobs,
}

# --- what is sent -----------------------------------------------------------------------------------------------------

INSTRUCTION: Final[JSON] = {"role": "system", "content": "Answer in one short sentence."}
CAPITAL: Final[JSON] = {"role": "user", "content": "What is the capital of France?"}
QUESTION: Final[JSON] = {"role": "user", "content": "What is the weather in Paris?"}
TOO_LONG: Final[JSON] = {"role": "user", "content": "Paris " * 500}
TOOL: Final[JSON] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "enum": ["Paris", "Rome"]},
                "unit": {"type": "string", "enum": ["C", "F"]},
            },
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}
FORCED: Final[JSON] = {"type": "function", "function": {"name": "get_weather"}}
VERDICT: Final[JSON] = {
    "name": "Verdict",
    "strict": True,
    "schema": {
        "title": "Verdict",
        "description": "Whatever a model with random weights writes under this schema is short.",
        "type": "object",
        "properties": {
            "answer": {"title": "Answer", "type": "string", "enum": ["yes", "no"]},
            "certain": {"title": "Certain", "type": "boolean"},
        },
        "required": ["answer", "certain"],
        "additionalProperties": False,
    },
}
USAGE: Final[JSON] = {"stream_options": {"include_usage": True}}


def steady(*messages: JSON, **more: object) -> JSON:
    return {"model": MODEL, "temperature": 0.8, "seed": 7, "messages": list(messages), **more}


def hello(**more: object) -> JSON:
    return steady(INSTRUCTION, CAPITAL, **more)


BODIES: Final[Mapping[Kind, JSON]] = {
    "plain": hello(max_tokens=16),
    "stream": hello(max_tokens=8, stream=True, **USAGE),
    "tool": steady(QUESTION, max_tokens=80, tools=[TOOL], tool_choice=FORCED),
    "tool_stream": steady(QUESTION, max_tokens=80, tools=[TOOL], tool_choice=FORCED, stream=True),
    "json_schema": hello(max_tokens=60, response_format={"type": "json_schema", "json_schema": VERDICT}),
    "json_object": hello(max_tokens=60, response_format={"type": "json_object", "schema": SCHEMA}),
    "logprobs": hello(max_tokens=3, logprobs=True, top_logprobs=2),
    "logprobs_stream": hello(max_tokens=3, logprobs=True, top_logprobs=2, stream=True),
    "two_choices": hello(max_tokens=8, n=2),
    "stop": hello(max_tokens=60, stop=["a", "e", "i", "o", "u"]),
    "unknown_model": {**hello(max_tokens=4), "model": "no-such-model"},
    "bad_parameter": {"model": MODEL, "messages": [INSTRUCTION, CAPITAL], "max_tokens": 4, "temperature": "hot"},
    "context_too_long": steady(TOO_LONG, max_tokens=4),
    "context_too_long_stream": steady(TOO_LONG, max_tokens=4, stream=True),
}


def bodies(kind: Kind, recorded: list[Exchange]) -> list[JSON]:
    """What must be sent. The second leg of a tool call gives the server back what it said in the first."""
    first = BODIES[kind]
    if kind not in ("tool", "tool_stream"):
        return [first]
    message = given_back(recorded[0])
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": "Sunny, 24 C, in Paris."}
        for call in message.get("tool_calls", ())
    ]
    second = {**first, "messages": [QUESTION, message, *results], "max_tokens": 8}
    del second["tool_choice"]
    return [first, second]


def given_back(exchange: Exchange) -> JSON:
    """The message of a reply, as it goes back."""
    said, lines = by_hand(exchange), exchange.body.decode()
    message: JSON = {"role": "assistant", **({"content": said["text"]} if said["text"] else {})}
    if said["calls"]:
        ((name, arguments),) = said["calls"]
        (identity,) = set(re.findall(r'"id": ?"(call_[^"]+)"', lines))
        function = {"name": name, "arguments": arguments}
        message["tool_calls"] = [{"id": identity, "type": "function", "function": function}]
    return message


# --- the files --------------------------------------------------------------------------------------------------------


def test_every_server_and_kind_has_a_cassette() -> None:
    for server in SERVERS:
        assert {path.stem for path in (CASSETTES / server).iterdir()} == set(KINDS)


@cassettes
def test_a_cassette_says_who_answered_and_holds_no_secret(server: str, kind: Kind) -> None:
    text = (CASSETTES / server / f"{kind}.yaml").read_text(encoding="utf-8")
    who = re.escape(SERVERS[server].answers)
    when = r"20\d\d-\d\d-\d\d \d\d:\d\d UTC"
    assert re.match(rf"# Recorded from {who} \({MODEL}: random weights, made by tests/local\), {when}, ", text)
    assert record.leaks(text) == []
    assert not re.search(r"/(home|root|tmp|work|usr)/", text)
