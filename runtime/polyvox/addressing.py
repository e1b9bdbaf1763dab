"""Which provider, which model, which host, which key. Pure, but for reading the environment.

A key belongs to one provider: no other provider's variable is ever looked at, and a provider without a host of its own
is an error, never a call to somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from os import environ
from typing import Final
from urllib.parse import quote, urlsplit

from .call import Vendor
from .errors import InvalidRequestError, MissingApiKeyError, UnknownProviderError
from .guessing import nearest
from .natives import NATIVE
from .secrecy import Hidden

_NATIVE_ALIASES: Final = {alias: vendor.name for vendor in NATIVE.values() for alias in vendor.aliases}

# One prefix for all that a cloud serves, as elsewhere: the model's name says who made it, and so whose dialect it has.
_BY_MODEL: Final = {
    "vertexai": (
        (re.compile(r"claude-"), NATIVE["vertexaianthropic"]),
        (
            re.compile(r"(?!(google|anthropic|mistralai|ai21|models|projects|publishers|endpoints)/)[a-z0-9-]+/"),
            replace(
                NATIVE["vertexai"],
                dialect="vertexopen",
                key_variables=(),
                developer_role=False,
                renames={"max_completion_tokens": "max_tokens"},
            ),
        ),
    ),
    "azure_ai": ((re.compile(r"claude-"), replace(NATIVE["azure_ai"], dialect="azureanthropic", path="/v1/messages")),),
}

# Decided by the shape of the name, never by a list of models.
_FAMILIES: Final = (
    (re.compile(r"gpt-|o\d|chatgpt-|ft:"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"gemini-|gemma-"), "gemini"),
    (re.compile(r"(open-)?mi[sx]tral-|magistral-|ministral-|pixtral-"), "mistral"),
    (re.compile(r"command-"), "cohere"),
    (re.compile(r"grok-"), "xai"),
    (re.compile(r"deepseek-"), "deepseek"),
)
_CLIMBS = re.compile(r"(?i)(?:^|/|\\|%2f|%5c)(?:\.|%2e){1,2}(?:$|/|\\|%2f|%5c)")
_VARIABLE = re.compile(r"\{([A-Z0-9_]+)\}")
# What a caller may have copied from a vendor's page: the whole address instead of its base.
_ENDPOINTS = ("/chat/completions", "/v1/messages")
_GEMINI_ENDPOINT = re.compile(r"/(models|tunedModels)/[^/]+:(g|streamG)enerateContent$")


def find_vendor(name: str) -> Vendor | None:
    """The row of a provider, by name or alias, in any letter case; None for an unknown name."""
    name = name.strip().lower()
    name = _NATIVE_ALIASES.get(name, name)
    return NATIVE.get(name) or _gateway(name)


@lru_cache(maxsize=256)
def _gateway(name: str) -> Vendor | None:
    from polyvox_wire.gateways import ALIASES, GATEWAYS  # data of 120 rows: only when a native name did not match

    if (own := ALIASES.get(name)) is not None:
        return _gateway(own)  # one row, whatever it is called
    row = GATEWAYS.get(name)
    return None if row is None else Vendor(**row._asdict())


def vendors() -> Iterator[Vendor]:
    """Every provider's row: the natives, then the gateways by name."""
    from polyvox_wire.gateways import GATEWAYS

    yield from NATIVE.values()
    yield from filter(None, map(_gateway, GATEWAYS))


def known_names() -> tuple[str, ...]:
    """Every provider name and alias."""
    from polyvox_wire.gateways import ALIASES, GATEWAYS

    return (*NATIVE, *_NATIVE_ALIASES, *GATEWAYS, *ALIASES)


@lru_cache(maxsize=256)
def locate(model: str, provider: str | None, default: str = "openai") -> tuple[Vendor, str]:
    """The provider, and the model's name as it knows it. A name that says nothing belongs to `default`."""
    vendor, name = _locate(model, provider, default)
    for pattern, other in _BY_MODEL.get(vendor.name, ()):
        if pattern.match(name):
            return other, name
    return vendor, name


def _locate(model: str, provider: str | None, default: str) -> tuple[Vendor, str]:
    if not model.strip():
        raise InvalidRequestError("model is empty; write e.g. 'openai:gpt-4.1-mini'")
    if provider is not None:
        return _given(_named(provider), model)
    head, separator, rest = _split(model)
    if separator and (vendor := find_vendor(head)):
        if not rest:
            raise InvalidRequestError(f"model {model!r} names a provider but no model")
        return vendor, rest
    if separator and head.lower() in _left_out():
        return _named(head), rest
    for pattern, name in _FAMILIES:
        if pattern.match(model):
            return _named(name), model
    if separator and nearest(head, known_names()):
        raise _stray(head, model)  # misspelt: say so
    return _named(default), model


def _given(vendor: Vendor, model: str) -> tuple[Vendor, str]:
    """The model's name is sent as it is, but `openai:gpt-5` to `openai` says twice who is meant. (`openrouter/auto` is
    OpenRouter's own name for a model.)"""
    head, _, rest = model.partition(":")
    return vendor, rest if rest.strip() and find_vendor(head) == vendor else model


def locate_at(address: object, model: str, provider: str | None) -> tuple[Vendor, str]:
    """The same for a call that is to be made, at an address of the caller's own or none.

    Raises `UnknownProviderError` for `x/y` or `x:y` where nobody is called x: OpenAI has no models of such names. At an
    address that is given, or stands in the environment, any name may be a model's.
    """
    vendor, name = locate(model, provider)
    if provider is None and name == model:
        _check_head(vendor, model, address)
    return vendor, name


def _check_head(vendor: Vendor, model: str, address: object) -> None:
    head, separator, _ = _split(model)
    if not separator or vendor.name != "openai" or address or from_environment(vendor.base_variables):
        return
    if not any(pattern.match(model) for pattern, _ in _FAMILIES):
        raise _stray(head, model)


def _stray(head: str, model: str) -> UnknownProviderError:
    why = _why_unknown(head.strip().lower())
    if not why.endswith("?"):
        why += f"; if {model!r} is a model's whole name, name its provider beside it: provider='openai'"
    return UnknownProviderError(why)


def _left_out() -> Mapping[str, str]:
    from polyvox_wire.gateways import LEFT_OUT

    return LEFT_OUT


def _split(model: str) -> tuple[str, str, str]:
    found = re.search(r"[:/]", model)
    return (model[: found.start()], found.group(), model[found.end() :]) if found else (model, "", "")


def _named(name: str) -> Vendor:
    vendor = find_vendor(name)
    if vendor is None:
        raise UnknownProviderError(_why_unknown(name.strip().lower()))
    return vendor


def _why_unknown(name: str) -> str:
    if reason := _left_out().get(name):
        return f"provider {name!r} is not supported: {reason}"
    hint = nearest(name, known_names(), likeness=0.75)
    return f"unknown provider {name!r}{hint or '; for a server that is not listed: openai_like, with api_base'}"


def base_url(vendor: Vendor, given: str | None) -> str:
    """The address to call: the argument, else the provider's variables, else its own host."""
    url = given or from_environment(vendor.base_variables) or vendor.base_url
    if not url:
        tried = f" (or set {' or '.join(vendor.base_variables)})" if vendor.base_variables else ""
        raise InvalidRequestError(f"no address: it has no host of its own; pass api_base{tried}", provider=vendor.name)
    if "{" in url:
        url = _VARIABLE.sub(lambda found: _variable(vendor, found.group(1)), url)
    return _checked_url(vendor.name, url.rstrip("/"))


def from_environment(variables: Iterable[str]) -> str | None:
    """What the first of these variables says; one that is blank says nothing."""
    return next((value for name in variables if (value := environ.get(name, "").strip())), None)


@lru_cache(maxsize=256)
def endpoint(base: str, path: str) -> str:
    """The whole address. A base that already is one is taken as it is; a query of its own is kept."""
    base, _, query = base.partition("?")
    base = _GEMINI_ENDPOINT.sub("", base.rstrip("/"))
    if base.endswith((path, *_ENDPOINTS)):
        whole = base
    elif path.startswith("/v1/") and base.endswith("/v1"):
        whole = base + path.removeprefix("/v1")
    else:
        whole = base + path
    return f"{whole}{'&' if '?' in whole else '?'}{query}" if query else whole


def _variable(vendor: Vendor, name: str) -> str:
    if value := environ.get(name):
        return value.removeprefix("https://").rstrip("/")
    raise InvalidRequestError(f"its address needs {name} in the environment; or pass api_base", provider=vendor.name)


def _is_host(name: str) -> bool:
    """Whether its length and its parts' are what a name server takes; Python's own look-up fails at others."""
    parts = [name] if ":" in name else name.removesuffix(".").split(".")
    return len(name) < 254 and all(0 < len(part) < 64 for part in parts)


@lru_cache(maxsize=256)
def _checked_url(vendor: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        parts, good = None, False
    if not good or parts is None or not url.isprintable() or " " in url:
        raise InvalidRequestError(f"api_base is not an http(s) address: {url!r}", provider=vendor)
    if not (parts.hostname or "").isascii():
        raise InvalidRequestError(
            f"api_base has a host that is not ASCII: {url!r}; write it as xn--...", provider=vendor
        )
    if _CLIMBS.search(parts.path):
        raise InvalidRequestError(f"api_base must not climb with '..': {url!r}", provider=vendor)
    if parts.username is not None or "#" in url:
        raise InvalidRequestError("api_base must not hold a user name, a password or a fragment", provider=vendor)
    return url


def environment_key(vendor: Vendor, model: str) -> tuple[str, str | None]:
    """The key from the environment and the name of its variable; an empty key where the provider needs none."""
    for name in vendor.key_variables:
        if key := environ.get(name, "").strip():
            return Hidden(key), name
    if vendor.key_optional or not vendor.key_variables:
        return "", None
    raise missing_key(vendor, model)


def model_path(model: str) -> str:
    """A model's name as a part of a path, from which it cannot break out."""
    _check_segments(model)
    return quote(model, safe="/@")


def path_segment(name: str) -> str:
    """A name as one part of a path, slashes and all."""
    _check_segments(name)
    return quote(name, safe="")


def _check_segments(name: str) -> None:
    if not all(segment.strip(".") for segment in name.split("/")):
        raise InvalidRequestError(f"model {name!r} cannot stand in an address")


def missing_key(vendor: Vendor, model: str) -> MissingApiKeyError:
    """The error that names every variable that was looked at."""
    tried = " or ".join(vendor.key_variables)
    return MissingApiKeyError(f"no API key: pass api_key, or set {tried}", provider=vendor.name, model=model)
