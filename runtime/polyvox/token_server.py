"""Access tokens that a token server gives for a key or a secret: kept until shortly before they run out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import RLock
from time import monotonic, time
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from pydantic_core import from_json

from .dialects.dialect import Credentials
from .errors import APIConnectionError, APIError, AuthenticationError, Timeout
from .failures import failure
from .forking import Locked
from .headers import bearer
from .requesting import timeouts_of
from .secrecy import Secrets, forget_frames, hidden
from .shapes import mapping_of

if TYPE_CHECKING:
    from .call import Call
    from .exchange import Headers

_EARLY: Final = 300.0
"""Seconds by which a token is renewed before it runs out; azure-identity's own number."""
_SHORTEST: Final = 30.0
"""Seconds for which a token is kept, whatever a clock of somebody else's says."""
_LONGEST: Final = 30.0
"""Seconds that a token server gets, however much longer a call may take."""

Lifetime: TypeAlias = Callable[[Mapping[str, object]], float]


class TokenRequest(NamedTuple):
    """How a token is asked for: a form, and the headers that a vendor wants beside it."""

    url: str
    headers: Headers
    form: str
    secret: str
    """What must not show in an error."""

    def __repr__(self) -> str:
        return f"TokenRequest({self.url})"


def expires_in(reply: Mapping[str, object]) -> float:
    """The usual way to say how long a token is good for: in seconds."""
    return _number(reply.get("expires_in"))


def expires_at(reply: Mapping[str, object]) -> float:
    """Until when, in milliseconds of Unix time; by a clock that may go otherwise than ours."""
    return max(_number(reply.get("expires_at")) / 1000 - time(), _EARLY + _SHORTEST)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def time_for(call: Call) -> float:
    """The seconds that a call has for a token."""
    total = timeouts_of(call.settings.get("timeout")).total
    return _LONGEST if total is None else min(total, _LONGEST)


@contextmanager
def held(lock: RLock, within: float, who: str) -> Generator[None]:
    """Hold a lock under which somebody may be asking a token server. Raises `Timeout` where that takes too long."""
    if not lock.acquire(timeout=within):
        raise too_late(who, within)
    try:
        yield
    finally:
        lock.release()


def too_late(who: str, within: float) -> Timeout:
    """The error for a token that did not come in time."""
    longer = "" if within >= _LONGEST else "; pass a longer `timeout`"
    return Timeout(f"{who} gave no token within {within:g} s{longer}")


class Tokens(Locked):
    """One key's tokens, fetched once for all threads."""

    def __init__(self, request: TokenRequest, lifetime: Lifetime) -> None:
        super().__init__()
        self._request, self._lifetime = request, lifetime
        self._token, self._until = "", 0.0

    def token(self, within: float) -> str:
        """A token that is good now; may ask the token server, for so many seconds at most.

        Raises `AuthenticationError` where it refuses the key, `APIConnectionError` where it cannot be reached,
        `Timeout` where it takes too long.
        """
        with held(self._lock, within, self._request.url):
            if not self._token or monotonic() >= self._until:
                asked = monotonic()
                reply = self._fetch(within)
                token = reply.get("access_token")
                if not isinstance(token, str) or not token.strip():
                    raise self._refused("its reply has no access_token")
                self._token = token
                self._until = asked + self._lifetime(reply) - _EARLY
            return self._token

    def forget(self, refused: str) -> None:
        """The vendor refused this token. Nothing happens if there is another already."""
        if self._token == refused:
            self._token = ""

    def _fetch(self, within: float) -> Mapping[str, object]:
        from .transport.fetching import fetch
        from .transport.troubles import timed_out

        asked = self._request
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
            **dict(asked.headers),
        }
        try:
            status, told, body = fetch("POST", asked.url, asked.form.encode(), headers, within)
        except Exception as error:  # the HTTP library's own, which only the drivers know
            if timed_out(error):
                raise too_late(asked.url, within) from error
            raise APIConnectionError(f"could not reach {asked.url}: {error}") from error
        if status >= 300:
            raise self._failed(failure("", "", status, told, body))
        try:
            return mapping_of(from_json(body))
        except ValueError as error:
            raise self._refused("its reply is not JSON") from error

    def _failed(self, error: APIError) -> APIError:
        """A key that is refused comes with all kinds of statuses."""
        kind = type(error) if error.retryable else AuthenticationError
        told = kind(
            f"{self._request.url} gave no token: {' '.join(error.message.split())}",
            status_code=error.status_code,
            code=error.code,
            request_id=error.request_id,
            retry_after=error.retry_after,
        )
        secrets = Secrets()
        secrets.keep(self._request.secret)
        return secrets.mask(told)

    def _refused(self, why: str) -> APIError:
        return AuthenticationError(f"{self._request.url} gave no token: {why}")


@lru_cache(maxsize=256)
def _tokens(request: TokenRequest, lifetime: Lifetime) -> Tokens:
    """The tokens for a key; the same for every call that has it."""
    return Tokens(request, lifetime)


def login(call: Call, request: TokenRequest, lifetime: Lifetime = expires_in) -> Credentials:
    """A call's way to the tokens for a key. Refuses a key that no header can carry."""
    hidden(request.headers)
    tokens, used, within = _tokens(request, lifetime), "", time_for(call)

    def token() -> str:
        nonlocal used
        try:
            used = tokens.token(within)
        except APIError as error:
            error.provider, error.model = call.vendor.name, call.model
            forget_frames(error)  # which hold the key, and what the server says of it
            raise
        return used

    return Credentials(token, lambda key, _: bearer(key), blocking=True, renew=lambda: tokens.forget(used))
