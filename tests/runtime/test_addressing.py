"""Which provider and which model a name means."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

import pytest

from polyvox import InvalidRequestError, LLMProvider, UnknownProviderError, get_supported_openai_params
from polyvox.addressing import find_vendor, known_names, locate
from polyvox.natives import NATIVE
from polyvox_wire.gateways import ALIASES, GATEWAYS, LEFT_OUT
from tests.mapping.asking import HELLO, Wire

MEANS: Final[list[tuple[str, str | None, str, str]]] = [
    # provider in the model, both signs
    ("openai:gpt-5", None, "openai", "gpt-5"),
    ("openai/gpt-5", None, "openai", "gpt-5"),
    ("anthropic:claude-x", None, "anthropic", "claude-x"),
    ("gemini/gemini-x", None, "gemini", "gemini-x"),
    ("google:gemini-x", None, "gemini", "gemini-x"),
    ("groq:llama-3", None, "groq", "llama-3"),
    ("together_ai/meta/llama:free", None, "together", "meta/llama:free"),
    ("together:a/b", None, "together", "a/b"),
    ("hosted_vllm/m", None, "vllm", "m"),
    ("fireworks_ai/accounts/x/models/y", None, "fireworks", "accounts/x/models/y"),
    ("openrouter/anthropic/claude-x", None, "openrouter", "anthropic/claude-x"),
    ("openrouter:openai:gpt-5", None, "openrouter", "openai:gpt-5"),
    ("OpenAI:gpt-5", None, "openai", "gpt-5"),
    ("GROQ/llama", None, "groq", "llama"),
    # the provider wins, and the model is not split
    ("gpt-5", "openai", "openai", "gpt-5"),
    ("openai/gpt-oss-120b", "groq", "groq", "openai/gpt-oss-120b"),
    ("anthropic:x", "openai", "openai", "anthropic:x"),
    ("openai:gpt-5", "openai", "openai", "gpt-5"),  # said twice
    ("together_ai:m", "together", "together", "m"),  # said twice, by two of its names
    ("google:gemini-x", "gemini", "gemini", "gemini-x"),
    ("openrouter/auto", "openrouter", "openrouter", "openrouter/auto"),
    ("openai:", "openai", "openai", "openai:"),
    ("m", "Together_AI", "together", "m"),
    ("m", " groq ", "groq", "m"),
    # families
    ("gpt-5", None, "openai", "gpt-5"),
    ("o3", None, "openai", "o3"),
    ("o4-mini", None, "openai", "o4-mini"),
    ("chatgpt-4o-latest", None, "openai", "chatgpt-4o-latest"),
    ("ft:gpt-4o:acme::x1", None, "openai", "ft:gpt-4o:acme::x1"),
    ("claude-sonnet-4-5", None, "anthropic", "claude-sonnet-4-5"),
    ("gemini-2.5-flash", None, "gemini", "gemini-2.5-flash"),
    ("gemma-3", None, "gemini", "gemma-3"),
    ("mistral-large", None, "mistral", "mistral-large"),
    ("mixtral-8x7b", None, "mistral", "mixtral-8x7b"),
    ("open-mistral-7b", None, "mistral", "open-mistral-7b"),
    ("magistral-small", None, "mistral", "magistral-small"),
    ("grok-4", None, "xai", "grok-4"),
    ("deepseek-chat", None, "deepseek", "deepseek-chat"),
    # else OpenAI, whatever the name
    ("my-tune", None, "openai", "my-tune"),
    ("omni", None, "openai", "omni"),
    ("x/y", None, "openai", "x/y"),
]


@pytest.mark.parametrize(("model", "provider", "vendor", "name"), MEANS)
def test_means(model: str, provider: str | None, vendor: str, name: str) -> None:
    found, rest = locate(model, provider)
    assert (found.name, rest) == (vendor, name)


UNKNOWN: Final[list[tuple[str, str | None, str]]] = [
    ("m", "opnai", "unknown provider 'opnai'; did you mean 'openai'?"),
    ("m", "zzzzzz", "unknown provider 'zzzzzz'; for a server that is not listed: openai_like, with api_base"),
    ("mygateway:llama", None, "unknown provider 'mygateway'; for a server that is not listed: openai_like"),
    ("m", "", "unknown provider ''"),
    ("antropic:claude-x", None, "did you mean 'anthropic'?"),
    ("openai-:gpt-5", None, "did you mean 'openai'?"),
    ("gorq/llama", None, "did you mean 'groq'?"),
]


@pytest.mark.parametrize(("model", "provider", "says"), UNKNOWN)
def test_unknown(model: str, provider: str | None, says: str) -> None:
    with pytest.raises(UnknownProviderError) as caught:
        locate(model, provider)
    assert says in str(caught.value)


STRAYS: Final = ("acme/model-1", "acme:model-1", "zephyr-x:8b")


@pytest.mark.parametrize("model", STRAYS)
def test_a_prefix_that_is_no_providers_is_not_asked_for_at_openais(model: str) -> None:
    wire = Wire()
    with pytest.raises(ValueError, match=f"unknown provider '{model[:4]}.*if '{model}' is .*provider='openai'"):
        wire.ask(model)
    with pytest.raises(UnknownProviderError):
        get_supported_openai_params(model)
    assert wire.requests == []


@pytest.mark.parametrize("model", STRAYS)
@pytest.mark.parametrize("settings", [{"provider": "openai"}, {"api_base": "https://h.test/v1"}])
def test_a_models_whole_name_where_the_caller_says_so(model: str, settings: Mapping[str, str]) -> None:
    wire = Wire()
    wire.ask(model, HELLO, **settings)
    assert wire.body["model"] == model


@pytest.mark.parametrize("model", STRAYS)
def test_a_models_whole_name_at_the_address_of_the_environment(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://h.test/v1")
    wire = Wire()
    wire.ask(model)
    assert (wire.requests[-1].url.host, wire.body["model"]) == ("h.test", model)


# Providers of other libraries that polyvox does not speak to (yet): their models are never asked for at OpenAI's.
@pytest.mark.parametrize("provider", LEFT_OUT)
@pytest.mark.parametrize("sign", ":/")
def test_a_provider_that_is_known_but_not_spoken_to_says_so(provider: str, sign: str) -> None:
    wire = Wire()
    with pytest.raises(UnknownProviderError, match="not supported"):
        wire.ask(f"{provider}{sign}some-model")
    assert wire.requests == []


@pytest.mark.parametrize("name", LEFT_OUT)
def test_the_reason_why_a_provider_is_left_out(name: str) -> None:
    with pytest.raises(UnknownProviderError) as caught:
        locate("m", name)
    assert LEFT_OUT[name] in str(caught.value)


@pytest.mark.parametrize(("model", "says"), [("", "model is empty"), ("  ", "model is empty"), ("openai:", "no model")])
def test_no_model(model: str, says: str) -> None:
    wire = Wire()
    with pytest.raises(InvalidRequestError, match=says):
        wire.ask(model)
    assert wire.requests == []


def test_an_unknown_provider_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="unknown provider"):
        locate("m", "zzzzzz")


class Mine(Enum):
    """A caller's own names."""

    GROQ = "groq"


@pytest.mark.parametrize("name", ["provider", "custom_llm_provider"])
@pytest.mark.parametrize(
    ("value", "seen"), [("groq", "groq"), (LLMProvider.ANTHROPIC, "anthropic"), (Mine.GROQ, "groq")]
)
def test_the_provider_under_both_names_as_text_and_member(name: str, value: object, seen: str) -> None:
    assert Wire().ask("m", HELLO, **{name: value}).provider == seen


def test_two_providers_that_differ() -> None:
    with pytest.raises(InvalidRequestError, match="provider and custom_llm_provider are one parameter"):
        Wire().ask("m", HELLO, provider="groq", custom_llm_provider="openai")


@pytest.mark.parametrize(("alias", "name"), [*ALIASES.items(), ("google", "gemini")])
def test_an_alias_means_its_provider(alias: str, name: str) -> None:
    vendor = find_vendor(alias)
    assert vendor is not None
    assert vendor.name == name


def test_all_names_are_found() -> None:
    for name in known_names():
        assert find_vendor(name) is not None
    assert {*NATIVE, *GATEWAYS, *ALIASES} <= set(known_names())


def test_the_members_are_known_names() -> None:
    assert {member.value for member in LLMProvider} <= set(known_names())
    assert all(member.name == member.value.upper() for member in LLMProvider)


def test_no_alias_is_two_providers() -> None:
    assert not set(ALIASES) & {*GATEWAYS, *NATIVE}
    assert not set(LEFT_OUT) & {*GATEWAYS, *NATIVE, *ALIASES}
