"""`timeout=` holds for the whole call: its requests, its waits and its retries."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import RateLimitError, Timeout
from polyvox.exchange import Outcome, Response, Timeouts
from tests.exchange.script import OK, Played, attempt, late, play, refused, said


def _within(seconds: float, *outcomes: Response, retries: int = 2) -> Played:
    return play(outcomes, retries=retries, candidates=[lambda: attempt(timeouts=_seconds(seconds))])


def _seconds(seconds: float) -> Timeouts:
    return Timeouts(seconds, seconds, seconds, seconds, total=seconds)


def test_each_further_request_has_less_time() -> None:
    played = _within(10, said(429, elapsed=3, retry_after="1"), said(429, elapsed=2, retry_after="1"), OK)
    totals = [request.timeouts.total for request in played.requests]
    assert totals == [10, 6, 3]


def test_no_phase_is_longer_than_what_is_left() -> None:
    played = _within(10, said(429, elapsed=3, retry_after="1"), OK)
    last = played.requests[1].timeouts
    assert (last.connect, last.read, last.write, last.pool) == (6, 6, 6, 6)


def test_a_shorter_phase_stays_as_it_is() -> None:
    timeouts = Timeouts(connect=1, read=8, write=8, pool=8, total=10)
    played = play([said(429, elapsed=3, retry_after="1"), OK], candidates=[lambda: attempt(timeouts=timeouts)])
    last = played.requests[1].timeouts
    assert (last.connect, last.read) == (1, 6)


def test_without_a_deadline_nothing_shrinks() -> None:
    played = play([said(429, elapsed=500, retry_after="50"), said(429, elapsed=500, retry_after="50"), OK])
    assert [request.timeouts for request in played.requests] == [Timeouts()] * 3


NO_TIME: Final[dict[str, tuple[float, Response]]] = {
    "used up": (10, said(429, elapsed=10, retry_after="0")),
    "more than used up": (10, said(429, elapsed=12, retry_after="0")),
    "too long a wait": (10, said(429, elapsed=3, retry_after="8")),
    "just too long a wait": (10, said(429, elapsed=3, retry_after="7")),
}


@pytest.mark.parametrize(("seconds", "outcome"), NO_TIME.values(), ids=NO_TIME)
def test_no_time_is_left_for_another_try(seconds: float, outcome: Response) -> None:
    played = _within(seconds, outcome)
    assert isinstance(played.error, RateLimitError)
    assert len(played.requests) == 1


def test_waits_count() -> None:
    played = _within(10, said(429, elapsed=1, retry_after="4"), said(429, elapsed=1, retry_after="4"), retries=5)
    assert len(played.requests) == 2


def test_a_late_reply_names_the_limit_and_the_way_out() -> None:
    played = play([late(elapsed=10)], candidates=[lambda: attempt(timeouts=_seconds(10))])
    assert isinstance(played.error, Timeout)
    assert isinstance(played.error, TimeoutError)
    assert str(played.error) == "acme:m: no answer within 10 s; pass a longer `timeout`"


def test_a_late_reply_without_a_deadline_says_which_phase() -> None:
    played = play([late()], retries=0)
    assert str(played.error) == "acme:m: no answer in time (read); pass a longer `timeout`"


def test_lost_connections_use_up_the_time_too() -> None:
    played = play([refused(elapsed=10)], candidates=[lambda: attempt(timeouts=_seconds(10))])
    assert len(played.requests) == 1


@pytest.mark.parametrize("rest", [None, 3.0])
def test_timeouts_within(rest: float | None) -> None:
    open_ended = Timeouts(connect=None, read=None, write=5, pool=1)
    assert open_ended.within(rest) == (open_ended if rest is None else Timeouts(3, 3, 3, 1, total=3))


def test_the_wait_for_a_streams_first_chunk_counts() -> None:
    def begin(_: str, piece: Outcome) -> bool:
        if isinstance(piece, Response) and piece.body == b"busy":
            raise RateLimitError("busy", retry_after=1)
        return True

    def head() -> Response:
        return Response(200, {}, elapsed=1)

    outcomes = [head(), Response(200, {}, b"busy", elapsed=3), head(), Response(200, {}, b"Hi")]
    played = play(outcomes, candidates=[lambda: attempt(timeouts=_seconds(10), begin=begin)])
    assert [request.timeouts.total for request in played.requests] == [10, 5]


def test_a_fallback_has_the_whole_time_anew() -> None:
    # Else no fallback could answer for a model that was too slow.
    candidates = [lambda: attempt("a", _seconds(10)), lambda: attempt("b", _seconds(10))]
    played = play([late(elapsed=10), OK], candidates=candidates)
    assert (played.result, played.asked) == ("fine", ["a", "b"])
    assert [request.timeouts.total for request in played.requests] == [10, 10]
