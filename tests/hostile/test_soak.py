"""The soak of `make soak`, short and small: every call has one outcome, nothing is left; and what a long one tells."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from benchmarks.soak import MANY, Sample, Tally, complaints, growth, sample, soak
from benchmarks.soak_server import expected, running
from polyvox import RateLimitError


@pytest.mark.anyio
async def test_a_short_soak() -> None:
    before = sample()
    with running(pause=0.02) as url:  # so many calls, however long they take
        tally, _, after = await soak(url, lambda tally: tally.asked["calls"] < 400, streams=40, threads=8)
    assert complaints(tally, before, after) == []
    assert tally.outcomes["answered"] > 200


STEADY: Final = Sample(memory=100 << 20, files=1200, tasks=1001, threads=200)
MINUTES: Final = 5
GROWS: Final[dict[str, Callable[[int], Sample]]] = {
    "memory": lambda second: replace(STEADY, memory=(100 << 20) + second * 2**17),
    "files": lambda second: replace(STEADY, files=1200 + second),
    "tasks": lambda second: replace(STEADY, tasks=1001 + second),
    "threads": lambda second: replace(STEADY, threads=200 + second),
    "event loop": lambda second: replace(STEADY, kept=1.5 if second == 200 else 0.0),
}


@pytest.mark.parametrize(("what", "at"), GROWS.items(), ids=GROWS)
def test_what_grows_is_told(what: str, at: Callable[[int], Sample]) -> None:
    (said,) = growth([at(second) for second in range(MINUTES * 60)])
    assert what in said


def test_what_grows_while_it_warms_up_is_not() -> None:
    warming = [replace(STEADY, memory=second << 20, files=second, kept=9.0) for second in range(60)]
    assert growth([*warming, *[STEADY] * 240]) == []


def _ended(*answers: str | BaseException | None, asked: int) -> Tally:
    tally = Tally(asked=Counter(calls=asked))
    for answer in answers:
        tally.end("call0", answer)
    return tally


FINE: Final = expected("call0")
TALLIES: Final[dict[str, tuple[Tally, str]]] = {
    "a call without outcome": (_ended(FINE, RateLimitError("no"), asked=3), "3 calls have 2 outcomes"),
    "a call with two": (_ended(FINE, FINE, asked=1), "1 calls have 2 outcomes"),
    "another call's answer": (_ended(expected("call1"), asked=1), "no answer of its own: call0"),
    "half an answer": (_ended(FINE[:-1], asked=1), "no answer of its own"),
    "none": (_ended(None, asked=1), "no answer of its own: call0: None"),
    "an error that is not ours": (_ended(ZeroDivisionError(), asked=1), "ZeroDivisionError"),
    "no fault at all": (_ended(*[FINE] * MANY, asked=MANY), "no call went wrong"),
}


@pytest.mark.parametrize(("tally", "says"), TALLIES.values(), ids=TALLIES)
def test_an_outcome_that_should_not_be_is_told(tally: Tally, says: str) -> None:
    (said,) = complaints(tally, STEADY, STEADY)
    assert says in said


@pytest.mark.parametrize("what", ["files", "tasks", "threads"])
def test_what_is_left_is_told(what: str) -> None:
    (said,) = complaints(_ended(FINE, asked=1), STEADY, replace(STEADY, **{what: 10_000}))
    assert said.startswith(f"{what} left at the end: 10000")
