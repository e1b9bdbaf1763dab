"""Whatever file is given: it is taken, or refused in one line, and then nothing is written."""

import contextlib
import copy
import gzip
import io
import json
import shutil
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen import sources
from codegen.__main__ import main
from codegen.schemas import is_list, is_object
from tests.codegen.workshop import Workshop

Json: TypeAlias = Any
SOUND: Final = """
Request: {type: object, properties: {model: {type: string, minLength: 1}, part: {$ref: Part}}, required: [model]}
Part: {oneOf: [{$ref: Text}, {$ref: Image}], discriminator: {propertyName: type, mapping: {text: Text}}}
Text: {type: object, properties: {type: {const: text}, text: {type: [string, "null"]}}, required: [type, text]}
Image: {type: object, properties: {type: {enum: [image]}, at: {allOf: [{$ref: Place}, {nullable: true}]}}}
Place: {type: object, properties: {x: {type: array, items: {type: number}}}, additionalProperties: {type: string}}
Reply: {allOf: [{$ref: Place}, {properties: {why: {enum: [a, b]}, parts: {type: array, items: {$ref: Part}}}}]}
"""
WORDS: Final = (
    *("class", "None", "True", "import", "self", "print", "object", "dict", "list", "str", "int", "type", "Literal"),
    *("__init__", "_x", "x-y", "1", "", " ", "a b", 'a"b', "a\nb", "model_config", "model_fields", "copy", "json"),
    *(
        "Wire",
        "Field",
        "TypedDict",
        "Part",
        "Text",
        "TypeVar",
        "D",
        "T",
        "Omit",
        "q",
        "r",
        "é",
        "\U0001d518",
        "\u202e",
        "\\",
    ),
)
REFERENCES: Final = (
    *("https://evil.example/x.json", "other.yaml#/X", "#/paths/~1chat", "#/components/schemas/", "#", "", "Part"),
    *(f"#/components/schemas/{name}" for name in ("Request", "Reply", "Part", "Text", "Place", "Nowhere")),
)
names: Final = st.sampled_from(WORDS)
references: Final[st.SearchStrategy[Json]] = st.sampled_from([{"$ref": to} for to in REFERENCES])
nothing: Final[list[Json]] = [None, True, False, {}, []]
leaves: Final[st.SearchStrategy[Json]] = st.one_of(
    st.sampled_from(nothing), st.integers(-3, 3), st.floats(), names, references
)
keywords: Final = st.sampled_from(
    (
        *("type", "enum", "const", "properties", "required", "items", "anyOf", "oneOf", "allOf", "nullable"),
        *("default", "discriminator", "additionalProperties", "$ref", "format", "minimum"),
    )
)
values: Final[st.SearchStrategy[Json]] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(keywords, names), inner, max_size=3),
        st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(names, inner, max_size=3)}),
    ),
    max_leaves=6,
)


def places(node: Json, path: tuple[Json, ...] = ()) -> list[tuple[Json, ...]]:
    """Every place in a document."""
    found = [path]
    pairs: list[tuple[Json, Json]] = []
    if is_object(node):
        pairs = list(node.items())
    elif is_list(node):
        pairs = list(enumerate(node))
    for key, inner in pairs:
        found += places(inner, (*path, key))
    return found


@st.composite
def broken(draw: st.DrawFn) -> Json:
    """A sound description in which up to three things are not what they were."""
    document = json.loads(json.dumps(BASE))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([place for place in places(document) if place]))
        node = document
        for key in path[:-1]:
            node = node[key]
        match draw(st.sampled_from(["replace", "remove", "rename", "add"])):
            case "remove":
                del node[path[-1]]
            case "rename" if is_object(node):
                node[draw(names)] = node.pop(path[-1])
            case "add" if is_object(node[path[-1]]):
                node[path[-1]][draw(st.one_of(keywords, names))] = copy.deepcopy(draw(values))
            case _:
                node[path[-1]] = copy.deepcopy(draw(values))  # strategies hand out one object many times
    return document


def _base() -> Json:
    import yaml

    with TemporaryDirectory() as folder:
        return yaml.safe_load(Workshop(Path(folder), "wire").document(SOUND))


BASE: Final[Json] = _base()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def said(workshop: Workshop, *arguments: str) -> tuple[int, str]:
    """Exit status, and what was said on stderr."""
    errors, output = io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(output):
        status = workshop.run(*arguments)
    return status, errors.getvalue()


def taken_or_refused(content: bytes, *, top: str = "") -> None:
    """Refresh; and where that is done, compile."""
    with TemporaryDirectory() as name:
        workshop = Workshop(Path(name), "wire")
        workshop.configure(top=top)
        file = Path(name) / "published"
        file.write_bytes(content)
        before = contents(Path(name))
        status, line = said(workshop, "refresh", "acme", "--from", str(file))
        if status == 0:
            workshop.decide(mapped=["model"], passthrough=["part"])
            before = contents(Path(name))
            status, line = said(workshop, "generate")
        if status == 0:
            for path in workshop.out.rglob("*.py"):
                compile(path.read_text(encoding="utf-8"), str(path), "exec")
            return
        assert status == 1
        assert line.startswith("codegen: ")
        assert line.count("\n") == 1, line
        assert contents(Path(name)) == before


@given(broken())
def test_a_description_with_something_wrong_in_it(document: Json) -> None:
    taken_or_refused(json.dumps(document).encode())


@given(values)
def test_any_json(document: Json) -> None:
    taken_or_refused(json.dumps(document).encode())


@given(st.integers(0, len(json.dumps(BASE))), st.booleans())
def test_half_a_download(end: int, packed: bool) -> None:
    content = json.dumps(BASE).encode()
    taken_or_refused(gzip.compress(content)[:end] if packed else content[:end])


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes(content: bytes) -> None:
    taken_or_refused(content)


AWS: Final[Json] = {
    "metadata": {"serviceFullName": "Acme", "apiVersion": "1"},
    "operations": {"Chat": {"http": {"method": "POST", "requestUri": "/chat"}, "errors": [{"shape": "Problem"}]}},
    "shapes": {
        "Request": {"type": "structure", "members": {"model": {"shape": "Text"}}},
        "Text": {"type": "string", "min": 1},
        "Problem": {"type": "structure", "members": {}},
    },
}


@given(st.data())
def test_an_aws_model_with_something_wrong_in_it(data: st.DataObject) -> None:
    document = json.loads(json.dumps(AWS))
    path = data.draw(st.sampled_from([place for place in places(document) if place]))
    node = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = data.draw(values)
    taken_or_refused(json.dumps(document).encode(), top='format = "aws-service-model"')


HEAD: Final = (
    "openapi: 3.1.0\npaths: {/chat: {post: {}}}\ncomponents: {schemas: {Request: {}, Event: {}, Problem: {}, Reply: "
)
DEEP: Final = 100_000


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[" * DEEP, "nests more than 100 levels deep"),
        ('{"a":' * DEEP, "nests more than 100 levels deep"),
        ('{"a":' * 900 + "1" + "}" * 900, "nests more than 100 levels deep"),
        ("a: " + "[" * DEEP, "nests more than 100 levels deep, in line 1"),
        (HEAD + "&loop {properties: {a: *loop}}}}", "nests more than 100 levels deep"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "\n".join(f"{there}: &{there} [{', '.join([f'*{here}'] * 10)}]" for here, there in pairwise("abcdefghi")),
            "holds more than 10,000,000 values",
        ),
        (HEAD + "{allOf: [{$ref: '#/components/schemas/Reply'}, {properties: {a: {}}}]}}}", ""),
        (HEAD + "{$ref: '#/components/schemas/Reply'}}}", ""),
        (HEAD + "{properties: {a: {$ref: 'https://evil.example/a'}}}}}", "which is no component of this document"),
        (HEAD + "{properties: {a: {$ref: '../other.yaml#/A'}}}}}", "which is no component of this document"),
        (HEAD + "{$ref: '#/paths/~1chat'}}}", "which is no component of this document"),
        ("? {a: b}\n: c", "unhashable"),
        ("openapi: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a: 2024-99-99T99:99:99Z\nopenapi: 1e999999", "is no OpenAPI 3.0, 3.1 or 3.2 document"),
        ("openapi: 3.1.0\ncomponents: {schemas: {Request: {}}}\npaths: {/chat: {post: {}}}", "which is not described"),
    ],
    ids=lambda value: "".join(letter for letter in value[:30] if letter.isalnum()) if isinstance(value, str) else None,
)
def test_what_was_made_to_break_the_reader(workshop: Workshop, text: str, complaint: str) -> None:
    file = workshop.specs.parent / "published"
    file.write_text(text, encoding="utf-8")
    before = contents(workshop.specs)
    status, line = said(workshop, "refresh", "acme", "--from", str(file))
    if not complaint:  # it can be taken, and cannot be compiled
        assert status == 0
        status, line = said(workshop, "generate")
        assert not workshop.out.exists()
    else:
        assert contents(workshop.specs) == before
    assert status == 1
    assert complaint in line
    assert line.count("\n") == 1


@pytest.mark.parametrize("packed", [False, True])
def test_more_than_any_description_has(workshop: Workshop, packed: bool) -> None:
    file = workshop.specs.parent / "published"
    content = b"{" + b" " * (100 * 2**20)
    file.write_bytes(gzip.compress(content, 1) if packed else content)
    before = contents(workshop.specs)
    assert said(workshop, "refresh", "acme", "--from", str(file)) == (1, f"codegen: {file} has more than 32 MB\n")
    assert contents(workshop.specs) == before


def test_an_anchor_that_is_given_twice(workshop: Workshop) -> None:
    """As OpenAI's description of September 2024 had it; YAML 1.2 allows it."""
    text = workshop.document("").replace("title: Acme", "title: &one Acme").replace("version: '1'", "version: &one '1'")
    file = workshop.specs.parent / "published"
    file.write_text(text + "x-last: *one\n", encoding="utf-8")
    assert said(workshop, "refresh", "acme", "--from", str(file)) == (0, "")


SPECS: Final = Path(__file__).parents[2] / "specs"
VENDORS: Final = [name for name in sources.vendors(SPECS) if sources.load(SPECS / name).base is None]


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_description_of_another_vendor(vendor: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that speak one dialect have the same paths, and some the same names."""
    own = sources.load(SPECS / vendor)
    others = [name for name in VENDORS if name != vendor and sources.load(SPECS / name).path == own.path]
    specs = tmp_path / "specs"
    shutil.copytree(SPECS, specs)
    before = contents(specs)
    for other in others or VENDORS[: VENDORS.index(vendor)][-1:]:
        file = str(SPECS / other / "openapi.json")
        assert main(["refresh", vendor, "--from", file, "--specs", str(specs)]) == 1, other
        line = capsys.readouterr().err
        assert line.startswith("codegen: ")
        assert line.count("\n") == 1
    assert contents(specs) == before


def test_a_published_description_of_another_vendor_with_the_same_names(workshop: Workshop) -> None:
    """What a vendor calls its description is noted where others have all else in common."""
    workshop.configure(top="")
    file = workshop.vendor / "source.toml"
    file.write_text(file.read_text("utf-8").replace('licence = "MIT"', 'licence = "MIT"\ntitle = "Acme"'), "utf-8")
    published = workshop.specs.parent / "published"
    published.write_text(workshop.document("").replace("title: Acme", "title: Emca API"), encoding="utf-8")
    before = contents(workshop.specs)
    status, line = said(workshop, "refresh", "acme", "--from", str(published))
    assert status == 1
    assert "describes 'Emca API' instead of 'Acme': if it is the same vendor's, say so at upstream.title in" in line
    assert contents(workshop.specs) == before
    published.write_text(workshop.document(""), encoding="utf-8")
    assert said(workshop, "refresh", "acme", "--from", str(published)) == (0, "")
