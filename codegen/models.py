"""Stage `models`: the only module that knows datamodel-code-generator. Normal form in, Python text out."""

import contextlib
import io
import json
import signal
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from datamodel_code_generator.__main__ import main

from codegen.failure import Failure
from codegen.normalise import Normal
from codegen.schemas import KEYED, Schemas, without

signal.signal(signal.SIGINT, signal.default_int_handler)
"""The library's import made an interruption end the process as if all were done."""

SUPPORT: Final = "polyvox_wire.support"
"""Where the base classes seem to be while the models are made."""

ALWAYS: Final = (
    *("--input-file-type", "openapi", "--target-python-version", "3.11", "--formatters", "builtin"),
    *("--use-standard-collections", "--use-union-operator", "--use-double-quotes", "--use-type-alias"),
    *("--strict-refs", "--strict-nullable", "--naming-strategy", "full-path", "--enum-field-as-literal", "all"),
    *("--keep-model-order", "--disable-timestamp"),
)
REQUESTS: Final = (
    *("--output-model-type", "typing.TypedDict", "--no-use-closed-typed-dict"),
    *("--import-overrides", json.dumps({"TypedDict": "typing_extensions", "NotRequired": "typing_extensions"})),
)
REPLIES: Final = (
    *("--output-model-type", "pydantic_v2.BaseModel", "--target-pydantic-version", "2.11"),
    *("--use-annotated", "--use-one-literal-as-default"),
)


def emit(normal: Normal) -> str:
    """Python source with a class or alias for each component of `normal`."""
    base = "Record" if normal.side == "unified" else "Wire"
    flags = REQUESTS if normal.side == "requests" else (*REPLIES, "--base-class", f"{SUPPORT}.{base}")
    return _emitted(json.dumps(_document(normal.schemas)), flags)


@lru_cache(maxsize=256)
def _emitted(document: str, flags: tuple[str, ...]) -> str:
    """Remembered, for `diff`: of two descriptions, half is often the same; some megabytes at most."""
    with TemporaryDirectory() as folder:
        description, output = Path(folder, "openapi.json"), Path(folder, "models.py")
        description.write_text(document, encoding="utf-8")
        _run("--input", str(description), "--output", str(output), *ALWAYS, *flags)
        return output.read_text(encoding="utf-8")


def _document(schemas: Schemas) -> dict[str, object]:
    info = {"title": "normal form", "version": "1"}
    bare = {name: without(schema, "discriminator", KEYED) for name, schema in schemas.items()}
    return {"openapi": "3.1.0", "info": info, "paths": {}, "components": {"schemas": bare}}


def _run(*arguments: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        status = main(list(arguments))
    if status != 0:
        lines = said.getvalue().strip().splitlines() or ["it gave no reason"]
        raise Failure(f"datamodel-code-generator: {lines[-1]}")
