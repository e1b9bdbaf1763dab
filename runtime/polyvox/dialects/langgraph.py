"""Graphs that a LangGraph server runs: https://docs.langchain.com/langsmith/agent-server-api (stateless runs).

The model is the assistant, by id or by its graph's name; a graph whose state has `messages` can be talked to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..prompts import refuse_format
from ..results import CompletionUsage
from ..shapes import is_list, is_mapping, mapping_of
from ..support import Emulated, Renamed, takes_only
from .parts import ONLY_TEXT, Taken, plain_turns
from .plain import PlainDialect, Said, counted

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers

SUPPORT: Final = takes_only(
    "a graph decides for itself what its models are asked",
    metadata=Renamed("metadata: of the run"),
    stream_options=Emulated("usage comes where the graph's models count it; it is on the last chunk"),
)
_ROLES: Final = {"developer": "system", **{name: name for name in ("system", "user", "assistant")}}
_WHY: Final = "a graph calls its own tools; give messages of system, user and assistant, with text"
_TEXT: Final = Taken(ONLY_TEXT, "what a graph does with other parts is not known")
_OPTIONS: Final = {
    name: (name,) for name in ("config", "context", "webhook", "multitask_strategy", "on_completion", "durability")
}


class LangGraphDialect(PlainDialect):
    """A LangGraph server, asked for one run without a thread."""

    support = SUPPORT
    option_paths = _OPTIONS

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        return (("x-api-key", key),) if key else ()

    @override
    def path(self, call: Call) -> str:
        return "/runs/stream" if call.stream else "/runs/wait"

    @override
    def body(self, call: Call) -> dict[str, object]:
        refuse_format(call)
        metadata = call.given.get("metadata")
        return {
            "assistant_id": call.model,
            "input": {"messages": plain_turns(call, _ROLES, _TEXT, _WHY)},
            **({"stream_mode": ["messages-tuple"]} if call.stream else {}),
            **({"metadata": metadata} if metadata else {}),
        }

    @override
    def answer(self, call: Call, document: Mapping[str, object]) -> Said | None:
        if document.get("__error__"):
            told = mapping_of(document["__error__"])
            raise self.error(call, None, {}, str(told.get("message") or "the graph failed").encode())
        messages = document.get("messages")
        for message in map(mapping_of, reversed(messages if is_list(messages) else [])):
            if message.get("type") == "ai" or message.get("role") == "assistant":
                return Said(text=_text(message.get("content")), usage=_usage(message))
        return None

    @override
    def piece(self, call: Call, name: str, document: object) -> Said | None:
        if name == "end":
            return Said(reason="stop", native="end")
        if name != "messages" or not is_list(document) or not document:
            return None
        message = mapping_of(document[0])
        if message.get("type") not in ("AIMessageChunk", "ai"):
            return None
        return Said(text=_text(message.get("content")), usage=_usage(message))


def _text(content: object) -> str:
    if is_list(content):
        return "".join(str(mapping_of(part).get("text") or "") if is_mapping(part) else str(part) for part in content)
    return content if isinstance(content, str) else ""


def _usage(message: Mapping[str, object]) -> CompletionUsage | None:
    found = mapping_of(message.get("usage_metadata"))
    return counted(found.get("input_tokens"), found.get("output_tokens"))
