"""Messages in Converse's form: instructions, turns, calls and their answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from polyvox_wire.bedrock import requests as q
from polyvox_wire.support import OMIT, Omit

from ..checking import is_plain
from ..errors import InvalidMessageError
from ..shapes import mapping_of
from .bedrock_media import CONTENT_KEYS, Documents, as_written, cache_point, media
from .parts import ONLY_TEXT, SAID, UNIFIED, Taken, calls_of, native_blocks, numbered

if TYPE_CHECKING:
    from ..call import Call
    from .parts import Turn

_BAD_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_ID: Final = 64
_SYSTEM: Final = frozenset({"guardContent", "cachePoint"})
_SAID: Final = frozenset({"reasoningContent", "citationsContent", "cachePoint"})
_IN_ANSWERS: Final = frozenset(q.ToolResultContentBlock.__annotations__)
# A `document` is Bedrock's own, or Anthropic's.
_OWN: Final = CONTENT_KEYS - {"document"}
_TAKES: Final = Taken(
    UNIFIED | CONTENT_KEYS, "Bedrock takes text, images, documents, videos and sounds", _OWN, no_marks=""
)
_OF_SYSTEM: Final = Taken(ONLY_TEXT | _SYSTEM, "Bedrock's system prompt takes text only", _SYSTEM, no_marks="")
_OF_ASSISTANT: Final = Taken(SAID | _SAID, "Bedrock takes back only text that an assistant said", _SAID, no_marks="")
_OF_TOOL: Final = Taken(
    UNIFIED - {"input_audio", "audio_url"} | _IN_ANSWERS,
    "a tool's answer to Bedrock is text, images, documents or videos",
    _OWN & _IN_ANSWERS,
    no_marks="",
)


def system(call: Call, placed: Sequence[Turn]) -> list[q.SystemContentBlock] | Omit:
    """The instructions of all messages that have some."""
    blocks: list[q.SystemContentBlock] = []
    for where, message in placed:
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


def messages(call: Call, placed: Sequence[Turn]) -> list[q.Message] | Omit:
    """The turns, which must alternate: what one side says in several messages stands in one."""
    said: list[q.Message] = []
    documents = Documents()
    for where, fields in placed:
        match fields["role"]:
            case "system" | "developer":
                continue
            case "tool" | "function":
                _say(said, "user", list(_answer(call, where, fields, documents)))
            case "user":
                _say(said, "user", _blocks(call, where, fields["content"], documents))
            case _:
                _say(said, "assistant", _assistant(call, where, fields))
    if not said and ":prompt/" not in call.model:
        raise InvalidMessageError(
            "messages has only instructions, or says nothing; Bedrock needs a user message with content"
        )
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


def _assistant(call: Call, where: str, message: Mapping[str, object]) -> list[q.ContentBlock]:
    if is_plain(message):
        return [q.ContentBlock(text=text)] if (text := message["content"]).strip() else []
    native = native_blocks(message, "bedrock", "content")
    if native is not None:
        return [_back(block) for block in native if _goes_back(block)]
    content = message.get("content")
    said = list(_told(call, where, content)) if content is not None else []
    if not said and message.get("refusal"):
        said = [q.ContentBlock(text=str(message["refusal"]))]
    thoughts = _thoughts(cast("Iterable[Mapping[str, object]]", message.get("thinking_blocks") or ()))
    told = [block for block in said if _goes_back(cast("Mapping[str, object]", block))]
    return [*thoughts, *told, *_calls(where, message)]


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


def _calls(where: str, message: Mapping[str, object]) -> Iterable[q.ContentBlock]:
    for made in calls_of(where, message):
        use = q.ToolUseBlock(toolUseId=_safe_id(made.id), name=made.name, input=made.arguments)
        yield q.ContentBlock(toolUse=use)


def _safe_id(made: str) -> str:
    """Ids of other vendors' calls, in the letters and the length that Bedrock allows."""
    return _BAD_IN_ID.sub("_", made)[-_LONGEST_ID:]


def _answer(call: Call, where: str, message: Mapping[str, object], documents: Documents) -> Iterable[q.ContentBlock]:
    """A tool's answer, and behind it the mark that a part of it has."""
    blocks = list(_answered(call, where, message.get("content"), documents))
    inner = [block for block in blocks if "cachePoint" not in block]
    answered = _safe_id(str(message["tool_call_id"]))
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
