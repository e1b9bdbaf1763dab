"""What Gemini counted, as OpenAI counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from polyvox_wire.gemini import responses as r

from ..results import CompletionTokensDetails, CompletionUsage, PromptTokensDetails, extras

_BESIDE: Final = ("toolUsePromptTokenCount", "trafficType")
"""What has no place in OpenAI's usage: kept under Gemini's names."""


def usage(counted: r.UsageMetadata) -> CompletionUsage:
    """Gemini counts thoughts beside the answer, OpenAI as a part of it."""
    prompt = (counted.promptTokenCount or 0) + (counted.toolUsePromptTokenCount or 0)
    thought = counted.thoughtsTokenCount
    answer = (counted.candidatesTokenCount or 0) + (thought or 0)
    made = CompletionUsage(
        prompt_tokens=prompt,
        completion_tokens=answer,
        total_tokens=counted.totalTokenCount or prompt + answer,
        prompt_tokens_details=PromptTokensDetails(cached_tokens=counted.cachedContentTokenCount or 0),
        completion_tokens_details=None if thought is None else CompletionTokensDetails(reasoning_tokens=thought),
    )
    _by_kind(made, counted)
    beside = {name: found for name in _BESIDE if (found := getattr(counted, name)) is not None}
    extras(made).update(beside | extras(counted))
    return made


def _by_kind(made: CompletionUsage, counted: r.UsageMetadata) -> None:
    """How many tokens were text, image or sound, where not all were text."""
    if asked := _kinds(counted.promptTokensDetails):
        asked["cached_tokens"] = counted.cachedContentTokenCount or 0
        made.prompt_tokens_details = PromptTokensDetails.model_validate(asked)
    if answered := _kinds(counted.candidatesTokensDetails):
        answered["reasoning_tokens"] = counted.thoughtsTokenCount
        made.completion_tokens_details = CompletionTokensDetails.model_validate(answered)


def _kinds(counted: Iterable[r.ModalityTokenCount] | None) -> dict[str, int | None]:
    """`audio_tokens` and the like, of OpenAI's names; nothing where all is text."""
    found: dict[str, int | None] = {
        f"{one.modality.lower()}_tokens": one.tokenCount or 0 for one in counted or () if one.modality
    }
    return {} if found.keys() <= {"text_tokens"} else found
