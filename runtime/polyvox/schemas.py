"""JSON Schemas rewritten into what a vendor's schema mode takes.

A rewritten schema never asks for less in silence: what the mode cannot hold the model to stands in the description
beside it, for the model to read, and the caller's type checks it when the answer comes. What cannot be said at all
(a map of any keys, where every object must be closed) makes the mode unusable: then `rewritten` gives None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, cast

from pydantic_core import to_json

from .shapes import is_list, is_mapping, mapping_of

Schema: TypeAlias = dict[str, object]

# Keywords that bound a value, and what else may stand beside it.
_BOUNDS: Final = frozenset(
    (
        *("minLength", "maxLength", "pattern", "format"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    )
)
_KEPT: Final = frozenset(
    ("type", "title", "description", "enum", "const", "anyOf", "items", "properties", "$ref", "$defs")
)
# Says nothing that an answer must obey, or is read where it stands.
_NOTES: Final = frozenset(
    (
        *("default", "discriminator", "examples", "example", "deprecated", "readOnly", "writeOnly"),
        *("$schema", "$comment", "contentEncoding", "contentMediaType"),
        *("required", "additionalProperties", "prefixItems", "oneOf", "allOf"),
    )
)
# What holds schemas under names of the caller's, and what holds no schemas.
_NAMED: Final = frozenset(("properties", "$defs", "definitions"))
_VALUES: Final = frozenset(("enum", "const", "default", "examples", "required"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rules:
    """What a schema mode takes beside types, properties, items, enums, `anyOf` and local references."""

    bounds: frozenset[str] = _BOUNDS
    """The keywords that it holds the model to."""
    formats: frozenset[str] | None = None
    """The formats it knows, of `format`; None for all."""
    most: Mapping[str, int] = field(default_factory=dict[str, int])
    """The highest value that it takes for a keyword."""
    all_required: bool = True
    """Whether every property must be required; it then is written, where the caller's type would have a default."""
    recursion: Literal["yes", "optional", "no"] = "yes"
    """Whether a type may hold itself; `optional`: in properties that are not required."""
    maps: bool = False
    """Whether objects may have properties of any name."""
    untyped: bool = False
    """Whether a value may be anything."""
    tuples: bool = False
    """Whether items may differ by place (`prefixItems`)."""
    const: bool = True
    """Whether `const` is known; else it is an `enum` of one."""


LENIENT: Final = Rules(maps=True, untyped=True, tuples=True)


class _UnsayableError(Exception):
    """The schema has something that the mode has no words for."""


def rewritten(schema: Mapping[str, object], rules: Rules) -> Schema | None:
    """The schema by these rules; None where the mode cannot express it. `schema` is not changed."""
    try:
        return _Rewriting(schema, rules).whole()
    except _UnsayableError:
        return None


def closed(schema: Mapping[str, object]) -> Schema:
    """The schema with every object that names its properties closed to others; nothing else is changed."""
    return cast("Schema", _closed(schema))


def _closed(node: object) -> object:
    if is_list(node):
        return [_closed(item) for item in node]
    if not is_mapping(node):
        return node
    fields = {key: _closed(value) for key, value in node.items()}
    if fields.get("type") == "object" and isinstance(fields.get("properties"), dict):
        fields.setdefault("additionalProperties", False)
    return fields


class _Rewriting:
    """One schema on its way to one vendor."""

    def __init__(self, schema: Mapping[str, object], rules: Rules) -> None:
        self._schema = schema
        self._rules = rules
        self._definitions = {**mapping_of(schema.get("definitions")), **mapping_of(schema.get("$defs"))}
        self._cyclic = {name for name in self._definitions if name in self._reached(self._definitions[name])}
        if self._cyclic and rules.recursion == "no":
            raise _UnsayableError

    def whole(self) -> Schema:
        """The root, which is an object and no reference, and the definitions that it still refers to."""
        root = self._schema
        if (name := _target(root)) is not None:
            root = self._definition(name)
        made = self._node({key: value for key, value in root.items() if key not in ("$defs", "definitions")})
        definitions: Schema = {}
        waiting = list(_references(made))
        while waiting:
            if (name := waiting.pop(0)) not in definitions:
                definitions[name] = self._node(self._definition(name))
                waiting.extend(_references(definitions[name]))
        return {**made, "$defs": definitions} if definitions else made

    def _definition(self, name: str) -> Mapping[str, object]:
        found = self._definitions.get(name)
        if not is_mapping(found):
            raise _UnsayableError
        return found

    def _reached(self, node: object) -> set[str]:
        """The definitions that a part leads to, over any number of references."""
        found: set[str] = set()
        waiting = list(_references(node))
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(_references(self._definitions.get(name)))
        return found

    def _node(self, node: Mapping[str, object]) -> Schema:
        if (name := _target(node)) is not None:
            return self._reference(name, node)
        node = self._merged(node)
        made = {key: self._value(key, value) for key, value in node.items() if key in _KEPT}
        if "oneOf" in node:
            made["anyOf"] = self._value("anyOf", node["oneOf"])
        if "const" in node and not self._rules.const:
            made["enum"] = [made.pop("const")]
        self._check_known(node)
        if node.get("type") == "object" or "properties" in node:
            self._close(node, made)
        if node.get("type") == "array" or "items" in node or "prefixItems" in node:
            self._array(node, made)
        self._bound(node, made)
        if not self._rules.untyped and made.keys().isdisjoint(("type", "anyOf", "enum", "const")):
            raise _UnsayableError
        return made

    def _merged(self, node: Mapping[str, object]) -> Mapping[str, object]:
        """A schema of which one other must hold too (`allOf` of one) as one schema."""
        parts = node.get("allOf")
        if not is_list(parts):
            return node
        if len(parts) != 1:
            raise _UnsayableError
        inner = mapping_of(parts[0])
        if (name := _target(inner)) is not None:
            inner = self._definition(name)
        return {**inner, **{key: value for key, value in node.items() if key != "allOf"}}

    def _check_known(self, node: Mapping[str, object]) -> None:
        """A keyword that is neither kept, a bound nor a note would be lost."""
        if not node.keys() <= _KEPT | _NOTES | _BOUNDS:
            raise _UnsayableError

    def _reference(self, name: str, node: Mapping[str, object]) -> Schema:
        """No keyword may stand beside a reference: where one must, what is referred to is written out."""
        beside = {key: value for key, value in node.items() if key in _BOUNDS or key == "description"}
        if name in self._cyclic or not beside:
            return {"$ref": f"#/$defs/{name}"}
        return self._node({**self._definition(name), **beside})

    def _value(self, key: str, value: object) -> object:
        if key == "properties":
            return {name: self._node(mapping_of(inner)) for name, inner in mapping_of(value).items()}
        if key == "anyOf" and is_list(value):
            return [self._node(mapping_of(inner)) for inner in value]
        if key == "items":
            return self._node(mapping_of(value))
        return value

    def _close(self, node: Mapping[str, object], made: Schema) -> None:
        rest = node.get("additionalProperties")
        if self._rules.maps and rest not in (None, False):
            made["additionalProperties"] = self._node(rest) if is_mapping(rest) else rest
        elif "properties" in node:
            made["additionalProperties"] = False  # others may come, by the type; none need to
        elif not self._rules.maps:
            raise _UnsayableError
        if "properties" in made:
            made["required"] = self._required(node, mapping_of(made["properties"]))

    def _required(self, node: Mapping[str, object], properties: Mapping[str, object]) -> list[str]:
        asked = node.get("required")
        names = [str(name) for name in asked] if is_list(asked) else []
        if self._rules.all_required:
            names = list(properties)
        if self._rules.recursion == "optional":
            return [name for name in names if self._cyclic.isdisjoint(self._reached(properties[name]))]
        return names

    def _array(self, node: Mapping[str, object], made: Schema) -> None:
        places = node.get("prefixItems")
        if is_list(places):
            items = [self._node(mapping_of(place)) for place in places]
            if self._rules.tuples:
                made["prefixItems"] = items
                return
            made["items"] = items[0] if all(item == items[0] for item in items) else {"anyOf": items}
            if len(items) > 1 and made["items"] != items[0]:
                _say(made, "items in this order", items)
        elif "items" not in made and not self._rules.untyped:
            raise _UnsayableError

    def _bound(self, node: Mapping[str, object], made: Schema) -> None:
        for key in sorted(_BOUNDS & node.keys()):
            if self._holds(key, node[key]):
                made[key] = node[key]
            else:
                _say(made, key, node[key])

    def _holds(self, key: str, value: object) -> bool:
        rules = self._rules
        if key not in rules.bounds:
            return False
        if key == "format":
            return rules.formats is None or value in rules.formats
        if key == "pattern":
            return "(?" not in str(value)  # no mode's regular expressions look around
        return key not in rules.most or (isinstance(value, int) and value <= rules.most[key])


def _say(made: Schema, key: str, value: object) -> None:
    told = f"{key}: {value if isinstance(value, str) else to_json(value).decode()}"
    made["description"] = f"{made['description']} ({told})" if made.get("description") else told


def _target(node: Mapping[str, object]) -> str | None:
    """The definition that a reference names."""
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return None
    for home in ("#/$defs/", "#/definitions/"):
        if reference.startswith(home):
            return reference.removeprefix(home)
    raise _UnsayableError


def _references(node: object) -> Iterator[str]:
    """The definitions that a schema names itself."""
    if is_list(node):
        for item in node:
            yield from _references(item)
    if is_mapping(node):
        if (name := _target(node)) is not None:
            yield name
        for key, value in node.items():
            if key in _NAMED:
                yield from _references(list(mapping_of(value).values()))
            elif key not in _VALUES:
                yield from _references(value)
