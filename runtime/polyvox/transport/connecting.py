"""What carries requests where the caller gives no HTTP client: a pool of our own; or an httpx2 transport, where the
caller gives one or the system names proxies."""

from __future__ import annotations

import sys
from collections.abc import Callable
from os import environ
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ..errors import InvalidRequestError
from .pooling import AsyncPool, Pool
from .shelving import KEPT

if TYPE_CHECKING:
    import httpx2

    from .carrying import AsyncCarried, Carried

    OwnHTTP: TypeAlias = Pool | Carried
    AsyncOwnHTTP: TypeAlias = AsyncPool | AsyncCarried

T = TypeVar("T")


def open_http(transport: httpx2.BaseTransport | None = None, *, kept: int = KEPT) -> OwnHTTP:
    """For synchronous calls. `kept` is the number of free connections that are kept."""
    if transport is None and not _has_proxies():
        return Pool(kept)
    from .carrying import Carried, Proxied

    return Carried(_proxied(Proxied, kept) if transport is None else transport)


def open_async_http(transport: httpx2.AsyncBaseTransport | None = None, *, kept: int = KEPT) -> AsyncOwnHTTP:
    """The same for asynchronous calls; it belongs to the loop it is first used in."""
    if transport is None and not _has_proxies():
        return AsyncPool(kept)
    from .carrying import AsyncCarried, AsyncProxied

    return AsyncCarried(_proxied(AsyncProxied, kept) if transport is None else transport)


def _proxied(kind: Callable[[int], T], kept: int) -> T:
    """Raises InvalidRequestError where a proxy is none. It is not shown: it may have a password."""
    from httpx2 import InvalidURL

    try:
        return kind(kept)
    except (ImportError, InvalidURL, ValueError):
        raise InvalidRequestError(
            "a proxy that the system names (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) cannot be used; it must be an address "
            "like http://host:3128, or, with the package socksio, socks5://host:1080"
        ) from None


def _has_proxies() -> bool:
    """Whether the system names any: in the environment, or where Windows and macOS keep them."""
    if any(name.lower().endswith("_proxy") for name in environ):
        return True
    if sys.platform not in ("win32", "darwin"):
        return False
    from urllib.request import getproxies

    return bool(getproxies())
