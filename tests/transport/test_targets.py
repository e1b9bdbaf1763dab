"""Addresses and headers as they are sent: as httpx2 would send them."""

from __future__ import annotations

import httpx2
import pytest

from polyvox.transport.targets import Place, target_of

ADDRESSES = {
    "https": ("https://api.test/v1/chat/completions", Place("api.test", 443, True)),
    "http": ("http://api.test/v1", Place("api.test", 80, False)),
    "a port": ("https://api.test:8443/v1", Place("api.test", 8443, True)),
    "its own port": ("https://api.test:443/v1", Place("api.test", 443, True)),
    "capitals": ("https://API.Test/v1", Place("api.test", 443, True)),
    "IPv6": ("http://[::1]:8000/v1", Place("::1", 8000, False)),
    "a query": ("https://api.test/v1?api-version=2024-10-21&x=%2F", Place("api.test", 443, True)),
    "a model in the path": ("https://api.test/model/us.acme%3A0/invoke", Place("api.test", 443, True)),
    "a colon": ("https://api.test/models/m:generateContent", Place("api.test", 443, True)),
    "no path": ("https://api.test", Place("api.test", 443, True)),
    "a path in other letters": ("https://api.test/straße", Place("api.test", 443, True)),
    "a space": ("https://api.test/a b", Place("api.test", 443, True)),
}


@pytest.mark.parametrize(("url", "place"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address(url: str, place: Place) -> None:
    target = target_of(url, (("authorization", "Bearer k"), ("accept", "application/json")))
    theirs = httpx2.Request("POST", url)
    assert target.place == place
    assert target.url.target == theirs.url.raw_path
    assert dict(target.headers) == {
        b"host": theirs.headers["host"].encode(),
        b"authorization": b"Bearer k",
        b"accept": b"application/json",
    }


def test_a_host_that_the_caller_names_is_the_one_that_is_sent() -> None:
    target = target_of("https://10.0.0.1/v1", (("host", "api.test"),))
    assert target.headers == [(b"host", b"api.test")]
    assert target.place == Place("10.0.0.1", 443, True)
