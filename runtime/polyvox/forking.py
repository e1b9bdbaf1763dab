"""Locks that a forked child has anew. One that another thread of the parent's held at that moment would stay shut in
the child for ever: that thread is not there to open it."""

from __future__ import annotations

import os
from threading import RLock
from weakref import WeakSet


class Locked:
    """Whoever has a lock."""

    def __init__(self) -> None:
        self._lock = RLock()
        _locked.add(self)

    def _forked(self) -> None:
        """This is a child of a fork, and its first moment: no other thread is there."""
        self._lock = RLock()


class Lock(Locked):
    """A lock by itself: `with lock.held:`."""

    @property
    def held(self) -> RLock:
        """The lock, as it is in this process."""
        return self._lock


_locked: WeakSet[Locked] = WeakSet()


def _renew() -> None:
    for one in tuple(_locked):
        one._forked()


if hasattr(os, "register_at_fork"):  # nobody forks on Windows
    os.register_at_fork(after_in_child=_renew)
