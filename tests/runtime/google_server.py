"""A token server of Google's on this machine, and a Vertex AI that takes its tokens."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from polyvox import Client
from tests.mapping.asking import HELLO, Json, as_bytes, usual_reply
from tests.serving import JSON, Asked, answering

if TYPE_CHECKING:
    from polyvox import ChatCompletion, Parameters

MODEL: Final = "vertexai:gemini-2.5-flash"
CLAUDE: Final = "vertexaianthropic:claude-opus-4-1"
REFUSAL: Final = as_bytes({"error": {"code": 401, "message": "Request had invalid credentials."}})
NUMBERS: Final = count()


# --- who gives tokens -------------------------------------------------------------------------------------------------


@dataclass
class Google:
    """A token server, and a machine's metadata server."""

    url: str = ""
    lasts: int = 3600
    """Seconds that each token is good for."""
    refuses: str = ""
    """The error that it answers with."""
    project: str | None = None
    """The machine's project, if this is a machine of Google's."""
    requests: list[str] = field(default_factory=list[str])
    asked: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)
    """An answer waits for it."""

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """Tokens are numbered. The metadata server answers only who knows what it is."""
        assert asked.method == "POST" or asked.headers["metadata-flavor"] == "Google"
        self.requests.append(asked.body.decode() or asked.path)
        self.asked.set()
        self.gate.wait(60)
        if asked.path.endswith("/project-id"):
            return (200, self.project.encode()) if self.project else (404, b"")
        if self.refuses:
            return 400, as_bytes({"error": self.refuses, "error_description": "No."})
        number = sum(not request.endswith("/project-id") for request in self.requests)
        return 200, as_bytes({"access_token": f"t{number}", "expires_in": self.lasts, "token_type": "Bearer"})

    def account(self, **changes: object) -> Json:
        """A service account's key, of its own for each test."""
        return {
            "type": "service_account",
            "project_id": "p-key",
            "private_key_id": str(next(NUMBERS)),
            "private_key": private_key(),
            "client_email": "a@p-key.iam.gserviceaccount.com",
            "token_uri": f"{self.url}/token",
            **changes,
        }


@cache
def private_key() -> str:
    """Made here: no key is stored anywhere."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@contextmanager
def serving() -> Generator[Google]:
    """A Google for the time of a `with` block."""
    google = Google()
    google.gate.set()
    with answering(google.answer, headers={**JSON, "metadata-flavor": "Google"}) as google.url:
        try:
            yield google
        finally:
            google.gate.set()


@pytest.fixture
def google() -> Generator[Google]:
    """A Google for the time of a test."""
    with serving() as found:
        yield found


# --- who takes them ---------------------------------------------------------------------------------------------------


class Vertex:
    """Refuses the tokens it is told to, and keeps what it is asked."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.headers["authorization"].removeprefix("Bearer ") in self.refused:
            return httpx2.Response(401, content=REFUSAL)
        return httpx2.Response(200, content=usual_reply(request.url.path))

    def ask(self, model: str = MODEL, /, **settings: object) -> ChatCompletion:
        """A synchronous call."""
        client = Client(transport=httpx2.MockTransport(self), num_retries=0)
        return client.completion(model, HELLO, **cast("Parameters", settings))

    @property
    def tokens(self) -> list[str]:
        """Of each request."""
        return [request.headers["authorization"].removeprefix("Bearer ") for request in self.requests]
