"""Messages, tools and settings in Gemini's form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

from pydantic_core import from_json

from polyvox_wire.gemini import requests as q
from polyvox_wire.gemini import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..errors import InvalidMessageError, InvalidRequestError
from ..schemas import Rules
from ..shapes import mapping_of
from .dialect import wanted_way
from .media import detail_of, file_of, inline, media_type_of, sound_of, url_of
from .parts import ONLY_TEXT, UNIFIED, Taken, arguments, native_blocks, numbered, texts, turns

if TYPE_CHECKING:
    from ..call import Call, Format, Way

OWN_ID: Final = "call_pv_"
"""Begins the ids that we make for calls that Gemini sends without one; they never go back to it."""
BUDGETS: Final[Mapping[str, int]] = {
    "none": 0,
    "minimal": 512,
    "low": 1024,
    "medium": 8192,
    "high": 24576,
    "xhigh": 24576,
    "max": 24576,
}
"""Tokens to think, for models up to Gemini 2.5."""
_LEVELS: Final[Mapping[str, q.ThinkingConfigThinkingLevel]] = {
    "none": "MINIMAL",
    "minimal": "MINIMAL",
    "low": "LOW",
    "medium": "MEDIUM",
    "high": "HIGH",
    "xhigh": "HIGH",
    "max": "HIGH",
}
# From Gemini 3 on models think in levels, by the shape of their names.
_HAS_LEVELS = re.compile(r"gemini-([3-9]|\d\d)")
# What Gemini's own description says of `responseJsonSchema`; formats: its guide to structured output.
RULES: Final = Rules(
    bounds=frozenset(("format", "minimum", "maximum", "minItems", "maxItems")),
    formats=frozenset(("date-time", "date", "time")),
    recursion="optional",
    maps=True,
    untyped=True,
    tuples=True,
    const=False,
)
_TIERS: Final[Mapping[str, q.GenerateContentRequestServiceTier]] = {
    "default": "standard",
    "standard": "standard",
    "flex": "flex",
    "priority": "priority",
}


_TAKES: Final = Taken(UNIFIED, "Gemini takes text, images, sound, films and files")
_OF_SYSTEM: Final = Taken(ONLY_TEXT, "Gemini's system instruction takes text only")
_OF_TOOL: Final = Taken(ONLY_TEXT, "a function's answer to Gemini is text or JSON")


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    asked = call.given
    return stubs.RequestFields(
        contents=_contents(call),
        systemInstruction=_system(call),
        tools=_tools(call),
        toolConfig=_tool_config(call),
        serviceTier=_service_tier(call),
        store=given(asked.get("store")),
        generationConfig=_generation(call),
    )


def _generation(call: Call) -> stubs.GenerationConfigFields | Omit:
    asked = call.given
    config = stubs.GenerationConfigFields(
        temperature=given(asked.get("temperature")),
        topP=given(asked.get("top_p")),
        maxOutputTokens=given(call.limit),
        stopSequences=_stop(asked.get("stop")),
        candidateCount=given(asked.get("n")),
        seed=given(asked.get("seed")),
        presencePenalty=given(asked.get("presence_penalty")),
        frequencyPenalty=given(asked.get("frequency_penalty")),
        responseLogprobs=given(asked.get("logprobs")),
        logprobs=given(asked.get("top_logprobs")),
        responseMimeType=_mime_type(call),
        responseJsonSchema=_schema(call),
        thinkingConfig=_thinking(call),
        responseModalities=_modalities(asked.get("modalities")),
    )
    return config if config.wire() else OMIT


def _stop(stop: object) -> list[str] | Omit:
    if stop is None:
        return OMIT
    return [stop] if isinstance(stop, str) else list(cast("Iterable[str]", stop))


def _modalities(kinds: object) -> list[q.GenerationConfigResponseModalitiesItem] | Omit:
    if kinds is None:
        return OMIT
    return cast(
        "list[q.GenerationConfigResponseModalitiesItem]", [str(kind).upper() for kind in cast("list[object]", kinds)]
    )


def way(call: Call, wanted: Format) -> Way:
    """How an answer gets its form; before Gemini 3 a model has either functions or JSON."""
    tools = cast("Iterable[Mapping[str, object]]", call.given.get("tools") or ())
    kinds = {"function" if "function" in tool else "own" for tool in tools}
    if "web_search_options" in call.given:
        kinds.add("own")
    if not kinds or _HAS_LEVELS.match(call.model):
        return wanted_way(wanted)
    return "tool" if kinds == {"function"} and wanted.kind == "json_schema" else "instructions"


def _mime_type(call: Call) -> str | Omit:
    if call.format is None or call.format.kind == "text":
        return OMIT
    return "application/json"


def _schema(call: Call) -> object | Omit:
    return OMIT if call.format is None or call.format.kind != "json_schema" else call.format.schema


def _thinking(call: Call) -> q.ThinkingConfig | Omit:
    thinking, effort = call.given.get("thinking"), call.given.get("reasoning_effort")
    if thinking is not None:
        if effort is not None:
            call.refuse("reasoning_effort", "Gemini takes a budget (thinking) or a level, not both")
        return _by_budget(thinking)
    if effort is None:
        return OMIT
    if _HAS_LEVELS.match(call.model):
        return q.ThinkingConfig(thinkingLevel=_LEVELS[effort], includeThoughts=effort != "none")
    return q.ThinkingConfig(thinkingBudget=BUDGETS[effort], includeThoughts=effort != "none")


def _by_budget(thinking: Mapping[str, object]) -> q.ThinkingConfig:
    match thinking.get("type"):
        case "disabled":
            return q.ThinkingConfig(thinkingBudget=0)
        case "adaptive":
            return q.ThinkingConfig(thinkingBudget=-1, includeThoughts=thinking.get("display") != "omitted")
        case "enabled":
            budget = cast("int", thinking.get("budget_tokens", -1))
            return q.ThinkingConfig(thinkingBudget=budget, includeThoughts=thinking.get("display") != "omitted")
        case kind:
            raise InvalidRequestError(
                f"thinking.type is {kind!r}; it is 'enabled', 'disabled' or 'adaptive'", param="thinking"
            )


def _service_tier(call: Call) -> q.GenerateContentRequestServiceTier | Omit:
    asked = call.given.get("service_tier")
    if asked is None or asked == "auto":
        return OMIT
    tier = _TIERS.get(asked)
    if tier is None:
        call.refuse("service_tier", f"Gemini has no tier {asked!r}, only {', '.join(_TIERS)}")
        return OMIT
    return tier


def _system(call: Call) -> q.Content | Omit:
    parts: list[q.Part] = []
    for where, message in turns(call):
        if message["role"] in ("system", "developer"):
            parts.extend(_parts(call, where, message["content"], _OF_SYSTEM))
    return q.Content(parts=parts) if parts else OMIT


class _Calls:
    """The calls of earlier turns: an answer names its call by id, Gemini wants the function's name."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.sent_ids: set[str] = set()


def _contents(call: Call) -> list[q.Content]:
    said: list[q.Content] = []
    answers: list[q.Part] = []
    calls = _Calls()
    for where, message in turns(call):
        match message["role"]:
            case "system" | "developer":
                continue
            case "tool" | "function":
                answers.append(_answer(call, where, message, calls))
            case _:
                _flush(said, answers)
                turn = _turn(call, where, message, calls)
                if turn.get("parts"):  # an answer in which nothing was said; Gemini refuses an empty turn
                    said.append(turn)
    _flush(said, answers)
    if not said:
        raise InvalidMessageError("messages has only instructions; Gemini needs at least one user message")
    return said


def _flush(said: list[q.Content], answers: list[q.Part]) -> None:
    if answers:
        said.append(q.Content(role="user", parts=list(answers)))
        answers.clear()


def _turn(call: Call, where: str, message: Mapping[str, object], calls: _Calls) -> q.Content:
    if message["role"] == "assistant":
        return q.Content(role="model", parts=_said(call, where, message, calls))
    return q.Content(role="user", parts=_parts(call, where, message["content"], _TAKES))


def _parts(call: Call, where: str, content: object, takes: Taken) -> list[q.Part]:
    if isinstance(content, str):
        return [q.Part(text=content)]
    return [_part(call, place, kind, part) for place, kind, part in _unmarked(call, where, content or (), takes)]


def _unmarked(call: Call, where: str, content: object, takes: Taken) -> Iterable[tuple[str, str, Mapping[str, object]]]:
    for place, kind, part in numbered(call, where, content, takes):
        if part.get("cache_control"):
            reason = "Gemini caches by itself, or by gemini={'cachedContent': ...}"
            call.refuse(f"{place}.cache_control", reason)
        yield place, kind, part


def _part(call: Call, where: str, kind: str, part: Mapping[str, object]) -> q.Part:
    match kind:
        case "text" | "refusal":
            return q.Part(text=str(part[kind]))
        case "input_audio":
            sound = sound_of(where, part["input_audio"])
            return q.Part(inlineData=q.Blob(mimeType=sound.media_type, data=sound.data))
        case "file":
            return _file(where, part["file"])
        case _:
            media = _media(url_of(f"{where}.{kind}", part[kind]), part[kind])
            if detail_of(part[kind]) is not None:
                _less_detail(call, where, media)
            return media


def _less_detail(call: Call, where: str, part: q.Part) -> None:
    if _HAS_LEVELS.match(call.model):
        part["mediaResolution"] = q.V1mainMediaResolution(level="MEDIA_RESOLUTION_LOW")
    else:
        call.refuse(f"{where}.image_url.detail", "before Gemini 3 it holds for all: gemini={'mediaResolution': ...}")


def _media(url: str, payload: object) -> q.Part:
    held = inline(url)
    if held is not None:
        return q.Part(inlineData=q.Blob(mimeType=held.media_type, data=held.data))
    return _at(url, media_type_of(payload, url))


def _at(url: str, kind: str | None) -> q.Part:
    file = q.FileData(fileUri=url)
    if kind:
        file["mimeType"] = kind
    return q.Part(fileData=file)


def _file(where: str, payload: object) -> q.Part:
    file = file_of(where, payload)
    if file.held is None:
        return _at(file.at, file.media_type)
    return q.Part(inlineData=q.Blob(mimeType=file.held.media_type, data=file.held.data))


def _said(call: Call, where: str, message: Mapping[str, object], calls: _Calls) -> list[q.Part]:
    made = list(cast("Iterable[Mapping[str, object]]", message.get("tool_calls") or ()))
    for one in made:
        calls.names[str(one["id"])] = str(
            cast("Mapping[str, object]", one.get("function") or one.get("custom"))["name"]
        )
    native = native_blocks(message, "gemini", "parts")
    if native is not None:
        found = (part.get("functionCall") for part in native)
        ids = (cast("Mapping[str, object]", one).get("id") for one in found if one)
        calls.sent_ids.update(str(one) for one in ids if one)
        return cast("list[q.Part]", native)
    parts = _parts(call, where, message.get("content"), _TAKES)
    parts.extend(q.Part(text=text) for text in texts(message.get("refusal")))
    parts.extend(_call(f"{where}.tool_calls[{number}]", one) for number, one in enumerate(made))
    if legacy := cast("Mapping[str, object] | None", message.get("function_call")):
        args = arguments(f"{where}.function_call", legacy.get("arguments"))
        parts.append(q.Part(functionCall=q.FunctionCall(name=str(legacy.get("name")), args=args)))
    return [part for part in parts if part.get("text") != ""]


def _call(where: str, made: Mapping[str, object]) -> q.Part:
    inner = cast("Mapping[str, object]", made.get("function") or made.get("custom"))
    args = arguments(f"{where}.function", inner.get("arguments", inner.get("input")))
    part = q.Part(functionCall=q.FunctionCall(name=str(inner["name"]), args=args))
    signature = _signature(made)
    if isinstance(signature, str):
        part["thoughtSignature"] = signature
    return part


def _signature(made: Mapping[str, object]) -> object:
    """Of a call that came from Gemini: directly, or through its own gateway in OpenAI's dialect."""
    google = mapping_of(mapping_of(made.get("extra_content")).get("google"))
    return mapping_of(made.get("provider_specific_fields")).get("thought_signature", google.get("thought_signature"))


def _answer(call: Call, where: str, fields: Mapping[str, object], calls: _Calls) -> q.Part:
    made = str(fields.get("tool_call_id", ""))
    name = fields.get("name") or calls.names.get(made)
    if not name:
        raise InvalidMessageError(f"{where}.tool_call_id {made!r} answers no call of an earlier message")
    told = "\n".join(_told(call, where, fields.get("content")))
    result = q.FunctionResponse(name=str(name), response=_outcome(told, bool(fields.get("is_error"))))
    if made in calls.sent_ids:
        result["id"] = made
    return q.Part(functionResponse=result)


def _told(call: Call, where: str, content: object) -> Iterable[str]:
    """The texts of a function's answer."""
    if content is None or isinstance(content, str):
        yield content or ""
        return
    for _, _, part in _unmarked(call, where, content, _OF_TOOL):
        yield str(part["text"])


def _outcome(told: str, failed: bool) -> dict[str, object]:
    """A function's answer: an object as it is, anything else under Google's key for it."""
    try:
        value: object = from_json(told)
    except ValueError:
        value = told
    if isinstance(value, dict):
        return cast("dict[str, object]", value)
    return {"error" if failed else "output": value}


def _tools(call: Call) -> list[q.Tool] | Omit:
    asked = list(cast("Iterable[Mapping[str, object]]", call.given.get("tools") or ()))
    own = [tool for tool in asked if "function" not in tool]
    functions = [_function(cast("Mapping[str, object]", tool["function"])) for tool in asked if "function" in tool]
    tools = [q.Tool(functionDeclarations=functions)] if functions else []
    for tool in own:
        if "type" in tool:
            call.refuse(
                f"tools ({tool['type']})", "write the vendor's own tools as Gemini does, e.g. {'googleSearch': {}}"
            )
        else:
            tools.append(cast("q.Tool", tool))
    search = call.given.get("web_search_options")
    if search is not None:
        for key in search:
            call.refuse(f"web_search_options[{key!r}]", "Gemini's search has no options")
        tools.append(q.Tool(googleSearch=q.GoogleSearch()))
    return tools or OMIT


def _function(function: Mapping[str, object]) -> q.FunctionDeclaration:
    made = q.FunctionDeclaration(name=str(function["name"]))
    if description := function.get("description"):
        made["description"] = str(description)
    if parameters := function.get("parameters"):
        made["parametersJsonSchema"] = parameters
    return made


def _tool_config(call: Call) -> q.ToolConfig | Omit:
    choice = call.given.get("tool_choice")
    if choice is None:
        return OMIT
    return q.ToolConfig(functionCallingConfig=_calling(choice))


def _calling(choice: object) -> q.FunctionCallingConfig:
    match choice:
        case "auto":
            return q.FunctionCallingConfig(mode="AUTO")
        case "none":
            return q.FunctionCallingConfig(mode="NONE")
        case "required" | "any":
            return q.FunctionCallingConfig(mode="ANY")
        case {"type": "function", "function": {"name": str(name)}}:
            return q.FunctionCallingConfig(mode="ANY", allowedFunctionNames=[name])
        case {"mode": str()}:
            return cast("q.FunctionCallingConfig", choice)
        case _:
            raise InvalidRequestError(
                f"tool_choice is {choice!r}; it is 'auto', 'none', 'required', or a function by name",
                param="tool_choice",
            )
