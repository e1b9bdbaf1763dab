"""What each provider says of each unified parameter, and that it does what it says."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import UnsupportedParamsError, get_supported_openai_params
from polyvox.addressing import find_vendor
from polyvox.dialects import dialect_of
from polyvox.natives import NATIVE
from polyvox.parameters import MODEL_PARAMETERS
from polyvox.support import NEUTRAL, Emulated, Renamed, Support, Unsupported
from polyvox_wire.gateways import GATEWAYS
from tests.mapping.asking import HELLO, Json, Wire
from tests.mapping.every_parameter import VALUES

PROVIDERS: Final = (*NATIVE, *GATEWAYS)

HOST: Final = "https://h.test/v1"


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one Vertex AI has no address."""
    monkeypatch.setenv("VERTEXAI_PROJECT", "p1")


def _support(name: str) -> Support:
    vendor = find_vendor(name)
    assert vendor is not None
    return dialect_of(vendor).support


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_takes_a_stance_on_every_parameter(provider: str) -> None:
    support = _support(provider)
    assert support.keys() == MODEL_PARAMETERS
    for stance in support.values():
        match stance:
            case Unsupported(reason):
                assert reason
            case Renamed(to):
                assert to
            case Emulated(how):
                assert how
            case _:
                pass


# Where not every model takes every parameter.
MODELS: Final = {"bedrock": "anthropic.claude-sonnet-4-6"}
# Where a parameter takes less than elsewhere.
LESS: Final[dict[str, Json]] = {"moonshot": {"thinking": {"type": "enabled"}}, "gigachat": {"tool_choice": "auto"}}


def _ask(provider: str, wire: Wire, *names: str) -> None:
    """Ask with some parameters."""
    model = MODELS.get(provider, "m")
    asked = {name: LESS.get(provider, {}).get(name, VALUES[name]) for name in names}
    if "stream_options" in names:
        wire.ask_streamed(model, HELLO, provider=provider, api_base=HOST, **asked)
    else:
        wire.ask(model, HELLO, provider=provider, api_base=HOST, **asked)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_said_to_be_unsupported_is_refused_with_the_reason(provider: str) -> None:
    for name, stance in _support(provider).items():
        if isinstance(stance, Unsupported):
            wire = Wire()
            with pytest.raises(UnsupportedParamsError) as caught:
                _ask(provider, wire, name)
            assert name in str(caught.value)
            assert stance.reason in str(caught.value)
            assert caught.value.param == name
            assert wire.requests == []


# Parameters that say something only beside another one.
_BESIDE: Final = {"tool_choice": "tools", "parallel_tool_calls": "tools", "function_call": "functions"}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_said_to_be_supported_is_sent(provider: str) -> None:
    # The mappings' own tables say what emulation does; half of it depends on the value.
    sent = [name for name, stance in _support(provider).items() if not isinstance(stance, (Unsupported, Emulated))]
    for name in sent:
        beside = [_BESIDE[name]] if name in _BESIDE else []
        without, with_it = Wire(), Wire()
        _ask(provider, without, *beside)
        _ask(provider, with_it, *beside, name)
        assert with_it.body != without.body, name


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_neutral_value_is_fine_where_the_parameter_is_not_supported(provider: str) -> None:
    plain = Wire()
    plain.ask("m", HELLO, provider=provider, api_base=HOST)
    for name, value in NEUTRAL.items():
        if isinstance(_support(provider)[name], Unsupported):
            wire = Wire()
            answer = wire.ask("m", HELLO, provider=provider, api_base=HOST, **{name: value})
            assert wire.body == plain.body, name
            assert answer.dropped_params == ()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_effort_that_is_left_to_the_vendor_sends_nothing(provider: str) -> None:
    plain = Wire()
    _ask(provider, plain)
    for effort in ("auto", "default", None):
        wire = Wire()
        answer = wire.ask(MODELS.get(provider, "m"), HELLO, provider=provider, api_base=HOST, reasoning_effort=effort)
        assert (wire.body, answer.dropped_params) == (plain.body, ()), effort


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_supported_parameters_can_be_asked_for(provider: str) -> None:
    found = get_supported_openai_params("m", provider)
    unsupported = {name for name, stance in _support(provider).items() if isinstance(stance, Unsupported)}
    assert set(found) == MODEL_PARAMETERS - unsupported | {"stream", "response_format"}


def test_the_provider_may_stand_in_the_model() -> None:
    assert get_supported_openai_params("anthropic:m") == get_supported_openai_params("m", "anthropic")
