"""The canary as what is changed for a token, and as the token: in no byte that comes out, whatever a token server does.

`logins.py` has who logs in how. The ways to call take turns, so that each login and each fault meets all four.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle, product
from pathlib import Path
from typing import Final

import httpx2
import pytest

from polyvox import APIConnectionError, APIError, Timeout
from tests.hostile.asking import WAYS, Way, every_way
from tests.hostile.canary import Caller
from tests.hostile.dialects import GEMINI
from tests.hostile.logins import LOGINS, Login, Place, given, people, secret
from tests.hostile.vendor import HostileVendor, Misbehaviour, reply, saying

pytestmark = pytest.mark.usefixtures("spans_tell_all")


@dataclass(frozen=True)
class Fault:
    """What a token server says, and does then."""

    says: Callable[[str], bytes]
    """The secret may be in it."""
    end: str = "close"
    first: bool = False
    """Whether it is good enough for the first request of two."""

    def misbehave(self, secret: str) -> Misbehaviour:
        """The same, to who asks with this secret."""
        return saying(self.says(secret), self.end)


def _json(document: object) -> bytes:
    return reply(json.dumps(document).encode())


def _refusing(secret: str) -> bytes:
    told = {"error": secret, "error_description": f"no {secret}", "errorMessage": f"not {secret}", "code": secret}
    return reply(json.dumps(told).encode(), f"x-request-id: {secret}", status=f"400 {secret}")


def _of_another_kind(secret: str) -> bytes:
    return _json({name: [secret] for name in given(secret)})


FAULTS: Final = {
    "refuses": Fault(_refusing),
    "refuses with a page": Fault(lambda secret: reply(f"<p>{secret}</p>".encode(), status="403 No", kind="text/html")),
    "redirects": Fault(lambda secret: reply(b"", f"location: token?again={secret}", status="307 Elsewhere")),
    "redirects to another host": Fault(
        lambda secret: reply(b"", f"location: http://127.0.0.1:9/{secret}", status="302 Elsewhere")
    ),
    "says no JSON": Fault(lambda secret: reply(f"<p>{secret}</p>".encode())),
    "says no object": Fault(lambda secret: _json([secret])),
    "gives nothing": Fault(lambda secret: _json({secret: secret})),
    "gives no text": Fault(_of_another_kind, first=True),
    "gives what no header can carry": Fault(lambda secret: _json(given(f"{secret}\r\nx-evil: 1")), first=True),
    "breaks off": Fault(lambda secret: _json(given(secret))[:-9]),
    "resets": Fault(lambda _: b"", "reset"),
    "is silent": Fault(lambda _: b"", "stall"),
}


class Asking:
    """Asks with a login, at a token server with a fault, a vendor who refuses every token."""

    def __init__(
        self, vendor: HostileVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: io.StringIO
    ) -> None:
        self._vendor = vendor
        self._place = partial(Place, folder=tmp_path, monkeypatch=monkeypatch)
        self._heard = heard
        self.reached = 0
        """How many requests came to the vendor."""
        self.asked = 0
        """And to the token server."""

    def __call__(self, login: Login, fault: Fault, way: Way) -> BaseException | None:
        """One call; its error."""
        mine = secret()
        place = self._place(self._vendor.address(fault.misbehave(mine)), mine)
        told = json.dumps({"error": {"message": f"no {mine}", "code": mine}}).encode()

        def refuse(request: httpx2.Request) -> httpx2.Response:
            self.reached += 1
            return httpx2.Response(401, headers={"x-key": mine}, content=told)

        settings = {"api_key": None, "timeout": 0.1 if fault.end == "stall" else 60, **login.settings(place)}
        error = Caller(way, login.dialect, self._heard).ask(httpx2.MockTransport(refuse), **settings)
        self.asked = self._vendor.asked(place.server)
        assert self.asked or fault.end == "stall", repr(error)  # there, time may be up before
        return error


@pytest.fixture
def ask(vendor: HostileVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: io.StringIO) -> Asking:
    return Asking(vendor, tmp_path, monkeypatch, heard)


CASES: Final = {
    f"{name}, {fault}, {way}": (login, FAULTS[fault], way)
    for ((name, login), fault), way in zip(product(LOGINS.items(), FAULTS), cycle(WAYS), strict=False)
    if login.shows and fault in (login.faults or FAULTS)
}


@pytest.mark.parametrize(("login", "fault", "way"), CASES.values(), ids=CASES)
def test_a_token_server_that_fails(login: Login, fault: Fault, way: Way, ask: Asking) -> None:
    error = ask(login, fault, way)
    assert isinstance(error, APIError)
    assert isinstance(error, Timeout) == (fault.end == "stall")
    assert ask.asked < 2 or fault.first, "a redirect was followed, or it was asked again"
    assert ask.reached == 0


GIVEN: Final = {f"{name}, {way}": (login, way) for (name, login), way in zip(LOGINS.items(), cycle(WAYS), strict=False)}


@pytest.mark.parametrize(("login", "way"), GIVEN.values(), ids=GIVEN)
def test_a_token_that_the_vendor_refuses(login: Login, way: Way, ask: Asking) -> None:
    error = ask(login, Fault(lambda token: reply(login.given(token))), way)
    assert isinstance(error, APIError)
    assert ask.reached


@every_way
@pytest.mark.parametrize("kind", ["alone", "as an account"])
def test_a_user_of_googles(kind: str, way: Way, heard: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # where nobody listens
    credentials = people(secret())[kind]
    transport = httpx2.MockTransport(lambda _: httpx2.Response(500))
    error = Caller(way, replace(GEMINI, model="vertexai:gemini-2.5-flash"), heard).ask(
        transport, api_key=None, vertex_project="p1", vertex_credentials=credentials
    )
    assert isinstance(error, APIConnectionError)
