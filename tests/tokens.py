"""A token server on this machine, in the place of those of vendors that want a token made of a key."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time
from urllib.parse import parse_qsl

from tests import serving


@dataclass(frozen=True)
class Asked:
    """One request for a token."""

    headers: Mapping[str, str]
    form: Mapping[str, str]

    @property
    def key(self) -> str:
        """The key, wherever a vendor wants it."""
        return self.form.get("apikey") or self.headers.get("authorization", "").removeprefix("Basic ")


@dataclass
class TokenServer:
    """It gives each key back as its token, so that a test sees whose token was sent."""

    url: str = ""
    requests: list[Asked] = field(default_factory=list[Asked])

    def answer(self, asked: Asked) -> tuple[int, object]:
        """`refused...` and `down...` are no good keys; `short...` gets tokens that are about to run out."""
        self.requests.append(asked)
        if asked.key.startswith("refused"):
            return 400, {"errorCode": "BXNIM0415E", "errorMessage": f"Provided API key {asked.key} could not be found."}
        if asked.key.startswith("down"):
            return 503, {"message": "Come again."}
        if asked.key.startswith("odd"):
            return 200, {"token": "elsewhere"}
        seconds = 1 if asked.key.startswith("short") else 3600
        return 200, {"access_token": asked.key, "expires_in": seconds, "expires_at": int((time() + seconds) * 1000)}


@contextmanager
def token_server() -> Generator[TokenServer]:
    """One, as long as it is needed."""
    found = TokenServer()

    def answer(asked: serving.Asked) -> tuple[int, bytes]:
        status, reply = found.answer(Asked(asked.headers, dict(parse_qsl(asked.body.decode()))))
        return status, json.dumps(reply).encode()

    with serving.answering(answer) as url:
        found.url = f"{url}/token"
        yield found
