"""benchmarks/results.json: what the verbs measured last, which `make docs` writes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

RESULTS: Final = Path(__file__).parent / "results.json"


def load() -> dict[str, object]:
    """Everything, by part."""
    return cast("dict[str, object]", json.loads(RESULTS.read_text("utf-8"))) if RESULTS.exists() else {}


def save(**parts: object) -> None:
    """Put parts in the place of their last ones."""
    RESULTS.write_text(json.dumps(load() | parts, indent=1) + "\n", "utf-8")


def facts() -> dict[str, float]:
    """Single figures, by name."""
    return cast("dict[str, float]", load().get("facts", {}))


def save_facts(found: Mapping[str, float]) -> None:
    """The same for single figures."""
    save(facts=facts() | {name: round(value, 2) for name, value in found.items()})
