"""Marks of what to cache: Anthropic and Bedrock know them; everybody else says so, and sends the part without one."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import UnsupportedParamsError
from tests.mapping.asking import Json, Wire, sent

MARK: Final[Json] = {"cache_control": {"type": "ephemeral"}}
TEXT: Final[Json] = {"type": "text", "text": "Hi"}
MARKED: Final[list[Json]] = [{"role": "user", "content": [{**TEXT, **MARK}]}]
PLAIN: Final[list[Json]] = [{"role": "user", "content": [TEXT]}]

WITHOUT: Final = (
    *("openai:m", "azure_ai:m", "gemini:m", "mistral:m", "cohere:m", "ollama:m", "gigachat:m", "heroku:m"),
    *("liner:search", "langgraph:agent", "triton:m", "text-completion-openai:m"),
)


@pytest.mark.parametrize("model", WITHOUT)
def test_a_mark_is_refused_or_dropped(model: str) -> None:
    base = {} if model.startswith("liner") else {"api_base": "https://h.test/v1"}
    with pytest.raises(UnsupportedParamsError, match=r"messages\[0\]\.content\[0\]\.cache_control"):
        sent(model, MARKED, **base)
    wire = Wire()
    answer = wire.ask(model, MARKED, drop_params=True, **base)
    assert answer.dropped_params == ("messages[0].content[0].cache_control",)
    assert wire.body == sent(model, PLAIN, **base)


@pytest.mark.parametrize("model", ["anthropic:m", "bedrock:m"])
def test_a_mark_goes_to_those_who_know_it(model: str) -> None:
    settings = {"aws_region_name": "us-east-1"} if model == "bedrock:m" else {}
    assert sent(model, MARKED, **settings) != sent(model, PLAIN, **settings)
