"""Fallbacks: asked in order, each with its own tries; every model's error is kept."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from polyvox import (
    APIError,
    AuthenticationError,
    FallbacksExhaustedError,
    MissingApiKeyError,
    RateLimitError,
    StructuredOutputError,
    UnsupportedParamsError,
)
from polyvox.exchange import Attempt, Response
from tests.exchange.script import OK, attempt, play, refused, said


def _models(*names: str) -> list[Callable[[], Attempt[str]]]:
    return [lambda name=name: attempt(name) for name in names]  # type: ignore[misc]  # bound now


def _unable(error: APIError) -> Callable[[], Attempt[str]]:
    def prepare() -> Attempt[str]:
        raise error

    return prepare


def test_the_first_answers_and_nobody_else_is_asked() -> None:
    played = play([OK], candidates=_models("a", "b", "c"))
    assert (played.result, played.asked) == ("fine", ["a"])


def test_they_are_asked_in_order() -> None:
    played = play([said(401), said(404), OK], candidates=_models("a", "b", "c"))
    assert (played.result, played.asked) == ("fine", ["a", "b", "c"])


def test_each_has_its_own_tries() -> None:
    played = play([said(500), said(500), refused(), said(500), OK], retries=1, candidates=_models("a", "b", "c"))
    assert played.asked == ["a", "a", "b", "b", "c"]


def test_each_begins_without_a_wait() -> None:
    played = play([said(500), said(500), OK], retries=1, candidates=_models("a", "b"))
    assert [wait > 0 for wait in played.waits] == [False, True, False]


def test_when_all_fail_each_error_is_kept_in_order() -> None:
    played = play([said(401), said(429), refused()], retries=0, candidates=_models("a", "b", "c"))
    error = played.error
    assert isinstance(error, FallbacksExhaustedError)
    assert [(type(one), one.provider, one.status_code) for one in error.attempts][:2] == [
        (AuthenticationError, "a", 401),
        (RateLimitError, "b", 429),
    ]
    assert len(error.attempts) == 3
    for name in ("all 3 models failed", "a:m: no", "b:m: no", "c:m: could not reach"):
        assert name in str(error)


def test_its_facts_survive_pickling() -> None:
    error = play([said(401), said(429)], retries=0, candidates=_models("a", "b")).error
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, FallbacksExhaustedError)
    assert str(again) == str(error)
    assert [type(one) for one in again.attempts] == [AuthenticationError, RateLimitError]


@pytest.mark.parametrize("error", [MissingApiKeyError("no key"), UnsupportedParamsError("cannot")])
def test_a_model_that_cannot_be_asked_counts_as_failed(error: APIError) -> None:
    played = play([OK], candidates=[_unable(error), *_models("b")])
    assert (played.result, played.asked) == ("fine", ["b"])
    exhausted = play([said(401)], candidates=[_unable(error), *_models("b")]).error
    assert isinstance(exhausted, FallbacksExhaustedError)
    assert exhausted.attempts[0] is error


def test_an_answer_that_does_not_fit_is_a_failure_too() -> None:
    def read(response: Response) -> str:
        raise StructuredOutputError("does not fit")

    played = play([OK, OK], candidates=[lambda: attempt("a", read=read), *_models("b")])
    assert (played.result, played.asked) == ("fine", ["a", "b"])


def test_without_fallbacks_the_error_is_the_models_own() -> None:
    assert type(play([said(401)]).error) is AuthenticationError


def test_a_mistake_in_our_own_code_is_no_reason_to_ask_another() -> None:
    def prepare() -> Attempt[str]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        play([], candidates=[prepare, *_models("b")])


def test_fallbacks_are_prepared_only_when_they_are_needed() -> None:
    prepared: list[str] = []

    def candidate(name: str) -> Callable[[], Attempt[str]]:
        def prepare() -> Attempt[str]:
            prepared.append(name)
            return attempt(name)

        return prepare

    play([OK], candidates=[candidate("a"), candidate("b")])
    assert prepared == ["a"]
