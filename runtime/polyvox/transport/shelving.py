"""Which connection a request gets, without I/O. One serves one request at a time, so that a free one is just the last
of a list: who takes it there has it alone, and no lock is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from .targets import Place

KEPT: Final = 200
"""Free connections to one host. Those in use have no limit: hundreds of streams of minutes each are ordinary."""
KEPT_SECONDS: Final = 60.0


class Kept:
    """A connection, as far as a shelf knows it."""

    __slots__ = ("free_since", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.free_since = 0.0

    def is_good_again(self) -> bool:
        """Whether it may be kept for another request."""
        raise NotImplementedError

    def has_closed(self) -> bool:
        """Whether the server has closed it meanwhile, or said something that nobody asked for."""
        raise NotImplementedError


ConnectionT = TypeVar("ConnectionT", bound=Kept)


class Shelf(Generic[ConnectionT]):
    """All connections of a pool. What it hands back as stale is for the pool to close."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._free: dict[Place, deque[ConnectionT]] = {}
        self.busy: set[ConnectionT] = set()

    def take(self, place: Place) -> tuple[ConnectionT | None, Sequence[ConnectionT]]:
        """A free connection, if there is one that its server has not closed; it is busy now."""
        free = self._free.get(place)
        stale: list[ConnectionT] = []
        while free and (found := _popped(free.pop)) is not None:
            if monotonic() - found.free_since < KEPT_SECONDS and not found.has_closed():
                self.busy.add(found)
                return found, stale
            stale.append(found)
        return None, stale

    def put(self, connection: ConnectionT) -> Sequence[ConnectionT]:
        """It is not busy any more."""
        self.busy.discard(connection)
        if not self._kept or not connection.is_good_again():
            return (connection,)
        connection.free_since = monotonic()
        free = self._free.get(connection.place)
        if free is None:
            free = self._free.setdefault(connection.place, deque())
        free.append(connection)
        return self._aged(free, connection.free_since) if len(free) > 1 else ()

    def _aged(self, free: deque[ConnectionT], now: float) -> Sequence[ConnectionT]:
        """The oldest ones that have been free for too long, or are too many."""
        stale: list[ConnectionT] = []
        while (oldest := _popped(free.popleft)) is not None:
            if len(free) < self._kept and now - oldest.free_since < KEPT_SECONDS:
                free.appendleft(oldest)
                break
            stale.append(oldest)
        return stale

    def retire(self) -> Sequence[ConnectionT]:
        """Every connection that is free; none is kept from now on."""
        self._kept = 0
        free = [connection for each in self._free.values() for connection in each]
        self._free.clear()
        return free

    def clear(self) -> Sequence[ConnectionT]:
        """Every connection; none is kept from now on."""
        return [*self.retire(), *tuple(self.busy)]


def _popped(pop: Callable[[], ConnectionT]) -> ConnectionT | None:
    """One of a list; None where it is empty, as it may be by now: another thread was faster."""
    try:
        return pop()
    except IndexError:
        return None
