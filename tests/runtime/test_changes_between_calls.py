"""Addresses, providers and headers are found again from call to call by what they are made of: whatever changes between
two calls of one client is in the second request, and gone again in the third."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import Client
from tests.mapping.asking import HELLO, usual_reply

if TYPE_CHECKING:
    from polyvox import Parameters

USUAL: Final[dict[str, object]] = {"api_key": "sk-first-key"}
AT_FIRST: Final = (
    "https://api.openai.com/v1/chat/completions",
    "Bearer sk-first-key",
    None,
    "application/json",
)
IN_A_CALL: Final[list[tuple[dict[str, object], int, str]]] = [
    ({"api_key": "sk-other-key"}, 1, "Bearer sk-other-key"),
    ({"api_base": "https://proxy.example/v1"}, 0, "https://proxy.example/v1/chat/completions"),
    ({"extra_query": {"trace": "7"}}, 0, "https://api.openai.com/v1/chat/completions?trace=7"),
    ({"extra_headers": {"Authorization": "Basic own"}}, 1, "Basic own"),
    ({"extra_headers": {"accept": "text/plain"}}, 3, "text/plain"),
    ({"provider": "groq"}, 0, "https://api.groq.com/openai/v1/chat/completions"),
]
IN_THE_ENVIRONMENT: Final = [
    ("OPENAI_API_KEY", "sk-turned-key", 1, "Bearer sk-turned-key"),
    ("OPENAI_ORG_ID", "org-late", 2, "org-late"),
    ("OPENAI_BASE_URL", "https://late.example/v1", 0, "https://late.example/v1/chat/completions"),
]


class Wire:
    """One client, and what its requests carried."""

    def __init__(self) -> None:
        self.client = Client(transport=httpx2.MockTransport(self._answer))
        self._sent: list[httpx2.Request] = []

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self._sent.append(request)
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, **parameters: object) -> tuple[str | None, ...]:
        """Address, key, organisation and accepted type of one request."""
        self.client.completion("gpt-5", HELLO, **cast("Parameters", parameters))
        headers = self._sent[-1].headers
        named = ("authorization", "openai-organization", "accept")
        return (str(self._sent[-1].url), *(headers.get(name) for name in named))


@pytest.mark.parametrize(("changed", "place", "seen"), IN_A_CALL, ids=lambda value: str(value))
def test_what_one_call_says_is_that_calls_only(changed: dict[str, object], place: int, seen: str) -> None:
    wire = Wire()
    assert wire.ask(**USUAL) == AT_FIRST
    assert wire.ask(**{**USUAL, **changed})[place] == seen
    assert wire.ask(**USUAL) == AT_FIRST


@pytest.mark.parametrize(("variable", "value", "place", "seen"), IN_THE_ENVIRONMENT)
def test_the_environment_is_read_in_each_call(
    variable: str, value: str, place: int, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-first-key")
    wire = Wire()
    assert wire.ask() == AT_FIRST
    with monkeypatch.context() as later:
        later.setenv(variable, value)
        assert wire.ask()[place] == seen
    assert wire.ask() == AT_FIRST
