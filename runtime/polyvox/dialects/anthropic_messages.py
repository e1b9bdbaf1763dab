"""Messages in Anthropic's form: instructions, turns, calls and their answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

from polyvox_wire.support import OMIT, Omit

from ..checking import is_plain
from ..errors import InvalidMessageError
from .anthropic_media import TAKES, block_of, text
from .parts import ONLY_TEXT, SAID, Taken, calls_of, native_blocks, numbered, texts

if TYPE_CHECKING:
    from polyvox_wire.anthropic import requests as q

    from ..call import Call
    from .parts import Turn
else:
    from .dicts import requests as q

_OF_SYSTEM: Final = Taken(ONLY_TEXT, "Anthropic's system prompt takes text only", no_marks="")
# Of all others it says: "blocks are not permitted within assistant turns".
_OF_ASSISTANT: Final = Taken(SAID, "Anthropic takes back only text that an assistant said", no_marks="")
_BAD_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")


def system(call: Call, placed: Sequence[Turn]) -> str | list[q.TextBlock] | Omit:
    """The instructions of all messages that have some, as shortly as they can be said."""
    blocks: list[q.TextBlock] = []
    for where, message in placed:
        if message["role"] in ("system", "developer"):
            blocks.extend(_system_parts(call, where, message["content"]))
    if not blocks:
        return OMIT
    return blocks[0]["text"] if len(blocks) == 1 and "cache_control" not in blocks[0] else blocks


def _system_parts(call: Call, where: str, content: object) -> Iterable[q.TextBlock]:
    if isinstance(content, str):
        yield q.TextBlock(type="text", text=content)
        return
    for _, _, part in numbered(call, where, content, _OF_SYSTEM):
        yield text(str(part["text"]), part)


def messages(call: Call, placed: Sequence[Turn]) -> list[q.InputMessage]:
    """The turns; the answers to the calls of one turn stand in one."""
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
