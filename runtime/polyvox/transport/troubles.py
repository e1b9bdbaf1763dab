"""What goes wrong under a call: the errors of the libraries that carry it."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Final

from ..exchange import UnreadableReplyError

_ERRORS: Final = {
    "httpcore2": ("TimeoutException", "NetworkError", "ProtocolError"),
    "httpx2": ("RequestError", "InvalidURL"),
    "httpx": ("RequestError", "InvalidURL"),
}
"""What a failed request raises, of the libraries that may carry it."""


def errors_of_libraries() -> tuple[type[Exception], ...]:
    """The errors of those that are loaded."""
    return _errors_of(tuple(name for name in _ERRORS if name in sys.modules))


@lru_cache
def _errors_of(loaded: tuple[str, ...]) -> tuple[type[Exception], ...]:
    theirs = (getattr(sys.modules[library], name) for library in loaded for name in _ERRORS[library])
    return (*theirs, TimeoutError, UnreadableReplyError)


def timed_out(error: Exception) -> bool:
    """Whether it says that something took too long."""
    return isinstance(error, TimeoutError) or is_named(error, "TimeoutException")


def is_named(error: Exception, name: str) -> bool:
    """Whether it is of this class, of either library."""
    return any(kind.__name__ == name for kind in type(error).__mro__)
