"""Liner's agents, which search the web and answer with what they found: https://liner.com/developers/docs.

How they are asked and what they answer is known from the provider of mozilla-ai/any-llm that speaks to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..addressing import path_segment
from ..prompts import refuse_format
from ..results import Annotation, UrlCitation
from ..shapes import is_list, is_mapping, mapping_of
from ..support import Unsupported, takes_only
from .parts import ONLY_TEXT, Taken, plain_turns
from .plain import PlainDialect, Said

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers

SUPPORT: Final = takes_only(
    "Liner's agents take messages only", stream_options=Unsupported("Liner's agents count no tokens")
)
_ROLES: Final = {name: name for name in ("user", "assistant")}
"""There is no place for instructions, and none is made up."""
_WHY: Final = "Liner takes messages of user and assistant only, with text"
_TEXT: Final = Taken(ONLY_TEXT, "Liner takes text only")


class LinerDialect(PlainDialect):
    """Liner: the model is the agent, `quick-answer` or `search`."""

    support = SUPPORT

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        return (("x-api-key", key),) if key else ()

    @override
    def path(self, call: Call) -> str:
        return f"/{path_segment(call.model)}"

    @override
    def body(self, call: Call) -> dict[str, object]:
        refuse_format(call)
        return {"messages": plain_turns(call, _ROLES, _TEXT, _WHY), "stream": call.stream}

    @override
    def answer(self, call: Call, document: Mapping[str, object]) -> Said | None:
        text = document.get("answer")
        if not isinstance(text, str):
            return None
        return Said(text=text, annotations=_found(document), more=_kept(document))

    @override
    def piece(self, call: Call, name: str, document: object) -> Said | None:
        event = mapping_of(document)
        match event.get("type"):
            case "text-delta":
                return Said(text=str(event.get("delta") or ""))
            case "data-search-references":
                found = mapping_of(event.get("data"))
                return Said(annotations=_found(found), more=_kept(found))
            case "finish":
                return Said(reason="stop", native="finish")
            case "data-error":
                told = mapping_of(event.get("data"))
                raise self.error(call, None, {}, str(told.get("message") or "the agent failed").encode())
            case _:
                return None


def _found(document: Mapping[str, object]) -> list[Annotation]:
    """The pages that an answer rests on."""
    references = document.get("references")
    found = [reference for reference in references if is_mapping(reference)] if is_list(references) else []
    return [
        Annotation(
            type="url_citation",
            url_citation=UrlCitation(
                url=str(one["url"]), title=str(one.get("title") or ""), start_index=0, end_index=0
            ),
        )
        for one in found
        if one.get("url")
    ]


def _kept(document: Mapping[str, object]) -> dict[str, object]:
    return {"references": document["references"]} if document.get("references") else {}
