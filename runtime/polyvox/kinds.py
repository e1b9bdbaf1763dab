"""What kind of value each parameter of the model takes: a wrong one is found before any request, by one look each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from .errors import InvalidRequestError


class _Kind(NamedTuple):
    words: str
    types: tuple[type, ...]
    boolean: bool = False
    """Whether True and False, which are numbers to Python, are meant."""


_NUMBER: Final = _Kind("a number", (int, float))
_COUNT: Final = _Kind("a whole number", (int,))
_SWITCH: Final = _Kind("True or False", (bool,), boolean=True)
_TEXT: Final = _Kind("a text", (str,))
_FIELDS: Final = _Kind("a mapping", (Mapping,))
_KINDS: Final[Mapping[str, _Kind]] = {
    **dict.fromkeys(("temperature", "top_p", "presence_penalty", "frequency_penalty"), _NUMBER),
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "n", "seed", "top_logprobs"), _COUNT),
    **dict.fromkeys(("logprobs", "parallel_tool_calls", "store"), _SWITCH),
    **dict.fromkeys(("user", "safety_identifier", "prompt_cache_key", "service_tier", "verbosity"), _TEXT),
    "reasoning_effort": _TEXT,
    **dict.fromkeys(("logit_bias", "metadata", "audio", "prediction", "stream_options", "thinking"), _FIELDS),
    "web_search_options": _FIELDS,
    "tool_choice": _Kind("a text or a mapping", (str, Mapping)),
    "function_call": _Kind("a text or a mapping", (str, Mapping)),
}


def check_kinds(given: Mapping[str, object]) -> None:
    """Raises `InvalidRequestError` for the first parameter whose value is of another kind."""
    for name, value in given.items():
        kind = _KINDS.get(name)
        if kind is None or (isinstance(value, kind.types) and (kind.boolean or not isinstance(value, bool))):
            continue
        raise InvalidRequestError(f"{name} is {repr(value)[:60]}; it must be {kind.words}", param=name)
