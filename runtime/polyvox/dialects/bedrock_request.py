"""Messages, tools and settings in Converse's form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from pydantic_core import to_json

from polyvox_wire.bedrock import requests as q
from polyvox_wire.bedrock import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..errors import InvalidMessageError, InvalidRequestError
from ..schemas import Rules, closed
from ..shapes import mapping_of
from .bedrock_media import CONTENT_KEYS, Documents, as_written, cache_point, media
from .parts import ONLY_TEXT, SAID, UNIFIED, Taken, arguments, native_blocks, numbered, stops, thinks, turns

if TYPE_CHECKING:
    from ..call import Call, Format, Way

Family: TypeAlias = Literal["claude", "nova", "gpt-oss", "other", "unknown"]

BUDGETS: Final[Mapping[str, int]] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32768,
}
"""Tokens to think, for Claude models that take a budget; what `max_tokens` allows bounds them."""
_LEAST_BUDGET: Final = 1024
# Claude before adaptive thinking, by the shape of the names.
_TAKES_BUDGET = re.compile(r"claude-3|claude-(opus|sonnet|haiku)-4([-.][015])?(-20\d{6}|:|$)")
# https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html; recorded calls have lengths of texts.
RULES: Final = Rules(
    bounds=frozenset(("format", "minItems", "minLength", "maxLength")),
    formats=frozenset(
        ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"),
    ),
    most={"minItems": 1},
    recursion="no",
)
# Models without structured outputs, by the shape of their names; and those that can be made to call a tool.
_NO_SCHEMA_MODE = re.compile(
    r"claude-(v?[23]|instant)|claude-(opus|sonnet|haiku)-4([-.][01])?(-20\d{6}|:|$)"
    r"|amazon\.|llama|cohere\.|ai21\.|writer\.|deepseek\.r1|mixtral|pixtral|mistral-(7b|large-24|small-24)"
)
_CAN_BE_MADE_TO_CALL = re.compile(r"claude|amazon\.nova|mistral-large|pixtral")
_BAD_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_ID: Final = 64
_SYSTEM: Final = frozenset({"guardContent", "cachePoint"})
_SAID: Final = frozenset({"reasoningContent", "citationsContent", "cachePoint"})
_IN_ANSWERS: Final = frozenset(q.ToolResultContentBlock.__annotations__)
# A `document` is Bedrock's own, or Anthropic's.
_OWN: Final = CONTENT_KEYS - {"document"}
_TAKES: Final = Taken(UNIFIED | CONTENT_KEYS, "Bedrock takes text, images, documents, videos and sounds", _OWN)
_OF_SYSTEM: Final = Taken(ONLY_TEXT | _SYSTEM, "Bedrock's system prompt takes text only", _SYSTEM)
_OF_ASSISTANT: Final = Taken(SAID | _SAID, "Bedrock takes back only text that an assistant said", _SAID)
_OF_TOOL: Final = Taken(
    UNIFIED - {"input_audio", "audio_url"} | _IN_ANSWERS,
    "a tool's answer to Bedrock is text, images, documents or videos",
    _OWN & _IN_ANSWERS,
)


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    return stubs.RequestFields(
        messages=_messages(call),
        system=_system(call),
        inferenceConfig=_inference(call),
        toolConfig=_tool_config(call),
        requestMetadata=_metadata(call),
        serviceTier=_service_tier(call),
        outputConfig=_output(call),
    )


def _inference(call: Call) -> stubs.InferenceConfigFields | Omit:
    asked = call.given
    fields = stubs.InferenceConfigFields(
        maxTokens=given(call.limit),
        temperature=given(asked.get("temperature")),
        topP=given(asked.get("top_p")),
        stopSequences=stops(asked.get("stop")),
    )
    return fields if fields.wire() else OMIT


def _metadata(call: Call) -> dict[str, str] | Omit:
    metadata = call.given.get("metadata")
    return {key: str(value) for key, value in metadata.items()} if metadata else OMIT


def _service_tier(call: Call) -> q.ServiceTier | Omit:
    match asked := call.given.get("service_tier"):
        case None | "auto":
            return OMIT
        case "priority" | "default" | "flex" | "reserved":
            return q.ServiceTier(type=asked)
        case _:
            call.refuse("service_tier", f"Bedrock has no tier {asked!r}, only priority, default, flex and reserved")
            return OMIT


# --- thinking ---------------------------------------------------------------------------------------------------------


def model_fields(call: Call) -> dict[str, object]:
    """What Converse itself has no field for: thinking, as each family of models writes it."""
    asked, effort = call.given.get("thinking"), call.given.get("reasoning_effort")
    family = _family(call.model)
    if asked is not None and family in ("claude", "unknown"):
        return {"thinking": dict(asked), **_effort(call, effort)}
    if asked is not None:
        call.refuse("thinking", "only Claude takes a budget on Bedrock; use reasoning_effort where the model has it")
    if effort is None:
        return {}
    match family:
        case "claude":
            return _claude(call, effort)
        case "nova":
            return {"reasoningConfig": _nova(effort)}
        case "gpt-oss" if effort != "none":
            return {"reasoning_effort": _three_levels(effort)}
        case "gpt-oss":
            call.refuse("reasoning_effort", "gpt-oss always thinks; the least is 'low'")
        case "other" | "unknown":
            call.refuse("reasoning_effort", _why_no_effort(family))
    return {}


def _family(model: str) -> Family:
    """By the shape of the name. An application's inference profile does not tell what it stands for."""
    if "claude" in model:
        return "claude"
    if "nova-2" in model:
        return "nova"
    if "gpt-oss" in model:
        return "gpt-oss"
    return "unknown" if "application-inference-profile" in model or "provisioned-model" in model else "other"


def _why_no_effort(family: Family) -> str:
    if family == "unknown":
        return "the ARN does not tell which model it is; say it as the model does, in additionalModelRequestFields"
    return "of Bedrock's models only Claude, Nova 2 and gpt-oss take one"


def _effort(call: Call, effort: str | None) -> dict[str, object]:
    """The effort that goes beside thinking which the caller has set himself."""
    if effort is None:
        return {}
    if effort == "none" or _TAKES_BUDGET.search(call.model) or _family(call.model) == "unknown":
        call.refuse("reasoning_effort", "the model takes thinking or an effort, not both")
        return {}
    return {"output_config": {"effort": "low" if effort == "minimal" else effort}}


def _claude(call: Call, effort: str) -> dict[str, object]:
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if not _TAKES_BUDGET.search(call.model):
        return {"thinking": {"type": "adaptive"}, **_effort(call, effort)}
    limit, budget = call.limit, BUDGETS[effort]
    if limit is not None and limit <= _LEAST_BUDGET:
        call.refuse("reasoning_effort", f"thinking needs max_tokens above {_LEAST_BUDGET}, not {limit}")
        return {}
    # Half of the limit at most, so that an answer follows the thinking.
    bounded = budget if limit is None else max(_LEAST_BUDGET, min(budget, limit // 2))
    return {"thinking": {"type": "enabled", "budget_tokens": bounded}}


def _nova(effort: str) -> dict[str, object]:
    if effort == "none":
        return {"type": "disabled"}
    return {"type": "enabled", "maxReasoningEffort": _three_levels(effort)}


def _three_levels(effort: str) -> str:
    return {"minimal": "low", "xhigh": "high", "max": "high"}.get(effort, effort)


# --- the answer's form ------------------------------------------------------------------------------------------------


def _output(call: Call) -> q.OutputConfig | Omit:
    wanted = call.format
    if wanted is None or wanted.kind != "json_schema":
        return OMIT
    schema = q.JsonSchemaDefinition(schema=to_json(closed(wanted.schema)).decode(), name=wanted.name)
    if wanted.description:
        schema["description"] = wanted.description
    return q.OutputConfig(
        textFormat=q.OutputFormat(type="json_schema", structure=q.OutputFormatStructure(jsonSchema=schema))
    )


def way(call: Call, wanted: Format, *, sayable: bool) -> Way:
    """How an answer gets its form: as the model can; Claude that thinks cannot be made to call a tool."""
    if wanted.kind == "json_object":
        return "instructions"
    if sayable and not _NO_SCHEMA_MODE.search(call.model):
        return "json_schema"
    can_be_made = _CAN_BE_MADE_TO_CALL.search(call.model) and not ("claude" in call.model and thinks(call))
    return "tool" if can_be_made else "instructions"


def _system(call: Call) -> list[q.SystemContentBlock] | Omit:
    blocks: list[q.SystemContentBlock] = []
    for where, message in turns(call):
        if message["role"] in ("system", "developer"):
            blocks.extend(_system_parts(call, where, message["content"]))
    return blocks or OMIT


def _system_parts(call: Call, where: str, content: object) -> Iterable[q.SystemContentBlock]:
    if isinstance(content, str):
        yield q.SystemContentBlock(text=content)
        return
    for place, kind, part in numbered(call, where, content, _OF_SYSTEM):
        if kind == "text":
            yield q.SystemContentBlock(text=str(part["text"]))
        else:
            yield cast("q.SystemContentBlock", as_written(place, kind, part))
        if cache := part.get("cache_control"):
            yield q.SystemContentBlock(cachePoint=cache_point(cache))


# --- messages ---------------------------------------------------------------------------------------------------------


def _messages(call: Call) -> list[q.Message] | Omit:
    """The turns, which must alternate: what one side says in several messages stands in one."""
    said: list[q.Message] = []
    documents = Documents()
    legacy_id = "call_0"
    for index, (where, fields) in enumerate(turns(call)):
        match fields["role"]:
            case "system" | "developer":
                continue
            case "tool" | "function":
                _say(said, "user", list(_answer(call, where, fields, legacy_id, documents)))
            case "user":
                _say(said, "user", _blocks(call, where, fields["content"], documents))
            case _:
                legacy_id = f"call_{index}"
                _say(said, "assistant", _assistant(call, where, fields, legacy_id))
    if not said and ":prompt/" not in call.model:
        raise InvalidMessageError("messages has only instructions; Bedrock needs at least one user message")
    return said or OMIT


def _say(said: list[q.Message], role: q.ConversationRole, blocks: list[q.ContentBlock]) -> None:
    if not blocks:
        return
    if said and said[-1]["role"] == role:
        said[-1]["content"].extend(blocks)
    else:
        said.append(q.Message(role=role, content=blocks))


def _blocks(call: Call, where: str, content: object, documents: Documents) -> list[q.ContentBlock]:
    if isinstance(content, str):
        return [q.ContentBlock(text=content)]
    return list(_parts(call, where, content, _TAKES, documents))


def _parts(call: Call, where: str, content: object, takes: Taken, documents: Documents) -> Iterable[q.ContentBlock]:
    for place, kind, part in numbered(call, where, content, takes):
        block = _block(call, place, kind, part, documents)
        if block is None:
            continue
        yield block
        if cache := part.get("cache_control"):
            yield q.ContentBlock(cachePoint=cache_point(cache))


def _block(
    call: Call, where: str, kind: str, part: Mapping[str, object], documents: Documents
) -> q.ContentBlock | None:
    if kind == "text" or kind == "refusal":
        return q.ContentBlock(text=str(part[kind]))
    return media(call, where, kind, part, documents)


def _assistant(call: Call, where: str, message: Mapping[str, object], legacy_id: str) -> list[q.ContentBlock]:
    native = native_blocks(message, "bedrock", "content")
    if native is not None:
        return [_back(block) for block in native if _goes_back(block)]
    content = message.get("content")
    said = list(_told(call, where, content)) if content is not None else []
    if not said and message.get("refusal"):
        said = [q.ContentBlock(text=str(message["refusal"]))]
    thoughts = _thoughts(cast("Iterable[Mapping[str, object]]", message.get("thinking_blocks") or ()))
    told = [block for block in said if _goes_back(cast("Mapping[str, object]", block))]
    return [*thoughts, *told, *_calls(where, message, legacy_id)]


def _told(call: Call, where: str, content: object) -> Iterable[q.ContentBlock]:
    """What an assistant said; Converse takes everything else from users only."""
    if isinstance(content, str):
        yield q.ContentBlock(text=content)
        return
    for place, kind, part in numbered(call, where, content, _OF_ASSISTANT):
        if kind in SAID:
            yield q.ContentBlock(text=str(part[kind]))
        else:
            yield as_written(place, kind, part)
        if cache := part.get("cache_control"):
            yield q.ContentBlock(cachePoint=cache_point(cache))


def _goes_back(block: Mapping[str, object]) -> bool:
    """Bedrock refuses blank texts, and, of most models, thoughts that it has not signed itself."""
    if "text" in block:
        return bool(str(block["text"]).strip())
    thought = mapping_of(mapping_of(block.get("reasoningContent")).get("reasoningText"))
    return not thought or bool(thought.get("signature"))


def _back(block: Mapping[str, object]) -> q.ContentBlock:
    """A block of an earlier answer, without the types that replies may say of texts and calls and requests may not."""
    if "text" in block:
        return q.ContentBlock(text=str(block["text"]))
    called = mapping_of(block.get("toolUse"))
    if called.get("type") == "tool_use":
        block = {**block, "toolUse": {key: value for key, value in called.items() if key != "type"}}
    return cast("q.ContentBlock", block)


def _thoughts(blocks: Iterable[Mapping[str, object]]) -> Iterable[q.ContentBlock]:
    for block in blocks:
        if block.get("type") == "redacted_thinking":
            held = q.ReasoningContentBlock(redactedContent=str(block.get("data") or ""))
            yield q.ContentBlock(reasoningContent=held)
        elif block.get("signature"):
            thought = q.ReasoningTextBlock(text=str(block.get("thinking") or ""), signature=str(block["signature"]))
            yield q.ContentBlock(reasoningContent=q.ReasoningContentBlock(reasoningText=thought))


def _calls(where: str, message: Mapping[str, object], legacy_id: str) -> Iterable[q.ContentBlock]:
    made = cast("Iterable[Mapping[str, object]]", message.get("tool_calls") or ())
    for number, one in enumerate(made):
        inner = cast("Mapping[str, object]", one.get("function") or one.get("custom") or {})
        text = inner.get("arguments", inner.get("input"))
        found = arguments(f"{where}.tool_calls[{number}].function", text)
        yield _call(str(one["id"]), str(inner["name"]), found)
    if legacy := cast("Mapping[str, object] | None", message.get("function_call")):
        found = arguments(f"{where}.function_call", legacy.get("arguments"))
        yield _call(legacy_id, str(legacy.get("name")), found)


def _call(made: str, name: str, found: dict[str, object]) -> q.ContentBlock:
    return q.ContentBlock(toolUse=q.ToolUseBlock(toolUseId=_safe_id(made), name=name, input=found))


def _safe_id(made: str) -> str:
    """Ids of other vendors' calls, in the letters and the length that Bedrock allows."""
    return _BAD_IN_ID.sub("_", made)[-_LONGEST_ID:]


def _answer(
    call: Call, where: str, message: Mapping[str, object], legacy_id: str, documents: Documents
) -> Iterable[q.ContentBlock]:
    """A tool's answer, and behind it the mark that a part of it has."""
    blocks = list(_answered(call, where, message.get("content"), documents))
    inner = [block for block in blocks if "cachePoint" not in block]
    answered = _safe_id(str(message.get("tool_call_id") or legacy_id))
    result = q.ToolResultBlock(toolUseId=answered, content=cast("list[q.ToolResultContentBlock]", inner))
    if message.get("is_error"):
        result["status"] = "error"
    yield q.ContentBlock(toolResult=result)
    yield from (block for block in blocks if "cachePoint" in block)


def _answered(call: Call, where: str, content: object, documents: Documents) -> Iterable[q.ContentBlock]:
    if content is None or isinstance(content, str):
        yield from [q.ContentBlock(text=content)] if content is not None else []
        return
    yield from _parts(call, where, content, _OF_TOOL, documents)


# --- tools ------------------------------------------------------------------------------------------------------------


def _tool_config(call: Call) -> q.ToolConfiguration | Omit:
    asked = cast("list[Mapping[str, object]] | None", call.given.get("tools"))
    if not asked:
        return OMIT
    config = q.ToolConfiguration(tools=[])
    for index, tool in enumerate(asked):
        config["tools"].extend(_tool(call, index, tool))
    choice = _tool_choice(call)
    if choice is not OMIT:
        config["toolChoice"] = choice
    return config if config["tools"] else OMIT


def _tool(call: Call, index: int, tool: Mapping[str, object]) -> Iterable[q.Tool]:
    if "function" in tool:
        yield q.Tool(toolSpec=_tool_spec(cast("Mapping[str, object]", tool["function"])))
    elif not tool.keys().isdisjoint(q.Tool.__annotations__):
        yield cast("q.Tool", tool)  # Bedrock's own form
    else:
        kind = tool.get("type")
        call.refuse(f"tools[{index}] ({kind})", "Bedrock takes functions, and tools as it writes them itself")
        return
    if cache := tool.get("cache_control"):
        yield q.Tool(cachePoint=cache_point(cache))


def _tool_spec(function: Mapping[str, object]) -> q.ToolSpecification:
    schema = mapping_of(function.get("parameters")) or {"type": "object", "properties": dict[str, object]()}
    made = q.ToolSpecification(name=str(function["name"]), inputSchema=q.ToolInputSchema(json=dict(schema)))
    if description := function.get("description"):
        made["description"] = str(description)
    if function.get("strict") is not None:
        made["strict"] = bool(function["strict"])
    return made


def _tool_choice(call: Call) -> q.ToolChoice | Omit:
    asked: object = call.given.get("tool_choice")
    match asked:
        case None:
            return OMIT
        case "auto":
            return q.ToolChoice(auto={})
        case "required" | "any":
            return q.ToolChoice(any={})
        case "none":
            call.refuse("tool_choice", "Converse cannot forbid calls; leave `tools` out")
            return OMIT
        case {"type": "function", "function": {"name": str(name)}}:
            return q.ToolChoice(tool=q.SpecificToolChoice(name=name))
        case {"auto": _} | {"any": _} | {"tool": _}:
            return cast("q.ToolChoice", asked)
        case _:
            raise InvalidRequestError(
                f"tool_choice is {asked!r}; it is 'auto', 'required', or a function by name", param="tool_choice"
            )
