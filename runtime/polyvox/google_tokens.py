"""Google Cloud's access tokens, by google-auth (the `vertex` extra), fetched through our own HTTP client."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Protocol, cast

from .errors import InvalidRequestError, MissingApiKeyError

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)


class _GoogleCredentials(Protocol):
    """What is used of google-auth's credentials, which are typed only in part."""

    token: str | None

    @property
    def valid(self) -> bool: ...
    def refresh(self, request: Callable[..., object]) -> None: ...


class _GoogleAuth(Protocol):
    """What is used of the module."""

    def default(self, scopes: Sequence[str]) -> object: ...
    def load_credentials_from_dict(self, info: object, scopes: Sequence[str]) -> object: ...
    def load_credentials_from_file(self, filename: str, scopes: Sequence[str]) -> object: ...


class _Reply:
    """A reply as google-auth reads it."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status, self.headers, self.data = status, headers, data


def _fetch(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: object,
) -> _Reply:
    """google-auth's transport: one request."""
    from .drivers import fetch

    return _Reply(*fetch(method, url, body, headers or {}))


class Tokens:
    """One identity's tokens: kept until shortly before they run out. Safe under threads."""

    def __init__(self, credentials: _GoogleCredentials, project: str | None) -> None:
        self._credentials = credentials
        self._lock = Lock()
        self._stale = False
        self.project = project

    def token(self) -> str:
        """A token that is good now."""
        with self._lock:
            if self._stale or not self._credentials.valid:
                self._refresh()
            return self._credentials.token or ""

    def _refresh(self) -> None:
        from google.auth.exceptions import GoogleAuthError

        try:
            self._credentials.refresh(_fetch)
        except GoogleAuthError as error:
            raise MissingApiKeyError(f"Google Cloud gave no token: {error}", provider="vertexai") from error
        self._stale = False

    def forget(self) -> None:
        """The vendor refused the token: fetch another for the next request."""
        self._stale = True


def tokens_for(given: str | Mapping[str, object] | None) -> Tokens:
    """The tokens of a service account (mapping, JSON text or a file's path), or of what the environment says."""
    return _tokens(json.dumps(dict(given)) if isinstance(given, Mapping) else given)


def _load(auth: _GoogleAuth, given: str | None) -> object:
    if given is None:
        return auth.default(scopes=_SCOPES)
    if given.lstrip().startswith("{"):
        return auth.load_credentials_from_dict(json.loads(given), scopes=_SCOPES)
    return auth.load_credentials_from_file(given, scopes=_SCOPES)


@lru_cache(maxsize=32)
def _tokens(given: str | None) -> Tokens:
    try:
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError
    except ImportError as error:
        raise InvalidRequestError(
            "Vertex AI needs google-auth: pip install 'polyvox[vertex]', or pass a token (or a callable) as api_key"
        ) from error
    try:
        found: object = _load(cast("_GoogleAuth", google.auth), given)
    except (DefaultCredentialsError, ValueError) as error:
        raise MissingApiKeyError(
            f"no Google Cloud credentials: {error}; pass api_key, or set GOOGLE_APPLICATION_CREDENTIALS",
            provider="vertexai",
        ) from error
    credentials, project = cast("tuple[_GoogleCredentials, str | None]", found)
    return Tokens(credentials, project)
