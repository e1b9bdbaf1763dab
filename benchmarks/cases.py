"""What is asked: in polyvox's words, and in each vendor's, as somebody would write them by hand."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

Object: TypeAlias = dict[str, object]
Asked: TypeAlias = Literal["short", "10 messages", "40 messages"]

MESSAGES: Final[list[Object]] = [{"role": "user", "content": "Say something about Paris in the spring."}]
_TEXT = "Paris is lovely in the spring, when the chestnut trees along the Seine come into leaf. " * 3
_ROLES = ("user", "assistant") * 5
HISTORY: Final = [dict[str, object](role=role, content=_TEXT) for role in _ROLES] + MESSAGES
_IMAGE = b64encode(bytes(range(256)) * 3).decode()


def _turn(number: int) -> list[Object]:
    """What a model with tools and eyes goes through: a picture, a call, its answer, a text."""
    called = {"name": "tool_1", "arguments": '{"location": "Paris", "unit": "C"}'}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_IMAGE}"}}
    named = f"call_{number}"
    return [
        {"role": "user", "content": [{"type": "text", "text": _TEXT}, image]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": named, "type": "function", "function": called}]},
        {"role": "tool", "tool_call_id": named, "content": _TEXT},
        {"role": "assistant", "content": _TEXT},
    ]


WORK: Final = [message for number in range(10) for message in _turn(number)] + MESSAGES
"""A long conversation of parts, calls and answers."""
_PROPERTIES = {"location": {"type": "string", "description": "A place"}, "unit": {"type": "string", "enum": ["C", "F"]}}
_SCHEMA = {"type": "object", "properties": _PROPERTIES, "required": ["location"]}
TOOLS: Final[list[Object]] = [
    {"type": "function", "function": {"name": f"tool_{number}", "description": "Does it.", "parameters": _SCHEMA}}
    for number in range(40)
]
_CONVERSATIONS: Final[Mapping[Asked, list[Object]]] = {"short": MESSAGES, "10 messages": HISTORY, "40 messages": WORK}


@dataclass(frozen=True, slots=True)
class Case:
    """A call, and which of the server's replies it gets."""

    vendor: str
    reply: str = "1kB"
    asked: Asked = "short"
    tools: int = 0
    stream: bool = False

    @property
    def messages(self) -> list[Object]:
        """The conversation, in polyvox's words."""
        return _CONVERSATIONS[self.asked]

    @property
    def functions(self) -> list[Object]:
        """The tools, in polyvox's words."""
        return TOOLS[: self.tools]

    def base(self, server: str) -> str:
        """The address that polyvox is given."""
        return f"{server}/{self.reply}" + {"openai": "/v1", "gemini": "/v1beta"}.get(self.vendor, "")

    def url(self, server: str) -> str:
        """The whole address."""
        paths = {
            "openai": "/chat/completions",
            "anthropic": "/v1/messages",
            "gemini": f"/models/bench:{'streamGenerateContent?alt=sse' if self.stream else 'generateContent'}",
            "bedrock": "/model/bench/converse",
        }
        return self.base(server) + paths[self.vendor]

    def body(self) -> Object:
        """The vendor's request, which is what polyvox sends."""
        body = _BODIES[self.vendor](self)
        return {name: value for name, value in body.items() if value is not None}


def _openai(case: Case) -> Object:
    asked: Object = {"messages": case.messages, "stream": case.stream or None, "tools": case.functions or None}
    return {"model": "bench", "temperature": 0.2, **asked}


def _anthropic(case: Case) -> Object:
    turns = _turns(
        case.messages,
        assistant="assistant",
        text=lambda text: {"type": "text", "text": text},
        image={"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _IMAGE}},
        called=lambda named: {"type": "tool_use", "id": named, "name": "tool_1", "input": _ARGUMENTS},
        answer=lambda named, text: {"type": "tool_result", "tool_use_id": named, "content": text},
    )
    messages = [{"role": role, "content": _shortest(blocks)} for role, blocks in turns]
    tools = [_renamed(each, "input_schema", each["parameters"]) for each in _inner(case)]
    asked: Object = {"messages": messages, "max_tokens": 4096, "stream": case.stream or None, "tools": tools or None}
    return {"model": "bench", "temperature": 0.2, **asked}


def _gemini(case: Case) -> Object:
    turns = _turns(
        case.messages,
        assistant="model",
        text=lambda text: {"text": text},
        image={"inlineData": {"mimeType": "image/png", "data": _IMAGE}},
        called=lambda named: {"functionCall": {"name": "tool_1", "args": _ARGUMENTS}},
        answer=lambda named, text: {"functionResponse": {"name": "tool_1", "response": {"output": text}}},
    )
    contents = [{"role": role, "parts": parts} for role, parts in turns]
    functions = [_renamed(each, "parametersJsonSchema", each["parameters"]) for each in _inner(case)]
    tools = [{"functionDeclarations": functions}] if functions else None
    return {"contents": contents, "generationConfig": {"temperature": 0.2}, "tools": tools}


def _bedrock(case: Case) -> Object:
    turns = _turns(
        case.messages,
        assistant="assistant",
        text=lambda text: {"text": text},
        image={"image": {"format": "png", "source": {"bytes": _IMAGE}}},
        called=lambda named: {"toolUse": {"toolUseId": named, "name": "tool_1", "input": _ARGUMENTS}},
        answer=lambda named, text: {"toolResult": {"toolUseId": named, "content": [{"text": text}]}},
    )
    messages = [{"role": role, "content": blocks} for role, blocks in turns]
    tools = [{"toolSpec": _renamed(each, "inputSchema", {"json": each["parameters"]})} for each in _inner(case)]
    config = {"tools": tools} if tools else None
    return {"messages": messages, "inferenceConfig": {"temperature": 0.2}, "toolConfig": config}


_BODIES: Final[Mapping[str, Callable[[Case], Object]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "bedrock": _bedrock,
}
_ARGUMENTS: Final = json.loads('{"location": "Paris", "unit": "C"}')


def _inner(case: Case) -> list[Object]:
    return [cast("Object", tool["function"]) for tool in case.functions]


def _renamed(function: Object, name: str, schema: object) -> Object:
    return {"name": function["name"], "description": function["description"], name: schema}


def _shortest(blocks: list[Object]) -> object:
    return blocks[0]["text"] if blocks[0]["type"] == "text" and len(blocks) == 1 else blocks


def _turns(
    messages: Iterable[Object],
    *,
    assistant: str,
    text: Callable[[str], Object],
    image: Object,
    called: Callable[[str], Object],
    answer: Callable[[str, str], Object],
) -> list[tuple[str, list[Object]]]:
    """Role and blocks of each message, in a vendor's words."""
    turns: list[tuple[str, list[Object]]] = []
    named = ""
    for message in messages:
        role = assistant if message["role"] == "assistant" else "user"
        match message:
            case {"role": "tool", "content": str(said)}:
                turns.append((role, [answer(named, said)]))
            case {"tool_calls": [{"id": str(named)}]}:
                turns.append((role, [called(named)]))
            case {"content": str(said)}:
                turns.append((role, [text(said)]))
            case _:
                turns.append((role, [text(_TEXT), image]))
    return turns
