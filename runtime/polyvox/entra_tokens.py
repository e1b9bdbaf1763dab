"""Microsoft Entra's access tokens for an application and its secret, fetched through our own HTTP client.

The client credentials grant: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
Other identities (managed ones, certificates, a person's login) are azure-identity's: give its token provider as
`api_key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from os import environ
from threading import Lock
from time import monotonic
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from pydantic_core import from_json

from .errors import APIConnectionError, AuthenticationError, InvalidRequestError
from .shapes import mapping_of
from .tokens import NoTokenError

VARIABLES: Final = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
_AUTHORITY: Final = "https://login.microsoftonline.com"
_SCOPE: Final = "https://cognitiveservices.azure.com/.default"
"""What every service behind Azure's models takes; other clouds of Microsoft's have others (AZURE_SCOPE)."""
_EARLY: Final = 300.0
"""Seconds by which a token is renewed before it runs out; azure-identity's own number."""
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Application:
    """Who logs in, where, and for what."""

    tenant: str
    client: str
    secret: str = field(repr=False)
    authority: str
    scope: str


def application() -> Application | None:
    """The application that the environment names; None where it does not name the whole of one."""
    tenant, client, secret = (environ.get(name, "").strip() for name in VARIABLES)
    if not (tenant and client and secret):
        return None
    authority = environ.get("AZURE_AUTHORITY_HOST", "").strip() or _AUTHORITY
    return Application(tenant, client, secret, _checked(authority), environ.get("AZURE_SCOPE", "").strip() or _SCOPE)


def _checked(authority: str) -> str:
    """An address to which a secret may be sent."""
    url = (authority if "://" in authority else f"https://{authority}").rstrip("/")
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)):
        raise InvalidRequestError(f"AZURE_AUTHORITY_HOST is no https address: {authority!r}")
    return url


class Tokens:
    """One application's tokens: kept until shortly before they run out, renewed once for all threads."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lock = Lock()
        self._token = ""
        self._until = 0.0

    def token(self) -> str:
        """A token that is good now. May take a while, and raises `NoTokenError`."""
        with self._lock:
            if not self._token or monotonic() >= self._until:
                asked = monotonic()
                self._token, seconds = _fetched(self._application)
                self._until = asked + seconds - _EARLY
            return self._token

    def forget(self, refused: str) -> None:
        """The vendor refused this token. Nothing happens if there is another already."""
        if self._token == refused:
            self._token = ""


@lru_cache(maxsize=32)
def tokens_for(application: Application) -> Tokens:
    """An application's tokens, the same ones for every call."""
    return Tokens(application)


def _fetched(application: Application) -> tuple[str, float]:
    """A new token, and for how many seconds it is good."""
    status, body = _asked(application)
    said = _document(body)
    token, seconds = said.get("access_token"), said.get("expires_in")
    if status == 200 and isinstance(token, str) and token and isinstance(seconds, (int, float)):
        return token, seconds
    reason = said.get("error_description") or said.get("error") or f"it answered with status {status}"
    passing = status == 429 or status >= 500
    kind = APIConnectionError if passing else AuthenticationError
    raise NoTokenError(kind, f"Microsoft Entra gave no token: {' '.join(str(reason).split())}")


def _document(body: bytes) -> Mapping[str, object]:
    try:
        return mapping_of(from_json(body))
    except ValueError:
        return {}


def _asked(application: Application) -> tuple[int, bytes]:
    from .drivers import fetch

    url = f"{application.authority}/{quote(application.tenant, safe='')}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": application.client,
        "client_secret": application.secret,
        "scope": application.scope,
    }
    try:
        status, _, body = fetch("POST", url, urlencode(form).encode(), _FORM, 30.0)
    except Exception as error:  # the HTTP library's own, which only the drivers know
        raise NoTokenError(APIConnectionError, f"Microsoft Entra gave no token: {url}: {error}") from error
    return status, body
