"""Mistakes that no type checker sees, or that nobody checked: refused at run time, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

import polyvox
from polyvox import AsyncClient, Client, InvalidRequestError, UnknownParameterError

MESSAGES = [{"role": "user", "content": "Hello!"}]


class City(BaseModel):
    name: str


def _nothing_is_sent(_: httpx2.Request) -> httpx2.Response:
    raise AssertionError("a request was sent")


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        pytest.param({"fallbacks": "gpt-4o"}, "fallbacks is a str; it must be a list", id="fallbacks-text"),
        pytest.param({"fallback_models": "gpt-4o"}, "fallback_models is a str; it must be a list", id="fallback-text"),
        pytest.param({"model_list": "gpt-4o"}, "model_list is a str; it must be a list", id="model_list-text"),
        pytest.param({"functions": "add"}, "functions must be a list of functions", id="functions-text"),
        pytest.param({"modalities": "text"}, "modalities is 'text'; it must be a list of texts", id="modalities-text"),
        pytest.param({"allowed_openai_params": "n"}, "allowed_openai_params is .n.; it must be", id="allowed-text"),
        pytest.param({"response_format": "json"}, "response_format is a type, or a mapping", id="format-text"),
        pytest.param({"response_format": City(name="Paris")}, "response_format is a type", id="format-instance"),
        pytest.param({"temprature": 0.2}, "did you mean 'temperature'", id="typo"),
        pytest.param({"openai": {"top_k": 40}}, "openai has no option 'top_k'", id="unknown-option"),
        pytest.param({"gemini": {"topK": 3}}, "gemini=.* is for gemini", id="option-of-another-vendor"),
    ],
)
def test_a_wrong_keyword_is_refused(keywords: dict[str, Any], says: str) -> None:
    client = Client(transport=httpx2.MockTransport(_nothing_is_sent), api_key="k", api_base="https://h.test")
    with pytest.raises(InvalidRequestError, match=says):
        client.completion("openai:gpt-4.1-mini", MESSAGES, **keywords)


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize("keywords", [{"api_keys": "k"}, {"temperature": 0.2}], ids=str)
def test_a_client_refuses_what_it_does_not_know(make: type[Client | AsyncClient], keywords: dict[str, Any]) -> None:
    with pytest.raises(UnknownParameterError, match=next(iter(keywords))):
        make(**keywords)


def test_an_exhausted_key_callable_is_not_an_answer() -> None:
    """Keys in rotation, from an iterator that has none left: its own error, not an empty answer."""
    keys: Iterator[str] = iter(())
    client = Client(
        transport=httpx2.MockTransport(_nothing_is_sent), api_key=lambda: next(keys), api_base="https://h.test"
    )
    with pytest.raises(StopIteration):
        client.completion("openai:gpt-4.1-mini", MESSAGES)


def test_a_star_import_gives_every_public_name() -> None:
    names: dict[str, object] = {}
    exec("from polyvox import *", names)
    assert {"completion", "acompletion", "Client", "AsyncClient", "APIError", "Message"} <= names.keys()
    assert all(names[name] is getattr(polyvox, name) for name in names.keys() - {"__builtins__"})
