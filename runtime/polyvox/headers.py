"""What a reply's headers say beside its body, and the header that most keys travel in."""

from __future__ import annotations

from collections.abc import Mapping
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
    except (ValueError, TypeError):
        return None


def seconds(text: str | None) -> float | None:
    """A number of seconds that makes sense, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None
