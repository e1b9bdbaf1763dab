"""What must never be shown: the values of the headers that carry a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .errors import InvalidRequestError

if TYPE_CHECKING:
    from .errors import APIError
    from .exchange import Headers

E = TypeVar("E", bound="APIError")


class Secrets:
    """One call's secrets. Some vendors and proxies repeat a key in the text of an error."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def keep(self, headers: Headers) -> Headers:
        """Remember what these headers carry; refuse what no header can."""
        for name, value in headers:
            if not (value.isascii() and value.isprintable()):
                raise InvalidRequestError(f"api_key has characters that no header ({name}) can carry", param="api_key")
            self._values.update(part for part in (value, value.rpartition(" ")[2]) if len(part) > 3)
        return headers

    def mask(self, error: E) -> E:
        """The same error, with `***` for every secret in its text. Its `body` is left as it came."""
        for secret in sorted(self._values, key=len, reverse=True):
            if secret in error.message:
                error.message = error.message.replace(secret, "***")
                error.args = (error.message, *error.args[1:])
        return error
