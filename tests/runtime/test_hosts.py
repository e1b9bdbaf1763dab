"""Which address is called: arguments, environment, whole endpoints, and addresses that are refused."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import InvalidRequestError
from polyvox.addressing import endpoint
from polyvox.call import Vendor
from polyvox.natives import NATIVE
from polyvox_wire.gateways import GATEWAYS, Gateway
from tests.mapping.asking import HELLO, Json, Wire, request

ROWS: Final[list[Vendor | Gateway]] = [*NATIVE.values(), *GATEWAYS.values()]

BASES: Final[list[tuple[str, str, str]]] = [
    ("openai:m", "https://h.test/v1", "https://h.test/v1/chat/completions"),
    ("openai:m", "https://h.test/v1/", "https://h.test/v1/chat/completions"),
    ("openai:m", "https://h.test", "https://h.test/chat/completions"),
    ("openai:m", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"),
    ("openai:m", "http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
    ("openai:m", "https://h.test/v1/chat/completions", "https://h.test/v1/chat/completions"),
    ("openai:m", "https://h.test/v1/chat/completions/", "https://h.test/v1/chat/completions"),
    (
        "openai:m",
        "https://h.test/chat/completions?api-version=1",
        "https://h.test/chat/completions?api-version=1",
    ),
    ("openai:m", "https://h.test/v1?tenant=a", "https://h.test/v1/chat/completions?tenant=a"),
    ("groq:m", "https://proxy.test/groq", "https://proxy.test/groq/chat/completions"),
    ("anthropic:m", "https://h.test", "https://h.test/v1/messages"),
    ("anthropic:m", "https://h.test/v1", "https://h.test/v1/messages"),
    ("anthropic:m", "https://h.test/v1/messages", "https://h.test/v1/messages"),
    ("anthropic:m", "https://h.test/anthropic", "https://h.test/anthropic/v1/messages"),
    ("gemini:m", "https://h.test/v1beta", "https://h.test/v1beta/models/m:generateContent"),
    ("gemini:m", "https://h.test/v1beta/models/m:generateContent", "https://h.test/v1beta/models/m:generateContent"),
    ("gemini:m", "https://h.test/v1?key=a", "https://h.test/v1/models/m:generateContent?key=a"),
]


@pytest.mark.parametrize("name", ["api_base", "base_url"])
@pytest.mark.parametrize(("model", "base", "url"), BASES)
def test_a_base_or_a_whole_address_under_both_names(name: str, model: str, base: str, url: str) -> None:
    assert str(request(model, HELLO, **{name: base}).url) == url


STREAMS: Final = [
    ("gemini:m", "https://h.test/v1beta", "https://h.test/v1beta/models/m:streamGenerateContent?alt=sse"),
    (
        "gemini:m",
        "https://h.test/v1beta/models/m:generateContent",
        "https://h.test/v1beta/models/m:streamGenerateContent?alt=sse",
    ),
    ("gemini:m", "https://h.test/v1?a=b", "https://h.test/v1/models/m:streamGenerateContent?alt=sse&a=b"),
    ("openai:m", "https://h.test/v1?a=b", "https://h.test/v1/chat/completions?a=b"),
]


@pytest.mark.parametrize(("model", "base", "url"), STREAMS)
def test_the_address_of_a_stream(model: str, base: str, url: str) -> None:
    wire = Wire()
    wire.ask_streamed(model, HELLO, api_base=base)
    assert str(wire.requests[-1].url) == url


def test_the_same_address_under_both_names() -> None:
    both: Json = {"api_base": "https://h.test", "base_url": "https://h.test"}
    assert request("openai:m", HELLO, **both).url.host == "h.test"


def test_two_addresses_are_an_error() -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match="api_base and base_url are one parameter and differ"):
        wire.ask("openai:m", HELLO, api_base="https://a.test", base_url="https://b.test")
    assert wire.requests == []


VARIABLES: Final = [(row.name, name) for row in ROWS for name in row.base_variables]


@pytest.mark.parametrize(("provider", "variable"), VARIABLES)
def test_the_environment_may_say(provider: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEXAI_PROJECT", "p1")
    monkeypatch.setenv(variable, "https://h.test/v1")
    assert request("m", HELLO, provider=provider).url.host == "h.test"
    assert request("m", HELLO, provider=provider, api_base="https://argument.test/v1").url.host == "argument.test"


@pytest.mark.parametrize("blank", ["", " \n"], ids=repr)
def test_a_blank_variable_says_nothing(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", blank)
    assert request("openai:m").url.host == "api.openai.com"


def test_openais_address_in_the_environment_is_openais_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://h.test/v1")
    for row in GATEWAYS.values():
        if row.base_url and "{" not in row.base_url:
            assert request(f"{row.name}:m").url.host != "h.test"


# Clouds have a host for each region.
OF_A_REGION: Final = {row.name for row in NATIVE.values() if row.regional_url}
HOMELESS: Final = [row for row in ROWS if row.base_url is None and row.name not in OF_A_REGION]


@pytest.mark.parametrize("provider", [row.name for row in HOMELESS])
def test_a_self_hosted_provider_without_an_address_is_an_error(provider: str) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match="api_base") as caught:
        wire.ask(f"{provider}:m")
    assert wire.requests == []
    assert caught.value.provider == provider


@pytest.mark.parametrize("row", [row for row in HOMELESS if row.base_variables], ids=lambda row: row.name)
def test_the_error_names_the_variables_that_could_say(row: object) -> None:
    name, variables = getattr(row, "name", ""), getattr(row, "base_variables", ())
    with pytest.raises(InvalidRequestError) as caught:
        request(f"{name}:m")
    for variable in variables:
        assert variable in str(caught.value)


REFUSED: Final = {
    "no scheme": "h.test/v1",
    "another scheme": "ftp://h.test/v1",
    "file": "file:///etc/passwd",
    "no host": "https:///v1",
    "scheme only": "https://",
    "a name": "localhost",
    "a port that is none": "https://h.test:port/v1",
    "port 0": "https://h.test:0/v1",
    "too high a port": "https://h.test:99999/v1",
    "line break": "https://h.test/v1\nX-Evil: 1",
    "carriage return": "https://h.test/v1\rX-Evil: 1",
    "tab": "https://h.te\tst/v1",
    "space": "https://h.test/v 1",
    "null": "https://h.test/\x00",
    "user name": "https://user@h.test/v1",
    "password": "https://user:password@h.test/v1",
    "fragment": "https://h.test/v1#x",
    "broken brackets": "https://[::1/v1",
}


# Ollama's own tools are not as strict with OLLAMA_HOST: no scheme, no host and brackets are filled in.
OLLAMA_TAKES: Final = {
    "h.test/v1": "http://h.local:11434/api/chat",
    "localhost": "http://localhost:11434/api/chat",
    "https:///v1": "https://127.0.0.1/api/chat",
    "https://[::1/v1": "https://[::1]/api/chat",
}


@pytest.mark.parametrize("provider", [*NATIVE, "vllm"])
@pytest.mark.parametrize("base", REFUSED.values(), ids=REFUSED)
def test_an_address_that_is_none(provider: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEXAI_PROJECT", "p1")
    wire = Wire()
    if provider == "ollama" and base in OLLAMA_TAKES:
        wire.ask("m", HELLO, provider=provider, api_base=base.replace("h.test", "h.local"))
        assert str(wire.requests[-1].url) == OLLAMA_TAKES[base]
        return
    with pytest.raises(InvalidRequestError, match="api_base") as caught:
        wire.ask("m", HELLO, provider=provider, api_base=base)
    assert wire.requests == []
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize("base", ["ftp://h.test", "https://h.test\nx"])
@pytest.mark.parametrize("row", [*NATIVE.values(), GATEWAYS["vllm"]], ids=lambda row: row.name)
def test_an_address_from_the_environment_is_checked_too(
    row: Vendor | Gateway, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERTEXAI_PROJECT", "p1")
    monkeypatch.setenv(row.base_variables[0], base)
    with pytest.raises(InvalidRequestError, match="is not an http"):
        request("m", HELLO, provider=row.name)


MODELS: Final = ["a b", "a?b=c", "a#b", "..", "../../secret", "a/../../../secret", "models/a b", "projects/../../b"]
# Provider with its model in the path, settings -> how the path begins and ends, and the query.
PATHS: Final[dict[str, tuple[Json, str, str, bytes]]] = {
    "gemini": ({}, "/v1/models/", ":generateContent", b""),
    "vertexai": ({}, "/v1/publishers/google/models/", ":generateContent", b""),
    "vertexaianthropic": (
        {"vertex_project": "p1"},
        "/v1/projects/p1/locations/global/publishers/anthropic/models/",
        ":rawPredict",
        b"",
    ),
    "azure": ({"api_version": "1"}, "/v1/openai/deployments/", "/chat/completions", b"api-version=1"),
    "bedrock": ({}, "/v1/model/", "/converse", b""),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("provider", PATHS)
def test_a_models_name_cannot_change_the_address(provider: str, model: str) -> None:
    settings, begins, ends, query = PATHS[provider]
    try:
        url = request(model, HELLO, provider=provider, api_base="https://h.test/v1", **settings).url
    except InvalidRequestError:
        assert ".." in model
        return
    assert url.host == "h.test"
    assert url.path.startswith(begins)
    assert url.path.endswith(ends)
    assert not {".", ".."} & set(url.raw_path.decode().partition("?")[0].split("/"))
    assert (url.query, url.fragment) == (query, "")


@pytest.mark.parametrize(("_", "base", "url"), [case for case in BASES if case[0] == "openai:m"])
def test_endpoint(_: str, base: str, url: str) -> None:
    assert endpoint(base.rstrip("/"), "/chat/completions") == url
