"""`refresh` from the vendor's address, over TLS: all of the description, or one line and nothing written."""

import gzip
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.certificate import self_signed
from tests.codegen.test_hostile import contents, said
from tests.codegen.workshop import Workshop
from tests.serving import at_work


class Vendor(ThreadingHTTPServer):
    """Answers each path with the bytes that were laid there, whatever they are."""

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.raw: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        """Without a path."""
        return f"https://127.0.0.1:{self.server_port}"

    def lay(self, path: str, body: str | bytes, *, status: str = "200 OK", head: str = "", length: int = 0) -> str:
        """Answer so at that path; `length` is what the head says, if not the truth. The address of it."""
        content = body if isinstance(body, bytes) else body.encode()
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {length or len(content)}", "Connection: close"]
        lines += [head] if head else []
        self.raw[path] = "\r\n".join([*lines, "", ""]).encode() + content
        return self.address + path


class Answer(BaseHTTPRequestHandler):
    """One answer."""

    server: Vendor  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self.wfile.write(self.server.raw[self.path])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A throw-away one."""
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    file.write_bytes(self_signed())
    return file


@pytest.fixture
def vendor(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """A vendor whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with Vendor(certificate) as server, at_work(server):
        yield server


def at(workshop: Workshop, address: str, *, key: str = "") -> None:
    """The description is at `address`, or where that page says behind `key`."""
    file = workshop.vendor / "source.toml"
    line = f'resolver = {{page = "{address}", key = "{key}"}}' if key else f'address = "{address}"'
    text = file.read_text(encoding="utf-8").replace('address = "https://acme.example/openapi.json"', line)
    file.write_text(text, encoding="utf-8")


def refused(workshop: Workshop) -> str:
    """Refresh, which must write nothing; the one line it says."""
    before = contents(workshop.specs)
    status, line = said(workshop, "refresh", "acme")
    assert status == 1
    assert line.startswith("codegen: ")
    assert line.count("\n") == 1
    assert contents(workshop.specs) == before
    return line


def is_taken(workshop: Workshop) -> str:
    """Refresh, which must work; source.toml after it."""
    assert said(workshop, "refresh", "acme") == (0, "")
    assert '"new"' in (workshop.vendor / "openapi.json").read_text(encoding="utf-8")
    return (workshop.vendor / "source.toml").read_text(encoding="utf-8")


NEW = "Reply: {properties: {new: {type: string}}}"


def test_a_description_at_its_address(workshop: Workshop, vendor: Vendor) -> None:
    head = "Last-Modified: Fri, 21 Aug 2026 10:00:00 GMT"
    at(workshop, vendor.lay("/openapi.yaml", workshop.document(NEW), head=head))
    assert 'date = "2026-08-21"' in is_taken(workshop)


def test_the_address_that_a_page_names(workshop: Workshop, vendor: Vendor) -> None:
    """As OpenAI's `.stats.yml` does."""
    there = vendor.lay("/spec.yaml", workshop.document(NEW))
    stats = f"configured_endpoints: 3\nopenapi_spec_url: {there}\nopenapi_spec_hash: 0\n"
    at(workshop, vendor.lay("/.stats.yml", stats), key="openapi_spec_url")
    is_taken(workshop)


def test_a_page_that_names_none(workshop: Workshop, vendor: Vendor) -> None:
    at(workshop, vendor.lay("/.stats.yml", "configured_endpoints: 3\n"), key="openapi_spec_url")
    assert "/.stats.yml has no line 'openapi_spec_url'" in refused(workshop)


def test_a_page_that_names_an_address_without_tls(workshop: Workshop, vendor: Vendor) -> None:
    at(workshop, vendor.lay("/.stats.yml", "openapi_spec_url: http://127.0.0.1/spec\n"), key="openapi_spec_url")
    assert "http://127.0.0.1/spec is no https address" in refused(workshop)


def test_a_redirect_is_followed(workshop: Workshop, vendor: Vendor) -> None:
    there = vendor.lay("/there", workshop.document(NEW))
    at(workshop, vendor.lay("/here", "", status="302 Found", head=f"Location: {there}"))
    is_taken(workshop)


def test_a_redirect_in_a_circle(workshop: Workshop, vendor: Vendor) -> None:
    at(workshop, vendor.lay("/here", "", status="302 Found", head="Location: /here"))
    assert "would lead to an infinite loop" in refused(workshop)


def test_a_redirect_away_from_tls(workshop: Workshop, vendor: Vendor) -> None:
    """Refused before anything else is asked for."""
    at(workshop, vendor.lay("/here", "", status="302 Found", head="Location: http://127.0.0.1:9/spec"))
    assert "http://127.0.0.1:9/spec is no https address" in refused(workshop)


def test_a_packed_description(workshop: Workshop, vendor: Vendor) -> None:
    packed = gzip.compress(workshop.document(NEW).encode())
    at(workshop, vendor.lay("/openapi.yaml", packed, head="Content-Encoding: gzip"))
    is_taken(workshop)


def test_a_connection_that_is_cut(workshop: Workshop, vendor: Vendor) -> None:
    """What came of the YAML is a document by itself."""
    text = workshop.document(NEW)
    at(workshop, vendor.lay("/openapi.yaml", text, length=len(text) + 700))
    assert f"{len(text)} bytes came of {len(text) + 700}; a copy of it can be taken by --from FILE" in refused(workshop)


def test_a_connection_that_is_cut_within_a_chunk(workshop: Workshop, vendor: Vendor) -> None:
    chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n" + workshop.document(NEW).encode()[:500]
    vendor.raw["/openapi.yaml"] = chunk
    at(workshop, f"{vendor.address}/openapi.yaml")
    assert "IncompleteRead" in refused(workshop)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", b"SSH-2.0-OpenSSH\r\n\r\n"])
def test_a_server_that_speaks_no_http(workshop: Workshop, vendor: Vendor, answer: bytes) -> None:
    vendor.raw["/openapi.yaml"] = answer
    at(workshop, f"{vendor.address}/openapi.yaml")
    assert f"{vendor.address}/openapi.yaml" in refused(workshop)


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Internal Server Error", "304 Not Modified"])
def test_another_status(workshop: Workshop, vendor: Vendor, status: str) -> None:
    at(workshop, vendor.lay("/openapi.yaml", workshop.document(NEW), status=status))
    assert f"HTTP Error {status[:3]}: {status[4:]}" in refused(workshop)


def test_a_page_for_people(workshop: Workshop, vendor: Vendor) -> None:
    at(workshop, vendor.lay("/openapi.yaml", "<!doctype html><title>Docs</title>", head="Content-Type: text/html"))
    assert "/openapi.yaml is a web page instead of a description" in refused(workshop)


def test_a_certificate_of_nobodys(workshop: Workshop, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    at(workshop, vendor.lay("/openapi.yaml", workshop.document(NEW)))
    assert "CERTIFICATE_VERIFY_FAILED" in refused(workshop)
