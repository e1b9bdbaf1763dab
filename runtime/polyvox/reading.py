"""Vendors' JSON to typed objects: one validation from bytes, and repairs for what real vendors get wrong.

The good case costs one `validate_json`. Only a reply that fails it is looked at again: each complaint is met by the
mildest repair there is, so that one odd field does not lose an answer. What has no repair is an error with the place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from .errors import APIResponseValidationError
from .shapes import is_list, is_mapping, mapping_of

if TYPE_CHECKING:
    from .call import Call

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
_MOST_ROUNDS = 8
_ESSENTIAL = frozenset(
    {"choices", "message", "delta", "content", "tool_calls", "function", "arguments", "args", "candidates", "parts"}
)


def read_reply(kind: type[M], data: bytes, call: Call) -> M:
    """One object from its JSON. Raises `APIResponseValidationError` where it cannot be read."""
    try:
        # What `model_validate_json` calls, without its Python: a stream does this for every chunk.
        reply: M = kind.__pydantic_validator__.validate_json(data)
        return reply
    except ValidationError as error:
        return _repaired(kind, data, call, error)


def read_event(adapter: TypeAdapter[T], data: bytes, call: Call) -> T:
    """The same for a union, without repairs."""
    try:
        event: T = adapter.validator.validate_json(data)
        return event
    except ValidationError as error:
        raise unreadable(call, data, _first(error)) from error


def is_whole(data: bytes) -> bool:
    """Whether an event at the end of a stream is all there, not cut off in the middle."""
    try:
        from_json(data)
    except ValueError:
        return data.strip() == b"[DONE]"
    return True


def _repaired(kind: type[M], data: bytes, call: Call, error: ValidationError) -> M:
    try:
        document: object = from_json(data)
    except ValueError:
        raise unreadable(call, data, _first(error)) from error
    for _ in range(_MOST_ROUNDS):
        try:
            return kind.model_validate(document)
        except ValidationError as found:
            error = found
            repaired = [_repair(document, detail) for detail in found.errors(include_url=False)]
            if not any(repaired):
                break
    raise unreadable(call, data, _first(error)) from error


def unreadable(call: Call, data: bytes, why: str) -> APIResponseValidationError:
    """The error for a reply that no reader understands."""
    start = data[:80].decode("utf-8", "replace")
    return APIResponseValidationError(
        f"the vendor's reply cannot be read: {why}; it begins {start!r}",
        provider=call.vendor.name,
        model=call.model,
        body=data.decode("utf-8", "replace"),
    )


def _first(error: ValidationError) -> str:
    """The first complaint that says something, without the names that pydantic gives the arms of a union."""
    details = error.errors(include_url=False, include_input=False)
    detail = next((found for found in details if found["type"] != "broken_variant"), details[0])
    place = ".".join(str(step) for step in detail["loc"] if not (isinstance(step, str) and "[" in step))
    return f"{place}: {detail['msg']}" if place else detail["msg"]


def _repair(document: object, detail: ErrorDetails) -> bool:
    """Meet one complaint; whether anything was changed."""
    *above, last = detail["loc"] or ("",)
    fields = _holder(document, above)
    if fields is None or last not in fields:
        return False
    value = fields[last]
    if value is None:
        del fields[last]  # null where the type has no null: the field's default stands
    elif is_list(value) and last == "content":
        _join_parts(fields, value, keep=bool(above) and above[-1] != "delta")
    elif detail["type"] == "string_type":
        fields[last] = to_json(value).decode() if is_list(value) or is_mapping(value) else str(value)
    elif isinstance(value, float) and detail["type"] in ("int_from_float", "int_type"):
        fields[last] = int(value)
    elif last not in _ESSENTIAL:
        fields[f"native_{last}"] = fields.pop(last)  # of another type altogether: kept beside the answer
    else:
        return False
    return True


def _holder(document: object, steps: list[int | str]) -> dict[object, object] | None:
    """The object at a place of the document."""
    for step in steps:
        if is_mapping(document):
            document = document.get(str(step))
        elif is_list(document) and isinstance(step, int):
            document = document[step] if step < len(document) else None  # another repair may have come first
    return cast("dict[object, object]", document) if isinstance(document, dict) else None


def _join_parts(message: dict[object, object], parts: list[object], *, keep: bool) -> None:
    """A reply whose content comes as parts (Mistral): its texts joined, its thinking apart, whole parts kept. A part
    may be a text itself."""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in parts:
        fields = mapping_of(part)
        if isinstance(text := part if isinstance(part, str) else fields.get("text"), str):
            texts.append(text)
        elif is_list(thinking := fields.get("thinking")):
            thoughts.extend(_texts(thinking))
    message["content"] = "".join(texts)
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if keep:
        kept = message.get("provider_specific_fields")
        message["provider_specific_fields"] = {**mapping_of(kept), "content": parts}


def _texts(items: list[object]) -> list[str]:
    found = (mapping_of(item).get("text") for item in items)
    return [text for text in found if isinstance(text, str)]
