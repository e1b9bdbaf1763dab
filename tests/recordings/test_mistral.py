"""All recorded traffic of Mistral: each request as polyvox sends it, each reply as polyvox reads it and gives it back.

What is expected is read from the recordings by the few functions below, which share nothing with the runtime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import httpx2
import pytest

from polyvox import APIError, AsyncClient, ChatCompletion, ChatCompletionChunk, Client
from polyvox.results import ChatCompletionMessage, CompletionUsage

JSON: TypeAlias = dict[str, Any]

FILE: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "mistral.jsonl"
pytestmark = [
    pytest.mark.skipif(not FILE.exists(), reason="the corpus of real traffic (../shared/recordings) is not here"),
    pytest.mark.anyio,
]
MODEL: Final = "mistral:mistral-small-latest"
MESSAGES: Final[list[JSON]] = [{"role": "user", "content": "Hi"}]
YES: Final[JSON] = {"id": "1", "choices": [{"message": {"role": "assistant", "content": "Yes."}}]}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@cache
def records() -> tuple[JSON, ...]:
    return tuple(json.loads(line) for line in FILE.read_text().splitlines())


def good() -> list[JSON]:
    return [record for record in records() if record["status"] == 200]


class Vendor(httpx2.MockTransport):
    """Answers with one recording."""

    def __init__(self, record: JSON | None = None) -> None:
        super().__init__(self._answer)
        self.record: JSON = record or {"status": 200, "response_headers": {}, "response_json": YES}
        self.body: JSON = {}

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.body = json.loads(request.content)
        text = self.record.get("response_text")
        data = json.dumps(self.record["response_json"]) if text is None else text
        return httpx2.Response(self.record["status"], headers=self.record["response_headers"], content=data.encode())

    def client(self) -> Client:
        return Client(transport=self, api_key="a-key", num_retries=0)


def ask(record: JSON) -> tuple[ChatCompletion, list[ChatCompletionChunk]]:
    client = Vendor(record).client()
    if record.get("response_text") is None:
        return client.completion(MODEL, MESSAGES), []
    with client.completion(MODEL, MESSAGES, stream=True) as stream:
        chunks = list(stream)
        return stream.completion(), chunks


async def ask_async(record: JSON) -> tuple[ChatCompletion, list[ChatCompletionChunk]]:
    client = AsyncClient(transport=Vendor(record), api_key="a-key", num_retries=0)
    if record.get("response_text") is None:
        return await client.completion(MODEL, MESSAGES), []
    async with await client.completion(MODEL, MESSAGES, stream=True) as stream:
        chunks = [chunk async for chunk in stream]
        return await stream.completion(), chunks


# --- what a recording says --------------------------------------------------------------------------------------------


def events(record: JSON) -> list[JSON]:
    """The documents of a reply: of a stream each event, else the one."""
    if record.get("response_text") is None:
        return [record["response_json"]]
    lines = [line[6:] for line in record["response_text"].splitlines() if line.startswith("data: {")]
    return [json.loads(line) for line in lines]


def expected(record: JSON) -> dict[int, JSON]:
    """Content and calls of each choice, in pieces or not, and how it ended."""
    choices: dict[int, JSON] = {}
    for event in events(record):
        for piece in event["choices"]:
            choice = choices.setdefault(piece["index"], {"content": [], "calls": {}, "finish": None})
            said = piece.get("message") or piece["delta"]
            _add_content(choice["content"], said.get("content"))
            for made in said.get("tool_calls") or ():
                _add_call(choice["calls"], made)
            choice["finish"] = piece.get("finish_reason") or choice["finish"]
    return choices


def _add_content(chunks: list[JSON], content: str | list[JSON] | None) -> None:
    pieces: list[JSON] = [{"type": "plain", "text": content}] if isinstance(content, str) else content or []
    for piece in pieces:
        last: JSON = chunks[-1] if chunks else {"type": None}
        if piece["type"] == "thinking":
            text = "".join(item["text"] for item in piece["thinking"])
            if last["type"] == "thinking":
                last["thinking"][0]["text"] += text
                last.update({key: value for key, value in piece.items() if key == "closed"})
            else:
                chunks.append({**piece, "thinking": [{"type": "text", "text": text}]})
        elif piece["text"] and last["type"] in ("text", "plain"):
            last["text"] += piece["text"]
        elif piece["text"]:
            chunks.append(dict(piece))


def _add_call(calls: JSON, made: JSON) -> None:
    function = made["function"]
    number = made.get("index", len(calls))
    if number in calls:
        calls[number]["arguments"] += function["arguments"]
    else:
        calls[number] = {"id": made["id"], "name": function["name"], "arguments": function["arguments"]}


def text_of(choice: JSON) -> str:
    return "".join(chunk.get("text", "") for chunk in choice["content"])


def reasoning_of(choice: JSON) -> str:
    return "".join(item["text"] for chunk in choice["content"] for item in chunk.get("thinking", ()))


def usage_of(record: JSON) -> tuple[int, int, int, int | None]:
    """By OpenAI's counting: sound is a part of the prompt."""
    (counted,) = [event["usage"] for event in events(record) if event.get("usage")]
    details: JSON = counted.get("prompt_tokens_details") or {}
    prompt: int = counted["prompt_tokens"] + (details.get("audio_tokens") or 0)
    cached: int | None = details.get("cached_tokens", counted.get("num_cached_tokens"))
    return prompt, counted["completion_tokens"], counted["total_tokens"], cached


# --- replies ----------------------------------------------------------------------------------------------------------


def differences(record: JSON, completion: ChatCompletion) -> Iterator[str]:
    wanted = expected(record)
    first = events(record)[0]
    facts = (completion.id, completion.model, completion.provider)
    if facts != (first["id"], first["model"], "mistral") or completion.created != (
        first["created"] or completion.created
    ):
        yield f"{facts}"
    if [choice.index for choice in completion.choices] != sorted(wanted):
        yield f"choices {sorted(wanted)}"
    for choice in completion.choices:
        message, want = choice.message, wanted[choice.index]
        calls = [
            {"id": call.id, "name": call.function.name, "arguments": call.function.arguments}
            for call in message.tool_calls or ()
        ]
        seen = (message.content or "", message.reasoning_content or "", calls, choice.finish_reason)
        if seen != (text_of(want), reasoning_of(want), list(want["calls"].values()), want["finish"]):
            yield f"{seen} of {want}"
        if choice.provider_specific_fields["native_finish_reason"] != want["finish"]:
            yield "native finish reason"
    yield from _usage_differences(record, completion.usage)


def _usage_differences(record: JSON, usage: CompletionUsage | None) -> Iterator[str]:
    if usage is None:
        yield "no usage"
        return
    cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
    counted = (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, cached)
    if counted != usage_of(record) or usage.prompt_tokens + usage.completion_tokens != usage.total_tokens:
        yield f"usage {counted} of {usage_of(record)}"


def stream_faults(chunks: list[ChatCompletionChunk]) -> Iterator[str]:
    """What holds for every stream."""
    if len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) > 1:
        yield "the head changes"
    if any(not chunk.choices for chunk in chunks):
        yield "a chunk without choice"
    if any(chunk.usage for chunk in chunks[:-1]):
        yield "usage before the end"
    for index in {choice.index for chunk in chunks for choice in chunk.choices}:
        own = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
        if [choice.delta.role for choice in own] != ["assistant", *[None] * (len(own) - 1)]:
            yield "roles"
        if sum(choice.finish_reason is not None for choice in own) != 1:
            yield "finish reasons"
        numbers = [call.index for choice in own for call in choice.delta.tool_calls or ()]
        if sorted(set(numbers), key=str) != list(range(len(set(numbers)))):
            yield f"calls are numbered {numbers}"


def test_every_reply() -> None:
    found: list[str] = []
    for record in good():
        completion, chunks = ask(record)
        found += [f"{record['id']}: {line}" for line in (*differences(record, completion), *stream_faults(chunks))]
        assert bool(chunks) == ("stream" in record["tags"])
    assert not found, "\n".join(found)
    assert len(good()) > 160


def without_time(*results: ChatCompletion | ChatCompletionChunk) -> list[JSON]:
    """Some recordings have no time: it is the one of receipt then."""
    return [result.model_dump(exclude={"created"}) for result in results]


async def test_every_reply_asynchronously() -> None:
    for record in good():
        (answer, chunks), (other, others) = ask(record), await ask_async(record)
        assert without_time(answer, *chunks) == without_time(other, *others), record["id"]


@pytest.mark.parametrize("size", [1, 7, 64])
def test_streams_in_any_pieces(size: int) -> None:
    from polyvox.addressing import NATIVE
    from polyvox.call import Call
    from polyvox.providers import dialect_of

    for record in (record for record in good() if record.get("response_text")):
        body = record["response_text"].encode()
        whole: list[ChatCompletionChunk] = []
        pieces: list[ChatCompletionChunk] = []
        for chunks, step in ((whole, len(body)), (pieces, size)):
            reader = dialect_of(NATIVE["mistral"]).reader(Call(NATIVE["mistral"], "m", [], {}, stream=True))
            for start in range(0, len(body), step):
                reader.feed(body[start : start + step], chunks)
            reader.finish(chunks)
        assert without_time(*whole) == without_time(*pieces), record["id"]


ERRORS: Final = {400: "BadRequestError", 401: "AuthenticationError"}


def test_every_error() -> None:
    failed = [record for record in records() if record["status"] >= 300]
    assert failed
    for record in failed:
        said = record["response_json"]
        with pytest.raises(APIError) as caught:
            ask(record)
        error = caught.value
        assert type(error).__name__ == ERRORS[record["status"]]
        assert error.message == said.get("message", said.get("detail"))
        assert (error.status_code, error.code, error.provider) == (record["status"], said.get("type"), "mistral")


# --- what goes back, and what is sent ---------------------------------------------------------------------------------


def nine(made: str) -> str:
    """The recordings have ids that were replaced (`call_REDACTED_1`), and one of another vendor's model."""
    return made if re.fullmatch("[a-zA-Z0-9]{9}", made) else sha256(made.encode()).hexdigest()[:9]


def turn_of(choice: JSON) -> JSON:
    """A choice as it must go back."""
    chunks: list[JSON] = choice["content"]
    turn: JSON = {"role": "assistant"}
    if any(chunk["type"] != "plain" for chunk in chunks):
        turn["content"] = [{**chunk, "type": chunk["type"].replace("plain", "text")} for chunk in chunks]
    elif chunks:
        turn["content"] = text_of(choice)
    if choice["calls"]:
        turn["tool_calls"] = [
            {
                "id": nine(call["id"]),
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for call in choice["calls"].values()
        ]
    return turn


def given_back(message: ChatCompletionMessage) -> list[JSON]:
    vendor = Vendor()
    vendor.client().completion(MODEL, [*MESSAGES, message])
    return cast("list[JSON]", vendor.body["messages"][1:])


def test_every_answer_goes_back_as_it_came() -> None:
    for record in good():
        wanted = expected(record)
        for choice in ask(record)[0].choices:
            turn = turn_of(wanted[choice.index])
            assert given_back(choice.message) == ([turn] if len(turn) > 1 else []), record["id"]


RENAMED: Final = {"random_seed": "seed"}


def parameters_of(request: JSON) -> JSON:
    """The call that a recorded request amounts to."""
    named = {RENAMED.get(key, key): value for key, value in request.items() if value is not None}
    for message in named["messages"]:
        for number, call in enumerate(message.get("tool_calls") or ()):
            call["id"] = call.get("id") or f"call_{number}"
    return named


def as_sent(request: JSON) -> JSON:
    """A recorded request as polyvox writes it: without what says nothing, and each thing in one form."""
    body = {key: value for key, value in request.items() if value is not None and (key, value) != ("stream", False)}
    body["messages"] = [_turn_as_sent(message) for message in body["messages"]]
    if body.get("tool_choice") == "required":
        body["tool_choice"] = "any"
    for tool in body.get("tools", ()):
        tool["type"] = "function"
        if not tool["function"].get("description"):
            tool["function"].pop("description", None)
    return body


def _turn_as_sent(message: JSON) -> JSON:
    turn = {key: value for key, value in message.items() if value or key in ("prefix", "content")}
    if message["role"] == "assistant" and not message.get("content"):
        turn.pop("content", None)
    if "tool_calls" in turn:
        turn["tool_calls"] = [
            {"id": nine(call["id"]), "type": "function", "function": call["function"]} for call in turn["tool_calls"]
        ]
    if "tool_call_id" in turn:
        turn["tool_call_id"] = nine(turn["tool_call_id"])
    if isinstance(turn.get("content"), list):
        turn["content"] = [_part_as_sent(part) for part in turn["content"]]
    return turn


def _part_as_sent(part: JSON) -> JSON:
    kind = part["type"]
    payload: JSON | str = part[kind]
    if isinstance(payload, str) or kind not in ("image_url", "input_audio"):
        return part
    if kind == "input_audio":
        return {**part, kind: payload["data"]}
    return {**part, kind: payload["url"]} if payload.keys() == {"url"} else part


def test_every_request() -> None:
    asked = [record for record in records() if record["request_json"]]
    vendor = Vendor()
    client = vendor.client()
    for record in asked:
        wanted = as_sent(json.loads(json.dumps(record["request_json"])))
        call = parameters_of(json.loads(json.dumps(record["request_json"])))
        if call.pop("stream", False):
            vendor.record = {"status": 200, "response_headers": {}, "response_text": "data: [DONE]\n\n"}
            client.completion(provider="mistral", stream=True, **call).close()
        else:
            vendor.record = Vendor().record
            client.completion(provider="mistral", **call)
        assert vendor.body == wanted, record["id"]
    assert len(asked) > 150
