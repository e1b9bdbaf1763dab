"""A Python callable as a tool: its name, the JSON Schema of its parameters, and the check of arguments against them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, cast

from .docstrings import read_docstring
from .errors import InvalidRequestError
from .remembering import once_each, version_of

if TYPE_CHECKING:
    from inspect import Parameter

    from pydantic import PydanticUserError, TypeAdapter

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,63}")


Reader: TypeAlias = "TypeAdapter[Mapping[str, object]]"


@dataclass(frozen=True, slots=True)
class Described:
    """What a vendor is told of a callable."""

    name: str
    description: str
    parameters: Mapping[str, object]


def described(where: str, function: Callable[..., object]) -> Described:
    """A callable's definition: types from the annotations, texts from the docstring and `Field(description=)`.

    Raises:
        InvalidRequestError: it cannot be called by name with JSON; says where, and which parameter.
    """
    name = name_of(where, function)
    where = f"{where} ({name})"
    summary, parameters = _schema(where, reader_of(where, function), _docstring(_unwrapped(function)))
    return Described(name, summary, parameters)


def name_of(where: str, function: Callable[..., object]) -> str:
    """The name by which the model calls it."""
    named = _unwrapped(function)
    name = str(getattr(named, "__name__", type(named).__name__))
    if _NAME.fullmatch(name) is None:
        raise InvalidRequestError(f"{where}: no vendor takes a tool named {name!r}; write it with `def`", param="tools")
    return name


def reader_of(where: str, function: Callable[..., object]) -> Reader:
    """What turns JSON into a callable's keyword arguments, as its annotations want them.

    It reads them for a function with the same parameters, all by name, whose annotations are resolved: pydantic looks
    for the names in them where the call stands, not where a method or a partial was written.
    """
    from pydantic import PydanticUserError

    asked = _asked(where, function)
    try:
        return _reader(tuple(map(_key, asked)))
    except PydanticUserError as error:
        culprit = next((each.name for each in asked if not _is_type(each.annotation)), "?")
        raise InvalidRequestError(
            f"{where}: parameter {culprit!r} cannot be described in JSON: {_first_line(error)}", param="tools"
        ) from error


_Asked: TypeAlias = "tuple[Parameter, type[object], object]"
"""A parameter; the type of its default, since True is 1; the version of its type. No function: it may hold much."""


def _key(parameter: Parameter) -> _Asked:
    default: object = parameter.default
    return parameter, type(default), version_of(parameter.annotation)


@once_each
def _reader(asked: tuple[_Asked, ...]) -> Reader:
    from pydantic import TypeAdapter

    def stand_in(**arguments: object) -> Mapping[str, object]:
        return arguments

    _sign(stand_in, [parameter for parameter, _, _ in asked])
    return TypeAdapter(cast("type[Mapping[str, object]]", stand_in))


def _unwrapped(function: object) -> object:
    """What somebody wrote, under partials and decorators."""
    from inspect import unwrap  # lazy: most calls bring no callable

    while isinstance(function, partial):
        function = cast("partial[object]", function).func
    return unwrap(cast("Callable[..., object]", function))


def _docstring(named: object) -> str:
    """Of what is called; a class's own (but for the one that dataclasses make up), else of its `__init__`."""
    from inspect import cleandoc, getdoc, isclass

    if isclass(named):
        own = named.__doc__ or ""
        made_up = is_dataclass(named) and own.startswith(f"{named.__name__}(")
        return cleandoc(own) if own and not made_up else getdoc(named.__init__) or "" if _has_own_init(named) else ""
    return getdoc(_written(named)) or ""


def _has_own_init(kind: type[object]) -> bool:
    return "__init__" in vars(kind) and not is_dataclass(kind)


def _written(named: object) -> object:
    """The function that is called: a class by `__init__`, an object by `__call__`."""
    from inspect import isclass, isroutine

    if isroutine(named):
        return named
    kind, name = (named, "__init__") if isclass(named) else (type(named), "__call__")
    return cast("object", getattr(kind, name))


def _schema(where: str, reader: Reader, docstring: str) -> tuple[str, Mapping[str, object]]:
    from pydantic import PydanticUserError

    try:
        return _told((reader, docstring))
    except PydanticUserError as error:
        raise InvalidRequestError(
            f"{where} cannot be described in JSON: {_first_line(error)}", param="tools"
        ) from error


@once_each
def _told(asked: tuple[Reader, str]) -> tuple[str, Mapping[str, object]]:
    """What a function does, and the schema of its parameters with what is said of each."""
    reader, docstring = asked
    summary, said = read_docstring(docstring)
    schema = reader.json_schema()
    schema.pop("title", None)
    for name, told in schema.get("properties", {}).items():
        told.pop("title", None)
        if name in said:
            told.setdefault("description", said[name])
    return summary, schema


def _first_line(error: PydanticUserError) -> str:
    return error.message.partition("\n")[0]


def _sign(stand_in: Callable[..., object], asked: list[Parameter]) -> None:
    from inspect import Signature

    stand_in.__signature__ = Signature(asked)  # type: ignore[attr-defined]  # functions take attributes
    stand_in.__annotations__ = {each.name: each.annotation for each in asked}


def _is_type(annotation: object) -> bool:
    from pydantic import PydanticUserError, TypeAdapter

    try:
        TypeAdapter(cast("type[object]", annotation))
    except PydanticUserError:
        return False
    return True


def _asked(where: str, function: Callable[..., object]) -> list[Parameter]:
    """The parameters that the model fills, keyword-only and with their annotations resolved."""
    bound = _bound(function)
    hints = _hints(where, _unwrapped(function))
    found: list[Parameter] = []
    for parameter in _parameters(where, function):
        if parameter.name in bound:
            continue
        _check(where, parameter)
        annotation = hints.get(parameter.name, cast("object", parameter.annotation))
        found.append(parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=annotation))
    return found


def _parameters(where: str, function: Callable[..., object]) -> Iterable[Parameter]:
    from inspect import signature

    try:
        return signature(function).parameters.values()
    except (TypeError, ValueError) as error:  # classes and functions that are written in C, mostly
        told = f"{where}: Python does not know its parameters; wrap it with `def`"
        raise InvalidRequestError(told, param="tools") from error


def _bound(function: object) -> Mapping[str, object]:
    return cast("partial[object]", function).keywords if isinstance(function, partial) else {}


def _hints(where: str, named: object) -> dict[str, object]:
    from typing import get_type_hints

    try:
        return get_type_hints(_written(named), include_extras=True)
    except NameError as error:
        raise InvalidRequestError(
            f"{where}: its annotations use {error.name!r}, which is not defined there", param="tools"
        ) from error
    except Exception as error:  # an annotation in quotes is code
        raise InvalidRequestError(f"{where}: its annotations cannot be read: {error}", param="tools") from error


def _check(where: str, parameter: Parameter) -> None:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        raise InvalidRequestError(f"{where}: parameter {str(parameter)!r} cannot be filled by name", param="tools")
    if parameter.annotation is parameter.empty:
        raise InvalidRequestError(f"{where}: parameter {parameter.name!r} needs a type annotation", param="tools")
