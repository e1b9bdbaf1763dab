"""When a request is made again, and after which wait."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    OverloadedError,
    RateLimitError,
    Timeout,
)
from polyvox.exchange import MAX_RETRY_AFTER, Failure, Outcome, Response, next_wait
from tests.exchange.script import OK, attempt, late, play, refused, said

STATUSES: Final[dict[int, bool]] = {
    301: False,
    307: False,
    400: False,
    401: False,
    402: False,
    403: False,
    404: False,
    405: False,
    408: True,
    409: True,
    413: False,
    418: False,
    422: False,
    425: True,
    429: True,
    500: True,
    501: True,
    502: True,
    503: True,
    504: True,
    520: True,
    524: True,
    529: True,
    599: True,
}


@pytest.mark.parametrize(("status", "again"), STATUSES.items())
def test_status(status: int, again: bool) -> None:
    played = play([said(status), OK] if again else [said(status)], retries=1)
    assert len(played.requests) == 1 + again
    assert (played.result == "fine") == again
    assert again or (played.error is not None and played.error.status_code == status)


def test_a_certificate_stays_what_it_is() -> None:
    played = play([Failure(ConnectionError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired"))])
    assert len(played.requests) == 1
    assert isinstance(played.error, APIConnectionError)
    assert not played.error.retryable


CODES: Final[dict[str, tuple[Response, bool]]] = {
    "used-up quota": (said(429, "insufficient_quota"), False),
    "rate limit": (said(429, "rate_limit_exceeded"), True),
    "full context": (said(400, "context_length_exceeded"), False),
    "full context as 429": (said(429, "context_length_exceeded"), False),
    "filtered": (said(400, "content_filter"), False),
    "no credit": (said(429, "billing_error"), False),
    "wrong key as 500": (said(500, "invalid_api_key"), False),
    "overloaded as 400": (said(400, "overloaded_error"), True),
}


@pytest.mark.parametrize(("reply", "again"), CODES.values(), ids=CODES)
def test_a_code_that_says_more_than_its_status(reply: Response, again: bool) -> None:
    assert len(play([reply, OK] if again else [reply], retries=1).requests) == 1 + again


@pytest.mark.parametrize(
    ("status", "wish", "again"),
    [(400, "true", True), (500, "false", False), (429, "false", False), (500, "maybe", True), (400, "maybe", False)],
)
def test_the_vendors_own_word_wins(status: int, wish: str, again: bool) -> None:
    reply = said(status, x_should_retry=wish)
    assert len(play([reply, OK] if again else [reply], retries=1).requests) == 1 + again


FAILED: Final[dict[str, tuple[Outcome, type[APIError]]]] = {
    "refused": (refused(), APIConnectionError),
    "too late": (late(), Timeout),
}


@pytest.mark.parametrize(("outcome", "kind"), FAILED.values(), ids=FAILED)
def test_no_reply_is_tried_again(outcome: Outcome, kind: type[APIError]) -> None:
    assert play([outcome, OK]).result == "fine"
    error = play([outcome] * 3).error
    assert error is not None
    assert type(error) is kind
    assert error.retryable
    assert (error.status_code, error.provider, error.model) == (None, "acme", "m")


def test_an_error_without_a_reply_names_the_host_and_the_cause() -> None:
    error = play([refused()], retries=0).error
    assert str(error) == "acme:m: could not reach https://acme: connection refused"
    assert isinstance(error, APIError)
    assert isinstance(error.__cause__, ConnectionRefusedError)


def test_an_error_without_words_is_named_by_its_class() -> None:
    assert "could not reach https://acme: OSError" in str(play([Failure(OSError())], retries=0).error)


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_the_count_means_additional_tries(retries: int) -> None:
    played = play([said(500)] * (retries + 1), retries=retries)
    assert len(played.requests) == retries + 1
    assert isinstance(played.error, InternalServerError)


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_the_first_good_reply_ends_it(failures: int) -> None:
    played = play([*[said(503)] * failures, OK])
    assert played.result == "fine"
    assert len(played.requests) == failures + 1


def test_the_last_error_is_the_one_that_is_raised() -> None:
    assert isinstance(play([said(500), said(429), said(529)]).error, OverloadedError)
    assert isinstance(play([said(500), said(401)]).error, AuthenticationError)


def test_the_same_request_is_sent_again() -> None:
    first, second, third = play([said(500), refused(), OK]).requests
    for again in (second, third):
        assert (again.url, again.headers, again.body, again.timeouts) == (
            first.url,
            first.headers,
            first.body,
            first.timeouts,
        )


def test_waits_are_up_to_a_bound_that_doubles() -> None:
    first, *waits = play([said(500)] * 8, retries=7).waits
    assert first == 0
    for wait, whole in zip(waits, [0.5, 1, 2, 4, 8, 8, 8], strict=True):
        assert 0 <= wait <= whole


@pytest.mark.parametrize(("tried", "bound"), [*enumerate([0.5, 1, 2, 4, 8, 8, 8])])
def test_waits_use_the_whole_of_their_bound(tried: int, bound: float) -> None:
    waits = [next_wait(InternalServerError("no"), tried) or 0.0 for _ in range(200)]
    assert 0 <= min(waits) < bound / 4
    assert bound * 3 / 4 < max(waits) <= bound


def test_waits_differ_so_that_callers_do_not_come_back_at_once() -> None:
    waits = [play([said(500), OK]).waits[1] for _ in range(200)]
    assert len(set(waits)) > 100
    assert min(waits) < 0.125 < 0.375 < max(waits)  # anywhere between nothing and the bound


EXACT: Final[dict[str, tuple[Response, float]]] = {
    "seconds": (said(429, retry_after="2"), 2),
    "none": (said(429, retry_after="0"), 0),
    "a fraction": (said(503, retry_after="1.5"), 1.5),
    "milliseconds": (said(429, retry_after_ms="1500"), 1.5),
    "milliseconds win": (said(429, retry_after_ms="250", retry_after="1"), 0.25),
    "a date in the past": (said(503, retry_after="Fri, 31 Dec 1999 23:59:59 GMT"), 0),
    "the longest": (said(429, retry_after=str(int(MAX_RETRY_AFTER))), MAX_RETRY_AFTER),
    "in the body": (
        Response(
            429,
            {},
            b'{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": ['
            b'{"@type": "type.googleapis.com/google.rpc.Help"},'
            b'{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48s"}]}}',
        ),
        48,
    ),
    "the header wins over the body": (
        Response(429, {"retry-after": "3"}, b'{"error": {"details": [{"retryDelay": "48s"}]}}'),
        3,
    ),
}


@pytest.mark.parametrize(("reply", "wait"), EXACT.values(), ids=EXACT)
def test_the_vendors_wish_is_the_wait(reply: Response, wait: float) -> None:
    played = play([reply, OK])
    assert played.waits == [0, wait]


TOO_LONG: Final = {"seconds": "61", "an hour": "3600", "a date": "Fri, 31 Dec 2100 23:59:59 GMT"}


@pytest.mark.parametrize("wish", TOO_LONG.values(), ids=TOO_LONG)
def test_a_wish_that_is_too_long_is_told_instead(wish: str) -> None:
    played = play([said(429, retry_after=wish)])
    assert isinstance(played.error, RateLimitError)
    assert played.error.retry_after is not None
    assert played.error.retry_after > MAX_RETRY_AFTER


@pytest.mark.parametrize("wish", ["soon", "", "-5", "nan", "inf", "1e300", "Someday, 99 Foo 2100", "\x00", "2 s"])
def test_a_wish_that_is_absurd_counts_for_nothing(wish: str) -> None:
    played = play([said(429, retry_after=wish), OK])
    assert 0 <= played.waits[1] <= 0.5


def test_a_wish_on_a_good_reply_is_no_error() -> None:  # wire-oddities 108
    assert play([Response(200, {"retry-after": "30"}, b"fine")]).result == "fine"


def test_an_error_that_no_retry_cures_has_no_wait() -> None:
    assert next_wait(BadRequestError("no"), 0) is None
    assert next_wait(BadRequestError("no", retry_after=1), 0) is None
    assert next_wait(RateLimitError("slow", retry_after=1), 5) == 1


def test_a_reply_that_cannot_be_read_is_not_asked_for_again() -> None:
    def read(response: Response) -> str:
        raise APIResponseValidationError("unreadable")

    played = play([OK], candidates=[lambda: attempt(read=read)])
    assert isinstance(played.error, APIResponseValidationError)


def test_a_failure_that_the_vendor_reports_with_status_200_is_tried_again() -> None:
    replies = iter([OverloadedError("busy"), None])

    def read(response: Response) -> str:
        if (error := next(replies)) is not None:
            raise error
        return "fine"

    played = play([OK, OK], candidates=[lambda: attempt(read=read)])
    assert (played.result, len(played.requests)) == ("fine", 2)


def test_a_mistake_in_our_own_code_is_not_swallowed() -> None:
    def read(response: Response) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        play([OK], candidates=[lambda: attempt(read=read)])
