"""What the logins of clouds share: how it is said that there is no token."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import APIError


class NoTokenError(Exception):
    """No token, and as what a caller should see it."""

    def __init__(self, kind: type[APIError], reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
