"""Whether somebody stands in for httpx2's transport. Tools that record traffic or answer in its place (vcrpy and its
like) replace methods of httpx2 or httpcore2 while they are at work, and must see our requests, too."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Final

_REPLACED: Final = (
    ("httpx2", "HTTPTransport", "handle_request"),
    ("httpx2", "AsyncHTTPTransport", "handle_async_request"),
    ("httpcore2", "ConnectionPool", "handle_request"),
    ("httpcore2", "AsyncConnectionPool", "handle_async_request"),
)


def is_intercepted() -> bool:
    """Whether one of them is at work now. Nobody replaces what is not loaded."""
    return any(
        library in sys.modules and not _is_its_own(getattr(sys.modules[library], kind), method)
        for library, kind, method in _REPLACED
    )


def _is_its_own(kind: type, method: str) -> bool:
    """Whether a method comes from the file that its class comes from."""
    found: object = vars(kind)[method]
    own: object = vars(kind)["__init__"]
    if not (isinstance(found, FunctionType) and isinstance(own, FunctionType)):
        return False
    return found.__code__.co_filename == own.__code__.co_filename
