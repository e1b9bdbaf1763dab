"""Pools of connections of our own: the shortest way to an httpx2 transport, trust in certificates, proxies.

A call needs of httpx2's client neither cookies nor redirects, authentication or defaults: a request goes straight to
the transport, which saves an eighth of it. Where the system names proxies, httpx2's client chooses among them.
"""

from __future__ import annotations

import re
import ssl
import sys
from functools import lru_cache
from os import environ, scandir
from typing import Final
from urllib.request import getproxies

import httpx2

# Hundreds of streams of minutes each are ordinary: no cap on connections, and idle ones are kept for a minute.
LIMITS: Final = httpx2.Limits(max_connections=None, max_keepalive_connections=200, keepalive_expiry=60.0)
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_A_WHOLE_STORE = 80
"""Certificates: public stores have about 140; a folder with fewer may be only what somebody added."""


class OwnClient:
    """A pool made here. It never follows a redirect, and keeps no cookie: a key belongs to one host, a call to one
    caller. Threads may share it."""

    def __init__(self, transport: httpx2.BaseTransport | None = None) -> None:
        self._given = transport
        self._opened: dict[str, httpx2.BaseTransport] = {}
        self.is_closed = False

    def send(self, request: httpx2.Request) -> httpx2.Response:
        """The reply, with its body still to be read. Raises what httpx2 raises."""
        scheme = request.url.scheme
        transport = self._given or self._opened.get(scheme)
        if transport is None:
            transport = self._opened.setdefault(scheme, _open(scheme))
        elif self._given is not None:
            request.read()  # a caller's transport may look at `request.content`
        return transport.handle_request(request)

    def close(self) -> None:
        """Close every connection, and the transport that was given."""
        self.is_closed = True
        for transport in (*self._opened.values(), *((self._given,) if self._given else ())):
            transport.close()


class OwnAsyncClient:
    """The same, asynchronous; it belongs to the loop it is first used in."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._given = transport
        self._opened: dict[str, httpx2.AsyncBaseTransport] = {}
        self.is_closed = False

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """The reply, with its body still to be read. Raises what httpx2 raises."""
        scheme = request.url.scheme
        transport = self._given or self._opened.get(scheme)
        if transport is None:
            transport = self._opened.setdefault(scheme, _open_async(scheme))
        elif self._given is not None:
            request.read()  # a caller's transport may look at `request.content`
        return await transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection, and the transport that was given."""
        self.is_closed = True
        for transport in (*self._opened.values(), *((self._given,) if self._given else ())):
            await transport.aclose()


class _Proxied(httpx2.BaseTransport):
    """httpx2's client as a transport: it knows which hosts the system's proxies are for."""

    def __init__(self) -> None:
        self._client = httpx2.Client(verify=trust(), limits=LIMITS, follow_redirects=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._client.send(request, stream=True)

    def close(self) -> None:
        self._client.close()


class _AsyncProxied(httpx2.AsyncBaseTransport):
    """The same, asynchronous."""

    def __init__(self) -> None:
        self._client = httpx2.AsyncClient(verify=trust(), limits=LIMITS, follow_redirects=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._client.send(request, stream=True)

    async def aclose(self) -> None:
        await self._client.aclose()


def _open(scheme: str) -> httpx2.BaseTransport:
    return _Proxied() if getproxies() else httpx2.HTTPTransport(verify=_context(scheme), limits=LIMITS)


def _open_async(scheme: str) -> httpx2.AsyncBaseTransport:
    return _AsyncProxied() if getproxies() else httpx2.AsyncHTTPTransport(verify=_context(scheme), limits=LIMITS)


def _context(scheme: str) -> ssl.SSLContext:
    """What a transport for this scheme needs. One for http trusts nobody: it meets no certificate."""
    return trust() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def trust() -> ssl.SSLContext:
    """The process's TLS context, made at the first https connection: making one costs as much as fifty calls."""
    return _trusting(environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", ""))


@lru_cache(maxsize=8)
def _trusting(file: str, folder: str) -> ssl.SSLContext:
    """httpx2's own context for what the environment says; else one that reads from the system's store only the
    certificate that a server needs, where httpx2 reads all of them."""
    store = None if file or folder or sys.platform != "linux" else _hashed_store()
    if store is None:
        return httpx2.create_ssl_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(capath=store)
    return context


def _hashed_store() -> str | None:
    """The system's folder of certificates, if OpenSSL can look single ones up in it and it is a whole store."""
    folder = ssl.get_default_verify_paths().openssl_capath
    try:
        with scandir(folder) as entries:
            found = sum(1 for entry in entries if _HASHED.fullmatch(entry.name) and entry.is_file())
    except OSError:
        return None
    return folder if found >= _A_WHOLE_STORE else None
