"""What must never be shown: a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .errors import InvalidRequestError

if TYPE_CHECKING:
    from .errors import APIError
    from .exchange import Headers

E = TypeVar("E", bound="APIError")


_LONG_ENOUGH = 7
"""Letters; a placeholder for a local server ("EMPTY", "none") would be found in any text."""


class Secrets:
    """One call's secrets. Some vendors and proxies repeat a key in the text of an error."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def keep(self, key: str, headers: Headers) -> Headers:
        """Remember the key; refuse one that no header can carry."""
        for name, value in headers:
            if not (value.isascii() and value.isprintable()):
                raise InvalidRequestError(f"api_key has characters that no header ({name}) can carry", param="api_key")
        if len(key) > _LONG_ENOUGH:
            self._values.add(key)
        return headers

    def mask(self, error: E) -> E:
        """The same error, with `***` for every secret in its text. Its `body` is left as it came."""
        for secret in self._values:
            if secret in error.message:
                error.message = error.message.replace(secret, "***")
                error.args = (error.message, *error.args[1:])
        return error
