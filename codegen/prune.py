"""Stage `prune`: keep what the chosen operation reaches."""

from collections.abc import Iterable

from codegen.failure import Failure
from codegen.schemas import Schemas, as_schema, check, references


def reach(schemas: Schemas, roots: Iterable[str], *, gaps: bool = False) -> Schemas:
    """The components that `roots` mention, directly or through others, in the order of the description.

    With `gaps`, a component may be mentioned and not described: vendors publish that, and an overlay can mend it.
    """
    found: set[str] = set()
    waiting = [("", root) for root in roots]
    while waiting:
        owner, name = waiting.pop()
        if name in found or (gaps and owner and name not in schemas):
            continue
        if name not in schemas:
            raise Failure(f"{owner or 'the operation'} refers to {name}, which is not described")
        found.add(name)
        schema = as_schema(schemas[name])
        check(schema, name)
        mentioned = list(references(schema))
        if away := [each for each in mentioned if each.startswith("#") or "/" in each or ":" in each]:
            raise Failure(f"{name} refers to {away[0]}, which is no component of this document")
        waiting.extend((name, each) for each in mentioned)
    return {name: schema for name, schema in schemas.items() if name in found}
