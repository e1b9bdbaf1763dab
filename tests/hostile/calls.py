"""Good calls, which between them have all that a call may hold; and junk in each place of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from polyvox.shapes import is_list, is_mapping
from tests.mapping.asking import Json

Place: TypeAlias = "tuple[str | int, ...]"

SCHEMA: Final[Json] = {"type": "object", "properties": {"a": {"type": "integer"}}}
_FUNCTION: Final[Json] = {"name": "add", "description": "Adds", "parameters": SCHEMA, "strict": True}
_TOOLS: Final[list[Json]] = [{"type": "function", "function": _FUNCTION}]
_USER: Final[Json] = {"role": "user", "content": "Hi"}
_PNG: Final = "data:image/png;base64,AAAA"
_PDF: Final = "data:application/pdf;base64,AAAA"
_CALL: Final[Json] = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
_FREE: Final[Json] = {"type": "grammar", "grammar": {"definition": "x", "syntax": "lark"}}
_MARK: Final[Json] = {"type": "ephemeral"}


def _user(*parts: Json) -> Json:
    return {"messages": [{"role": "user", "content": list(parts)}]}


def _talk(*said: Json) -> Json:
    return {"messages": [_USER, *said, _USER]}


_MESSAGES: Final[Mapping[str, Json]] = {
    "a talk": {
        "messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "developer", "content": "Be kind"},
            {"role": "user", "content": "Hi", "name": "bob"},
            {"role": "assistant", "content": "Hello"},
            _USER,
        ]
    },
    "texts": {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Be brief"}]},
            {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": _MARK}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
            _USER,
        ]
    },
    "a call": {
        "messages": [
            _USER,
            {"role": "assistant", "content": "hm", "tool_calls": [_CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "2", "name": "add"},
        ],
        "tools": _TOOLS,
    },
    "an answer in parts": {
        "messages": [
            _USER,
            {"role": "assistant", "content": None, "tool_calls": [_CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "2"}], "is_error": False},
        ]
    },
    "a function": {
        "messages": [
            _USER,
            {"role": "assistant", "content": None, "function_call": {"name": "add", "arguments": "{}"}},
            {"role": "function", "name": "add", "content": "2"},
        ],
        "functions": [{"name": "add", "description": "Adds", "parameters": SCHEMA}],
        "function_call": {"name": "add"},
    },
    "a tool with free text": {
        "messages": [
            _USER,
            {
                "role": "assistant",
                "tool_calls": [{"id": "call_1", "type": "custom", "custom": {"name": "sql", "input": "x"}}],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "2"},
        ],
        "tools": [{"type": "custom", "custom": {"name": "sql", "description": "d", "format": _FREE}}],
    },
    "a marked tool": {"messages": [_USER], "tools": [{**_TOOLS[0], "cache_control": _MARK}]},
    "a marked message": {"messages": [{**_USER, "cache_control": {**_MARK, "ttl": "5m"}}]},
    "an image": _user({"type": "image_url", "image_url": {"url": _PNG, "detail": "low"}}),
    "an image's address": _user(
        {"type": "image_url", "image_url": {"url": "https://h.test/a.png", "detail": "high", "format": "image/png"}}
    ),
    "sound": _user({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}),
    "sound at an address": _user({"type": "audio_url", "audio_url": {"url": "https://h.test/a.wav"}}),
    "a film": _user({"type": "video_url", "video_url": {"url": "https://h.test/a.mp4"}}),
    "a file": _user({"type": "file", "file": {"file_data": _PDF, "filename": "a.pdf"}}),
    "an upload": _user({"type": "file", "file": {"file_id": "file-1", "format": "application/pdf"}}),
    "a document": _user(
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "x"},
            "title": "t",
            "context": "c",
            "citations": {"enabled": True},
        }
    ),
    "a refusal": _talk({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}),
    "a refusal beside": _talk({"role": "assistant", "refusal": "no"}),
    "thoughts": _talk(
        {
            "role": "assistant",
            "content": "a",
            "reasoning_content": "hm",
            "thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "s"}],
        }
    ),
    "what was spoken": _talk(
        {"role": "assistant", "audio": {"id": "a1", "transcript": "said", "data": "AAAA", "expires_at": 1}}
    ),
}
_CHOICES: Final[Mapping[str, object]] = {
    "auto": "auto",
    "required": "required",
    "by name": {"type": "function", "function": {"name": "add"}},
    "some": {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "add"}}]},
    },
}
_PARAMETERS: Final[Mapping[str, object]] = {
    **{"temperature": 0.5, "top_p": 0.5, "presence_penalty": 0.5, "frequency_penalty": 0.5},
    **{"max_tokens": 9, "max_completion_tokens": 9, "n": 1, "seed": 1, "top_logprobs": 1},
    **{"logprobs": True, "store": True, "parallel_tool_calls": True},
    **{"user": "u", "safety_identifier": "u", "prompt_cache_key": "k", "service_tier": "auto"},
    **{"verbosity": "low", "reasoning_effort": "low"},
    "stop": ["a"],
    "logit_bias": {"5": 1},
    "metadata": {"a": "b"},
    "modalities": ["text"],
    "audio": {"voice": {"id": "v1"}, "format": "wav"},
    "prediction": {"type": "content", "content": [{"type": "text", "text": "x"}]},
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "web_search_options": {
        "search_context_size": "low",
        "user_location": {"type": "approximate", "approximate": {"city": "x", "country": "DE"}},
    },
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": SCHEMA, "strict": True, "description": "d"},
    },
}
CALLS: Final[Mapping[str, Json]] = {
    **_MESSAGES,
    **{
        f"tool_choice: {name}": {"messages": [_USER], "tools": _TOOLS, "tool_choice": choice}
        for name, choice in _CHOICES.items()
    },
    **{name: {"messages": [_USER], name: value} for name, value in _PARAMETERS.items()},
    "thinking: adaptive": {"messages": [_USER], "thinking": {"type": "adaptive", "display": "summarized"}},
    "audio: a voice by name": {"messages": [_USER], "audio": {"voice": "alloy", "format": "wav"}},
    "prediction: a text": {"messages": [_USER], "prediction": {"type": "content", "content": "x"}},
    "response_format: any JSON": {"messages": [_USER], "response_format": {"type": "json_object"}},
}

_GONE: Final = object()
_NOTHING: Final[Json] = {}
_NONE: Final[list[object]] = []
FEW: Final[list[object]] = [None, 7, "junk", _NONE, _NOTHING, [_NOTHING]]
JUNK: Final[list[object]] = [*FEW, True, 1.5, "", [7], ["junk"], [_NONE], {"junk": 7}, {"type": "junk"}, {"type": 7}]


def spoiled(call: Json, junk: list[object]) -> Iterator[tuple[Place, Json]]:
    """The call with each thing in it gone, or junk in its place, or with a junk key; and where."""
    for place, value in _places(call, ()):
        for found in (_GONE, *junk):
            if found != value:
                yield place, _with(call, place, found)
        if is_mapping(value):
            yield (*place, "junk"), _with(call, (*place, "junk"), 7)


def _places(value: object, above: Place) -> Iterator[tuple[Place, object]]:
    if above:
        yield above, value
    if is_mapping(value):
        for key, inner in value.items():
            yield from _places(inner, (*above, key))
    elif is_list(value):
        for number, inner in enumerate(value):
            yield from _places(inner, (*above, number))


def _with(value: Json, place: Place, new: object) -> Json:
    changed = _changed(value, place, new)
    assert is_mapping(changed)
    return dict(changed)


def _changed(value: object, place: Place, new: object) -> object:
    if not place:
        return new
    step, *rest = place
    if is_mapping(value):
        if not rest and new is _GONE:
            return {key: inner for key, inner in value.items() if key != step}
        return {**value, str(step): _changed(value.get(str(step)), tuple(rest), new)}
    assert is_list(value)
    assert isinstance(step, int)
    if not rest and new is _GONE:
        return value[:step] + value[step + 1 :]
    return [*value[:step], _changed(value[step], tuple(rest), new), *value[step + 1 :]]
