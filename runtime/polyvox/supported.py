"""Which parameters a model's provider takes."""

from __future__ import annotations

from .addressing import locate
from .dialects import dialect_of
from .support import supported


def get_supported_openai_params(model: str, custom_llm_provider: str | None = None) -> tuple[str, ...]:
    """The names of the unified parameters that have an effect with this model's provider.

    Raises:
        UnknownProviderError: no such provider.
    """
    vendor, _ = locate(model, custom_llm_provider)
    return (*supported(dialect_of(vendor).support), "stream", "response_format")
