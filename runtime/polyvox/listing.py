"""Every provider, as data: `polyvox.providers()`; and the parameters that a model's provider takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from .addressing import find_vendor, locate_at, vendors
from .dialects import dialect_of
from .parameters import ModelParameters
from .support import Unsupported

if TYPE_CHECKING:
    from .call import DialectName, Vendor
    from .dialects.dialect import Dialect
    from .parameters import ParameterName
    from .support import Stance


@dataclass(frozen=True, slots=True)
class Provider:
    """Where calls to a provider go, with which key, and what it can do of what callers may ask.

    The fields are plain data. `parameters` and `options` load the provider's mapping, and with it the vendor's types,
    when they are first read.
    """

    name: str
    """What stands before the model, as in `groq:llama-4`, or is given as `provider`."""
    aliases: tuple[str, ...]
    """Other spellings of the name, as other libraries have them."""
    dialect: DialectName
    """Whose wire format it speaks: `openai` for all gateways.

    Azure AI and Vertex AI speak Anthropic's with `claude-*`, and Vertex AI speaks OpenAI's with `owner/model`.
    """
    key_variables: tuple[str, ...]
    """Where a key is looked up, in this order; no other provider's variable ever is."""
    key_optional: bool
    """Whether it can be called without a key."""
    base_variables: tuple[str, ...]
    """Where an address that replaces `base_url` is looked up, in this order."""
    base_url: str | None
    """Its own address. None: the caller's `api_base` or a variable must give one.

    `{VARIABLE}` comes from the environment, `{region}` from the call's settings or the environment.
    """
    self_hosted: bool
    """Whether people run it themselves, so that there is no address of its own."""
    text_only: bool
    """Whether messages can hold nothing but text."""
    extras: tuple[str, ...]
    """What some ways to log in need: `pip install 'polyvox[bedrock]'`. Keys and tokens need none."""

    @property
    def parameters(self) -> Mapping[str, Stance]:
        """What becomes of each unified parameter: `Native`, `Renamed`, `Emulated`, or `Unsupported` with the reason."""
        support = self._dialect.support
        return MappingProxyType({name: support[name] for name in ModelParameters.__annotations__})

    @property
    def options(self) -> tuple[str, ...]:
        """The vendor's own request fields that are keywords of `completion()`, beside the unified parameters."""
        return tuple(self._dialect.option_paths)

    @property
    def _dialect(self) -> Dialect:
        vendor = find_vendor(self.name)
        assert vendor is not None  # it was made of one
        return dialect_of(vendor)


@lru_cache(maxsize=1)
def providers() -> tuple[Provider, ...]:
    """Every provider: first those with an API of their own, then the gateways by name. Nothing in it can be changed.

    Raises nothing, asks nobody, and loads no vendor's types.
    """
    return tuple(map(_provider, vendors()))


def _provider(vendor: Vendor) -> Provider:
    return Provider(
        name=vendor.name,
        aliases=vendor.aliases,
        dialect=vendor.dialect,
        key_variables=vendor.key_variables,
        key_optional=vendor.key_optional,
        base_variables=vendor.base_variables,
        base_url=vendor.base_url or vendor.regional_url,
        self_hosted=vendor.self_hosted,
        text_only=vendor.text_only,
        extras=vendor.extras,
    )


def get_supported_openai_params(model: str, custom_llm_provider: str | None = None) -> tuple[ParameterName, ...]:
    """The names of the unified parameters that have an effect with this model's provider.

    Raises:
        UnknownProviderError: no such provider.
    """
    vendor, _ = locate_at(None, model, custom_llm_provider)
    support = dialect_of(vendor).support
    taken = (parameter for parameter, stance in support.items() if not isinstance(stance, Unsupported))
    return cast("tuple[ParameterName, ...]", (*taken, "stream", "response_format"))  # a test compares the two
