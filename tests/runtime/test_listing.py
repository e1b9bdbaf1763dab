"""What `polyvox.providers()` says of each provider. That calls do as it says: test_every_provider, test_stances."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Final, cast

import pytest

import polyvox
from polyvox import Emulated, Native, Provider, Renamed, Unsupported, get_supported_openai_params
from polyvox.addressing import find_vendor, known_names
from polyvox.dialects import dialect_of
from polyvox.natives import NATIVE
from polyvox.parameters import ModelParameters
from polyvox_wire.gateways import GATEWAYS

LISTED: Final = {provider.name: provider for provider in polyvox.providers()}


def test_every_provider_is_listed_once() -> None:
    assert [provider.name for provider in polyvox.providers()] == [*NATIVE, *GATEWAYS]
    names = [name for provider in LISTED.values() for name in (provider.name, *provider.aliases)]
    assert sorted(names) == sorted(known_names())


def test_what_it_says() -> None:
    assert LISTED["groq"] == Provider(
        name="groq",
        aliases=(),
        dialect="openai",
        key_variables=("GROQ_API_KEY",),
        key_optional=False,
        base_variables=("GROQ_BASE_URL", "GROQ_API_BASE"),
        base_url="https://api.groq.com/openai/v1",
        self_hosted=False,
        text_only=False,
        extras=(),
    )
    assert LISTED["vllm"] == Provider(
        name="vllm",
        aliases=("hosted_vllm",),
        dialect="openai",
        key_variables=("VLLM_API_KEY", "HOSTED_VLLM_API_KEY"),
        key_optional=True,
        base_variables=("VLLM_API_BASE", "HOSTED_VLLM_API_BASE"),
        base_url=None,
        self_hosted=True,
        text_only=False,
        extras=(),
    )


@pytest.mark.parametrize(
    ("name", "dialect", "base_url", "extras"),
    [
        ("anthropic", "anthropic", "https://api.anthropic.com", ()),
        ("vertexai", "vertex", "https://{region}-aiplatform.googleapis.com", ("vertex",)),
        ("bedrock", "bedrock", "https://bedrock-runtime.{region}.amazonaws.com", ("bedrock",)),
        ("bedrock_mantle", "openai", "https://bedrock-mantle.{AWS_REGION}.api.aws/v1", ()),
        ("azure", "azure", None, ()),
    ],
)
def test_an_address_of_its_own(name: str, dialect: str, base_url: str | None, extras: tuple[str, ...]) -> None:
    provider = LISTED[name]
    assert (provider.dialect, provider.base_url, provider.extras) == (dialect, base_url, extras)


@pytest.mark.parametrize(
    ("name", "parameter", "stance"),
    [
        ("openai", "temperature", Native()),
        ("openai", "max_tokens", Renamed("max_completion_tokens")),
        ("mistral", "seed", Renamed("random_seed")),
        ("anthropic", "functions", Emulated("tools")),
        ("anthropic", "n", Unsupported("Anthropic gives one answer per call")),
        ("perplexity", "seed", Unsupported("no such field in its API description")),
        ("deepseek", "user", Renamed("user_id")),
    ],
)
def test_what_becomes_of_a_parameter(name: str, parameter: str, stance: polyvox.Stance) -> None:
    assert LISTED[name].parameters[parameter] == stance


@pytest.mark.parametrize("name", LISTED)
def test_parameters_are_those_that_calls_obey(name: str) -> None:
    provider, vendor = LISTED[name], find_vendor(name)
    assert vendor is not None
    assert list(provider.parameters) == list(ModelParameters.__annotations__)
    assert provider.parameters == dialect_of(vendor).support
    having = {key for key, stance in provider.parameters.items() if not isinstance(stance, Unsupported)}
    assert having | {"stream", "response_format"} == set(get_supported_openai_params("m", name))


def test_fields_of_the_vendor() -> None:
    assert "top_k" in LISTED["anthropic"].options
    assert "reasoning_format" in LISTED["groq"].options
    assert LISTED["avian"].options == ()


def test_nothing_can_be_changed() -> None:
    groq = LISTED["groq"]
    assert polyvox.providers() is polyvox.providers()
    with pytest.raises(FrozenInstanceError):
        groq.base_url = "https://elsewhere.test"  # type: ignore[misc]  # frozen
    with pytest.raises(TypeError):
        cast("dict[str, object]", groq.parameters)["seed"] = Native()
    assert hash(groq) == hash(LISTED["groq"])
