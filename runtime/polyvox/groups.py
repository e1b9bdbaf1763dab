"""Several deployments of one model: which to ask next. Pure but for a lock and a clock, both drivers share it.

A deployment that fails is left alone for a while; then one call may try it, and the others follow when that worked. So
an outage costs one failed attempt per cooldown, beside the calls that were under way when it began.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import count
from sys import float_info, maxsize
from time import monotonic
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from .errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    InsufficientFundsError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
)
from .exchange import Pause
from .forking import Locked
from .keywords import FALLBACKS, RETRIES
from .shapes import is_mapping, its_type

if TYPE_CHECKING:
    from .parameters import Parameters

WINDOW: Final = 60.0
"""Seconds over which `max_per_minute` counts."""
LONGEST_COOLDOWN: Final = 600.0
"""Seconds: a vendor that asks for a longer pause is tried again all the same."""
LOOK_AGAIN: Final = 1.0
"""Seconds after which a call that waits for room looks for itself."""
_CHAINED: Final = frozenset((*FALLBACKS, *RETRIES, "model_list", "mock_response"))
_OWN_FAULT: Final = (
    APIConnectionError,
    APIResponseValidationError,
    AuthenticationError,
    InsufficientFundsError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One place where a model can be had.

    Attributes:
        model: as in `completion()`, e.g. `azure:my-gpt`.
        parameters: what this deployment is called with, e.g. its `api_key` and `api_base`; they win over the call's.
        weight: its share of the calls, beside the others' weights.
        max_concurrent: how many calls it may answer at a time, streams until they end. None: any number.
        max_per_minute: how many calls may start within 60 seconds. None: any number.
    """

    model: str
    parameters: Parameters = field(default_factory=lambda: _none(), repr=False)
    weight: float = 1.0
    max_concurrent: int | None = None
    max_per_minute: int | None = None

    def __post_init__(self) -> None:
        _check_shape(self.model, self.parameters)
        if chained := sorted(_CHAINED & self.parameters.keys()):
            raise InvalidRequestError(f"{chained[0]} belongs to the call, not to a deployment", param=chained[0])
        if not (_is_number(self.weight) and 0 < self.weight <= float_info.max):
            raise InvalidRequestError(f"the weight of {self.model} is {_shown(self.weight)}; it must be above 0")
        for name, limit in (("max_concurrent", self.max_concurrent), ("max_per_minute", self.max_per_minute)):
            if limit is not None and not (_is_whole(limit) and 1 <= limit <= maxsize):
                says = f"{name} of {self.model} is {_shown(limit)}; it must be a whole number, at least 1"
                raise InvalidRequestError(says)


def _check_shape(model: object, parameters: object) -> None:
    if not isinstance(model, str) or not model.strip():
        raise InvalidRequestError(
            f"the model of a deployment is {_shown(model)}; it must be a text, e.g. 'openai:gpt-5'"
        )
    if not is_mapping(parameters):
        raise InvalidRequestError(f"the parameters of {model} are {its_type(parameters)}; they must be a mapping")


def _none() -> Parameters:
    return {}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    """A value in an error: a number may have any number of digits."""
    return its_type(value) if isinstance(value, int) and abs(value) > maxsize else repr(value)


def _several(deployments: object) -> Iterator[Deployment | str]:
    """Raises `InvalidRequestError` for one text, which would be taken apart into letters, and for anything else."""
    if isinstance(deployments, str) or not isinstance(deployments, Iterable):
        raise InvalidRequestError("a model group takes a list of deployments", param="models")
    for one in cast("Iterable[object]", deployments):
        if not isinstance(one, (Deployment, str)):
            what = f"a model group takes Deployment(...) and names of models, not {its_type(one)}"
            raise InvalidRequestError(what, param="models")
        yield one


class ModelGroup(Locked):
    """Deployments that answer for one another, for `Client(models={"chat": ModelGroup([...])})`.

    Each call asks one of them, chosen by weight; if that fails for a reason of its own (an outage, a limit, a bad key)
    the next is asked at once, and the failed one is left alone for `cooldown` seconds, or longer where the vendor's
    `Retry-After` says so, at most 600. What is wrong with the request itself is raised at once. A group holds its
    state: several clients, synchronous or not, may share it and then keep its limits together. Thread-safe.

    Args:
        deployments: whom to ask, at least one.
        cooldown: seconds.
        sticky: whether calls with the same `session_label`, `prompt_cache_key` or `user` go to the same deployment
            while it is up, which keeps the vendor's prompt cache warm.
        max_wait: seconds that a call waits for room where all deployments are at their limits; then `RateLimitError`.
        clock, chance: seconds, and numbers between 0 and 1, as tests want them.

    Raises:
        InvalidRequestError: no deployment, or a number that cannot be meant.
    """

    def __init__(
        self,
        deployments: Iterable[Deployment | str],
        *,
        cooldown: float = 30.0,
        sticky: bool = False,
        max_wait: float = 60.0,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        given = [Deployment(one) if isinstance(one, str) else one for one in _several(deployments)]
        if not given:
            raise InvalidRequestError("a model group needs at least one deployment", param="models")
        for name, seconds in (("cooldown", cooldown), ("max_wait", max_wait)):
            if not (_is_number(seconds) and (0 <= seconds <= float_info.max or seconds == math.inf)):
                raise InvalidRequestError(f"{name} is {_shown(seconds)}; it must be 0 or more seconds", param=name)
        self.cooldown, self.sticky, self.max_wait = cooldown, sticky, max_wait
        self.clock = clock
        self._chance = chance
        super().__init__()  # its lock is an RLock: a lease may end in the middle of its own thread's `take`
        self._states: list[_State] = [_State(number, one) for number, one in enumerate(given)]
        self.places = count()
        self._queue: list[int] = []  # a heap of places, of some of which nobody waits any more
        self._waiting: dict[int, Future[None]] = {}

    @override
    def _forked(self) -> None:
        """The calls under way are the parent's: here nobody would end them."""
        super()._forked()
        self._states = [state.without_calls() for state in self._states]
        self._queue.clear()
        self._waiting.clear()

    @property
    def deployments(self) -> tuple[Deployment, ...]:
        """Whom it asks."""
        return tuple(state.deployment for state in self._states)

    def __repr__(self) -> str:
        return f"ModelGroup({[one.model for one in self.deployments]}, cooldown={self.cooldown:g})"

    def take(self, tried: Collection[int], key: str | None, place: int | None = None) -> Lease | Pause | Down:
        """The deployment to ask next, beside those `tried`; or what to wait for; or that none of them is up.

        `place` is the call's in the queue, the next of `places`: it keeps it while it looks again and again, until it
        leaves.
        """
        with self._lock:
            now = self.clock()
            left = [state for state in self._states if state.number not in tried]
            up = [state for state in left if state.is_up(now)]
            if room := [state for state in up if state.free_at(now) <= now]:
                chosen = self._choose(room, key)
                chosen.start(now)
                return Lease(self, chosen)
            if not up:
                return Down(max(0.0, min((state.cold_until for state in left), default=now) - now))
            waiting = self._queued(next(self.places) if place is None else place)
            return Pause(waiting, max(0.0, min(LOOK_AGAIN, *(state.free_at(now) - now for state in up))))

    def _queued(self, place: int) -> Future[None]:
        if place not in self._waiting:
            heappush(self._queue, place)
        waiting = self._waiting[place] = Future[None]()
        return waiting

    def leave(self, place: int) -> None:
        """Whoever has this place waits no longer."""
        self._waiting.pop(place, None)

    def _choose(self, room: list[_State], key: str | None) -> _State:
        """By chance, in proportion to the weights; with a key always the same one. (Weighted rendezvous hashing:
        when a deployment is down, only its own callers move.)"""
        if len(room) == 1:
            return room[0]
        return max(room, key=lambda state: -state.deployment.weight / math.log(self._draw(state, key)))

    def _draw(self, state: _State, key: str | None) -> float:
        """Between 0 and 1, both excluded."""
        if key is None or not self.sticky:
            return min(max(self._chance(), 1e-300), 1 - 2**-53)
        digest = blake2b(f"{state.number}:{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return (int.from_bytes(digest) + 1) / (2**64 + 2)

    def end(self, state: _State, error: BaseException | None) -> None:
        """A call of a deployment has ended; whoever waits longest is told that there may be room."""
        with self._lock:
            state.active -= 1
            if isinstance(error, APIError) and is_own_fault(error):
                asked_for = min(error.retry_after or 0.0, LONGEST_COOLDOWN)
                state.cold_until = max(state.cold_until, self.clock() + max(self.cooldown, asked_for))
                state.failed = True
            elif error is None:
                state.failed = False
            told = self._next_waiting()
        if told is not None:
            told.set_result(None)

    def _next_waiting(self) -> Future[None] | None:
        while self._queue:
            waiting = self._waiting.pop(heappop(self._queue), None)
            if waiting is not None and waiting.set_running_or_notify_cancel():  # it may have given up
                return waiting
        return None


def is_own_fault(error: APIError) -> bool:
    """Whether a deployment failed for a reason of its own, so that another may do better."""
    return error.retryable or isinstance(error, _OWN_FAULT)


class _State:
    """What is known of a deployment now. Guarded by its group's lock."""

    __slots__ = ("active", "cold_until", "deployment", "failed", "number", "starts")

    def __init__(self, number: int, deployment: Deployment) -> None:
        self.number = number
        self.deployment = deployment
        self.active = 0
        self.failed = False
        self.cold_until = -math.inf
        self.starts: deque[float] = deque(maxlen=deployment.max_per_minute)

    def without_calls(self) -> _State:
        """The same, with nobody at it."""
        found = _State(self.number, self.deployment)
        found.failed, found.cold_until = self.failed, self.cold_until
        found.starts.extend(self.starts)
        return found

    def is_up(self, now: float) -> bool:
        """Not failed; or failed long enough ago, and nobody is trying it just now."""
        return not self.failed or (now >= self.cold_until and self.active == 0)

    def free_at(self, now: float) -> float:
        """When another call may start: infinite where one must end first."""
        limits = self.deployment
        if limits.max_concurrent is not None and self.active >= limits.max_concurrent:
            return math.inf
        if limits.max_per_minute is not None and len(self.starts) == limits.max_per_minute:
            return self.starts[0] + WINDOW
        return now

    def start(self, now: float) -> None:
        self.active += 1
        if self.deployment.max_per_minute is not None:
            self.starts.append(now)


class Lease:
    """One call's use of a deployment; `end` it once, whatever became of the call."""

    __slots__ = ("_group", "_open", "_state")

    def __init__(self, group: ModelGroup, state: _State) -> None:
        self._group = group
        self._state = state
        self._open = True

    @property
    def number(self) -> int:
        """Which of the group's deployments."""
        return self._state.number

    @property
    def deployment(self) -> Deployment:
        """Whom to ask."""
        return self._state.deployment

    def end(self, error: BaseException | None = None) -> None:
        """The call has its answer, or failed; a second time it changes nothing."""
        if self._open:
            self._open = False
            self._group.end(self._state, error)

    def __del__(self) -> None:  # a stream that nobody read or closed
        self.end(GeneratorExit())


@dataclass(frozen=True, slots=True)
class Down:
    """None is up: seconds until the first may be tried."""

    seconds: float
