"""Where a key comes from, and that it goes to its own host and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import (
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    InvalidRequestError,
    MissingApiKeyError,
    UnknownProviderError,
)
from polyvox.call import Vendor
from polyvox.natives import NATIVE
from polyvox_wire.gateways import GATEWAYS, Gateway
from tests.mapping.asking import HELLO, as_bytes, usual_reply

if TYPE_CHECKING:
    from polyvox import ChatCompletion, Parameters
    from polyvox.parameters import CallParameters

MODEL: Final = "openai:gpt-5"
ROWS: Final[list[Vendor | Gateway]] = [*NATIVE.values(), *GATEWAYS.values()]
SECRET: Final = "sk-very-secret"


@dataclass
class Host:
    """Answers everybody, and keeps what it got."""

    replies: list[httpx2.Response] = field(default_factory=list[httpx2.Response])
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        """The next reply, or the usual one."""
        self.requests.append(request)
        return self.replies.pop(0) if self.replies else httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, model: str = MODEL, /, **parameters: object) -> ChatCompletion:
        """A synchronous call."""
        client = Client(transport=httpx2.MockTransport(self.answer))
        return client.completion(model, HELLO, **cast("Parameters", {"num_retries": 0, **parameters}))

    async def aask(self, model: str = MODEL, /, **parameters: object) -> ChatCompletion:
        """An asynchronous call."""
        async with AsyncClient(transport=httpx2.MockTransport(self.answer)) as client:
            return await client.completion(model, HELLO, **cast("Parameters", {"num_retries": 0, **parameters}))

    @property
    def headers(self) -> httpx2.Headers:
        """Of the last request."""
        return self.requests[-1].headers


HEADERS: Final = {
    "openai": ("openai:m", "authorization", "Bearer k1"),
    "anthropic": ("anthropic:m", "x-api-key", "k1"),
    "gemini": ("gemini:m", "x-goog-api-key", "k1"),
    "gateway": ("groq:m", "authorization", "Bearer k1"),
}


@pytest.mark.parametrize(("model", "header", "value"), HEADERS.values(), ids=HEADERS)
def test_the_header_that_carries_it(model: str, header: str, value: str) -> None:
    host = Host()
    host.ask(model, api_key="k1")
    assert host.headers[header] == value
    others = {"authorization", "x-api-key", "x-goog-api-key"} - {header}
    assert not others & set(host.headers)
    assert "k1" not in str(host.requests[-1].url)


@pytest.mark.parametrize("key", [" k1 ", "k1\n", "\tk1\r\n"])
def test_space_around_a_key_is_no_part_of_it(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    host.ask(api_key=key)
    assert host.headers["authorization"] == "Bearer k1"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    host.ask()
    assert host.headers["authorization"] == "Bearer k1"


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])
def test_a_token_of_a_login_goes_another_way_than_a_key(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "k1")
    host = Host()
    host.ask("anthropic:m")
    token = variable == "ANTHROPIC_AUTH_TOKEN"
    assert host.headers.get("authorization") == ("Bearer k1" if token else None)
    assert host.headers.get("x-api-key") == (None if token else "k1")


def test_the_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k2")
    host = Host()
    host.ask(api_key="k1")
    assert host.headers["authorization"] == "Bearer k1"


@pytest.mark.parametrize(
    ("model", "variable", "status"),
    [
        ("openai:m", "OPENAI_API_KEY", 401),
        ("anthropic:m", "ANTHROPIC_API_KEY", 401),
        ("gemini:m", "GOOGLE_API_KEY", 403),
        ("azure:m", "AZURE_API_KEY", 401),
        ("bedrock:m", "AWS_BEARER_TOKEN_BEDROCK", 403),
        ("groq:m", "GROQ_API_KEY", 401),
    ],
)
def test_a_key_that_is_refused_is_said_to_be_that_of_its_variable(
    model: str, variable: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, SECRET)
    host = Host([httpx2.Response(status, json={"error": {"message": "No."}}) for _ in range(2)])
    with pytest.raises(APIError) as caught:
        host.ask(model, api_base="https://h.test")
    assert caught.value.message == f"No.; the key is that of {variable}"
    with pytest.raises(APIError) as caught:
        host.ask(model, api_base="https://h.test", api_key="own")
    assert caught.value.message == "No.", "the caller knows which he gave"


def test_a_variable_that_no_header_can_carry_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "one\ntwo")
    with pytest.raises(InvalidRequestError, match=r"^OPENAI_API_KEY has characters that no header .authorization. can"):
        Host().ask()


def test_the_first_variable_that_has_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    monkeypatch.setenv("GOOGLE_API_KEY", "second")
    host.ask("gemini:m")
    assert host.headers["x-goog-api-key"] == "second"
    monkeypatch.setenv("GEMINI_API_KEY", "first")
    host.ask("gemini:m")
    assert host.headers["x-goog-api-key"] == "first"


@pytest.fixture
def somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the clouds want to know beside a key."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("VERTEXAI_PROJECT", "p1")


NEED_A_KEY: Final = [(row.name, row.key_variables) for row in ROWS if not row.key_optional]


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize(("provider", "variables"), NEED_A_KEY, ids=[name for name, _ in NEED_A_KEY])
def test_a_missing_key_names_every_variable_before_any_request(provider: str, variables: tuple[str, ...]) -> None:
    host = Host()
    with pytest.raises(MissingApiKeyError) as caught:
        host.ask("m", provider=provider, api_base="https://h.test/v1")
    for name in (provider, "api_key", *variables):
        assert name in str(caught.value)
    assert host.requests == []
    assert isinstance(caught.value, AuthenticationError)
    assert caught.value.provider == provider


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize("value", ["", " ", "\n"])
@pytest.mark.parametrize("row", [row for row in NATIVE.values() if not row.key_optional], ids=lambda row: row.name)
def test_an_empty_variable_is_no_key(row: Vendor, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in row.key_variables:
        monkeypatch.setenv(name, value)
    host = Host()
    with pytest.raises(MissingApiKeyError):
        host.ask("m", provider=row.name, api_base="https://h.test/v1")
    assert host.requests == []


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize("value", [" ", "\n"])
@pytest.mark.parametrize("row", NATIVE.values(), ids=NATIVE)
def test_a_blank_argument_is_no_key(row: Vendor, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in row.key_variables:
        monkeypatch.setenv(name, "k2")
    host = Host()
    with pytest.raises((MissingApiKeyError, InvalidRequestError), match="api_key"):
        host.ask("m", provider=row.name, api_base="https://h.test/v1", api_key=value)
    assert host.requests == []


KEYLESS: Final = [row.name for row in ROWS if row.key_optional]


@pytest.mark.parametrize("provider", KEYLESS)
def test_a_self_hosted_provider_needs_none(provider: str) -> None:
    host = Host()
    host.ask("m", provider=provider, api_base="http://127.0.0.1:8000/v1")
    assert "authorization" not in host.headers


def test_openais_key_is_never_sent_to_a_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, SECRET)
    for row in GATEWAYS.values():
        host = Host()
        try:
            host.ask("m", provider=row.name, api_base="https://h.test/v1")
        except MissingApiKeyError:
            assert host.requests == []
        else:
            assert row.key_optional or "OPENAI_API_KEY" in row.key_variables
            assert SECRET not in str(host.headers.multi_items())


def test_openais_organisation_goes_to_openai_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    host = Host()
    host.ask(api_key="k")
    assert (host.headers["openai-organization"], host.headers["openai-project"]) == ("org-1", "proj-1")
    host.ask("groq:m", api_key="k")
    assert "openai-organization" not in host.headers


REDIRECTS: Final = {
    "another origin": "https://evil.test/v1/chat/completions",
    "another port": "https://api.openai.com:8443/v1/chat/completions",
    "plain text": "http://api.openai.com/v1/chat/completions",
    "the same origin": "/v2/chat/completions",
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", REDIRECTS.values(), ids=REDIRECTS)
def test_no_redirect_is_followed(status: int, target: str) -> None:
    host = Host([httpx2.Response(status, headers={"location": target})])
    with pytest.raises(APIError, match="redirects") as caught:
        host.ask(api_key=SECRET)
    assert [request.url.host for request in host.requests] == ["api.openai.com"]
    assert caught.value.status_code == status
    assert "api_base" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_no_redirect_is_followed_by_a_stream() -> None:
    host = Host([httpx2.Response(307, headers={"location": "https://evil.test/"})])
    client = Client(
        transport=httpx2.MockTransport(host.answer), api_key=SECRET, api_base="https://h.test", num_retries=0
    )
    with pytest.raises(APIError, match="redirects"):
        client.completion(MODEL, HELLO, stream=True)
    assert len(host.requests) == 1


def test_a_callable_is_asked_for_each_request() -> None:
    keys = iter(["k1", "k2", "k3"])
    busy = httpx2.Response(429, headers={"retry-after": "0"})
    host = Host([busy, busy])
    host.ask(api_key=lambda: next(keys), num_retries=2)
    assert [one.headers["authorization"] for one in host.requests] == ["Bearer k1", "Bearer k2", "Bearer k3"]


async def _later() -> str:
    await asyncio.sleep(0)
    return "k-later"


def _now() -> str:
    return "k-now"


class Later:
    """An object that gives its key later."""

    async def __call__(self) -> str:
        """The key."""
        return "k-later"


CALLABLES: Final[dict[str, tuple[Callable[[], str | Awaitable[str]], str]]] = {
    "function": (_now, "k-now"),
    "coroutine function": (_later, "k-later"),
    "async object": (Later(), "k-later"),
    "function that returns an awaitable": (lambda: _later(), "k-later"),
}


@pytest.mark.anyio
@pytest.mark.parametrize(("key", "seen"), CALLABLES.values(), ids=CALLABLES)
async def test_an_asynchronous_call_takes_any_callable(key: Callable[[], str], seen: str) -> None:
    host = Host()
    await host.aask(api_key=key)
    assert host.headers["authorization"] == f"Bearer {seen}"


@pytest.mark.parametrize("name", [name for name in CALLABLES if name != "function"])
def test_a_synchronous_call_cannot_wait_for_an_async_one(name: str) -> None:
    host = Host()
    with pytest.raises(InvalidRequestError, match="acompletion"):
        host.ask(api_key=CALLABLES[name][0])
    assert host.requests == []


@pytest.mark.parametrize("key", ["", "  ", None, 3, b"k"])
def test_a_callable_that_gives_no_key(key: object) -> None:
    host = Host()
    with pytest.raises(InvalidRequestError, match="api_key callable returned no key"):
        host.ask(api_key=lambda: key)
    assert host.requests == []


def test_an_error_of_the_callable_is_the_callers_own() -> None:
    def broken() -> str:
        raise PermissionError("vault is locked")

    with pytest.raises(PermissionError, match="vault is locked"):
        Host().ask(api_key=broken)


def test_a_callable_that_stops_an_iteration_is_no_answer() -> None:
    def exhausted() -> str:
        return next(iter(()))

    with pytest.raises((StopIteration, RuntimeError)):
        Host().ask(api_key=exhausted)


SHAPES: Final = {
    "a line break inside": "sk-very\r\nsecret",
    "a null": "sk-very\x00secret",
    "not ASCII": "sk-vérysecret",
}


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize("key", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("provider", [*NATIVE, "groq"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(provider: str, key: str) -> None:
    host = Host()
    for given in (key, lambda: key):
        with pytest.raises(InvalidRequestError) as caught:
            host.ask("m", provider=provider, api_base="https://h.test/v1", api_key=given)
        assert "api_key" in str(caught.value)
        assert "secret" not in str(caught.value)
        assert host.requests == []


ECHOES: Final = {
    "json": as_bytes({"error": {"message": f"Incorrect API key provided: {SECRET}.", "code": "invalid_api_key"}}),
    "text": f"bad key {SECRET}".encode(),
    "html": f"<html><body>bad key {SECRET}</body></html>".encode(),
}


@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize("body", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("provider", [*NATIVE, "groq"])
def test_an_error_never_shows_the_key_even_if_the_vendor_repeats_it(provider: str, body: bytes) -> None:
    host = Host([httpx2.Response(401, content=body), httpx2.Response(401, content=body)])  # a token is renewed once
    with pytest.raises(AuthenticationError) as caught:
        host.ask("m", provider=provider, api_base="https://h.test/v1", api_key=SECRET)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)


NO_SECRETS: Final = {
    "version": ("anthropic:m", SECRET, "anthropic-version: 2023-06-01 is not a valid version"),
    "word as key": ("vllm:m", "EMPTY", "messages must not be EMPTY"),
    "another word": ("openai:m", "test", "no such model: my-test-model"),
}


@pytest.mark.parametrize(("model", "key", "says"), NO_SECRETS.values(), ids=NO_SECRETS)
def test_what_is_no_secret_stays_in_the_text(model: str, key: str, says: str) -> None:
    host = Host([httpx2.Response(400, json={"error": {"message": says}})])
    with pytest.raises(APIError) as caught:
        host.ask(model, api_key=key, api_base="https://h.test/v1")
    assert caught.value.message == says


def test_an_error_inside_a_stream_shows_no_key_either() -> None:
    body = b'data: {"error": {"message": "bad key ' + SECRET.encode() + b'"}}\n\n'
    host = Host([httpx2.Response(200, content=body)])
    client = Client(transport=httpx2.MockTransport(host.answer), api_key=lambda: SECRET, api_base="https://h.test")
    with pytest.raises(APIError, match="bad key") as caught:
        list(client.completion(MODEL, HELLO, stream=True))
    assert SECRET not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("error", [httpx2.ConnectError("no route"), httpx2.ReadTimeout("late")])
def test_a_lost_connection_shows_no_key(error: Exception) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise error

    client = Client(transport=httpx2.MockTransport(answer), num_retries=0)
    with pytest.raises(APIError) as caught:
        client.completion(MODEL, HELLO, api_key=SECRET)
    assert SECRET not in str(caught.value) + repr(caught.value)


WHOSE: Final[dict[str, CallParameters]] = {
    "a provider's": {"provider": "openai"},
    "under its other name": {"custom_llm_provider": "openai"},
    "an address's": {"api_base": "https://h.test"},
    "under its other name, too": {"base_url": "https://h.test"},
}


@pytest.mark.parametrize("make", [Client, AsyncClient])
@pytest.mark.parametrize(
    "key", [{"api_key": SECRET}, {"api_key": lambda: SECRET}, {"client_args": {"api_key": SECRET}}]
)
def test_a_clients_key_is_somebodys(make: type[Client | AsyncClient], key: CallParameters) -> None:
    """Calls may name any provider, and none but its own may get it."""
    with pytest.raises(InvalidRequestError, match="Say whose it is: provider='openai'") as caught:
        make(**key)
    assert (caught.value.param, SECRET in repr(caught.value)) == ("api_key", False)
    for whose in WHOSE.values():
        make(**cast("CallParameters", {**key, **whose}))


@pytest.mark.parametrize("asked", ["anthropic", "Anthropic", "claude-of-nobody"])
def test_a_call_to_another_provider_has_neither_the_clients_key_nor_its_address(asked: str) -> None:
    host = Host()
    own: CallParameters = {"provider": "openai", "api_key": SECRET, "api_base": "https://h.test"}
    own["extra_headers"] = {"x-key": SECRET}
    client = Client(transport=httpx2.MockTransport(host.answer), **own)
    with pytest.raises((MissingApiKeyError, UnknownProviderError)):
        client.completion("claude-sonnet-4-5", HELLO, provider=asked)
    assert host.requests == []
    if asked == "anthropic":
        client.completion("claude-sonnet-4-5", HELLO, provider=asked, api_key="sk-another")
        (request,) = host.requests
        assert request.url.host == "api.anthropic.com"
        assert SECRET not in str(request.headers.raw)


def test_the_clients_provider_by_another_of_its_names_is_no_other() -> None:
    host = Host()
    client = Client(transport=httpx2.MockTransport(host.answer), provider="together", api_key=SECRET)
    client.completion("m", HELLO, provider="together_ai")
    assert host.requests[0].headers["authorization"] == f"Bearer {SECRET}"


def test_a_client_does_not_show_its_key() -> None:
    for client in (Client(provider="openai", api_key=SECRET), AsyncClient(provider="openai", api_key=SECRET)):
        assert SECRET not in repr(client)
    shown = repr(
        Client(extra_headers={"authorization": SECRET}, client_args={"api_key": SECRET}, api_base="https://h.test")
    )
    assert SECRET not in shown
    assert "https://h.test" in shown
    for setting in ("extra_body", "extra_query", "additional_params"):
        value = f'{{"key": "{SECRET}"}}' if setting == "additional_params" else {"key": SECRET}
        assert SECRET not in repr(Client(**cast("CallParameters", {setting: value})))
