"""What a reply's headers say beside its body, and the header that most keys travel in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exchange import Headers

_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "x-goog-request-id", "cf-ray")


def bearer(key: str) -> Headers:
    """A key or token, as most vendors want it."""
    return (("authorization", f"Bearer {key}"),)


def request_id(headers: Mapping[str, str]) -> str | None:
    """The vendor's id of a request."""
    return next((headers[name] for name in _REQUEST_IDS if name in headers), None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after` (seconds or a date); None if absent or absurd."""
    if (millis := seconds(headers.get("retry-after-ms"))) is not None:
        return millis / 1000
    text = headers.get("retry-after")
    if (wait := seconds(text)) is not None or not text:
        return wait
    from email.utils import parsedate_to_datetime  # slow to import, seldom needed

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time())
    except (ValueError, TypeError, OverflowError):
        return None


def seconds(text: str | None) -> float | None:
    """A number of seconds that makes sense, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


class ReplyHeaders(Mapping[str, str]):
    """A reply's headers, by names in any letter case; decoded when they are first asked for."""

    __slots__ = ("_found", "_raw")

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._raw = raw
        self._found: dict[str, str] | None = None

    def _all(self) -> dict[str, str]:
        if self._found is None:
            self._found = {}
            for name, value in self._raw:
                key, text = name.decode("latin-1").lower(), _text(value)
                self._found[key] = f"{self._found[key]}, {text}" if key in self._found else text
        return self._found

    def __getitem__(self, name: str) -> str:
        return self._all()[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._all()})"


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
