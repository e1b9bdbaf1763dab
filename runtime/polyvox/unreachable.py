"""Why an address could not be reached, in words that an operator can act on. Pure, but for reading the environment."""

from __future__ import annotations

import re
from os import environ
from urllib.parse import urlsplit

from .exchange import origin_of

_STRANGE_AUTHORITY = re.compile(r"self.signed|local issuer")


def unreachable(url: str, error: Exception, says: str) -> str:
    """One line: the origin, what the error says, and what to look at."""
    if type(error).__name__ == "ProxyError":
        says = f"the proxy says {says}"
    return f"could not reach {origin_of(url)}: {says}{_hint(says, url)}"


def _hint(says: str, url: str) -> str:
    if "WRONG_VERSION_NUMBER" in says:  # what OpenSSL makes of an answer without TLS
        return "; does it speak http instead of https?"
    if "CERTIFICATE_VERIFY_FAILED" in says:
        return "; name an authority of your own in SSL_CERT_FILE" if _STRANGE_AUTHORITY.search(says) else ""
    if variable := _proxy_variable(url):
        return f"; {variable} names a proxy for it: is that up, and right?"
    return ""


def _proxy_variable(url: str) -> str | None:
    """The variable of the environment that names a proxy for this address. What it says is not shown: a password may
    stand in it."""
    parts = urlsplit(url)
    wanted = (f"{parts.scheme}_proxy", "all_proxy")
    named = sorted((name for name in environ if name.lower() in wanted and environ[name]), key=_of_all)
    if not named:
        return None
    from urllib.request import proxy_bypass  # only who has a proxy, and lost it

    return None if proxy_bypass(parts.netloc) else named[0]


def _of_all(name: str) -> bool:
    return name.lower() == "all_proxy"
