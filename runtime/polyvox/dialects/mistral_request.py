"""Messages, tools and settings in Mistral's form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Final, cast

from polyvox_wire.mistral import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..checking import is_plain
from ..choosing import wrong_choice
from ..shapes import mapping_of
from .media import base64_of, file_of, inline, sound_of, url_of
from .parts import ONLY_TEXT, UNIFIED, Taken, calls_of, native_blocks, numbered, one_or_more, texts, turns

if TYPE_CHECKING:
    from polyvox_wire.mistral import requests as q

    from ..call import Call
else:
    from .dicts import requests as q

_OWN: Final = frozenset({"thinking", "reference", "document_url"})
_NO_MARKS: Final = "Mistral caches prompts by prompt_cache_key"
_TAKES: Final = Taken(
    _OWN | UNIFIED - {"video_url"},
    "Mistral takes text, images, sound and documents",
    _OWN,
    _NO_MARKS,
)
_OF_SYSTEM: Final = Taken(ONLY_TEXT | {"thinking"}, "Mistral's system prompt takes text only", _OWN, _NO_MARKS)
_OWN_ID = re.compile(r"[a-zA-Z0-9]{9}")


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    asked = call.given
    return stubs.RequestFields(
        model=call.model,
        messages=_messages(call),
        temperature=given(asked.get("temperature")),
        top_p=given(asked.get("top_p")),
        max_tokens=given(call.limit),
        stream=True if call.stream else OMIT,
        stop=one_or_more(asked.get("stop")),
        random_seed=given(asked.get("seed")),
        metadata=_metadata(asked.get("metadata")),
        response_format=_format(call),
        tools=_tools(call),
        tool_choice=_tool_choice(asked.get("tool_choice")),
        presence_penalty=given(asked.get("presence_penalty")),
        frequency_penalty=given(asked.get("frequency_penalty")),
        n=given(asked.get("n")),
        prediction=_prediction(asked.get("prediction")),
        parallel_tool_calls=given(asked.get("parallel_tool_calls")),
        reasoning_effort=_effort(asked.get("reasoning_effort")),
        prompt_cache_key=given(asked.get("prompt_cache_key")),
        service_tier=_service_tier(call),
        logprobs=given(asked.get("logprobs")),
        top_logprobs=given(asked.get("top_logprobs")),
    )


def _metadata(metadata: Mapping[str, object] | None) -> dict[str, object] | Omit:
    return OMIT if metadata is None else dict(metadata)


def _prediction(prediction: Mapping[str, object] | None) -> q.Prediction | Omit:
    if prediction is None:
        return OMIT
    return q.Prediction(type="content", content="".join(texts(prediction.get("content"))))


def _effort(effort: str | None) -> q.ReasoningEffort | Omit:
    return given(cast("q.ReasoningEffort | None", "xhigh" if effort == "max" else effort))


def _service_tier(call: Call) -> q.RequestedServiceTier | Omit:
    match asked := call.given.get("service_tier"):
        case None:
            return OMIT
        case "auto" | "standard_only":
            return asked
        case "default" | "standard":
            return "standard_only"
        case _:
            call.refuse("service_tier", f"Mistral has no tier {asked!r}, only auto and standard_only")
            return OMIT


def _format(call: Call) -> q.ResponseFormat | Omit:
    wanted = call.format
    if wanted is None:
        return OMIT
    if wanted.kind != "json_schema":
        return q.ResponseFormat(type=wanted.kind)
    schema = q.JsonSchema(name=wanted.name, schema=dict(wanted.schema))
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    if wanted.description is not None:
        schema["description"] = wanted.description
    return q.ResponseFormat(type="json_schema", json_schema=schema)


# --- messages ---------------------------------------------------------------------------------------------------------


def _messages(call: Call) -> list[q.ChatCompletionRequestMessagesItem]:
    found: list[q.ChatCompletionRequestMessagesItem] = []
    for where, fields in turns(call):
        match fields["role"]:
            case "system" | "developer":
                found.append(_system(call, where, fields["content"]))
            case "user":
                found.append(q.UserMessage(role="user", content=_content(call, where, fields["content"])))
            case "assistant":
                found.extend(_assistant(call, where, fields))
            case _:
                found.append(_result(call, where, fields))
    return found


def _system(call: Call, where: str, content: object) -> q.SystemMessage:
    if isinstance(content, str):
        return q.SystemMessage(role="system", content=content)
    chunks: list[q.SystemMessageContentChunks] = []
    for _, kind, part in numbered(call, where, content, _OF_SYSTEM):
        text = kind == "text"
        chunks.append(q.TextChunk(type="text", text=str(part[kind])) if text else cast("q.ThinkChunk", part))
    return q.SystemMessage(role="system", content=chunks)


def _assistant(call: Call, where: str, message: Mapping[str, object]) -> Iterable[q.AssistantMessage]:
    """The turn; none at all for an answer with nothing in it, which Mistral does not take back."""
    if is_plain(message):
        if message["content"]:
            yield q.AssistantMessage(role="assistant", content=message["content"])
        return
    turn = q.AssistantMessage(role="assistant")
    if content := _said(call, where, message):
        turn["content"] = content
    if calls := list(_calls(where, message)):
        turn["tool_calls"] = calls
    if message.get("prefix") is not None:
        turn["prefix"] = bool(message["prefix"])
    if content or calls:
        yield turn


def _said(call: Call, where: str, message: Mapping[str, object]) -> str | list[q.ContentChunk] | None:
    native = native_blocks(message, "mistral", "content")
    if native is not None:
        return cast("list[q.ContentChunk]", native)
    content = message.get("content")
    if content is None:
        return "".join(texts(message.get("refusal")))
    return _content(call, where, content)


def _calls(where: str, message: Mapping[str, object]) -> Iterable[q.ToolCall]:
    for made in calls_of(where, message):
        function = q.FunctionCall(name=made.name, arguments=made.text)
        yield q.ToolCall(id=call_id(made.id), type="function", function=function)


def _result(call: Call, where: str, fields: Mapping[str, object]) -> q.ToolMessage:
    content = _content(call, where, fields.get("content") or "")
    turn = q.ToolMessage(role="tool", content=content, tool_call_id=call_id(str(fields["tool_call_id"])))
    if name := fields.get("name"):
        turn["name"] = str(name)
    return turn


def call_id(made: str) -> str:
    """The id of a call as Mistral takes it: nine letters or digits. One of another vendor becomes the same nine every
    time, so that a call and its answer stay together."""
    return made if _OWN_ID.fullmatch(made) else sha256(made.encode()).hexdigest()[:9]


# --- content ----------------------------------------------------------------------------------------------------------


def _content(call: Call, where: str, content: object) -> str | list[q.ContentChunk]:
    if isinstance(content, str):
        return content
    return [_chunk(call, place, kind, part) for place, kind, part in numbered(call, where, content, _TAKES)]


def _chunk(call: Call, where: str, kind: str, part: Mapping[str, object]) -> q.ContentChunk:
    if kind in _OWN:
        return cast("q.ContentChunk", part)
    match kind:
        case "text" | "refusal":
            return q.TextChunk(type="text", text=str(part[kind]))
        case "image_url":
            return _image(call, f"{where}.image_url", part["image_url"])
        case "file":
            return _file(where, part["file"])
        case "input_audio":
            return q.AudioChunk(type="input_audio", input_audio=_sound(where, part["input_audio"]))
        case _:
            url = url_of(f"{where}.audio_url", part["audio_url"])
            held = inline(url)
            return q.AudioChunk(type="input_audio", input_audio=held.data if held else url)


def _image(call: Call, where: str, payload: object) -> q.ImageURLChunk:
    url = url_of(where, payload)
    detail = mapping_of(payload).get("detail")
    if detail in ("low", "auto", "high"):
        held = q.ImageURL(url=url, detail=detail)
        return q.ImageURLChunk(type="image_url", image_url=held)
    if detail is not None:
        call.refuse(f"{where}.detail", f"Mistral has no detail {detail!r}, only low, auto and high")
    return q.ImageURLChunk(type="image_url", image_url=url)


def _sound(where: str, payload: object) -> str:
    if isinstance(payload, str):  # as Mistral writes it
        return base64_of(f"{where}.input_audio", payload)
    return sound_of(where, payload).data


def _file(where: str, payload: object) -> q.DocumentURLChunk | q.FileChunk:
    file = file_of(where, payload)
    if file.held is None and not file.by_address:
        return q.FileChunk(type="file", file_id=file.at)
    url = file.at if file.held is None else f"data:{file.held.media_type};base64,{file.held.data}"
    chunk = q.DocumentURLChunk(type="document_url", document_url=url)
    if file.name:
        chunk["document_name"] = file.name
    return chunk


# --- tools ------------------------------------------------------------------------------------------------------------


def _tools(call: Call) -> list[q.ChatCompletionRequestToolsItem] | Omit:
    asked = cast("list[Mapping[str, object]] | None", call.given.get("tools"))
    if not asked:
        return OMIT
    found = [_tool(call, index, tool) for index, tool in enumerate(asked)]
    return [tool for tool in found if tool is not None]


def _tool(call: Call, index: int, tool: Mapping[str, object]) -> q.ChatCompletionRequestToolsItem | None:
    where = f"tools[{index}]"
    if "function" not in tool:
        if tool.get("type") == "custom":
            call.refuse(f"{where} (custom)", "Mistral has no tools with free-text input; use a function")
            return None
        return cast("q.ChatCompletionRequestToolsItem", tool)  # Mistral's own form
    if tool.get("cache_control"):
        call.refuse(f"{where}.cache_control", _NO_MARKS)
    return q.Tool(type="function", function=_function(mapping_of(tool["function"])))


def _function(function: Mapping[str, object]) -> q.Function:
    schema = function.get("parameters")
    if schema is None:
        schema = {"type": "object", "properties": dict[str, object]()}
    made = q.Function(name=str(function["name"]), parameters=dict(mapping_of(schema)))
    if description := function.get("description"):
        made["description"] = str(description)
    if function.get("strict") is not None:
        made["strict"] = bool(function["strict"])
    return made


def _tool_choice(asked: object) -> q.ToolChoice | q.ToolChoiceEnum | Omit:
    match asked:
        case None:
            return OMIT
        case "auto" | {"type": "auto"}:
            return "auto"
        case "none" | {"type": "none"}:
            return "none"
        case "any" | "required" | {"type": "any" | "required"}:
            return "any"
        case {"type": "function", "function": {"name": str(name)}}:
            return q.ToolChoice(type="function", function=q.FunctionName(name=name))
        case _:
            raise wrong_choice(asked)
