"""Stage `read`: a description, whatever its format, in the form of an OpenAPI document."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from codegen.aws import from_aws
from codegen.discovery import from_discovery
from codegen.failure import Failure
from codegen.files import text_of
from codegen.jsonschema import from_json_schema
from codegen.schemas import Schema, Schemas, is_object, target
from codegen.sources import Format

_BOOLEAN: Final = re.compile("^(?:true|True|TRUE|false|False|FALSE)$")


def parse(text: str, form: Format, what: str) -> Schema:
    """The OpenAPI form of `text`, which should be a document of that `form`."""
    document = _document(text, what)
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
            _demand(said.startswith(("3.0", "3.1")), f"{what} is no OpenAPI 3.0 or 3.1 document")
            components = document.get("components")
            _demand(is_object(components) and is_object(components.get("schemas")), f"{what} has no components.schemas")
            return document


def _demand(so: bool, otherwise: str) -> None:
    if not so:
        raise Failure(otherwise)


def _document(text: str, what: str) -> Schema:
    try:
        document: Any = json.loads(text)
    except ValueError as error:
        document = _yaml(text, what, error)
    if not is_object(document):
        raise Failure(f"{what} is neither a JSON nor a YAML object")
    return document


def _yaml(text: str, what: str, as_json: ValueError) -> Any:
    """`text` in YAML; if it cannot be that either, what is wrong is said in the terms of what it looks like."""
    try:
        return yaml.load(text, Loader=_Yaml)  # noqa: S506  (a safe loader)
    except yaml.YAMLError as error:
        said = as_json if text.lstrip()[:1] in "{[" else error
        raise Failure(f"{what} is neither JSON nor YAML: {' '.join(str(said).split())}") from None


class _Yaml(yaml.CSafeLoader):
    """YAML as OpenAPI means it: `on` and `2024-10-01` are strings."""


_Yaml.yaml_implicit_resolvers = {
    first: [(tag, _BOOLEAN if tag.endswith(":bool") else form) for tag, form in forms if not tag.endswith(":timestamp")]
    for first, forms in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def description(folder: Path) -> Schema:
    """The vendored cut in `folder`."""
    file = folder / "openapi.json"
    what = f"specs/{folder.name}/openapi.json"
    if not file.exists():
        raise Failure(f"{what}: no such file; run `python -m codegen refresh {folder.name}`")
    return parse(text_of(file.read_bytes(), what), "openapi", what)


def info_of(document: Schema) -> Schema:
    """What an OpenAPI document says about itself."""
    return _inside(document, "info")


def schemas_of(document: Schema) -> Schemas:
    """The components of an OpenAPI document."""
    return _inside(document, "components", "schemas")


def roots_of(document: Schema, needed: Sequence[str] = ("request", "response")) -> dict[str, str]:
    """The schemas of the one operation: its request and response, and its stream event and error if it has them."""
    paths = [path for path in _inside(document, "paths").values() if is_object(path)]
    operations = [operation for path in paths for operation in path.values()]
    _demand(len(operations) == 1, f"the description has {len(operations)} operations instead of one")
    places = {
        "request": ("requestBody", "content", "application/json"),
        "response": ("responses", "200", "content", "application/json"),
        "stream": ("responses", "200", "content", "text/event-stream"),
        "error": ("responses", "default", "content", "application/json"),
    }
    named = {role: target(_inside(operations[0], *place, "schema")) for role, place in places.items()}
    roots = {role: name for role, name in named.items() if name}
    _demand(roots.keys() >= set(needed), f"the operation has no {', or no '.join(needed)}")
    return roots


def _inside(node: object, *keys: str) -> Schema:
    """The object that `keys` lead to, or an empty one."""
    for key in keys:
        node = node.get(key) if is_object(node) else None
    return node if is_object(node) else {}
