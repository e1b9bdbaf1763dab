"""Stage `refresh`: fetch a vendor's description, check it, and vendor the cut of it."""

import datetime
import gzip
import hashlib
import io
import json
import re
import zlib
from pathlib import Path
from typing import Final

from codegen import facts, operation, sources
from codegen.failure import Failure
from codegen.fetching import Upstream, bounded, fetched, local
from codegen.files import replace_files, text_of
from codegen.inline import name_inline
from codegen.read import info_of, parse, schemas_of
from codegen.schemas import Schema
from codegen.sources import Source

CUT: Final = '{\n "openapi": "3.1.0",\n "info": {\n'
"""How what `refresh` writes begins."""
GZIP: Final = b"\x1f\x8b"


def refresh(specs: Path, vendor: str, file: Path | None, date: str | None = None) -> str:
    """Write the cut of the description at its address, or in `file`; say what was done."""
    source = sources.load(sources.known(specs, vendor))
    if source.base:
        raise Failure(f"{vendor} has no description of its own: it is compiled from that of {source.base}")
    upstream = local(file) if file else fetched(source)
    document, cut = _read(upstream, source)
    text = json.dumps(cut, indent=1, ensure_ascii=False) + "\n"
    noted = _noted(source, upstream, date or _date(source, upstream, document), text)
    news = "changed; next is `generate`" if _differs(source.folder / "openapi.json", text) else "as before"
    replace_files({source.folder / "openapi.json": text, source.folder / "source.toml": noted})
    return f"{source.vendor}: {len(schemas_of(cut))} of {len(schemas_of(document))} schemas, {len(text)} bytes, {news}"


def taken(source: Source, file: Path | None) -> tuple[str, Schema]:
    """The cut of the description in `file`, or at its address, and how it is called; nothing is written."""
    upstream = local(file) if file else fetched(source)
    return upstream.name, _read(upstream, source)[1]


def _read(upstream: Upstream, source: Source) -> tuple[Schema, Schema]:
    """The description, and the cut of it."""
    what = upstream.name
    text = text_of(_unpacked(upstream, what), what)
    if text.startswith(CUT) and source.format != "openapi":
        document = parse(text, "openapi", what)  # our own cut of something else
    else:
        document = parse(text, source.format, what)
    title = info_of(document).get("title")
    if text.startswith(CUT) and title == source.title:
        return document, _cut(document, source, what)
    if text.startswith(CUT) and title in _titles(source.folder.parent):
        raise Failure(f"{what} was cut for {title}, not for {source.title}")
    if source.called and title != source.called:
        hint = f"if it is the same vendor's, say so at upstream.title in {source.file}"
        raise Failure(f"{what} describes {title!r} instead of {source.called!r}: {hint}")
    return document, _cut(name_inline(document, source.inline, what), source, what)


def _titles(specs: Path) -> set[str]:
    """What our cuts are called. Vendors that speak one dialect have the same paths and names."""
    return {sources.load(specs / vendor).title for vendor in sources.vendors(specs)}


def _differs(file: Path, text: str) -> bool:
    return not file.exists() or file.read_bytes() != text.encode()


def _unpacked(upstream: Upstream, what: str) -> bytes:
    """Its content, which AWS publishes compressed."""
    try:
        if not upstream.content.startswith(GZIP):
            return upstream.content
        with gzip.open(io.BytesIO(upstream.content)) as stream:
            return bounded(stream, what)
    except (OSError, EOFError, zlib.error):
        raise Failure(f"{what} is no whole gzip file") from None


def _date(source: Source, upstream: Upstream, document: Schema) -> str:
    """The date noted for this very file; else the vendor's own, the server's, or today."""
    if upstream.sha256 == source.sha256 and source.date:
        return source.date
    if found := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", str(info_of(document).get("revision", ""))):
        return "-".join(found.groups())
    return upstream.date or datetime.date.today().isoformat()


def _cut(document: Schema, source: Source, what: str) -> Schema:
    beside: Schema = {}
    if source.format != "json-schema":  # which knows none
        operation.check(document, source, what)
        beside = operation.beside(document, source, what)
    version = str(info_of(document).get("version", ""))
    try:
        schemas = facts.cut(schemas_of(document), [*source.roots.values(), *source.also])
    except Failure as failure:
        raise Failure(f"{what}: {failure}") from None
    return facts.document(source.title, version, source.path, source.method, source.roots, schemas, beside)


def _noted(source: Source, upstream: Upstream, date: str, cut: str) -> str:
    """source.toml with what is now known about both files; its comments stay."""
    text = (source.folder / "source.toml").read_text(encoding="utf-8")
    text = _set(text, "upstream", "date", f'"{date}"', source)
    text = _set(text, "upstream", "sha256", f'"{upstream.sha256}"', source)
    text = _set(text, "upstream", "bytes", str(len(upstream.content)), source)
    return _set(text, "cut", "sha256", f'"{hashlib.sha256(cut.encode()).hexdigest()}"', source)


def _set(text: str, section: str, key: str, value: str, source: Source) -> str:
    line = re.compile(rf"(^\[{section}\]\n(?:(?!\[).*\n)*?{key} *= *).*$", re.MULTILINE)
    if not line.search(text):
        raise Failure(f"{source.file}: the section [{section}] needs a line `{key} = ...` to fill in")
    return line.sub(lambda found: found[1] + value, text, count=1)
