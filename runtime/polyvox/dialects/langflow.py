"""Flows that a Langflow server runs: https://docs.langflow.org/api-flows-run. The model is the flow, by id or name.

The stream is one JSON document per line (`langflow/events/event_manager.py` of langflow-ai/langflow writes it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..addressing import path_segment
from ..errors import UnsupportedParamsError
from ..prompts import refuse_format
from ..shapes import is_list, mapping_of
from ..streams import JsonLinesDecoder
from ..support import Unsupported, takes_only
from .parts import ONLY_TEXT, Taken, calls_of, only_texts, turns
from .plain import PlainDialect, Said

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers

SUPPORT: Final = takes_only(
    "a flow decides for itself what its models are asked",
    stream_options=Unsupported("a flow counts no tokens"),
)
_TEXT: Final = Taken(ONLY_TEXT, "a flow is given a text; files go to it by tweaks={...}")
_OPTIONS: Final = {name: (name,) for name in ("session_id", "tweaks", "input_type", "output_type", "output_component")}


class LangflowDialect(PlainDialect):
    """A Langflow server."""

    support = SUPPORT
    option_paths = _OPTIONS
    decoder = JsonLinesDecoder

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        return (("x-api-key", key),) if key else ()

    @override
    def path(self, call: Call) -> str:
        return f"/api/v1/run/{path_segment(call.model)}?stream={'true' if call.stream else 'false'}"

    @override
    def body(self, call: Call) -> dict[str, object]:
        refuse_format(call)
        return {"input_value": _said(call), "input_type": "chat", "output_type": "chat"}

    @override
    def answer(self, call: Call, document: Mapping[str, object]) -> Said | None:
        found = next(_texts(document), None)
        return None if found is None else Said(text=found, more=_kept(document))

    @override
    def piece(self, call: Call, name: str, document: object) -> Said | None:
        event = mapping_of(document)
        data = mapping_of(event.get("data"))
        match event.get("event", "error"):
            case "token":
                return Said(text=str(data.get("chunk") or ""))
            case "end":
                result = mapping_of(data.get("result"))
                whole = next(_texts(result), "")
                return Said(whole=whole, reason="stop", native="end", more=_kept(result))
            case "error":
                told = data.get("error") or data.get("text") or event.get("detail") or "the flow failed"
                raise self.error(call, None, {}, str(told).encode())
            case _:
                return None


def _said(call: Call) -> str:
    """The text of the only message."""
    (where, message), *more = turns(call)
    if more or message["role"] != "user" or any(calls_of(where, message)):
        raise UnsupportedParamsError(
            "messages: a flow takes one message, of the user's; what was said before it knows by session_id=...",
            param="messages",
            provider=call.vendor.name,
            model=call.model,
        )
    return only_texts(call, where, message.get("content"), _TEXT)


def _texts(document: Mapping[str, object]) -> Iterator[str]:
    """What the flow's outputs say, in order."""
    for run in map(mapping_of, _list(document.get("outputs"))):
        for output in map(mapping_of, _list(run.get("outputs"))):
            message = mapping_of(mapping_of(output.get("results")).get("message"))
            text = message.get("text", mapping_of(message.get("data")).get("text"))
            if isinstance(text, str):
                yield text


def _list(value: object) -> list[object]:
    return value if is_list(value) else []


def _kept(document: Mapping[str, object]) -> dict[str, object]:
    """By the session's id the next call goes on with it."""
    return {"session_id": document["session_id"]} if document.get("session_id") else {}
