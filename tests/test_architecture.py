"""The architecture, held by tests: who imports whom, what loads when, sync and async alike, public names and words."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

import polyvox
from polyvox.dialects.openai_forms import CLOSED
from polyvox.parameters import VENDOR_OPTIONS
from tests.runtime.socket_server import serving

ROOT: Final = Path(__file__).parents[1]
RUNTIME: Final = ROOT / "runtime/polyvox"
WIRE: Final = ROOT / "generated/polyvox_wire"
CODEGEN: Final = ROOT / "codegen"
# With a description that is compiled to both sides of a mapping; `chat` is what all results are made of.
VENDORS: Final = sorted(path.parent.name for path in WIRE.glob("*/stubs.py"))
# Of these only options and their values are compiled: no mapping of their own.
GATEWAYS: Final = sorted({path.parent.name for path in WIRE.glob("*/options.py")} - set(VENDORS))
# Mappings without types of their own, and the others whose dialect they speak elsewhere.
BUILT_ON: Final = {
    "azure": {"openai", "anthropic", "completions"},
    "gdc": {"openai"},
    "gigachat": {"openai"},
    "predibase": {"openai"},
    "sagemaker": {"openai"},
    "vertex": {"gemini", "anthropic", "openai"},
    "watsonx": {"openai"},
}
# Their streams have the order of OpenAI's; the reader that keeps it has no types in it.
LENT: Final = {
    "completions": {"polyvox.dialects.openai_stream"},
    "mistral": {"polyvox.dialects.openai_stream"},
}


@cache
def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def _ids(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def _package(file: Path) -> list[str]:
    """The package that a file's relative imports start from."""
    home = next(base for base in (ROOT / "runtime", ROOT / "generated", ROOT) if file.is_relative_to(base))
    return list(file.relative_to(home).parent.parts)


@cache
def _imported(file: Path, *, checking: bool = False) -> frozenset[str]:
    """Every module that a file imports at run time, at any place in it; with `checking` also what only type checkers
    see."""
    found: set[str] = set()
    for node in _nodes(_parsed(file), checking=checking):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = _package(file)[: len(_package(file)) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found.update({module, *(f"{module}.{alias.name}" for alias in node.names)})
    return frozenset(found)


def _nodes(node: ast.AST, *, checking: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not checking and isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from child.orelse
            continue
        yield child
        yield from _nodes(child, checking=checking)


def _touches(modules: Collection[str], *packages: str) -> set[str]:
    return {name for name in modules for package in packages if name == package or name.startswith(f"{package}.")}


def test_the_reader_of_imports_sees_what_there_is() -> None:
    assert "polyvox_wire.anthropic.responses" in _imported(RUNTIME / "dialects/anthropic.py")
    assert "polyvox_wire.anthropic.requests" in _imported(RUNTIME / "dialects/anthropic_request.py", checking=True)
    assert "polyvox_wire.anthropic.requests" not in _imported(RUNTIME / "dialects/anthropic_request.py")
    assert "polyvox.dialects.dicts" in _imported(RUNTIME / "dialects/anthropic_request.py")
    assert "polyvox.streams" in _imported(RUNTIME / "dialects/openai_stream.py")
    assert "httpx2" in _imported(RUNTIME / "client.py", checking=True)
    assert "httpx2" not in _imported(RUNTIME / "client.py")


@pytest.mark.parametrize("file", _files(WIRE), ids=_ids(_files(WIRE)))
def test_generated_code_imports_nothing_of_ours(file: Path) -> None:
    assert not _touches(_imported(file, checking=True), "polyvox", "codegen", "tests")


@pytest.mark.parametrize("file", _files(CODEGEN), ids=_ids(_files(CODEGEN)))
def test_the_compiler_imports_neither(file: Path) -> None:
    assert not _touches(_imported(file, checking=True), "polyvox", "polyvox_wire", "tests")


@pytest.mark.parametrize("file", _files(RUNTIME), ids=_ids(_files(RUNTIME)))
def test_the_runtime_imports_neither_compiler_nor_tests(file: Path) -> None:
    assert not _touches(_imported(file, checking=True), "codegen", "tests")


@pytest.mark.parametrize("file", _files(RUNTIME), ids=_ids(_files(RUNTIME)))
def test_only_the_drivers_touch_the_http_library(file: Path) -> None:
    found = _touches(_imported(file), "httpx2", "httpx", "asyncio", "socket", "ssl", "urllib.request", "http.client")
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


def _vendor(file: Path) -> str:
    """Whose mapping a file is part of; nothing for files that are for all."""
    name = file.stem.split("_")[0]
    return name if file.parent.name == "dialects" and name in {*VENDORS, *BUILT_ON} else ""


def test_every_vendor_has_a_mapping() -> None:
    assert {_vendor(file) for file in _files(RUNTIME)} == {"", *VENDORS, *BUILT_ON}
    assert {"openai", "anthropic", "gemini", "bedrock", "mistral", "cohere", "ollama"} <= {*VENDORS}
    assert {"groq", "xai"} <= {*GATEWAYS}


def test_every_vendors_own_fields_are_a_keyword() -> None:
    """`completion(..., groq={...})`: an import and a key of `CallParameters`."""
    assert {*VENDORS, *GATEWAYS} == VENDOR_OPTIONS


def test_what_a_gateway_does_not_describe_is_refused_or_known_to_be_more() -> None:
    """A new description is one or the other; of those three, theirs say less than they take."""
    assert {*GATEWAYS} == {*CLOSED, "deepseek", "huggingface", "vllm"}


@pytest.mark.parametrize("file", _files(RUNTIME), ids=_ids(_files(RUNTIME)))
def test_a_vendors_types_are_imported_by_its_mapping_only(file: Path) -> None:
    others = [f"polyvox_wire.{vendor}" for vendor in (*VENDORS, *GATEWAYS) if vendor != _vendor(file)]
    assert not _touches(_imported(file), *others)


@pytest.mark.parametrize("file", _files(RUNTIME), ids=_ids(_files(RUNTIME)))
def test_a_vendors_mapping_is_imported_by_itself_the_dispatch_and_who_speaks_its_dialect(file: Path) -> None:
    own = _vendor(file)
    for vendor in {*VENDORS, *BUILT_ON} - {own} - BUILT_ON.get(own, set()):
        homes = [f"polyvox.dialects.{path.stem}" for path in _files(RUNTIME) if _vendor(path) == vendor]
        dispatch = file == RUNTIME / "dialects/__init__.py"
        # A mock answers in OpenAI's dialect, whoever the vendor is.
        if not dispatch and not (vendor == "openai" and file.name == "calling.py"):
            assert not _touches(_imported(file), *set(homes) - LENT.get(own, set()))


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
    imported = _imported(RUNTIME / name)
    assert not _touches(imported, "polyvox.drivers", "polyvox.client", "polyvox.dialects", "polyvox.completions")


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
    assert not _touches(_loaded_by(statement), *HEAVY)


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
    files = [file.stem for file in _files(RUNTIME) if _vendor(file) == vendor]
    loaded = _loaded_by("import " + ", ".join(f"polyvox.dialects.{name}" for name in files))
    own = {f"polyvox_wire.{name}" for name in BUILT_ON.get(vendor, {vendor})}
    assert {name for name in own if name in loaded} == own
    assert not _touches(loaded, *{f"polyvox_wire.{name}" for name in (*VENDORS, *GATEWAYS)} - own)


def test_listing_the_providers_loads_no_vendors_types() -> None:
    loaded = _loaded_by("import polyvox; assert len(polyvox.providers()) > 120")
    assert _touches(loaded, *HEAVY) == {"polyvox_wire", "polyvox_wire.gateways"}


def test_asking_what_one_provider_can_do_loads_its_types_only() -> None:
    loaded = _loaded_by("""
import polyvox
(groq,) = [one for one in polyvox.providers() if one.name == "groq"]
assert groq.parameters["seed"] == polyvox.Native()
""")
    others = {*VENDORS, *GATEWAYS} - {"groq", "openai"}
    assert not _touches(loaded, "httpx2", *[f"polyvox_wire.{name}" for name in others])


def test_names_that_complete_cost_nothing_at_run_time() -> None:
    """3,000 model names are for type checkers: no import, no call and no listing loads them."""
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
    assert not _touches(loaded, *others)


MAY_LOAD: Final = {
    "polyvox": """
        addressing answering async_client call calling candidates checking choosing client client_settings completions
        defaults dialects drivers errors exchange forms functions guessing headers honest kinds limits
        mocking natives parameters prompts reading remembering requesting results schemas secrecy settling shapes
        streams structured support tools transport watching
    """,
    "polyvox.transport": """
        carrying connecting handshakes interception pooling read_ahead replies shelving talking targets
        troubles trusting unpacking
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
    assert not _touches(loaded, "httpx2", "asyncio", "concurrent", "subprocess", "polyvox.transport.carrying")


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
    assert _touches(loaded, *[f"polyvox_wire.{name}" for name in GATEWAYS]) == {
        "polyvox_wire.groq",
        "polyvox_wire.groq.options",
    }
    assert not _touches(loaded, *[f"polyvox_wire.{name}" for name in VENDORS if name != "openai"])


Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(scope: ast.Module | ast.ClassDef, name: str) -> list[Function]:
    """All functions of a name, overloads included, in order."""
    return [node for node in scope.body if isinstance(node, Function) and node.name == name]


def _class(file: str, name: str) -> ast.ClassDef:
    (found,) = [node for node in _parsed(RUNTIME / file).body if isinstance(node, ast.ClassDef) and node.name == name]
    return found


# What the asynchronous half calls otherwise.
_ASYNC_WORDS: Final = {
    "AsyncStream": "Stream",
    "AsyncParsedStream": "ParsedStream",
    "AsyncClient": "Client",
    "AsyncHTTPClient": "HTTPClient",
    "AsyncBaseTransport": "BaseTransport",
    "AsyncHTTP": "HTTP",
    "AsyncReply": "Reply",
    "AsyncIterator": "Iterator",
    "AsyncGenerator": "Generator",
    "AsyncByteStream": "SyncByteStream",
    "AsyncOwnHTTP": "OwnHTTP",
}


def _signature(function: Function) -> str:
    """Parameters, types and decorators, without what must differ between sync and async."""
    decorators = [ast.unparse(one) for one in function.decorator_list]
    text = f"{decorators} {ast.unparse(function.args)} -> {ast.unparse(function.returns) if function.returns else ''}"
    for word, plain in _ASYNC_WORDS.items():
        text = text.replace(word, plain)
    return text


def test_completion_and_acompletion_have_the_same_overloads() -> None:
    module = _parsed(RUNTIME / "completions.py")
    plain, later = _functions(module, "completion"), _functions(module, "acompletion")
    assert len(plain) == 7
    assert [_signature(one) for one in plain] == [_signature(one) for one in later]
    assert all(isinstance(one, ast.AsyncFunctionDef) for one in later)


def test_functions_and_methods_have_the_same_overloads() -> None:
    module = _parsed(RUNTIME / "completions.py")
    method = _functions(_class("client.py", "Client"), "completion")
    assert [_signature(one).replace("self, ", "") for one in method] == [
        _signature(one) for one in _functions(module, "completion")
    ]


PAIRS: Final = [
    (("client.py", "Client"), ("async_client.py", "AsyncClient")),
    (("answer_streams.py", "Stream"), ("answer_streams.py", "AsyncStream")),
    (("parsed_streams.py", "ParsedStream"), ("parsed_streams.py", "AsyncParsedStream")),
]
_ASYNC_NAMES: Final = {
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
}


@pytest.mark.parametrize(("plain", "later"), PAIRS, ids=lambda pair: pair[1])
def test_classes_have_the_same_public_methods(plain: tuple[str, str], later: tuple[str, str]) -> None:
    def methods(file: str, name: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for node in _class(file, name).body:
            if isinstance(node, Function):
                public = _ASYNC_NAMES.get(node.name, node.name)
                if not public.startswith("_") or public.startswith("__"):
                    found.setdefault(public, []).append(_signature(node))
        return found

    assert methods(*plain) == methods(*later)


def test_run_and_arun_take_the_same() -> None:
    module = _parsed(RUNTIME / "drivers.py")
    (plain,), (later,) = _functions(module, "run"), _functions(module, "arun")
    assert _signature(plain) == _signature(later)


def _listed() -> set[str]:
    """The names that type checkers are shown in polyvox/__init__.py."""
    (block,) = [
        node
        for node in _parsed(RUNTIME / "__init__.py").body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert all(alias.asname == alias.name for node in imports for alias in node.names), "say it is re-exported: as"
    return {alias.name for node in imports for alias in node.names}


def _origin(name: str) -> str:
    (found,) = [
        f"polyvox.{node.module}"
        for node in ast.walk(_parsed(RUNTIME / "__init__.py"))
        if isinstance(node, ast.ImportFrom) and node.level == 1 and name in {alias.name for alias in node.names}
    ]
    return found


def test_what_type_checkers_see_is_what_there_is() -> None:
    assert set(polyvox.__all__) == _listed()
    assert set(dir(polyvox)) >= _listed() | {"__version__"}
    assert len(polyvox.__all__) == len(set(polyvox.__all__))


@pytest.mark.parametrize("name", sorted(_listed()))
def test_every_public_name_is_the_one_that_type_checkers_see(name: str) -> None:
    assert getattr(polyvox, name) is getattr(sys.modules[_origin(name)], name)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'polyvox' has no attribute 'brand_new'"):
        getattr(polyvox, "brand_new")  # noqa: B009  (type checkers know better)
    with pytest.raises(AttributeError) as caught:
        getattr(polyvox, "compltion")  # noqa: B009  (type checkers know better)
    assert (caught.value.name, caught.value.obj) == ("compltion", polyvox), "from which Python guesses what was meant"


def test_a_star_brings_the_public_names() -> None:
    loaded: dict[str, object] = {}
    exec("from polyvox import *", loaded)
    assert _listed() <= set(loaded)


def _public(scope: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Public classes and functions, and the public methods of public classes."""
    for node in scope.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from _public(node, f"{node.name}.")


def _decorated(node: ast.ClassDef | Function, name: str) -> bool:
    return any(ast.unparse(one).split(".")[-1] == name for one in node.decorator_list)


def _is_protocol(file: Path, name: str) -> bool:
    found = [node for node in _parsed(file).body if isinstance(node, ast.ClassDef) and node.name == name.split(".")[0]]
    return any("Protocol" in [ast.unparse(base) for base in node.bases] for node in found)


@pytest.mark.parametrize("file", _files(RUNTIME), ids=_ids(_files(RUNTIME)))
def test_everything_public_says_what_it_is(file: Path) -> None:
    assert ast.get_docstring(_parsed(file)), "a module says what it is for"
    for name, node in _public(_parsed(file)):
        said_above = _decorated(node, "overload") or _decorated(node, "override")
        method_of_protocol = "." in name and _is_protocol(file, name)
        implementation = "." in name and file.parent.name == "dialects"  # the base class says it
        if not (said_above or method_of_protocol or implementation):
            assert ast.get_docstring(node), f"{name} has no docstring"


@pytest.mark.parametrize("file", _files(RUNTIME), ids=_ids(_files(RUNTIME)))
def test_no_any_in_a_public_signature(file: Path) -> None:
    for name, node in _public(_parsed(file)):
        if isinstance(node, Function):
            assert "Any" not in ast.unparse(node.args).replace("AnyStr", ""), name
            assert "Any" not in (ast.unparse(node.returns) if node.returns else ""), name
        else:
            fields = [ast.unparse(one.annotation) for one in node.body if isinstance(one, ast.AnnAssign)]
            assert not any("Any" in field for field in fields), name


@pytest.mark.parametrize("file", _files(WIRE), ids=_ids(_files(WIRE)))
def test_no_any_in_generated_code(file: Path) -> None:
    names = {node.id for node in ast.walk(_parsed(file)) if isinstance(node, ast.Name)}
    assert "Any" not in names


def test_the_package_says_that_it_is_typed() -> None:
    for package in (RUNTIME, WIRE):
        assert (package / "py.typed").is_file()
