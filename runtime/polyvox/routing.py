"""One call's way through a model group: a deployment, the next one when it fails, a wait where none has room."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from .errors import APIError, RateLimitError, ServiceUnavailableError
from .exchange import Attempt, Pause, Steps, exhausted
from .groups import LOOK_AGAIN, Deployment, Down, Lease, ModelGroup, is_own_fault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route(Generic[T]):
    """One call's way through a group: a candidate of `exchange`."""

    name: str
    group: ModelGroup
    key: str | None
    """What makes the call stick to a deployment."""
    tries: int | None
    """How many deployments it may ask; None: all."""
    prepare: Callable[[Deployment], Attempt[T]]
    hold: Callable[[T, Lease], T]
    """Ends the lease, now or with the stream."""

    def steps(self, ask: Callable[[Attempt[T]], Steps[T]]) -> Steps[T]:
        """Ask one deployment after another; what is wrong with the request itself ends it."""
        tried: dict[int, APIError] = {}
        while True:
            lease = yield from self._lease(tried)
            try:
                answer = yield from ask(self.prepare(lease.deployment))
            except BaseException as error:
                lease.end(error)
                if not (isinstance(error, APIError) and is_own_fault(error)):
                    raise
                tried[lease.number] = error
                if len(tried) == self.tries:
                    raise exhausted([*tried.values()]) from error
            else:
                return self.hold(answer, lease)

    def _lease(self, tried: Mapping[int, APIError]) -> Generator[Pause, object, Lease]:
        started, place = self.group.clock(), next(self.group.places)
        try:
            while True:
                found = self.group.take(tried, self.key, place)
                if isinstance(found, Lease):
                    return found
                if isinstance(found, Down):
                    raise exhausted([*tried.values()]) if tried else self._down(found.seconds)
                rest = started + self.group.max_wait - self.group.clock()
                if rest <= 0:
                    raise self._full()
                found.seconds = min(found.seconds, rest)
                yield found
        finally:
            self.group.leave(place)

    def _down(self, seconds: float) -> ServiceUnavailableError:
        says = f"all {len(self.group.deployments)} deployments of {self.name!r} have failed; "
        says += f"the first is tried again in {math.ceil(seconds)} s" if seconds else "one is being tried again now"
        return ServiceUnavailableError(says, model=self.name, retry_after=seconds or LOOK_AGAIN)

    def _full(self) -> RateLimitError:
        says = f"all deployments of {self.name!r} that work have been at their limits for {self.group.max_wait:g} s"
        return RateLimitError(says, model=self.name)
