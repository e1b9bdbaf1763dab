"""Where a description comes from: a file, or its address, which a page of the vendor's may name. All, or nothing."""

import hashlib
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Final, Protocol
from urllib.request import HTTPRedirectHandler, Request, build_opener

from codegen.failure import Failure
from codegen.sources import Source

TIMEOUT: Final = 60.0
LARGEST: Final = 32 * 2**20
"""Bytes of a description; real ones have 3.4 million."""


class SupportsRead(Protocol):
    """A file, or a reply."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Upstream:
    """A description as its vendor published it."""

    name: str
    """How messages call it: its file or address."""
    content: bytes
    date: str | None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def local(file: Path) -> Upstream:
    """What `file` holds."""
    try:
        with file.open("rb") as stream:
            return Upstream(str(file), bounded(stream, str(file)), None)
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None


def bounded(stream: SupportsRead, what: str) -> bytes:
    """All of it, if that is not too much."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Failure(f"{what} has more than {LARGEST // 2**20} MB")
    return content


def fetched(source: Source) -> Upstream:
    """What is at the source's address."""
    address = _resolved(source)
    if not address:
        raise Failure(f"{source.file}: upstream.address is missing; use --from FILE")
    return _get(address)


def _resolved(source: Source) -> str | None:
    """The address of the day, where a page of the vendor's names it."""
    if not source.resolver:
        return source.address
    page, key = source.resolver
    found = re.search(rf"^{re.escape(key)}:\s*(\S+)\s*$", _get(page).content.decode("utf-8", "replace"), re.MULTILINE)
    if not found:
        raise Failure(f"{page} has no line {key!r}")
    return found[1]


def _get(address: str) -> Upstream:
    _demand_https(address)
    try:
        with build_opener(_StayingWithTls).open(address, timeout=TIMEOUT) as reply:
            content = bounded(reply, address)
            _demand_all(reply, content)
            return Upstream(address, content, _date(reply))
    except (OSError, ValueError, HTTPException) as error:
        said = " ".join(str(error).removeprefix("<urlopen error ").removesuffix(">").split())
        raise Failure(f"{address}: {said}; a copy of it can be taken by --from FILE") from None


class _StayingWithTls(HTTPRedirectHandler):
    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        _demand_https(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _demand_https(address: str) -> None:
    if not address.startswith("https://"):
        raise Failure(f"{address} is no https address")


def _demand_all(reply: HTTPResponse, content: bytes) -> None:
    """A YAML document that is cut off may well be one; the library does not compare."""
    said = reply.headers.get("Content-Length", "")
    if said.isdecimal() and int(said) != len(content):
        raise ValueError(f"{len(content)} bytes came of {said}")


def _date(reply: HTTPResponse) -> str | None:
    changed = reply.headers.get("Last-Modified")
    return parsedate_to_datetime(changed).date().isoformat() if changed else None
