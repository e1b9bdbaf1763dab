"""A whole request in Converse's form: its settings, the answer's form and its tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from pydantic_core import to_json

from polyvox_wire.bedrock import requests as q
from polyvox_wire.bedrock import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..choosing import wrong_choice
from ..schemas import closed
from ..shapes import mapping_of
from . import claude
from .bedrock_media import cache_point
from .bedrock_messages import messages, system
from .parts import stops, turns

if TYPE_CHECKING:
    from ..call import Call, Format, Way

Family: TypeAlias = Literal["claude", "nova", "gpt-oss", "other", "unknown"]

# https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html; recorded calls have lengths of texts.
RULES: Final = replace(claude.RULES, bounds=claude.RULES.bounds | {"minLength", "maxLength"})
# Models of others without structured outputs, by the shape of their names; and those that can be made to call a tool.
_NO_SCHEMA_MODE = re.compile(
    r"amazon\.|llama|cohere\.|ai21\.|writer\.|deepseek\.r1|mixtral|pixtral|mistral-(7b|large-24|small-24)"
)
_CAN_BE_MADE_TO_CALL = re.compile(r"claude|amazon\.nova|mistral-large|pixtral")


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    placed = list(turns(call))
    return stubs.RequestFields(
        messages=messages(call, placed),
        system=system(call, placed),
        inferenceConfig=_inference(call) or OMIT,
        toolConfig=_tool_config(call),
        requestMetadata=_metadata(call),
        serviceTier=_service_tier(call),
        outputConfig=_output(call),
    )


def _inference(call: Call) -> stubs.InferenceConfigFields:
    asked = call.given
    return stubs.InferenceConfigFields(
        maxTokens=given(call.limit),
        temperature=given(asked.get("temperature")),
        topP=given(asked.get("top_p")),
        stopSequences=stops(asked.get("stop")),
    )


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
    if effort == "none" or claude.takes_budget(call.model) or _family(call.model) == "unknown":
        call.refuse("reasoning_effort", "the model takes thinking or an effort, not both")
        return {}
    return {"output_config": {"effort": claude.LEVELS[effort]}}


def _claude(call: Call, effort: str) -> dict[str, object]:
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if not claude.takes_budget(call.model):
        return {"thinking": {"type": "adaptive"}, **_effort(call, effort)}
    tokens = claude.budget(call, effort)
    return {} if tokens is None else {"thinking": {"type": "enabled", "budget_tokens": tokens}}


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
    if sayable and claude.has_schema_mode(call.model) and not _NO_SCHEMA_MODE.search(call.model):
        return "json_schema"
    can_be_made = _CAN_BE_MADE_TO_CALL.search(call.model) and not ("claude" in call.model and claude.thinks(call))
    return "tool" if can_be_made else "instructions"


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
            raise wrong_choice(asked, "'auto', 'required', or a function by name")
