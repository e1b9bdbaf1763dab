"""All of Bedrock's recorded traffic: Converse through both clients, InvokeModel's Anthropic bodies through Anthropic's
reader. What must come out is told by rules of our own over plain dicts, with botocore's decoder of frames."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

import httpx2
import pytest

from polyvox import APIError, AsyncClient, ChatCompletion, ChatCompletionChunk, Client

JSON: TypeAlias = dict[str, Any]

FILE: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings" / "bedrock.jsonl.gz"
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="the corpus of real traffic (../shared/recordings) is not here"
)

ASK: Final[list[JSON]] = [{"role": "user", "content": "Hi"}]
FINISH: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "refusal": "content_filter",
}
BY_STATUS: Final = {400: "BadRequestError", 403: "PermissionDeniedError", 503: "ServiceUnavailableError"}
BY_CODE: Final = dict.fromkeys(
    ("ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"), "AuthenticationError"
) | {"validationException": "BadRequestError"}


@lru_cache(maxsize=1)
def recorded() -> tuple[JSON, ...]:
    """All exchanges of the file."""
    return tuple(json.loads(line) for line in gzip.decompress(FILE.read_bytes()).splitlines())


def of_wire(wire: str) -> list[JSON]:
    return [record for record in recorded() if record["wire"] == wire]


# --- what a reply says, by rules of our own ---------------------------------------------------------------------------


@dataclass
class Said:
    """The answer, or the class of the error."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, str, JSON]] = field(default_factory=list[tuple[str, str, JSON]])
    finish: str | None = None
    usage: tuple[int, int, int] | None = None
    error: str | None = None


def frames(record: JSON) -> list[tuple[str, JSON]]:
    """The events of a stream: names and payloads."""
    buffer = import_module("botocore.eventstream").EventStreamBuffer()
    buffer.add_data(base64.b64decode(record["response_b64"]))
    kinds = (":event-type", ":exception-type")
    return [
        (next(one.headers[kind] for kind in kinds if kind in one.headers), json.loads(one.payload)) for one in buffer
    ]


def is_stream(record: JSON) -> bool:
    return record.get("response_b64") is not None


def said(record: JSON) -> Said:
    """What a Converse exchange says."""
    if record["status"] >= 300:
        code = record["response_headers"].get("x-amzn-errortype", "").partition(":")[0]
        return Said(error=BY_CODE.get(code, BY_STATUS[record["status"]]))
    if not is_stream(record):
        return whole(record["response_json"])
    events = frames(record)
    failed = [name for name, _ in events if name.endswith("Exception")]
    return Said(error=BY_CODE[failed[0]]) if failed else whole(folded(events))


def folded(events: Iterable[tuple[str, JSON]]) -> JSON:
    """A stream as the same vendor's whole reply."""
    blocks: dict[int, JSON] = {}
    reply: JSON = {}
    for name, event in events:
        match name:
            case "contentBlockStart":
                blocks[event["contentBlockIndex"]] = json.loads(json.dumps(event["start"]))
            case "contentBlockDelta":
                fold(blocks.setdefault(event["contentBlockIndex"], {}), event["delta"])
            case "messageStop":
                reply["stopReason"] = event["stopReason"]
            case "metadata":
                reply["usage"] = event["usage"]
            case _:
                assert name in ("messageStart", "contentBlockStop")
    content = [unfolded(blocks[index]) for index in sorted(blocks)]
    return {**reply, "output": {"message": {"role": "assistant", "content": content}}}


def fold(block: JSON, delta: JSON) -> None:
    if "text" in delta:
        block["text"] = block.get("text", "") + delta["text"]
    elif "toolUse" in delta:
        block["toolUse"]["input"] = block["toolUse"].get("input", "") + delta["toolUse"]["input"]
    elif "reasoningContent" in delta:
        held, piece = block.setdefault("reasoningContent", {}), delta["reasoningContent"]
        if "redactedContent" in piece:
            held.update(piece)
            return
        thought = held.setdefault("reasoningText", {"text": ""})
        for key, value in piece.items():
            thought[key] = thought.get(key, "") + value
    elif "citation" in delta:
        block.setdefault("citations", []).append(delta["citation"])
    else:
        block["toolResult"].setdefault("content", []).extend(delta["toolResult"])


def unfolded(block: JSON) -> JSON:
    if "citations" in block:
        return {"citationsContent": {"content": [{"text": block["text"]}], "citations": block["citations"]}}
    if "toolUse" in block:
        block["toolUse"]["input"] = json.loads(block["toolUse"].get("input") or "{}")
    return block


def whole(reply: JSON) -> Said:
    found = Said(finish=FINISH[reply["stopReason"]], usage=counted(reply.get("usage")))
    for block in reply["output"]["message"]["content"]:
        found.text += block.get("text", "")
        found.text += "".join(part["text"] for part in block.get("citationsContent", {}).get("content", ()))
        found.reasoning += block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
        called = block.get("toolUse")
        if called and called.get("type") != "server_tool_use":
            found.calls.append((called["toolUseId"], called["name"], called["input"]))
    return found


def counted(usage: JSON | None) -> tuple[int, int, int] | None:
    if usage is None:
        return None
    names = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    prompt, completion = sum(usage.get(name) or 0 for name in names), usage.get("outputTokens", 0)
    return prompt, completion, prompt + completion


def told(answer: ChatCompletion) -> Said:
    """What polyvox's answer says."""
    (choice,) = answer.choices
    message, usage = choice.message, answer.usage
    return Said(
        text=message.content or "",
        reasoning=message.reasoning_content or "",
        calls=[(one.id, one.function.name, json.loads(one.function.arguments)) for one in message.tool_calls or ()],
        finish=choice.finish_reason,
        usage=None if usage is None else (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens),
    )


# --- the replay -------------------------------------------------------------------------------------------------------


class Replay:
    """A vendor that answers as recorded, and keeps what it was sent."""

    def __init__(self, record: JSON) -> None:
        self.record = record
        self.sent: list[JSON] = []
        self.settings: JSON = {"api_key": "key", "num_retries": 0}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(json.loads(request.content))
        record = self.record
        body = (
            base64.b64decode(record["response_b64"])
            if is_stream(record)
            else json.dumps(record["response_json"]).encode()
        )
        return httpx2.Response(record["status"], headers=record["response_headers"], content=body)

    @property
    def model(self) -> str:
        return "bedrock:" + unquote(self.record["path"]).removeprefix("/model/").rpartition("/")[0]

    def ask(self) -> Said:
        """By the client that waits."""
        client = Client(transport=httpx2.MockTransport(self), **self.settings)
        try:
            if not is_stream(self.record):
                return told(client.completion(self.model, ASK, aws_region_name="us-east-1"))
            stream = client.completion(self.model, ASK, stream=True, aws_region_name="us-east-1")
            check_chunks(chunks := list(stream))
            assert chunks
            return told(stream.completion())
        except APIError as error:
            return Said(error=type(error).__name__)

    async def ask_async(self) -> Said:
        """By the other."""
        client = AsyncClient(transport=httpx2.MockTransport(self), **self.settings)
        try:
            if not is_stream(self.record):
                return told(await client.completion(self.model, ASK, aws_region_name="us-east-1"))
            stream = await client.completion(self.model, ASK, stream=True, aws_region_name="us-east-1")
            return told(await stream.completion())
        except APIError as error:
            return Said(error=type(error).__name__)


def check_chunks(chunks: list[ChatCompletionChunk]) -> None:
    """What holds for every stream."""
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    assert all(len(chunk.choices) == 1 for chunk in chunks)
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    assert [chunk.usage is not None for chunk in chunks] == [*[False] * (len(chunks) - 1), True]
    assert chunks[-1].choices[0].finish_reason is not None
    assert "native_finish_reason" in chunks[-1].choices[0].provider_specific_fields
    indices = [call.index for chunk in chunks for call in chunk.choices[0].delta.tool_calls or () if call.id]
    assert indices == list(range(len(indices)))


def test_every_converse_exchange_is_read_by_both_clients() -> None:
    records = of_wire("bedrock_converse")
    assert len(records) == 274

    async def all_async() -> list[Said]:
        return [await Replay(record).ask_async() for record in records]

    wanted = [said(record) for record in records]
    assert wanted == [Replay(record).ask() for record in records]
    assert wanted == asyncio.run(all_async())


def test_every_error_of_the_runtime_has_its_class() -> None:
    records = [record for record in of_wire("bedrock_invoke") if record["status"] >= 300]
    assert len(records) == 16
    assert [said(record) for record in records] == [Replay(record).ask() for record in records]


# --- given back -------------------------------------------------------------------------------------------------------


def given_back(content: list[JSON]) -> list[JSON]:
    """What of an answer goes into the next turn: all but blank texts, unsigned thoughts, and words of replies only."""
    return [plain for block in content if (plain := plainly(block))]


def plainly(block: JSON) -> JSON | None:
    if "text" in block:
        return {"text": block["text"]} if block["text"].strip() else None
    if "reasoningText" in block.get("reasoningContent", {}):
        return block if block["reasoningContent"]["reasoningText"].get("signature") else None
    if block.get("toolUse", {}).get("type") == "tool_use":
        return {"toolUse": {key: value for key, value in block["toolUse"].items() if key != "type"}}
    return block


def test_every_answer_goes_back_as_it_came() -> None:
    checked = 0
    for record in of_wire("bedrock_converse"):
        if said(record).error:
            continue
        replay = Replay(record)
        client = Client(transport=httpx2.MockTransport(replay), aws_region_name="us-east-1", **replay.settings)
        if is_stream(record):
            answer = client.completion(replay.model, ASK, stream=True).completion()
            reply = folded(frames(record))
            client.completion(replay.model, [*ASK, answer.choices[0].message, *ASK], stream=True).close()
        else:
            reply = record["response_json"]
            answer = client.completion(replay.model, ASK)
            client.completion(replay.model, [*ASK, answer.choices[0].message, *ASK])
        wanted = given_back(reply["output"]["message"]["content"])
        turns = replay.sent[-1]["messages"]
        assert [turn["content"] for turn in turns if turn["role"] == "assistant"] == ([wanted] if wanted else [])
        checked += 1
    assert checked == 252


# --- InvokeModel with Anthropic's bodies ------------------------------------------------------------------------------


def inner_events(record: JSON) -> list[JSON]:
    """What the frames of InvokeModel hold: the model's own events."""
    return [json.loads(base64.b64decode(event["bytes"])) for _, event in frames(record)]


# Made by hand for a test of its source: a reply without `usage`, which Anthropic's description requires.
EXCEPTIONS: Final = frozenset({"d78ee1d3fdca9e28"})


def anthropic_body(record: JSON) -> tuple[str, bytes] | None:
    """The reply as Anthropic itself would send it, and its media type; None for other models' bodies, which no chat
    dialect of ours writes (Titan, Nova, Llama, Cohere, Mistral, AI21, gpt-oss; completions of Claude 2)."""
    if not is_stream(record):
        reply = record["response_json"]
        return ("application/json", json.dumps(reply).encode()) if reply.get("type") == "message" else None
    events = inner_events(record)
    if events[0].get("type") != "message_start":
        return None
    named = (f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return "text/event-stream", "".join(named).encode()


def anthropic_said(record: JSON) -> tuple[str, list[str], str | None]:
    """Text, names of calls, and native reason."""
    if not is_stream(record):
        reply = record["response_json"]
        blocks = reply["content"]
        return text_of(blocks), [one["name"] for one in blocks if one["type"] == "tool_use"], reply["stop_reason"]
    text, names, reason = "", list[str](), None
    for event in inner_events(record):
        if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use":
            names.append(event["content_block"]["name"])
        elif event["type"] == "content_block_delta":
            text += event["delta"].get("text", "")
        elif event["type"] == "message_delta":
            reason = event["delta"]["stop_reason"]
    return text, names, reason


def text_of(blocks: list[JSON]) -> str:
    return "".join(block["text"] for block in blocks if block["type"] == "text")


def test_every_anthropic_body_of_invoke_model_is_read_by_anthropics_reader() -> None:
    found: list[str] = []
    for record in of_wire("bedrock_invoke"):
        held = anthropic_body(record) if record["status"] < 300 else None
        if held is None or record["id"] in EXCEPTIONS:
            continue
        kind, body = held
        reply = httpx2.Response(200, headers={"content-type": kind}, content=body)
        client = Client(transport=httpx2.MockTransport(lambda _, reply=reply: reply), api_key="key", num_retries=0)
        if is_stream(record):
            answer = client.completion("anthropic:claude", ASK, stream=True).completion()
        else:
            answer = client.completion("anthropic:claude", ASK)
        (choice,) = answer.choices
        names = [one.function.name for one in choice.message.tool_calls or ()]
        native = choice.provider_specific_fields["native_finish_reason"]
        assert (choice.message.content or "", names, native) == anthropic_said(record), record["id"]
        found.append(record["id"])
    assert len(found) == 72
