"""The names that editors complete: from descriptions, whatever stands around the words, and from specs/models.toml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen.failure import Failure
from codegen.known_models import known_models

SOURCE = """
title = "Acme"
format = "openapi"
[upstream]
address = "https://acme.test/openapi.json"
licence = "MIT"
date = "2026-01-01"
sha256 = "0"
bytes = 1
[cut]
sha256 = "0"
[operation]
path = "/chat"
method = "post"
request = "Ask"
response = "Answer"
"""
# What `model` may be; each lists "a" and "b".
MODELS: dict[str, dict[str, object]] = {
    "words": {"type": "string", "enum": ["a", "b"]},
    "words or any text": {"anyOf": [{"type": "string"}, {"enum": ["a", "b"]}]},
    "a reference": {"$ref": "#/components/schemas/Model"},
}


def _specs(folder: Path, model: dict[str, object], **more: object) -> Path:
    schemas = {
        "Ask": {"type": "object", "properties": {"model": model}, **more},
        "Answer": {"type": "object", "properties": {"model": {"enum": ["of the answer"]}}},
        "Model": {"enum": ["a", "b"]},
    }
    body = {name: {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}} for name in schemas}
    operation = {
        "requestBody": {"content": body["Ask"]},
        "responses": {"200": {"content": body["Answer"]}},
    }
    acme = folder / "acme"
    acme.mkdir()
    (acme / "source.toml").write_text(SOURCE, "utf-8")
    document = {"openapi": "3.1.0", "paths": {"/chat": {"post": operation}}, "components": {"schemas": schemas}}
    (acme / "openapi.json").write_text(json.dumps(document), "utf-8")
    return folder


def _names(specs: Path) -> list[str]:
    return [line.strip().strip('",') for line in known_models(specs).splitlines() if line.startswith("    ")]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_names_of_a_description(tmp_path: Path, model: dict[str, object]) -> None:
    assert _names(_specs(tmp_path, model)) == ["acme:a", "acme:b"]


def test_names_of_each_arm_of_a_request(tmp_path: Path) -> None:
    arm = {"type": "object", "properties": {"model": {"enum": ["c"]}}}
    assert _names(_specs(tmp_path, {"enum": ["a"]}, oneOf=[arm])) == ["acme:a", "acme:c"]


def test_names_of_recorded_traffic_stand_beside_them(tmp_path: Path) -> None:
    specs = _specs(tmp_path, {"type": "string"})
    (specs / "models.toml").write_text('zeta = ["z"]\nbeta = ["y", "x"]\n', "utf-8")
    assert _names(specs) == ["beta:x", "beta:y", "zeta:z"]


def test_a_broken_list_is_one_line(tmp_path: Path) -> None:
    specs = _specs(tmp_path, {"type": "string"})
    (specs / "models.toml").write_text("zeta = [", "utf-8")
    with pytest.raises(Failure, match=r"^specs/models\.toml: "):
        known_models(specs)
