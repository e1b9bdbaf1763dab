"""The tree of errors: facts on each, bases that callers know, texts, pickling."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Final

import pytest

import polyvox
from polyvox import errors
from polyvox.errors import APIError, PolyvoxError
from polyvox.results import ChatCompletion

ALL: Final = [getattr(errors, name) for name in errors.__all__]
BELOW_API: Final = [kind for kind in ALL if issubclass(kind, APIError)]

BASES: Final[dict[type[APIError], tuple[type[Exception], ...]]] = {
    errors.Timeout: (errors.APIConnectionError, TimeoutError),
    errors.StreamInterruptedError: (errors.APIConnectionError,),
    errors.ContextWindowExceededError: (errors.BadRequestError,),
    errors.ContentPolicyViolationError: (errors.BadRequestError,),
    errors.RequestTooLargeError: (errors.BadRequestError,),
    errors.UnprocessableEntityError: (errors.BadRequestError,),
    errors.InvalidRequestError: (errors.BadRequestError, ValueError),
    errors.InvalidMessageError: (errors.InvalidRequestError, ValueError),
    errors.UnknownParameterError: (errors.InvalidRequestError, TypeError),
    errors.UnknownProviderError: (errors.InvalidRequestError, ValueError),
    errors.UnsupportedParamsError: (errors.InvalidRequestError,),
    errors.MissingApiKeyError: (errors.AuthenticationError,),
    errors.QuotaExceededError: (errors.RateLimitError,),
    errors.BadGatewayError: (errors.InternalServerError,),
    errors.ServiceUnavailableError: (errors.InternalServerError,),
    errors.GatewayTimeoutError: (errors.InternalServerError,),
    errors.OverloadedError: (errors.InternalServerError,),
}
RETRYABLE: Final = {
    errors.APIConnectionError,
    errors.Timeout,
    errors.ConflictError,
    errors.RateLimitError,
    errors.InternalServerError,
    errors.BadGatewayError,
    errors.ServiceUnavailableError,
    errors.GatewayTimeoutError,
    errors.OverloadedError,
}


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_bases(kind: type[APIError]) -> None:
    assert all(issubclass(kind, base) for base in BASES[kind])


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_is_polyvoxs_and_public(kind: type[Exception]) -> None:
    assert issubclass(kind, PolyvoxError)
    assert getattr(polyvox, kind.__name__) is kind


@pytest.mark.parametrize("kind", BELOW_API, ids=lambda kind: kind.__name__)
def test_what_a_retry_may_cure(kind: type[APIError]) -> None:
    assert kind("x").retryable == (kind in RETRYABLE)
    assert kind("x", retryable=True).retryable
    assert not kind("x", retryable=False).retryable


def test_the_docstring_draws_the_whole_tree() -> None:
    drawn = {
        found[2]: len(found[1]) // 4
        for found in re.finditer(r"^([│ ]*)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE)
    }
    assert {"PolyvoxError", *drawn} == set(errors.__all__)
    for name, depth in drawn.items():
        above = [base for base in getattr(errors, name).__mro__ if issubclass(base, PolyvoxError)]
        assert len(above) == depth + 2, name


NAMES_OF_LITELLM: Final = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "AuthenticationError",
    "BadRequestError",
    "ContentPolicyViolationError",
    "ContextWindowExceededError",
    "InternalServerError",
    "InvalidRequestError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServiceUnavailableError",
    "Timeout",
    "UnprocessableEntityError",
    "UnsupportedParamsError",
]


@pytest.mark.parametrize("name", NAMES_OF_LITELLM)
def test_names_that_callers_of_litellm_know(name: str) -> None:
    assert issubclass(getattr(polyvox, name), APIError)


FACTS: Final = {
    "status_code": 429,
    "code": "slow_down",
    "param": "n",
    "provider": "acme",
    "model": "m",
    "request_id": "r1",
    "retry_after": 2.5,
    "retryable": True,
    "body": "{}",
}


def _full(kind: type[APIError]) -> APIError:
    error = kind(
        "too fast",
        status_code=429,
        code="slow_down",
        param="n",
        provider="acme",
        model="m",
        request_id="r1",
        retry_after=2.5,
        retryable=True,
        body="{}",
    )
    error.partial = ChatCompletion(id="c1")
    return error


@pytest.mark.parametrize("kind", BELOW_API, ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling_and_copying(kind: type[APIError]) -> None:
    error = _full(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert (str(again), again.args) == (str(error), error.args)
        assert {name: getattr(again, name) for name in FACTS} == FACTS
        assert again.partial == error.partial


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "no"),
        ({"provider": "acme"}, "acme: no"),
        ({"provider": "acme", "model": "m"}, "acme:m: no"),
        ({"status_code": 404}, "no (status 404)"),
        ({"status_code": 404, "code": "not_found"}, "no (status 404, not_found)"),
        ({"provider": "acme", "model": "m", "code": "c", "request_id": "r"}, "acme:m: no (c, request r)"),
    ],
)
def test_the_text(facts: dict[str, str], text: str) -> None:
    assert str(APIError("no", **facts)) == text  # type: ignore[arg-type]  # every fact of the table


def test_facts_that_were_not_given_are_none() -> None:
    error = APIError("no")
    assert [name for name in FACTS if getattr(error, name) not in (None, False)] == []
    assert error.partial is None


def test_a_timeout_is_caught_as_pythons_own() -> None:
    with pytest.raises(TimeoutError):
        raise errors.Timeout("late")
