"""The providers with an enum member of their own; any other name or alias works as a string."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["LLMProvider"]


class LLMProvider(StrEnum):
    """Names for `provider=`. A string does as well, and reaches every gateway."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
