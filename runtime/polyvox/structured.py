"""`response_format`: a type or a schema on the way out, a checked object on the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic_core import from_json, to_json

from .call import Format
from .errors import InvalidRequestError, StructuredOutputError
from .shapes import is_list, is_mapping, mapping_of

if TYPE_CHECKING:
    from polyvox_wire.support import Wire

    from .results import ChatCompletion, Choice, ParsedChatCompletion


def wanted(response_format: object) -> Format | None:
    """What the caller wants, from a type, an OpenAI-style mapping or a bare JSON Schema."""
    if response_format is None:
        return None
    if isinstance(response_format, Mapping):
        return _from_mapping(cast("Mapping[str, object]", response_format))
    return _from_type(response_format)


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
    if not isinstance(inner, Mapping):
        raise InvalidRequestError("response_format.json_schema is missing", param="response_format")
    described = cast("Mapping[str, object]", inner)
    return Format(
        "json_schema",
        name=str(described.get("name") or "response"),
        schema=cast("Mapping[str, object]", described.get("schema") or {}),
        strict=cast("bool | None", described.get("strict")),
        description=cast("str | None", described.get("description")),
    )


def _from_type(wanted_type: object) -> Format:
    from pydantic import PydanticUserError, TypeAdapter

    if isinstance(wanted_type, str) or (hasattr(wanted_type, "model_dump") and not isinstance(wanted_type, type)):
        raise InvalidRequestError(
            f"response_format is a type, or a mapping such as {{'type': 'json_object'}}, not {wanted_type!r}",
            param="response_format",
        )
    try:
        adapter = TypeAdapter(cast("type[object]", wanted_type))
        schema = adapter.json_schema()
    except PydanticUserError as error:
        raise InvalidRequestError(f"response_format cannot be described: {error.message}") from error
    name = _safe(getattr(wanted_type, "__name__", "response"))
    if schema.get("type") == "object" or "$ref" in schema:
        return Format("json_schema", name=name, schema=strict(schema), strict=True, parse=adapter.validate_json)

    def parse(text: str) -> object:
        return adapter.validate_json(_unwrapped(text))

    return Format("json_schema", name=name, schema=strict(_wrapped(schema)), strict=True, parse=parse)


def _wrapped(schema: dict[str, object]) -> dict[str, object]:
    """Vendors want an object at the root: a list, a union or a number becomes its only property."""
    definitions = schema.pop("$defs", None)
    wrapped: dict[str, object] = {"type": "object", "properties": {"value": schema}, "required": ["value"]}
    return wrapped if definitions is None else {**wrapped, "$defs": definitions}


def _unwrapped(text: str) -> bytes | str:
    try:
        found = mapping_of(from_json(text))
    except ValueError:
        return text  # the type says what is wrong with it
    return to_json(found["value"]) if "value" in found else text


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-" else "_" for letter in name)[:64] or "response"


def strict(schema: object) -> dict[str, object]:
    """The schema in the form that strict modes take: every property required, none beside them, no defaults.

    What callers' types allow to be absent, the model then always writes; the type reads both.
    """
    root = mapping_of(schema)
    definitions = mapping_of(root.get("$defs"))
    name = str(root.get("$ref", "")).removeprefix("#/$defs/")
    if name in definitions:  # a type that holds itself: vendors want an object at the root, not a reference
        schema = {**mapping_of(definitions[name]), "$defs": definitions}
    return cast("dict[str, object]", _strict(schema))


def _strict(node: object) -> object:
    if isinstance(node, list):
        return [_strict(item) for item in cast("list[object]", node)]
    if not isinstance(node, dict):
        return node
    schema = cast("dict[str, object]", node)
    if isinstance(schema.get("$ref"), str):
        return {"$ref": schema["$ref"]}  # keywords beside a reference are refused
    kept = {key: _strict_value(key, value) for key, value in schema.items() if key not in ("default", "discriminator")}
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
    properties = kept.get("properties")
    if isinstance(properties, dict):
        kept["required"] = list(cast("dict[str, object]", properties))
        kept["additionalProperties"] = False
    return kept


def _strict_value(key: str, value: object) -> object:
    if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
        return {name: _strict(inner) for name, inner in cast("dict[str, object]", value).items()}
    return value if key in ("enum", "const", "required") else _strict(value)


def closed(schema: Mapping[str, object]) -> dict[str, object]:
    """The schema with every object closed to other properties, which Anthropic's models demand."""
    return cast("dict[str, object]", _closed(schema))


def _closed(node: object) -> object:
    if is_list(node):
        return [_closed(item) for item in node]
    if not is_mapping(node):
        return node
    fields = {key: _closed(value) for key, value in node.items()}
    if fields.get("type") == "object" and isinstance(fields.get("properties"), dict):
        fields.setdefault("additionalProperties", False)
    return fields


def parsed(completion: ChatCompletion, wanted_format: Format, model: str) -> ParsedChatCompletion[object]:
    """The same answer with `message.parsed` on each choice.

    Raises:
        StructuredOutputError: the text is cut off, is no JSON, or does not fit the type.
    """
    from .results import ParsedChatCompletion, ParsedChatCompletionMessage, ParsedChoice

    choices: list[ParsedChoice[object]] = []
    for choice in completion.choices:
        message = choice.message
        silent = message.content is None or bool(message.refusal)
        value = None if silent else _read(completion, choice, wanted_format, model)
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


def _read(completion: ChatCompletion, choice: Choice, wanted_format: Format, model: str) -> object:
    from pydantic import ValidationError

    text = choice.message.content
    if wanted_format.parse is None or not text:
        return None
    try:
        return wanted_format.parse(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the answer"
        reason = _reason(choice.finish_reason, first["type"])
        raise _misfit(completion, reason, f"{place}: {first['msg']}", model) from error


Reason = Literal["truncated", "invalid_json", "schema_mismatch"]


def _reason(finish_reason: str | None, kind: str) -> Reason:
    if finish_reason == "length":
        return "truncated"
    return "invalid_json" if kind == "json_invalid" else "schema_mismatch"


_SAYS = {
    "truncated": "the token limit cut the answer off before it was complete; raise max_tokens",
    "invalid_json": "the answer is not JSON",
    "schema_mismatch": "the answer does not fit response_format",
}


def _misfit(completion: ChatCompletion, reason: Reason, detail: str, model: str) -> StructuredOutputError:
    error = StructuredOutputError(
        f"{_SAYS[reason]} ({detail})",
        provider=completion.provider,
        model=model,
        request_id=completion.request_id,
    )
    error.reason, error.completion = reason, completion
    return error
