"""A whole request in Anthropic's form: its settings, and how Claude thinks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from polyvox_wire.anthropic import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..errors import InvalidRequestError
from ..forms import Form, by_type, count, fields, nullable, text
from ..schemas import closed
from .anthropic_messages import messages, system
from .anthropic_tools import tool_choice, tools
from .claude import LEVELS, budget, has_schema_mode, takes_budget, thinks
from .parts import stops, turns

if TYPE_CHECKING:
    from polyvox_wire.anthropic import requests as q

    from ..call import Call, Format, Way
else:
    from .dicts import requests as q

DEFAULT_MAX_TOKENS: Final = 4096
_DISPLAY: Final[Mapping[str, Form]] = {"type": text, "display": nullable(text)}
_THOUGHT: Final = by_type(
    {
        "enabled": fields({"budget_tokens": count}, _DISPLAY, closed=True),
        "disabled": fields({}, {"type": text}, closed=True),
        "adaptive": fields({}, _DISPLAY, closed=True),
    }
)


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    asked = call.given
    thinking, effort = _thinking(call)
    placed = list(turns(call))
    offered: list[Any] | Omit = tools(call)  # the 28 kinds of tool have no common name
    return stubs.RequestFields(
        model=call.model,
        messages=messages(call, placed),
        max_tokens=_limit(call, thinking),
        metadata=_metadata(call),
        output_config=_output(call, effort),
        service_tier=_service_tier(call),
        stop_sequences=stops(asked.get("stop")),
        stream=True if call.stream else OMIT,
        system=system(call, placed),
        temperature=given(asked.get("temperature")),
        thinking=thinking,
        tool_choice=tool_choice(call),
        tools=offered,
        top_p=given(asked.get("top_p")),
    )


def _metadata(call: Call) -> q.Metadata | Omit:
    metadata = call.given.get("metadata") or {}
    for key in metadata:
        if key != "user_id":
            call.refuse(f"metadata[{key!r}]", "Anthropic's metadata takes only user_id")
    asked = (metadata.get("user_id"), call.given.get("user"), call.given.get("safety_identifier"))
    named = {str(one) for one in asked if one is not None}
    if len(named) > 1:
        raise InvalidRequestError("metadata['user_id'], user and safety_identifier are one id for Anthropic and differ")
    return q.Metadata(user_id=named.pop()) if named else OMIT


def _service_tier(call: Call) -> q.CreateMessageParamsServiceTier | Omit:
    asked = call.given.get("service_tier")
    match asked:
        case None:
            return OMIT
        case "auto":
            return "auto"
        case "default" | "standard" | "standard_only":
            return "standard_only"
        case _:
            call.refuse("service_tier", f"Anthropic has no tier {asked!r}, only auto and standard_only")
            return OMIT


def _limit(call: Call, thinking: q.ThinkingConfigParam | Omit) -> int:
    if call.limit is not None:
        return call.limit
    if thinking is OMIT or thinking["type"] != "enabled":
        return DEFAULT_MAX_TOKENS
    return DEFAULT_MAX_TOKENS + thinking["budget_tokens"]


def _thinking(call: Call) -> tuple[q.ThinkingConfigParam | Omit, q.EffortLevel | None]:
    """Thinking and effort: by `thinking` as it is; by `reasoning_effort` as far as the model can."""
    asked, effort = call.given.get("thinking"), call.given.get("reasoning_effort")
    level = LEVELS.get(effort or "")
    if asked is not None:
        if (said := _THOUGHT("thinking", asked)) is not None:
            raise InvalidRequestError(said, param="thinking")
        return cast("q.ThinkingConfigParam", asked), level
    if effort is None:
        return OMIT, None
    if effort == "none":
        return q.ThinkingConfigDisabled(type="disabled"), None
    if not takes_budget(call.model):
        return q.ThinkingConfigAdaptive(type="adaptive"), level
    tokens = budget(call, effort)
    return OMIT if tokens is None else q.ThinkingConfigEnabled(type="enabled", budget_tokens=tokens), None


def _output(call: Call, effort: q.EffortLevel | None) -> q.OutputConfig | Omit:
    config = q.OutputConfig()
    if effort is not None:
        config["effort"] = effort
    if call.format is not None and call.format.kind == "json_schema":
        config["format"] = q.JsonOutputFormat(type="json_schema", schema=closed(call.format.schema))
    return config or OMIT


def way(call: Call, wanted: Format, *, sayable: bool) -> Way:
    """How Claude's answers get their form; one that thinks cannot be made to call a tool."""
    if wanted.kind == "json_object":
        return "instructions"
    if sayable and has_schema_mode(call.model):
        return "json_schema"
    return "instructions" if thinks(call) else "tool"
