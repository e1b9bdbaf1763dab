"""Inline objects, enums and tagged unions become components, named parent + property (rule 5)."""

from codegen.rules.names import Names, keep, pascal
from codegen.rules.unions import is_union_of_objects, tag_of, tag_value
from codegen.schemas import NULL, Schema, Schemas, arms, is_bag, is_object, ref, union, without_null


def lift(schemas: Schemas, names: Names) -> Schemas:
    """The components, each of them flat."""
    lifter = _Lifter(schemas, names)
    for name, schema in schemas.items():
        keep(lifter.lifted, name, lifter.contents(schema, name))
    return lifter.lifted


class _Lifter:
    def __init__(self, schemas: Schemas, names: Names) -> None:
        self.schemas = schemas
        self.names = names
        self.lifted: Schemas = {}

    def contents(self, schema: Schema, name: str) -> Schema:
        """What is inside the component `name`, lifted where it has to be."""
        if "anyOf" in schema:
            return self.union(schema, name, own_name=True)
        if is_bag(schema):
            inside = {key: self.part(each, name + pascal(key)) for key, each in schema["properties"].items()}
            return {**schema, "properties": inside}
        return self.container(schema, name)

    def part(self, schema: Schema, name: str) -> Schema:
        """`schema` as it stands where it is used: a reference if it deserves a name."""
        bare = without_null(schema)
        if bare is not schema:
            return union([*arms(self.part(bare, name)), NULL])
        if _deserves_name(schema) or (is_union_of_objects(schema, self.schemas) and self.tag(schema)):
            return self.named(schema, name)
        if "anyOf" in schema:
            return self.union(schema, name, own_name=False)
        return self.container(schema, name)

    def named(self, schema: Schema, name: str) -> Schema:
        final = self.names.of(name)
        keep(self.lifted, final, self.contents(schema, final))
        return ref(final)

    def container(self, schema: Schema, name: str) -> Schema:
        new = dict(schema)
        for key, suffix in (("items", "Item"), ("additionalProperties", "Value")):
            if is_object(inner := schema.get(key)):
                new[key] = self.part(inner, name + suffix)
        return new

    def union(self, schema: Schema, name: str, *, own_name: bool) -> Schema:
        """A union with its arms lifted; one of constants and other things keeps the constants where they are."""
        tag = self.tag(schema) if is_union_of_objects(schema, self.schemas) else None
        choices = [self.arm(arm, name + self.suffix(arm, schema, tag, own_name=own_name)) for arm in arms(schema)]
        return {**schema, "anyOf": choices}

    def arm(self, arm: Schema, name: str) -> Schema:
        return self.named(arm, name) if is_bag(arm) else self.container(arm, name)

    def suffix(self, arm: Schema, schema: Schema, tag: str | None, *, own_name: bool) -> str:
        """What tells the name of an inline arm from that of its union."""
        if not is_bag(arm):
            return ""
        if tag:
            return pascal(tag_value(arm, tag) or "")
        if sum(is_bag(other) for other in arms(schema)) > 1:
            return "With" + "And".join(pascal(key) for key in arm.get("required") or arm["properties"])
        return "Object" if own_name else ""

    def tag(self, schema: Schema) -> str | None:
        return tag_of(schema, self.schemas)


def _deserves_name(schema: Schema) -> bool:
    return is_bag(schema) or len(schema.get("enum", ())) > 1
