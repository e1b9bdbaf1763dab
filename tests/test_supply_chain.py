"""What is installed and what is published: locked whole, the same bytes from every build, nothing that runs by itself.

Known vulnerabilities, which need a network, and the licences of the tools are `make audit` (`test_audit.py`).
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS: Final = ("requirements-dev.lock", "requirements-tools.lock")
PEERS: Final = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "benchmarks/peers").glob("*.in"))
"""What each of the other libraries that are measured is asked for by; its lock stands beside it."""
HASH: Final = r"    --hash=sha256:[0-9a-f]{64}"
ONE_PIN: Final = re.compile(rf"[a-z0-9-]+==[0-9a-z.+]+( ; [^\\]+)? \\\n(?:{HASH} \\\n)*{HASH}\n")


def locked(name: str) -> dict[str, Requirement]:
    """What a lock pins, by normal names."""
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = [Requirement(line.removesuffix(" \\")) for line in text.splitlines() if not line.startswith(" ")]
    return {canonicalize_name(pin.name): pin for pin in pins}


@pytest.mark.parametrize("name", [*LOCKS, *(name.removesuffix("in") + "lock" for name in PEERS)])
def test_a_lock_holds_pins_with_hashes_and_nothing_else(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert ONE_PIN.sub("", text) == ""


def _asked(group: str) -> list[Requirement]:
    project = PROJECT["project"]
    published = [project["dependencies"], *project["optional-dependencies"].values()] if group == "dev" else []
    return [Requirement(each) for some in (*published, PROJECT["dependency-groups"][group]) for each in some]


def _needed(asked: list[Requirement]) -> Iterator[Requirement]:
    """What is asked for and, as far as it is installed, what that needs on this machine."""
    waiting, seen = list(asked), set[str]()
    while waiting:
        one = waiting.pop()
        if str(one) in seen or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        seen.add(str(one))
        yield one
        try:
            inner = [Requirement(each) for each in distribution(one.name).requires or []]
        except PackageNotFoundError:
            continue
        for each in inner:
            wanted = any(each.marker.evaluate({"extra": extra}) for extra in ("", *one.extras)) if each.marker else True
            if wanted:
                each.marker = None
                waiting.append(each)


@pytest.mark.parametrize(("group", "name"), [("dev", LOCKS[0]), ("tools", LOCKS[1])])
def test_a_lock_holds_all_that_is_needed(group: str, name: str) -> None:
    pins = locked(name)
    for one in _needed(_asked(group)):
        pin = pins[canonicalize_name(one.name)]
        version = next(iter(pin.specifier)).version
        assert one.specifier.contains(version, prereleases=True), f"{one} is locked as {pin}"


def test_what_runs_here_is_what_is_locked() -> None:
    for name, pin in locked("requirements-dev.lock").items():
        if pin.marker is None or pin.marker.evaluate():
            assert pin.specifier.contains(distribution(name).version, prereleases=True), pin


def _licences(name: str) -> set[str]:
    """What a distribution says of its licence: an expression, or classifiers, or some words."""
    told = distribution(name).metadata
    classifiers = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if "License :: " in line]
    return set(told.get_all("License-Expression") or classifiers or told.get_all("License") or ())


def test_every_licence_is_allowed() -> None:
    """By the list that `make audit` goes by."""
    allowed = {one.strip() for one in PROJECT["tool"]["pip-licenses"]["allow-only"].split(";")}
    for name, pin in locked("requirements-dev.lock").items():
        if pin.marker is None or pin.marker.evaluate():
            assert _licences(name), name
            assert _licences(name) <= allowed, name


class Built(NamedTuple):
    """What one build makes."""

    sdist: bytes
    wheel: bytes

    @property
    def files(self) -> dict[str, bytes]:
        """The wheel's."""
        with zipfile.ZipFile(io.BytesIO(self.wheel)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    @property
    def sources(self) -> list[str]:
        """The names in the sdist, without its top folder."""
        with tarfile.open(fileobj=io.BytesIO(self.sdist)) as archive:
            return [name.partition("/")[2] for name in archive.getnames()]


def _build(folder: Path, out: Path, **environment: str) -> Built:
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return Built(sdist.read_bytes(), wheel.read_bytes())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return _build(ROOT, tmp_path_factory.mktemp("built"))


def test_two_builds_make_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """The second from the unpacked sdist of the first: elsewhere, later, with another clock and hash seed."""
    with tarfile.open(fileobj=io.BytesIO(built.sdist)) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    for file in unpacked.rglob("*"):
        if file.is_file():
            os.utime(file, (1_000_000_000, 1_000_000_000))
            file.chmod(0o600)
    again = _build(unpacked, tmp_path / "out", TZ="Asia/Kathmandu", PYTHONHASHSEED="7", LC_ALL="C")
    assert again.wheel == built.wheel
    assert again.sdist == built.sdist


def test_the_wheel_holds_the_two_packages_and_nothing_else(built: Built) -> None:
    version = PROJECT["project"]["version"]
    info = f"polyvox-{version}.dist-info"
    ours = {
        str(path.relative_to(home))
        for home, package in ((ROOT / "runtime", "polyvox"), (ROOT / "generated", "polyvox_wire"))
        for path in (home / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    about = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE")}
    assert built.files.keys() == ours | about
    assert {"polyvox/py.typed", "polyvox_wire/py.typed"} <= ours
    assert {Path(name).suffix for name in ours} == {".py", ".typed", ""}


def test_the_wheel_asks_for_two_libraries(built: Built) -> None:
    (metadata,) = (text.decode() for name, text in built.files.items() if name.endswith("METADATA"))
    asked = [Requirement(each) for each in re.findall(r"^Requires-Dist: (.*)$", metadata, re.MULTILINE)]
    assert [one.name for one in asked if one.marker is None] == ["httpx2", "pydantic"]


def test_installing_runs_no_code_of_ours(built: Built) -> None:
    """A pure wheel: no scripts, no path files, no data files; and the sdist builds without hooks."""
    (wheel,) = (text.decode() for name, text in built.files.items() if name.endswith("/WHEEL"))
    assert "Root-Is-Purelib: true" in wheel
    assert not [name for name in built.files if name.endswith((".pth", "entry_points.txt")) or ".data/" in name]
    assert not {"setup.py", "setup.cfg", "hatch_build.py"} & set(built.sources)
    assert "hooks" not in str(PROJECT["tool"]["hatch"]), "a build hook is code that runs when a source is installed"
    assert PROJECT["build-system"]["requires"] == ["hatchling>=1.27"]


def test_the_sdist_holds_what_make_test_needs_and_nothing_else(built: Built) -> None:
    folders = ("runtime", "generated", "codegen", "specs", "tests", "benchmarks", "docs")
    inside = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    beside = {"Makefile", "pyproject.toml", *LOCKS, "README.md", "CHANGELOG.md", "LICENSE"}
    assert set(built.sources) == inside | beside | {"PKG-INFO", ".gitignore"}
