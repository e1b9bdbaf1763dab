"""What goes wrong under a call: the errors of the libraries that carry it."""

from __future__ import annotations

import sys
from typing import Final

from ..exchange import UnreadableReplyError

_ERRORS: Final = {
    "httpcore2": ("TimeoutException", "NetworkError", "ProtocolError"),
    "httpx2": ("RequestError", "InvalidURL"),
    "httpx": ("RequestError", "InvalidURL"),
    "ssl": ("SSLError",),  # httpcore2 lets it through where a server refuses a certificate after the handshake
}
"""What a failed request raises, of the libraries that may carry it."""


def errors_of_libraries() -> tuple[type[Exception], ...]:
    """Those of the libraries that are loaded; asked for when something has gone wrong."""
    loaded = [(sys.modules[library], names) for library, names in _ERRORS.items() if library in sys.modules]
    theirs = (getattr(library, name) for library, names in loaded for name in names)
    return (*theirs, TimeoutError, UnreadableReplyError)


def timed_out(error: Exception) -> bool:
    """Whether it says that something took too long."""
    return isinstance(error, TimeoutError) or is_named(error, "TimeoutException")


def is_named(error: Exception, name: str) -> bool:
    """Whether it is of this class, of either library."""
    return any(kind.__name__ == name for kind in type(error).__mro__)
