"""Every provider: its host, its path, its header, its variables; and its key goes nowhere else.

Natives stand here in a table; gateways are held against `specs/gateways.toml`, of which their rows are made.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import httpx2
import pytest

import polyvox
from polyvox import APIError, Client, InvalidRequestError, MissingApiKeyError, Parameters
from polyvox.call import Vendor
from polyvox.natives import NATIVE
from polyvox_wire.gateways import GATEWAYS, Gateway
from tests.mapping.asking import HELLO, usual_reply

SPEC: Final = Path(__file__).parents[2] / "specs/gateways.toml"
AUTH: Final = ("authorization", "api-key", "x-api-key", "x-goog-api-key")


@dataclass(frozen=True)
class Provider:
    """Where it is called, and which header each of its variables fills."""

    url: str
    headers: Mapping[str, str]
    """Variable -> header, such as `x-api-key: {}`."""
    streams: str = ""
    """Where streams are asked for, if elsewhere."""
    header_elsewhere: str = ""
    """The header at another address, if it depends on that."""


def bearer(*variables: str) -> Mapping[str, str]:
    return dict.fromkeys(variables, "authorization: Bearer {}")


_GEMINI: Final = "https://generativelanguage.googleapis.com/v1beta/models/m"
_VERTEX: Final = "https://aiplatform.googleapis.com"
_CLAUDE: Final = f"{_VERTEX}/v1/projects/p1/locations/global/publishers/anthropic/models/m"
_BEDROCK: Final = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m"
_SAGEMAKER: Final = "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/m/openai/v1/chat/completions"
OWN_SERVER: Final = "https://own.test/base"
_WATSONX: Final = "https://us-south.ml.cloud.ibm.com/ml/v1/text"
_RESOURCE_KEYS: Final = dict.fromkeys(("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"), "api-key: {}")

NATIVES: Final[Mapping[str, Provider]] = {
    "openai": Provider("https://api.openai.com/v1/chat/completions", bearer("OPENAI_API_KEY")),
    "anthropic": Provider(
        "https://api.anthropic.com/v1/messages",
        {"ANTHROPIC_API_KEY": "x-api-key: {}", **bearer("ANTHROPIC_AUTH_TOKEN")},
    ),
    "gemini": Provider(
        f"{_GEMINI}:generateContent",
        dict.fromkeys(("GEMINI_API_KEY", "GOOGLE_API_KEY"), "x-goog-api-key: {}"),
        f"{_GEMINI}:streamGenerateContent?alt=sse",
    ),
    "azure": Provider(
        "https://res.openai.azure.test/openai/v1/chat/completions",
        {**_RESOURCE_KEYS, **bearer("AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN")},
    ),
    "azure_ai": Provider(
        "https://res.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
        {"AZURE_AI_API_KEY": "api-key: {}"},
        header_elsewhere="authorization: Bearer {}",  # as models that are deployed by themselves take it
    ),
    "azureanthropic": Provider(
        "https://res.services.ai.azure.com/anthropic/v1/messages", {"AZURE_ANTHROPIC_API_KEY": "x-api-key: {}"}
    ),
    "vertexai": Provider(
        f"{_VERTEX}/v1beta1/publishers/google/models/m:generateContent",
        {"VERTEXAI_API_KEY": "x-goog-api-key: {}"},
        f"{_VERTEX}/v1beta1/publishers/google/models/m:streamGenerateContent?alt=sse",
    ),
    # Only tokens, of Google's own library or as api_key.
    "vertexaianthropic": Provider(f"{_CLAUDE}:rawPredict", {}, f"{_CLAUDE}:streamRawPredict"),
    "bedrock": Provider(f"{_BEDROCK}/converse", bearer("AWS_BEARER_TOKEN_BEDROCK"), f"{_BEDROCK}/converse-stream"),
    "mistral": Provider("https://api.mistral.ai/v1/chat/completions", bearer("MISTRAL_API_KEY")),
    "cohere": Provider("https://api.cohere.com/v2/chat", bearer("COHERE_API_KEY", "CO_API_KEY")),
    "ollama": Provider("http://localhost:11434/api/chat", bearer("OLLAMA_API_KEY")),
    # Only tokens as api_key, or signatures: test_sagemaker.
    "sagemaker": Provider(_SAGEMAKER, {}),
    "sagemaker_nova": Provider(_SAGEMAKER, {}),
    "watsonx": Provider(
        f"{_WATSONX}/chat?version=2024-10-08",
        {
            **bearer("WATSONX_APIKEY", "WATSONX_API_KEY", "WX_API_KEY", "WATSONX_TOKEN"),
            "WATSONX_ZENAPIKEY": "authorization: ZenApiKey {}",
        },
        f"{_WATSONX}/chat_stream?version=2024-10-08",
    ),
    "gigachat": Provider(
        "https://api.giga.chat/v1/chat/completions",
        bearer("GIGACHAT_CREDENTIALS", "GIGACHAT_API_KEY", "GIGACHAT_ACCESS_TOKEN"),
    ),
    "text-completion-openai": Provider("https://api.openai.com/v1/completions", bearer("OPENAI_API_KEY")),
    "azure_text": Provider(
        "https://res.openai.azure.test/openai/v1/completions",
        {**_RESOURCE_KEYS, **bearer("AZURE_OPENAI_AD_TOKEN", "AZURE_AD_TOKEN")},
    ),
    "text-completion-codestral": Provider(
        "https://codestral.mistral.ai/v1/fim/completions", bearer("CODESTRAL_API_KEY")
    ),
    "text-completion-inception": Provider(
        "https://api.inceptionlabs.ai/v1/fim/completions", bearer("INCEPTION_API_KEY")
    ),
    "watsonx_text": Provider(
        f"{_WATSONX}/generation?version=2024-10-08",
        {
            **bearer("WATSONX_APIKEY", "WATSONX_API_KEY", "WX_API_KEY", "WATSONX_TOKEN"),
            "WATSONX_ZENAPIKEY": "authorization: ZenApiKey {}",
        },
        f"{_WATSONX}/generation_stream?version=2024-10-08",
    ),
    "predibase": Provider(
        "https://serving.app.predibase.com/t1/deployments/v2/llms/m/v1/chat/completions",
        bearer("PREDIBASE_API_TOKEN", "PREDIBASE_API_KEY"),
    ),
    "gdc": Provider(f"{OWN_SERVER}/v1/projects/p1/locations/l1/chat/completions", bearer("GDC_API_KEY")),
    "triton": Provider(
        f"{OWN_SERVER}/v2/models/m/generate", bearer("TRITON_API_KEY"), f"{OWN_SERVER}/v2/models/m/generate_stream"
    ),
    "liner": Provider("https://platform.liner.com/api/v1/agents/m", {"LINER_API_KEY": "x-api-key: {}"}),
    "langgraph": Provider(
        f"{OWN_SERVER}/runs/wait", {"LANGGRAPH_API_KEY": "x-api-key: {}"}, f"{OWN_SERVER}/runs/stream"
    ),
    "langflow": Provider(
        f"{OWN_SERVER}/api/v1/run/m?stream=false",
        {"LANGFLOW_API_KEY": "x-api-key: {}"},
        f"{OWN_SERVER}/api/v1/run/m?stream=true",
    ),
    "databricks_agent": Provider(
        "https://databricks_host.test/serving-endpoints/m/invocations", bearer("DATABRICKS_TOKEN", "DATABRICKS_API_KEY")
    ),
}
# What stands in some addresses, or is one.
ENVIRONMENT: Final = {
    "AWS_REGION": "us-east-1",
    "AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.test",
    "AZURE_AI_CHAT_ENDPOINT": "https://res.services.ai.azure.com",
    "AZURE_ANTHROPIC_RESOURCE": "res",
    "VERTEXAI_PROJECT": "p1",
    "WATSONX_REGION": "us-south",
    "PREDIBASE_TENANT_ID": "t1",
    "GDC_API_BASE": OWN_SERVER,
    "TRITON_API_BASE": OWN_SERVER,
    "LANGGRAPH_API_BASE": OWN_SERVER,
    "LANGFLOW_API_BASE": OWN_SERVER,
}


def _gateways() -> Mapping[str, Provider]:
    rows: list[dict[str, Any]] = tomllib.loads(SPEC.read_text(encoding="utf-8"))["gateway"]
    return {row["name"]: _gateway(**row) for row in rows}


def _gateway(
    key_variables: list[str], base_url: str = OWN_SERVER, path: str = "/chat/completions", **_: object
) -> Provider:
    return Provider(_filled(base_url) + path, bearer(*key_variables))


def _filled(url: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: ENVIRONMENT.get(found[1], f"{found[1].lower()}.test"), url)


ROWS: Final = _gateways()
PROVIDERS: Final = {**NATIVES, **ROWS}
KEYS: Final = [(name, variable) for name, provider in PROVIDERS.items() for variable in provider.headers]


@pytest.fixture(autouse=True)
def addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address that is the environment's is there; of keys none."""
    for row in GATEWAYS.values():
        for variable in re.findall(r"\{(\w+)\}", row.base_url or ""):
            monkeypatch.setenv(variable, _filled(f"{{{variable}}}"))
        if row.self_hosted and row.base_variables:
            monkeypatch.setenv(row.base_variables[0], OWN_SERVER)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def request(provider: str, stream: bool = False, /, **parameters: object) -> httpx2.Request:
    """The one request of a call."""
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, content=b"" if stream else usual_reply(request.url.path))

    row = GATEWAYS.get(provider)
    if row and row.self_hosted and not row.base_variables:
        parameters = {"api_base": OWN_SERVER, **parameters}
    client = Client(transport=httpx2.MockTransport(answer), num_retries=0)
    given = cast("Parameters", {"provider": provider, **parameters})
    if stream:
        with pytest.raises(APIError):  # an empty body is no stream
            client.completion("m", HELLO, stream=True, **given)
    else:
        client.completion("m", HELLO, **given)
    (only,) = sent
    return only


def credentials(request: httpx2.Request) -> list[str]:
    """Every header that may carry a key."""
    return [f"{name}: {request.headers[name]}" for name in AUTH if name in request.headers]


def test_every_provider_is_here() -> None:
    assert NATIVES.keys() == NATIVE.keys()
    assert ROWS.keys() == GATEWAYS.keys()
    assert [*NATIVES, *ROWS] == [*NATIVE, *GATEWAYS]
    rows: list[Vendor | Gateway] = [*NATIVE.values(), *GATEWAYS.values()]
    variables = {row.name: row.key_variables for row in rows}
    assert {name: tuple(provider.headers) for name, provider in PROVIDERS.items()} == variables


@pytest.mark.parametrize("name", PROVIDERS)
def test_where_it_is_called(name: str) -> None:
    provider = PROVIDERS[name]
    assert str(request(name, api_key="k1").url) == provider.url
    assert str(request(name, True, api_key="k1").url) == (provider.streams or provider.url)


LISTED: Final = {provider.name: provider for provider in polyvox.providers()}


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_listing_says_where_it_is_called_and_with_which_key(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = LISTED[name]
    assert listed.key_variables == tuple(PROVIDERS[name].headers)
    if listed.base_url is not None:
        for variable in listed.base_variables:
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("VERTEXAI_LOCATION", "us-east-1")
        base = _filled(listed.base_url.replace("{region}", "us-east-1"))
        given: dict[str, object] = {"vertex_project": "p1"} if "vertex" in listed.dialect else {}
        assert str(request(name, api_key="k1", **given).url).startswith(base)
    for variable in listed.base_variables:
        monkeypatch.setenv(variable, f"https://of-{variable.lower().replace('_', '-')}.test")
        assert request(name, api_key="k1").url.host == f"of-{variable.lower().replace('_', '-')}.test"
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("name", [name for name, listed in LISTED.items() if listed.base_url is None])
def test_without_an_address_of_its_own_it_needs_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in LISTED[name].base_variables:
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(InvalidRequestError) as caught:
        Client(provider=name, api_key="k1").completion("m", HELLO)
    for said in ("api_base", *LISTED[name].base_variables):
        assert said in str(caught.value)


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_listing_says_whether_it_needs_a_key(name: str) -> None:
    if LISTED[name].key_optional:
        assert credentials(request(name)) == []
        return
    with pytest.raises(MissingApiKeyError) as caught:
        request(name)
    for variable in LISTED[name].key_variables:
        assert variable in str(caught.value)


@pytest.mark.parametrize(("name", "variable"), KEYS, ids=[f"{name}-{variable}" for name, variable in KEYS])
def test_each_variable_fills_its_header_and_no_other(name: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "secret-1")
    sent = request(name)
    assert credentials(sent) == [PROVIDERS[name].headers[variable].format("secret-1")]
    assert "secret-1" not in str(sent.url) + sent.content.decode()


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_given_key_is_sent_as_the_first_variables(name: str) -> None:
    (header, *_) = (*PROVIDERS[name].headers.values(), "authorization: Bearer {}")
    assert credentials(request(name, api_key="secret-1")) == [header.format("secret-1")]


@pytest.mark.parametrize("name", PROVIDERS)
def test_among_all_keys_only_its_own_leaves(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment of somebody who has every key there is, to the provider's own host and to another."""
    secrets = {variable: f"secret-of-{variable}." for _, variable in KEYS}
    for variable, secret in secrets.items():
        monkeypatch.setenv(variable, secret)
    own = {secrets[variable] for variable in [*PROVIDERS[name].headers][:1]}
    for parameters in ({}, {"api_base": "https://proxy.test/v1"}):
        if not own:
            with pytest.raises(MissingApiKeyError):
                request(name, **parameters)
            continue
        sent = request(name, **parameters)
        whole = f"{sent.method} {sent.url} {sent.headers.multi_items()} {sent.content!r}"
        assert {secret for secret in secrets.values() if secret in whole} == own


@pytest.mark.parametrize("parameter", ["api_base", "base_url"])
@pytest.mark.parametrize("name", PROVIDERS)
def test_another_address_is_honoured(name: str, parameter: str) -> None:
    sent = request(name, api_key="k1", **{parameter: "https://proxy.test/there"})
    assert (sent.url.scheme, sent.url.host) == ("https", "proxy.test")
    assert sent.url.path.startswith("/there/")
    assert sent.url.path.rpartition("/")[2] == httpx2.URL(PROVIDERS[name].url).path.rpartition("/")[2]
    header = PROVIDERS[name].header_elsewhere.format("k1")
    assert credentials(sent) == ([header] if header else credentials(request(name, api_key="k1")))
