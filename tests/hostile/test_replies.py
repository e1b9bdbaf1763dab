"""Replies that are errors, and errors that look like replies: statuses, wishes and bodies, in each dialect and way.

All three at once are in tests/hostile/test_errors.py, which needs no wire.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

import httpx2
import pytest
from typing_extensions import override

from polyvox import (
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    BadGatewayError,
    BadRequestError,
    ConflictError,
    GatewayTimeoutError,
    InsufficientFundsError,
    InternalServerError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    RequestTooLargeError,
    ServiceUnavailableError,
    StreamInterruptedError,
    Timeout,
    UnprocessableEntityError,
)
from polyvox.exchange import MAX_ERROR_BODY, MAX_REPLY
from tests.hostile.asking import WAYS, Came, Way, ask, assert_failed, each, every_way
from tests.hostile.dialect import TEXT, Dialect
from tests.hostile.dialects import BEDROCK, EVERYBODY, OPENAI

everybody = each(dialect=EVERYBODY, way=WAYS)
ERROR: Final = b'{"error": {"message": "no", "code": "x"}, "message": "no"}'


def answered(way: Way, dialect: Dialect, status: int, body: bytes, **headers: str) -> Came:
    """What a call comes to when the vendor answers so."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return given(way, dialect, status, named, Body([body]))


def given(way: Way, dialect: Dialect, status: int, headers: dict[str, str], body: Body) -> Came:
    """What a call comes to that is given this reply, which is closed in the end."""
    named = {"x-request-id": "req_1", **headers}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, headers=named, stream=body))  # packed, if it is
    came = ask(way, dialect, transport, api_base="https://h.test")
    assert body.closed
    return came


class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in pieces, for either kind of client."""

    def __init__(self, pieces: list[bytes], times: int = 1) -> None:
        self._pieces = pieces * times
        self.closed = False

    @override
    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece

    @override
    def close(self) -> None:
        self.closed = True

    @override
    async def aclose(self) -> None:
        self.closed = True


# status -> class, retryable
STATUSES: Final[dict[int, tuple[type[APIError], bool]]] = {
    400: (BadRequestError, False),
    401: (AuthenticationError, False),
    402: (InsufficientFundsError, False),
    403: (PermissionDeniedError, False),
    404: (NotFoundError, False),
    408: (Timeout, True),
    409: (ConflictError, True),
    413: (RequestTooLargeError, False),
    418: (BadRequestError, False),
    422: (UnprocessableEntityError, False),
    425: (ConflictError, True),
    429: (RateLimitError, True),
    500: (InternalServerError, True),
    502: (BadGatewayError, True),
    503: (ServiceUnavailableError, True),
    504: (GatewayTimeoutError, True),
    520: (BadGatewayError, True),
    529: (OverloadedError, True),
    599: (InternalServerError, True),
}


@everybody
@pytest.mark.parametrize(("status", "kind", "again"), [(status, *row) for status, row in STATUSES.items()])
def test_status(status: int, kind: type[APIError], again: bool, dialect: Dialect, way: Way) -> None:
    came = answered(way, dialect, status, ERROR)
    error = assert_failed(came, kind, dialect, status_code=status, request_id="req_1", retryable=again)
    assert (error.message, error.body, error.retry_after, error.partial) == ("no", ERROR.decode(), None, None)


# What is asked for -> seconds, or None where it counts for nothing.
RETRY_AFTER: Final[dict[str, tuple[dict[str, str], float | None]]] = {
    "seconds": ({"retry_after": "7"}, 7),
    "a fraction": ({"retry_after": "0.25"}, 0.25),
    "milliseconds": ({"retry_after_ms": "1500", "retry_after": "9"}, 1.5),
    "a date that is past": ({"retry_after": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
    "longer than we wait": ({"retry_after": "86400"}, 86400),
    "absurd": ({"retry_after": "9" * 400}, None),
    "negative": ({"retry_after": "-1"}, None),
    "a word": ({"retry_after": "later"}, None),
    "not a number": ({"retry_after": "nan"}, None),
    "empty": ({"retry_after": ""}, None),
    "a date without end": ({"retry_after": "Fri, 99 Xxx 9999 99:99:99 GMT"}, None),
    "a year that no clock has": ({"retry_after": "1 Jan 99999999999999 00:00:00 GMT"}, None),
    "missing": ({}, None),
}


@everybody
@pytest.mark.parametrize(("headers", "wait"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_how_long_to_wait(headers: dict[str, str], wait: float | None, dialect: Dialect, way: Way) -> None:
    for status, kind in ((429, RateLimitError), (503, ServiceUnavailableError)):
        came = answered(way, dialect, status, ERROR, **headers)
        assert_failed(came, kind, dialect, status_code=status, retry_after=wait, retryable=True)


def _nested(depth: int) -> bytes:
    return b'{"error":' * depth + b"1" + b"}" * depth


# An error's body -> what its message must hold.
BODIES: Final[dict[str, tuple[dict[str, str], bytes, str]]] = {
    "other JSON": ({}, b'{"fault": {"text": "no"}}', "no reason"),
    "an array": ({}, b'[{"error": {"message": "out of order"}}]', "out of order"),
    "an empty array": ({}, b"[]", "no reason"),
    "null": ({}, b"null", "no reason"),
    "a number": ({}, b"42", "no reason"),
    "a text": ({}, b'"out of order"', "out of order"),
    "HTML": ({"content_type": "text/html"}, b"<html><h1>502 Bad Gateway</h1><script>x()</script></html>", "502 Bad"),
    "HTML that says it is JSON": ({}, b"<!doctype html><p>Sign in</p>", "Sign in"),
    "JSON that says it is HTML": ({"content_type": "text/html"}, b'{"error": {"message": "busy"}}', "busy"),
    "empty": ({}, b"", "(empty body)"),
    "blank": ({}, b" \r\n ", "(empty body)"),
    "truncated": ({}, b'{"error": {"message": "out of or', "out of or"),
    "latin-1": (
        {"content_type": "application/json; charset=latin-1"},
        '{"error": "münchen"}'.encode("latin-1"),
        "nchen",
    ),
    "UTF-16": ({}, '{"error": "busy"}'.encode("utf-16"), "no reason"),
    "a byte-order mark": ({}, b'\xef\xbb\xbf{"error": "busy"}', "busy"),
    "gzip": ({"content_encoding": "gzip"}, gzip.compress(b'{"error": "busy"}'), "busy"),
    "deflate": ({"content_encoding": "deflate"}, zlib.compress(b'{"error": "busy"}'), "busy"),
    "gzip that is none": ({"content_encoding": "gzip"}, b'{"error": "busy"}', "no reason"),
    "gzip, cut": ({"content_encoding": "gzip"}, gzip.compress(b'{"error": "busy"}')[:-12], ""),
    "br, which nobody asked for": ({"content_encoding": "br"}, b'\x8b\x07\x80{"error": "busy"}\x03\x00', "no reason"),
    "zstd, which nobody asked for": ({"content_encoding": "zstd"}, b"(\xb5/\xfd\x04\x00\x89\x00\x00", "no reason"),
    "an unknown packing": ({"content_encoding": "x-own"}, b'{"error": "busy"}', "busy"),
    "a gzip bomb": ({"content_encoding": "gzip"}, gzip.compress(b" " * (3 * MAX_ERROR_BODY)), ""),
    "deep": ({}, _nested(50), "no reason"),
    "too deep": ({}, _nested(100_000), ""),
    "NaN": ({}, b'{"error": {"message": "busy", "code": NaN}}', "busy"),
    "a huge number": ({}, b'{"error": {"message": "busy", "code": ' + b"9" * 5000 + b"}}", "busy"),
    "a code that is a list": ({}, b'{"error": {"message": "busy", "code": [1, {}]}}', "busy"),
    "messages of all kinds": ({}, b'{"error": {"message": [{"msg": "busy"}]}, "detail": 3}', "busy"),
    "lone surrogates": ({}, b'{"error": {"message": "busy \\ud800"}}', "busy"),
    "invalid UTF-8": ({}, b'{"error": {"message": "busy \xff\xfe"}}', "busy"),
}


@everybody
@pytest.mark.parametrize(("headers", "body", "says"), BODIES.values(), ids=BODIES)
def test_an_errors_body(headers: dict[str, str], body: bytes, says: str, dialect: Dialect, way: Way) -> None:
    came = answered(way, dialect, 502, body, **{"content_type": "application/json", **headers})
    error = assert_failed(came, BadGatewayError, dialect, status_code=502, request_id="req_1", retryable=True)
    assert says in error.message
    assert len(error.message) < 400
    assert error.body is not None
    assert len(error.body) <= 2 * MAX_ERROR_BODY
    json.dumps(str(error)).encode()


# Replies of status 200 that answer nothing.
GOOD: Final[dict[str, tuple[dict[str, str], bytes]]] = {
    "HTML": ({"content_type": "text/html"}, b"<html><body>Sign in</body></html>"),
    "empty": ({}, b""),
    "null": ({}, b"null"),
    "an array": ({}, b"[1]"),
    "a text": ({}, b'"Hello"'),
    "NaN": ({}, b"NaN"),
    "other JSON": ({}, b'{"hello": "world"}'),
    "truncated": ({}, b'{"id": "x", "cho'),
    "UTF-16": ({}, "{}".encode("utf-16")),
    "br, which nobody asked for": ({"content_encoding": "br"}, b"\x8b\x07\x80{}\x03\x00"),
    "gzip that is none": ({"content_encoding": "gzip"}, b"{}"),
    "deep": ({}, _nested(100_000)),
    "one that is gone": (
        {},
        b'{"choices": null, "candidates": null, "content": null, "message": null, "output": null}',
    ),
}


@everybody
@pytest.mark.parametrize(("headers", "body"), GOOD.values(), ids=GOOD)
def test_a_good_status_with_another_body(headers: dict[str, str], body: bytes, dialect: Dialect, way: Way) -> None:
    came = answered(way, dialect, 200, body, **{"content_type": "application/json", **headers})
    kinds: list[type[APIError]] = [APIError, APIResponseValidationError]
    error = assert_failed(came, came.kind_of([*kinds, StreamInterruptedError] if way.stream else kinds), dialect)
    assert (error.status_code, error.request_id) == (None, "req_1")
    assert len(error.message) < 500
    if body.startswith(b"<html>") and not (way.stream and dialect.framing.is_frames):
        assert "<html><body>Sign in" in error.message


@everybody
def test_packed_as_asked_for(dialect: Dialect, way: Way) -> None:
    body = dialect.stream if way.stream else dialect.reply
    for encoding, packed in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))):
        came = answered(way, dialect, 200, packed, content_encoding=encoding)
        assert (came.text, came.error) == (TEXT, None)


@every_way  # and for text and frames only: unpacked it is cut before a dialect sees it
def test_a_bomb(way: Way) -> None:
    bomb = gzip.compress(b"\0" * (MAX_REPLY + 2**20), 1)
    assert len(bomb) < MAX_REPLY / 100
    for dialect in (OPENAI, BEDROCK):
        came = answered(way, dialect, 200, bomb, content_encoding="gzip")
        error = assert_failed(came, APIResponseValidationError, dialect, request_id="req_1")
        # Not even the first event of Bedrock's stream can be one.
        assert ("128 MiB" in error.message) == (not way.stream or dialect is OPENAI)
