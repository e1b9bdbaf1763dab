"""What two cuts say, fact by fact, and which facts only one of them has: shares no code with the compiler's `diff`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

POINTER: Final = "#/components/schemas/"
REFERS: Final = "refers to"
KEYWORDS: Final = frozenset(
    (
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
        *("pattern", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
        *("format", "default", "deprecated", "readOnly", "writeOnly"),
    )
)


class Fact(NamedTuple):
    """Something that a description says of a place."""

    component: str
    path: tuple[str, ...]
    what: str
    value: str


class Structure:
    """The facts of one cut. At the places in `through`, references are looked through."""

    def __init__(
        self, cut: Mapping[str, Any], renamed: Mapping[str, str], through: set[tuple[str, tuple[str, ...]]]
    ) -> None:
        self.schemas: dict[str, Any] = {
            renamed.get(name, name): schema for name, schema in cut["components"]["schemas"].items()
        }
        operation = json.dumps(cut["paths"]).split(f'"{POINTER}')[1:]
        self.roots = {renamed.get(name, name) for part in operation for name in [part.partition('"')[0]]}
        self.renamed = renamed
        self.through = through

    def facts(self, component: str) -> set[Fact]:
        """Everything that is said of a component."""
        return set(self._walk(self.schemas[component], component, (), ()))

    def all(self) -> set[Fact]:
        """Everything that is said, and that each component is there."""
        return {fact for name in self.schemas for fact in (Fact(name, (), "is", "there"), *self.facts(name))}

    def names(self) -> set[str]:
        """The types that are described, or only mentioned, as vendors do."""
        return {*self.schemas, *(fact.value for fact in self.all() if fact.what == REFERS)}

    def _walk(self, given: Any, component: str, path: tuple[str, ...], above: tuple[str, ...]) -> Iterator[Fact]:
        if not isinstance(given, dict):
            return
        schema: dict[str, Any] = given  # pyright: ignore[reportUnknownVariableType]  # JSON
        if "$ref" in schema:
            yield from self._reference(schema["$ref"].removeprefix(POINTER), component, path, above)
        yield from self._says(schema, component, path)
        for name, inner in schema.get("properties", {}).items():
            yield Fact(component, (*path, name), "is", "there")
            yield from self._walk(inner, component, (*path, name), above)
        for name in schema.get("required", ()):
            yield Fact(component, (*path, name), "is", "required")
        for keyword in ("anyOf", "oneOf"):
            for arm in schema.get(keyword, ()):
                for fact in self._walk(arm, component, path, above):
                    # What is said of one word of several is said of that word.
                    one_word = fact.what in KEYWORDS and ("const" in arm or len(arm.get("enum", ())) == 1)
                    yield fact._replace(path=(*path, str(arm.get("const", *arm.get("enum", ()))))) if one_word else fact
        alone = len(schema.get("allOf", ())) == 1 and "properties" not in schema
        for part in schema.get("allOf", ()):
            yield from self._walk(part if alone else self._written_out(part), component, path, above)
        for keyword, step in (("items", "[]"), ("additionalProperties", "{}")):
            yield from self._walk(schema.get(keyword), component, (*path, step), above)

    def _written_out(self, part: Any) -> Any:
        """A part of an object, looked up; and again, where that is only another name of something."""
        while "$ref" in part or (len(part.get("allOf", ())) == 1 and "properties" not in part):
            name = part["$ref"].removeprefix(POINTER) if "$ref" in part else ""
            part = self.schemas[self.renamed.get(name, name)] if name else part["allOf"][0]
        return part

    def _reference(self, name: str, component: str, path: tuple[str, ...], above: tuple[str, ...]) -> Iterator[Fact]:
        name = self.renamed.get(name, name)
        if (component, path) in self.through and name not in above and name in self.schemas:
            yield from self._walk(self.schemas[name], component, path, (*above, name))
        else:
            yield Fact(component, path, REFERS, name)

    def _says(self, schema: Mapping[str, Any], component: str, path: tuple[str, ...]) -> Iterator[Fact]:
        kinds = schema.get("type", "object" if "properties" in schema else [])
        several: list[str] = kinds if isinstance(kinds, list) else [kinds]  # pyright: ignore[reportUnknownVariableType]  # JSON
        for kind in several:
            if kind != "any":
                yield Fact(component, path, "may be", kind)
        if schema.get("nullable") is True:
            yield Fact(component, path, "may be", "null")
        for word in [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]:
            yield Fact(component, path, "may be", "null") if word is None else Fact(component, path, "word", str(word))
            if word is not None:
                yield Fact(component, path, "may be", "string" if isinstance(word, str) else "number")
        for keyword in KEYWORDS & schema.keys():
            if schema[keyword] is not False or keyword == "default":
                yield Fact(component, path, keyword, str(schema[keyword]))
        if "discriminator" in schema:
            yield Fact(component, path, "discriminator", schema["discriminator"]["propertyName"])
        if schema.get("additionalProperties") in (True, False):
            yield Fact(component, path, "additionalProperties", str(schema["additionalProperties"]))
        if schema.get("additionalProperties") == {}:
            yield Fact(component, path, "additionalProperties", "True")


def differences(old: Structure, new: Structure) -> set[Fact]:
    """The facts that only one of two cuts states, of the components that both have.

    What is only ever a part of others is not looked at by itself: what it says is said of them.
    """
    before, after = ({name: each.facts(name) for name in each.schemas} for each in (old, new))
    both = before.keys() & after.keys() & (used(before, old.roots) | used(after, new.roots))
    return {fact for name in both for fact in before[name] ^ after[name]}


def used(facts: Mapping[str, set[Fact]], roots: set[str]) -> set[str]:
    """The components that the roots refer to, directly or through others."""
    found: set[str] = set()
    waiting = [*roots]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [fact.value for fact in facts.get(name, ()) if fact.what == REFERS]
    return found
