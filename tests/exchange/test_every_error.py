"""Every class of error: whether it is tried again, and that a fallback may answer for it (docs/errors.md)."""

from __future__ import annotations

from typing import Final

import pytest

import polyvox
from polyvox import errors
from polyvox.exchange import Attempt, Response, exchange
from tests.exchange.script import OK, attempt, play

# class -> whether the same call is made again. A subclass that is not here is a decision that nobody took.
AGAIN: Final[dict[type[errors.APIError], bool]] = {
    errors.APIError: False,
    errors.APIConnectionError: True,
    errors.Timeout: True,
    errors.StreamInterruptedError: False,
    errors.BadRequestError: False,
    errors.ContextWindowExceededError: False,
    errors.ContentPolicyViolationError: False,
    errors.RequestTooLargeError: False,
    errors.UnprocessableEntityError: False,
    errors.InvalidRequestError: False,
    errors.InvalidMessageError: False,
    errors.UnknownParameterError: False,
    errors.UnknownProviderError: False,
    errors.UnsupportedParamsError: False,
    errors.AuthenticationError: False,
    errors.MissingApiKeyError: False,
    errors.InsufficientFundsError: False,
    errors.PermissionDeniedError: False,
    errors.NotFoundError: False,
    errors.ConflictError: True,
    errors.RateLimitError: True,
    errors.QuotaExceededError: False,
    errors.InternalServerError: True,
    errors.BadGatewayError: True,
    errors.ServiceUnavailableError: True,
    errors.GatewayTimeoutError: True,
    errors.OverloadedError: True,
    errors.APIResponseValidationError: False,
    errors.StructuredOutputError: False,
    errors.FallbacksExhaustedError: False,
}


def _all(kind: type[errors.APIError]) -> set[type[errors.APIError]]:
    return {kind}.union(*(_all(under) for under in kind.__subclasses__() if under.__module__ == errors.__name__))


def test_every_class_is_decided_on() -> None:
    assert set(AGAIN) == _all(errors.APIError)
    assert {kind.__name__ for kind in AGAIN} <= set(polyvox.__all__)


@pytest.mark.parametrize(("kind", "again"), AGAIN.items(), ids=lambda one: getattr(one, "__name__", None))
def test_again_or_not(kind: type[errors.APIError], again: bool) -> None:
    found: list[errors.APIError] = []

    def read(response: Response) -> str:
        if not found:
            found.append(kind("no"))
            raise found[0]
        return "fine"

    played = play([OK, OK] if again else [OK], candidates=[lambda: attempt(read=read)])
    assert (played.result, played.error) == (("fine", None) if again else (None, found[0]))
    assert found[0].retryable is again


@pytest.mark.parametrize("kind", AGAIN, ids=lambda kind: kind.__name__)
def test_a_fallback_may_answer_for_it(kind: type[errors.APIError]) -> None:
    def read(response: Response) -> str:
        raise kind("no")

    played = play([OK, OK], retries=0, candidates=[lambda: attempt("a", read=read), lambda: attempt("b")])
    assert (played.result, played.asked) == ("fine", ["a", "b"])


def test_an_exchange_that_is_left_asks_nobody_else() -> None:
    # As both drivers do where a call is cancelled: the generator is closed, and no fallback begins.
    prepared: list[str] = []

    def prepare() -> Attempt[str]:
        prepared.append("b")
        return attempt("b")

    steps = exchange([lambda: attempt("a"), prepare], 5)
    next(steps)
    steps.close()
    assert prepared == []


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_a_program_is_no_failure_of_a_model(kind: type[BaseException]) -> None:
    steps = exchange([lambda: attempt("a"), lambda: attempt("b")], 5)
    next(steps)
    with pytest.raises(kind):
        steps.throw(kind())
