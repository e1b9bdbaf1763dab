"""Messages, tools and settings in Cohere's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, cast

from polyvox_wire.cohere import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..checking import is_plain
from ..choosing import wrong_choice
from ..schemas import Rules
from ..shapes import mapping_of
from .dialect import wanted_way
from .media import url_of
from .parts import ONLY_TEXT, SAID, Taken, calls_of, kind_of, numbered, stops, texts, turns

if TYPE_CHECKING:
    from polyvox_wire.cohere import requests as q

    from ..call import Call, Format, Way
else:
    from .dicts import requests as q

BUDGETS: Final[Mapping[str, int]] = {"minimal": 512, "low": 2048, "medium": 8192}
"""Tokens to think. From `high` on there is no budget: the model thinks as long as it likes."""
_NO_MARKS: Final = "Cohere caches by itself"
_OF_SYSTEM: Final = Taken(ONLY_TEXT, "Cohere takes text only here", no_marks=_NO_MARKS)
_OF_ASSISTANT: Final = Taken(SAID, "Cohere takes text only here", no_marks=_NO_MARKS)
_OF_USER: Final = Taken(
    frozenset({"text", "image_url"}),
    "Cohere takes text and images; texts to cite go in cohere={'documents': ...}",
    no_marks=_NO_MARKS,
)
_OF_TOOL: Final = Taken(
    frozenset({"text", "document"}),
    "a tool's answer to Cohere is text, or documents as Cohere writes them",
    no_marks=_NO_MARKS,
)
# https://docs.cohere.com/docs/structured-outputs, "Unsupported schema features".
RULES: Final = Rules(
    bounds=frozenset(("format",)), formats=frozenset(("date-time", "uuid", "date", "time")), maps=True, untyped=True
)
_DETAILS: Final = frozenset({"auto", "low", "high"})


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    asked = call.given
    return stubs.RequestFields(
        stream=True if call.stream else OMIT,
        model=call.model,
        messages=_messages(call),
        tools=_tools(call),
        response_format=_format(call),
        max_tokens=given(call.limit),
        stop_sequences=stops(asked.get("stop")),
        temperature=given(asked.get("temperature")),
        seed=given(asked.get("seed")),
        frequency_penalty=given(asked.get("frequency_penalty")),
        presence_penalty=given(asked.get("presence_penalty")),
        p=given(asked.get("top_p")),
        logprobs=given(asked.get("logprobs")),
        tool_choice=_tool_choice(call),
        thinking=_thinking(call),
    )


def way(call: Call, wanted: Format) -> Way:
    """How an answer gets its form; Cohere has either JSON, or tools, or documents."""
    if call.options.get("documents"):
        return "instructions"
    if call.given.get("tools"):
        return "tool" if wanted.kind == "json_schema" else "instructions"
    return wanted_way(wanted)


def _format(call: Call) -> q.ResponseFormatV2 | Omit:
    if call.format is None or call.format.kind == "text":
        return OMIT
    made = q.JsonResponseFormatV2(type="json_object")
    if call.format.kind == "json_schema":
        made["json_schema"] = dict(call.format.schema)
    return made


def _thinking(call: Call) -> q.Thinking | Omit:
    thinking, effort = call.given.get("thinking"), call.given.get("reasoning_effort")
    if thinking is not None:
        if effort is not None:
            call.refuse("reasoning_effort", "Cohere takes one budget; give it as `thinking` or as an effort, not both")
        return _by_budget(call, thinking)
    if effort is None:
        return OMIT
    if effort == "none":
        return q.Thinking(type="disabled")
    return q.Thinking(type="enabled", token_budget=BUDGETS[effort]) if effort in BUDGETS else q.Thinking(type="enabled")


def _by_budget(call: Call, thinking: Mapping[str, object]) -> q.Thinking:
    if thinking.get("display") == "omitted":
        call.refuse("thinking.display", "Cohere always shows what a model thinks")
    if kind_of(thinking) == "disabled":
        return q.Thinking(type="disabled")
    made = q.Thinking(type="enabled")
    budget = thinking.get("budget_tokens", thinking.get("token_budget"))  # the second is Cohere's own name
    if budget is not None:
        made["token_budget"] = cast("int", budget)
    return made


def _messages(call: Call) -> list[q.ChatMessageV2]:
    return [_turn(call, where, fields) for where, fields in turns(call)]


def _turn(call: Call, where: str, fields: Mapping[str, object]) -> q.ChatMessageV2:
    content = fields.get("content")
    match fields["role"]:
        case "system" | "developer":
            return q.SystemMessageV2(role="system", content=_only_text(call, where, content, _OF_SYSTEM))
        case "user":
            return q.UserMessageV2(role="user", content=_content(call, where, content))
        case "assistant":
            return _assistant(call, where, fields)
        case _:
            told = _result(call, where, content)
            return q.ToolMessageV2(role="tool", tool_call_id=str(fields["tool_call_id"]), content=told)


def _text(part: Mapping[str, object]) -> q.ChatTextContent:
    return q.ChatTextContent(type="text", text=str(part.get("text") or part.get("refusal") or ""))


def _only_text(call: Call, where: str, content: object, takes: Taken) -> str | list[q.ChatTextContent]:
    if content is None or isinstance(content, str):
        return content or ""
    return [_text(part) for _, _, part in numbered(call, where, content, takes)]


def _content(call: Call, where: str, content: object) -> str | list[q.Content]:
    if content is None or isinstance(content, str):
        return content or ""
    return [
        _image(call, place, part) if kind == "image_url" else _text(part)
        for place, kind, part in numbered(call, where, content, _OF_USER)
    ]


def _image(call: Call, place: str, part: Mapping[str, object]) -> q.ImageContent:
    where, payload = f"{place}.image_url", part["image_url"]
    image = q.ImageUrl(url=url_of(where, payload))
    detail = mapping_of(payload).get("detail")
    if detail in _DETAILS:
        image["detail"] = cast("q.ImageUrlDetail", detail)
    elif detail is not None:
        call.refuse(f"{where}.detail", f"Cohere knows no detail {detail!r}")
    return q.ImageContent(type="image_url", image_url=image)


def _result(call: Call, where: str, content: object) -> str | list[q.ToolContent]:
    """A tool's answer: text, or documents as Cohere writes them, which it can cite."""
    if content is None or isinstance(content, str):
        return content or ""
    return [
        _text(part) if kind == "text" else cast("q.DocumentContent", part)
        for _, kind, part in numbered(call, where, content, _OF_TOOL)
    ]


def _assistant(call: Call, where: str, message: Mapping[str, object]) -> q.AssistantMessageV2:
    if is_plain(message):
        return q.AssistantMessageV2(role="assistant", content=message["content"])
    own = _own(message)
    if own is not None:
        return own
    turn = q.AssistantMessageV2(role="assistant")
    thought = str(message.get("reasoning_content") or "")
    if calls := list(_calls(where, message)):
        turn["tool_calls"] = calls
        if thought:
            turn["tool_plan"] = thought
            thought = ""
    said = _only_text(call, where, message.get("content") or message.get("refusal"), _OF_ASSISTANT)
    if thought:
        turn["content"] = [q.ChatThinkingContent(type="thinking", thinking=thought), *_parted(said)]
    elif said or not calls:
        turn["content"] = said if isinstance(said, str) else [*said]
    return turn


def _parted(said: str | list[q.ChatTextContent]) -> list[q.ChatTextContent]:
    if isinstance(said, str):
        return [q.ChatTextContent(type="text", text=said)] if said else []
    return said


def _own(message: Mapping[str, object]) -> q.AssistantMessageV2 | None:
    """What Cohere itself sent in an earlier answer, as it is; None if there is no such thing, or if the caller has
    changed the text since."""
    if "provider_specific_fields" not in message:
        return None
    held = mapping_of(mapping_of(message["provider_specific_fields"]).get("cohere"))
    sent = held.get("message")
    if sent is None or held.get("text", "") != "".join(texts(message.get("content"))):
        return None
    return cast("q.AssistantMessageV2", {"role": "assistant", **mapping_of(sent)})


def _calls(where: str, message: Mapping[str, object]) -> Iterable[q.ToolCallV2]:
    for made in calls_of(where, message):
        function = q.ToolCallV2Function(name=made.name, arguments=made.text or "{}")
        yield q.ToolCallV2(id=made.id, type="function", function=function)


def _tools(call: Call) -> list[q.ToolV2] | Omit:
    asked = cast("list[Mapping[str, object]]", call.given.get("tools") or [])
    found = [_tool(call, index, tool) for index, tool in enumerate(asked)]
    return [tool for tool in found if tool is not None] or OMIT


def _tool(call: Call, index: int, tool: Mapping[str, object]) -> q.ToolV2 | None:
    if "function" not in tool:
        call.refuse(f"tools[{index}] ({tool.get('type')})", "Cohere has function tools only")
        return None
    function = cast("Mapping[str, object]", tool["function"])
    schema = mapping_of(function.get("parameters")) or {"type": "object", "properties": dict[str, object]()}
    made = q.ToolV2Function(name=str(function["name"]), parameters=dict(schema))
    if description := function.get("description"):
        made["description"] = str(description)
    return q.ToolV2(type="function", function=made)


def strict_tools(call: Call) -> bool:
    """Whether all functions are to be called strictly by their schemas, which Cohere can only do for all or none."""
    asked = [
        mapping_of(tool.get("function")) for tool in cast("list[Mapping[str, object]]", call.given.get("tools") or [])
    ]
    strict = [bool(function.get("strict")) for function in asked if function]
    if any(strict) and not all(strict):
        call.refuse("tools (strict)", "Cohere holds a model to the schemas of all functions or of none")
        return False
    return any(strict)


def _tool_choice(call: Call) -> q.ChatRequestToolChoice | Omit:
    choice = call.given.get("tool_choice")
    match choice:
        case None | "auto":
            return OMIT
        case "none" | "NONE":
            return "NONE"
        case "required" | "any" | "REQUIRED":
            return "REQUIRED"
        case {"type": "function", "function": {"name": str()}}:
            call.refuse("tool_choice", "Cohere cannot be held to one tool; offer only that one, with 'required'")
            return OMIT
        case _:
            raise wrong_choice(choice, "'auto', 'none' or 'required' for Cohere")
