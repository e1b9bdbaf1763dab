"""What of the generated code a revision may touch: the types that its description touched, and little of them."""

import ast
import json
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

import yaml

from codegen import sources
from codegen.emitted import mentioned
from codegen.write import Files
from tests.codegen.history import CHECKOUT
from tests.codegen.replaying import Replay, Step
from tests.codegen.structure import Structure


def strays(replay: Replay, old: Step, new: Step) -> Iterator[str]:
    """The types that moved, or that have another text although the description did not touch them."""
    touched = touched_components(old.cut, new.cut)
    for path in [path for path in new.files if path.endswith(("requests.py", "responses.py"))]:
        vendor = path.partition("/")[0]
        names = {**arm_names(vendor), **sources.load(CHECKOUT / "specs" / vendor).names}
        before, after = definitions(old.files[path]), definitions(new.files[path])
        other = {each for each in {**before, **after} if before.get(each) != after.get(each)}
        same = set(before) - other - needed(other, before) - needed(other, after)
        if [each for each in before if each in same] != [each for each in after if each in same]:
            yield f"{path}: a type was moved"
        for name in sorted(other):
            if not any(belongs(known, component) for known in full_names(name, names) for component in touched):
                yield f"{path}: {before.get(name)}\n->\n{after.get(name)}"


def needed(names: set[str], definitions: Mapping[str, str]) -> set[str]:
    """What these types mention, directly or through others: it stands before them, so that it may move with them."""
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        for each in mentioned(ast.parse(definitions.get(waiting.pop(), ""))):
            if each in definitions and each not in found:
                found.add(each)
                waiting.append(each)
    return found


def touched_components(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """The components that differ, and those that are mentioned where they do: what is an arm has a tag."""
    before, after = old["components"]["schemas"], new["components"]["schemas"]
    touched = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    for name in list(touched):
        one, other = (parts(each.get(name, {})) for each in (before, after))
        for key in {key for key in {**one, **other} if one.get(key) != other.get(key)}:
            for text in (one.get(key, ""), other.get(key, "")):
                touched |= {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    return touched | {name for cut in (before, after) for name in cut if inherits(name, cut, touched)}


def inherits(name: str, schemas: Mapping[str, Any], touched: set[str]) -> bool:
    """Whether a component is made of one that was touched."""
    parents = [part.get("$ref", "").rpartition("/")[2] for part in schemas.get(name, {}).get("allOf", ())]
    return any(parent in touched or inherits(parent, schemas, touched) for parent in parents if parent)


def parts(schema: Mapping[str, Any]) -> dict[str, str]:
    """The properties and keywords of a schema, each as text."""
    return {
        key: json.dumps(value)
        for key, value in [*schema.items(), *schema.get("properties", {}).items()]
        if key != "properties"
    }


def arm_names(vendor: str) -> dict[str, str]:
    """What the arms of keyed unions would be called, and what the overlay calls them."""
    file = CHECKOUT / "specs" / vendor / "overlay.yaml"
    overlay: dict[str, Any] = yaml.safe_load(file.read_text("utf-8")) if file.exists() else {"actions": []}
    unions = [each for each in overlay["actions"] if each["target"].endswith(".x-keyed-union")]
    return {
        action["target"].split(".")[-2] + word[:1].upper() + word[1:]: given
        for action in unions
        for word, given in action["update"].get("names", {}).items()
    }


def full_names(name: str, names: Mapping[str, str]) -> set[str]:
    """`name`, and what it would be if source.toml had not named what it stands in."""
    found = {name}
    for _ in range(3):  # as deep as one name is given inside another
        found |= {
            full + known.removeprefix(given)
            for full, given in names.items()
            for known in found
            if known.startswith(given)
        }
    return found


def belongs(name: str, component: str) -> bool:
    """Whether a generated name is that of a component, or of something inside it."""
    bare = "".join(part[:1].upper() + part[1:] for part in component.replace("-", "_").split("_"))
    shorter = [bare, *(bare.removeprefix(prefix) for prefix in ("Beta", "GoogleAiGenerativelanguageV1beta"))]
    shorter += [each.removeprefix(side) for each in shorter for side in ("Request", "Response")]
    return any(name.startswith(each) or name.endswith(each) for each in shorter)


def definitions(text: str) -> dict[str, str]:
    """The classes and aliases of a module, in order, each with its text."""
    found: dict[str, str] = {}
    for node in ast.parse(text).body:
        match node:
            case (
                ast.ClassDef(name=name)
                | ast.AnnAssign(target=ast.Name(id=name))
                | ast.Assign(targets=[ast.Name(id=name)])
            ):
                found[name] = ast.unparse(node)
            case _:
                pass
    return found


def changed_facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> int:
    """How many facts only one of two cuts states; that a type is called otherwise is one for each mention of it."""
    before, after = (Structure(cut, {}, set()).all() for cut in (old, new))
    return len(before ^ after)


def changed_lines(old: Files, new: Files) -> int:
    """How many lines only one of two outputs has, as `diff` counts them."""
    return sum(
        line[0] in "+-" and line[:3] not in ("+++", "---")
        for path in {**old, **new}
        for line in unified_diff(old.get(path, "").splitlines(), new.get(path, "").splitlines(), n=0)
    )
