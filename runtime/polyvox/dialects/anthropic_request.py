"""Messages, tools and settings in Anthropic's form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from polyvox_wire.anthropic import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..errors import InvalidMessageError, InvalidRequestError
from ..forms import Form, by_type, count, each, fields, mapping, nullable, word
from ..forms import text as text_form
from ..messages import is_plain
from ..schemas import Rules, closed
from ..shapes import mapping_of
from .anthropic_media import TAKES, block_of, text
from .anthropic_own import own_tool
from .anthropic_search import search_tool
from .parts import ONLY_TEXT, SAID, Taken, calls_of, native_blocks, numbered, stops, texts, thinks, turns

if TYPE_CHECKING:
    from polyvox_wire.anthropic import requests as q

    from ..call import Call, Format, Way
    from .parts import Turn
else:
    from .dicts import requests as q

DEFAULT_MAX_TOKENS: Final = 4096
BUDGETS: Final[Mapping[str, int]] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32768,
}
"""Tokens to think, for models that take a budget; what `max_tokens` allows bounds them."""
_EFFORTS: Final[Mapping[str, q.EffortLevel]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}
# The models before adaptive thinking, by the shape of their names.
_TAKES_BUDGET = re.compile(r"claude-3|claude-(opus|sonnet|haiku)-4([-.][015])?(-20\d{6}|-latest|@|:|$)")
# https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations". (It tells of
# patterns too, but takes so few regular expressions that Anthropic's own library sends none.)
RULES: Final = Rules(
    bounds=frozenset(("format", "minItems")),
    formats=frozenset(
        ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"),
    ),
    most={"minItems": 1},
    recursion="no",
)
# The models before structured outputs, by the shape of their names.
NO_SCHEMA_MODE = re.compile(r"claude-(v?[23]|instant)|claude-(opus|sonnet|haiku)-4([-.][01])?(-20\d{6}|-latest|@|:|$)")
_OF_SYSTEM: Final = Taken(ONLY_TEXT, "Anthropic's system prompt takes text only")
# Of all others it says: "blocks are not permitted within assistant turns".
_OF_ASSISTANT: Final = Taken(SAID, "Anthropic takes back only text that an assistant said")
_DISPLAY: Final[Mapping[str, Form]] = {"type": text_form, "display": nullable(text_form)}
_THOUGHT: Final = by_type(
    {
        "enabled": fields({"budget_tokens": count}, _DISPLAY, closed=True),
        "disabled": fields({}, {"type": text_form}, closed=True),
        "adaptive": fields({}, _DISPLAY, closed=True),
    }
)
_INPUT: Final = fields(
    {"type": word("object")}, {"properties": nullable(mapping), "required": nullable(each(text_form))}
)
_BAD_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    asked = call.given
    thinking, effort = _thinking(call)
    placed = list(turns(call))
    return stubs.RequestFields(
        model=call.model,
        messages=_messages(call, placed),
        max_tokens=_limit(call, thinking),
        metadata=_metadata(call),
        output_config=_output(call, effort),
        service_tier=_service_tier(call),
        stop_sequences=stops(asked.get("stop")),
        stream=True if call.stream else OMIT,
        system=_shortest(_system(call, placed)),
        temperature=given(asked.get("temperature")),
        thinking=thinking,
        tool_choice=_tool_choice(call),
        tools=_tools(call),
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
    level = _EFFORTS.get(effort or "")
    if asked is not None:
        if (said := _THOUGHT("thinking", asked)) is not None:
            raise InvalidRequestError(said, param="thinking")
        return cast("q.ThinkingConfigParam", asked), level
    if effort is None:
        return OMIT, None
    if effort == "none":
        return q.ThinkingConfigDisabled(type="disabled"), None
    if not _TAKES_BUDGET.search(call.model):
        return q.ThinkingConfigAdaptive(type="adaptive"), level
    return _budget(call, BUDGETS[effort]), None


def _budget(call: Call, budget: int) -> q.ThinkingConfigEnabled | Omit:
    limit = call.limit
    if limit is not None and limit <= BUDGETS["minimal"]:
        call.refuse("reasoning_effort", f"thinking needs max_tokens above {BUDGETS['minimal']}, not {limit}")
        return OMIT
    # Half of the limit at most, so that an answer follows the thinking.
    bounded = budget if limit is None else max(BUDGETS["minimal"], min(budget, limit // 2))
    return q.ThinkingConfigEnabled(type="enabled", budget_tokens=bounded)


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
    if sayable and not NO_SCHEMA_MODE.search(call.model):
        return "json_schema"
    return "instructions" if thinks(call) else "tool"


def _system(call: Call, placed: Sequence[Turn]) -> list[q.TextBlock]:
    blocks: list[q.TextBlock] = []
    for where, message in placed:
        if message["role"] in ("system", "developer"):
            blocks.extend(_system_parts(call, where, message["content"]))
    return blocks


def _system_parts(call: Call, where: str, content: object) -> Iterable[q.TextBlock]:
    if isinstance(content, str):
        yield q.TextBlock(type="text", text=content)
        return
    for _, _, part in numbered(call, where, content, _OF_SYSTEM):
        yield text(str(part["text"]), part)


def _shortest(blocks: list[q.TextBlock]) -> str | list[q.TextBlock] | Omit:
    if not blocks:
        return OMIT
    return blocks[0]["text"] if len(blocks) == 1 and "cache_control" not in blocks[0] else blocks


def _messages(call: Call, placed: Sequence[Turn]) -> list[q.InputMessage]:
    said: list[q.InputMessage] = []
    results: list[q.InputContentBlock] = []
    for where, message in placed:
        match message["role"]:
            case "system" | "developer":
                continue
            case "tool" | "function":
                results.append(_result(call, where, message))
            case _:
                if results:
                    _flush(said, results)
                turn = _turn(call, where, message)
                if turn["content"]:  # an answer in which nothing was said; Anthropic refuses an empty turn
                    said.append(turn)
    _flush(said, results)
    if not said:
        raise InvalidMessageError(
            "messages has only instructions, or says nothing; Anthropic needs a user message with content"
        )
    return said


def _flush(said: list[q.InputMessage], results: list[q.InputContentBlock]) -> None:
    """All answers to one turn's calls stand in one message."""
    if results:
        said.append(q.InputMessage(role="user", content=list(results)))
        results.clear()


def _turn(call: Call, where: str, message: Mapping[str, object]) -> q.InputMessage:
    if message["role"] == "assistant":
        return _assistant(call, where, message)
    content = message["content"]
    return q.InputMessage(role="user", content=content if isinstance(content, str) else _blocks(call, where, content))


def _blocks(call: Call, where: str, content: object) -> list[q.InputContentBlock]:
    found = (block_of(call, place, kind, part) for place, kind, part in numbered(call, where, content, TAKES))
    return [one for one in found if one is not None]


def _told(call: Call, where: str, content: object) -> Iterable[q.InputContentBlock]:
    """What an assistant said."""
    for _, kind, part in numbered(call, where, content, _OF_ASSISTANT):
        yield text(str(part[kind]), part)


def _assistant(call: Call, where: str, message: Mapping[str, object]) -> q.InputMessage:
    if is_plain(message):
        return q.InputMessage(role="assistant", content=message["content"])
    content = message.get("content")
    native = native_blocks(message, "anthropic", "content")
    if native is not None:
        return q.InputMessage(role="assistant", content=cast("list[q.InputContentBlock]", native))
    thinking = list(_thoughts(cast("Iterable[Mapping[str, object]]", message.get("thinking_blocks") or ())))
    calls = list(_calls(where, message))
    if isinstance(content, str) and not thinking and not calls:
        return q.InputMessage(role="assistant", content=content)
    if content is None or isinstance(content, str):
        said: list[q.InputContentBlock] = [q.TextBlock(type="text", text=text) for text in texts(content) if text]
    else:
        said = list(_told(call, where, content))
    if not said and not calls and message.get("refusal"):
        said = [q.TextBlock(type="text", text=str(message["refusal"]))]
    return q.InputMessage(role="assistant", content=[*thinking, *said, *calls])


def _thoughts(blocks: Iterable[Mapping[str, object]]) -> Iterable[q.InputContentBlock]:
    for block in blocks:
        if block.get("type") == "redacted_thinking":
            yield q.RedactedThinkingBlock(type="redacted_thinking", data=str(block.get("data") or ""))
        elif block.get("signature"):  # unsigned thoughts are another vendor's; Anthropic refuses them
            thought = str(block.get("thinking") or "")
            yield q.ThinkingBlock(type="thinking", thinking=thought, signature=str(block["signature"]))


def _calls(where: str, message: Mapping[str, object]) -> Iterable[q.InputContentBlock]:
    for made in calls_of(where, message):
        yield q.ToolUseBlock(type="tool_use", id=_safe_id(made.id), name=made.name, input=made.arguments)


def _safe_id(made: str) -> str:
    """Ids of other vendors' calls, in the letters that Anthropic allows."""
    return _BAD_IN_ID.sub("_", made)


def _result(call: Call, where: str, fields: Mapping[str, object]) -> q.ToolResultBlock:
    content = fields.get("content")
    block = q.ToolResultBlock(type="tool_result", tool_use_id=_safe_id(str(fields["tool_call_id"])))
    if isinstance(content, str):
        block["content"] = content
    elif content is not None:
        held = _blocks(call, where, content)
        block["content"] = cast("list[q.ToolResultBlockContentItem]", held)
    if fields.get("is_error"):
        block["is_error"] = True
    return block


_NO_PARAMETERS: Final[Mapping[str, object]] = {"properties": {}}


def _tools(call: Call) -> list[Any] | Omit:  # the 28 kinds of tool have no common name
    asked = cast("list[Mapping[str, object]] | None", call.given.get("tools"))
    found = [*(_tool(call, index, tool) for index, tool in enumerate(asked or ())), search_tool(call)]
    return [tool for tool in found if tool is not None] or OMIT


def _tool(call: Call, index: int, tool: Mapping[str, object]) -> Mapping[str, object] | None:
    if "function" not in tool:
        if tool.get("type") == "custom" and "custom" in tool:
            call.refuse(f"tools[{index}] (custom)", "Anthropic has no tools with free-text input; use a function")
            return None
        return own_tool(f"tools[{index}]", tool)
    function = mapping_of(tool["function"])
    schema = {"type": "object", **mapping_of(function.get("parameters") or _NO_PARAMETERS)}
    where = f"functions[{index}]" if call.by_functions else f"tools[{index}].function"
    if (said := _INPUT(f"{where}.parameters", schema)) is not None:
        raise InvalidRequestError(said, param="tools")
    made = q.Tool(name=str(function["name"]), input_schema=schema)
    if description := function.get("description"):
        made["description"] = str(description)
    if function.get("strict") is not None:
        made["strict"] = bool(function["strict"])
    if cache := tool.get("cache_control"):
        made["cache_control"] = cast("q.CacheControlEphemeral", cache)
    return cast("Mapping[str, object]", made)


def _tool_choice(call: Call) -> q.ToolChoice | Omit:
    one_at_a_time = call.given.get("parallel_tool_calls") is False
    choice = _choice(call.given.get("tool_choice"))
    if not one_at_a_time or not call.given.get("tools"):
        return choice
    if choice is OMIT:
        return q.ToolChoiceAuto(type="auto", disable_parallel_tool_use=True)
    if choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return choice


def _choice(asked: object) -> q.ToolChoice | Omit:
    match asked:
        case None:
            return OMIT
        case "auto":
            return q.ToolChoiceAuto(type="auto")
        case "none":
            return q.ToolChoiceNone(type="none")
        case "required" | "any":
            return q.ToolChoiceAny(type="any")
        case {"type": "function", "function": {"name": str(name)}}:
            return q.ToolChoiceTool(type="tool", name=name)
        case {"type": "auto" | "any" | "none" | "tool"}:
            return cast("q.ToolChoice", dict(cast("Mapping[str, object]", asked)))
        case _:
            raise InvalidRequestError(
                f"tool_choice is {asked!r}; it is 'auto', 'none', 'required', or a function by name",
                param="tool_choice",
            )
