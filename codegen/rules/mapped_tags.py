"""Where a union's own table says which word stands for which object, that word is the constant of the object's tag."""

from collections import defaultdict
from collections.abc import Iterator

from codegen.rules.replies import Place
from codegen.rules.unions import tag_value
from codegen.schemas import COMPONENTS, Schema, Schemas, arms, is_bag, rebuild, target


def tags_from_tables(schemas: Schemas) -> Schemas:
    """The components with a constant tag for each arm that has none itself, but one word in its unions' tables."""
    words: dict[Place, set[str]] = defaultdict(set)
    for schema in schemas.values():
        for place, word in _told(schema):
            words[place].add(word)
    told = dict(schemas)
    for (name, tag), found in words.items():
        if len(found) == 1 and is_bag(told[name]) and tag_value(told[name], tag) is None:
            told[name] = _tagged(told[name], tag, *found)
    return told


def _told(schema: Schema) -> Iterator[tuple[Place, str]]:
    """What each table in `schema` says of the arms beside it."""
    found: list[tuple[Place, str]] = []

    def visit(inner: Schema) -> Schema:
        choices = {target(arm) for arm in arms(inner)} if "anyOf" in inner else set[str | None]()
        table, tag = _table(inner)
        found.extend(((name, tag), word) for word, name in table.items() if name in choices)
        return rebuild(inner, visit)

    visit(schema)
    yield from found


def _table(schema: Schema) -> tuple[dict[str, str], str]:
    """The component that each word stands for, and the property that says the word."""
    told: Schema = schema.get("discriminator", {})
    mapping: Schema = told.get("mapping", {})
    return {word: str(to).removeprefix(COMPONENTS) for word, to in mapping.items()}, told.get("propertyName", "")


def _tagged(schema: Schema, tag: str, word: str) -> Schema:
    """An object with that constant; a tag that is not described must be there: nothing else tells the object."""
    only: Schema = {"type": "string", "enum": [word]}
    described = tag in schema["properties"]
    properties = {**schema["properties"], tag: only} if described else {tag: only, **schema["properties"]}
    required = schema.get("required", [])
    return {**schema, "properties": properties, "required": required if described else [tag, *required]}
