"""`generate` as a command: deterministic, careful with files, and true to what is committed."""

import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from codegen.__main__ import main
from codegen.schemas import KEYED
from tests.codegen.replaying import STRANGER
from tests.codegen.workshop import Workshop

CHECKOUT: Final = Path(__file__).parents[2]


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_generated_is_up_to_date() -> None:
    assert main(["generate", "--check"]) == 0


def test_another_process_generates_the_same_bytes(tmp_path: Path) -> None:
    """Elsewhere, with another order of sets, another day and another encoding."""
    out = tmp_path / "out"
    environment = {**os.environ, **STRANGER, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "-m", "codegen", "generate", "--out", str(out)]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    committed = files(CHECKOUT / "generated" / "polyvox_wire")
    assert files(out) == {name: content for name, content in committed.items() if "__pycache__" not in name}


def test_only_what_changed_is_written(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.generate()
    (workshop.out / "acme" / "requests.py").write_text("edited by hand", encoding="utf-8")
    untouched = (workshop.out / "acme" / "responses.py").stat().st_mtime_ns
    capsys.readouterr()
    workshop.generate()
    assert capsys.readouterr().out == "acme/requests.py\n"
    assert (workshop.out / "acme" / "responses.py").stat().st_mtime_ns == untouched


def test_what_is_stale_is_deleted(workshop: Workshop) -> None:
    workshop.generate()
    for name in ("acme/old.py", "gone/__pycache__/x.pyc", "gone/responses.py"):
        (workshop.out / name).parent.mkdir(parents=True, exist_ok=True)
        (workshop.out / name).write_text("", encoding="utf-8")
    workshop.generate()
    assert not (workshop.out / "acme" / "old.py").exists()
    assert not (workshop.out / "gone").exists()


def test_check_shows_the_difference_and_writes_nothing(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.generate()
    assert workshop.run("generate", "--check") == 0
    before = files(workshop.out)
    workshop.describe("Reply: {type: object, properties: {id: {type: string}, new: {type: integer}}}")
    capsys.readouterr()
    assert workshop.run("generate", "--check") == 1
    assert "+    new: int | None = None\n" in capsys.readouterr().out
    assert files(workshop.out) == before


def test_one_vendor_can_be_generated_alone(workshop: Workshop) -> None:
    workshop.generate()
    lock = (workshop.out / "LOCK").read_bytes()
    workshop.describe("Reply: {type: object, properties: {new: {type: integer}}}")
    assert workshop.run("generate", "acme") == 0
    assert "new: int" in workshop.text("responses.py")
    assert (workshop.out / "LOCK").read_bytes() == lock


def test_a_small_change_is_a_small_difference(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    events = """
        A: {type: object, properties: {type: {const: a}}, required: [type]}
        B: {type: object, properties: {type: {const: b}}, required: [type]}
        Event: {oneOf: [{$ref: A}, {$ref: B}%s]}
    """
    workshop.generate(events % "")
    workshop.describe(
        (events % ", {$ref: AB}")
        + """
        AB: {type: object, properties: {type: {const: ab}}, required: [type]}
    """
    )
    capsys.readouterr()
    assert workshop.run("generate", "acme", "--check") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]) <= 8


def test_lock_names_every_input(workshop: Workshop) -> None:
    workshop.generate()
    lock = (workshop.out / "LOCK").read_text(encoding="utf-8")
    assert "datamodel-code-generator " in lock
    for name in (
        "specs/acme/openapi.json",
        "specs/acme/source.toml",
        "codegen/models.py",
        "codegen/templates/stubs.py.jinja",
    ):
        assert f"  {name}\n" in lock


SPECS: Final = sorted((CHECKOUT / "specs").glob("*/openapi.json"))
PROSE: Final = {"description", "title", "summary", "example", "examples", "externalDocs", "$comment"}


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.parent.name)
def test_a_description_is_as_refresh_left_it(file: Path) -> None:
    """Corrections belong into overlay.yaml."""
    noted = tomllib.loads((file.parent / "source.toml").read_text(encoding="utf-8"))
    assert hashlib.sha256(file.read_bytes()).hexdigest() == noted["cut"]["sha256"]


@pytest.mark.parametrize("file", SPECS, ids=lambda file: file.parent.name)
def test_no_prose_of_a_vendor_is_vendored(file: Path) -> None:
    components = json.loads(file.read_text(encoding="utf-8"))["components"]["schemas"]
    for name, schema in components.items():
        for each in schemas_in(schema):
            assert not [key for key in each if key in PROSE or (key.startswith("x-") and key != KEYED)], name
            said = [value for key, value in each.items() if isinstance(value, str) and key not in ("$ref", "pattern")]
            assert all(len(value) < 64 for value in said), name


def schemas_in(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`schema` and those inside it."""
    yield schema
    inside: list[dict[str, Any]] = [*schema.get("properties", {}).values()]
    for key in ("anyOf", "oneOf", "allOf"):
        inside += schema.get(key, [])
    inside += [schema[key] for key in ("items", "additionalProperties") if schema.get(key) not in (None, True, False)]
    for each in inside:
        yield from schemas_in(each)
