"""Every recorded exchange with Ollama's own chat API, replayed through both clients."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx2
import pytest

from polyvox import AsyncClient, ChatCompletion, ChatCompletionChunk, Client, NotFoundError
from polyvox.errors import APIError

JSON: TypeAlias = dict[str, Any]

FILE: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "ollama.jsonl"
ASKED: Final = [{"role": "user", "content": "Say what you said."}]
DURATIONS: Final = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not FILE.exists(), reason="the corpus of real traffic (../shared/recordings) is not here"),
]


def _load() -> list[JSON]:
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    return [record for line in lines if (record := json.loads(line))["wire"] == "ollama_chat"]


RECORDS: Final = {str(record["id"]): record for record in _load()}
ANSWERS: Final = {name: record for name, record in RECORDS.items() if record["status"] == 200}


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in pieces whose ends are no ends of anything."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), 777):
            yield self._body[start : start + 777]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class Vendor(httpx2.MockTransport):
    """Answers with one record, and keeps what it was asked."""

    def __init__(self, record: JSON) -> None:
        super().__init__(self._answer)
        self.streamed = "response_text" in record
        self._status: int = record["status"]
        self._body = str(record["response_text"] if self.streamed else json.dumps(record["response_json"])).encode()
        self.asked: list[JSON] = []

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == "http://localhost:11434/api/chat"
        assert "authorization" not in request.headers
        self.asked.append(json.loads(request.content))
        assert self.asked[-1]["stream"] is self.streamed
        return httpx2.Response(self._status, stream=Pieces(self._body))


def lines_of(record: JSON) -> list[JSON]:
    """The replies: one, or the lines of a stream."""
    if "response_text" not in record:
        return [record["response_json"]]
    return [json.loads(line) for line in record["response_text"].splitlines() if line]


def message_of(record: JSON) -> JSON:
    """The assistant's message, of which a stream sends the pieces."""
    pieces = [line["message"] for line in lines_of(record)]
    return {
        "role": "assistant",
        "content": "".join(piece["content"] for piece in pieces),
        "thinking": "".join(piece.get("thinking", "") for piece in pieces),
        "tool_calls": [call for piece in pieces for call in piece.get("tool_calls", ())],
    }


def expected(record: JSON) -> JSON:
    """What an answer must say."""
    message, last = message_of(record), lines_of(record)[-1]
    made = [(call["id"], call["function"]["name"], call["function"]["arguments"]) for call in message["tool_calls"]]
    reason = {"stop": "tool_calls" if made else "stop", "length": "length"}.get(last["done_reason"], "other")
    return {
        "model": last["model"],
        "text": message["content"],
        "reasoning": message["thinking"],
        "calls": made,
        "finish": reason,
        "usage": (last["prompt_eval_count"], last["eval_count"], last["prompt_eval_count"] + last["eval_count"]),
        "fields": {"native_finish_reason": last["done_reason"], **{name: last[name] for name in DURATIONS}},
    }


def seen(completion: ChatCompletion) -> JSON:
    """What an answer says."""
    choice, usage = completion.choices[0], completion.usage
    assert usage is not None
    calls = choice.message.tool_calls or ()
    return {
        "model": completion.model,
        "text": choice.message.content or "",
        "reasoning": choice.message.reasoning_content or "",
        "calls": [(made.id, made.function.name, json.loads(made.function.arguments)) for made in calls],
        "finish": choice.finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
        "fields": choice.provider_specific_fields,
    }


def check_chunks(chunks: list[ChatCompletionChunk]) -> None:
    """What every stream keeps to."""
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    indices = [call.index for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert indices == list(range(len(indices)))


def ask(record: JSON, messages: list[Any] = ASKED) -> tuple[ChatCompletion, Vendor]:
    vendor = Vendor(record)
    with Client(transport=vendor, num_retries=0) as client:
        if not vendor.streamed:
            return client.completion("ollama:qwen3:4b", messages), vendor
        with client.completion("ollama:qwen3:4b", messages, stream=True) as stream:
            check_chunks(list(stream))
            return stream.completion(), vendor


async def ask_async(record: JSON) -> ChatCompletion:
    vendor = Vendor(record)
    async with AsyncClient(transport=vendor, num_retries=0) as client:
        if not vendor.streamed:
            return await client.completion("ollama:qwen3:4b", ASKED)
        async with await client.completion("ollama:qwen3:4b", ASKED, stream=True) as stream:
            check_chunks([chunk async for chunk in stream])
            return await stream.completion()


@pytest.mark.parametrize("record", ANSWERS.values(), ids=ANSWERS)
async def test_answer(record: JSON) -> None:
    assert seen(ask(record)[0]) == expected(record)
    assert seen(await ask_async(record)) == expected(record)


@pytest.mark.parametrize("record", ANSWERS.values(), ids=ANSWERS)
def test_when(record: JSON) -> None:
    said = int(datetime.fromisoformat(lines_of(record)[0]["created_at"]).timestamp())
    created = ask(record)[0].created
    assert created == said if said else created > 1_700_000_000


@pytest.mark.parametrize("record", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_goes_back_as_it_came(record: JSON) -> None:
    completion, _ = ask(record)
    back = ask(record, [*ASKED, completion.choices[0].message, *ASKED])[1].asked[0]["messages"][1]
    assert back == {key: value for key, value in message_of(record).items() if value or key == "content"}


STREAMS: Final = {name: record for name, record in ANSWERS.items() if "response_text" in record}


@pytest.mark.parametrize("record", STREAMS.values(), ids=STREAMS)
def test_a_stream_without_its_end_is_an_error(record: JSON) -> None:
    cut = {**record, "response_text": record["response_text"].rstrip()[:-1]}
    with pytest.raises(APIError, match="ended before its end marker") as caught:
        ask(cut)
    assert caught.value.partial is not None


ERRORS: Final = {name: record for name, record in RECORDS.items() if record["status"] != 200}


@pytest.mark.parametrize("record", ERRORS.values(), ids=ERRORS)
def test_error(record: JSON) -> None:
    with pytest.raises(NotFoundError) as caught:
        ask(record)
    assert record["response_json"]["error"] in str(caught.value)
