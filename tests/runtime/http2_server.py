"""A vendor on 127.0.0.1 that speaks HTTP/2 over TLS and nothing else."""

from __future__ import annotations

import json
import socketserver
import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RequestReceived, StreamEnded
from typing_extensions import override

from tests.runtime.socket_server import BODY, EVENT
from tests.serving import at_work

END: Final = b"data: [DONE]\n\n"
PIECES: Final = 3
FOREVER: Final = "forever"
"""Asked this, the server sends one event and no more."""


@dataclass
class Vendor:
    """What the server saw."""

    url: str
    connections: int = 0
    paths: list[str] = field(default_factory=list[str])


class _Connection(socketserver.BaseRequestHandler):
    vendor: Vendor

    @override
    def handle(self) -> None:
        """Read frames until the client is gone."""
        self.vendor.connections += 1
        self._http = H2Connection(H2Configuration(client_side=False))
        self._bodies: dict[int, bytes] = {}
        self._http.initiate_connection()
        with suppress(OSError):
            while True:
                self.request.sendall(self._http.data_to_send())
                if not (data := self.request.recv(65536)):
                    return
                for event in self._http.receive_data(data):
                    self._meet(event)

    def _meet(self, event: Event) -> None:
        match event:
            case RequestReceived(stream_id=number, headers=headers):
                self._bodies[number] = b""
                self.vendor.paths.append(dict(headers)[b":path"].decode())
            case DataReceived(stream_id=number, data=data, flow_controlled_length=length):
                self._bodies[number] += data
                self._http.acknowledge_received_data(length, number)
            case StreamEnded(stream_id=number):
                self._answer(number, json.loads(self._bodies.pop(number)))
            case _:
                pass

    def _answer(self, number: int, asked: dict[str, object]) -> None:
        streamed = bool(asked.get("stream"))
        kind = "text/event-stream" if streamed else "application/json"
        self._http.send_headers(number, [(":status", "200"), ("content-type", kind)])
        if FOREVER in str(asked["messages"]):
            self._http.send_data(number, EVENT)
            return
        for piece in (*[EVENT] * PIECES, END) if streamed else (BODY,):
            self._http.send_data(number, piece)
        self._http.end_stream(number)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    context: ssl.SSLContext

    @override
    def get_request(self) -> tuple[ssl.SSLSocket, object]:
        """A connection whose handshake is made in its own thread, with the first bytes."""
        taken, address = self.socket.accept()
        return self.context.wrap_socket(taken, server_side=True, do_handshake_on_connect=False), address

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no error here."""


@contextmanager
def serving(pem: Path) -> Generator[Vendor]:
    """A server for the time of a `with` block, with the key and certificate of `pem`."""
    handler = type("Connection", (_Connection,), {})
    with _Server(("127.0.0.1", 0), handler) as server:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(pem)
        server.context.set_alpn_protocols(["h2"])
        host, port = server.server_address[:2]
        vendor = handler.vendor = Vendor(f"https://{host!s}:{port}/v1")  # type: ignore[attr-defined]  # of the class above
        with at_work(server):
            yield vendor
