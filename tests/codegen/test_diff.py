"""`diff`: what changed, in the field's words; what it means; and that it names the functions that mypy then names."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from codegen import overlay, sources
from codegen.diffing import between
from codegen.reporting import Report
from codegen.schemas import Schema
from tests.codegen.test_one_step_changes import CHANGES, Change

CHECKOUT: Final = Path(__file__).parents[2]
ANTHROPIC: Final = sources.load(CHECKOUT / "specs" / "anthropic")


def committed() -> Schema:
    document: Schema = json.loads((ANTHROPIC.folder / "openapi.json").read_text(encoding="utf-8"))
    return document


def changed(change: Change, folder: Path) -> Report:
    """The report on one of the eighteen changes to the real description."""
    file = folder / "change.yaml"
    step = {"overlay": "1.1.0", "info": {"title": "", "version": ""}, "actions": change.actions}
    file.write_text(json.dumps(step), encoding="utf-8")
    new = json.loads(json.dumps(overlay.apply(committed(), file)).replace(*change.renamed))
    return between(ANTHROPIC, ("old", committed()), ("new", new))


@pytest.mark.parametrize("change", CHANGES, ids=[change.what for change in CHANGES])
def test_the_functions_that_mypy_will_name_are_named(change: Change, tmp_path: Path) -> None:
    report = changed(change, tmp_path)
    places = {str(place) for line in report.lines for place in line.consequence.at}
    assert places == {f"runtime/polyvox/{point}" for point in change.points}, report.text()
