"""What kind of value each parameter takes: a wrong one is found before any request, by one look at each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, cast, get_args

from .errors import InvalidRequestError
from .forms import (
    Form,
    by_type,
    count,
    each,
    fields,
    mapping,
    nullable,
    number,
    sequence,
    switch,
    text,
    text_or,
    unseen,
    values,
    word,
    wrong,
)
from .parameters import VENDOR_OPTIONS, ReasoningEffort
from .shapes import is_mapping

_MANY: Final = (list, tuple, set, frozenset)


def _texts(where: str, value: object) -> str | None:
    """Texts, in an order or in none."""
    return None if _are_texts(value) else wrong(where, value, "a list of texts")


def _are_texts(value: object) -> bool:
    return isinstance(value, _MANY) and all(isinstance(one, str) for one in cast("Iterable[object]", value))


def _stop(where: str, value: object) -> str | None:
    return None if isinstance(value, str) or _are_texts(value) else wrong(where, value, "a text or a list of texts")


def _choice(where: str, value: object) -> str | None:
    return None if isinstance(value, str) or is_mapping(value) else wrong(where, value, "a text or a mapping")


def _key(where: str, value: object) -> str | None:
    fits = isinstance(value, str) or callable(value)
    return None if fits else wrong(where, value, "a text, or a callable that gives one")


def _address(where: str, value: object) -> str | None:
    """A blank one is a setting that was forgotten: the call must not go to the vendor's own host instead."""
    fits = isinstance(value, str) and bool(value.strip())
    return None if fits else wrong(where, value, "an address; without one it is the vendor's own")


def _text_or_number(where: str, value: object) -> str | None:
    return None if isinstance(value, (str, int, float)) else wrong(where, value, "a text or a number")


_NAMED: Final = fields({"name": text})
_OWN_WILL: Final = word("auto", "none")


def _function_call(where: str, value: object) -> str | None:
    return (_OWN_WILL if isinstance(value, str) else _NAMED)(where, value)


_LEVEL: Final = word("low", "medium", "high")
_PLACE: Final = fields({}, dict.fromkeys(("city", "country", "region", "timezone"), nullable(text)))
_SHOWN: Final = nullable(word("summarized", "omitted"))
_THINKING: Final = {"type": word("enabled", "disabled", "adaptive"), "budget_tokens": count, "display": _SHOWN}
_TEXT_PART: Final = fields({"type": word("text"), "text": text})

_FORMS: Final[Mapping[str, Form]] = {
    **dict.fromkeys(("temperature", "top_p", "presence_penalty", "frequency_penalty"), number),
    **dict.fromkeys(("max_tokens", "max_completion_tokens", "n", "seed", "top_logprobs"), count),
    **dict.fromkeys(("logprobs", "parallel_tool_calls", "store", "drop_params"), switch),
    **dict.fromkeys(("user", "safety_identifier", "prompt_cache_key", "service_tier"), text),
    **dict.fromkeys(("session_label", "aws_region_name", "aws_profile_name"), text),
    **dict.fromkeys(("api_version", "deployment_id", "vertex_project", "vertex_location"), text),
    **dict.fromkeys(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), unseen(text)),
    **dict.fromkeys(("additional_params",), unseen(text)),
    **dict.fromkeys(("metadata", "stream_options", *VENDOR_OPTIONS), mapping),
    **dict.fromkeys(("extra_body", "client_args"), unseen(mapping)),
    **dict.fromkeys(("api_base", "base_url"), _address),
    "tool_choice": _choice,
    "vertex_credentials": unseen(_choice),
    "api_key": unseen(_key),
    **dict.fromkeys(("modalities", "allowed_openai_params"), _texts),
    **dict.fromkeys(("fallbacks", "fallback_models", "model_list"), unseen(sequence)),
    "extra_headers": values(unseen(text)),
    "extra_query": values(unseen(_text_or_number)),
    "stop": _stop,
    "function_call": _function_call,
    "logit_bias": values(number),
    "reasoning_effort": word(*get_args(ReasoningEffort)),
    "verbosity": _LEVEL,
    "thinking": fields({}, _THINKING),
    "audio": fields({}, {"voice": text_or(fields({"id": text})), "format": text}),
    "prediction": by_type({"content": fields({"content": text_or(each(_TEXT_PART))})}),
    "web_search_options": fields(
        {},
        {
            "search_context_size": _LEVEL,
            "user_location": nullable(by_type({"approximate": fields({}, {"approximate": _PLACE})})),
        },
    ),
}


def check_kinds(given: Mapping[str, object], forms: Mapping[str, Form] = _FORMS) -> None:
    """Raises `InvalidRequestError` for the first parameter whose value is of another kind. None is no value."""
    for name, value in given.items():
        form = forms.get(name)
        if form is not None and value is not None and (said := form(name, value)) is not None:
            raise InvalidRequestError(said, param=name)
