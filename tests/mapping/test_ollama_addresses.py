"""Ollama: where the server is, in every form in which its own tools take that, and the key of ollama.com."""

from __future__ import annotations

from typing import Final

import httpx2
import pytest

from polyvox import Client, InvalidRequestError
from tests.mapping.asking import HELLO, KEY
from tests.mapping.test_ollama_parameters import OLLAMA

# What stands in OLLAMA_HOST, OLLAMA_API_BASE or `api_base`, and what is called, but for the path.
ADDRESSES: Final = {
    "box": "http://box:11434",
    "box:8080": "http://box:8080",
    "10.0.0.7": "http://10.0.0.7:11434",
    "10.0.0.7:8080": "http://10.0.0.7:8080",
    "localhost": "http://localhost:11434",
    "0.0.0.0": "http://127.0.0.1:11434",
    "0.0.0.0:8080": "http://127.0.0.1:8080",
    "http://0.0.0.0:11434": "http://127.0.0.1:11434",
    ":8080": "http://127.0.0.1:8080",
    "::1": "http://[::1]:11434",
    "[::1]": "http://[::1]:11434",
    "[::1]:8080": "http://[::1]:8080",
    "::": "http://[::1]:11434",
    "[::]:8080": "http://[::1]:8080",
    "http://[fe80::7]:8080": "http://[fe80::7]:8080",
    "http://box:11434": "http://box:11434",
    "http://box:11434/": "http://box:11434",
    "http://box": "http://box",
    "https://box.test": "https://box.test",
    "https://box.test:8443/ollama": "https://box.test:8443/ollama",
    "box/ollama": "http://box:11434/ollama",
    "ollama.com": "https://ollama.com",
    "https://ollama.com": "https://ollama.com",
    "https://ollama.com/api": "https://ollama.com",
    "http://box:11434/api": "http://box:11434",
    "http://box:11434/api/": "http://box:11434",
    "http://box:11434/api/chat": "http://box:11434",
    "http://box:11434/v1": "http://box:11434",
    "http://box:11434/v1/": "http://box:11434",
    "http://box:11434/v1/chat/completions": "http://box:11434",
    "https://box.test/ollama/v1": "https://box.test/ollama",
    "box:8080/v1": "http://box:8080",
    ' "box:8080" ': "http://box:8080",
}


def _request(**parameters: object) -> httpx2.Request:
    wire = OLLAMA.wire()
    wire.ask(OLLAMA.model, **parameters)
    return wire.requests[-1]


@pytest.mark.parametrize("given", ADDRESSES)
def test_the_argument(given: str) -> None:
    assert str(_request(api_base=given).url) == f"{ADDRESSES[given]}/api/chat"


@pytest.mark.parametrize("given", ADDRESSES)
@pytest.mark.parametrize("variable", ["OLLAMA_HOST", "OLLAMA_API_BASE"])
def test_the_environment(variable: str, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, given)
    assert str(_request().url) == f"{ADDRESSES[given]}/api/chat"


@pytest.mark.parametrize("blank", ["", "  ", "''"])
def test_nothing_is_the_usual_server(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", blank)
    assert str(_request().url) == "http://localhost:11434/api/chat"


def test_the_argument_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "box")
    assert str(_request(base_url="other:1").url) == "http://other:1/api/chat"


@pytest.mark.parametrize("given", ["http://", "box:port", "box:99999", "ftp://box", "me:secret@box", "a b"])
def test_what_is_no_address(given: str) -> None:
    with pytest.raises(InvalidRequestError, match="api_base"):
        _request(api_base=given)


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(InvalidRequestError, match="must not hold a user name") as caught:
        _request(api_base="http://me:secret@box:11434")
    assert "secret" not in str(caught.value)


def test_a_key_is_sent_where_one_is_given() -> None:
    assert _request().headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("key", "sends"), [(None, None), ("env-key", "Bearer env-key")])
def test_no_key_is_needed(key: str | None, sends: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if key is not None:
        monkeypatch.setenv("OLLAMA_API_KEY", key)
    seen: list[str | None] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(200, json=OLLAMA.reply)

    with Client(transport=httpx2.MockTransport(answer)) as client:
        client.completion(OLLAMA.model, HELLO)
    assert seen == [sends]
