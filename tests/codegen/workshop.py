"""A place to compile ten-line descriptions: a folder of specs, an output package, and the compiler's command line."""

import importlib
import re
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any, Final

import yaml
from pydantic import BaseModel, TypeAdapter

from codegen.__main__ import main

SOURCE: Final = """
title = "Acme"
page = "https://acme.example/chat"
{top}
[upstream]
address = "https://acme.example/openapi.json"
licence = "MIT"
date = ""
sha256 = ""
bytes = 0
[cut]
sha256 = ""
[operation]
path = "/chat"
request = "Request"
response = "Reply"
stream = "Event"
error = "Problem"
{rest}
"""
NOTHING: Final = """
Request: {type: object, properties: {model: {type: string}}, required: [model]}
Reply: {type: object, properties: {id: {type: string}}}
Event: {type: object, properties: {id: {type: string}}}
Problem: {type: object, properties: {id: {type: string}}}
"""
"""The least that a vendor describes."""


class Workshop:
    """One vendor, `acme`, in a folder of its own."""

    def __init__(self, folder: Path, package: str) -> None:
        self.specs = folder / "specs"
        self.vendor = self.specs / "acme"
        self.out = folder / package
        self.package = package
        self.vendor.mkdir(parents=True)
        self.configure()
        self.describe("")
        self.decide(mapped=["model"])

    def configure(self, top: str = "", rest: str = "") -> None:
        """Write source.toml, with more lines at its top and at its end."""
        text = SOURCE.format(top=dedent(top), rest=dedent(rest))
        (self.vendor / "source.toml").write_text(text, encoding="utf-8")

    def describe(self, schemas: str) -> None:
        """Vendor a description: these schemas, in YAML, over the least there is."""
        (self.vendor / "openapi.json").write_text(self.document(schemas), encoding="utf-8")

    def document(self, schemas: str) -> str:
        """An OpenAPI document with these schemas, in YAML, over the least there is; `$ref: X` is a component."""
        text = re.sub(r"\$ref: ([\w.-]+)", r'$ref: "#/components/schemas/\1"', dedent(schemas))
        components: dict[str, Any] = {**yaml.safe_load(NOTHING), **(yaml.safe_load(text) or {})}
        reply = {"application/json": _ref("Reply"), "text/event-stream": _ref("Event")}
        responses = {"200": {"content": reply}, "default": {"content": {"application/json": _ref("Problem")}}}
        operation = {"requestBody": {"content": {"application/json": _ref("Request")}}, "responses": responses}
        document: dict[str, Any] = {
            "openapi": "3.1.0",
            "info": {"title": "Acme", "version": "1"},
            "paths": {"/chat": {"post": operation}},
            "components": {"schemas": components},
        }
        return yaml.safe_dump(document, sort_keys=False)

    def overlay(self, actions: str) -> None:
        """Write overlay.yaml with these actions."""
        head = "overlay: 1.1.0\ninfo: {title: t, version: 1.0.0}\nactions:\n"
        (self.vendor / "overlay.yaml").write_text(head + dedent(actions), encoding="utf-8")

    def decide(self, mapped: list[str] | None = None, passthrough: list[str] | None = None, ignored: str = "") -> None:
        """Write decisions.toml."""
        text = f"mapped = {mapped or []}\npassthrough = {passthrough or []}\n[ignored]\n{ignored}\n"
        (self.vendor / "decisions.toml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> int:
        """Run the compiler; its exit status."""
        if "refresh" in arguments:
            return main([*arguments, "--specs", str(self.specs)])
        return main([*arguments, "--specs", str(self.specs), "--out", str(self.out)])

    def generate(self, schemas: str = "") -> None:
        """Describe and compile; it must succeed."""
        if schemas:
            self.describe(schemas)
        assert self.run("generate") == 0

    def text(self, path: str) -> str:
        """A generated file of the vendor's."""
        return (self.out / "acme" / path).read_text(encoding="utf-8")

    def module(self, name: str) -> ModuleType:
        """A generated module, imported anew."""
        for loaded in [each for each in sys.modules if each.split(".")[0] == self.package]:
            del sys.modules[loaded]
        importlib.invalidate_caches()
        return importlib.import_module(f"{self.package}.acme.{name}")

    def reply(self, schemas: str) -> "Reader":
        """Compile, and give what reads replies."""
        self.generate(schemas)
        return Reader(self.module("responses"))


class Reader:
    """The generated reply types at work."""

    def __init__(self, responses: ModuleType) -> None:
        self.types = responses

    def read(self, value: object, as_type: str = "Reply") -> Any:
        """`value` as the generated type reads it."""
        adapter: TypeAdapter[BaseModel] = TypeAdapter(getattr(self.types, as_type))
        return adapter.validate_python(value)


def _ref(name: str) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{name}"}}
