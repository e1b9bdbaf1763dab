"""What vendors really took, their own compiled descriptions accept: so what tests/hostile holds against these is true.

Where a description says less than its vendor takes, that stands in `TAKEN`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from polyvox.shapes import is_list, is_mapping
from tests.hostile.described import SPECS, complaints

from .corpus import FILES, JSON, Record, needs_corpus, records, report

pytestmark = needs_corpus

COMPILED: Final = frozenset(path.parent.name for path in SPECS.glob("*/source.toml"))
# Whose description holds for another house, and what is said there beside it.
ELSEWHERE: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "azure": ("openai", frozenset({"model"})),  # in the address
    "azureanthropic": ("anthropic", frozenset[str]()),
    "vertexaianthropic": ("anthropic", frozenset({"model", "anthropic_version"})),
    "vertexai": ("gemini", frozenset[str]()),
}

# (provider, field) -> what callers wrote there, which was answered all the same. polyvox writes none of it.
TAKEN: Final[Mapping[tuple[str, str], str]] = {
    ("cohere", "messages"): "an answer given back as it came, with nulls",
    ("gemini", "tools"): "types of schemas in small letters, or by number",
    ("gemini", "toolConfig"): "a mode in small letters",
    ("gemini", "systemInstruction"): "one part without a list around it",
    ("gemini", "safetySettings"): "words by number",
    ("gemini", "generationConfig"): "a level of thinking in small letters",
    ("mistral", "messages"): "sound in OpenAI's form",
    ("ollama", "format"): "an empty text",
    ("openrouter", "provider"): "prices as numbers",
    ("openrouter", "tool_choice"): "`any`",
    ("zai", "messages"): "a tool's answer that does not say to which call",
}


def sent(record: Record) -> tuple[str, JSON]:
    """Whose description holds, and the body without its nulls: null is "not given", and polyvox sends none."""
    assert record.request is not None
    vendor, beside = ELSEWHERE.get(record.provider, (record.provider, frozenset[str]()))
    body = {key: without_nulls(value) for key, value in record.request.items() if value is not None}
    own = {key: value for key, value in body.items() if key not in beside}
    return vendor, {**({"model": "m"} if "model" in beside else {}), **own}


def without_nulls(value: object) -> object:
    """Gemini's callers dump whole objects."""
    if is_mapping(value):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None or key == "content"}
    return [without_nulls(inner) for inner in value] if is_list(value) else value


def refused(file: str) -> Iterator[tuple[Record, str, str]]:
    """Records that were answered, and what their vendor's description has against them."""
    for record in records(file):
        vendor = ELSEWHERE.get(record.provider, (record.provider,))[0]
        if record.status < 300 and record.request is not None and vendor in COMPILED:
            for said in complaints(*sent(record)):
                yield record, record.provider, said


@pytest.mark.parametrize("file", FILES)
def test_a_recorded_request(file: str) -> None:
    found = [
        f"{record.id} {provider} {said[:200]}"
        for record, provider, said in refused(file)
        if (ELSEWHERE.get(provider, (provider,))[0], field(said)) not in TAKEN
    ]
    assert not found, report(found, len(records(file)))


def field(said: str) -> str:
    return said.partition(":")[0].partition(".")[0]


def test_every_exception_occurs() -> None:
    occurred = {
        (ELSEWHERE.get(provider, (provider,))[0], field(said)) for file in FILES for _, provider, said in refused(file)
    }
    assert occurred == TAKEN.keys()
