"""The operation as its vendor describes it: whether it is there, and still of the schemas that source.toml names; and
what it says beside them."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from codegen.failure import Failure
from codegen.inline import at
from codegen.read import info_of, schemas_of, within
from codegen.schemas import UNIONS, Schema, is_list, is_object, references, target
from codegen.sources import Source

BODIES: Final = {"request": "requestBody", "response": "responses", "stream": "responses"}
MEDIA: Final = {"stream": "text/event-stream"}
"""All others are JSON."""
OWED: Final = ("name", "in", "required")
SENT: Final = ("header", "query", "cookie")


def check(document: Schema, source: Source, what: str) -> None:
    """Raise `Failure` unless it is there, and its request, reply and event are what they were when it was vendored.

    A vendor may describe the operation by new schemas and leave the old ones where they were: then all looks as before.
    """
    operation = _operation(document, source, what)
    for role, wanted in source.roots.items():
        if role in BODIES and wanted not in source.inline:
            _check_role(role, wanted, document, operation, source, what)


def beside(document: Schema, source: Source, what: str) -> Schema:
    """What it says beside its schemas, which the cut keeps: that it is deprecated, what must be sent with the body."""
    operation = _operation(document, source, what)
    given: list[Any] = operation["parameters"] if is_list(operation.get("parameters")) else []
    found = [within(_followed(each, document, what)) for each in given]
    owed = [{key: each.get(key) for key in OWED} for each in found if each.get("required") and each.get("in") in SENT]
    gone = {"deprecated": True} if operation.get("deprecated") is True else {}
    return {**gone, **({"parameters": owed} if owed else {})}


def _operation(document: Schema, source: Source, what: str) -> Schema:
    paths = within(document, "paths")
    item = _followed(paths.get(source.path), document, what)
    if is_object(found := within(item).get(source.method)):
        return found
    title = info_of(document).get("title")
    raise Failure(
        f"{what}{f' ({title})' if title else ''} has no operation {_called(source)}"
        + _elsewhere(source.path, source.method, paths)
    )


def _called(source: Source) -> str:
    return f"{source.method.upper()} {source.path}"


def _elsewhere(path: str, method: str, paths: Schema) -> str:
    """Where an operation may have moved, as the end of a message."""
    known = [str(each) for each, item in paths.items() if method in within(item)]
    near = get_close_matches(path, known, n=1)
    return f", but {near[0]}" if near else ""


def _followed(node: object, document: Schema, what: str) -> object:
    """What a path, a body or a reply is, where the document says it elsewhere."""
    for _ in range(len(document)):
        pointer = within(node).get("$ref")
        if not isinstance(pointer, str):
            break
        if not pointer.startswith("#"):
            raise Failure(f"{what} has a part in another file, {pointer}: make one file of them, for --from FILE")
        node = at(document, pointer.removeprefix("#"), what)
    return node


def _check_role(role: str, wanted: str, document: Schema, operation: Schema, source: Source, what: str) -> None:
    schema = _schema(role, document, operation, what)
    if schema is None:  # not described at all, or not in that form
        return
    names = list(_mentioned(schema))
    if role == "stream":  # what is sent may be in an envelope
        names += [each for name in names for each in references(within(schemas_of(document).get(name)))]
    if wanted in names:
        return
    is_now = f"{names[0]} instead of {wanted}" if names else f"no more the component {wanted}"
    mend = f"operation.{role}" if names else "[inline]"
    raise Failure(
        f"{what}: the {role} of {_called(source)} is {is_now}: if that is right, name it at {mend} in {source.file}"
    )


def _schema(role: str, document: Schema, operation: Schema, what: str) -> Schema | None:
    body = _followed(operation.get(BODIES[role]), document, what)
    if BODIES[role] == "responses":
        good = {str(status): reply for status, reply in within(body).items()}.get("200")  # YAML may have numbers there
        body = _followed(good, document, what)
    media = within(body, "content", MEDIA.get(role, "application/json"))
    found = media.get("schema", media.get("itemSchema"))
    return found if is_object(found) else None


def _mentioned(schema: object) -> Iterator[str]:
    """The components that a schema is, or is one of."""
    if is_object(schema):
        if name := target(schema):
            yield name
        for key in UNIONS:
            choices: list[Any] = arms if is_list(arms := schema.get(key)) else []
            for arm in choices if key != "allOf" or len(choices) == 1 else ():
                yield from _mentioned(arm)
