"""What loads when: importing is light, and a call loads what it needs."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from tests.runtime.socket_server import serving
from tests.source import BUILT_ON, GATEWAYS, RUNTIME, VENDORS, WIRE, files, touches, vendor_of

HEAVY: Final = ("httpx2", "pydantic", "pydantic_core", "asyncio", "ssl", "logging", "polyvox_wire", "socket")


def _loaded_by(statement: str) -> set[str]:
    """The modules that a new interpreter has after a statement; it must have said nothing."""
    program = f"{statement}\nimport sys\nsys.stderr.write('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return set(done.stderr.split("\n"))


@pytest.mark.parametrize(
    "statement",
    [
        "import polyvox",
        "from polyvox import completion",
        "from polyvox import acompletion, Client, AsyncClient",
        "from polyvox import RateLimitError, Parameters, Messages, LLMProvider",
        "import polyvox; polyvox.Client(api_key='k', api_base='https://h.test'); dir(polyvox)",
    ],
)
def test_importing_is_light_and_silent(statement: str) -> None:
    assert not touches(_loaded_by(statement), *HEAVY)


def test_the_command_line_says_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", "import polyvox; from polyvox import completion"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("vendor", [*VENDORS, *BUILT_ON])
def test_one_vendors_mapping_loads_no_other_vendors_types(vendor: str) -> None:
    mapping = [f"polyvox.dialects.{file.stem}" for file in files(RUNTIME) if vendor_of(file) == vendor]
    loaded = _loaded_by("import " + ", ".join(mapping))
    own = {f"polyvox_wire.{name}" for name in BUILT_ON.get(vendor, {vendor})}
    assert {name for name in own if name in loaded} == own
    assert not touches(loaded, *{f"polyvox_wire.{name}" for name in (*VENDORS, *GATEWAYS)} - own)


def test_listing_the_providers_loads_no_vendors_types() -> None:
    loaded = _loaded_by("import polyvox; assert len(polyvox.providers()) > 120")
    assert touches(loaded, *HEAVY) == {"polyvox_wire", "polyvox_wire.gateways"}


def test_asking_what_one_provider_can_do_loads_its_types_only() -> None:
    loaded = _loaded_by("""
import polyvox
(groq,) = [one for one in polyvox.providers() if one.name == "groq"]
assert groq.parameters["seed"] == polyvox.Native()
""")
    others = {*VENDORS, *GATEWAYS} - {"groq", "openai"}
    assert not touches(loaded, "httpx2", *[f"polyvox_wire.{name}" for name in others])


def test_names_that_complete_cost_nothing_at_run_time() -> None:
    """Model names, hundreds of them, are for type checkers: no import, no call and no listing loads them."""
    loaded = _loaded_by("""
import httpx2, polyvox
from polyvox import *
reply = {"id": "m", "choices": [{"message": {"role": "assistant", "content": "Hi"}}]}
client = polyvox.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=reply)))
client.completion("gpt-5", [{"role": "user", "content": "Hi"}], api_key="k")
client.completion("groq:m", [{"role": "user", "content": "Hi"}], api_key="k", fallbacks=["xai:m"])
[one.parameters for one in polyvox.providers()]
""")
    names = {f"polyvox_wire.{path.stem}" for path in WIRE.glob("models*.py*")}
    assert "polyvox_wire.models" in names
    assert not names & loaded


def test_a_call_loads_its_own_vendors_types_only() -> None:
    loaded = _loaded_by("""
import httpx2, polyvox
reply = {"id": "m", "type": "message", "content": [], "usage": {}}
client = polyvox.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=reply)))
client.completion("anthropic:m", [{"role": "user", "content": "Hi"}], api_key="k")
""")
    others = [f"polyvox_wire.{name}" for name in (*VENDORS, *GATEWAYS, "gateways") if name != "anthropic"]
    assert not touches(loaded, *others)


MAY_LOAD: Final = {
    "polyvox": """
        addressing answering async_client call calling candidates checking choosing client client_settings completions
        defaults dialects drivers errors exchange forking forms functions guessing headers honest keywords kinds limits
        mocking natives parameters prompts reading remembering requesting results schemas secrecy settling shapes
        streams structured support tools transport watching
    """,
    "polyvox.transport": """
        addresses carrying connecting connections handshakes interception pooling read_ahead replies shelving talking
        targets troubles trusting unpacking
    """,
    "polyvox.dialects": """
        anthropic anthropic_media anthropic_messages anthropic_request anthropic_tools blocks claude dialect dicts media
        openai openai_forms openai_media openai_messages openai_stream parts
    """,
    "polyvox_wire": "anthropic chat openai support",
    "polyvox_wire.openai": "options stubs",
    "polyvox_wire.anthropic": "options responses stubs",
    "polyvox_wire.chat": "responses",
}
"""What a first plain call has time for, by package. What only streams, tools made of callables, structured answers,
errors, hooks, races or groups need is loaded by the first call that has them."""


@pytest.mark.parametrize(
    ("model", "reply"),
    [
        ("openai:m", {"id": "m", "choices": [{"message": {"role": "assistant", "content": "Hi"}}]}),
        ("anthropic:m", {"id": "m", "type": "message", "content": [{"type": "text", "text": "Hi"}]}),
    ],
)
def test_a_first_plain_call_loads_what_it_needs(model: str, reply: dict[str, object]) -> None:
    loaded = _loaded_by(f"""
import httpx2, polyvox
client = polyvox.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json={reply})))
answer = client.completion("{model}", [{{"role": "user", "content": "Hi"}}], api_key="k")
assert answer.choices[0].message.content == "Hi"
""")
    for package, names in MAY_LOAD.items():
        found = {name.removeprefix(f"{package}.") for name in loaded if name.startswith(f"{package}.")}
        assert {name for name in found if "." not in name} <= set(names.split()), package


def test_a_first_plain_call_needs_neither_httpx2_nor_asyncio() -> None:
    with serving() as vendor:
        loaded = _loaded_by(f"""
from polyvox import completion
said = completion("openai:m", [{{"role": "user", "content": "Hi"}}], api_base="{vendor.url}", api_key="k")
assert said.choices[0].message.content
""")
    assert "httpcore2" in loaded
    assert not touches(loaded, "httpx2", "asyncio", "concurrent", "subprocess", "polyvox.transport.carrying")


CLOUDS: Final = {
    "azure:m": {"openai"},
    "azure_ai:m": {"openai"},
    "azure_ai:claude-m": {"anthropic"},
    "vertexai:m": {"gemini"},
    "vertexai:claude-m": {"anthropic"},
    "vertexai:meta/m": {"openai"},
}


@pytest.mark.parametrize(("model", "own"), CLOUDS.items(), ids=CLOUDS)
def test_a_call_to_a_cloud_loads_the_types_of_the_dialect_spoken_there(model: str, own: set[str]) -> None:
    loaded = _loaded_by(f"""
import httpx2, polyvox
reply = httpx2.Response(401, content=b"{{}}")
client = polyvox.Client(transport=httpx2.MockTransport(lambda _: reply), api_base="https://h.test")
try:
    client.completion("{model}", [{{"role": "user", "content": "Hi"}}], {"vertex_project='p'" * ("vertex" in model)})
except polyvox.AuthenticationError:
    pass
""")
    assert {name for name in VENDORS if f"polyvox_wire.{name}" in loaded} == own


def test_a_gateways_call_loads_its_options_and_openais_types() -> None:
    loaded = _loaded_by("""
import httpx2, polyvox
reply = {"id": "m", "choices": [{"message": {"role": "assistant", "content": "Hi"}}]}
client = polyvox.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=reply)))
client.completion("groq:m", [{"role": "user", "content": "Hi"}], api_key="k")
""")
    assert touches(loaded, *[f"polyvox_wire.{name}" for name in GATEWAYS]) == {
        "polyvox_wire.groq",
        "polyvox_wire.groq.options",
    }
    assert not touches(loaded, *[f"polyvox_wire.{name}" for name in VENDORS if name != "openai"])
