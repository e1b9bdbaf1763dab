"""The check that finds a malformed message before any request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeGuard, cast

from .errors import InvalidMessageError
from .forms import CACHE, Form, each, fields, mapping, nullable, text, text_or, wrong
from .guessing import nearest
from .shapes import is_mapping, is_sequence, its_type, mapping_of

if TYPE_CHECKING:
    from .messages import Message, MessageParam, Messages, PlainMessage, ToolMessage

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_MAYBE_TEXT: Final = nullable(text)
_ENCODE: Final = "write base64.b64encode(data).decode()"


_BASE64: Final = text_or(lambda where, value: wrong(where, value, f"a text in base64; {_ENCODE}"))
_FILE: Final = fields(
    {}, dict.fromkeys(("file_id", "filename", "format"), _MAYBE_TEXT) | {"file_data": nullable(_BASE64)}
)


def _file(where: str, value: object) -> str | None:
    said = _FILE(where, value)
    if said is None and not (mapping_of(value).get("file_data") or mapping_of(value).get("file_id")):
        return f"{where} needs file_data or file_id"
    return said


_HOW: Final = "give https://..., or the content as data:<media type>;base64,<data>"
_ADDRESS: Final = text_or(lambda where, value: wrong(where, value, f"a text; {_HOW}"))
_MEDIA: Final = text_or(fields({"url": _ADDRESS}, {"detail": _MAYBE_TEXT, "format": _MAYBE_TEXT}))
# For each kind of part what it carries under its own name.
_PAYLOADS: Final[Mapping[str, Form]] = {
    "text": text,
    "refusal": text,
    "image_url": _MEDIA,
    "audio_url": _MEDIA,
    "video_url": _MEDIA,
    "input_audio": text_or(fields({"data": _BASE64}, {"format": _MAYBE_TEXT})),  # Mistral takes the bare data
    "file": _file,
}
_ROLE_AND_CONTENT: Final = frozenset({"role", "content"})
_MAY_BE_PLAIN: Final = ("user", "assistant", "system")
_NEEDS_CONTENT = frozenset({"system", "developer", "user", "tool"})
_ANSWERS = frozenset({"tool", "function"})


def is_part(value: object) -> bool:
    """Whether it is a content part, such as `{"type": "text", "text": ...}`, not just any object."""
    kind = mapping_of(value).get("type")
    return isinstance(kind, str) and kind in _PAYLOADS and kind in mapping_of(value)


def checked(messages: Messages) -> list[MessageParam]:
    """The same messages as plain mappings, or `InvalidMessageError` naming the first wrong place. Nothing is copied
    but messages of earlier results, and nothing of the caller's is changed."""
    if isinstance(messages, (str, bytes, Mapping)) or not isinstance(cast("object", messages), Iterable):
        kind = its_type(cast("object", messages))
        raise InvalidMessageError(
            f'messages must be a list of messages, not {kind}; write [{{"role": "user", "content": ...}}]'
        )
    made = [message if is_plain(message) else _message(index, message) for index, message in enumerate(messages)]
    found = cast("list[MessageParam]", made)
    return _paired(found) if "function" in [message["role"] for message in found] else found


def is_plain(message: Message) -> TypeGuard[PlainMessage]:
    """Whether it is a role and a text and no more, as most are: nothing can be wrong with it, nothing be missing."""
    return (
        type(message) is dict
        and message.keys() == _ROLE_AND_CONTENT
        and isinstance(message["content"], str)
        and message["role"] in _MAY_BE_PLAIN
    )


def _paired(messages: list[MessageParam]) -> list[MessageParam]:
    """A function's answer to a call that is a tool call too, as the tool's: so the call keeps what the vendor signed.
    Other calls of that message are left out, since a program that knows functions answers one."""
    made = list(messages)
    for place, (before, message) in enumerate(pairwise(messages)):
        if message["role"] != "function" or before["role"] != "assistant":
            continue
        for call in before.get("tool_calls") or ():
            if mapping_of(call.get("function")).get("name") == message["name"]:
                content = message["content"] or ""
                answer: ToolMessage = {"role": "tool", "tool_call_id": call["id"], "content": content}
                made[place : place + 2] = [{**before, "tool_calls": [call]}, answer]
                break
    return made


def _message(index: int, message: object) -> Mapping[str, object]:
    fields = message if is_mapping(message) else _plain(index, message)
    role = fields.get("role")
    if role not in ROLES:
        raise InvalidMessageError(_wrong_role(index, fields))
    where = f"messages[{index}]"
    content = fields.get("content")
    if role == "function":
        said = _text_of_function(where, content)
        if said is not content or "content" not in fields:
            content, fields = said, {**fields, "content": said}
    if role in _ANSWERS and not (content is None or isinstance(content, str) or _is_parts(content)):
        content = _json(where, content)
        fields = {**fields, "content": content}
    if content is None:
        if role in _NEEDS_CONTENT:
            raise InvalidMessageError(f"{where}.content is missing; a {role} message needs a text or parts")
    elif not isinstance(content, str):
        _check_parts(f"{where}.content", content, may_be_empty=role not in _NEEDS_CONTENT)
    _check_rest(where, role, fields)
    if fields.get("function_call") and fields.get("tool_calls"):
        fields = _said_once(fields)
    return fields


_ARGUMENTS: Final = nullable(text_or(mapping))
_CALLED: Final = fields({"name": text}, {"arguments": _ARGUMENTS})
_CALLS: Final[Mapping[str, Form]] = {
    "function": _CALLED,
    "custom": fields({"name": text}, {"input": _MAYBE_TEXT}),
}
# What a message may have beside its role and content -> what it must be.
_REST: Final[Mapping[str, Form]] = {
    "name": text,
    "refusal": text,
    "reasoning_content": text,
    "thinking_blocks": each(mapping),
    "provider_specific_fields": mapping,
    "audio": fields({}, {"id": _MAYBE_TEXT, "transcript": _MAYBE_TEXT}),
    "cache_control": CACHE,
    "function_call": _CALLED,
}


def _said_once(fields: Mapping[str, object]) -> Mapping[str, object]:
    """A message that says a call in both the old form and the new: llama-cpp-python's, or an answer to `functions`."""
    old, calls = mapping_of(fields["function_call"]), cast("Iterable[object]", fields["tool_calls"])
    new = [mapping_of(mapping_of(call).get("function")) for call in calls]
    return {key: value for key, value in fields.items() if key != "function_call" or old not in new}


def _text_of_function(where: str, content: object) -> str | None:
    """A function's answer, which is a text: parts that are texts are joined, an object is written as JSON."""
    if content is None or isinstance(content, str):
        return content
    if content and _is_parts(content):
        parts = [mapping_of(part).get("text") for part in cast("Sequence[object]", content)]
        if not all(isinstance(part, str) for part in parts):
            raise InvalidMessageError(f"{where}.content must be a text: a function answers so; a tool may give parts")
        return "\n".join(cast("list[str]", parts))
    return _json(where, content)


def _is_parts(content: object) -> bool:
    """Whether a tool's answer is content parts: those of vendors' own have a type too."""
    return is_sequence(content) and all("type" in mapping_of(part) for part in content)


def _json(where: str, content: object) -> str:
    """A tool's answer that is neither text nor parts, as JSON."""
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(content).decode()
    except PydanticSerializationError as error:
        raise InvalidMessageError(f"{where}.content cannot be written as JSON: {error}") from error


def _check_rest(where: str, role: str, fields: Mapping[str, object]) -> None:
    if role == "tool" and not isinstance(fields.get("tool_call_id"), str):
        raise InvalidMessageError(f"{where}.tool_call_id is missing; it names the call that this answers")
    if role == "function" and not isinstance(fields.get("name"), str):
        raise InvalidMessageError(f"{where}.name is missing; it names the function that this answers")
    if (calls := fields.get("tool_calls")) is not None:
        _check_calls(f"{where}.tool_calls", calls)
    if _REST.keys().isdisjoint(fields):  # as of nearly all messages but results
        return
    for name, form in _REST.items():
        value = fields.get(name)
        if value is not None and (said := form(f"{where}.{name}", value)) is not None:
            raise InvalidMessageError(said)


def _plain(index: int, message: object) -> Mapping[str, object]:
    """A message of an earlier result, ours or another library's, as a mapping."""
    dump = getattr(message, "model_dump", None)
    if dump is None:
        hint = '; write {"role": "user", "content": ...}' if isinstance(message, str) else ""
        raise InvalidMessageError(
            f"messages[{index}] must be a mapping or a message of a result, not {its_type(message)}{hint}"
        )
    return cast("Mapping[str, object]", dump(exclude_none=True, exclude={"parsed"}))


def _wrong_role(index: int, fields: Mapping[str, object]) -> str:
    if "choices" in fields:
        return f"messages[{index}] is a whole result; append its message: response.choices[0].message"
    if "message" in fields:
        return f"messages[{index}] is a choice of a result; append its message: response.choices[0].message"
    if "role" not in fields:
        return f"messages[{index}].role is missing; it is one of {', '.join(ROLES)}"
    role = fields["role"]
    return f"messages[{index}].role is {role!r}; it is one of {', '.join(ROLES)}{nearest(role, ROLES)}"


def _check_parts(where: str, content: object, *, may_be_empty: bool) -> None:
    if not is_sequence(content):
        hint = "; put the part into a list" if is_part(content) else ""
        raise InvalidMessageError(f"{where} must be a text or a list of parts, not {its_type(content)}{hint}")
    if not content and not may_be_empty:
        raise InvalidMessageError(f"{where} is empty; write a text, or at least one part")
    for number, part in enumerate(content):
        if not is_mapping(part):
            hint = '; write {"type": "text", "text": ...}' if isinstance(part, str) else ""
            raise InvalidMessageError(f"{where}[{number}] must be a mapping with a type, not {its_type(part)}{hint}")
        kind = part.get("type")
        if not isinstance(kind, str):
            known = next((name for name in _PAYLOADS if name in part), "text")
            raise InvalidMessageError(f"{where}[{number}].type is missing; it is e.g. {known!r}")
        if (form := _PAYLOADS.get(kind)) is not None:
            _check_payload(f"{where}[{number}].{kind}", kind, form, part.get(kind))
        cache = part.get("cache_control")
        if cache and (said := CACHE(f"{where}[{number}].cache_control", cache)):
            raise InvalidMessageError(said)


def _check_payload(where: str, kind: str, form: Form, payload: object) -> None:
    if payload is None:
        raise InvalidMessageError(f"{where} is missing; a part of type {kind!r} needs it")
    if (said := form(where, payload)) is not None:
        raise InvalidMessageError(said)


def _check_calls(where: str, calls: object) -> None:
    if not is_sequence(calls):
        raise InvalidMessageError(f"{where} must be a list, not {its_type(calls)}")
    for number, call in enumerate(calls):
        fields = mapping_of(call)
        if not isinstance(fields.get("id"), str):
            raise InvalidMessageError(f"{where}[{number}].id is missing; the tool's answer refers to it")
        kind = str(fields.get("type") or "function")
        if (said := _CALLS.get(kind, _CALLED)(f"{where}[{number}].{kind}", fields.get(kind, {}))) is not None:
            raise InvalidMessageError(said)
