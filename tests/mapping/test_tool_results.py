"""A tool's answer as text, JSON and images x every vendor with a mapping: what is on the wire, or why it is refused.

`test_parts.py` has all parts of such an answer one by one, `test_gemini_messages.py` what Gemini 3 does otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Final, TypeAlias, cast

import pytest

from polyvox import UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire
from tests.mapping.test_parts import CALLED, LOOK, MODELS, PARTS, PNG, PNG_URL, SETTINGS

ID: Final = "abcdefghi"
RESULTS: Final[Mapping[str, object]] = {
    "text": "A cat.",
    "JSON in a text": '{"animal": "cat"}',
    "an object": {"animal": "cat"},
    "a list": [1, None, {"animal": "cat"}],
    "an image": [LOOK, PARTS["image inline"]],
}
REFUSED: Final = "messages[2].content[1] (image_url)"

Row: TypeAlias = "dict[str, Json | str]"
"""What becomes of each result: the message, or the reason why it is refused."""


def _as_text(around: Json, image: Json | str) -> Row:
    """Of the many that take JSON as text: as the caller wrote it, or as short as it can be written."""
    return {
        "text": {**around, "content": "A cat."},
        "JSON in a text": {**around, "content": '{"animal": "cat"}'},
        "an object": {**around, "content": '{"animal":"cat"}'},
        "a list": {**around, "content": '[1,null,{"animal":"cat"}]'},
        "an image": image if isinstance(image, str) else {**around, **image},
    }


_OF_OPENAI: Final[Json] = {"role": "tool", "tool_call_id": ID}
_OF_OLLAMA: Final[Json] = {"role": "tool", "tool_name": "look"}


def _of_claude(content: object) -> Json:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": ID, "content": content}]}


def _of_gemini(response: Json, *beside: Json) -> Json:
    return {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": response}}, *beside]}


def _of_bedrock(*content: Json) -> Json:
    return {"role": "user", "content": [{"toolResult": {"toolUseId": ID, "content": list(content)}}]}


_CLAUDE: Final[Row] = {
    "text": _of_claude("A cat."),
    "JSON in a text": _of_claude('{"animal": "cat"}'),
    "an object": _of_claude('{"animal":"cat"}'),
    "a list": _of_claude('[1,null,{"animal":"cat"}]'),
    "an image": _of_claude(
        [LOOK, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]
    ),
}
_GEMINI: Final[Row] = {
    "text": _of_gemini({"output": "A cat."}),
    "JSON in a text": _of_gemini({"animal": "cat"}),
    "an object": _of_gemini({"animal": "cat"}),
    "a list": _of_gemini({"output": [1, None, {"animal": "cat"}]}),
    "an image": _of_gemini({"output": "Look:"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}),
}
_BEDROCK: Final[Row] = {
    "text": _of_bedrock({"text": "A cat."}),
    "JSON in a text": _of_bedrock({"text": '{"animal": "cat"}'}),
    "an object": _of_bedrock({"text": '{"animal":"cat"}'}),
    "a list": _of_bedrock({"text": '[1,null,{"animal":"cat"}]'}),
    "an image": _of_bedrock({"text": "Look:"}, {"image": {"source": {"bytes": PNG}, "format": "png"}}),
}
ROWS: Final[Mapping[str, Row]] = {
    **{
        vendor: _as_text(_OF_OPENAI, f"{vendor} takes text in a message of role 'tool'")
        for vendor in ("openai", "azure", "azure_ai")
    },
    **dict.fromkeys(("anthropic", "azureanthropic", "vertexaianthropic"), _CLAUDE),
    **dict.fromkeys(("gemini", "vertexai"), _GEMINI),
    "bedrock": _BEDROCK,
    "mistral": _as_text(_OF_OPENAI, {"content": [LOOK, {"type": "image_url", "image_url": PNG_URL}]}),
    "cohere": _as_text(_OF_OPENAI, "a tool's answer to Cohere is text"),
    "ollama": _as_text(_OF_OLLAMA, {"content": "Look:", "images": [PNG]}),
}


def test_no_row_is_missing() -> None:
    assert ROWS.keys() == MODELS.keys()
    assert all(row.keys() == RESULTS.keys() for row in ROWS.values())


@pytest.mark.parametrize(("vendor", "name"), list(product(ROWS, RESULTS)))
def test_result_of_a_tool(vendor: str, name: str) -> None:
    expected, wire = ROWS[vendor][name], Wire()
    messages: list[Json] = [*HELLO, CALLED, {"role": "tool", "tool_call_id": ID, "content": RESULTS[name]}]
    if isinstance(expected, str):
        with pytest.raises(UnsupportedParamsError) as caught:
            wire.ask(MODELS[vendor], messages, provider=vendor, **SETTINGS.get(vendor, {}))
        assert caught.value.param == REFUSED
        assert expected in str(caught.value)
        assert wire.requests == []
    else:
        wire.ask(MODELS[vendor], messages, provider=vendor, **SETTINGS.get(vendor, {}))
        turns = cast("list[Json]", wire.body.get("messages") or wire.body["contents"])
        assert turns[-1] == expected
