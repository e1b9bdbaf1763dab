"""The compiler's command line, and its pipeline: one line per stage.

python -m codegen refresh VENDOR [--from FILE]        fetch a description, and vendor the cut of it
python -m codegen refresh --all [--from FOLDER]       each vendor by itself, whatever becomes of the others
python -m codegen diff VENDOR [--old FILE] [--from FILE] [--json | --changelog]
                                                      what changed, what it means, and which function to change
python -m codegen generate [VENDOR ...] [--check]     specs -> generated

`diff` exits with 0 where there is nothing to do, 1 where something wants a decision or a mapping, 2 where callers
break, and 3 where it cannot say, so that a schedule can act on it. With --all it is the highest of these.
"""

import argparse
import datetime
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from codegen import dialects, gateways, overlay, read, sources, stubs
from codegen.diffing import diff
from codegen.failure import Failure
from codegen.files import text_of
from codegen.known_models import known_models
from codegen.lock import lock
from codegen.modules import module
from codegen.normalise import normalise
from codegen.refresh import refresh
from codegen.rendering import render
from codegen.reporting import Report
from codegen.rules.names import Names
from codegen.schemas import Schema
from codegen.sources import Source
from codegen.verdicts import decide
from codegen.write import Files, difference, formatted, write

CHECKOUT: Final = Path(__file__).parent.parent
UNUSABLE: Final = 3
"""The exit status of a `diff` that cannot say."""
SUPPORT: Final = Path(__file__).parent / "support" / "support.py"


def generate(specs: Path, vendors: Sequence[str]) -> Files:
    """The generated files by path: of `vendors`, or of all and what belongs to none."""
    files = {} if vendors else dict(shared(specs))
    for vendor in vendors or sources.vendors(specs):
        files |= compiled(specs, vendor)
    return formatted(files)


def compiled(specs: Path, vendor: str) -> Files:
    """The modules of one vendor."""
    try:
        return _compiled(specs, vendor)
    except Failure as failure:
        whose = "" if "specs/" in str(failure) else f"specs/{vendor}: "
        raise Failure(f"{whose}{failure}") from None


def _compiled(specs: Path, vendor: str) -> Files:
    source = sources.load(sources.known(specs, vendor))
    description = read.description(specs / (source.base or vendor))
    description = overlay.apply(description, specs / vendor / "overlay.yaml")
    names = Names(source.names, source.prefixes)
    files = _route(source)(source, description, names)
    names.check(source.file)
    return {f"{vendor}/{name}": text for name, text in files.items()}


def _route(source: Source) -> Callable[[Source, Schema, Names], Files]:
    if source.base:
        return _unified
    return dialects.compiled if source.dialect else _native


def _native(source: Source, description: Schema, names: Names) -> Files:
    roots = read.roots_of(description)
    requests = module(source, normalise(description, {"request": roots.pop("request")}, "requests", names))
    responses = module(source, normalise(description, roots, "responses", names))
    request = decide(requests, source, sources.decisions(source.folder))
    return {
        "__init__.py": render("vendor_init.py.jinja", title=source.title, vendor=source.vendor),
        "requests.py": requests.text,
        "responses.py": responses.text,
        "options.py": stubs.options(source, request, requests.emitted),
        "stubs.py": stubs.stubs(source, request, requests, responses),
    }


def _unified(source: Source, description: Schema, names: Names) -> Files:
    roots = {role: root for role, root in read.roots_of(description).items() if role != "request"}
    results = module(source, normalise(description, roots, "unified", names, source.closed))
    return {
        "__init__.py": render("vendor_init.py.jinja", title=source.title, vendor=source.vendor),
        "responses.py": results.text,
    }


def shared(specs: Path) -> Files:
    """What belongs to no vendor."""
    rows = specs / "gateways.toml"
    return {
        **({"gateways.py": gateways.render(text_of(rows.read_bytes(), gateways.SOURCE))} if rows.exists() else {}),
        "models.py": known_models(specs),
        "__init__.py": render("package_init.py.jinja"),
        "py.typed": "",
        "support.py": SUPPORT.read_text(encoding="utf-8"),
        "LOCK": lock(specs),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 1 if it cannot be done, or if --check finds a difference."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except Failure as failure:
        said = str(failure)
    except RecursionError:
        said = "something is described by itself, without an end"
    except OSError as error:
        said = f"{error.filename or 'a file'}: {error.strerror or error}"
    except KeyboardInterrupt:
        said = "interrupted"
    print(f"codegen: {said}", file=sys.stderr)
    return int(given.unusable)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Vendors' API descriptions -> typed code.")
    commands = parser.add_subparsers(required=True)
    fetch = commands.add_parser("refresh", help="fetch a description, and vendor the cut of it")
    _whose(fetch)
    fetch.add_argument("--from", dest="file", type=Path, metavar="FILE", help="a local copy instead of the address")
    fetch.add_argument(
        "--date", type=date, metavar="YYYY-MM-DD", help="when the vendor published it, if neither says so itself"
    )
    fetch.set_defaults(run=_refresh, unusable=1)
    compare = commands.add_parser("diff", help="what changed, what it means, and which function to change")
    _whose(compare)
    compare.add_argument("--old", type=Path, metavar="FILE", help="instead of the vendored cut")
    compare.add_argument("--from", dest="file", type=Path, metavar="FILE", help="a local copy instead of the address")
    form = compare.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument("--changelog", action="store_true", help="a draft for CHANGELOG.md")
    compare.add_argument("--runtime", type=Path, default=CHECKOUT / "runtime", metavar="DIR", help=argparse.SUPPRESS)
    compare.set_defaults(run=_diff, unusable=UNUSABLE)
    make = commands.add_parser("generate", help="specs -> generated")
    make.add_argument("vendors", nargs="*", metavar="VENDOR", help="only these; LOCK is then left alone")
    make.add_argument("--check", action="store_true", help="write nothing; show what would change, and exit 1")
    make.add_argument("--out", type=Path, default=CHECKOUT / "generated" / "polyvox_wire", metavar="DIR")
    make.set_defaults(run=_generate, unusable=1)
    for command in (fetch, compare, make):
        command.add_argument("--specs", type=Path, default=CHECKOUT / "specs", metavar="DIR")
    return parser


def date(text: str) -> str:
    """`text`, which must be a date."""
    return datetime.date.fromisoformat(text).isoformat()


def _whose(command: argparse.ArgumentParser) -> None:
    whose = command.add_mutually_exclusive_group(required=True)
    whose.add_argument("vendor", nargs="?")
    whose.add_argument("--all", action="store_true", help="each vendor by itself; --from is then a folder of VENDOR.*")


def _each(given: argparse.Namespace) -> Iterator[tuple[str, Path | None]]:
    """Whose description is asked for, and the file to take it from."""
    if not given.all:
        yield given.vendor, given.file
        return
    if given.file and not given.file.is_dir():
        raise Failure(f"{given.file} is no folder; with --all, it is one that holds VENDOR.json or the like for each")
    for vendor in sources.vendors(given.specs):
        if not _is_compiled_from_another(given.specs / vendor):
            yield (
                vendor,
                next(iter(sorted(given.file.glob(f"{vendor}.*"))), given.file / vendor) if given.file else None,
            )


def _is_compiled_from_another(folder: Path) -> bool:
    try:
        return sources.load(folder).base is not None
    except Failure:
        return False  # whoever handles this vendor will say so


def _refresh(given: argparse.Namespace) -> int:
    failed: list[str] = []
    vendors = list(_each(given))
    for vendor, file in vendors:
        try:
            print(refresh(given.specs, vendor, file, given.date), flush=True)
        except Failure as failure:
            failed.append(vendor)
            print(f"codegen: {f'{vendor}: ' if given.all else ''}{failure}", file=sys.stderr)
    if given.all:
        print(
            f"{len(vendors) - len(failed)} of {len(vendors)} refreshed"
            + (f"; not {', '.join(failed)}" if failed else "")
        )
    return 1 if failed else 0


def _diff(given: argparse.Namespace) -> int:
    status = 0
    found: list[Report] = []
    for vendor, file in _each(given):
        try:
            found.append(diff(given.specs, vendor, given.old, file, given.runtime))
        except Failure as failure:
            status = UNUSABLE
            print(f"codegen: {f'{vendor}: ' if given.all else ''}{failure}", file=sys.stderr)
    sys.stdout.write(_shown(found, given))
    return max([status, *(report.status for report in found)])


def _shown(reports: Sequence[Report], given: argparse.Namespace) -> str:
    if given.changelog:
        return "\n".join(section for report in reports if (section := report.changelog()))
    if given.json:
        records = [report.record() for report in reports]
        return json.dumps(records if given.all else records[0], indent=1, ensure_ascii=False) + "\n" if records else ""
    return "\n".join(report.text() for report in reports)


def _generate(given: argparse.Namespace) -> int:
    files = generate(given.specs, given.vendors)
    if given.check:
        lines = list(difference(files, given.out, given.vendors))
        sys.stdout.writelines(lines)
        return 1 if lines else 0
    for path in write(files, given.out, given.vendors):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
