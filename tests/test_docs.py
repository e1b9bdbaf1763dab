"""The pages that are made of code say what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import polyvox
from polyvox import Unsupported
from polyvox.requesting import VERSION
from polyvox_wire.gateways import LEFT_OUT
from tests.mapping.asking import HELLO, Wire, as_bytes

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (ROOT / "docs/vendors.md").read_text(encoding="utf-8")


def _rows(title: str) -> Iterator[list[str]]:
    """The cells of the table under a title, without its head."""
    _, _, rest = PAGE.partition(f"\n## {title}\n")
    lines = [line for line in rest.partition("\n## ")[0].splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_pages_are_those_of_today() -> None:
    done = subprocess.run([sys.executable, "-m", "docs.build", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_provider_stands_there_with_its_address_and_keys() -> None:
    rows = {row[0]: row for title in ("With an API of their own", "Gateways") for row in _rows(title)}
    assert list(rows) == [provider.name for provider in polyvox.providers()]
    for provider in polyvox.providers():
        _, aliases, address, keys, _ = rows[provider.name]
        assert aliases == ", ".join(provider.aliases)
        assert (provider.base_url or "api_base") in address
        assert all(variable in address for variable in provider.base_variables)
        assert all(variable in keys for variable in provider.key_variables)


def test_the_readme_counts_the_providers() -> None:
    (said,) = re.findall(r"more than (\d+) providers", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert int(said) < len(polyvox.providers()) <= int(said) + 20


def test_the_readme_begins_with_its_two_commands() -> None:
    first = re.findall(r"^```console\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.M)[0]
    assert [line.split("  ")[0] for line in first.splitlines()] == ["make demo", "make test"]


def test_there_is_one_version_and_the_page_says_what_it_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == polyvox.__version__ == VERSION
    page = (ROOT / "docs/versions.md").read_text(encoding="utf-8")
    assert f"Python {project['requires-python'].removeprefix('>=')} and newer" in page
    for needed in project["dependencies"]:
        name, least, _ = re.split(r">=|,<", needed)
        assert f"{name} {least} and newer" in page
    major, minor, _ = polyvox.__version__.split(".")
    assert f"polyvox>={major}.{minor},<{major}.{int(minor) + 1}" in page


def test_what_a_vendor_ships_comes_through_as_the_page_of_versions_says() -> None:
    shipped = {"new": 1, "choices": [{"message": {"content": "Hi", "newer": 2}, "finish_reason": "tired"}]}
    wire = Wire(as_bytes(shipped))
    answer = wire.ask("openai:gpt-99", HELLO, extra_body={"brand_new": True})
    assert (wire.body["model"], wire.body["brand_new"]) == ("gpt-99", True)
    assert (answer.model_extra, answer.choices[0].message.model_extra) == ({"new": 1}, {"newer": 2})
    assert answer.choices[0].finish_reason == "other"
    assert answer.choices[0].provider_specific_fields == {"native_finish_reason": "tired"}


def test_every_page_is_named_in_the_readme() -> None:
    named = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named == {page.name for page in (ROOT / "docs").glob("*.md")}


def test_every_refusal_of_a_gateway_stands_there() -> None:
    rows = {row[0]: row[4] for row in _rows("Gateways")}
    for provider in polyvox.providers():
        for name, stance in provider.parameters.items():
            if provider.name in rows and isinstance(stance, Unsupported) and name != "thinking":
                assert f"`{name}`" in rows[provider.name]
                assert f"no: {stance.reason}" in rows[provider.name]


def test_every_provider_that_is_left_out_stands_there_with_the_reason() -> None:
    assert [tuple(row) for row in _rows("Not supported")] == list(LEFT_OUT.items())


PAGES: Final = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
_EXAMPLE: Final = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
FOLDERS: Final = ("specs", "codegen", "generated", "runtime", "tests", "benchmarks", "docs")
FILES: Final = [
    f"/{path.relative_to(ROOT).as_posix()}"
    for path in (*ROOT.glob("*.*"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*")))
]


def _prose(page: Path) -> str:
    return _EXAMPLE.sub("", page.read_text(encoding="utf-8"))


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of titles."""
    titles = re.findall(r"^#+ (.*)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_to_is_there(page: Path) -> None:
    """Pages and titles that it links, files and verbs that it names."""
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", _prose(page)):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.is_file(), link
        assert not anchor or anchor in _anchors(target), link
    for name in re.findall(r"`([\w./-]+\.(?:py|toml|json|yaml|svg))(?:::\w+)?`", _prose(page)):
        assert any(file.endswith(f"/{name}") for file in FILES), name
    for verb in re.findall(r"\bmake ([a-z-]+)", " ".join(re.findall(r"`[^`]+`", _prose(page)))):
        assert f"\n{verb}: " in (ROOT / "Makefile").read_text(encoding="utf-8"), verb
