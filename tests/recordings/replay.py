"""One exchange through polyvox: the recorded reply is what the vendor answers, and what comes of it is compared."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import cast

import httpx2

from polyvox import AsyncClient, ChatCompletion, ChatCompletionChunk, Client
from polyvox.errors import APIError
from polyvox.results import ChatCompletionMessage
from polyvox.results import Choice as ResultChoice

from .corpus import JSON, Record
from .expected import Answer, Call, Choice, Expected, Failure, joined, whole

MESSAGES = [{"role": "user", "content": "Say what you said."}]
HOST = "https://vendor.test/v1"


@dataclass
class Outcome:
    """What came of one exchange."""

    completion: ChatCompletion | None = None
    error: Exception | None = None
    chunks: list[ChatCompletionChunk] = field(default_factory=list[ChatCompletionChunk])


class Vendor(httpx2.MockTransport):
    """Answers with the record that is on. No request leaves the process."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.record = Record({})
        self.sent: list[httpx2.Request] = []

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        record = self.record
        return httpx2.Response(record.status, headers=record.headers, stream=Pieces(record.body))


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in pieces, as a network would bring it; their ends are no ends of anything."""

    SIZE = 1777

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), self.SIZE):
            yield self._body[start : start + self.SIZE]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def ask(client: Client, record: Record) -> Outcome:
    """The exchange, synchronously."""
    outcome = Outcome()
    try:
        if record.asks_for_stream:
            with client.completion(record.model, MESSAGES, provider=record.provider, stream=True) as stream:
                outcome.chunks.extend(stream)
                outcome.completion = stream.completion()
        else:
            outcome.completion = client.completion(record.model, MESSAGES, provider=record.provider)
    except Exception as error:
        outcome.error = error
    return outcome


async def ask_async(client: AsyncClient, record: Record) -> Outcome:
    """The same, asynchronously."""
    outcome = Outcome()
    try:
        if record.asks_for_stream:
            async with await client.completion(record.model, MESSAGES, provider=record.provider, stream=True) as stream:
                async for chunk in stream:
                    outcome.chunks.append(chunk)
                outcome.completion = await stream.completion()
        else:
            outcome.completion = await client.completion(record.model, MESSAGES, provider=record.provider)
    except Exception as error:
        outcome.error = error
    return outcome


# --- what differs -----------------------------------------------------------------------------------------------------


def differences(record: Record, wanted: Expected, outcome: Outcome) -> list[str]:
    """What of an outcome is not as it must be, in words."""
    if outcome.completion is None or isinstance(wanted, Failure):
        return _wrong_error(record, wanted, outcome)
    said = [*answer_differences(wanted, outcome.completion), *_wrong_facts(record, outcome.completion)]
    return [*said, *chunk_faults(outcome.chunks)] if record.asks_for_stream else said


_SHOWN = 900


def _wrong_error(record: Record, wanted: Expected, outcome: Outcome) -> list[str]:
    error = outcome.error
    if isinstance(wanted, Answer):
        return [f"an answer was expected, but it raised {type(error).__name__}: {error}"]
    if not isinstance(error, APIError):
        return [f"{wanted.kind} was expected, not {error!r}"]
    found: list[str] = []
    if type(error).__name__ != wanted.kind:
        found.append(f"{wanted.kind} was expected, not {type(error).__name__}: {error}")
    if " ".join(wanted.message.split())[:_SHOWN] not in error.message:  # one line, and not too long a one
        found.append(f"the message {wanted.message!r} became {error.message!r}")
    if record.status >= 300 and error.status_code != record.status:
        found.append(f"status {record.status} became {error.status_code}")
    if record.request_id not in (None, error.request_id):
        found.append(f"the request id became {error.request_id}")
    if error.body is None or (record.streamed and error.partial is None):
        found.append("the error has no body" if error.body is None else "the error has no `partial`")
    return found


def answer_differences(wanted: Answer, completion: ChatCompletion) -> list[str]:
    """What of an answer is not as it must be."""
    found: list[str] = []
    seen = {choice.index: choice for choice in completion.choices}
    if seen.keys() != wanted.choices.keys():
        return [f"choices {sorted(wanted.choices)} became {sorted(seen)}"]
    for index, choice in wanted.choices.items():
        message = seen[index].message
        made = Choice(
            text=message.content or "",
            reasoning=message.reasoning_content or "",
            refusal=message.refusal or "",
            calls=[Call(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()],
            finish=seen[index].finish_reason,
        )
        found += [f"choices[{index}].{line}" for line in _choice_differences(choice, made)]
    for name, told, seen_there in (("id", wanted.id, completion.id), ("model", wanted.model, completion.model)):
        if told and told != seen_there:
            found.append(f"{name}: {told!r} became {seen_there!r}")
    usage = completion.usage
    counted = usage and (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens)
    if counted != wanted.usage:
        found.append(f"usage: {wanted.usage} became {counted}")
    return found


def _choice_differences(wanted: Choice, made: Choice) -> list[str]:
    found = [
        f"{name}: {getattr(wanted, name)!r:.300} became {getattr(made, name)!r:.300}"
        for name in ("text", "reasoning", "refusal", "finish")
        if getattr(wanted, name) != getattr(made, name)
    ]
    if len(wanted.calls) != len(made.calls):
        return [*found, f"{len(wanted.calls)} calls became {len(made.calls)}"]
    for number, (theirs, ours) in enumerate(zip(wanted.calls, made.calls, strict=True)):
        if not same_call(theirs, ours):
            found.append(f"calls[{number}]: {theirs} became {ours}")
    return found


def same_call(theirs: Call, ours: Call) -> bool:
    """The same id (any, where the vendor has none), name and arguments (as JSON, where they are JSON)."""
    same_id = bool(ours.id) if theirs.id is None else ours.id == theirs.id
    return same_id and ours.name == theirs.name and _read(ours.arguments) == _read(theirs.arguments)


def _read(arguments: str) -> object:
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def _wrong_facts(record: Record, completion: ChatCompletion) -> list[str]:
    """Facts that every answer has, whatever the vendor left out."""
    wrong = [name for name in ("id", "created", "model", "provider") if not getattr(completion, name)]
    found = [f"no {name}" for name in wrong]
    if record.request_id not in (None, completion.request_id):
        found.append(f"the request id became {completion.request_id}")
    if not record.asks_for_stream and completion.native is None:
        found.append("no native reply")
    return found


def chunk_faults(chunks: Sequence[ChatCompletionChunk]) -> list[str]:
    """What no stream may do, whoever the vendor is."""
    found: list[str] = []
    for name in ("id", "created", "model"):
        if len({getattr(chunk, name) for chunk in chunks}) > 1:
            found.append(f"{name} changes from chunk to chunk")
    if any(not chunk.choices for chunk in chunks):
        found.append("a chunk has no choice")
    if any(chunk.usage is not None for chunk in chunks[:-1]):
        found.append("usage is on another chunk than the last")
    for index in {choice.index for chunk in chunks for choice in chunk.choices}:
        found += [f"choice {index}: {fault}" for fault in _choice_faults(chunks, index)]
    return found


def _choice_faults(chunks: Sequence[ChatCompletionChunk], index: int) -> list[str]:
    own = [choice for chunk in chunks for choice in chunk.choices if choice.index == index]
    found: list[str] = []
    roles = [choice.delta.role for choice in own]
    if roles[0] != "assistant" or any(role is not None for role in roles[1:]):
        found.append(f"roles {roles[:5]}")
    if len([choice for choice in own if choice.finish_reason is not None]) > 1:
        found.append("several finish reasons")
    ids: dict[int, str] = {}
    for delta in (delta for choice in own for delta in choice.delta.tool_calls or ()):
        number = -1 if delta.index is None else delta.index
        if number not in ids and (number != len(ids) or not delta.id or not (delta.function and delta.function.name)):
            found.append(f"call {number} begins as {delta!r}")
        if delta.id and ids.setdefault(number, delta.id) != delta.id:
            found.append(f"call {number} changes its id")
    return found


# --- a stream's answer and the whole reply with the same content ------------------------------------------------------

_MESSAGE = dict.fromkeys((*ChatCompletionMessage.model_fields, "reasoning_details"), True)
_CHOICE: dict[str, bool | dict[str, bool]] = {**dict.fromkeys(ResultChoice.model_fields, True), "message": _MESSAGE}
_ANSWER = dict.fromkeys((*ChatCompletion.model_fields, "citations", "search_results"), True)


def at_once(record: Record) -> JSON:
    """A reply as it would be, had it not been streamed."""
    if not record.streamed:
        return cast("JSON", json.loads(record.body))
    return whole(record.wire, record.body)


def plain(completion: ChatCompletion) -> JSON:
    """An answer without what may differ between a stream and a whole reply of the same content: the time of receipt,
    ids that the vendor does not give, how JSON is spaced, and in how many pieces a list came."""
    answer = completion.model_dump(include={**_ANSWER, "choices": {"__all__": _CHOICE}}, exclude={"created"})
    for choice in answer["choices"]:
        message: JSON = choice["message"]
        message["reasoning_details"] = joined(message.get("reasoning_details") or [])
        for call in message["tool_calls"] or ():
            call["function"]["arguments"] = _read(call["function"]["arguments"])
            call.pop("index", None)
    return cast("JSON", without_nothing(answer))


def without_nothing(node: object) -> object:
    """Absent, null and empty are one here; made-up ids are no difference either."""
    if isinstance(node, dict):
        kept = {str(key): without_nothing(value) for key, value in cast("JSON", node).items()}
        return {key: value for key, value in kept.items() if value not in (None, "", [], {})}
    if isinstance(node, list):
        return [without_nothing(item) for item in cast("list[object]", node)]
    return re.sub("^(call_pv_|chatcmpl-)[0-9a-f]{24}$", r"\1...", node) if isinstance(node, str) else node


def places(one: object, other: object, where: str = "") -> Iterator[str]:
    """The places where two documents differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        left, right = cast("JSON", one), cast("JSON", other)
        for key in sorted(left.keys() | right.keys()):
            yield from places(left.get(key), right.get(key), f"{where}.{key}" if where else key)
    elif isinstance(one, list) and isinstance(other, list):
        for number, pair in enumerate(zip_longest(cast("list[object]", one), cast("list[object]", other))):
            yield from places(*pair, f"{where}[{number}]")
    elif one != other:
        yield f"{where}: {one!r:.200} and {other!r:.200}"
