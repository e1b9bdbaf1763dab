"""Which deployment of a group is asked next: weights, limits, cooldowns, stickiness. No call is made here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, cast
from weakref import ref

import pytest

from polyvox import (
    APIConnectionError,
    APIError,
    AuthenticationError,
    BadRequestError,
    InvalidRequestError,
    RateLimitError,
)
from polyvox.exchange import Pause
from polyvox.groups import Deployment, Down, Lease, ModelGroup

if TYPE_CHECKING:
    from polyvox import Parameters


class Clock:
    """Seconds, as the test says."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def group(
    *deployments: Deployment | str, clock: Clock | None = None, cooldown: float = 30, sticky: bool = False
) -> ModelGroup:
    return ModelGroup(deployments, cooldown=cooldown, sticky=sticky, clock=clock or Clock(), chance=Random(7).random)


def taken(found: Lease | Pause | Down) -> Lease:
    assert isinstance(found, Lease)
    return found


def asked(models: ModelGroup, times: int, key: str | None = None, error: APIError | None = None) -> Counter[str]:
    """Whom so many calls go to, one after another."""
    count = Counter[str]()
    for _ in range(times):
        lease = taken(models.take((), key))
        count[lease.deployment.model] += 1
        lease.end(error)
    return count


def test_weights_are_shares_of_the_calls() -> None:
    models = group(Deployment("openai:a", weight=3), Deployment("azure:b"))
    count = asked(models, 4000)
    assert count["openai:a"] / 4000 == pytest.approx(0.75, abs=0.02)


def test_a_name_alone_is_a_deployment() -> None:
    assert asked(group("openai:a"), 2) == {"openai:a": 2}


def test_who_fails_is_left_alone_for_the_cooldown_and_then_tried_by_one_call() -> None:
    clock = Clock()
    models = group("openai:a", clock=clock, cooldown=30)
    taken(models.take((), None)).end(APIConnectionError("refused"))
    assert models.take((), None) == Down(30)
    clock.now += 29
    assert models.take((), None) == Down(1)
    clock.now += 1
    probe = taken(models.take((), None))
    assert isinstance(models.take((), None), Down), "one call tries it, the others are not risked"
    probe.end(APIConnectionError("refused"))
    assert models.take((), None) == Down(30)
    clock.now += 30
    taken(models.take((), None)).end()
    first, second = taken(models.take((), None)), taken(models.take((), None))
    assert (first.number, second.number) == (0, 0), "it works again: any number may ask"


def test_an_outage_costs_one_failed_attempt_per_cooldown() -> None:
    clock = Clock()
    models = group("openai:a", "azure:b", clock=clock, cooldown=30)
    failed = 0
    for _ in range(3000):  # one call a second; `a` is out
        clock.now += 1
        lease = taken(models.take((), None))
        out = lease.deployment.model == "openai:a"
        failed += out
        lease.end(APIConnectionError("refused") if out else None)
    assert failed <= 3000 / 30


def test_retry_after_makes_the_cooldown_longer_but_not_endless() -> None:
    for asked_for, pause in ((5, 30), (90, 90), (86_400, 600)):
        models = group("openai:a", cooldown=30)
        taken(models.take((), None)).end(RateLimitError("slow down", retry_after=asked_for))
        assert models.take((), None) == Down(pause)


@pytest.mark.parametrize(
    ("error", "cools"),
    [
        (APIConnectionError("refused"), True),
        (APIConnectionError("its certificate has expired", retryable=False), True),
        (RateLimitError("slow down"), True),
        (AuthenticationError("wrong key"), True),
        (BadRequestError("your request is wrong, wherever it goes"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_only_a_failure_of_its_own_cools_a_deployment(error: BaseException, cools: bool) -> None:
    models = group("openai:a")
    taken(models.take((), None)).end(error)
    assert isinstance(models.take((), None), Down) == cools


def test_who_was_tried_by_this_call_is_not_asked_again() -> None:
    models = group("openai:a", "azure:b")
    assert {taken(models.take({0}, None)).number for _ in range(20)} == {1}
    assert models.take({0, 1}, None) == Down(0)


def test_at_its_limit_a_deployment_lets_the_others_answer() -> None:
    models = group(Deployment("openai:a", weight=1000, max_concurrent=2), "azure:b")
    held = [taken(models.take((), None)) for _ in range(5)]
    assert Counter(lease.deployment.model for lease in held)["openai:a"] == 2


def test_where_all_are_at_their_limits_a_call_waits_until_one_has_room() -> None:
    models = group(Deployment("openai:a", max_concurrent=1))
    lease = taken(models.take((), None))
    first, second = models.take((), None), models.take((), None)
    assert isinstance(first, Pause)
    assert isinstance(second, Pause)
    assert not first.until.done()
    lease.end()
    assert first.until.done()
    assert not second.until.done(), "there is room for one"


def test_who_gave_up_waiting_is_passed_over() -> None:
    models = group(Deployment("openai:a", max_concurrent=1))
    lease = taken(models.take((), None))
    first, second = models.take((), None), models.take((), None)
    assert isinstance(first, Pause)
    assert isinstance(second, Pause)
    first.until.cancel()
    lease.end()
    assert second.until.done()


def test_who_looks_again_keeps_his_place_and_leaves_nothing_behind() -> None:
    models = group(Deployment("openai:a", max_concurrent=1))
    lease = taken(models.take((), None))
    longest, later = next(models.places), next(models.places)
    looked = models.take((), None, longest)
    assert isinstance(looked, Pause)
    before, _ = ref(looked.until), models.take((), None, later)
    looked = models.take((), None, longest)
    assert isinstance(looked, Pause)
    assert before() is None, "an hour of looking again takes no memory"
    lease.end()
    assert looked.until.done(), "it waits longest"


def test_who_has_left_is_not_told_that_there_is_room() -> None:
    models = group(Deployment("openai:a", max_concurrent=1))
    lease, place = taken(models.take((), None)), next(models.places)
    left, other = models.take((), None, place), models.take((), None)
    assert isinstance(left, Pause)
    assert isinstance(other, Pause)
    models.leave(place)
    lease.end()
    assert (left.until.done(), other.until.done()) == (False, True)


def test_calls_a_minute_are_counted_over_the_last_sixty_seconds() -> None:
    clock = Clock()
    models = group(Deployment("openai:a", max_per_minute=2), clock=clock)
    taken(models.take((), None)).end()
    clock.now += 59.5
    taken(models.take((), None)).end()
    waiting = models.take((), None)
    assert isinstance(waiting, Pause)
    assert waiting.seconds == pytest.approx(0.5)
    clock.now += 0.5
    taken(models.take((), None)).end()
    assert isinstance(models.take((), None), Pause)


def test_sticky_calls_stay_where_they_are_until_it_is_down() -> None:
    models = group("openai:a", "azure:b", "openai:c", sticky=True)
    homes = {str(user): set(asked(models, 5, key=str(user))) for user in range(100)}
    assert all(len(home) == 1 for home in homes.values())
    share = Counter(next(iter(home)) for home in homes.values())
    assert min(share.values()) > 20
    down = taken(models.take({0, 2}, None))
    down.end(APIConnectionError("refused"))
    for user, home in homes.items():
        moved = set(asked(models, 1, key=user))
        assert moved == home or home == {"azure:b"}, "only its own callers move"


@pytest.mark.parametrize(("sticky", "key"), [(True, None), (False, "7"), (False, None)])
def test_without_a_key_or_where_nobody_asked_for_it_chance_decides(sticky: bool, key: str | None) -> None:
    assert len(asked(group("openai:a", "azure:b", sticky=sticky), 100, key=key)) == 2


def test_a_lease_ends_once() -> None:
    models = group(Deployment("openai:a", max_concurrent=1))
    lease = taken(models.take((), None))
    lease.end()
    lease.end()
    again = taken(models.take((), None))
    assert again.number == 0
    assert isinstance(models.take((), None), Pause)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ModelGroup([]), "at least one deployment"),
        (lambda: ModelGroup("openai:a"), "a model group takes a list of deployments"),
        (lambda: ModelGroup(cast("list[str]", [{"model": "a"}])), "names of models, not a dict"),
        (lambda: ModelGroup(["openai:a"], cooldown=-1), "cooldown is -1"),
        (lambda: ModelGroup(["openai:a"], cooldown=cast("float", "30")), "cooldown is '30'"),
        (lambda: Deployment("openai:a", weight=0), "the weight of openai:a is 0; it must be above 0"),
        (lambda: Deployment("openai:a", weight=cast("float", "3")), "the weight of openai:a is '3'"),
        (lambda: ModelGroup(["openai:a"], cooldown=float("nan")), "cooldown is nan"),
        (lambda: ModelGroup(["openai:a"], max_wait=10**5000), "max_wait is an int"),
        (lambda: Deployment("openai:a", weight=float("inf")), "the weight of openai:a is inf"),
        (lambda: Deployment("openai:a", weight=10**5000), "the weight of openai:a is an int"),
        (lambda: Deployment(cast("str", 5)), "the model of a deployment is 5; it must be a text"),
        (lambda: Deployment(" "), "the model of a deployment is ' '"),
        (lambda: Deployment("openai:a", cast("Parameters", 3)), "the parameters of openai:a are an int"),
        (lambda: Deployment("openai:a", max_concurrent=0), "max_concurrent of openai:a is 0"),
        (lambda: Deployment("openai:a", max_per_minute=cast("int", 2.5)), "openai:a is 2.5; it must be a whole number"),
        (lambda: Deployment("openai:a", max_per_minute=10**5000), "max_per_minute of openai:a is an int"),
        (lambda: Deployment("openai:a", max_concurrent=True), "max_concurrent of openai:a is True"),
        (lambda: Deployment("openai:a", max_per_minute=cast("int", "9")), "max_per_minute of openai:a is '9'"),
    ],
)
def test_what_cannot_be_meant(make: Callable[[], object], says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        make()


def test_no_key_in_a_repr() -> None:
    models = ModelGroup([Deployment("openai:a", {"api_key": "canary"})])
    assert "canary" not in f"{models!r}{models.deployments!r}"
