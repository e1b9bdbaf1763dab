"""Where Azure's three services are asked, in which version, and with which key or token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import AsyncClient, Client, InvalidRequestError, MissingApiKeyError
from tests.mapping.asking import HELLO, Json, parsed, usual_reply
from tests.recordings.corpus import records

if TYPE_CHECKING:
    from polyvox import Parameters

ROOT: Final = "https://r.openai.azure.com"
FOUNDRY: Final = "https://r.services.ai.azure.com"
DEPLOYED: Final = f"{ROOT}/openai/deployments/gpt-4/chat/completions"
V1: Final = f"{ROOT}/openai/v1/chat/completions"
DATE: Final = "2024-02-01"
TOKEN: Final = "eyJ0eXAi.eyJhdWQi.c2ln"


class Azure:
    """Answers everybody, and keeps what it is asked."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, model: str = "azure/gpt-4", /, **settings: object) -> httpx2.Request:
        """The request that a call makes."""
        client = Client(transport=httpx2.MockTransport(self), num_retries=0)
        client.completion(model, HELLO, **cast("Parameters", settings))
        return self.requests[-1]


def url(model: str = "azure/gpt-4", /, **settings: object) -> str:
    """The address of a call with a key."""
    return str(Azure().ask(model, api_key="k", **settings).url)


# --- Azure OpenAI -----------------------------------------------------------------------------------------------------

# Base, api_version -> address. Everything that stands on a page of Azure's can be given.
BASES: Final = {
    "resource": (ROOT, DATE, f"{DEPLOYED}?api-version={DATE}"),
    "slash": (f"{ROOT}/", DATE, f"{DEPLOYED}?api-version={DATE}"),
    "openai": (f"{ROOT}/openai", DATE, f"{DEPLOYED}?api-version={DATE}"),
    "openai, slash": (f"{ROOT}/openai/", DATE, f"{DEPLOYED}?api-version={DATE}"),
    "deployment": (
        f"{ROOT}/openai/deployments/own/",
        DATE,
        f"{ROOT}/openai/deployments/own/chat/completions?api-version={DATE}",
    ),
    "endpoint": (DEPLOYED, DATE, f"{DEPLOYED}?api-version={DATE}"),
    "endpoint with its version": (f"{DEPLOYED}?api-version=2025-01-01", None, f"{DEPLOYED}?api-version=2025-01-01"),
    "the argument wins": (f"{DEPLOYED}?api-version=2025-01-01", DATE, f"{DEPLOYED}?api-version={DATE}"),
    "version on the resource": (f"{ROOT}/?api-version={DATE}", None, f"{DEPLOYED}?api-version={DATE}"),
    "a query of its own": (f"{DEPLOYED}?a=b&api-version={DATE}", None, f"{DEPLOYED}?api-version={DATE}&a=b"),
    "no version": (ROOT, None, V1),
    "no version, slash": (f"{ROOT}/", None, V1),
    "no version, openai": (f"{ROOT}/openai", None, V1),
    "v1": (f"{ROOT}/openai/v1", None, V1),
    "v1, slash": (f"{ROOT}/openai/v1/", None, V1),
    "v1 endpoint": (V1, None, V1),
    "v1 said twice": (f"{ROOT}/openai/v1", "v1", V1),
    "v1 as a version": (ROOT, "v1", V1),
    "preview": (ROOT, "preview", f"{V1}?api-version=preview"),
    "preview of v1": (f"{ROOT}/openai/v1/?api-version=preview", None, f"{V1}?api-version=preview"),
    "latest": (f"{ROOT}/openai", "latest", f"{V1}?api-version=latest"),
    "another host of the resource": (
        "https://r.cognitiveservices.azure.com",
        DATE,
        f"https://r.cognitiveservices.azure.com/openai/deployments/gpt-4/chat/completions?api-version={DATE}",
    ),
    "gateway": (
        "https://apim.test/ai",
        DATE,
        f"https://apim.test/ai/openai/deployments/gpt-4/chat/completions?api-version={DATE}",
    ),
    "gateway that knows the version": (
        "https://apim.test/openai/deployments/gpt-4",
        None,
        "https://apim.test/openai/deployments/gpt-4/chat/completions",
    ),
}


@pytest.mark.parametrize(("base", "version", "address"), BASES.values(), ids=BASES)
def test_an_address_in_any_form(base: str, version: str | None, address: str) -> None:
    assert url(api_base=base, api_version=version) == address


@pytest.mark.parametrize("variable", ["AZURE_OPENAI_ENDPOINT", "AZURE_API_BASE"])
def test_address_version_and_key_of_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, f"{ROOT}/")
    monkeypatch.setenv("AZURE_API_VERSION", DATE)
    monkeypatch.setenv("AZURE_API_KEY", "k-env")
    request = Azure().ask()
    assert str(request.url) == f"{DEPLOYED}?api-version={DATE}"
    assert request.headers["api-key"] == "k-env"


def test_litellms_documented_example() -> None:
    request = Azure().ask(
        "azure/gpt-4", api_key="your-azure-key", api_base="https://your-endpoint.openai.azure.com/", api_version=DATE
    )
    assert str(request.url) == (
        f"https://your-endpoint.openai.azure.com/openai/deployments/gpt-4/chat/completions?api-version={DATE}"
    )
    assert request.headers["api-key"] == "your-azure-key"
    assert parsed(request.content) == {"model": "gpt-4", "messages": HELLO}


def test_a_blank_version_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_API_VERSION", " ")
    assert url(api_base=ROOT) == V1


def test_the_environments_version_is_not_for_an_address_that_says_v1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_API_VERSION", DATE)
    assert url(api_base=f"{ROOT}/openai/v1/") == V1


REFUSED: Final[dict[str, tuple[Json, str]]] = {
    "dated version for v1": ({"api_base": f"{ROOT}/openai/v1", "api_version": DATE}, "api_base says v1"),
    "deployment without a version": ({"api_base": f"{ROOT}/openai/deployments/d"}, "AZURE_API_VERSION"),
    "no address": ({}, "AZURE_OPENAI_ENDPOINT or AZURE_API_BASE"),
    "deployment above": ({"api_base": ROOT, "api_version": DATE, "deployment_id": ".."}, "cannot stand in an address"),
}


@pytest.mark.parametrize(("settings", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_right_is_refused_before_any_request(settings: Json, says: str) -> None:
    azure = Azure()
    with pytest.raises(InvalidRequestError, match=says):
        azure.ask("azure/gpt-4", api_key="k", **settings)
    assert azure.requests == []


# Model, deployment_id -> deployment.
DEPLOYMENTS: Final = {
    "model": ("azure/gpt-4", None, "gpt-4"),
    "alias": ("azureopenai:gpt-4", None, "gpt-4"),
    "deployment_id": ("azure/gpt-4", "mine", "mine"),
    "o_series": ("azure/o_series/mine", None, "mine"),
    "gpt5_series": ("azure/gpt5_series/mine", None, "mine"),
    "unusual letters": ("azure/a b?c", None, "a b?c"),
}


@pytest.mark.parametrize(("model", "given", "deployment"), DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_the_deployment(model: str, given: str | None, deployment: str) -> None:
    dated = Azure().ask(model, api_key="k", api_base=ROOT, api_version=DATE, deployment_id=given)
    assert dated.url.path == f"/openai/deployments/{deployment}/chat/completions"
    assert dated.url.query == f"api-version={DATE}".encode()
    newest = Azure().ask(model, api_key="k", api_base=ROOT, deployment_id=given)
    assert parsed(newest.content)["model"] == parsed(dated.content)["model"] == deployment


# --- keys and tokens --------------------------------------------------------------------------------------------------

VARIABLES: Final = {
    "AZURE_OPENAI_API_KEY": ("api-key", "k1"),
    "AZURE_API_KEY": ("api-key", "k1"),
    "AZURE_OPENAI_AD_TOKEN": ("authorization", "Bearer k1"),
    "AZURE_AD_TOKEN": ("authorization", "Bearer k1"),
}


@pytest.mark.parametrize(("variable", "header"), VARIABLES.items(), ids=VARIABLES)
def test_the_variable_says_whether_it_is_a_key_or_a_token(
    variable: str, header: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "k1")
    headers = Azure().ask(api_base=ROOT).headers
    assert headers[header[0]] == header[1]
    assert len({"api-key", "authorization", "x-api-key"} & set(headers)) == 1


def test_a_missing_key_names_every_variable() -> None:
    with pytest.raises(MissingApiKeyError) as caught:
        Azure().ask(api_base=ROOT)
    for variable in VARIABLES:
        assert variable in str(caught.value)


def _token() -> str:
    return "tok"


async def _later() -> str:
    return "tok"


# Model, address -> the header of a plain key.
SERVICES: Final = {
    "azure": ("azure/m", ROOT, "api-key"),
    "azure_ai": ("azure_ai/m", FOUNDRY, "api-key"),
    "azure_ai, endpoint": ("azure_ai/m", f"{FOUNDRY}/models", "api-key"),
    "azure_ai, serverless": ("azure_ai/m", "https://m.eastus2.models.ai.azure.com", "authorization"),
    "azure_ai, gateway": ("azure_ai/m", "https://h.test", "authorization"),
    "azureanthropic": ("azureanthropic/m", FOUNDRY, "x-api-key"),
}


@pytest.mark.parametrize(("model", "base", "header"), SERVICES.values(), ids=SERVICES)
def test_a_key_is_no_bearer_token(model: str, base: str, header: str) -> None:
    headers = Azure().ask(model, api_base=base, api_key=" k1 ").headers
    assert headers[header] == ("Bearer k1" if header == "authorization" else "k1")
    assert len({"api-key", "authorization", "x-api-key"} & set(headers)) == 1


@pytest.mark.parametrize("given", [_token, TOKEN], ids=["callable", "text"])
@pytest.mark.parametrize(("model", "base", "_"), SERVICES.values(), ids=SERVICES)
def test_a_token_is_one(model: str, base: str, _: str, given: str | Callable[[], str]) -> None:
    headers = Azure().ask(model, api_base=base, api_key=given).headers
    assert headers["authorization"] == f"Bearer {TOKEN if given == TOKEN else 'tok'}"
    assert not {"api-key", "x-api-key"} & set(headers)


@pytest.mark.anyio
@pytest.mark.parametrize("given", [_token, _later, lambda: _later()], ids=["plain", "async", "awaitable"])
@pytest.mark.parametrize(("model", "base", "_"), SERVICES.values(), ids=SERVICES)
async def test_tokens_of_an_event_loop(
    model: str, base: str, _: str, given: Callable[[], str] | Callable[[], Awaitable[str]]
) -> None:
    azure = Azure()
    settings = cast("Parameters", {"api_base": base, "api_key": given})
    async with AsyncClient(transport=httpx2.MockTransport(azure)) as client:
        await client.completion(model, HELLO, **settings)
    assert azure.requests[-1].headers["authorization"] == "Bearer tok"


def test_a_token_is_asked_for_each_request() -> None:
    azure, tokens = Azure(), iter(["one", "two"])
    client = Client(transport=httpx2.MockTransport(azure), api_key=lambda: next(tokens), api_base=ROOT)
    for _ in range(2):
        client.completion("azure/gpt-4", HELLO)
    assert [request.headers["authorization"] for request in azure.requests] == ["Bearer one", "Bearer two"]


# --- model inference --------------------------------------------------------------------------------------------------

INFERENCE: Final = "api-version=2024-05-01-preview"
MODELS: Final = {
    "resource": (FOUNDRY, None, f"{FOUNDRY}/models/chat/completions?{INFERENCE}"),
    "slash": (f"{FOUNDRY}/", None, f"{FOUNDRY}/models/chat/completions?{INFERENCE}"),
    "models": (f"{FOUNDRY}/models", None, f"{FOUNDRY}/models/chat/completions?{INFERENCE}"),
    "endpoint": (
        f"{FOUNDRY}/models/chat/completions?{INFERENCE}",
        None,
        f"{FOUNDRY}/models/chat/completions?{INFERENCE}",
    ),
    "another version": (FOUNDRY, DATE, f"{FOUNDRY}/models/chat/completions?api-version={DATE}"),
    "v1": (f"{FOUNDRY}/openai/v1/", None, f"{FOUNDRY}/openai/v1/chat/completions"),
    "serverless": (
        "https://m.eastus2.models.ai.azure.com",
        None,
        f"https://m.eastus2.models.ai.azure.com/chat/completions?{INFERENCE}",
    ),
    "serverless, v1": (
        "https://m.eastus2.models.ai.azure.com/v1",
        None,
        "https://m.eastus2.models.ai.azure.com/v1/chat/completions",
    ),
}


@pytest.mark.parametrize(("base", "version", "address"), MODELS.values(), ids=MODELS)
def test_the_address_of_model_inference(base: str, version: str | None, address: str) -> None:
    assert url("azure_ai/grok-4", api_base=base, api_version=version) == address


@pytest.mark.parametrize("variable", ["AZURE_AI_CHAT_ENDPOINT", "AZURE_AI_API_BASE"])
def test_model_inference_has_variables_of_its_own(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, FOUNDRY)
    monkeypatch.setenv("AZURE_AI_API_KEY", "k-ai")
    monkeypatch.setenv("AZURE_API_KEY", "k-openai")
    monkeypatch.setenv("AZURE_API_VERSION", DATE)
    request = Azure().ask("azure_ai/grok-4")
    assert str(request.url) == f"{FOUNDRY}/models/chat/completions?{INFERENCE}"
    assert request.headers["api-key"] == "k-ai"
    assert parsed(request.content)["model"] == "grok-4"


# --- Claude -----------------------------------------------------------------------------------------------------------

CLAUDE: Final = f"{FOUNDRY}/anthropic/v1/messages"


@pytest.mark.parametrize("end", ["", "/", "/anthropic", "/anthropic/", "/anthropic/v1", "/anthropic/v1/messages"])
def test_the_address_of_claude(end: str) -> None:
    assert url("azureanthropic/claude-haiku-4-5", api_base=FOUNDRY + end) == CLAUDE


@pytest.mark.parametrize("end", ["", "/models", f"/models/chat/completions?{INFERENCE}", "/anthropic"])
def test_claude_among_the_models_of_azure_ai(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM's `azure_ai/claude-*`: the key and the address of `azure_ai`, Anthropic's dialect."""
    monkeypatch.setenv("AZURE_AI_API_BASE", FOUNDRY + end)
    monkeypatch.setenv("AZURE_AI_API_KEY", "k-ai")
    monkeypatch.setenv("AZURE_ANTHROPIC_API_KEY", "k-other")
    request = Azure().ask("azure_ai/claude-sonnet-4-5", max_tokens=5, anthropic={"top_k": 3})
    assert str(request.url) == CLAUDE
    assert (request.headers["x-api-key"], request.headers["anthropic-version"]) == ("k-ai", "2023-06-01")
    body = parsed(request.content)
    assert (body["model"], body["max_tokens"], body["top_k"]) == ("claude-sonnet-4-5", 5, 3)


def test_other_models_of_azure_ai_stay_with_openais_dialect() -> None:
    request = Azure().ask("azure_ai/my-claude", api_base=FOUNDRY, api_key="k")
    assert str(request.url) == f"{FOUNDRY}/models/chat/completions?{INFERENCE}"


def test_a_resource_and_a_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_ANTHROPIC_RESOURCE", "r")
    monkeypatch.setenv("AZURE_ANTHROPIC_API_KEY", "k-env")
    request = Azure().ask("azureanthropic/claude-haiku-4-5")
    assert str(request.url) == CLAUDE
    assert request.headers["x-api-key"] == "k-env"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert parsed(request.content)["model"] == "claude-haiku-4-5"


def test_claude_without_a_resource() -> None:
    with pytest.raises(InvalidRequestError, match=r"AZURE_ANTHROPIC_RESOURCE.*api_base"):
        url("azureanthropic/claude-haiku-4-5")


@pytest.mark.parametrize("given", [_token, TOKEN], ids=["callable", "text"])
def test_claude_by_token_has_its_version_too(given: str | Callable[[], str]) -> None:
    request = Azure().ask("azureanthropic/m", api_base=FOUNDRY, api_key=given)
    assert request.headers["anthropic-version"] == "2023-06-01"


# --- as recorded ------------------------------------------------------------------------------------------------------


def test_the_recorded_addresses() -> None:
    """All three services; where a source kept no version of a deployment's path, there is nothing to compare."""
    seen: dict[str, str] = {}
    for record in records("azure"):
        raw = record.raw
        path, version = str(raw["path"]), raw["query"].get("api-version")
        whole = f"https://{raw['host']}{path}{f'?api-version={version}' if version else ''}"
        if record.status < 300 and (version or "/deployments/" not in path):
            deployed = path.split("/")[3] if "/deployments/" in path else None
            settings = {"api_base": f"https://{raw['host']}", "api_version": version, "deployment_id": deployed}
            given = {name: value for name, value in settings.items() if value is not None}
            seen[whole] = url(record.model, provider=record.provider, **given)
    if not seen:
        pytest.skip("the recordings are not here")
    assert list(seen.values()) == list(seen)
