"""Streams as vendors send them, one or two for each dialect that has a reader of its own: what is mutated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.mapping import anthropic_events as anthropic
from tests.mapping import bedrock_frames as bedrock
from tests.mapping.asking import Json
from tests.mapping.openai_events import COUNT, COUNTED, DONE, ROLE, chunk
from tests.readers import plain
from tests.readers import plain_natives as natives
from tests.readers.plain import JSON


def as_sse(event: JSON) -> bytes:
    """A server-sent event; a text is one that is no JSON."""
    return b"data: %s\n\n" % (event if isinstance(event, str) else json.dumps(event)).encode()


def as_line(event: JSON) -> bytes:
    """A line of JSON."""
    return json.dumps(event).encode() + b"\n"


def as_named(event: JSON) -> bytes:
    """A server-sent event with a name, from `{name: payload}`."""
    ((name, payload),) = event.items()
    return f"event: {name}\ndata: {json.dumps(payload)}\n\n".encode()


def as_frame(event: JSON) -> bytes:
    """A frame of Bedrock's, from `{name: payload}`."""
    ((name, payload),) = event.items()
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return bedrock.frame(headers, json.dumps(payload).encode())


def as_pieces(data: bytes) -> bytes:
    """Frames of SageMaker's, which cut what a container writes wherever they like; here in three."""
    headers = {":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}
    third = len(data) // 3
    pieces_of = (data[:third], data[third : 2 * third], data[2 * third :])
    return b"".join(bedrock.frame(headers, piece) for piece in pieces_of)


def as_framed_sse(event: JSON) -> bytes:
    """An event of a container's on SageMaker."""
    return as_pieces(as_sse(event))


def as_framed_line(event: JSON) -> bytes:
    """A container's line of JSON."""
    return as_pieces(as_line(event))


@dataclass(frozen=True)
class Vendor:
    """Who speaks a dialect, what it sends, and who reads that by the plainest rules."""

    model: str
    events: Sequence[JSON]
    reading: Callable[[], plain.Reading] | None
    """None where only this is asked: that nothing else than errors of ours comes, and chunks are in order."""
    written: Callable[[JSON], bytes] = as_sse
    settings: Mapping[str, object] = field(default_factory=dict[str, object])

    def __str__(self) -> str:
        return self.model.partition(":")[0]


def _call(index: int, arguments: str, name: str | None = None) -> Json:
    """A piece of a call, as OpenAI has it; the first has id and name."""
    begun: Json = {"id": f"call_{index}", "type": "function"} if name else {}
    return {"index": index, **begun, "function": {"name": name, "arguments": arguments}}


_CALLING: Final[list[JSON]] = [
    chunk({"tool_calls": [_call(0, "", "add")]}),
    chunk({"tool_calls": [_call(0, '{"a": ')]}),
    chunk({"tool_calls": [_call(0, "1}")]}),
    chunk({"tool_calls": [_call(1, '{"b": 2}', "sub")]}),
]
OPENAI: Final[list[JSON]] = [
    ROLE,
    chunk({"reasoning_content": "Hm, "}),
    chunk({"reasoning_content": "well."}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}, logprobs=None),
    *_CALLING,
    chunk(finish="tool_calls"),
    COUNT,
    DONE,
]
TWO_CHOICES: Final[list[JSON]] = [
    ROLE,
    chunk({"role": "assistant", "content": ""}, index=1),
    chunk({"content": "Hel"}),
    chunk({"content": "Good "}, index=1),
    chunk({"content": "lo"}),
    chunk({"content": "day"}, index=1),
    chunk(finish="stop"),
    chunk(finish="length", index=1, x_groq={"id": "req_1", "usage": COUNTED}),
    DONE,
]
PROMPTED: Final[list[JSON]] = [
    *({"choices": [{"index": 0, "text": text, "finish_reason": None}]} for text in ("", "Hel", "lo")),
    {"id": "cmpl-1", "created": 1, "model": "m", "choices": [{"index": 0, "text": "", "finish_reason": "length"}]},
    {"choices": [], "usage": COUNTED},
    DONE,
]
THINKING: Final[list[JSON]] = [
    ROLE,
    *(chunk({"content": text}) for text in ("<thi", "nk>\n", "Hm, ", "well.</th", "ink>", "\n\nHel", "lo")),
    chunk({"tool_calls": [_call(0, '{"a": 1}', "add")]}),
    chunk(finish="tool_calls", usage=COUNTED),
    DONE,
]
WHOLE: Final[list[JSON]] = [
    {"choices": [{"index": 0, "message": {"content": "Hel"}}]},
    {"choices": [{"index": 0, "message": {"content": "Hello", "tool_calls": [_call(0, "{}", "add")]}}]},
    {"choices": [{"index": 0, "message": {"content": "Hello"}, "finish_reason": "stop"}], "usage": COUNTED},
    DONE,
]
MISTRAL: Final[list[JSON]] = [
    ROLE,
    chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm, "}]}]}),
    chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "well."}]}]}),
    chunk({"content": [{"type": "text", "text": "Hel"}, {"type": "reference", "reference_ids": [1]}]}),
    chunk({"content": "lo"}),
    *_CALLING,
    chunk({"content": ""}, "tool_calls", usage=COUNTED),
    DONE,
]
GIGACHAT: Final[list[JSON]] = [
    chunk({"role": "assistant", "reasoning_content": "Hm, "}),
    chunk({"content": "Hel"}),
    chunk({"content": "lo"}),
    chunk({"content": "", "function_call": {"name": "add", "arguments": {"a": 1}}}),
    chunk({"content": ""}, "function_call", usage={**COUNTED, "precached_prompt_tokens": 1}),
    DONE,
]
ANTHROPIC: Final[list[JSON]] = [
    anthropic.START,
    anthropic.PING,
    *anthropic.thought("Hm, ", "well."),
    *anthropic.words("Hel", "lo", index=1),
    *anthropic.use('{"a": ', "1}", index=2),
    *anthropic.use(index=3),
    anthropic.end("tool_use", output_tokens=7),
    anthropic.STOP,
]


ANSWERING: Final[list[JSON]] = [
    anthropic.START,
    *anthropic.words("I will ", "say.", index=0),
    *anthropic.use('{"a": ', "1}", index=1, name="City"),
    *anthropic.use(index=2),
    anthropic.end("tool_use", output_tokens=7),
    anthropic.STOP,
]


def _candidate(*parts: Json, index: int = 0, **more: object) -> Json:
    counts: Json = {"promptTokenCount": 3, "candidatesTokenCount": 2, "thoughtsTokenCount": 1, "totalTokenCount": 6}
    candidate: Json = {"content": {"role": "model", "parts": [*parts]}, "index": index, **more}
    return {"candidates": [candidate], "usageMetadata": counts, "modelVersion": "gemini-2.5", "responseId": "r1"}


GEMINI: Final[list[JSON]] = [
    _candidate({"text": "Hm, ", "thought": True}),
    _candidate({"text": "well.", "thought": True}),
    _candidate({"text": "Hel"}),
    _candidate({"text": "lo"}),
    _candidate({"functionCall": {"name": "add", "args": {"a": 1}}}, {"text": "!"}),
    _candidate({"functionCall": {"name": "sub", "args": {}, "id": "c1"}}),
    _candidate({"text": ""}, finishReason="STOP"),
    {"usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}, "responseId": "r1"},
]
_CITED: Final[Json] = {
    "groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}],
    "groundingSupports": [{"segment": {"startIndex": 0, "endIndex": 3, "text": "Hel"}, "groundingChunkIndices": [0]}],
}
_CHOSEN: Final[Json] = {
    "chosenCandidates": [{"token": "lo", "logProbability": -0.1}],
    "topCandidates": [{"candidates": [{"token": "lo", "logProbability": -0.1}]}],
}
GEMINI_TWICE: Final[list[JSON]] = [
    _candidate({"text": "Hel"}),
    _candidate({"text": "Good "}, index=1),
    _candidate({"inlineData": {"mimeType": "image/png", "data": "aGk="}}, {"text": "lo"}, logprobsResult=_CHOSEN),
    _candidate({"text": "day"}, index=1, finishReason="MAX_TOKENS"),
    _candidate(groundingMetadata=_CITED, finishReason="STOP", safetyRatings=[{"category": "C", "probability": "LOW"}]),
]

VERTEX: Final[list[JSON]] = [*GEMINI[:4], _candidate({"text": "!"}, finishReason="MODEL_ARMOR"), GEMINI[-1]]


def pieces(path: str, more: bool = True, **value: object) -> Json:
    call: Json = {"name": "add", "partialArgs": [{"jsonPath": path, **value}], "willContinue": more}
    return _candidate({"functionCall": call})


GEMINI_PIECES: Final[list[JSON]] = [
    pieces("$.who", stringValue="Ha"),
    pieces("$.who", stringValue="ns"),
    pieces("$.list[0]", numberValue=1.5),
    pieces("$.list[1]['a.b'].c", boolValue=True),
    pieces("$.nothing", more=False),
    _candidate(finishReason="STOP"),
]


def cohere(kind: str, index: int | None = None, **message: object) -> Json:
    place = {} if index is None else {"index": index}
    return {"type": kind, **place, **({"delta": {"message": message}} if message else {})}


SOURCE: Final[Json] = {"type": "document", "id": "d", "document": {"url": "https://a.test", "title": "A"}}
_CITATION: Final[Json] = {"start": 0, "end": 3, "text": "Hel", "sources": [SOURCE], "type": "TEXT_CONTENT"}
COHERE: Final[list[JSON]] = [
    {"id": "c1", **cohere("message-start", role="assistant", content=[])},
    cohere("tool-plan-delta", tool_plan="I will "),
    cohere("tool-plan-delta", tool_plan="add."),
    cohere("content-start", 0, content={"type": "thinking", "thinking": "Hm, "}),
    cohere("content-delta", 0, content={"thinking": "well."}),
    cohere("content-end", 0),
    cohere("content-start", 1, content={"type": "text", "text": ""}),
    cohere("content-delta", 1, content={"text": "Hel"}),
    cohere("content-delta", 1, content={"text": "lo"}),
    cohere("citation-start", 0, citations=_CITATION),
    cohere("citation-end", 0),
    cohere("content-end", 1),
    cohere("tool-call-start", 0, tool_calls={"id": "t1", "type": "function", "function": {"name": "add"}}),
    cohere("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"a": '}}),
    cohere("tool-call-delta", 0, tool_calls={"function": {"arguments": "1}"}}),
    cohere("tool-call-end", 0),
    {
        "type": "message-end",
        "delta": {
            "finish_reason": "TOOL_CALL",
            "usage": {"billed_units": {"input_tokens": 1}, "tokens": {"input_tokens": 3.0, "output_tokens": 2.0}},
        },
    },
]


def line(done: bool = False, **message: object) -> Json:
    stamp: Json = {"model": "qwen3:4b", "created_at": "2026-08-17T08:22:53.078901Z"}
    counts: Json = {"done_reason": "stop", "prompt_eval_count": 1, "eval_count": 2, "total_duration": 5}
    return {
        **stamp,
        "message": {"role": "assistant", "content": "", **message},
        "done": done,
        **(counts if done else {}),
    }


_NO_ARGUMENTS: Final[Json] = {"name": "sub", "arguments": {}}
OLLAMA: Final[list[JSON]] = [
    line(thinking="Hm, "),
    line(thinking="well."),
    line(content="Hel"),
    line(content="lo"),
    line(tool_calls=[{"id": "c1", "function": {"index": 0, "name": "add", "arguments": {"a": 1}}}]),
    line(tool_calls=[{"function": _NO_ARGUMENTS}], images=["aGk="]),
    line(done=True),
]
BEDROCK: Final[list[JSON]] = [
    {name: payload}
    for name, payload in (
        bedrock.START,
        bedrock.delta(0, {"reasoningContent": {"text": "Hm, "}}),
        bedrock.delta(0, {"reasoningContent": {"text": "well."}}),
        bedrock.delta(0, {"reasoningContent": {"signature": "sig"}}),
        bedrock.stop(0),
        bedrock.delta(1, {"text": "Hel"}),
        bedrock.delta(1, {"text": "lo"}),
        bedrock.delta(1, {"citation": {"title": "A", "location": {"web": {"url": "https://a.test", "domain": "a"}}}}),
        bedrock.stop(1),
        bedrock.start(2, {"toolUse": {"toolUseId": "t1", "name": "add"}}),
        bedrock.delta(2, {"toolUse": {"input": '{"a": '}}),
        bedrock.delta(2, {"toolUse": {"input": "1}"}}),
        bedrock.stop(2),
        bedrock.start(3, {"toolUse": {"toolUseId": "t2", "name": "sub"}}),
        bedrock.stop(3),
        ("messageStop", {"stopReason": "tool_use"}),
        bedrock.METADATA,
    )
]
TRITON: Final[list[JSON]] = [{"text_output": "Hel", "model_name": "m"}, {"text_output": "lo"}]
LINER: Final[list[JSON]] = [
    {"type": "text-delta", "delta": "Hel"},
    {"type": "data-search-references", "data": {"references": [{"url": "https://a.test", "title": "A"}]}},
    {"type": "text-delta", "delta": "lo"},
    {"type": "finish"},
]
_RESULT: Final[Json] = {"stop_reason": "not_finished", "input_token_count": 3, "generated_token_count": 1}
WATSONX: Final[list[JSON]] = [
    *({"results": [{**_RESULT, "generated_text": text}]} for text in ("Hel", "lo")),
    {"results": [{"generated_text": "", "stop_reason": "eos_token", "generated_token_count": 2}]},
]
_SAID: Final[Json] = {"type": "AIMessageChunk", "usage_metadata": {"input_tokens": 3, "output_tokens": 1}}
LANGGRAPH: Final[list[JSON]] = [
    {"metadata": {"run_id": "r"}},
    {"messages": [{**_SAID, "content": "Hel"}, {"step": 1}]},
    {"messages": [{**_SAID, "content": [{"type": "text", "text": "lo"}]}, {"step": 1}]},
    {"end": None},
]
LANGFLOW: Final[list[JSON]] = [
    {"event": "add_message", "data": {"sender": "Machine", "text": "", "id": "m1"}},
    {"event": "token", "data": {"chunk": "Hel", "id": "m1"}},
    {"event": "token", "data": {"chunk": "lo", "id": "m1"}},
    {
        "event": "end",
        "data": {
            "result": {"session_id": "s1", "outputs": [{"outputs": [{"results": {"message": {"text": "Hello"}}}]}]}
        },
    },
]
_DONE: Final[JSON] = {"type": "message", "id": "m1", "content": [{"type": "output_text", "text": "Hello"}]}
AGENT: Final[list[JSON]] = [
    {"type": "response.output_text.delta", "item_id": "m1", "delta": "Hel"},
    {"type": "response.output_text.delta", "item_id": "m1", "delta": "lo"},
    {"type": "response.output_item.done", "item": _DONE},
    {"type": "response.completed", "response": {"output": [_DONE], "usage": {"input_tokens": 3, "output_tokens": 2}}},
]
_AWS: Final = {"aws_region_name": "us-east-1"}
_SIGNED: Final = {**_AWS, "api_key": None, "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
_CITY: Final = {
    "max_tokens": 9,
    "response_format": {"type": "json_schema", "json_schema": {"name": "City", "schema": {"type": "object"}}},
}
_OWN: Final = {"api_base": "https://own.test"}

VENDORS: Final = {
    "openai": Vendor("openai:gpt-5", OPENAI, plain.OpenAI),
    "openai, functions": Vendor("openai:gpt-5", OPENAI, plain.Functions, settings={"functions": [{"name": "add"}]}),
    "groq": Vendor("groq:m", TWO_CHOICES, plain.OpenAI),
    "mistral": Vendor("mistral:m", MISTRAL, plain.Mistral),
    "completions": Vendor("text-completion-openai:gpt-3.5-turbo-instruct", PROMPTED, plain.Completions),
    "completions, Azure": Vendor("azure_text:m", PROMPTED, plain.Completions, settings=_OWN),
    "completions of code": Vendor("text-completion-codestral:m", OPENAI, plain.OpenAI),
    "gigachat": Vendor("gigachat:GigaChat-2", GIGACHAT, plain.GigaChat),
    "sagemaker, events": Vendor("sagemaker:e", OPENAI, plain.OpenAI, as_framed_sse, _SIGNED),
    "sagemaker, lines": Vendor("sagemaker_nova:e", TWO_CHOICES[:-1], plain.OpenAI, as_framed_line, _SIGNED),
    "think tags": Vendor("minimax:m", THINKING, plain.ThinkTags),
    "whole messages": Vendor("openai:gpt-5", WHOLE, None),
    "anthropic": Vendor("anthropic:claude-sonnet-4-5", ANTHROPIC, natives.Anthropic, settings={"max_tokens": 9}),
    "answers by a call": Vendor("anthropic:claude-3-haiku", ANSWERING, natives.Answering, settings=_CITY),
    "gemini": Vendor("gemini:gemini-2.5-flash", GEMINI, natives.Gemini),
    "gemini, two candidates": Vendor("gemini:gemini-2.5-flash", GEMINI_TWICE, natives.Gemini),
    "gemini, calls in pieces": Vendor("gemini:gemini-2.5-flash", GEMINI_PIECES, None),
    "vertexai": Vendor("vertexai:gemini-2.5-flash", VERTEX, natives.Vertex),
    "cohere": Vendor("cohere:command-a", COHERE, natives.Cohere),
    "ollama": Vendor("ollama:qwen3:4b", OLLAMA, natives.Ollama, as_line),
    "bedrock": Vendor("bedrock:anthropic.claude-v2", BEDROCK, natives.Bedrock, as_frame, _AWS),
    "triton": Vendor("triton:m", TRITON, None, settings=_OWN),
    "liner": Vendor("liner:search", LINER, None),
    "watsonx_text": Vendor("watsonx_text:m", WATSONX, None, settings={**_OWN, "project_id": "p1"}),
    "langgraph": Vendor("langgraph:agent", LANGGRAPH, None, as_named, _OWN),
    "langflow": Vendor("langflow:flow", LANGFLOW, None, as_line, _OWN),
    "databricks_agent": Vendor("databricks_agent:agent", AGENT, None, settings=_OWN),
}
