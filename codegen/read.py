"""Stage `read`: a description, whatever its format, in the form of an OpenAPI document."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from codegen.aws import from_aws
from codegen.discovery import from_discovery
from codegen.failure import Failure
from codegen.jsonschema import from_json_schema
from codegen.schemas import Schema, Schemas, is_object, target

FORMATS: Final = ("openapi", "google-discovery", "aws-service-model", "json-schema")
_BOOLEAN: Final = re.compile("^(?:true|True|TRUE|false|False|FALSE)$")


def parse(text: str, claimed: str, what: str) -> Schema:
    """The OpenAPI form of `text`, which is `claimed` to be of one of the formats below."""
    document = _document(text, what)
    match claimed:
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
        case _:
            raise Failure(f"{what}: the format {claimed!r} is not known; there are {', '.join(FORMATS)}")


def _demand(so: bool, otherwise: str) -> None:
    if not so:
        raise Failure(otherwise)


def _document(text: str, what: str) -> Schema:
    try:
        document: Any = json.loads(text)
    except ValueError:
        document = _yaml(text, what)
    if not is_object(document):
        raise Failure(f"{what} is neither a JSON nor a YAML object")
    return document


def _yaml(text: str, what: str) -> Any:
    try:
        return yaml.load(text, Loader=_Yaml)  # noqa: S506  (a safe loader)
    except yaml.YAMLError as error:
        raise Failure(f"{what} is neither JSON nor YAML: {' '.join(str(error).split())}") from None


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
    return parse(file.read_text(encoding="utf-8"), "openapi", what)


def schemas_of(document: Schema) -> Schemas:
    """The components of an OpenAPI document."""
    schemas: Schemas = document["components"]["schemas"]
    return schemas


def roots_of(document: Schema, needed: Sequence[str] = ("request", "response")) -> dict[str, str]:
    """The schemas of the one operation: its request and response, and its stream event and error if it has them."""
    operations = [operation for path in document.get("paths", {}).values() for operation in path.values()]
    _demand(len(operations) == 1, f"the description has {len(operations)} operations instead of one")
    replies = operations[0].get("responses", {})
    places: Mapping[str, tuple[Schema | None, str]] = {
        "request": (operations[0].get("requestBody"), "application/json"),
        "response": (replies.get("200"), "application/json"),
        "stream": (replies.get("200"), "text/event-stream"),
        "error": (replies.get("default"), "application/json"),
    }
    roots = {role: name for role, (place, kind) in places.items() if place and (name := _root(place, kind))}
    _demand(roots.keys() >= set(needed), f"the operation has no {', or no '.join(needed)}")
    return roots


def _root(place: Schema, kind: str) -> str | None:
    schema: Schema = place.get("content", {}).get(kind, {}).get("schema", {})
    return target(schema)
