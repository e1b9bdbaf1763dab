"""Who asks on Azure: a resource's key, or somebody's Microsoft Entra token.

An application that the environment names logs in with its secret, by the client credentials grant:
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
Other identities (managed ones, certificates, a person's login) are azure-identity's: give its token provider as
`api_key`.
"""

from __future__ import annotations

from collections.abc import Callable
from os import environ
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urlsplit

from ..addressing import from_environment
from ..errors import InvalidRequestError, MissingApiKeyError
from ..headers import bearer
from ..token_server import TokenRequest, login
from .dialect import Credentials, Dialect

if TYPE_CHECKING:
    from ..call import Call

_VARIABLES: Final = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
_AUTHORITY: Final = "https://login.microsoftonline.com"
_SCOPE: Final = "https://cognitiveservices.azure.com/.default"
"""What every service behind Azure's models takes; other clouds of Microsoft's have others (AZURE_SCOPE)."""
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_token(key: str, variable: str | None) -> bool:
    """Whether it is a Microsoft Entra token (a JWT), not a key of the resource."""
    return (key.startswith("eyJ") and key.count(".") == 2) or (variable or "").endswith("AD_TOKEN")


def credentials(dialect: Dialect, call: Call, keys: Callable[[Call], Credentials]) -> Credentials:
    """A token, where there is one to be had; else what `keys` finds."""
    if (found := _entra(dialect, call)) is not None:
        return found
    try:
        return keys(call)
    except MissingApiKeyError as error:
        said = f"{error.message}; or set {', '.join(_VARIABLES)}, for an application to log in"
        raise MissingApiKeyError(said, provider=call.vendor.name, model=call.model) from None


def _entra(dialect: Dialect, call: Call) -> Credentials | None:
    """A callable gives Entra tokens, as azure-identity's `get_bearer_token_provider` does; keys are plain strings.

    Without any of them, an application that the environment names logs in.
    """
    given = call.settings.get("api_key")
    if callable(given):
        return Credentials(given, lambda token, _: bearer(token))
    if given is not None or from_environment(dialect.vendor.key_variables):
        return None
    found = _application()
    return None if found is None else login(call, found)


def _application() -> TokenRequest | None:
    """How the application that the environment names asks for a token; None where the whole of one is not there."""
    tenant, client, secret = (environ.get(name, "").strip() for name in _VARIABLES)
    if not (tenant and client and secret):
        return None
    form = {
        "grant_type": "client_credentials",
        "client_id": client,
        "client_secret": secret,
        "scope": environ.get("AZURE_SCOPE", "").strip() or _SCOPE,
    }
    authority = _checked(environ.get("AZURE_AUTHORITY_HOST", "").strip() or _AUTHORITY)
    return TokenRequest(f"{authority}/{quote(tenant, safe='')}/oauth2/v2.0/token", (), urlencode(form), secret)


def _checked(authority: str) -> str:
    """An address to which a secret may be sent."""
    url = (authority if "://" in authority else f"https://{authority}").rstrip("/")
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)):
        raise InvalidRequestError(f"AZURE_AUTHORITY_HOST is no https address: {authority!r}")
    return url
