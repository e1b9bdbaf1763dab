"""What the tests of the compiler share."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.codegen.workshop import Workshop

_NUMBERS: Final = itertools.count()


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """An empty place to compile in; what it generates can be imported."""
    package = f"wire_{next(_NUMBERS)}"
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield Workshop(tmp_path, package)
    for name in [each for each in sys.modules if each.split(".")[0] == package]:
        del sys.modules[name]
