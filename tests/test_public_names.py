"""What is public: the same for sync and async, the same for type checkers as at run time, typed, and explained."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import polyvox
from tests.source import RUNTIME, WIRE, files, ids, parsed

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(scope: ast.Module | ast.ClassDef, name: str) -> list[Function]:
    """All functions of a name, overloads included, in order."""
    return [node for node in scope.body if isinstance(node, Function) and node.name == name]


def _class(file: str, name: str) -> ast.ClassDef:
    (found,) = [node for node in parsed(RUNTIME / file).body if isinstance(node, ast.ClassDef) and node.name == name]
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
    module = parsed(RUNTIME / "completions.py")
    plain, later = _functions(module, "completion"), _functions(module, "acompletion")
    assert len(plain) == 7
    assert [_signature(one) for one in plain] == [_signature(one) for one in later]
    assert all(isinstance(one, ast.AsyncFunctionDef) for one in later)


def test_functions_and_methods_have_the_same_overloads() -> None:
    module = parsed(RUNTIME / "completions.py")
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
    module = parsed(RUNTIME / "drivers.py")
    (plain,), (later,) = _functions(module, "run"), _functions(module, "arun")
    assert _signature(plain) == _signature(later)


def _listed() -> set[str]:
    """The names that type checkers are shown in polyvox/__init__.py."""
    (block,) = [
        node
        for node in parsed(RUNTIME / "__init__.py").body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert all(alias.asname == alias.name for node in imports for alias in node.names), "say it is re-exported: as"
    return {alias.name for node in imports for alias in node.names}


def _origin(name: str) -> str:
    (found,) = [
        f"polyvox.{node.module}"
        for node in ast.walk(parsed(RUNTIME / "__init__.py"))
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
    found = [node for node in parsed(file).body if isinstance(node, ast.ClassDef) and node.name == name.split(".")[0]]
    return any("Protocol" in [ast.unparse(base) for base in node.bases] for node in found)


@pytest.mark.parametrize("file", files(RUNTIME), ids=ids(files(RUNTIME)))
def test_everything_public_says_what_it_is(file: Path) -> None:
    assert ast.get_docstring(parsed(file)), "a module says what it is for"
    for name, node in _public(parsed(file)):
        said_above = _decorated(node, "overload") or _decorated(node, "override")
        method_of_protocol = "." in name and _is_protocol(file, name)
        implementation = "." in name and file.parent.name == "dialects"  # the base class says it
        if not (said_above or method_of_protocol or implementation):
            assert ast.get_docstring(node), f"{name} has no docstring"


@pytest.mark.parametrize("file", files(RUNTIME), ids=ids(files(RUNTIME)))
def test_no_any_in_a_public_signature(file: Path) -> None:
    for name, node in _public(parsed(file)):
        if isinstance(node, Function):
            assert "Any" not in ast.unparse(node.args).replace("AnyStr", ""), name
            assert "Any" not in (ast.unparse(node.returns) if node.returns else ""), name
        else:
            fields = [ast.unparse(one.annotation) for one in node.body if isinstance(one, ast.AnnAssign)]
            assert not any("Any" in field for field in fields), name


@pytest.mark.parametrize("file", files(WIRE), ids=ids(files(WIRE)))
def test_no_any_in_generated_code(file: Path) -> None:
    names = {node.id for node in ast.walk(parsed(file)) if isinstance(node, ast.Name)}
    assert "Any" not in names


def test_the_package_says_that_it_is_typed() -> None:
    for package in (RUNTIME, WIRE):
        assert (package / "py.typed").is_file()
