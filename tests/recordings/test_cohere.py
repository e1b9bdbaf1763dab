"""Every recorded exchange with Cohere's chat API, replayed through both clients."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx2
import pytest

from polyvox import AsyncClient, ChatCompletion, ChatCompletionChunk, Client
from polyvox.errors import APIError

JSON: TypeAlias = dict[str, Any]

FILE: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "cohere.jsonl"
ASKED: Final = [{"role": "user", "content": "Say what you said."}]
REASONS: Final = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not FILE.exists(), reason="the corpus of real traffic (../shared/recordings) is not here"),
]


def _load() -> list[JSON]:
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    return [record for line in lines if (record := json.loads(line))["wire"] == "cohere_v2"]


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
        assert (request.url.path, request.headers["authorization"]) == ("/v2/chat", "Bearer a-key")
        self.asked.append(json.loads(request.content))
        return httpx2.Response(self._status, stream=Pieces(self._body))


def whole(record: JSON) -> JSON:
    """The reply's message, reason and counts; of a stream, what its events add up to."""
    if "response_text" not in record:
        found: JSON = record["response_json"]
        return found
    message: JSON = {"content": {}, "tool_calls": {}, "tool_plan": "", "citations": []}
    reply: JSON = {"message": message}
    for line in record["response_text"].splitlines():
        if line.startswith("data:") and "[DONE]" not in line:
            _fold(reply, message, json.loads(line[5:]))
    message["content"] = list(message["content"].values())
    message["tool_calls"] = list(message["tool_calls"].values())
    return reply


def _fold(reply: JSON, message: JSON, event: JSON) -> None:
    outer: JSON = event.get("delta") or {}
    delta: JSON = outer.get("message") or {}
    match event["type"]:
        case "message-start":
            reply["id"] = event["id"]
        case "message-end":
            reply.update(event["delta"])
        case "content-start":
            message["content"][event["index"]] = dict(delta["content"])
        case "content-delta":
            written: dict[str, str] = delta["content"]
            for key, text in written.items():
                message["content"][event["index"]][key] += text
        case "tool-plan-delta":
            message["tool_plan"] += delta["tool_plan"]
        case "tool-call-start":
            message["tool_calls"][event["index"]] = delta["tool_calls"]
        case "tool-call-delta":
            message["tool_calls"][event["index"]]["function"]["arguments"] += delta["tool_calls"]["function"][
                "arguments"
            ]
        case "citation-start":
            message["citations"].append(delta["citations"])
        case _:
            pass


def expected(record: JSON) -> JSON:
    """What an answer must say."""
    reply = whole(record)
    message: JSON = reply["message"]
    blocks: list[JSON] = message.get("content") or []
    tokens: JSON = reply["usage"]["tokens"]
    return {
        "id": reply["id"],
        "text": "".join(block.get("text") or "" for block in blocks),
        "reasoning": "".join(block.get("thinking") or "" for block in blocks) + (message.get("tool_plan") or ""),
        "calls": [(made["id"], made["function"]["name"], made["function"]["arguments"]) for made in _calls(message)],
        "finish": REASONS[reply["finish_reason"]],
        "usage": (tokens["input_tokens"], tokens["output_tokens"], tokens["input_tokens"] + tokens["output_tokens"]),
        "cached": reply["usage"].get("cached_tokens", 0),
        "thought": tokens.get("reasoning_tokens"),
        "billed": reply["usage"]["billed_units"],
    }


def _calls(message: JSON) -> list[JSON]:
    return message.get("tool_calls") or []


def seen(completion: ChatCompletion) -> JSON:
    """What an answer says."""
    choice, usage = completion.choices[0], completion.usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    details = usage.completion_tokens_details
    calls = choice.message.tool_calls or ()
    return {
        "id": completion.id,
        "text": choice.message.content or "",
        "reasoning": choice.message.reasoning_content or "",
        "calls": [(made.id, made.function.name, made.function.arguments) for made in calls],
        "finish": choice.finish_reason,
        "usage": (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
        "cached": usage.prompt_tokens_details.cached_tokens,
        "thought": details.reasoning_tokens if details else None,
        "billed": choice.provider_specific_fields["billed_units"],
    }


def check_chunks(chunks: list[ChatCompletionChunk]) -> None:
    """What every stream keeps to."""
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    assert [chunk.usage is not None for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    indices = {call.index for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()}
    assert indices == set(range(len(indices)))


def ask(record: JSON, messages: list[Any] = ASKED) -> tuple[ChatCompletion, Vendor]:
    vendor = Vendor(record)
    with Client(transport=vendor, api_key="a-key", num_retries=0) as client:
        if not vendor.streamed:
            return client.completion("cohere:command-a", messages), vendor
        with client.completion("cohere:command-a", messages, stream=True) as stream:
            check_chunks(list(stream))
            return stream.completion(), vendor


async def ask_async(record: JSON) -> ChatCompletion:
    vendor = Vendor(record)
    async with AsyncClient(transport=vendor, api_key="a-key", num_retries=0) as client:
        if not vendor.streamed:
            return await client.completion("cohere:command-a", ASKED)
        async with await client.completion("cohere:command-a", ASKED, stream=True) as stream:
            check_chunks([chunk async for chunk in stream])
            return await stream.completion()


@pytest.mark.parametrize("record", ANSWERS.values(), ids=ANSWERS)
async def test_answer(record: JSON) -> None:
    assert seen(ask(record)[0]) == expected(record)
    assert seen(await ask_async(record)) == expected(record)


@pytest.mark.parametrize("record", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_goes_back_as_it_came(record: JSON) -> None:
    completion, _ = ask(record)
    back = ask(record, [*ASKED, completion.choices[0].message, *ASKED])[1].asked[0]["messages"][1]
    if isinstance(back.get("content"), str):
        back["content"] = [{"type": "text", "text": back["content"]}]
    came = {"role": "assistant", **whole(record)["message"]}
    assert _said(back) == _said(came)


def _said(message: JSON) -> JSON:
    return {key: value for key, value in message.items() if value}


@pytest.mark.parametrize("record", [record for record in ANSWERS.values() if "response_text" in record])
def test_a_stream_without_its_end_is_an_error(record: JSON) -> None:
    text: str = record["response_text"]
    cut = {**record, "response_text": text[: text.index("message-end")]}
    with pytest.raises(APIError, match="ended before its end marker") as caught:
        ask(cut)
    assert caught.value.partial is not None


ERRORS: Final = {name: record for name, record in RECORDS.items() if record["status"] != 200}
KINDS: Final = {404: "NotFoundError", 400: "ContextWindowExceededError"}


@pytest.mark.parametrize("record", ERRORS.values(), ids=ERRORS)
def test_error(record: JSON) -> None:
    with pytest.raises(APIError) as caught:
        ask(record)
    told: JSON = record["response_json"]
    assert type(caught.value).__name__ == KINDS[record["status"]]
    assert told["message"].strip() in str(caught.value)
    assert caught.value.request_id == told["id"]
