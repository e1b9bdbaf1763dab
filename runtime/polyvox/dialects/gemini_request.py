"""A whole request in Gemini's form: its settings and its tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast, get_args

from polyvox_wire.gemini import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..choosing import wrong_choice
from ..errors import InvalidRequestError
from ..forms import Form, lazily, word
from ..schemas import Rules
from .dialect import wanted_way
from .gemini_messages import contents, system
from .gemini_parts import from_3
from .parts import kind_of, stops, turns

if TYPE_CHECKING:
    from polyvox_wire.gemini import requests as q

    from ..call import Call, Format, Way
else:
    from .dicts import requests as q

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


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    asked, placed = call.given, list(turns(call))
    return stubs.RequestFields(
        contents=contents(call, placed),
        systemInstruction=system(call, placed),
        tools=_tools(call),
        toolConfig=_tool_config(call),
        serviceTier=_service_tier(call),
        store=given(asked.get("store")),
        generationConfig=_generation(call) or OMIT,
    )


def _generation(call: Call) -> stubs.GenerationConfigFields:
    asked = call.given
    return stubs.GenerationConfigFields(
        temperature=given(asked.get("temperature")),
        topP=given(asked.get("top_p")),
        maxOutputTokens=given(call.limit),
        stopSequences=stops(asked.get("stop")),
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


@lazily
def _modality() -> Form:
    from polyvox_wire.gemini.requests import GenerationConfigResponseModalitiesItem

    return word(*get_args(GenerationConfigResponseModalitiesItem))


def _modalities(kinds: object) -> list[q.GenerationConfigResponseModalitiesItem] | Omit:
    if kinds is None:
        return OMIT
    named = [str(kind).upper() for kind in cast("list[object]", kinds)]
    for place, name in enumerate(named):
        if (said := _modality(f"modalities[{place}]", name)) is not None:
            raise InvalidRequestError(said, param="modalities")
    return cast("list[q.GenerationConfigResponseModalitiesItem]", named)


def way(call: Call, wanted: Format) -> Way:
    """How an answer gets its form; before Gemini 3 a model has either functions or JSON."""
    tools = cast("Iterable[Mapping[str, object]]", call.given.get("tools") or ())
    kinds = {"function" if "function" in tool else "own" for tool in tools}
    if "web_search_options" in call.given:
        kinds.add("own")
    if not kinds or from_3(call.model):
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
    if from_3(call.model):
        return q.ThinkingConfig(thinkingLevel=_LEVELS[effort], includeThoughts=effort != "none")
    return q.ThinkingConfig(thinkingBudget=BUDGETS[effort], includeThoughts=effort != "none")


def _by_budget(thinking: Mapping[str, object]) -> q.ThinkingConfig:
    if (kind := kind_of(thinking)) == "disabled":
        return q.ThinkingConfig(thinkingBudget=0)
    budget = cast("int", thinking.get("budget_tokens", -1)) if kind == "enabled" else -1
    return q.ThinkingConfig(thinkingBudget=budget, includeThoughts=thinking.get("display") != "omitted")


def _service_tier(call: Call) -> q.GenerateContentRequestServiceTier | Omit:
    asked = call.given.get("service_tier")
    if asked is None or asked == "auto":
        return OMIT
    tier = _TIERS.get(asked)
    if tier is None:
        call.refuse("service_tier", f"Gemini has no tier {asked!r}, only {', '.join(_TIERS)}")
        return OMIT
    return tier


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
            raise wrong_choice(choice)
