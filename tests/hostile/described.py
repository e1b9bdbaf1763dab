"""Whether a vendor's own compiled description accepts a body: the cut in `specs/`, with its overlay, as JSON Schema.

tests/recordings/test_described.py holds this against what vendors really answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final, cast

import jsonschema_rs

from codegen import overlay, read, sources
from polyvox.shapes import is_list, is_mapping
from polyvox_wire.openai.requests import CreateChatCompletionRequest
from tests.mapping.asking import HELLO, Json

SPECS: Final = Path(__file__).parents[2] / "specs"
_BOUNDS: Final = frozenset(
    {
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"),
        *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    }
)
"""How much of a thing there may be is for the vendor to say, when it is asked: each model has bounds of its own."""
_SAID_OF: Final = frozenset({"discriminator", "nullable", "default", "readOnly", "writeOnly", "deprecated", "xml"})

# A gateway's description is of some of its models; what others have goes to it as it is. So nobody can judge here
# parts and tools of types that OpenAI has not, and words that name what the gateway sells or its models know.
_PARTS: Final = frozenset({"text", "refusal", "image_url", "input_audio", "file"})
_TOOLS: Final = frozenset({"function", "custom"})
_WORDS: Final = {"detail": "auto", "format": "wav"}
_OPEN: Final = frozenset({"service_tier", "modalities"})
NARROWER: Final[Mapping[tuple[str, str], str]] = {
    ("huggingface", "logit_bias"): "described as a list, which the server that it is said of does not read",
    ("anthropic", "fallbacks"): "what stands in its entries is lost when the description is compiled",
}
"""Fields that are not judged, and why."""


def complaints(vendor: str, body: Json) -> list[str]:
    """What the description has against a body: the field, and more. Where a gateway's says less than OpenAI's, whose
    requests the gateway promises to take (and takes, in recorded traffic), OpenAI's holds too: for a field, or for one
    message."""
    body = {name: value for name, value in body.items() if (vendor, name) not in NARROWER}
    if _validator(vendor).is_valid(body):
        return []
    if not _is_gateway(vendor):
        found = _validator(vendor).iter_errors(body)
        return [f"{'.'.join(map(str, one.instance_path))}: {one.message}" for one in found]
    alone = [(name, {"model": body["model"], "messages": HELLO, name: value}) for name, value in _fields(body)]
    return [f"{name}: {piece[name]}" for name, piece in alone if not _taken(vendor, name, piece)]


def _taken(vendor: str, name: str, body: Json) -> bool:
    openai = name in CreateChatCompletionRequest.__annotations__ and _validator("openai").is_valid(body)
    return openai or _validator(vendor).is_valid(body)


def _fields(body: Json) -> Iterator[tuple[str, object]]:
    """The fields of a gateway's body, each message by itself, as far as they can be judged."""
    for name, value in body.items():
        if name == "messages":
            yield from ((name, [_known(message)]) for message in cast("list[Json]", value))
        elif name == "tools":
            yield name, [tool for tool in cast("list[Json]", value) if tool["type"] in _TOOLS]
        elif name not in _OPEN:
            yield name, value


def _known(message: Json) -> Json:
    content = message.get("content")
    if not is_list(content):
        return message
    parts = [_worded(part) for part in cast("list[Json]", content) if part["type"] in _PARTS]
    return {**message, "content": parts or "x"}


def _worded(part: Json) -> Json:
    kind = str(part["type"])
    if not is_mapping(payload := part[kind]):
        return part
    known = {key: word for key, word in _WORDS.items() if isinstance(payload.get(key), str)}
    return {**part, kind: {**payload, **known}}


@cache
def _is_gateway(vendor: str) -> bool:
    return sources.load(SPECS / vendor).dialect is not None


@cache
def _validator(vendor: str) -> jsonschema_rs.Validator:
    source = sources.load(SPECS / vendor)
    document = overlay.apply(read.description(SPECS / (source.base or vendor)), SPECS / vendor / "overlay.yaml")
    root = read.roots_of(document, ("request",))["request"]
    components = _plain(document["components"])
    return jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{root}", "components": components})


def _plain(schema: object) -> object:
    """JSON Schema of an OpenAPI schema. One of several is any of them: which, is no question of what is accepted."""
    if is_list(schema):
        return [_plain(one) for one in schema]
    if not is_mapping(schema):
        return schema
    made: dict[str, object] = {}
    for key, value in schema.items():
        match key:
            case "properties" | "schemas" if is_mapping(value):
                made[key] = {name: _plain(one) for name, one in value.items()}
            case "enum" | "const" | "required":
                made[key] = value
            case "oneOf":
                made["anyOf"] = _plain(value)
            case _ if key not in _BOUNDS | _SAID_OF:
                made[key] = _plain(value)
            case _:
                pass
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made
