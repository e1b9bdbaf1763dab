"""Servers on 127.0.0.1: one that answers as a function says, and a thread for any other."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Final, NamedTuple, TypeAlias

from typing_extensions import override

JSON: Final = {"content-type": "application/json"}


class Asked(NamedTuple):
    """A request; the names of its headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


Answer: TypeAlias = Callable[[Asked], tuple[int, bytes]]
"""From a request to a status and a body."""


class _Handler(BaseHTTPRequestHandler):
    """One request a connection, so that no thread waits for another one."""

    protocol_version = "HTTP/1.1"
    answer: Answer
    with_headers: Mapping[str, str]

    def _answer(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        status, content = type(self).answer(Asked(self.command, self.path, headers, body))
        self.send_response(status)
        for name, value in self.with_headers.items():
            self.send_header(name, value)
        self.send_header("connection", "close")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def answering(
    answer: Answer, *, headers: Mapping[str, str] = JSON, context: ssl.SSLContext | None = None
) -> Generator[str]:
    """A server for the time of a `with` block; yields its address, without a path.

    Args:
        answer: what to say; it is called from many threads.
        headers: of every answer.
        context: for TLS.
    """
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer), "with_headers": headers})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        with at_work(server):
            yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"


@contextmanager
def at_work(server: BaseServer) -> Generator[None]:
    """The server answers, in a thread of its own, for the time of a `with` block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
