"""Vendors that speak OpenAI's dialect: what their requests have beyond it, and all that they have."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from codegen import overlay, read, sources, stubs
from codegen.emitted import Emitted, Fields
from codegen.failure import Failure
from codegen.gateways import PARAMETERS
from codegen.modules import Module, module, text_for
from codegen.normalise import Normal, normalise
from codegen.read import schemas_of
from codegen.rendering import render
from codegen.rules.names import Names
from codegen.rules.spelling import plain
from codegen.rules.variants import one_request
from codegen.schemas import Schema, Schemas
from codegen.sources import Decisions, Source
from codegen.verdicts import Path, Request

UNIFIED: Final = PARAMETERS | {"model", "messages", "stream", "functions", "function_call"}
"""Request fields that are a parameter of every call; all others are options of their vendor."""

NOTHING: Final = Emitted({}, frozenset(), {})


@dataclass(frozen=True)
class Described:
    """A request as its vendor describes it: its fields, and the components they are made of."""

    root: str
    schema: Schema
    schemas: Schemas

    @property
    def fields(self) -> list[str]:
        """The names of its fields."""
        return list(self.schema["properties"])


def compiled(source: Source, description: Schema, names: Names) -> dict[str, str]:
    """The modules of a vendor whose replies are read as OpenAI's."""
    request = _described(description)
    decisions = sources.decisions(source.folder)
    own = _own(request, decisions)
    if not own:
        return _files(source, _options(source, request, {}, NOTHING))
    requests = module(source, _normal(request, own, names))
    fields = requests.emitted.classes[requests.normal.roots["request"]]
    return _files(source, _options(source, request, fields, requests.emitted), _used(source, requests))


def own_requests(source: Source, description: Schema, names: Names) -> Module | None:
    """The types of the vendor's own fields, with what decisions.toml says of fields that are gone left aside."""
    request = _described(description)
    ignored = sources.decisions(source.folder).ignored
    own = [name for name in request.fields if name not in UNIFIED and name not in ignored]
    return module(source, _normal(request, own, names)) if own else None


def _options(source: Source, request: Described, fields: Fields, requests: Emitted) -> str:
    verdicts: dict[Path, str] = {(name,): "passthrough" for name in fields}
    every = sorted({*request.fields, *_extended(source)})
    return stubs.options(source, Request({(): fields}, verdicts), requests, every)


def _described(description: Schema) -> Described:
    root = read.roots_of(description, needed=("request",))["request"]
    schemas = {name: plain(schema) for name, schema in schemas_of(description).items()}
    return Described(root, one_request(root, schemas), schemas)


def _own(request: Described, decisions: Decisions) -> list[str]:
    """The fields that are the vendor's own; no verdict is needed but on those that nobody is to pass."""
    if decisions.mapped or decisions.passthrough:
        raise Failure(f"{decisions.file}: only `ignored` is asked of a vendor that speaks OpenAI's dialect")
    if unexplained := [name for name, why in decisions.ignored.items() if not why.strip()]:
        raise Failure(f"{decisions.file}: ignored: {unexplained[0]} needs a reason")
    if gone := [name for name in decisions.ignored if name not in request.fields]:
        raise Failure(f"{decisions.file}: ignored: {gone[0]} is no field of the request any more")
    return [name for name in request.fields if name not in UNIFIED and name not in decisions.ignored]


def _extended(source: Source) -> list[str]:
    """The fields of the description that this one only adds to."""
    if not source.extends:
        return []
    folder = source.folder.parent / source.extends
    return _described(overlay.apply(read.description(folder), folder / "overlay.yaml")).fields


def _normal(request: Described, own: Collection[str], names: Names) -> Normal:
    properties = {name: request.schema["properties"][name] for name in own}
    root: Schema = {"type": "object", "properties": properties}
    document: Schema = {"components": {"schemas": {**request.schemas, request.root: root}}}
    return normalise(document, {"request": request.root}, "requests", names)


def _used(source: Source, requests: Module) -> str | None:
    """The text of requests.py: only what the options are made of."""
    root = requests.normal.roots["request"]
    classes = {name: fields for name, fields in requests.emitted.classes.items() if name != root}
    if not classes and not requests.emitted.aliases:
        return None
    return text_for(source, requests.normal, replace(requests.emitted, classes=classes))


def _files(source: Source, options: str, requests: str | None = None) -> dict[str, str]:
    init = render("vendor_init.py.jinja", title=source.title, vendor=source.vendor)
    more = {"requests.py": requests} if requests else {}
    return {"__init__.py": init, **more, "options.py": options}
