"""Stage `refresh`: fetch a vendor's description, check it, and vendor the cut of it."""

import datetime
import gzip
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from codegen import facts, sources
from codegen.failure import Failure
from codegen.files import replace_file
from codegen.inline import name_inline
from codegen.read import parse, schemas_of
from codegen.schemas import Schema, is_object
from codegen.sources import Source

TIMEOUT: Final = 60.0
GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True)
class Upstream:
    """A description as its vendor published it."""

    content: bytes
    date: str | None


def refresh(specs: Path, vendor: str, file: Path | None, date: str | None = None) -> str:
    """Write the cut of the description at its address, or in `file`; say what was done."""
    source = sources.load(specs / vendor)
    if source.base:
        raise Failure(f"{vendor} has no description of its own: it is compiled from that of {source.base}")
    upstream = _local(file) if file else _fetched(source)
    what = str(file) if file else str(source.address)
    document = parse(_text(upstream, what), source.format, what)
    cut = _cut(name_inline(document, source.inline, what), source, what)
    text = json.dumps(cut, indent=1, ensure_ascii=False) + "\n"
    noted = _noted(source, upstream, date or _date(upstream, document), text)
    replace_file(source.folder / "openapi.json", text)
    replace_file(source.folder / "source.toml", noted)
    return f"{source.vendor}: {len(schemas_of(cut))} of {len(schemas_of(document))} schemas, {len(text)} bytes"


def _local(file: Path) -> Upstream:
    try:
        return Upstream(file.read_bytes(), None)
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None


def _fetched(source: Source) -> Upstream:
    address = _resolved(source)
    if not address:
        raise Failure(f"{source.file}: upstream.address is missing; use --from FILE")
    return _get(address)


def _resolved(source: Source) -> str | None:
    """The address of the day, where a page of the vendor's names it."""
    if not source.resolver:
        return source.address
    page = _get(source.resolver["page"]).content.decode("utf-8", "replace")
    found = re.search(rf"^{re.escape(source.resolver['key'])}:\s*(\S+)\s*$", page, re.MULTILINE)
    if not found:
        raise Failure(f"{source.resolver['page']} has no line {source.resolver['key']!r}")
    return found[1]


def _get(address: str) -> Upstream:
    if not address.startswith("https://"):
        raise Failure(f"{address} is no https address")
    try:
        with urlopen(address, timeout=TIMEOUT) as reply:  # noqa: S310  (https, see above)
            changed = reply.headers.get("Last-Modified")
            return Upstream(reply.read(), parsedate_to_datetime(changed).date().isoformat() if changed else None)
    except (URLError, OSError, ValueError) as error:
        raise Failure(f"{address}: {error}") from None


def _text(upstream: Upstream, what: str) -> str:
    try:
        return _unpacked(upstream, what).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{what} is no UTF-8 text") from None


def _unpacked(upstream: Upstream, what: str) -> bytes:
    """Its content, which AWS publishes compressed."""
    try:
        return gzip.decompress(upstream.content) if upstream.content.startswith(GZIP) else upstream.content
    except (OSError, EOFError, zlib.error):
        raise Failure(f"{what} is no whole gzip file") from None


def _date(upstream: Upstream, document: Schema) -> str:
    """The vendor's own date, the server's, or today."""
    if found := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", str(document.get("info", {}).get("revision", ""))):
        return "-".join(found.groups())
    return upstream.date or datetime.date.today().isoformat()


def _cut(document: Schema, source: Source, what: str) -> Schema:
    if source.format != "json-schema" and not _has_operation(document, source):  # JSON Schema knows none
        raise Failure(f"{what} has no operation {source.method.upper()} {source.path}")
    version = str(document.get("info", {}).get("version", ""))
    try:
        schemas = facts.cut(schemas_of(document), [*source.roots.values(), *source.also])
    except Failure as failure:
        raise Failure(f"{what}: {failure}") from None
    return facts.document(source.title, version, source.path, source.method, source.roots, schemas)


def _has_operation(document: Schema, source: Source) -> bool:
    paths = document.get("paths")
    return is_object(paths) and is_object(path := paths.get(source.path)) and source.method in path


def _noted(source: Source, upstream: Upstream, date: str, cut: str) -> str:
    """source.toml with what is now known about both files; its comments stay."""
    text = (source.folder / "source.toml").read_text(encoding="utf-8")
    text = _set(text, "upstream", "date", f'"{date}"', source)
    text = _set(text, "upstream", "sha256", f'"{hashlib.sha256(upstream.content).hexdigest()}"', source)
    text = _set(text, "upstream", "bytes", str(len(upstream.content)), source)
    return _set(text, "cut", "sha256", f'"{hashlib.sha256(cut.encode()).hexdigest()}"', source)


def _set(text: str, section: str, key: str, value: str, source: Source) -> str:
    line = re.compile(rf"(^\[{section}\]\n(?:(?!\[).*\n)*?{key} *= *).*$", re.MULTILINE)
    if not line.search(text):
        raise Failure(f"{source.file}: the section [{section}] needs a line `{key} = ...` to fill in")
    return line.sub(lambda found: found[1] + value, text, count=1)
