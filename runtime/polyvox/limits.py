"""How long a call may take, as HTTP clients understand it, and how much of a reply is read. Without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Final, cast

from .exchange import MAX_ERROR_BODY, MAX_REPLY, UnreadableReplyError, is_good

if TYPE_CHECKING:
    from .exchange import Request, Timeouts

_PHASES: Final = ("connect", "read", "write", "pool")


class Phases(Mapping[str, float | None]):
    """The timeout of each phase, asked for when the phase begins: never more than is left of the whole call. Where
    nothing is left, to ask raises TimeoutError."""

    __slots__ = ("_ends", "_timeouts")

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._ends = None if timeouts.total is None else monotonic() + timeouts.total

    def __getitem__(self, phase: str) -> float | None:
        if phase not in _PHASES:
            raise KeyError(phase)
        limit = cast("float | None", getattr(self._timeouts, phase))
        if self._ends is None:
            return limit
        left = self._ends - monotonic()
        if left <= 0:  # to a socket it would mean not to wait at all
            raise TimeoutError("its time was over")
        return left if limit is None else min(limit, left)

    def __iter__(self) -> Iterator[str]:
        return iter(_PHASES)

    def __len__(self) -> int:
        return len(_PHASES)

    def begun(self) -> None:
        """A stream has begun: from now on only the wait for its next piece is limited."""
        self._ends = None


def phases_of(timeouts: Timeouts) -> Mapping[str, float | None]:
    """The timeouts of a call: a plain dict where the whole is not limited, since clients ask for them many times."""
    if timeouts.total is not None:
        return Phases(timeouts)
    return {"connect": timeouts.connect, "read": timeouts.read, "write": timeouts.write, "pool": timeouts.pool}


class Body:
    """A reply's body, piece by piece, for as long as it is worth reading."""

    def __init__(self, request: Request, status: int, started: float) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._good = is_good(status)
        total = request.timeouts.total
        self._ends = None if total is None else started + total

    def add(self, piece: bytes) -> bool:
        """One more piece; whether that is enough. Raises where an answer is too long, or comes too slowly."""
        self._pieces.append(piece)
        self._size += len(piece)
        # No single read is late where a body trickles in: the whole is.
        if self._ends is not None and monotonic() > self._ends:
            raise TimeoutError("the answer was still arriving")
        if self._good and self._size > MAX_REPLY:
            raise UnreadableReplyError(f"it is longer than {MAX_REPLY >> 20} MiB")
        return not self._good and self._size >= MAX_ERROR_BODY

    def broken(self, error: Exception) -> None:
        """It breaks off: half an answer is none, but the status of an error says enough."""
        if self._good:
            raise error

    @property
    def whole(self) -> bytes:
        """What was read of it."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
