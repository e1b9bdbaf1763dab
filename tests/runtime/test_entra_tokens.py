"""Microsoft Entra's tokens: an application of the environment logs in at a token server on this machine."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qs

import httpx2
import pytest

from polyvox import (
    APIConnectionError,
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    InvalidRequestError,
    MissingApiKeyError,
    ServiceUnavailableError,
)
from tests.mapping.asking import HELLO, as_bytes, usual_reply
from tests.serving import Asked, answering

if TYPE_CHECKING:
    from polyvox import Parameters

BASES: Final = {
    "azure:m": "https://res.openai.azure.com",
    "azure_ai:m": "https://res.services.ai.azure.com",
    "azure_ai:claude-m": "https://res.services.ai.azure.com/models",
    "azureanthropic:claude-m": "https://res.services.ai.azure.com",
}
TENANTS: Final = count()
SECRET: Final = "s3cr3t~of the app&more"


@dataclass
class Entra:
    """A token server; its tokens are numbered."""

    url: str = ""
    lasts: int = 3600
    """Seconds that each token is good for."""
    reply: tuple[int, bytes] | None = None
    """What it answers instead of tokens."""
    requests: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list[tuple[str, dict[str, list[str]]]])

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """A form in, JSON out, as Microsoft's page shows it."""
        assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
        self.requests.append((asked.path, parse_qs(asked.body.decode(), strict_parsing=True)))
        token = {"token_type": "Bearer", "expires_in": self.lasts, "access_token": f"t{len(self.requests)}"}
        return self.reply or (200, as_bytes(token))


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Generator[Entra]:
    """A token server, and an application of its own for each test."""
    found = Entra()
    with answering(found.answer) as found.url:
        for name, value in {
            "AZURE_TENANT_ID": f"tenant-{next(TENANTS)}",
            "AZURE_CLIENT_ID": "app-1",
            "AZURE_CLIENT_SECRET": SECRET,
            "AZURE_AUTHORITY_HOST": found.url,
        }.items():
            monkeypatch.setenv(name, value)
        yield found


class Azure:
    """Refuses the tokens it is told to, and keeps what it is asked."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self.tokens[-1] in self.refused:
            return httpx2.Response(401, content=as_bytes({"error": {"code": "401", "message": "Token expired."}}))
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, model: str = "azure:m", /, **settings: object) -> None:
        """A synchronous call."""
        client = Client(transport=httpx2.MockTransport(self), num_retries=0)
        client.completion(model, HELLO, **cast("Parameters", {"api_base": BASES[model], **settings}))

    @property
    def tokens(self) -> list[str]:
        """Of each request."""
        return [request.headers["authorization"].removeprefix("Bearer ") for request in self.requests]


@pytest.mark.parametrize("model", BASES)
def test_an_application_logs_in(model: str, entra: Entra) -> None:
    azure = Azure()
    azure.ask(model)
    ((path, form),) = entra.requests
    assert path.startswith("/tenant-")
    assert path.endswith("/oauth2/v2.0/token")
    assert form == {
        "grant_type": ["client_credentials"],
        "client_id": ["app-1"],
        "client_secret": [SECRET],
        "scope": ["https://cognitiveservices.azure.com/.default"],
    }
    assert azure.tokens == ["t1"]
    assert not {"api-key", "x-api-key"} & set(azure.requests[0].headers)
    assert ("anthropic-version" in azure.requests[0].headers) == ("claude" in model)


def test_another_cloud_of_microsofts(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_SCOPE", "https://cognitiveservices.azure.us/.default")
    Azure().ask()
    assert entra.requests[0][1]["scope"] == ["https://cognitiveservices.azure.us/.default"]


def test_a_token_is_kept_for_all_services(entra: Entra) -> None:
    azure = Azure()
    for model in BASES:
        azure.ask(model)
    assert (set(azure.tokens), len(entra.requests)) == ({"t1"}, 1)


def test_a_token_that_runs_out_soon_is_not_used_again(entra: Entra) -> None:
    entra.lasts = 300
    azure = Azure()
    for _ in range(3):
        azure.ask()
    assert azure.tokens == ["t1", "t2", "t3"]


def test_a_refused_token_is_renewed_once(entra: Entra) -> None:
    azure = Azure("t1")
    azure.ask()
    azure.ask()
    assert azure.tokens == ["t1", "t2", "t2"]
    azure.refused = ("t2", "t3", "t4")
    with pytest.raises(AuthenticationError, match="Token expired"):
        azure.ask(num_retries=2)
    assert azure.tokens[3:] == ["t2", "t3"]


@pytest.mark.anyio
async def test_an_event_loop_takes_them_too(entra: Entra) -> None:
    azure = Azure("t1")
    async with AsyncClient(transport=httpx2.MockTransport(azure), api_base=BASES["azure:m"]) as client:
        await client.completion("azure:m", HELLO)
    assert azure.tokens == ["t1", "t2"]


@pytest.mark.parametrize("variable", ["AZURE_API_KEY", "AZURE_AD_TOKEN", None])
def test_a_key_or_token_that_is_given_comes_first(
    variable: str | None, entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable:
        monkeypatch.setenv(variable, "given")
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, content=usual_reply(request.url.path))

    client = Client(transport=httpx2.MockTransport(answer), api_base=BASES["azure:m"])
    client.completion("azure:m", HELLO, api_key=None if variable else "given")
    assert "given" in sent[0].headers.get("api-key", sent[0].headers.get("authorization", ""))
    assert entra.requests == []


REFUSALS: Final[dict[str, tuple[int, object, type[APIError], str]]] = {
    "a wrong secret": (
        401,
        {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace: 1"},
        AuthenticationError,
        "gave no token: AADSTS7000215: Invalid client secret provided. Trace: 1",
    ),
    "no description": (400, {"error": "invalid_request"}, AuthenticationError, "no token: invalid_request"),
    "a page": (404, b"<html>", AuthenticationError, "no token: "),
    "busy": (503, b"", ServiceUnavailableError, "no token: "),
    "no token in it": (200, {"token_type": "Bearer"}, AuthenticationError, "no token: its reply has no access_token"),
}


@pytest.mark.parametrize(("status", "body", "kind", "says"), REFUSALS.values(), ids=REFUSALS)
def test_no_token_is_a_clear_error(status: int, body: object, kind: type[APIError], says: str, entra: Entra) -> None:
    entra.reply = status, as_bytes(body)
    azure = Azure()
    with pytest.raises(kind) as caught:
        azure.ask()
    assert says in str(caught.value)
    assert (caught.value.provider, azure.requests) == ("azure", [])
    assert SECRET not in f"{caught.value!r} {caught.value.args}"


def test_a_token_server_that_is_not_there(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "http://127.0.0.1:9")
    with pytest.raises(APIConnectionError, match=r"could not reach http://127\.0\.0\.1:9/tenant-"):
        Azure().ask()


@pytest.mark.parametrize("authority", ["http://login.evil.test", "ftp://127.0.0.1", "https://"])
def test_a_secret_is_sent_by_tls_only(authority: str, entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", authority)
    with pytest.raises(InvalidRequestError, match="AZURE_AUTHORITY_HOST is no https address"):
        Azure().ask()


@pytest.mark.parametrize("missing", ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"])
def test_a_part_of_an_application_is_none(missing: str, entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(MissingApiKeyError) as caught:
        Azure().ask()
    for variable in ("AZURE_API_KEY", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        assert variable in str(caught.value)
