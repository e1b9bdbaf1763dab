"""A vendor on 127.0.0.1, for what needs real sockets: pools, forks, loops, closed connections."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from typing_extensions import override

from tests.mapping.asking import OPENAI_REPLY
from tests.serving import at_work

BODY: Final = json.dumps(OPENAI_REPLY).encode()
EVENT: Final = b'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'


@dataclass
class Vendor:
    """What the server saw."""

    url: str
    connections: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    """The client's side of each connection."""
    requests: int = 0
    broken: threading.Event = field(default_factory=threading.Event)
    """Set when a client closed a stream that was still being written."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    vendor: Vendor

    def do_POST(self) -> None:
        """Answer; an endless stream if asked to stream."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.vendor.lock:
            self.vendor.connections.add(self.client_address)
            self.vendor.requests += 1
        if asked.get("stream"):
            self._stream()
        else:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            while True:
                self.wfile.write(EVENT)
        except OSError:
            self.vendor.broken.set()
            self.close_connection = True

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no error here."""


@contextmanager
def serving() -> Generator[Vendor]:
    """A server for the time of a `with` block."""
    handler = type("Handler", (_Handler,), {})
    with _Server(("127.0.0.1", 0), handler) as server:
        host, port = server.server_address[:2]
        vendor = handler.vendor = Vendor(f"http://{host!s}:{port}/v1")  # type: ignore[attr-defined]  # of the class above
        with at_work(server):
            yield vendor
