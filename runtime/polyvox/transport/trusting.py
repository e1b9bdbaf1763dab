"""Which certificates are trusted: one TLS context for the process, made at its first https connection."""

from __future__ import annotations

import re
import ssl
import sys
from functools import lru_cache
from os import environ, scandir
from typing import Final

from httpcore2 import ConnectError, default_ssl_context

from ..errors import InvalidRequestError

_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
_A_WHOLE_STORE: Final = 80
"""Certificates: public stores have about 140; a folder with fewer may be only what somebody added."""


def trust() -> ssl.SSLContext:
    """The process's TLS context, made at the first https connection: making one costs as much as fifty calls.

    Raises:
        InvalidRequestError: the environment names certificates that cannot be read.
        httpcore2.ConnectError: the system's cannot be read now.
    """
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    try:
        return _trusting(file, folder)
    except OSError as error:
        if not (file or folder):
            raise ConnectError(f"the certificates of the system cannot be read ({error})") from error
        named = f"SSL_CERT_FILE ({file!r})" if file else f"SSL_CERT_DIR ({folder!r})"
        raise InvalidRequestError(f"the certificates that {named} names cannot be read: {error}") from error


@lru_cache(maxsize=8)
def _trusting(file: str, folder: str) -> ssl.SSLContext:
    """httpx2's own context for what the environment says; else one that reads from the system's store only the
    certificate that a server needs, where httpx2 reads all of them."""
    context = _reading_all() if file or folder or sys.platform != "linux" else _reading_one() or _reading_all()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _reading_all() -> ssl.SSLContext:
    return default_ssl_context()


def _reading_one() -> ssl.SSLContext | None:
    store = _hashed_store()
    if store is None:
        return None
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
