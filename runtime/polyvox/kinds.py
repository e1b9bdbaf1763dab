"""What kind of value each parameter takes: a wrong one is found before any request, by one look at each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, cast

from .errors import InvalidRequestError
from .parameters import VENDOR_OPTIONS
from .shapes import is_list, is_mapping


class _Kind(NamedTuple):
    words: str
    fits: Callable[[object], bool]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(
        isinstance(one, str) for one in cast("Iterable[object]", value)
    )


def _is_text_or_texts(value: object) -> bool:
    return _is_text(value) or _is_list_of_texts(value)


def _is_text_or_fields(value: object) -> bool:
    return isinstance(value, str) or is_mapping(value)


def _is_headers(value: object) -> bool:
    return all(isinstance(text, str) for pair in _pairs(value) for text in pair) and is_mapping(value)


def _is_query(value: object) -> bool:
    fits = (isinstance(name, str) and isinstance(text, (str, int, float)) for name, text in _pairs(value))
    return all(fits) and is_mapping(value)


def _pairs(value: object) -> Iterable[tuple[object, object]]:
    """What stands in a mapping, whose keys may be anything here."""
    return cast("Mapping[object, object]", value).items() if isinstance(value, Mapping) else ()


def _is_chain(value: object) -> bool:
    return is_list(value) or isinstance(value, tuple)


_NUMBER: Final = _Kind("a number", _is_number)
_COUNT: Final = _Kind("a whole number", _is_count)
_SWITCH: Final = _Kind("True or False", _is_switch)
_TEXT: Final = _Kind("a text", _is_text)
_FIELDS: Final = _Kind("a mapping", is_mapping)
_TEXTS: Final = _Kind("a list of texts", _is_list_of_texts)
_STOP: Final = _Kind("a text or a list of texts", _is_text_or_texts)
_CHOICE: Final = _Kind("a text or a mapping", _is_text_or_fields)
_HEADERS: Final = _Kind("a mapping of texts", _is_headers)
_QUERY: Final = _Kind("a mapping of texts and numbers", _is_query)
_CHAIN: Final = _Kind("a list", _is_chain)
_KINDS: Final[Mapping[str, _Kind]] = {
    **dict.fromkeys(("temperature", "top_p", "presence_penalty", "frequency_penalty"), _NUMBER),
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "n", "seed", "top_logprobs"), _COUNT),
    **dict.fromkeys(("logprobs", "parallel_tool_calls", "store", "drop_params"), _SWITCH),
    **dict.fromkeys(("user", "safety_identifier", "prompt_cache_key", "service_tier", "verbosity"), _TEXT),
    **dict.fromkeys(("reasoning_effort", "additional_params", "session_label", "api_base", "base_url"), _TEXT),
    **dict.fromkeys(("api_version", "deployment_id", "aws_region_name", "aws_access_key_id"), _TEXT),
    **dict.fromkeys(("aws_secret_access_key", "aws_session_token", "aws_profile_name"), _TEXT),
    **dict.fromkeys(("vertex_project", "vertex_location"), _TEXT),
    **dict.fromkeys(("logit_bias", "metadata", "audio", "prediction", "stream_options", "thinking"), _FIELDS),
    **dict.fromkeys(("web_search_options", "extra_body", "client_args", *VENDOR_OPTIONS), _FIELDS),
    "extra_headers": _HEADERS,
    "extra_query": _QUERY,
    "stop": _STOP,
    **dict.fromkeys(("tool_choice", "function_call", "vertex_credentials"), _CHOICE),
    **dict.fromkeys(("modalities", "allowed_openai_params"), _TEXTS),
    **dict.fromkeys(("fallbacks", "fallback_models"), _CHAIN),
}


def check_kinds(given: Mapping[str, object]) -> None:
    """Raises `InvalidRequestError` for the first parameter whose value is of another kind. None is no value."""
    for name, value in given.items():
        kind = _KINDS.get(name)
        if kind is not None and value is not None and not kind.fits(value):
            raise InvalidRequestError(f"{name} is {repr(value)[:60]}; it must be {kind.words}", param=name)
