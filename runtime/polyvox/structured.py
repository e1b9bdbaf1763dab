"""`response_format`: a type or a schema on the way out, a checked object on the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic_core import from_json, to_json

from .call import Format, Typed
from .errors import InvalidRequestError, StructuredOutputError
from .forms import fields, mapping, nullable, switch, text
from .remembering import once_each, version_of
from .schemas import Rules, Schema, rewritten
from .shapes import is_list, is_mapping, mapping_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import TypeAdapter

    from polyvox_wire.support import Wire

    from .errors import Misfit
    from .parsed_results import ParsedChatCompletion
    from .results import ChatCompletion, Choice


_SCHEMA: Final = fields(
    {},
    {
        "name": nullable(text),
        "schema": nullable(mapping),
        "strict": nullable(switch),
        "description": nullable(text),
    },
)


def wanted(response_format: object) -> tuple[Format | None, Typed | None]:
    """What the caller wants, from a type, an OpenAI-style mapping or a bare JSON Schema; with a type, what reads it."""
    if response_format is None:
        return None, None
    if isinstance(response_format, Mapping):
        return _from_mapping(cast("Mapping[str, object]", response_format)), None
    if isinstance(response_format, (str, bytes, int, float, list, tuple, set)) or _is_instance(response_format):
        raise InvalidRequestError(
            f"response_format is a type, or a mapping such as {{'type': 'json_object'}}, not {response_format!r}",
            param="response_format",
        )
    return _from_type((response_format, version_of(response_format)))


def _is_instance(given: object) -> bool:
    return hasattr(given, "model_dump") and not isinstance(given, type)


def _from_mapping(given: Mapping[str, object]) -> Format:
    kind = given.get("type")
    if kind == "text":
        return Format("text")
    if kind == "json_object":
        return Format("json_object", schema=mapping_of(given.get("schema") or given.get("response_schema")))
    if kind != "json_schema":
        if kind == "object" or "properties" in given or "$ref" in given:
            return Format("json_schema", schema=given)  # a bare JSON Schema
        raise InvalidRequestError(
            f"response_format.type is {kind!r}; it is 'text', 'json_object' or 'json_schema'", param="response_format"
        )
    inner = given.get("json_schema")
    if (said := _SCHEMA("response_format.json_schema", inner)) is not None:
        missing = "response_format.json_schema is missing"
        raise InvalidRequestError(missing if inner is None else said, param="response_format")
    described = mapping_of(inner)
    return Format(
        "json_schema",
        name=str(described.get("name") or "response"),
        schema=cast("Mapping[str, object]", described.get("schema") or {}),
        strict=cast("bool | None", described.get("strict")),
        description=cast("str | None", described.get("description")),
    )


@once_each
def _from_type(asked: tuple[object, object]) -> tuple[Format, Typed]:
    """Of a type, in its version."""
    from pydantic import PydanticUserError, TypeAdapter

    wanted_type, _ = asked
    try:
        adapter = TypeAdapter(cast("type[object]", wanted_type))
        schema = adapter.json_schema()
    except PydanticUserError as error:
        raise InvalidRequestError(f"response_format cannot be described: {error.message}") from error
    name = _safe(getattr(wanted_type, "__name__", "response"))
    inner: Callable[[str], str | bytes] = _json_of
    if schema.get("type") != "object" and "$ref" not in schema:
        schema, inner = _wrapped(schema), _unwrapped
    return Format("json_schema", name=name, schema=schema, strict=True), _typed(adapter, inner, schema)


def _wrapped(schema: dict[str, object]) -> dict[str, object]:
    """Vendors want an object at the root: a list, a union or a number becomes its only property."""
    definitions = schema.pop("$defs", None)
    wrapped: dict[str, object] = {"type": "object", "properties": {"value": schema}, "required": ["value"]}
    return wrapped if definitions is None else {**wrapped, "$defs": definitions}


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)[:64] or "response"


# --- reading ----------------------------------------------------------------------------------------------------------


def _typed(adapter: TypeAdapter[object], inner: Callable[[str], str | bytes], schema: Mapping[str, object]) -> Typed:
    """What reads the type, from the whole text and from a beginning of it; `inner` finds its JSON there."""
    from pydantic import ValidationError

    def partial(text: str) -> object:
        try:
            data: object = from_json(_json_of(text), allow_partial="trailing-strings")
        except ValueError:
            return None
        if inner is _unwrapped:
            data = mapping_of(data).get("value")
        for shorter in _ever_shorter(data):
            try:
                return adapter.validate_json(to_json(shorter))
            except ValidationError:
                continue
        return None

    @once_each
    def by_rules(rules: Rules) -> Schema | None:
        return rewritten(schema, rules)

    return Typed(whole=lambda text: adapter.validate_json(inner(text)), partial=partial, schema=by_rules)


_FENCE: Final = "```"


def _json_of(text: str) -> str:
    """The JSON in a text: models that are told in words what to write like to put a fence around it."""
    text = text.strip()
    if not text.startswith(_FENCE):
        return text
    return text.partition("\n")[2].rstrip().removesuffix(_FENCE)


def _unwrapped(text: str) -> str | bytes:
    text = _json_of(text)
    try:
        found = mapping_of(from_json(text))
    except ValueError:
        return text  # the type says what is wrong with it
    return to_json(found["value"]) if "value" in found else text


def _ever_shorter(data: object) -> list[object]:
    """The data, then without what stands last in it, from the inside out: that may be still being written."""
    if is_list(data) and data:
        return [data, *([*data[:-1], inner] for inner in _ever_shorter(data[-1])[1:]), data[:-1]]
    if is_mapping(data) and data:
        *before, (key, value) = data.items()
        return [data, *({**dict(before), key: inner} for inner in _ever_shorter(value)[1:]), dict(before)]
    return [data]


def parsed(completion: ChatCompletion, typed: Typed, model: str) -> ParsedChatCompletion[object]:
    """The same answer with `message.parsed` on each choice.

    Raises:
        StructuredOutputError: the text is cut off, was filtered, is no JSON, or does not fit the type.
    """
    from .parsed_results import ParsedChatCompletion, ParsedChatCompletionMessage, ParsedChoice

    choices: list[ParsedChoice[object]] = []
    for choice in completion.choices:
        message = choice.message
        silent = bool(message.refusal or message.tool_calls or message.function_call)
        value = None if silent else _read(completion, choice, typed, model)
        held = ParsedChatCompletionMessage[object](**_fields(message), parsed=value)
        choices.append(ParsedChoice[object](**_fields(choice, without="message"), message=held))
    result = ParsedChatCompletion[object](**_fields(completion, without="choices"), choices=choices)
    result._facts = completion._facts
    return result


def _fields(model: Wire, without: str = "") -> dict[str, Any]:
    """What to build the parsed twin of a part from; pydantic checks it again."""
    fields = {**vars(model), **(model.model_extra or {})}
    fields.pop(without, None)
    return fields


def _read(completion: ChatCompletion, choice: Choice, typed: Typed, model: str) -> object:
    from pydantic import ValidationError

    try:
        return typed.whole(choice.message.content or "")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        reason = _reason(choice.finish_reason, first["type"])
        raise _misfit(completion, choice, reason, f"{place}: {first['msg']}", model) from error


def _reason(finish_reason: str | None, kind: str) -> Misfit:
    if finish_reason == "length":
        return "truncated"
    if finish_reason == "content_filter":
        return "content_filter"
    return "invalid_json" if kind == "json_invalid" else "schema_mismatch"


_SAYS: Final[Mapping[Misfit, str]] = {
    "truncated": "the token limit cut the answer off before it was complete; raise max_tokens",
    "content_filter": "the vendor's filter stopped the answer",
    "invalid_json": "the answer is not JSON",
    "schema_mismatch": "the answer does not fit response_format",
}


def _misfit(
    completion: ChatCompletion, choice: Choice, reason: Misfit, detail: str, model: str
) -> StructuredOutputError:
    error = StructuredOutputError(
        f"{_SAYS[reason]} ({detail})",
        provider=completion.provider,
        model=model,
        request_id=completion.request_id,
    )
    error.reason, error.completion, error.text = reason, completion, choice.message.content or ""
    return error
