"""From a `Call` to the bytes of its request: body, address, headers, timeouts."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from pydantic_core import PydanticSerializationError, from_json, to_json

from .addressing import endpoint
from .errors import InvalidRequestError
from .exchange import Headers, Request, Timeouts, origin_of
from .keywords import one_of
from .secrecy import hidden, hidden_once, warn_if_plain
from .shapes import is_list, is_mapping, its_type

if TYPE_CHECKING:
    from .call import Call
    from .dialects.dialect import Credentials, Dialect
    from .parameters import CallParameters, HasTimeouts
    from .secrecy import Secrets

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = frozenset({"content-length", "transfer-encoding"})
_OF_KEYS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-goog-api-key"})
"""Headers that callers give a key in themselves."""
_EXTRAS = frozenset({"extra_body", "additional_params"})
VERSION = "0.1.0"
DEFAULT_TIMEOUTS = Timeouts()
_LONGEST = 1e9
"""Seconds, some thirty years."""
_COMMON_HEADERS = (
    ("content-type", "application/json"),
    ("accept-encoding", "gzip, deflate"),
    ("user-agent", f"polyvox/{VERSION}"),
)


def body_of(dialect: Dialect, call: Call) -> bytes:
    """The body: what the mapping says, the vendor's own options, then what the caller adds as it is."""
    body = {**dialect.body(call)}
    if call.insisted:
        body.update(call.insisted)
    if call.options:
        _place(dialect, call.options, body)
    if not _EXTRAS.isdisjoint(call.settings):
        for extra in _extra_bodies(call.settings):
            _merge(body, extra)
    return _encoded(body)


def request_of(dialect: Dialect, call: Call, credentials: Credentials, secrets: Secrets, body: bytes) -> Request:
    """The request; a key that comes from a callable is put in when it is sent."""
    settings = call.settings
    one_of(settings, "api_base", "base_url")
    url = endpoint(dialect.base_url(call), dialect.path(call))
    if query := settings.get("extra_query"):
        url += ("&" if "?" in url else "?") + urlencode(query)
    headers = _headers(dialect, call, settings)
    if url.startswith("http:") and (credentials.key or any(name in _OF_KEYS for name, _ in headers)):
        warn_if_plain(origin_of(url))
    request = Request(url, headers, body, timeouts_of(settings.get("timeout")), call.stream)

    if isinstance(key := credentials.key, str):
        secrets.keep(key)
        request.headers = _joined(headers, hidden_once(credentials.headers(key, request), credentials.source))
        return request

    def sign(key: str) -> Headers:
        secrets.keep(key)
        made = hidden(credentials.headers(key, request))
        for name, value in made:
            if not name.endswith("date"):  # of a signature; its token is as secret as a key
                secrets.keep(value)
        return _beside(headers, made)

    request.key, request.sign, request.blocking = key, sign, credentials.blocking
    return request


@lru_cache(maxsize=256)  # few are different, and joining them costs more than finding them here
def _joined(headers: Headers, more: Headers) -> Headers:
    return (*headers, *_beside(headers, more))


def _place(dialect: Dialect, options: Mapping[str, object], body: dict[str, object]) -> None:
    for key, value in options.items():
        *above, last = dialect.option_paths[key]
        place = body
        for step in above:
            place = cast("dict[str, object]", place.setdefault(step, {}))
        place[last] = value


def _extra_bodies(settings: CallParameters) -> list[Mapping[str, object]]:
    extras: list[Mapping[str, object]] = []
    if text := settings.get("additional_params"):
        try:
            document: object = from_json(text)
        except ValueError as error:
            raise InvalidRequestError(f"additional_params is not JSON: {error}") from error
        if not is_mapping(document):
            raise InvalidRequestError("additional_params must be a JSON object")
        extras.append(document)
    if body := settings.get("extra_body"):
        extras.append(body)
    return extras


def _merge(body: dict[str, object], extra: Mapping[str, object]) -> None:
    for key, value in extra.items():
        inner = body.get(key)
        if is_mapping(inner) and is_mapping(value):
            merged = dict(inner)
            _merge(merged, value)
            body[key] = merged
        else:
            body[key] = value


def _encoded(body: Mapping[str, object]) -> bytes:
    try:
        data = _json(body)
        if b"NaN" in data or b"Infinity" in data:
            json.loads(data, parse_constant=_refuse_constant)
        return data
    except (PydanticSerializationError, ValueError) as error:
        raise InvalidRequestError(f"the request's body{_where(body)} cannot be written as JSON: {error}") from error


def _json(value: object) -> bytes:
    try:
        return to_json(value)
    except PydanticSerializationError:
        return to_json(value, fallback=_as_dict)


def _as_dict(value: object) -> object:
    """A mapping that is no dict, which pydantic cannot write."""
    if is_mapping(value):
        return dict(value)
    raise PydanticSerializationError(f"Unable to serialize unknown type: {type(value)}")


def _where(value: object) -> str:
    """The place of what JSON cannot hold, as deep as it can be told: `['messages'][0]['content']`."""
    inside = value.items() if is_mapping(value) else enumerate(value) if is_list(value) else ()
    for step, inner in inside:
        try:
            _json(inner)
        except (PydanticSerializationError, ValueError):
            return f"[{step!r}]{_where(inner)}"
    return ""


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _beside(headers: Headers, more: Headers) -> Headers:
    """What the vendor needs, but for what the caller gives himself."""
    given = {name for name, _ in headers}
    return tuple(pair for pair in more if pair[0] not in given)


def _headers(dialect: Dialect, call: Call, settings: CallParameters) -> Headers:
    accept = ("accept", dialect.stream_type if call.stream else "application/json")
    extra: Mapping[str, str] = settings.get("extra_headers") or {}
    if dialect.vendor.headers:
        extra = {**dialect.vendor.headers, **extra}
    if not extra:
        return (*_COMMON_HEADERS, accept)
    for name, value in extra.items():
        if not (_HEADER_NAME.fullmatch(name) and value.isascii() and value.isprintable() and value == value.strip()):
            raise InvalidRequestError(
                f"extra_headers: {name!r} is not a header with a printable ASCII value", param="extra_headers"
            )
        if name.lower() in _OURS:
            raise InvalidRequestError(f"extra_headers: {name!r} follows from the body", param="extra_headers")
    lowered = tuple((name.lower(), value) for name, value in extra.items())
    replaced = {name for name, _ in lowered}
    return (*(pair for pair in (*_COMMON_HEADERS, accept) if pair[0] not in replaced), *lowered)


def timeouts_of(value: float | str | HasTimeouts | None) -> Timeouts:
    """`timeout` in any of its forms."""
    if value is None:
        return DEFAULT_TIMEOUTS
    if not isinstance(value, (int, float, str)):
        if not hasattr(value, "as_dict"):
            told = f"timeout is {its_type(value)}; it is a number of seconds, or an httpx2 Timeout"
            raise InvalidRequestError(told, param="timeout")
        phases = value.as_dict()
        connect, read, write, pool = (
            None if (given := phases.get(phase)) is None else _seconds(given)
            for phase in ("connect", "read", "write", "pool")
        )
        return Timeouts(connect, read, write, pool)
    seconds = _seconds(value)
    return Timeouts(seconds, seconds, seconds, seconds, total=seconds)


def _seconds(value: float | str) -> float:
    """A timeout that a socket can take: it counts nanoseconds in 64 bits."""
    try:
        seconds = -1.0 if isinstance(value, bool) else float(value)
    except (ValueError, TypeError, OverflowError):
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        says = f"timeout is {reprlib.repr(value)}; it must be a number of seconds above 0"
        raise InvalidRequestError(says, param="timeout")
    return min(seconds, _LONGEST)
