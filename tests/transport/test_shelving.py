"""Which connection a request gets: the last one that was used, while its server keeps it open."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from polyvox.transport.shelving import KEPT, KEPT_SECONDS, Kept, Shelf
from polyvox.transport.targets import Place

HERE = Place("a.test", 443, True)
THERE = Place("b.test", 443, True)


@dataclass
class State:
    """What httpcore2 says of a connection."""

    idle: bool = True
    expired: bool = False

    def is_idle(self) -> bool:
        return self.idle

    def has_expired(self) -> bool:
        return self.expired


def connection(place: Place = HERE, state: State | None = None) -> Kept:
    return Kept(place, state or State())


def shelf_with(*connections: Kept, kept: int = KEPT) -> Shelf[Kept]:
    shelf: Shelf[Kept] = Shelf(kept)
    for one in connections:
        assert list(shelf.put(one)) == []
    return shelf


def test_the_last_one_that_was_used_is_taken_first_and_belongs_to_one_request() -> None:
    older, newer = connection(), connection()
    shelf = shelf_with(older, newer)
    assert shelf.take(HERE) == (newer, [])
    assert shelf.take(HERE) == (older, [])
    assert shelf.take(HERE) == (None, [])
    assert shelf.busy == {older, newer}


def test_a_connection_is_for_its_host_port_and_scheme_only() -> None:
    shelf = shelf_with(connection(HERE))
    for other in (THERE, HERE._replace(port=8443), HERE._replace(secure=False)):
        assert shelf.take(other) == (None, [])


def test_one_that_its_server_closed_is_stale_and_the_next_is_taken() -> None:
    good, closed = connection(), connection(state=State(expired=True))
    assert shelf_with(good, closed).take(HERE) == (good, [closed])


def test_one_that_cannot_be_used_again_is_not_kept() -> None:
    broken = connection(state=State(idle=False))
    shelf: Shelf[Kept] = Shelf(KEPT)
    assert list(shelf.put(broken)) == [broken]
    assert shelf.take(HERE) == (None, [])


def test_no_more_are_kept_than_the_shelf_holds() -> None:
    first, second, third = connection(), connection(), connection()
    shelf = shelf_with(first, second, kept=2)
    assert list(shelf.put(third)) == [first]
    assert [shelf.take(HERE)[0] for _ in range(3)] == [third, second, None]


def test_those_that_were_free_for_too_long_go_when_another_comes_back() -> None:
    old, new = connection(), connection()
    shelf = shelf_with(old)
    old.free_since -= KEPT_SECONDS
    assert list(shelf.put(new)) == [old]


def test_a_shelf_that_keeps_nothing() -> None:
    one = connection()
    assert list(Shelf[Kept](0).put(one)) == [one]


def test_a_cleared_shelf_gives_up_every_connection_and_keeps_none_of_those_that_come_back() -> None:
    free, busy = connection(), connection(THERE)
    shelf = shelf_with(busy, free)
    shelf.take(THERE)
    assert set(shelf.clear()) == {free, busy}
    assert list(shelf.put(busy)) == [busy]


def test_threads_never_get_the_same_connection() -> None:
    shelf: Shelf[Kept] = Shelf(KEPT)
    twice: list[Kept] = []
    used: set[Kept] = set()

    def use() -> None:
        for _ in range(2_000):
            mine = shelf.take(HERE)[0] or connection()
            if mine in used:
                twice.append(mine)
            used.add(mine)
            used.discard(mine)
            shelf.put(mine)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert twice == []
    assert shelf.busy == set()
