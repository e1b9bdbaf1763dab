"""Agents that Databricks serves: https://docs.databricks.com/aws/en/generative-ai/agent-framework/query-agent.

Their form is MLflow's `ResponsesAgent` (`mlflow/types/responses.py`), a small part of OpenAI's Responses API.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from ..addressing import base_url, path_segment
from ..prompts import refuse_format
from ..results import Annotation, ChatCompletionChunk, CompletionUsage, FinishReason, UrlCitation
from ..shapes import is_list, mapping_of
from ..support import Renamed, Unsupported, takes_only
from .parts import ONLY_TEXT, Taken, plain_turns
from .plain import PlainDialect, PlainReader, Said, counted

if TYPE_CHECKING:
    from ..call import Call
    from .dialect import StreamReader

_NAMES: Final = {
    "max_tokens": "max_output_tokens",
    "max_completion_tokens": "max_output_tokens",
    **{name: name for name in ("temperature", "top_p", "user", "store", "metadata")},
}
SUPPORT: Final = takes_only(
    "an agent's requests have no such field",
    *("temperature", "top_p", "user", "store", "metadata"),
    max_tokens=Renamed("max_output_tokens"),
    max_completion_tokens=Renamed("max_output_tokens"),
    stream_options=Unsupported("an agent counts its tokens, or does not"),
)
_ROLES: Final = {name: name for name in ("system", "developer", "user", "assistant")}
_WHY: Final = "an agent calls its own tools; give messages of system, user and assistant, with text"
_TEXT: Final = Taken(ONLY_TEXT, "what an agent does with other parts is not known")
_OPTIONS: Final = {name: (name,) for name in ("custom_inputs", "context", "databricks_options")}
_WHOLE: Final = ("/invocations", "/responses")
"""How a whole address ends: an endpoint's, and an app's."""
_PLACES: Final = ("start_index", "end_index")
_REASONS: Final[Mapping[str, FinishReason]] = {"max_output_tokens": "length", "content_filter": "content_filter"}


class DatabricksAgentDialect(PlainDialect):
    """An agent on an endpoint of Model Serving, whose name the model is; or an app, by its whole address."""

    support = SUPPORT
    option_paths = _OPTIONS

    @override
    def base_url(self, call: Call) -> str:
        base = base_url(self.vendor, call.api_base)
        return base if base.endswith(_WHOLE) else f"{base.removesuffix('/serving-endpoints')}/serving-endpoints"

    @override
    def path(self, call: Call) -> str:
        return "" if self.base_url(call).endswith(_WHOLE) else f"/{path_segment(call.model)}/invocations"

    @override
    def body(self, call: Call) -> dict[str, object]:
        refuse_format(call)
        asked = cast("Mapping[str, object]", call.given)
        named = {"model": call.model} if self.base_url(call).endswith("/serving-endpoints/responses") else {}
        return {
            **named,
            "input": plain_turns(call, _ROLES, _TEXT, _WHY),
            **{to: asked[name] for name, to in _NAMES.items() if name in asked},
            **({"stream": True} if call.stream else {}),
        }

    @override
    def answer(self, call: Call, document: Mapping[str, object]) -> Said | None:
        if document.get("error"):
            raise self.error(
                call, None, {}, str(mapping_of(document["error"]).get("message") or document["error"]).encode()
            )
        if not is_list(document.get("output")):
            return None
        messages = list(_messages(document.get("output")))
        return Said(
            text="".join(map(_text, messages)),
            reason=_reason(document),
            native=str(document.get("status") or "completed"),
            usage=_usage(document),
            annotations=[cited for message in messages for cited in _cited(message)],
            more=_kept(document) | _refused(messages),
        )

    @override
    def piece(self, call: Call, name: str, document: object) -> Said | None:
        event = mapping_of(document)
        match event.get("type"):
            case "response.output_text.delta":
                return Said(text=str(event.get("delta") or ""))
            case "response.completed" | "response.incomplete":
                response = mapping_of(event.get("response"))
                return Said(
                    reason=_reason(response),
                    native=str(event["type"]).removeprefix("response."),
                    usage=_usage(response),
                    more=_kept(response),
                )
            case "error" | "response.failed":
                told = event.get("message") or mapping_of(mapping_of(event.get("response")).get("error")).get("message")
                raise self.error(call, None, {}, str(told or "the agent failed").encode())
            case _:
                return None

    @override
    def reader(self, call: Call) -> StreamReader:
        return AgentReader(self, call)


class AgentReader(PlainReader):
    """One stream: a message comes in pieces, or whole, when it is done. Some agents say nothing behind the last one."""

    def __init__(self, dialect: DatabricksAgentDialect, call: Call) -> None:
        super().__init__(dialect, call)
        self._in_pieces = set[str]()
        self._whole = False

    @override
    def _said(self, name: str, document: object) -> Said | None:
        event = mapping_of(document)
        kind, item = event.get("type"), mapping_of(event.get("item"))
        if kind == "response.output_text.delta":
            self._in_pieces.add(str(event.get("item_id")))
            self._whole = False
        elif kind == "response.output_item.done" and item.get("type") == "message":
            self._whole = True
            text = "" if str(item.get("id")) in self._in_pieces else _text(item)
            return Said(text=text, annotations=list(_cited(item)), more=_refused([item]))
        return super()._said(name, document)

    @override
    def finish(self, chunks: list[ChatCompletionChunk]) -> None:
        if self._whole and not self.done:
            self._add(Said(reason="stop"), chunks)
        super().finish(chunks)


def _messages(output: object) -> Iterator[Mapping[str, object]]:
    for item in map(mapping_of, output if is_list(output) else []):
        if item.get("type") == "message":
            yield item


def _contents(message: Mapping[str, object]) -> Iterable[Mapping[str, object]]:
    content = message.get("content")
    return map(mapping_of, content if is_list(content) else [])


def _text(message: Mapping[str, object]) -> str:
    return "".join(str(part.get("text") or "") for part in _contents(message))


def _refused(messages: Iterable[Mapping[str, object]]) -> dict[str, object]:
    said = [part["refusal"] for message in messages for part in _contents(message) if part.get("refusal")]
    return {"refusal": said} if said else {}


def _cited(message: Mapping[str, object]) -> Iterator[Annotation]:
    for part in _contents(message):
        found = part.get("annotations")
        for one in map(mapping_of, found if is_list(found) else []):
            if one.get("type") == "url_citation" and one.get("url"):
                start, end = (place if isinstance(place := one.get(name), int) else 0 for name in _PLACES)
                page = UrlCitation(
                    url=str(one["url"]), title=str(one.get("title") or ""), start_index=start, end_index=end
                )
                yield Annotation(type="url_citation", url_citation=page)


def _reason(response: Mapping[str, object]) -> FinishReason:
    said = mapping_of(response.get("incomplete_details")).get("reason")
    return _REASONS.get(str(said), "other") if said else "stop"


def _usage(response: Mapping[str, object]) -> CompletionUsage | None:
    found = mapping_of(response.get("usage"))
    return counted(found.get("input_tokens"), found.get("output_tokens"))


def _kept(response: Mapping[str, object]) -> dict[str, object]:
    names = ("custom_outputs", "databricks_output")
    return {name: response[name] for name in names if response.get(name) is not None}
