"""Messages, tools and settings in Ollama's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from polyvox_wire.ollama import stubs
from polyvox_wire.support import OMIT, Omit, given

from ..checking import is_plain
from ..choosing import wrong_choice
from ..errors import InvalidMessageError
from ..shapes import is_list, mapping_of
from .media import detail_of, inline, url_of
from .parts import OWN_ID, SAID, Called, Taken, calls_of, kind_of, numbered, stops, turns

if TYPE_CHECKING:
    from polyvox_wire.ollama import requests as q

    from ..call import Call
else:
    from .dicts import requests as q

_TAKES: Final = Taken(SAID | {"image_url"}, "Ollama takes text and images", no_marks="Ollama caches by itself")
Level: TypeAlias = Literal["high", "medium", "low", "max"]
# Servers refused a level for other models than these for a long time, and then took it for "on".
_HAS_LEVELS: Final = "gpt-oss"
_LEVELS: Final[Mapping[str, Level]] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}


def request(call: Call) -> stubs.RequestFields:
    """What to send."""
    asked = call.given
    return stubs.RequestFields(
        model=call.model,
        messages=_messages(call),
        tools=_tools(call),
        format=_format(call),
        options=_options(call) or OMIT,
        stream=call.stream,  # Ollama streams unless told not to
        think=_think(call),
        logprobs=given(asked.get("logprobs")),
        top_logprobs=given(asked.get("top_logprobs")),
    )


def _options(call: Call) -> stubs.OptionsFields:
    asked = call.given
    return stubs.OptionsFields(
        seed=given(asked.get("seed")),
        temperature=given(asked.get("temperature")),
        top_p=given(asked.get("top_p")),
        stop=stops(asked.get("stop")),
        num_predict=given(call.limit),
        presence_penalty=given(asked.get("presence_penalty")),
        frequency_penalty=given(asked.get("frequency_penalty")),
    )


def _format(call: Call) -> Literal["json"] | dict[str, object] | Omit:
    if call.format is None or call.format.kind == "text":
        return OMIT
    return "json" if call.format.kind == "json_object" else dict(call.format.schema)


def _think(call: Call) -> bool | Level | Omit:
    thinking, effort = call.given.get("thinking"), call.given.get("reasoning_effort")
    if thinking is None:
        return OMIT if effort is None else _by_effort(call.model, effort)
    on = _is_on(call, thinking)
    if effort is None:
        return on
    if on != (effort != "none"):
        call.refuse("reasoning_effort", "it contradicts `thinking`")
        return on
    return _by_effort(call.model, effort)


def _by_effort(model: str, effort: str) -> bool | Level:
    if effort == "none":
        return False
    return _LEVELS[effort] if _HAS_LEVELS in model else True


def _is_on(call: Call, thinking: Mapping[str, object]) -> bool:
    if thinking.get("budget_tokens") is not None:
        call.refuse("thinking.budget_tokens", "Ollama has no budget for thinking; max_tokens bounds it and the answer")
    if thinking.get("display") == "omitted":
        call.refuse("thinking.display", "Ollama always shows what a model thinks")
    return kind_of(thinking) != "disabled"


class _Calls:
    """The calls of earlier turns: an answer names its call by id, Ollama by the function's name and by order."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.places: dict[str, int] = {}

    def add(self, made: Called) -> None:
        """One more call."""
        self.names[made.id] = made.name
        self.places[made.id] = len(self.places)


_Answers: TypeAlias = list[tuple[int, q.ChatMessage]]


def _messages(call: Call) -> list[q.ChatMessage]:
    said: list[q.ChatMessage] = []
    answers: _Answers = []
    calls = _Calls()
    for where, fields in turns(call):
        if fields["role"] in ("tool", "function"):
            answers.append(_answer(call, where, fields, calls))
            continue
        if answers:
            _flush(said, answers)
        said.append(_turn(call, where, fields, calls))
    _flush(said, answers)
    return said


def _flush(said: list[q.ChatMessage], answers: _Answers) -> None:
    """The answers to one turn's calls, in the order of the calls."""
    said.extend(answer for _, answer in sorted(answers, key=lambda pair: pair[0]))
    answers.clear()


def _turn(call: Call, where: str, fields: Mapping[str, object], calls: _Calls) -> q.ChatMessage:
    match fields["role"]:
        case "assistant":
            return _assistant(call, where, fields, calls)
        case "user":
            return _said(call, where, "user", fields.get("content"))
        case _:
            return _said(call, where, "system", fields.get("content"))


def _said(call: Call, where: str, role: q.ChatMessageRole, content: object) -> q.ChatMessage:
    """A message with the texts of a content, and its images beside them."""
    if content is None or isinstance(content, str):
        return q.ChatMessage(role=role, content=content or "")
    texts: list[str] = []
    images: list[str] = []
    for place, kind, part in numbered(call, where, content, _TAKES):
        _add(call, place, kind, part, texts, images)
    turn = q.ChatMessage(role=role, content="\n".join(texts))
    if images:
        turn["images"] = images
    return turn


def _add(call: Call, where: str, kind: str, part: Mapping[str, object], texts: list[str], images: list[str]) -> None:
    if kind != "image_url":
        texts.append(str(part[kind]))
        return
    image = _image(call, f"{where}.image_url", part["image_url"])
    if image is not None:
        images.append(image)


def _image(call: Call, where: str, payload: object) -> str | None:
    held = inline(url_of(where, payload))
    if detail_of(payload) is not None:
        call.refuse(f"{where}.detail", "Ollama has no such setting")
    if held is None:
        call.refuse(f"{where}.url", "Ollama fetches no addresses: give the image itself as data:image/...;base64,...")
        return None
    return held.data


def _assistant(call: Call, where: str, message: Mapping[str, object], calls: _Calls) -> q.ChatMessage:
    if is_plain(message):
        return q.ChatMessage(role="assistant", content=message["content"])
    turn = _said(call, where, "assistant", message.get("content"))
    if not turn["content"] and message.get("refusal"):
        turn["content"] = str(message["refusal"])
    if thought := message.get("reasoning_content"):
        turn["thinking"] = str(thought)
    drawn = mapping_of(mapping_of(message.get("provider_specific_fields")).get("ollama")).get("images")
    if is_list(drawn):
        turn["images"] = [*turn.get("images", ()), *map(str, drawn)]
    made = list(_made(where, message, calls))
    if made:
        turn["tool_calls"] = made
    return turn


def _made(where: str, message: Mapping[str, object], calls: _Calls) -> Iterable[q.ToolCall]:
    for made in calls_of(where, message):
        calls.add(made)
        yield _tool_call(made)


def _tool_call(made: Called) -> q.ToolCall:
    function = q.ToolCallFunction(name=made.name, arguments=made.arguments)
    index = mapping_of(made.given.get("provider_specific_fields")).get("index")
    if isinstance(index, int):
        function["index"] = index
    call = q.ToolCall(function=function)
    if not made.id.startswith(OWN_ID):
        call["id"] = made.id
    return call


def _answer(call: Call, where: str, message: Mapping[str, object], calls: _Calls) -> tuple[int, q.ChatMessage]:
    named = str(message["tool_call_id"])
    name = calls.names.get(named) or message.get("name")
    if not name:
        raise InvalidMessageError(f"{where}.tool_call_id {named!r} answers no call of an earlier message")
    turn = _said(call, where, "tool", message.get("content"))
    turn["tool_name"] = str(name)
    return calls.places.get(named, len(calls.places)), turn


def _tools(call: Call) -> list[q.ToolDefinition] | Omit:
    asked = cast("list[Mapping[str, object]]", call.given.get("tools") or [])
    found = [_tool(call, index, tool) for index, tool in enumerate(asked)]
    if not _may_call(call, call.given.get("tool_choice")):
        return OMIT
    return [tool for tool in found if tool is not None] or OMIT


def _tool(call: Call, index: int, tool: Mapping[str, object]) -> q.ToolDefinition | None:
    if "function" not in tool:
        call.refuse(f"tools[{index}] ({tool.get('type')})", "Ollama has function tools only")
        return None
    function = cast("Mapping[str, object]", tool["function"])
    if function.get("strict"):
        call.refuse(f"tools[{index}].function.strict", "Ollama does not hold a model to a function's schema")
    schema = mapping_of(function.get("parameters")) or {"type": "object", "properties": dict[str, object]()}
    made = q.ToolDefinitionFunction(name=str(function["name"]), parameters=dict(schema))
    if description := function.get("description"):
        made["description"] = str(description)
    return q.ToolDefinition(type="function", function=made)


def _may_call(call: Call, choice: object) -> bool:
    """Whether the model gets its tools: without them it calls none."""
    match choice:
        case None | "auto":
            return True
        case "none":
            return False
        case "required" | "any" | {"type": "function", "function": {"name": str()}}:
            call.refuse("tool_choice", "Ollama leaves it to the model whether it calls a tool, and which")
            return True
        case _:
            raise wrong_choice(choice, "'auto' or 'none' for Ollama")
