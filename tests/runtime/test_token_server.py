"""Keys that a vendor's token server turns into tokens: when it is asked, what is kept, and what its refusals become."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Final, cast

import httpx2
import pytest

from polyvox import (
    APIConnectionError,
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    Parameters,
    ServiceUnavailableError,
)
from tests.mapping.asking import HELLO, usual_reply
from tests.tokens import TokenServer

NUMBERS: Final = count()
JWT: Final = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the instance runs."""
    monkeypatch.setenv("WATSONX_REGION", "us-south")


@dataclass
class Vendor:
    """Who is called with the tokens."""

    refusals: int = 0
    """How many requests are refused at first."""
    tokens: list[str] = field(default_factory=list[str])

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.tokens.append(request.headers["authorization"].removeprefix("Bearer "))
        if self.refusals:
            self.refusals -= 1
            return httpx2.Response(401, json={"errors": [{"code": "authentication_token_expired"}]})
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, key: str | Callable[[], str], /, model: str = "watsonx:m", **settings: object) -> None:
        """One call."""
        client = Client(transport=httpx2.MockTransport(self), num_retries=0)
        client.completion(model, HELLO, **cast("Parameters", {"api_key": key, **settings}))


def key(kind: str = "key") -> str:
    """A key that no other test has."""
    return f"{kind}-{next(NUMBERS)}-of-somebody"


def asked(tokens: TokenServer, key: str) -> int:
    """How often a key was turned into a token."""
    return sum(request.key == key for request in tokens.requests)


def test_a_key_is_turned_into_a_token_once(tokens: TokenServer) -> None:
    vendor, mine = Vendor(), key()
    for _ in range(3):
        vendor.ask(mine)
    assert (vendor.tokens, asked(tokens, mine)) == ([mine] * 3, 1)
    (request,) = (request for request in tokens.requests if request.key == mine)
    assert request.form == {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": mine}


def test_each_key_has_tokens_of_its_own(tokens: TokenServer) -> None:
    vendor, mine, theirs = Vendor(), key(), key()
    vendor.ask(mine)
    vendor.ask(theirs)
    assert vendor.tokens == [mine, theirs]


def test_threads_share_one_token(tokens: TokenServer) -> None:
    vendor, mine = Vendor(), key()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(vendor.ask, [mine] * 16))
    assert (vendor.tokens, asked(tokens, mine)) == ([mine] * 16, 1)


@pytest.mark.anyio
async def test_async_calls_do_the_same(tokens: TokenServer) -> None:
    vendor, mine = Vendor(), key()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        return vendor(request)

    async with AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        await client.completion("watsonx:m", HELLO, api_key=mine)
        await client.completion("watsonx:m", HELLO, api_key=mine)
    assert (vendor.tokens, asked(tokens, mine)) == ([mine] * 2, 1)


def test_a_refused_token_is_renewed_once(tokens: TokenServer) -> None:
    vendor, mine = Vendor(refusals=1), key()
    vendor.ask(mine)
    assert asked(tokens, mine) == 2
    with pytest.raises(AuthenticationError):
        Vendor(refusals=2).ask(mine)


@pytest.mark.parametrize("token", [JWT, lambda: "any-token"], ids=["a token", "a callable"])
def test_a_token_is_sent_as_it_is(token: str | Callable[[], str], tokens: TokenServer) -> None:
    vendor, before = Vendor(), len(tokens.requests)
    vendor.ask(token)
    assert vendor.tokens == [token if isinstance(token, str) else token()]
    assert len(tokens.requests) == before


@pytest.mark.parametrize(
    ("kind", "error", "says"),
    [
        ("refused", AuthenticationError, r"gave no token: Provided API key \*\*\* could not be found"),
        ("down", ServiceUnavailableError, r"gave no token: Come again"),
        ("odd", AuthenticationError, r"gave no token: its reply has no access_token"),
    ],
)
def test_what_a_refusal_becomes(kind: str, error: type[APIError], says: str) -> None:
    vendor, mine = Vendor(), key(kind)
    with pytest.raises(error, match=says) as caught:
        vendor.ask(mine)
    assert mine not in repr(caught.value)
    assert (caught.value.provider, vendor.tokens) == ("watsonx", [])


def test_a_token_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATSONX_IAM_URL", "http://127.0.0.1:9/token")
    vendor = Vendor()
    with pytest.raises(APIConnectionError, match=r"could not reach http://127\.0\.0\.1:9/token"):
        vendor.ask(key())
    assert vendor.tokens == []
