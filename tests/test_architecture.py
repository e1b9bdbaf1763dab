"""The architecture, held by tests: who imports whom."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from polyvox.dialects.openai_forms import CLOSED
from polyvox.parameters import VENDOR_OPTIONS
from tests.source import BUILT_ON, CODEGEN, GATEWAYS, RUNTIME, VENDORS, WIRE, files, ids, imported, touches, vendor_of

# Their streams have the order of OpenAI's; the reader that keeps it has no types in it.
LENT: Final = {
    "completions": {"polyvox.dialects.openai_stream"},
    "mistral": {"polyvox.dialects.openai_stream"},
}


def test_the_reader_of_imports_sees_what_there_is() -> None:
    assert "polyvox_wire.anthropic.responses" in imported(RUNTIME / "dialects/anthropic.py")
    assert "polyvox_wire.anthropic.requests" in imported(RUNTIME / "dialects/anthropic_request.py", checking=True)
    assert "polyvox_wire.anthropic.requests" not in imported(RUNTIME / "dialects/anthropic_request.py")
    assert "polyvox.dialects.dicts" in imported(RUNTIME / "dialects/anthropic_request.py")
    assert "polyvox.streams" in imported(RUNTIME / "dialects/openai_stream.py")
    assert "httpx2" in imported(RUNTIME / "client.py", checking=True)
    assert "httpx2" not in imported(RUNTIME / "client.py")


@pytest.mark.parametrize("file", files(WIRE), ids=ids(files(WIRE)))
def test_generated_code_imports_nothing_of_ours(file: Path) -> None:
    assert not touches(imported(file, checking=True), "polyvox", "codegen", "tests")


@pytest.mark.parametrize("file", files(CODEGEN), ids=ids(files(CODEGEN)))
def test_the_compiler_imports_neither(file: Path) -> None:
    assert not touches(imported(file, checking=True), "polyvox", "polyvox_wire", "tests")


@pytest.mark.parametrize("file", files(RUNTIME), ids=ids(files(RUNTIME)))
def test_the_runtime_imports_neither_compiler_nor_tests(file: Path) -> None:
    assert not touches(imported(file, checking=True), "codegen", "tests")


@pytest.mark.parametrize("file", files(RUNTIME), ids=ids(files(RUNTIME)))
def test_only_the_drivers_touch_the_http_library(file: Path) -> None:
    found = touches(imported(file), "httpx2", "httpx", "asyncio", "socket", "ssl", "urllib.request", "http.client")
    # The client asks which loop's pool to use; `arun_tools` runs what the caller brings; a race waits for tasks of the
    # driver, and shuts down sockets that the driver opened; who explains a failure asks which hosts go without a proxy.
    # None of it is I/O of its own.
    allowed = {
        "async_client.py": {"asyncio", "asyncio.get_running_loop"},
        "running.py": {"asyncio"},
        "racing.py": {"asyncio", "socket"},
        "unreachable.py": {"urllib.request", "urllib.request.proxy_bypass"},
    }
    doing_io = file.parent.name == "transport" or file.name in ("drivers.py", "aiohttp_transport.py")
    assert doing_io or found <= allowed.get(file.name, set())


def test_every_vendor_has_a_mapping() -> None:
    assert {vendor_of(file) for file in files(RUNTIME)} == {"", *VENDORS, *BUILT_ON}
    assert {"openai", "anthropic", "gemini", "bedrock", "mistral", "cohere", "ollama"} <= {*VENDORS}
    assert {"groq", "xai"} <= {*GATEWAYS}


def test_every_vendors_own_fields_are_a_keyword() -> None:
    """`completion(..., groq={...})`: an import and a key of `CallParameters`."""
    assert {*VENDORS, *GATEWAYS} == VENDOR_OPTIONS


def test_what_a_gateway_does_not_describe_is_refused_or_known_to_be_more() -> None:
    """A new description is one or the other; of those three, theirs say less than they take."""
    assert {*GATEWAYS} == {*CLOSED, "deepseek", "huggingface", "vllm"}


@pytest.mark.parametrize("file", files(RUNTIME), ids=ids(files(RUNTIME)))
def test_a_vendors_types_are_imported_by_its_mapping_only(file: Path) -> None:
    others = [f"polyvox_wire.{vendor}" for vendor in (*VENDORS, *GATEWAYS) if vendor != vendor_of(file)]
    assert not touches(imported(file), *others)


@pytest.mark.parametrize("file", files(RUNTIME), ids=ids(files(RUNTIME)))
def test_a_vendors_mapping_is_imported_by_itself_the_dispatch_and_who_speaks_its_dialect(file: Path) -> None:
    own = vendor_of(file)
    for vendor in {*VENDORS, *BUILT_ON} - {own} - BUILT_ON.get(own, set()):
        homes = [f"polyvox.dialects.{path.stem}" for path in files(RUNTIME) if vendor_of(path) == vendor]
        dispatch = file == RUNTIME / "dialects/__init__.py"
        # A mock answers in OpenAI's dialect, whoever the vendor is.
        if not dispatch and not (vendor == "openai" and file.name == "calling.py"):
            assert not touches(imported(file), *set(homes) - LENT.get(own, set()))


PURE: Final = (
    "exchange.py",
    "streams.py",
    "failures.py",
    "assembling.py",
    "checking.py",
    "messages.py",
    "structured.py",
    "support.py",
)


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_no_driver_no_client_and_no_vendor(name: str) -> None:
    others = ("polyvox.drivers", "polyvox.client", "polyvox.dialects", "polyvox.completions")
    assert not touches(imported(RUNTIME / name), *others)
