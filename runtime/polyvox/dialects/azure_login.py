"""Who asks on Azure: a resource's key, or somebody's Microsoft Entra token."""

from __future__ import annotations

from collections.abc import Callable
from os import environ
from typing import TYPE_CHECKING

from ..entra_tokens import VARIABLES, Tokens, application, tokens_for
from ..errors import MissingApiKeyError
from ..tokens import NoTokenError
from .dialect import Credentials, Dialect

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers


def is_token(key: str, variable: str | None) -> bool:
    """Whether it is a Microsoft Entra token (a JWT), not a key of the resource."""
    return (key.startswith("eyJ") and key.count(".") == 2) or (variable or "").endswith("AD_TOKEN")


def bearer(key: str) -> Headers:
    """A token's header."""
    return (("authorization", f"Bearer {key}"),)


def credentials(dialect: Dialect, call: Call, keys: Callable[[Call], Credentials]) -> Credentials:
    """A token, where there is one to be had; else what `keys` finds."""
    if (found := _entra(dialect, call)) is not None:
        return found
    try:
        return keys(call)
    except MissingApiKeyError as error:
        said = f"{error.message}; or set {', '.join(VARIABLES)}, for an application to log in"
        raise MissingApiKeyError(said, provider=call.vendor.name, model=call.model) from None


def _entra(dialect: Dialect, call: Call) -> Credentials | None:
    """A callable gives Entra tokens, as azure-identity's `get_bearer_token_provider` does; keys are plain strings.

    Without any of them, an application that the environment names logs in.
    """
    given = call.settings.get("api_key")
    if callable(given):
        return Credentials(given, lambda token, _: bearer(token))
    if given is not None or any(environ.get(name, "").strip() for name in dialect.vendor.key_variables):
        return None
    found = application()
    return None if found is None else _login(call, tokens_for(found))


def _login(call: Call, tokens: Tokens) -> Credentials:
    used = ""

    def token() -> str:
        nonlocal used
        try:
            used = tokens.token()
        except NoTokenError as error:
            raise error.kind(str(error), provider=call.vendor.name, model=call.model) from error.__cause__
        return used

    return Credentials(token, lambda key, _: bearer(key), blocking=True, renew=lambda: tokens.forget(used))
