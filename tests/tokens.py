"""A token server on this machine, in the place of those of vendors that want a token made of a key."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from urllib.parse import parse_qs

from typing_extensions import override


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


class _Handler(BaseHTTPRequestHandler):
    server_of: TokenServer

    def do_POST(self) -> None:
        """A form comes, a token goes."""
        form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, reply = self.server_of.answer(Asked(headers, {name: values[0] for name, values in form.items()}))
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def token_server() -> Generator[TokenServer, None, None]:
    """One, as long as it is needed."""
    found = TokenServer()
    handler = type("Handler", (_Handler,), {"server_of": found})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}/token"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
