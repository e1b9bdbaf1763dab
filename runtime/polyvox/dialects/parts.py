"""Content parts and tool calls, as mappings to other dialects than OpenAI's need them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, cast

from pydantic_core import from_json

from ..errors import InvalidMessageError
from ..shapes import is_mapping, mapping_of

if TYPE_CHECKING:
    from ..call import Call

_DATA_URL = re.compile(r"data:(?P<type>[^;,]*)(?:;[^,]*?)?;base64,(?P<data>.*)", re.DOTALL)


class Inline(NamedTuple):
    """Bytes in base64, and their media type."""

    media_type: str
    data: str


def inline(url: str) -> Inline | None:
    """The content of a data URL; None for an address."""
    found = _DATA_URL.fullmatch(url)
    return Inline(found["type"], found["data"]) if found else None


def url_of(where: str, payload: object) -> str:
    """The address in `{"url": ...}`, or in the bare text that some write instead."""
    url = payload.get("url") if is_mapping(payload) else payload
    if not isinstance(url, str) or not url:
        raise InvalidMessageError(f"{where}.url is missing")
    if url.startswith("data:") and inline(url) is None:
        raise InvalidMessageError(f"{where}.url is a data URL without base64")
    return url


def detail_of(payload: object) -> str | None:
    """The detail asked for of an image; None for what vendors do anyway."""
    detail = mapping_of(payload).get("detail")
    return None if detail in (None, "auto", "high") else str(detail)


_SAID = ("text", "refusal")


def texts(content: object) -> list[str]:
    """All texts of a content."""
    if content is None:
        return []
    if isinstance(content, str):
        return [content]
    parts = cast("Iterable[Mapping[str, object]]", content)
    return [str(part.get("text") or part.get("refusal") or "") for part in parts if part.get("type") in _SAID]


def arguments(where: str, text: object) -> dict[str, object]:
    """A call's arguments as an object; no text at all means none."""
    if is_mapping(text):
        return dict(text)
    try:
        value: object = from_json(cast("str", text)) if text else {}
    except ValueError as error:
        raise InvalidMessageError(f"{where}.arguments is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InvalidMessageError(f"{where}.arguments must be a JSON object")
    return cast("dict[str, object]", value)


def refuse_name(call: Call, where: str, message: Mapping[str, object]) -> None:
    """Vendors without participants' names."""
    if message.get("name") and message["role"] not in ("tool", "function"):
        call.refuse(f"{where}.name", f"{call.vendor.name} has no names of participants")


def native_blocks(message: Mapping[str, object], vendor: str, key: str) -> list[dict[str, object]] | None:
    """What this vendor itself sent in an earlier answer, to be given back as it is; None if there is no such thing, or
    if the caller has changed the text since."""
    held = mapping_of(mapping_of(message.get("provider_specific_fields")).get(vendor))
    blocks = held.get(key)
    if not isinstance(blocks, list) or held.get("text", "") != "".join(texts(message.get("content"))):
        return None
    return cast("list[dict[str, object]]", blocks)


def thinks(call: Call) -> bool:
    """Whether the caller has the model think before the answer; Claude then cannot be made to call a tool."""
    thinking = call.given.get("thinking")
    if thinking is not None:
        return thinking.get("type") != "disabled"
    return call.given.get("reasoning_effort", "none") != "none"
