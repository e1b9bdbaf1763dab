"""What those who speak OpenAI's dialect say of their parameters more closely than the unified ones do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..forms import Form, by_type, count, each, fields, lazily, nullable, switch, text, text_or, values, word
from .openai_media import TAKES

# Vendors whose own description says all that they take. (Those of DeepSeek, vLLM and Hugging Face say less.)
CLOSED: Final = frozenset(
    (
        "ai21",
        "cerebras",
        "fireworks",
        "groq",
        "moonshot",
        "openrouter",
        "perplexity",
        "sambanova",
        "together",
        "xai",
        "zai",
    )
)


def _bias(where: str, value: object) -> str | None:
    """-1.0 is a whole number in JSON."""
    return None if isinstance(value, float) and value.is_integer() else count(where, value)


def _described(*path: str) -> Form:
    """One of the words that the description has there."""

    @lazily
    def form() -> Form:
        from polyvox_wire.openai.requests import CreateChatCompletionRequest

        from ..described import words_at

        return word(*words_at(CreateChatCompletionRequest, *path))

    return form


_PLACE: Final = fields({"type": word("approximate"), "approximate": values(text)})
_OF_OPENAI: Final[Mapping[str, Form]] = {
    "service_tier": _described("service_tier"),
    "modalities": each(_described("modalities")),
    "audio": fields({"voice": text_or(fields({"id": text}, closed=True)), "format": _described("audio", "format")}),
    "metadata": values(text),
    "logit_bias": values(_bias),
    "web_search_options": fields({}, {"user_location": nullable(_PLACE)}),
}
_OF_GATEWAYS: Final[Mapping[str, Form]] = {"metadata": values(text)}
_OF_ANYBODY: Final[Mapping[str, Form]] = {}


def forms_of(vendor: str) -> Mapping[str, Form]:
    """Of the parameters of a vendor, as far as its description says anything."""
    return _OF_OPENAI if vendor in TAKES else _OF_GATEWAYS if vendor in CLOSED else _OF_ANYBODY


_ON: Final = word("enabled", "disabled")
# Gateways who describe a `thinking` of their own.
THINKING: Final[Mapping[str, Form]] = {
    "deepseek": fields({}, {"type": _ON}),
    "zai": fields({}, {"type": _ON, "clear_thinking": switch}),
    "fireworks": by_type(
        {
            "enabled": fields({}, {"type": text, "budget_tokens": count}, closed=True),
            "disabled": fields({}, {"type": text}, closed=True),
        }
    ),
    "moonshot": fields({"type": _ON}, {"keep": nullable(word("all"))}, closed=True),
}
