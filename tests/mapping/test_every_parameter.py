"""Every parameter of the five signatures of the peers' documents, with every vendor that needs code (`natives.py`):
sent (and the bytes), emulated (and the bytes), polyvox's own (and what it does), or refused with the reason. No fourth.
Gateways are rows of data, and `test_stances` holds them to what they say.

`pytest -s tests/mapping/test_every_parameter.py -k printed` shows the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast, get_args

import httpx2
import pytest

import polyvox
from docs.migration import PEERS
from polyvox import (
    APIConnectionError,
    Client,
    Renamed,
    UnknownParameterError,
    Unsupported,
    UnsupportedParamsError,
)
from polyvox.call import DialectName
from polyvox.natives import NATIVE
from polyvox.parameters import MODEL_PARAMETERS
from polyvox.support import Emulated as EmulatedStance
from polyvox.support import Native
from tests.mapping.asking import HELLO, Json, usual_reply
from tests.mapping.every_parameter import BESIDE, OTHERWISE, VALUES, Cell, Emulated, Refused, Sent
from tests.mapping.every_parameter import COLUMNS as OWN_DIALECTS
from tests.mapping.every_parameter_elsewhere import ELSEWHERE

if TYPE_CHECKING:
    from polyvox import CallParameters, Parameters

COLUMNS: Final = {**OWN_DIALECTS, **ELSEWHERE}
VENDORS: Final = tuple(NATIVE)
MODELS: Final = {
    "openai": "gpt-5",
    "anthropic": "claude-sonnet-4-5",
    "gemini": "gemini-2.5-flash",
    "azure": "gpt-5",
    "azure_ai": "gpt-5",
    "azureanthropic": "claude-sonnet-4-5",
    "vertexai": "gemini-2.5-flash",
    "vertexaianthropic": "claude-sonnet-4-5",
    "bedrock": "anthropic.claude-sonnet-4-5",
    "mistral": "magistral-medium",
    "cohere": "command-a",
    "ollama": "qwen3",
}
"""Where the model matters; elsewhere it is `m`."""
HOST: Final = "https://h.test"
NEEDS: Final[Mapping[str, CallParameters]] = {
    "azure": {"api_base": HOST},
    "azure_ai": {"api_base": HOST},
    "azure_text": {"api_base": HOST},
    "azureanthropic": {"api_base": HOST},
    "vertexai": {"vertex_project": "p"},
    "vertexaianthropic": {"vertex_project": "p"},
    "bedrock": {"aws_region_name": "us-east-1"},
    "sagemaker": {"aws_region_name": "us-east-1"},
    "sagemaker_nova": {"aws_region_name": "us-east-1"},
    "gdc": {"api_base": HOST, "vertex_project": "p", "vertex_location": "l"},
    "triton": {"api_base": HOST},
    "langgraph": {"api_base": HOST},
    "langflow": {"api_base": HOST},
    "databricks_agent": {"api_base": HOST},
}
KEY: Final = "eyJ-test-key"  # by its beginning a token, where other keys are changed for one


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only the environment, or a field of the vendor's own, says."""
    monkeypatch.setenv("WATSONX_REGION", "us-south")
    monkeypatch.setenv("WATSONX_PROJECT_ID", "p")
    monkeypatch.setenv("PREDIBASE_TENANT_ID", "t")


def _model(vendor: str) -> str:
    return MODELS.get(vendor, "m")


class Vendor:
    """A vendor that keeps every request; answers with these statuses, then with 200."""

    def __init__(self, name: str, statuses: list[int] | None = None, **settings: object) -> None:
        self.name = name
        self.requests: list[httpx2.Request] = []
        self._statuses = statuses or []
        given = {"provider": name, "api_key": KEY, "num_retries": 0, **NEEDS.get(name, {}), **settings}
        transport = httpx2.MockTransport(self._answer)
        self.client = Client(transport=transport, **cast("CallParameters", given))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        status = self._statuses.pop(0) if self._statuses else 200
        if status == 0:
            raise httpx2.ConnectError("enough is known")
        content = usual_reply(request.url.path) if status == 200 else b"{}"
        return httpx2.Response(status, headers={"retry-after": "0"}, content=content)

    def ask(self, **parameters: object) -> polyvox.ChatCompletion:
        given = cast("Parameters", {"provider": self.name, **parameters})
        return self.client.completion(_model(self.name), HELLO, **given)

    @property
    def sent(self) -> httpx2.Request:
        (request,) = self.requests
        return request


def _request(vendor: str, parameters: Json) -> tuple[Json, str]:
    """The body and the path of a call, which then gets no answer."""
    asked = Vendor(vendor, statuses=[0])
    with pytest.raises(APIConnectionError):
        asked.ask(**parameters)
    return cast("Json", json.loads(asked.sent.content)), asked.sent.url.path


# --- the model's -----------------------------------------------------------------------------------------------------


def _value(vendor: str, name: str) -> object:
    return OTHERWISE.get(vendor, {}).get(name, VALUES[name])


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_for_the_model(vendor: str, name: str) -> None:
    beside, value = BESIDE.get(name, {}), _value(vendor, name)
    match COLUMNS[vendor][name]:
        case Sent(body, path):
            plain, _ = _request(vendor, beside)
            found, address = _request(vendor, {**beside, name: value})
            assert found == {**plain, **body}
            assert address.endswith(path)
            assert body or path, "something must be sent"
        case Emulated(body, without):
            plain, _ = _request(vendor, beside)
            found, _ = _request(vendor, {**beside, name: value})
            assert found == {key: kept for key, kept in {**plain, **body}.items() if key not in without}
        case Refused(reason):
            asked = Vendor(vendor)
            with pytest.raises(UnsupportedParamsError) as caught:
                asked.ask(**{name: value})
            assert caught.value.message == f"{name}: {reason}; leave it out, or pass drop_params=True"
            assert (caught.value.param, caught.value.provider) == (name, vendor)
            assert asked.requests == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_table_says_what_polyvox_says_of_itself(vendor: str) -> None:
    """`polyvox.providers()`, from which docs/vendors.md is made."""
    (provider,) = [one for one in polyvox.providers() if one.name == vendor]
    for name in MODEL_PARAMETERS:
        cell, stance = COLUMNS[vendor][name], provider.parameters[name]
        match stance:
            case Unsupported(reason):
                assert cell == Refused(reason), name
            case EmulatedStance():
                assert isinstance(cell, Emulated), name
            case Native() | Renamed():
                assert isinstance(cell, Sent), name


# --- polyvox's own ---------------------------------------------------------------------------------------------------


def _for_polyvox(vendor: str, name: str, value: object) -> httpx2.Request:
    asked = Vendor(vendor)
    asked.ask(**{name: value})
    return asked.sent


def _provider(vendor: str) -> None:
    for name in ("provider", "custom_llm_provider"):
        asked = Vendor(vendor)
        answer = asked.client.completion("groq:m", HELLO, **cast("Parameters", {name: vendor}))
        assert answer.provider == vendor
        named = asked.sent.content.decode() + asked.sent.url.path
        assert ("/groq/" if vendor == "predibase" else "groq:m") in named  # only Predibase takes the name apart


def _named(vendor: str) -> None:
    asked = Vendor(vendor, provider=None, api_key=None)
    asked.client.completion(f"{vendor}/{_model(vendor)}", HELLO, api_key=KEY)
    assert _model(vendor) in asked.sent.content.decode() + asked.sent.url.path


def _messages(vendor: str) -> None:
    asked = Vendor(vendor)
    asked.client.completion("m", [{"role": "user", "content": "What I ask"}])
    assert b"What I ask" in asked.sent.content


def _key(vendor: str) -> None:
    asked = Vendor(vendor)
    asked.ask(api_key="eyJ-another-key")
    assert any("eyJ-another-key" in value for value in asked.sent.headers.values())
    assert "eyJ-another-key" not in str(asked.sent.url)


def _address(vendor: str) -> None:
    for name in ("api_base", "base_url"):
        asked = Vendor(vendor, api_base=None)
        asked.ask(**{name: "https://mine.test/v1"})
        assert asked.sent.url.host == "mine.test"


def _timeout(vendor: str) -> None:
    assert 0 < _for_polyvox(vendor, "timeout", 70).extensions["timeout"]["read"] <= 70


def _headers(vendor: str) -> None:
    assert _for_polyvox(vendor, "extra_headers", {"x-a": "1"}).headers["x-a"] == "1"


def _client_args(vendor: str) -> None:
    assert _for_polyvox(vendor, "client_args", {"default_headers": {"x-a": "1"}}).headers["x-a"] == "1"


def _additional(vendor: str) -> None:
    assert json.loads(_for_polyvox(vendor, "additional_params", '{"brand_new": [1]}').content)["brand_new"] == [1]


def _label(vendor: str) -> None:
    sent = _for_polyvox(vendor, "session_label", "my label")
    assert b"my label" not in sent.content
    assert "my label" not in str(sent.headers) + str(sent.url)


def _retries(vendor: str) -> None:
    for name in ("num_retries", "retries", "max_retries"):
        asked = Vendor(vendor, statuses=[500, 500], num_retries=None)
        asked.ask(**{name: 2})
        assert len(asked.requests) == 3


def _fallbacks(vendor: str) -> None:
    model = f"{vendor}:{_model(vendor)}"
    for name in ("fallbacks", "fallback_models"):
        for entry in (model, {"model": model, "extra_headers": {"x-a": "1"}}):
            asked = Vendor(vendor, statuses=[500])
            answer = asked.client.completion(model, HELLO, **cast("Parameters", {name: [entry]}))
            assert (answer.provider, len(asked.requests)) == (vendor, 2)
            assert asked.requests[-1].headers.get("x-a") == (None if isinstance(entry, str) else "1")


def _race(vendor: str) -> None:
    asked = Vendor(vendor)
    model = f"{vendor}:{_model(vendor)}"
    answer = asked.client.completion(model, HELLO, model_list=[{"model": model, "extra_headers": {"x-a": "1"}}])
    assert answer.provider == vendor
    assert asked.sent.headers["x-a"] == "1"


def _drop(vendor: str) -> None:
    (name, *_) = [name for name, cell in COLUMNS[vendor].items() if isinstance(cell, Refused)]
    asked, plain = Vendor(vendor), Vendor(vendor)
    plain.ask()
    assert asked.ask(**{name: VALUES[name], "drop_params": True}).dropped_params == (name,)
    assert asked.sent.content == plain.sent.content


def _mock(vendor: str) -> None:
    asked = Vendor(vendor)
    assert asked.ask(mock_response="Hi").choices[0].message.content == "Hi"
    assert asked.requests == []


# A field of the vendor's own, as any-llm's and LiteLLM's `**kwargs` take it, and where it is sent.
OWN_FIELDS: Final[Mapping[str, tuple[str, object]]] = {
    "openai": ("prompt_cache_retention", "24h"),
    "azure": ("prompt_cache_retention", "24h"),
    "anthropic": ("top_k", 40),
    "azureanthropic": ("top_k", 40),
    "vertexaianthropic": ("top_k", 40),
    "gemini": ("cachedContent", "c1"),
    "vertexai": ("labels", {"a": "b"}),
    "bedrock": ("additionalModelResponseFieldPaths", ["/a"]),
    "mistral": ("safe_prompt", True),
    "cohere": ("safety_mode", "STRICT"),
    "ollama": ("keep_alive", "5m"),
    "sagemaker_nova": ("top_k", 40),
    "watsonx": ("time_limit", 1000),
    "watsonx_text": ("moderations", {"hap": {}}),
    "gigachat": ("profanity_check", True),
    "text-completion-openai": ("echo", True),
    "azure_text": ("echo", True),
    "text-completion-codestral": ("suffix", "}"),
    "text-completion-inception": ("suffix", "}"),
    "langgraph": ("context", {"a": "b"}),
    "langflow": ("session_id", "chat-1"),
    "databricks_agent": ("custom_inputs", {"a": 1}),
}


def _own_field(vendor: str) -> None:
    if vendor not in OWN_FIELDS:  # nothing is known that is its own: refused, with the way out
        with pytest.raises(UnknownParameterError, match="extra_body"):
            _for_polyvox(vendor, "brand_new", 1)
        assert json.loads(_for_polyvox(vendor, "extra_body", {"brand_new": 1}).content)["brand_new"] == 1
        return
    name, value = OWN_FIELDS[vendor]
    assert json.loads(_for_polyvox(vendor, name, value).content)[name] == value


def _of_azure(name: str, value: str, seen: Mapping[str, Callable[[httpx2.Request], object]]) -> Callable[[str], None]:
    """A setting of Azure's, and few others': sent there, refused with the reason elsewhere."""

    def check(vendor: str) -> None:
        if vendor in seen:
            assert seen[vendor](_for_polyvox(vendor, name, value)) == value
            return
        with pytest.raises(UnsupportedParamsError, match=f"{vendor} has no such setting; it is for Azure") as caught:
            _for_polyvox(vendor, name, value)
        assert caught.value.param == name

    return check


def _dated(name: str) -> Callable[[httpx2.Request], object]:
    return lambda request: request.url.params.get(name)


def _asked(request: httpx2.Request) -> object:
    return json.loads(request.content)["model"]


OURS: Final[Mapping[str, Callable[[str], None]]] = {
    "model": _named,
    "messages": _messages,
    "provider": _provider,
    "custom_llm_provider": _provider,
    "api_key": _key,
    "api_base": _address,
    "base_url": _address,
    "api_version": _of_azure(
        "api_version",
        "2024-10-21",
        {
            **dict.fromkeys(("azure", "azure_ai", "azure_text"), _dated("api-version")),
            **dict.fromkeys(("watsonx", "watsonx_text"), _dated("version")),
        },
    ),
    "deployment_id": _of_azure("deployment_id", "mine", dict.fromkeys(("azure", "azure_text"), _asked)),
    "timeout": _timeout,
    "extra_headers": _headers,
    "client_args": _client_args,
    "additional_params": _additional,
    "session_label": _label,
    "num_retries": _retries,
    "retries": _retries,
    "fallbacks": _fallbacks,
    "fallback_models": _fallbacks,
    "model_list": _race,
    "drop_params": _drop,
    "mock_response": _mock,
    "**kwargs": _own_field,
}


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_what_is_for_polyvox(vendor: str, name: str) -> None:
    OURS[name](vendor)


# --- the table is whole ----------------------------------------------------------------------------------------------


def test_every_parameter_of_the_five_signatures_has_a_row() -> None:
    named = {name for peer in PEERS for name in peer.parameters()}
    assert named <= VALUES.keys() | OURS.keys()
    assert VALUES.keys() == MODEL_PARAMETERS | {"stream", "response_format"}
    assert not VALUES.keys() & OURS.keys()


def test_every_vendor_has_a_column_with_every_row() -> None:
    assert COLUMNS.keys() == NATIVE.keys()
    assert not OWN_DIALECTS.keys() & ELSEWHERE.keys()
    for vendor, column in COLUMNS.items():
        assert column.keys() == VALUES.keys(), vendor


def test_every_dialect_has_a_column() -> None:
    # Vertex AI's door to the models of others takes what a gateway takes, by the model and not by a vendor of its own.
    assert set(get_args(DialectName)) - {vendor.dialect for vendor in NATIVE.values()} == {"vertexopen"}


def _line(name: str) -> Iterator[str]:
    for vendor in VENDORS:
        cell: Cell | None = COLUMNS[vendor].get(name) if name in VALUES else None
        match cell:
            case None:
                yield f"{vendor}: polyvox"
            case Sent(body, path):
                yield f"{vendor}: sent {json.dumps(body)}{path}"
            case Emulated(body, without):
                yield f"{vendor}: emulated {json.dumps(body)}{''.join(f' no {key}' for key in without)}"
            case Refused(reason):
                yield f"{vendor}: refused ({reason})"


def test_the_table_printed() -> None:
    lines = [f"{name}\n    " + "\n    ".join(_line(name)) for name in (*VALUES, *OURS)]
    print("\n".join(lines))
    assert len(lines) == len(VALUES) + len(OURS)
