"""Which connection a request gets, without I/O. One serves one request at a time, so that a free one is just the last
of a list: who takes it there has it alone, and no lock is needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from weakref import ref

if TYPE_CHECKING:
    from .targets import Place

KEPT: Final = 200
"""Free connections to one host. Those in use have no limit: hundreds of streams of minutes each are ordinary."""
KEPT_SECONDS: Final = 60.0


class Kept:
    """A connection, as far as a shelf knows it."""

    __slots__ = ("__weakref__", "free_since", "place")

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
    """All connections of a pool. What it hands back as stale is for the pool to close.

    Who uses a connection holds it; the shelf only `knows` it meanwhile. So one that its user loses, where Ctrl-C comes
    just as it changes hands, is gone from here, too.
    """

    def __init__(self, kept: int, knows: Callable[[ConnectionT], Callable[[], ConnectionT | None]] = ref) -> None:
        self._kept = kept
        self._knows = knows
        self._free: dict[Place, deque[ConnectionT]] = {}
        self._busy: dict[int, Callable[[], ConnectionT | None]] = {}

    @property
    def busy(self) -> set[ConnectionT]:
        """Those that serve a request."""
        return {found for known in list(self._busy.values()) if (found := known()) is not None}

    def begin(self, connection: ConnectionT) -> None:
        """It serves a request from now on."""
        self._busy[id(connection)] = self._knows(connection)

    def take(self, place: Place) -> tuple[ConnectionT | None, Sequence[ConnectionT]]:
        """A free connection, if there is one that its server has not closed; it is busy now."""
        free = self._free.get(place)
        stale: list[ConnectionT] = []
        while free and (found := popped(free.pop)) is not None:
            if monotonic() - found.free_since < KEPT_SECONDS and not found.has_closed():
                self.begin(found)
                return found, stale
            stale.append(found)
        return None, stale

    def put(self, connection: ConnectionT) -> Sequence[ConnectionT]:
        """It is not busy any more."""
        self._busy.pop(id(connection), None)
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
        while (oldest := popped(free.popleft)) is not None:
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
        return [*self.retire(), *self.busy]


def popped(pop: Callable[[], ConnectionT]) -> ConnectionT | None:
    """The last of a list, or the first; None where it is empty, as it may be by now: another thread was faster."""
    try:
        return pop()
    except IndexError:
        return None
