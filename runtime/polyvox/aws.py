"""AWS credentials and signatures (Signature Version 4), by botocore (the `bedrock` extra).

The services' own keys and tokens need none of this. botocore is untyped: what is used of it is written down in the
protocols here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib import import_module
from os import environ
from time import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, cast

from typing_extensions import override

from .errors import APIError, InvalidRequestError, MissingApiKeyError
from .forking import Locked
from .secrecy import Secrets, unheard
from .shapes import mapping_of

if TYPE_CHECKING:
    from .exchange import Headers, Request

_MADE = ("authorization", "x-amz-date", "x-amz-security-token")
_ALLOWED = 5
"""Minutes for which a signature is good."""
_CHAIN_READS = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


class Service(NamedTuple):
    """Who is asked: what errors call it, what signatures do, and how else a caller may log in."""

    provider: str
    signs_as: str
    other_way: str


class Keys(NamedTuple):
    """One identity's keys, good now."""

    access_key: str
    secret_key: str
    token: str | None = None

    @override
    def __repr__(self) -> str:
        return "Keys(***)"


class Identity(Protocol):
    """Who signs."""

    def keys(self) -> Keys: ...

    def forget(self) -> None: ...


class Fixed:
    """Keys that were given; there are no others to be had."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def keys(self) -> Keys:
        """The keys."""
        return self._keys

    def forget(self) -> None:
        """They stay what they are."""


class _Found(Protocol):
    """botocore's credentials; reading refreshes them where they are about to run out."""

    def get_frozen_credentials(self) -> Keys: ...


class _Session(Protocol):
    """botocore's session."""

    @property
    def full_config(self) -> Mapping[str, object]: ...
    def get_credentials(self) -> _Found | None: ...
    def get_config_variable(self, name: str) -> str | None: ...


class _SessionModule(Protocol):
    def Session(self, profile: str | None = None) -> _Session: ...


class _SignedRequest(Protocol):
    @property
    def headers(self) -> Mapping[str, str]: ...


class _RequestModule(Protocol):
    def AWSRequest(self, *, method: str, url: str, data: bytes, headers: Mapping[str, str]) -> _SignedRequest: ...


class _ErrorsModule(Protocol):
    BotoCoreError: type[Exception]


class _Signer(Protocol):
    def add_auth(self, request: _SignedRequest) -> None: ...


class _SignerModule(Protocol):
    def SigV4Auth(self, credentials: Keys, service: str, region: str) -> _Signer: ...


class Chain(Locked):
    """What botocore finds: profile, container, instance, single sign-on. Safe under threads."""

    def __init__(self, profile: str | None, service: Service) -> None:
        super().__init__()
        self._profile = profile
        self._service = service
        self._found: _Found | None = None

    def keys(self) -> Keys:
        """Keys that are good now; may ask a token server."""
        _botocore("session", self._service)
        with self._lock, unheard("botocore", "urllib3"):
            found, told = self._look()
        if found is not None:
            return found
        if told:  # without the error that it was, whose frames hold keys, and perhaps a reply
            raise MissingApiKeyError(f"AWS gave no credentials: {told}", provider=self._service.provider)
        raise MissingApiKeyError(
            f"no API key and no AWS credentials: {self._service.other_way}; or sign: pass "
            "aws_access_key_id and aws_secret_access_key, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or name a profile (aws_profile_name, AWS_PROFILE)",
            provider=self._service.provider,
        )

    def _look(self) -> tuple[Keys | None, str]:
        """The keys, or why there are none, if botocore says."""
        try:
            if self._found is None:
                self._found = _session(self._profile, self._service).get_credentials()
            return (None, "") if self._found is None else (self._found.get_frozen_credentials(), "")
        except APIError:
            raise
        except Exception as error:  # of several families, and what its readers stumble over
            return None, self._told(error)

    def _told(self, error: Exception) -> str:
        """What an error of botocore's says, but for secrets, and for a reply that it shows since nobody can read it."""
        if type(error).__name__ == "ResponseParserError":
            return "the reply cannot be read"
        secrets = Secrets()
        for secret in _secrets(self._service):
            secrets.keep(secret)
        return secrets.masked(str(error))

    def forget(self) -> None:
        """The vendor refused the keys: look for others for the next request."""
        with self._lock:
            self._found = None


_SECRETS: Final = ("aws_secret_access_key", "aws_session_token")
_SECRET_VARIABLES: Final = (*(name.upper() for name in _SECRETS), "AWS_CONTAINER_AUTHORIZATION_TOKEN")
_SECRET_FILES: Final = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")


def _secrets(service: Service) -> Iterator[str]:
    """What botocore has to show to get keys, and a refusal may repeat."""
    with suppress(_errors(service)):
        profiles = mapping_of(_session(None, service).full_config.get("profiles")).values()
        yield from (str(mapping_of(profile).get(name, "")) for profile in profiles for name in _SECRETS)
    yield from (environ.get(name, "") for name in _SECRET_VARIABLES)
    for name in _SECRET_FILES:
        with suppress(OSError, ValueError), open(environ.get(name, ""), encoding="utf-8") as file:
            yield file.read().strip()


def identity(keys: Keys | None, profile: str | None, service: Service) -> Identity:
    """Who signs: the keys that were given, else (without a profile) the environment's, else what botocore finds."""
    _botocore("auth", service)  # fails here, not in the middle of a call
    keys = keys or (_environment_keys() if profile is None else None)
    if keys is not None:
        return Fixed(keys)
    return _chain(profile, service, _environment())


def _environment_keys() -> Keys | None:
    """Looked up for each call: they may change, which botocore's own look at them does not see."""
    key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        return None
    return Keys(key, secret, environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN"))


@lru_cache(maxsize=32)
def _chain(profile: str | None, service: Service, _environment: Iterable[str | None]) -> Chain:
    return Chain(profile, service)


def profile_region(profile: str | None, service: Service) -> str | None:
    """The region that the AWS configuration gives a profile."""
    return _profile_region(profile, service, _environment())


@lru_cache(maxsize=32)
def _profile_region(profile: str | None, service: Service, _environment: Iterable[str | None]) -> str | None:
    try:
        return _session(profile, service).get_config_variable("region")
    except _errors(service) as error:
        told = f"the AWS configuration cannot be used: {error}"
        raise InvalidRequestError(told, provider=service.provider) from error


def _environment() -> tuple[str | None, ...]:
    return tuple(environ.get(name) for name in _CHAIN_READS)


def signature(request: Request, keys: Keys, region: str, service: Service) -> Headers:
    """The headers that sign a request to a service, good for five minutes."""
    # Only what reaches AWS unchanged, whoever's HTTP client carries it.
    _hide_tokens()
    signed = {name: value for name, value in request.headers if name == "content-type" or name.startswith("x-amz")}
    requests = cast("_RequestModule", _botocore("awsrequest", service))
    made = requests.AWSRequest(method="POST", url=request.url, data=request.body, headers=signed)
    cast("_SignerModule", _botocore("auth", service)).SigV4Auth(keys, service.signs_as, region).add_auth(made)
    return tuple((name.lower(), value) for name, value in made.headers.items() if name.lower() in _MADE)


_TOKEN = re.compile(r"(?i)(x-amz-security-token:)[^\n]*")


@lru_cache(maxsize=1)
def _hide_tokens() -> None:
    """botocore's signer logs, for debugging, all headers that it signs; the session's token is one of them."""

    def hide(record: logging.LogRecord) -> bool:
        record.msg, record.args = _TOKEN.sub(r"\1***", record.getMessage()), None
        return True

    logging.getLogger("botocore.auth").addFilter(hide)


def clock_error(headers: Mapping[str, str]) -> int:
    """By how many minutes this machine's clock differs from that of the host which refused a signature; 0 if it says
    nothing, or they differ by less than AWS allows (five)."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        return 0
    minutes = round((time() - theirs) / 60)
    return minutes if abs(minutes) >= _ALLOWED else 0


def _session(profile: str | None, service: Service) -> _Session:
    return cast("_SessionModule", _botocore("session", service)).Session(profile=profile)


def _errors(service: Service) -> type[Exception]:
    return cast("_ErrorsModule", _botocore("exceptions", service)).BotoCoreError


def _botocore(name: str, service: Service) -> object:
    try:
        return import_module(f"botocore.{name}")
    except ImportError as error:
        raise MissingApiKeyError(
            f"no API key: {service.other_way}; to sign with AWS credentials instead, pip install 'polyvox[bedrock]'",
            provider=service.provider,
        ) from error
