"""Every kind of credential, refused: one that can be renewed is, once; then the vendor's refusal is a clear error."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import AsyncClient, AuthenticationError, Client
from tests.mapping.asking import HELLO, Json, usual_reply
from tests.runtime.google_server import Google, google
from tests.runtime.test_entra_tokens import Entra, entra

if TYPE_CHECKING:
    from polyvox import Parameters

__all__ = ["entra", "google"]  # fixtures

AZURE: Final = "https://res.openai.azure.com"
EXPIRED: Final = {"x-amzn-errortype": "ExpiredTokenException:http://internal.amazon.com/coral/"}


@dataclass
class Place:
    """What a test may set a credential up with."""

    google: Google
    entra: Entra
    folder: Path
    monkeypatch: pytest.MonkeyPatch


@dataclass
class Vendor:
    """Refuses the first requests, and keeps what it is asked."""

    refusals: int
    status: int = 401
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    requests: list[httpx2.Request] = field(default_factory=list[httpx2.Request])

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if len(self.requests) <= self.refusals:
            body = {"error": {"message": "It has expired."}, "message": "It has expired."}
            return httpx2.Response(self.status, headers=dict(self.headers), content=json.dumps(body).encode())
        return httpx2.Response(200, content=usual_reply(request.url.path))

    @property
    def credentials(self) -> list[str]:
        """Of each request: a key, or who signed."""
        return [_credential(request.headers) for request in self.requests]


def _credential(headers: httpx2.Headers) -> str:
    carried = headers.get("authorization") or headers.get("api-key") or headers["x-goog-api-key"]
    return carried.partition(" ")[2].partition("/")[0].removeprefix("Credential=")


def _numbered() -> Iterator[str]:
    return (f"k{number}" for number in count(1))


def _callable(_: Place) -> Json:
    keys = _numbered()
    return {"api_key": lambda: next(keys)}


def _later(_: Place) -> Json:
    keys = _numbered()

    async def key() -> str:
        await asyncio.sleep(0)
        return next(keys)

    return {"api_key": key}


def _of_azure(keys: Callable[[Place], Json]) -> Callable[[Place], Json]:
    return lambda place: {"api_base": AZURE, **keys(place)}


def _of_vertex(keys: Callable[[Place], Json]) -> Callable[[Place], Json]:
    return lambda place: {"vertex_project": "p1", **keys(place)}


def _of_bedrock(keys: Callable[[Place], Json]) -> Callable[[Place], Json]:
    return lambda place: {"aws_region_name": "us-east-1", **keys(place)}


def _application(_: Place) -> Json:
    return {"api_base": AZURE}


def _account(place: Place) -> Json:
    return {"vertex_credentials": place.google.account()}


def _profile(place: Place) -> Json:
    """A program gives new keys whenever it is asked, as a tool that logs in does."""
    path = place.folder / "credentials"
    place.monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    place.monkeypatch.setenv("AWS_CONFIG_FILE", str(place.folder / "config"))
    program = place.folder / "keys.sh"
    numbers = place.folder / "number"
    number = f"n=$(($(cat {numbers} 2>/dev/null || echo 0) + 1)); echo $n > {numbers}"
    said = '{"Version": 1, "AccessKeyId": "k\'$n\'", "SecretAccessKey": "s", "SessionToken": "t"}'
    program.write_text(f"{number}\necho '{said}'\n")
    path.write_text(f"[work]\ncredential_process = sh {program}\n")
    return {"aws_profile_name": "work", "aws_region_name": "us-east-1"}


def _fixed_aws(_: Place) -> Json:
    return {"aws_access_key_id": "k1", "aws_secret_access_key": "s", "aws_region_name": "us-east-1"}


@dataclass(frozen=True)
class Kind:
    """One kind of credential."""

    model: str
    settings: Callable[[Place], Json]
    tried: tuple[str, ...]
    """The credentials that a call tries before it gives up."""
    status: int = 401
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    only_async: bool = False


RENEWED: Final = ("k1", "k2")
TOKENS: Final = ("t1", "t2")
KINDS: Final[dict[str, Kind]] = {
    "a key": Kind("groq:m", lambda _: {"api_key": "k1"}, ("k1",)),
    "a callable": Kind("groq:m", _callable, RENEWED),
    "an async callable": Kind("groq:m", _later, RENEWED, only_async=True),
    "Entra's callable": Kind("azure:m", _of_azure(_callable), RENEWED),
    "Entra's async callable": Kind("azure:m", _of_azure(_later), RENEWED, only_async=True),
    "Entra's application": Kind("azure:m", _application, TOKENS),
    "Google's callable": Kind("vertexai:m", _of_vertex(_callable), RENEWED),
    "Google's account": Kind("vertexai:m", _account, TOKENS),
    "Google's account, for Claude": Kind("vertexai:claude-m", _account, TOKENS),
    "Google's account, for Llama": Kind("vertexai:meta/m", _account, TOKENS),
    "Bedrock's callable": Kind("bedrock:m", _of_bedrock(_callable), RENEWED, 403, EXPIRED),
    "AWS's keys that are given": Kind("bedrock:m", _fixed_aws, ("k1", "k1"), 403, EXPIRED),
    "AWS's keys of a program": Kind("bedrock:m", _profile, RENEWED, 403, EXPIRED),
}
SYNC: Final = [name for name, kind in KINDS.items() if not kind.only_async]


@pytest.fixture
def place(google: Google, entra: Entra, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(google, entra, tmp_path, monkeypatch)


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("name", SYNC)
def test_it_is_tried_once_more_then_the_refusal_is_an_error(name: str, retries: int, place: Place) -> None:
    kind = KINDS[name]
    vendor = Vendor(99, kind.status, kind.headers)
    client = Client(transport=httpx2.MockTransport(vendor), num_retries=retries)
    settings = cast("Parameters", kind.settings(place))
    with pytest.raises(AuthenticationError, match="It has expired") as caught:
        client.completion(kind.model, HELLO, **settings)
    assert caught.value.status_code == kind.status
    assert tuple(vendor.credentials) == kind.tried


@pytest.mark.anyio
@pytest.mark.parametrize("name", KINDS)
async def test_the_same_in_an_event_loop(name: str, place: Place) -> None:
    kind = KINDS[name]
    vendor = Vendor(99, kind.status, kind.headers)
    settings = cast("Parameters", kind.settings(place))
    async with AsyncClient(transport=httpx2.MockTransport(vendor)) as client:
        with pytest.raises(AuthenticationError, match="It has expired"):
            await client.completion(kind.model, HELLO, **settings)
    assert tuple(vendor.credentials) == kind.tried


@pytest.mark.parametrize("name", [name for name in SYNC if len(KINDS[name].tried) > 1])
def test_a_renewed_one_is_enough(name: str, place: Place) -> None:
    kind = KINDS[name]
    vendor = Vendor(1, kind.status, kind.headers)
    client = Client(transport=httpx2.MockTransport(vendor), num_retries=0)
    answer = client.completion(kind.model, HELLO, **cast("Parameters", kind.settings(place)))
    assert answer.choices[0].message.content == "Hello"
    assert tuple(vendor.credentials) == kind.tried


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (-20, "; this machine's clock is 20 minutes ahead of AWS's: set it right"),
        (7, "; this machine's clock is 7 minutes behind AWS's: set it right"),
        (-2, "It has expired."),
    ],
    ids=["ahead", "behind", "right"],
)
def test_a_signature_at_the_wrong_time_says_so(minutes: int, says: str, place: Place) -> None:
    """AWS refuses it; it is made anew once, and the error names the reason."""
    date = formatdate(time.time() + 60 * minutes, usegmt=True)
    vendor = Vendor(99, 403, {"x-amzn-errortype": "InvalidSignatureException", "date": date})
    client = Client(transport=httpx2.MockTransport(vendor), num_retries=2)
    with pytest.raises(AuthenticationError) as caught:
        client.completion("bedrock:m", HELLO, **cast("Parameters", _fixed_aws(place)))
    assert says in str(caught.value)
    assert ("clock" in str(caught.value)) == (abs(minutes) >= 5)
    assert len(vendor.requests) == 2
