"""Stage `read`: a description, whatever its format, in the form of an OpenAPI document."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.composer import Composer, ComposerError
from yaml.constructor import SafeConstructor
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event
from yaml.resolver import Resolver

from codegen.aws import from_aws
from codegen.discovery import from_discovery
from codegen.failure import Failure
from codegen.files import text_of
from codegen.jsonschema import from_json_schema
from codegen.schemas import Schema, Schemas, is_list, is_object, target
from codegen.sources import Format

DEEPEST: Final = 100
"""Levels of nesting; real descriptions have 21."""
MOST: Final = 10_000_000
"""Values; real descriptions have 300,000."""
_PAGE: Final = re.compile(r"\s*<(?:!doctype|html|\?xml|!--)", re.IGNORECASE)
_BOOLEAN: Final = re.compile("^(?:true|True|TRUE|false|False|FALSE)$")


def parse(text: str, form: Format, what: str) -> Schema:
    """The OpenAPI form of `text`, which should be a document of that `form`."""
    document = _document(text, what)
    try:
        return _as_openapi(document, form, what)
    except KeyError as error:
        raise Failure(f"{what} does not hold together: {error} is missing") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise Failure(f"{what} does not hold together: {error}") from None


def _as_openapi(document: Schema, form: Format, what: str) -> Schema:
    match form:
        case "google-discovery":
            _demand(document.get("discoveryVersion") == "v1", f"{what} is no Google discovery document")
            _demand(is_object(document.get("schemas")), f"{what} has no schemas")
            return from_discovery(document)
        case "aws-service-model":
            _demand(is_object(document.get("operations")), f"{what} is no AWS service model")
            _demand(is_object(document.get("shapes")), f"{what} has no shapes")
            return from_aws(document)
        case "json-schema":
            _demand(is_object(document.get("$defs")), f"{what} is no JSON Schema document with $defs")
            return from_json_schema(document)
        case "openapi":
            said = str(document.get("openapi", ""))
            _demand(said.startswith(("3.0", "3.1", "3.2")), f"{what} is no OpenAPI 3.0, 3.1 or 3.2 document")
            components = document.get("components")
            _demand(is_object(components) and is_object(components.get("schemas")), f"{what} has no components.schemas")
            return document


def _demand(so: bool, otherwise: str) -> None:
    if not so:
        raise Failure(otherwise)


def _document(text: str, what: str) -> Schema:
    _demand(not _PAGE.match(text), f"{what} is a web page instead of a description")
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        document = _yaml(text, what, error)
    except RecursionError:
        raise Failure(f"{what} nests more than {DEEPEST} levels deep") from None
    if not is_object(document):
        raise Failure(f"{what} is neither a JSON nor a YAML object")
    _check_extent(document, what)
    return document


def _check_extent(document: Schema, what: str) -> None:
    """What is read on must come to an end: aliases of YAML can be circles, and can be more than any memory holds."""
    waiting: list[tuple[Any, int]] = [(document, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        inner: list[Any] = list(node.values()) if is_object(node) else node if is_list(node) else []
        count += len(inner)
        _demand(depth <= DEEPEST, f"{what} nests more than {DEEPEST} levels deep")
        _demand(count <= MOST, f"{what} holds more than {MOST:,} values")
        waiting += [(each, depth + 1) for each in inner if isinstance(each, dict | list)]


def _yaml(text: str, what: str, as_json: ValueError) -> Any:
    """`text` in YAML; if it cannot be that either, what is wrong is said in the terms of what it looks like."""
    try:
        _check_depth(text, what)
        return yaml.load(text, Loader=_Yaml)  # noqa: S506  (a safe loader)
    except ComposerError as error:
        if "duplicate anchor" in str(error):
            return _with_anchors_redefined(text)
        raise Failure(f"{what} is neither JSON nor YAML: {' '.join(str(error).split())}") from None
    except yaml.YAMLError as error:
        said = as_json if text.lstrip()[:1] in "{[" else error
        raise Failure(f"{what} is neither JSON nor YAML: {' '.join(str(said).split())}") from None
    except (ValueError, TypeError) as error:  # numbers that are none, keys that are objects
        raise Failure(f"{what}: {' '.join(str(error).split())}") from None


def _check_depth(text: str, what: str) -> None:
    """Before anything is built: what nests deep enough ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 0
                raise Failure(f"{what} nests more than {DEEPEST} levels deep, in line {line}")
        elif isinstance(event, CollectionEndEvent):
            depth -= 1


class _Yaml(yaml.CSafeLoader):
    """YAML as OpenAPI means it: `on` and `2024-10-01` are strings."""


_Yaml.yaml_implicit_resolvers = {
    first: [(tag, _BOOLEAN if tag.endswith(":bool") else form) for tag, form in forms if not tag.endswith(":timestamp")]
    for first, forms in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Redefining(Composer, SafeConstructor, Resolver):
    """Reads events of the quick parser. An anchor may be given twice, as YAML 1.2 has it; the last one counts."""

    yaml_implicit_resolvers = _Yaml.yaml_implicit_resolvers

    def __init__(self, events: Iterator[Event]) -> None:
        Composer.__init__(self)
        SafeConstructor.__init__(self)
        Resolver.__init__(self)
        self.events = events
        self.next: Event | None = next(events)

    def check_event(self, *choices: type[Event]) -> bool:
        return self.next is not None and (not choices or isinstance(self.next, choices))

    def peek_event(self) -> Event | None:
        return self.next

    def get_event(self) -> Event | None:
        event, self.next = self.next, next(self.events, None)
        return event

    def compose_node(self, parent: Any, index: Any) -> Any:
        if not self.check_event(AliasEvent):
            self.anchors.pop(getattr(self.next, "anchor", None), None)
        return super().compose_node(parent, index)


def _with_anchors_redefined(text: str) -> Any:
    return _Redefining(yaml.parse(text, Loader=yaml.CSafeLoader)).get_single_data()


def description(folder: Path) -> Schema:
    """The vendored cut in `folder`."""
    file = folder / "openapi.json"
    what = f"specs/{folder.name}/openapi.json"
    if not file.exists():
        raise Failure(f"{what}: no such file; run `python -m codegen refresh {folder.name}`")
    return parse(text_of(file.read_bytes(), what), "openapi", what)


def info_of(document: Schema) -> Schema:
    """What an OpenAPI document says about itself."""
    return within(document, "info")


def schemas_of(document: Schema) -> Schemas:
    """The components of an OpenAPI document."""
    return within(document, "components", "schemas")


def operation_in(document: Schema) -> Schema:
    """The one operation of a cut."""
    paths = [path for path in within(document, "paths").values() if is_object(path)]
    operations = [operation for path in paths for operation in path.values()]
    _demand(len(operations) == 1, f"the description has {len(operations)} operations instead of one")
    return within(operations[0])


def roots_of(document: Schema, needed: Sequence[str] = ("request", "response")) -> dict[str, str]:
    """The schemas of the one operation: its request and response, and its stream event and error if it has them."""
    places = {
        "request": ("requestBody", "content", "application/json"),
        "response": ("responses", "200", "content", "application/json"),
        "stream": ("responses", "200", "content", "text/event-stream"),
        "error": ("responses", "default", "content", "application/json"),
    }
    named = {role: target(within(operation_in(document), *place, "schema")) for role, place in places.items()}
    roots = {role: name for role, name in named.items() if name}
    _demand(roots.keys() >= set(needed), f"the operation has no {', or no '.join(needed)}")
    return roots


def within(node: object, *keys: str) -> Schema:
    """The object that `keys` lead to, or an empty one."""
    for key in keys:
        node = node.get(key) if is_object(node) else None
    return node if is_object(node) else {}
