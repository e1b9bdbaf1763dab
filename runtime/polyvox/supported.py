"""Which parameters a model's provider takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .addressing import check_head, locate
from .dialects import dialect_of
from .support import supported

if TYPE_CHECKING:
    from .parameters import ParameterName


def get_supported_openai_params(model: str, custom_llm_provider: str | None = None) -> tuple[ParameterName, ...]:
    """The names of the unified parameters that have an effect with this model's provider.

    Raises:
        UnknownProviderError: no such provider.
    """
    vendor, name = locate(model, custom_llm_provider)
    if custom_llm_provider is None and name == model:
        check_head(vendor, model, None)
    names = (*supported(dialect_of(vendor).support), "stream", "response_format")
    return cast("tuple[ParameterName, ...]", names)  # a test compares the alias with the stances
