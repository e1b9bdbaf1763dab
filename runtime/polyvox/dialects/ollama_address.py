"""Where an Ollama server is, from any of the ways in which its own tools let one write that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ..addressing import base_url, from_environment

if TYPE_CHECKING:
    from ..call import Call, Vendor

PORT: Final = "11434"
# An address to listen on is none to call.
_CALLED: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (replaced, never bound)
_PATH = re.compile(r"/(api(/chat)?|v1(/chat/completions)?)$")


def server(vendor: Vendor, call: Call) -> str:
    """The caller's address, the environment's, or the usual one; without `/api` or `/v1`, which paths begin with."""
    found = address(call.api_base or from_environment(vendor.base_variables) or "")
    return base_url(vendor, found or vendor.base_url)


def address(text: str) -> str:
    """`host`, `host:port`, `:port`, an IPv6 address or a URL, as a URL; nothing for nothing."""
    text = text.strip(" \t\"'")
    scheme, has_scheme, rest = text.partition("://")
    if not has_scheme:
        scheme, rest = ("https" if text.partition("/")[0] == "ollama.com" else "http"), text
    if not rest or "@" in rest:
        return text  # nothing; or a password, which `base_url` refuses
    place, slash, path = rest.rstrip("/").partition("/")
    host, port = _parted(place)
    if not (port or has_scheme or scheme == "https"):
        port = PORT
    return _PATH.sub("", f"{scheme}://{_joined(_CALLED.get(host, host), port)}{slash}{path}")


def _parted(place: str) -> tuple[str, str]:
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        return host, port.removeprefix(":")
    if place.count(":") > 1:
        return place, ""  # a bare IPv6 address
    host, _, port = place.partition(":")
    return host, port


def _joined(host: str, port: str) -> str:
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host
