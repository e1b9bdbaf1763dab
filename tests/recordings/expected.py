"""What a recorded reply says, by rules of our own: plain dicts, and never an import of polyvox.

Per wire two small functions: `fold_*` makes one whole reply of a stream's events, `read_*` says what a whole reply
says. So a stream is held to the same rules as a reply that came at once.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, TypeAlias, cast

JSON: TypeAlias = dict[str, Any]


@dataclass
class Call:
    """A tool call. `id` is None where the vendor gives none."""

    id: str | None
    name: str
    arguments: str


@dataclass
class Choice:
    """What one choice says."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: list[Call] = field(default_factory=list[Call])
    finish: str | None = None


@dataclass
class Answer:
    """What a reply says. `usage`: prompt, completion, total."""

    choices: dict[int, Choice]
    usage: tuple[int, int, int] | None
    id: str | None = None
    model: str | None = None


@dataclass
class Failure:
    """What a reply that is an error must become: the class's name."""

    kind: str
    message: str


Expected: TypeAlias = Answer | Failure


def expected(wire: str, status: int, headers: Mapping[str, str], body: bytes, streamed: bool) -> Expected:
    """What must come of a reply."""
    if status >= 300:
        code = headers.get("x-amzn-errortype", "").partition(":")[0]  # Bedrock has it beside the body
        return failure(status, {**json.loads(body), **({"code": code} if code else {})})
    documents = events(wire, body) if streamed else [json.loads(body)]
    for document in documents:
        if told := told_inside(document):
            return failure(None, told)
    fold, read = VENDORS.get(wire, (fold_openai, read_openai))
    return read(fold(documents) if streamed else documents[0])


def whole(wire: str, body: bytes) -> JSON:
    """A stream's content as the same vendor's whole reply."""
    fold, _ = VENDORS.get(wire, (fold_openai, read_openai))
    return fold(events(wire, body))


def events(wire: str, body: bytes) -> list[JSON]:
    """The JSON documents of a stream: server-sent events, a JSON array, lines (Ollama) or frames (Bedrock)."""
    if wire == "bedrock_converse":
        return frames(body)
    text = body.decode()
    if wire == "ollama_chat":
        return [json.loads(line) for line in text.splitlines() if line]
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    blocks = text.replace("\r\n", "\n").split("\n\n")
    datas = ["\n".join(line[5:] for line in block.split("\n") if line.startswith("data:")).strip() for block in blocks]
    return [json.loads(data) for data in datas if data and data != "[DONE]"]


def _items(value: Any) -> list[JSON]:
    """A list that may be absent or null."""
    return list(value or ())


def _fields(value: Any) -> JSON:
    """An object that may be absent or null."""
    return value or {}


# --- errors -----------------------------------------------------------------------------------------------------------

BY_STATUS: Final = {
    400: "BadRequestError",
    401: "AuthenticationError",
    402: "InsufficientFundsError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
    500: "InternalServerError",
    502: "BadGatewayError",
    503: "ServiceUnavailableError",
    529: "OverloadedError",
}
# Words that say more than the status they come with.
BY_WORD: Final = {
    "API_KEY_INVALID": "AuthenticationError",
    "content_filter": "ContentPolicyViolationError",
    "context_length_exceeded": "ContextWindowExceededError",
    "exceed_context_size_error": "ContextWindowExceededError",
    "ExpiredTokenException": "AuthenticationError",
    "UnrecognizedClientException": "AuthenticationError",
    "InvalidSignatureException": "AuthenticationError",
    "validationException": "BadRequestError",  # in a stream, where there is no status
}
# A full context, where the vendor has no word for it.
FULL_CONTEXT: Final = (
    "maximum context length",
    "maximum number of tokens allowed",
    "prompt is too long",
    "too many tokens: size limit",
)


def told_inside(document: JSON) -> JSON | None:
    """The error inside a successful reply: of the whole, of a choice, or an event of Bedrock's."""
    if document.get("error"):
        return document
    for name, event in document.items():
        if name.endswith("Exception"):
            return {**event, "code": name}
    return next((choice for choice in _items(document.get("choices")) if choice.get("error")), None)


def failure(status: int | None, document: JSON) -> Failure:
    """The class and the message for an error."""
    told = document.get("error")
    inner = _fields({"message": told} if isinstance(told, str) else told or document)
    message = _behind(inner) or str(inner.get("message") or inner.get("detail") or "")
    words = {str(word) for word in _words(document)}
    kind = next((kind for word, kind in BY_WORD.items() if word in words), None)
    if kind is None and any(phrase in message for phrase in FULL_CONTEXT):
        kind = "ContextWindowExceededError"
    if kind is None:
        code = inner.get("status_code") or inner.get("code") if status is None else status
        kind = BY_STATUS[code] if isinstance(code, int) else "APIError"
    return Failure(kind, message)


def _behind(error: JSON) -> str | None:
    """OpenRouter: what the vendor behind it said, where that is JSON; its own words are "Provider returned error"."""
    try:
        raw: JSON = json.loads(_fields(error.get("metadata")).get("raw") or "")
        told: object = raw["error"] if "error" in raw else raw["errors"][0]  # the latter is Cloudflare's
    except (ValueError, TypeError, KeyError):
        return None
    return str(_fields(told)["message"] if isinstance(told, dict) else told)


def _words(node: object) -> Iterator[object]:
    if isinstance(node, dict):
        for key, value in cast("JSON", node).items():
            yield from [value] if key in ("code", "type", "reason", "status") else ()
            yield from _words(value)
    elif isinstance(node, list):
        for item in cast("list[object]", node):
            yield from _words(item)


# --- OpenAI's dialect -------------------------------------------------------------------------------------------------

OPENAI_FINISH: Final = {
    None: None,
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "function_call",
    "content_filter": "content_filter",
    "": "stop",  # Snowflake, in whole replies
    "eos": "stop",  # Together
    "tool_call": "tool_calls",  # DeepSeek on Azure
}


def read_openai(reply: JSON) -> Answer:
    """One choice per choice; reasoning and refusal are not text, nor is what stands in `<think>` tags at its start (all
    whose recorded texts begin so have it in their rows); usage as it stands, but that sound is a part of the prompt,
    which Mistral counts beside it."""
    choices = {choice.get("index", number): choice for number, choice in enumerate(reply["choices"])}
    return Answer(
        choices={index: _openai_choice(choice) for index, choice in choices.items()},
        usage=_openai_usage(reply.get("usage")),
        id=reply.get("id"),
        model=reply.get("model"),
    )


def _openai_choice(choice: JSON) -> Choice:
    message = _fields(choice.get("message"))
    text, thoughts = _openai_content(message.get("content"))
    if text.startswith("<think>"):
        thoughts, _, text = (part.lstrip("\n") for part in text.removeprefix("<think>").partition("</think>"))
    return Choice(
        text=text,
        reasoning=message.get("reasoning_content") or message.get("reasoning") or thoughts,
        refusal=message.get("refusal") or "",
        calls=[_openai_call(call) for call in _items(message.get("tool_calls"))],
        finish=OPENAI_FINISH[choice.get("finish_reason")],
    )


def _openai_content(content: object) -> tuple[str, str]:
    """Text and thoughts. Mistral's come as parts."""
    if not isinstance(content, list):
        return str(content or ""), ""
    parts = _items(cast("object", content))
    thoughts = (piece for part in parts if part["type"] == "thinking" for piece in part["thinking"])
    return "".join(part.get("text", "") for part in parts), "".join(thought.get("text", "") for thought in thoughts)


def _openai_call(call: JSON) -> Call:
    if call.get("type") == "custom":
        return Call(call["id"], call["custom"]["name"], call["custom"]["input"])
    function: JSON = call["function"]
    return Call(call["id"], function["name"], function.get("arguments") or "")


def _openai_usage(usage: JSON | None) -> tuple[int, int, int] | None:
    if usage is None:
        return None
    prompt, answered, total = (usage.get(key) or 0 for key in ("prompt_tokens", "completion_tokens", "total_tokens"))
    sound = _fields(usage.get("prompt_tokens_details")).get("audio_tokens") or 0
    return prompt + (sound if total == prompt + sound + answered else 0), answered, total


def fold_openai(chunks: list[JSON]) -> JSON:
    """Deltas added up per choice; the first id, created and model that say something; the last usage."""
    choices: dict[int, JSON] = {}
    for chunk in chunks:
        for choice in _items(chunk.get("choices")):
            into = choices.setdefault(choice.get("index", 0), {"message": {"role": "assistant"}})
            _fold_choice(into, choice)
    numbered = [{"index": index, **choice} for index, choice in sorted(choices.items())]
    reply: JSON = {"object": "chat.completion", "choices": numbered}
    for key in ("id", "created", "model"):
        reply[key] = _first(chunk.get(key) for chunk in chunks if chunk.get("choices"))
    for key in ("usage", "service_tier", "system_fingerprint", "citations", "search_results"):
        reply[key] = _first(chunk.get(key) for chunk in reversed(chunks))
    # Groq counts here where nobody asks for `usage`.
    reply["usage"] = reply["usage"] or _first(_fields(chunk.get("x_groq")).get("usage") for chunk in reversed(chunks))
    return reply


def _first(values: Iterable[Any]) -> Any:
    return next((value for value in values if value), None)


def _fold_choice(into: JSON, choice: JSON) -> None:
    message: JSON = into["message"]
    delta = _fields(choice.get("delta"))
    _fold_content(message, delta.get("content"))
    for key in ("reasoning_content", "reasoning", "refusal"):
        _more(message, key, delta.get(key))
    for call in _items(delta.get("tool_calls")):
        _fold_call(message.setdefault("tool_calls", []), call)
    if function := delta.get("function_call"):
        held = message.setdefault("function_call", {"name": "", "arguments": ""})
        held["name"] = function.get("name") or held["name"]
        held["arguments"] += function.get("arguments") or ""
    for key in ("annotations", "reasoning_details"):
        if delta.get(key):
            message[key] = [*message.get(key, ()), *delta[key]]
    if choice.get("finish_reason") is not None and "finish_reason" not in into:
        into["finish_reason"] = choice["finish_reason"]
    _fold_logprobs(into, choice.get("logprobs"))


def _fold_content(message: JSON, piece: str | list[JSON] | None) -> None:
    """Mistral's deltas may be parts, or a text that follows parts."""
    held = message.get("content") or ""
    if isinstance(held, str) and isinstance(piece, str):
        message["content"] = held + piece
    elif piece:
        message["content"] = joined([*_parts(held), *_parts(piece)])


def _parts(content: str | list[JSON]) -> list[JSON]:
    return [{"type": "text", "text": content}] if isinstance(content, str) and content else _items(content)


def joined(parts: list[JSON]) -> list[JSON]:
    """Parts, or `reasoning_details`, with the pieces of one part put together."""
    whole_parts: list[JSON] = []
    for part in parts:
        last: JSON = whole_parts[-1] if whole_parts else {}
        texts = [key for key in ("text", "summary") if part.get(key) is not None or part.get("signature")]
        if part["type"] == "thinking" and last.get("type") == "thinking":
            thoughts = [{**piece, "type": piece["type"]} for piece in (*last["thinking"], *part["thinking"])]
            whole_parts[-1] = {**last, **part, "thinking": joined(thoughts)}
        elif texts and all(part.get(key) == last.get(key) for key in ("type", "index")):
            grown = {key: (last.get(key) or "") + part[key] for key in texts if part.get(key) is not None}
            whole_parts[-1] = {**last, **{k: v for k, v in part.items() if v is not None}, **grown}
        else:
            whole_parts.append({key: value for key, value in part.items() if value is not None})
    return whole_parts


def _more(holder: JSON, key: str, piece: str | None) -> None:
    if piece:
        holder[key] = (holder.get(key) or "") + piece


def _fold_call(calls: list[JSON], delta: JSON) -> None:
    """A delta belongs to the last call with its index, unless it has an id that is not that call's."""
    held = next((call for call in reversed(calls) if call["index"] == delta.get("index")), None)
    if held is None or (delta.get("id") and held["id"] and delta["id"] != held["id"]):
        empty: JSON = {"index": delta.get("index"), "id": None, "type": "function"}
        held = {**empty, "function": {"name": "", "arguments": ""}}
        calls.append(held)
    held["id"] = held["id"] or delta.get("id")
    function = _fields(delta.get("function"))
    held["function"]["name"] = function.get("name") or held["function"]["name"]
    held["function"]["arguments"] += function.get("arguments") or ""


def _fold_logprobs(into: JSON, more: JSON | None) -> None:
    for key in ("content", "refusal", "reasoning_content"):
        if more and more.get(key):
            held = into.setdefault("logprobs", {})
            held[key] = [*held.get(key, ()), *more[key]]


# --- Anthropic --------------------------------------------------------------------------------------------------------

ANTHROPIC_FINISH: Final = {
    None: None,
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "other",
    "compaction": "other",
}


def read_anthropic(reply: JSON) -> Answer:
    """Text blocks are the text, thinking blocks the reasoning, `tool_use` the calls (what the vendor's own servers did
    is none of ours); cached tokens are a part of the prompt."""
    blocks: list[JSON] = reply["content"]
    usage: JSON = reply["usage"]
    prompt = sum(
        usage.get(key) or 0 for key in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    )
    choice = Choice(
        text="".join(block["text"] for block in blocks if block["type"] == "text"),
        reasoning="".join(block["thinking"] for block in blocks if block["type"] == "thinking"),
        calls=[
            Call(block["id"], block["name"], json.dumps(block["input"]))
            for block in blocks
            if block["type"] == "tool_use"
        ],
        finish=ANTHROPIC_FINISH[reply["stop_reason"]],
    )
    answered: int = usage.get("output_tokens") or 0
    return Answer({0: choice}, (prompt, answered, prompt + answered), id=reply.get("id"), model=reply.get("model"))


def fold_anthropic(stream: list[JSON]) -> JSON:
    """The message of `message_start`, its blocks with their deltas, and what `message_delta` says in the end."""
    reply: JSON = {}
    inputs: dict[int, str] = {}
    for event in stream:
        match event["type"]:
            case "message_start":
                reply = {**event["message"], "content": [*event["message"]["content"]]}
            case "content_block_start":
                reply["content"].append(dict(event["content_block"]))
            case "content_block_delta":
                _fold_delta(reply["content"][event["index"]], event["delta"], inputs, event["index"])
            case "content_block_stop":
                if text := inputs.get(event["index"]):
                    reply["content"][event["index"]]["input"] = json.loads(text)
            case "message_delta":
                reply.update({key: value for key, value in event["delta"].items() if value is not None})
                counted = {key: value for key, value in event["usage"].items() if value is not None}
                reply["usage"] = {**reply["usage"], **counted}
            case _:
                pass
    return reply


def _fold_delta(block: JSON, delta: JSON, inputs: dict[int, str], index: int) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = block.get("signature", "") + delta["signature"]
        case "input_json_delta":
            inputs[index] = inputs.get(index, "") + delta["partial_json"]
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        case "compaction_delta":
            block["content"] = (block.get("content") or "") + (delta["content"] or "")
        case other:
            raise AssertionError(f"a delta of type {other!r}")


# --- Gemini -----------------------------------------------------------------------------------------------------------

GEMINI_FINISH: Final = {
    None: None,
    "STOP": "stop",
    1: "stop",  # enums as numbers, for those who ask for them
    "MAX_TOKENS": "length",
    2: "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "MALFORMED_FUNCTION_CALL": "other",
    "UNEXPECTED_TOOL_CALL": "other",
    "NO_IMAGE": "other",
    "OTHER": "other",
    "MODEL_ARMOR": "content_filter",  # Vertex only
}


def read_gemini(reply: JSON) -> Answer:
    """Text parts are the text, unless they are thoughts; STOP with a function call is `tool_calls`; thoughts count as a
    part of the answer, what server-side tools read as a part of the prompt. No candidates: the prompt was blocked."""
    candidates = _items(reply.get("candidates"))
    choices = {one.get("index", number): _gemini_choice(one) for number, one in enumerate(candidates)}
    return Answer(
        choices=choices or {0: Choice(finish="content_filter")},
        usage=_gemini_usage(reply.get("usageMetadata")),
        id=reply.get("responseId"),
        model=reply.get("modelVersion"),
    )


def _gemini_choice(candidate: JSON) -> Choice:
    parts = _items(_fields(candidate.get("content")).get("parts"))
    made = [part["functionCall"] for part in parts if "functionCall" in part]
    calls = [Call(call.get("id"), call["name"], json.dumps(call.get("args") or {})) for call in made]
    finish = GEMINI_FINISH[candidate.get("finishReason")]
    return Choice(
        text="".join(part["text"] for part in parts if "text" in part and not part.get("thought")),
        reasoning="".join(part["text"] for part in parts if "text" in part and part.get("thought")),
        calls=calls,
        finish="tool_calls" if calls and finish == "stop" else finish,
    )


def _gemini_usage(usage: JSON | None) -> tuple[int, int, int] | None:
    if usage is None:
        return None
    prompt: int = (usage.get("promptTokenCount") or 0) + (usage.get("toolUsePromptTokenCount") or 0)
    answered: int = (usage.get("candidatesTokenCount") or 0) + (usage.get("thoughtsTokenCount") or 0)
    return prompt, answered, usage.get("totalTokenCount") or prompt + answered


def fold_gemini(replies: list[JSON]) -> JSON:
    """The parts of all events, pieces of one text joined; of each other key the last that was sent."""
    candidates: dict[int, JSON] = {}
    whole_reply: JSON = {}
    for reply in replies:
        whole_reply.update(reply)
        for number, candidate in enumerate(_items(reply.get("candidates"))):
            index = candidate.get("index", number)
            held = candidates.setdefault(index, {"index": index, "content": {"role": "model", "parts": []}})
            held.update({key: value for key, value in candidate.items() if key != "content"})
            for part in _items(_fields(candidate.get("content")).get("parts")):
                _fold_part(held["content"]["parts"], part)
    whole_reply["responseId"] = _first(reply.get("responseId") for reply in replies)
    whole_reply["modelVersion"] = _first(reply.get("modelVersion") for reply in replies)
    return {**whole_reply, "candidates": list(candidates.values())} if candidates else whole_reply


def _fold_part(parts: list[JSON], part: JSON) -> None:
    last: JSON = parts[-1] if parts else {}
    if (call := part.get("functionCall")) is not None:
        open_call = _fields(last.get("functionCall"))
        if "willContinue" in open_call:
            _fold_arguments(open_call, call)
        else:
            parts.append({**part, "functionCall": dict(call)})
            _fold_arguments(parts[-1]["functionCall"], call)
    elif "text" in part and "text" in last and not (part.keys() | last.keys()) - {"text", "thought"}:
        if part.get("thought") == last.get("thought"):
            last["text"] += part["text"]
        else:
            parts.append(dict(part))
    else:
        parts.append(dict(part))


def _fold_arguments(call: JSON, more: JSON) -> None:
    """Arguments in pieces: `{"jsonPath": "$.steps[0].name", "stringValue": ...}`."""
    call.pop("willContinue", None)
    call.pop("partialArgs", None)
    for piece in _items(more.get("partialArgs")):
        path = piece["jsonPath"].removeprefix("$.").replace("[", ".").replace("]", "").split(".")
        value = next(value for key, value in piece.items() if key.endswith("Value"))
        call["args"] = _grown(call.get("args"), path, value)
    if more.get("willContinue"):
        call["willContinue"] = True


def _grown(node: Any, path: list[str], value: object) -> Any:
    """The node with the value at the path; a text there is continued."""
    if not path:
        return node + value if isinstance(node, str) and isinstance(value, str) else value
    step, *rest = path
    if step.isdigit():
        items: list[Any] = [*(node or ()), *[None] * (int(step) + 1 - len(node or ()))]
        items[int(step)] = _grown(items[int(step)], rest, value)
        return items
    held: JSON = node or {}
    return {**held, step: _grown(held.get(step), rest, value)}


# --- Bedrock's Converse -----------------------------------------------------------------------------------------------

BEDROCK_FINISH: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "refusal": "content_filter",
}


def frames(body: bytes) -> list[JSON]:
    """The events of a stream as `{name: payload}`, by botocore's decoder."""
    buffer = import_module("botocore.eventstream").EventStreamBuffer()
    buffer.add_data(body)
    kinds = (":event-type", ":exception-type")
    return [
        {next(one.headers[kind] for kind in kinds if kind in one.headers): json.loads(one.payload)} for one in buffer
    ]


def read_bedrock(reply: JSON) -> Answer:
    """Texts, cited or not, are the text; calls that Bedrock itself made and answered are none of ours; cached tokens
    are a part of the prompt. A reply has neither id nor model."""
    choice = Choice(finish=BEDROCK_FINISH[reply["stopReason"]])
    for block in reply["output"]["message"]["content"]:
        choice.text += block.get("text", "")
        choice.text += "".join(part["text"] for part in block.get("citationsContent", {}).get("content", ()))
        choice.reasoning += block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
        called = block.get("toolUse")
        if called and called.get("type") != "server_tool_use":
            choice.calls.append(Call(called["toolUseId"], called["name"], json.dumps(called["input"])))
    usage: JSON | None = reply.get("usage")
    if usage is None:
        return Answer({0: choice}, None)
    names = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    prompt, answered = sum(usage.get(name) or 0 for name in names), usage.get("outputTokens", 0)
    return Answer({0: choice}, (prompt, answered, prompt + answered))


def fold_bedrock(stream: list[JSON]) -> JSON:
    """Blocks by their index, each with its deltas; what `messageStop` and `metadata` say in the end."""
    blocks: dict[int, JSON] = {}
    reply: JSON = {}
    for name, event in (pair for document in stream for pair in document.items()):
        match name:
            case "contentBlockStart":
                blocks[event["contentBlockIndex"]] = copy.deepcopy(event["start"])
            case "contentBlockDelta":
                _fold_block(blocks.setdefault(event["contentBlockIndex"], {}), event["delta"])
            case "messageStop" | "metadata":
                reply.update(event)
            case _:
                assert name in ("messageStart", "contentBlockStop")
    content = [_whole_block(blocks[index]) for index in sorted(blocks)]
    return {**reply, "output": {"message": {"role": "assistant", "content": content}}}


def _fold_block(block: JSON, delta: JSON) -> None:
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


def _whole_block(block: JSON) -> JSON:
    if "citations" in block:
        return {"citationsContent": {"content": [{"text": block["text"]}], "citations": block["citations"]}}
    if "toolUse" in block:
        block["toolUse"]["input"] = json.loads(block["toolUse"].get("input") or "{}")
    return block


# --- Cohere -----------------------------------------------------------------------------------------------------------

COHERE_FINISH: Final = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}


def read_cohere(reply: JSON) -> Answer:
    """The plan for its calls is a thought, like the thinking parts. A reply has no model."""
    message: JSON = reply["message"]
    blocks = _items(message.get("content"))
    choice = Choice(
        text="".join(block.get("text") or "" for block in blocks),
        reasoning="".join(block.get("thinking") or "" for block in blocks) + (message.get("tool_plan") or ""),
        calls=[_openai_call(call) for call in _items(message.get("tool_calls"))],
        finish=COHERE_FINISH[reply["finish_reason"]],
    )
    tokens: JSON = reply["usage"]["tokens"]
    asked, answered = tokens["input_tokens"], tokens["output_tokens"]
    return Answer({0: choice}, (asked, answered, asked + answered), id=reply["id"])


def fold_cohere(stream: list[JSON]) -> JSON:
    """Parts and calls by their index, each with its deltas."""
    content: dict[int, JSON] = {}
    calls: dict[int, JSON] = {}
    message: JSON = {"role": "assistant", "tool_plan": "", "citations": []}
    reply: JSON = {"message": message}
    for event in stream:
        delta = _fields(_fields(event.get("delta")).get("message"))
        match event["type"]:
            case "message-start":
                reply["id"] = event["id"]
            case "message-end":
                reply.update(event["delta"])
            case "content-start":
                content[event["index"]] = dict(delta["content"])
            case "content-delta":
                for key, text in delta["content"].items():
                    content[event["index"]][key] += text
            case "tool-plan-delta":
                message["tool_plan"] += delta["tool_plan"]
            case "tool-call-start":
                calls[event["index"]] = copy.deepcopy(delta["tool_calls"])
            case "tool-call-delta":
                calls[event["index"]]["function"]["arguments"] += delta["tool_calls"]["function"]["arguments"]
            case "citation-start":
                message["citations"].append(delta["citations"])
            case other:
                assert other in ("content-end", "tool-call-end", "citation-end")
    message.update(content=list(content.values()), tool_calls=list(calls.values()))
    reply["message"] = {key: value for key, value in message.items() if value}
    return reply


# --- Ollama -----------------------------------------------------------------------------------------------------------


def read_ollama(reply: JSON) -> Answer:
    """`stop` with calls is `tool_calls`; arguments are an object. A reply has no id."""
    message: JSON = reply["message"]
    made: list[JSON] = _items(message.get("tool_calls"))
    choice = Choice(
        text=message["content"],
        reasoning=message.get("thinking") or "",
        calls=[Call(one.get("id"), one["function"]["name"], json.dumps(one["function"]["arguments"])) for one in made],
        finish={"stop": "tool_calls" if made else "stop", "length": "length"}.get(reply["done_reason"], "other"),
    )
    asked, answered = reply["prompt_eval_count"], reply["eval_count"]
    return Answer({0: choice}, (asked, answered, asked + answered), model=reply["model"])


def fold_ollama(stream: list[JSON]) -> JSON:
    """The last line, with the message of all lines, and the time of the first."""
    pieces: list[JSON] = [line["message"] for line in stream]
    message: JSON = {
        "role": "assistant",
        "content": "".join(piece["content"] for piece in pieces),
        "thinking": "".join(piece.get("thinking", "") for piece in pieces),
        "tool_calls": [call for piece in pieces for call in piece.get("tool_calls", ())],
    }
    plain = {key: value for key, value in message.items() if value or key == "content"}
    return {**stream[-1], "created_at": stream[0]["created_at"], "message": plain}


VENDORS: Final[Mapping[str, tuple[Callable[[list[JSON]], JSON], Callable[[JSON], Answer]]]] = {
    "anthropic_messages": (fold_anthropic, read_anthropic),
    "gemini": (fold_gemini, read_gemini),
    "bedrock_converse": (fold_bedrock, read_bedrock),
    "cohere_v2": (fold_cohere, read_cohere),
    "ollama_chat": (fold_ollama, read_ollama),
}
"""Wire -> how its streams add up, and what its replies say. All others speak OpenAI's dialect."""
