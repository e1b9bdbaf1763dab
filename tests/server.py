"""A local server that answers each vendor's path with the committed cassettes.

    with LocalServer() as server:
        completion("openai:gpt-4.1-mini", messages, api_base=f"{server.url}/v1", api_key="local")

It looks at the path and at the shape of the request (streamed, with tools, with a tool's result, with a response
format, for an unknown model) and replays the recorded exchange of the same shape, byte for byte; streams event by
event, in chunks. For vendors without cassettes that speak a dialect of their own `hand_written` answers; the others
(Azure, Vertex AI, gateways) speak one of the dialects of the cassettes. `requests` has what it was sent.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeAlias, cast

import yaml

from polyvox.natives import NATIVE
from tests import hand_written
from tests.scenarios import CASSETTES, NO_SUCH_MODEL, VENDORS, Vendor

JSON: TypeAlias = Mapping[str, Any]


class Shape(NamedTuple):
    """What decides which exchange answers a request."""

    vendor: Vendor
    kind: str
    fields: frozenset[str] = frozenset()
    """Of a structured answer: the properties that were asked for."""


class Exchange(NamedTuple):
    """A recorded exchange."""

    method: str
    uri: str
    request: bytes
    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    @property
    def shape(self) -> Shape:
        return shape_of(self.uri, json.loads(self.request))


class Received(NamedTuple):
    """A request that was sent to the server; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    client: tuple[str, int]
    """Where the connection comes from: the same for all requests on one connection."""

    @property
    def json(self) -> JSON:
        return cast("JSON", json.loads(self.body))


def exchanges(name: str) -> list[Exchange]:
    """The exchanges of one cassette, such as `openai/plain`."""
    document: JSON = yaml.safe_load((CASSETTES / f"{name}.yaml").read_text(encoding="utf-8"))
    return [_exchange(found["request"], found["response"]) for found in document["interactions"]]


def _exchange(request: JSON, response: JSON) -> Exchange:
    return Exchange(
        method=request["method"],
        uri=request["uri"],
        request=request["body"].encode(),
        status=response["status"]["code"],
        headers=response["headers"],
        body=response["body"]["string"].encode(),
    )


@cache
def all_exchanges() -> Mapping[Shape, Exchange]:
    """Every committed exchange with a vendor, by its shape."""
    names = [f"{vendor}/{path.stem}" for vendor in VENDORS for path in sorted((CASSETTES / vendor).glob("*.yaml"))]
    return {found.shape: found for name in names for found in exchanges(name)}


def shape_of(path: str, body: JSON) -> Shape:
    """The shape of a request. Raises LookupError for a path that is no vendor's."""
    path = path.partition("?")[0]
    if path.endswith("/chat/completions"):
        return _openai(body)
    if path.endswith("/v1/messages"):
        return _anthropic(body["model"], body)
    if path.endswith("awPredict"):  # Claude on Vertex AI
        return _anthropic(path.split("/models/")[1], body)
    if "/models/" in path and path.endswith("enerateContent"):
        return _gemini(path, body)
    raise LookupError(path)


def _openai(body: JSON) -> Shape:
    signs = {
        "stream": body.get("stream"),
        "tool result": _at(body, "messages", -1, "role") in ("tool", "function"),
        "tool call": "tools" in body or "functions" in body,
        "structured": _at(body, "response_format", "type") in ("json_object", "json_schema"),
    }
    return _shape("openai", body["model"], signs, _at(body, "response_format", "json_schema", "schema"))


def _anthropic(model: str, body: JSON) -> Shape:
    signs = {
        "stream": body.get("stream"),
        "tool result": _at(body, "messages", -1, "content", -1, "type") == "tool_result",
        "tool call": "tools" in body,
        "structured": _at(body, "output_config", "format") or hand_written.wants_json(body),
    }
    return _shape("anthropic", model, signs, _at(body, "output_config", "format", "schema"))


def _gemini(path: str, body: JSON) -> Shape:
    signs = {
        "stream": path.endswith(":streamGenerateContent"),
        "tool result": _at(body, "contents", -1, "parts", -1, "functionResponse"),
        "tool call": "tools" in body,
        "structured": _at(body, "generationConfig", "responseMimeType") == "application/json",
    }
    return _shape("gemini", path.split("/models/")[1], signs, _at(body, "generationConfig", "responseJsonSchema"))


def _at(value: Any, *steps: str | int) -> Any:
    """The value at this place, or None if there is no such place."""
    try:
        for step in steps:
            value = value[step]
    except (LookupError, TypeError):
        return None
    return value


def _shape(vendor: Vendor, model: str, signs: Mapping[str, object], schema: Any) -> Shape:
    if model.startswith(NO_SUCH_MODEL):
        return Shape(vendor, "error")
    kind = next((kind for kind, holds in signs.items() if holds), "plain")
    return Shape(vendor, kind, frozenset(_at(schema, "properties") or ()) if kind == "structured" else frozenset())


def answer_to(shape: Shape) -> Exchange:
    """The exchange of this shape; for a structured answer with other fields, any structured one."""
    known = all_exchanges()
    return known.get(shape) or next(found for at, found in known.items() if at[:2] == shape[:2])


class LocalServer:
    """The server, on a free port of 127.0.0.1, while the `with` block lasts."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.requests = self.requests
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def addresses(self) -> Mapping[Vendor, str]:
        """What to give as `api_base` for each vendor."""
        return {"openai": f"{self.url}/v1", "anthropic": self.url, "gemini": f"{self.url}/v1beta"}

    def environment(self, vendor: Vendor) -> Mapping[str, str]:
        """The variables that send this vendor's calls here."""
        row = NATIVE[vendor]
        return {row.base_variables[0]: self.addresses[vendor], row.key_variables[0]: "local"}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    """Closes the connections that clients keep alive, so that nothing outlives the `with` block."""

    daemon_threads = False
    requests: list[Received]

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        self._open.discard(request)
        super().close_request(request)

    def server_close(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        cast("_Server", self.server).requests.append(Received(self.path, headers, body, self.client_address))
        if (reply := hand_written.reply(self.path, json.loads(body))) is not None:
            self._send(reply.status, {"content-type": [reply.content_type]}, reply.body)
            return
        try:
            found = answer_to(shape_of(self.path, json.loads(body)))
        except LookupError:
            self._send(404, {}, b'{"error": {"message": "no vendor has this path"}}')
            return
        self._send(found.status, found.headers, found.body)

    def _send(self, status: int, headers: Mapping[str, list[str]], body: bytes) -> None:
        self.send_response(status)
        for name, values in headers.items():
            for value in values:
                self.send_header(name, value)
        if "text/event-stream" in "".join(headers.get("content-type", [])):
            self._send_events(body)
        else:
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _send_events(self, body: bytes) -> None:
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in events(body):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the caller sees the answers."""


def events(body: bytes) -> Iterator[bytes]:
    """A stream's events, each with the blank line that ends it."""
    for found in re.finditer(rb".+?(?:\r?\n\r?\n|\Z)", body, re.DOTALL):
        yield found.group()
