"""Google Cloud's access tokens, by google-auth (the `vertex` extra), fetched through our own HTTP client."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from os import environ
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast
from urllib.parse import parse_qsl

from .errors import APIConnectionError, AuthenticationError, MissingApiKeyError, Timeout
from .forking import Lock, Locked
from .secrecy import Secrets, unheard
from .shapes import is_mapping, mapping_of
from .token_server import held

if TYPE_CHECKING:
    from .errors import APIError

_SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
_EARLY: Final = 225.0
"""Seconds by which a token is renewed before it runs out; google-auth's own number."""
# Kind of credentials -> where google-auth reads it. (Its reader for any kind warns that it is deprecated.)
_READERS: Final = {
    "service_account": ("google.oauth2.service_account", "from_service_account_info"),
    "authorized_user": ("google.oauth2.credentials", "from_authorized_user_info"),
    "impersonated_service_account": (
        "google.auth.impersonated_credentials",
        "from_impersonated_service_account_info",
    ),
    "external_account": ("google.auth.identity_pool", "from_info"),
    "external_account_authorized_user": ("google.auth.external_account_authorized_user", "from_info"),
}


class NoTokenError(Exception):
    """No token, and as what a caller should see it."""

    def __init__(self, kind: type[APIError], reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class _GoogleCredentials(Protocol):
    """What is used of google-auth's credentials, which are typed only in part."""

    token: str | None

    @property
    def valid(self) -> bool: ...
    def refresh(self, request: Callable[..., object]) -> None: ...


class _GoogleError(Protocol):
    """What is used of its errors."""

    retryable: bool


class _GoogleAuth(Protocol):
    """What is used of its modules."""

    def default(self, scopes: Sequence[str], request: Callable[..., object] | None) -> object: ...
    def with_scopes_if_required(self, credentials: object, scopes: Sequence[str]) -> object: ...


_Found: TypeAlias = "tuple[_GoogleCredentials, str | None]"


class _Reply:
    """A reply as google-auth reads it."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status, self.headers, self.data = status, headers, data


def _fetch(
    url: str,
    method: str = "GET",
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    within: float = 30.0,
    secrets: Secrets | None = None,
    **_: object,
) -> _Reply:
    """google-auth's transport: one request, which takes so many seconds at most, whatever it wishes. What it shows
    is a secret."""
    from google.auth.exceptions import TransportError

    from .transport.fetching import fetch

    data = body.encode() if isinstance(body, str) else body
    if secrets is not None:
        _keep_shown(data or b"", headers or {}, secrets)
    try:
        return _Reply(*fetch(method, url, data, headers or {}, min(within, timeout or within)))
    except Exception as error:  # the HTTP library's own, which only the drivers know
        raise _as_googles(TransportError, f"{url.partition('?')[0]}: {error}") from error


# What is in requests for a token that nobody need hide.
_PUBLIC: Final = frozenset(
    {
        *("audience", "client_id", "grant_type", "options", "requested_token_type", "scope", "subject_token_type"),
        *("accept", "content-type", "metadata-flavor", "user-agent", "x-goog-api-client"),
    }
)


def _keep_shown(body: bytes, headers: Mapping[str, str], secrets: Secrets) -> None:
    shown = [*parse_qsl(body.decode("utf-8", "replace")), *headers.items()]
    for value in [value for name, value in shown if name.lower() not in _PUBLIC]:
        secrets.keep(value)
        secrets.keep(value.partition(" ")[2])  # of a header


def _as_googles(kind: Callable[..., Exception], text: str) -> Exception:
    """One of google-auth's errors, whose constructors are untyped."""
    return kind(text)


class Tokens(Locked):
    """One identity's tokens: kept until shortly before they run out, renewed once for all threads."""

    def __init__(self, load: Callable[[], _Found]) -> None:
        super().__init__()
        self._load = load
        self._found: _Found | None = None

    def token(self, within: float) -> str:
        """A token that is good now, in so many seconds at most. Raises `NoTokenError`; `Timeout` where others wait."""
        with held(self._lock, within, "Google Cloud"):
            credentials, _ = self._loaded()
            if not credentials.valid:
                _refresh(credentials, within)
            if not isinstance(credentials.token, str) or not credentials.token:
                raise NoTokenError(AuthenticationError, "Google Cloud gave an empty token")
            return credentials.token

    def project(self) -> str | None:
        """The project that the credentials are of, where they say."""
        with self._lock:
            return self._loaded()[1]

    def forget(self, refused: str) -> None:
        """The vendor refused this token: read the credentials again. Nothing happens if somebody did already.

        Without the lock, which an event loop would wait for; at worst a token is fetched once too often.
        """
        found = self._found
        if found is not None and found[0].token == refused:
            self._found = None

    def _loaded(self) -> _Found:
        if self._found is None:
            self._found = self._load()
        return self._found


def _refresh(credentials: _GoogleCredentials, within: float) -> None:
    secrets = Secrets()
    secrets.keep(environ.get("AWS_SESSION_TOKEN", ""))  # which a workload on AWS shows in what it signs
    with unheard("google"):
        failed = _refreshed(credentials, partial(_fetch, within=within, secrets=secrets))
    if failed is not None:  # without the error that it was, which may show a reply
        kind, told = failed
        raise NoTokenError(kind, f"Google Cloud gave no token: {secrets.masked(told)}")


def _refreshed(credentials: _GoogleCredentials, request: Callable[..., object]) -> tuple[type[APIError], str] | None:
    """As what a caller should see that there is no token, and why, if there is none."""
    from google.auth.exceptions import GoogleAuthError, TransportError

    try:
        credentials.refresh(request)
    except GoogleAuthError as error:
        passing = isinstance(error, TransportError) or bool(cast("_GoogleError", error).retryable)
        kind = Timeout if _was_too_slow(error) else APIConnectionError if passing else AuthenticationError
        return kind, _told(error)
    except Exception:  # what its readers stumble over
        return AuthenticationError, "its reply cannot be read"
    return None


def _was_too_slow(error: BaseException | None) -> bool:
    """Whether it comes from a request that took too long."""
    from .transport.troubles import timed_out

    while error is not None:
        if isinstance(error, Exception) and timed_out(error):
            return True
        error = error.__cause__
    return False


def _told(error: Exception) -> str:
    """google-auth's errors show as tuples: the text, and the reply."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, str) else str(error)


_known: dict[tuple[str, str], Tokens] = {}
_known_lock = Lock()


def tokens_for(given: str | Mapping[str, object] | None) -> Tokens:
    """The tokens of a service account (mapping, JSON text or a file's path), or of what the environment says."""
    text = json.dumps(dict(given), sort_keys=True) if isinstance(given, Mapping) else (given or "").strip()
    with _known_lock.held:
        key = (text, "" if text else environ.get("GOOGLE_APPLICATION_CREDENTIALS", ""))
        if key not in _known:
            _known[key] = Tokens(lambda: _read(text))
        return _known[key]


def project_of(given: str | Mapping[str, object]) -> str | None:
    """The project that a service account names; None where only Google could say. Needs no google-auth."""
    try:
        found = (given if isinstance(given, Mapping) else _info(given)).get("project_id")
    except (ValueError, OSError):
        return None  # said when a token is needed
    return found if isinstance(found, str) and found else None


def _read(text: str) -> _Found:
    try:
        from google.auth.exceptions import GoogleAuthError
    except ImportError as error:
        raise NoTokenError(
            MissingApiKeyError,
            "Google Cloud's credentials need google-auth: pip install 'polyvox[vertex]'",
        ) from error
    try:
        return _from_info(_info(text)) if text else _from_environment()
    except OSError as error:
        told = f"no Google Cloud credentials: their file cannot be read: {error.strerror}"
        raise NoTokenError(MissingApiKeyError, told) from error
    except (GoogleAuthError, ValueError, KeyError) as error:
        raise NoTokenError(MissingApiKeyError, f"no Google Cloud credentials: {_told(error)}") from error


def _info(text: str) -> Mapping[str, object]:
    """Credentials as JSON, or the file that has them."""
    if not text.startswith("{"):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    document: object = json.loads(text)
    if not is_mapping(document):
        raise ValueError("they are no JSON object")
    return document


def _from_info(info: Mapping[str, object]) -> _Found:
    kind = str(info.get("type"))
    if kind not in _READERS:
        raise ValueError(f"type is {kind!r}; it is one of {', '.join(_READERS)}")
    module, reader = _READERS[kind]
    if kind == "external_account":
        source = mapping_of(info.get("credential_source"))
        own = "aws" if "environment_id" in source else "pluggable" if "executable" in source else "identity_pool"
        module = f"google.auth.{own}"
    read = cast("Callable[[object], object]", getattr(import_module(module).Credentials, reader))
    scoped = cast("_GoogleAuth", import_module("google.auth.credentials")).with_scopes_if_required(read(info), _SCOPES)
    project = info.get("project_id")
    return cast("_GoogleCredentials", scoped), project if isinstance(project, str) else None


def _from_environment() -> _Found:
    from google.auth.exceptions import DefaultCredentialsError

    own = _fetch if find_spec("requests") is None else None  # it prefers that library, where there is one
    try:
        found = cast("_GoogleAuth", import_module("google.auth")).default(scopes=_SCOPES, request=own)
        return cast("_Found", found)
    except DefaultCredentialsError:
        machine = _of_this_machine()
        if machine is None:
            raise
        return machine


class _Machine:
    """The service account of the machine itself (Compute Engine, Cloud Run, GKE): google-auth's own reader of the
    metadata server needs the `requests` library, which nothing else here does."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.token: str | None = None
        self._until = 0.0

    @property
    def valid(self) -> bool:
        """Whether the token is good for a while."""
        return self.token is not None and monotonic() < self._until - _EARLY

    def refresh(self, request: Callable[..., object]) -> None:
        """Ask for a token."""
        from google.auth.exceptions import RefreshError

        asked = monotonic()
        reply = self.ask("instance/service-accounts/default/token", request)
        said = mapping_of(json.loads(reply.data) if reply.status == 200 else None)
        token, seconds = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not isinstance(seconds, (int, float)):
            raise _as_googles(RefreshError, f"the metadata server answered with status {reply.status}")
        self.token, self._until = token, asked + max(seconds, _EARLY + 1)

    def ask(self, what: str, request: Callable[..., object]) -> _Reply:
        """What the metadata server says."""
        url = f"{self.root}/computeMetadata/v1/{what}"
        return cast("_Reply", request(url, headers={"Metadata-Flavor": "Google"}))


def _of_this_machine() -> _Found | None:
    from google.auth.exceptions import TransportError

    if environ.get("NO_GCE_CHECK") == "true":
        return None
    machine = _Machine(f"http://{environ.get('GCE_METADATA_HOST') or 'metadata.google.internal'}")
    try:
        reply = machine.ask("project/project-id", _fetch)
    except TransportError:
        return None
    if reply.status != 200 or reply.headers.get("metadata-flavor") != "Google":
        return None
    return machine, reply.data.decode()
