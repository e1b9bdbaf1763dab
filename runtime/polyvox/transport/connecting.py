"""What carries requests where the caller gives no HTTP client: a pool of our own; or an httpx2 transport, where the
caller gives one or the system names proxies."""

from __future__ import annotations

import sys
from os import environ
from typing import TYPE_CHECKING, TypeAlias

from .pooling import AsyncPool, Pool
from .shelving import KEPT

if TYPE_CHECKING:
    import httpx2

    from .carrying import AsyncCarried, Carried

    OwnHTTP: TypeAlias = Pool | Carried
    AsyncOwnHTTP: TypeAlias = AsyncPool | AsyncCarried


def open_http(transport: httpx2.BaseTransport | None = None, *, kept: int = KEPT) -> OwnHTTP:
    """For synchronous calls. `kept` is the number of free connections that are kept."""
    if transport is None and not _has_proxies():
        return Pool(kept)
    from .carrying import Carried, Proxied

    return Carried(Proxied(kept) if transport is None else transport)


def open_async_http(transport: httpx2.AsyncBaseTransport | None = None, *, kept: int = KEPT) -> AsyncOwnHTTP:
    """The same for asynchronous calls; it belongs to the loop it is first used in."""
    if transport is None and not _has_proxies():
        return AsyncPool(kept)
    from .carrying import AsyncCarried, AsyncProxied

    return AsyncCarried(AsyncProxied(kept) if transport is None else transport)


def _has_proxies() -> bool:
    """Whether the system names any: in the environment, or where Windows and macOS keep them."""
    if any(name.lower().endswith("_proxy") for name in environ):
        return True
    if sys.platform not in ("win32", "darwin"):
        return False
    from urllib.request import getproxies

    return bool(getproxies())
