"""What every call of the replay is made with."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claude on Vertex AI has a project in its address."""
    monkeypatch.setenv("VERTEXAI_PROJECT", "PROJECT")
