"""What values must look like, as data: a form is asked with a place and a value, and says what is wrong there.

Keys that a form does not name are the vendor's own, and pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, TypeAlias

from .shapes import is_mapping, is_sequence, its_type, mapping_of

Form: TypeAlias = Callable[[str, object], "str | None"]
"""The place (`tools[0].function.name`) and the value -> a sentence for the caller; None where all fits."""
_NOTHING: Mapping[str, Form] = {}


_MUST_BE: Final = "; it must be "


def wrong(where: str, value: object, words: str) -> str:
    """The sentence for a value that should be something else."""
    return f"{where} is {repr(value)[:60]}{_MUST_BE}{words}"


def number(where: str, value: object) -> str | None:
    """A number, whole or not; True is none."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if fits else wrong(where, value, "a number")


def count(where: str, value: object) -> str | None:
    """A whole number."""
    fits = isinstance(value, int) and not isinstance(value, bool)
    return None if fits else wrong(where, value, "a whole number")


def switch(where: str, value: object) -> str | None:
    """True or False."""
    return None if isinstance(value, bool) else wrong(where, value, "True or False")


def text(where: str, value: object) -> str | None:
    """A text."""
    return None if isinstance(value, str) else wrong(where, value, "a text")


def mapping(where: str, value: object) -> str | None:
    """A mapping, with whatever in it."""
    return None if is_mapping(value) else wrong(where, value, "a mapping")


def sequence(where: str, value: object) -> str | None:
    """A list or a tuple, of whatever."""
    return None if is_sequence(value) else wrong(where, value, "a list")


# Forms that every value of some type fits. Nearly all values are of that type, and are not asked about.
_USUAL: Final[dict[Form, type[object]]] = {
    number: float,
    count: int,
    switch: bool,
    text: str,
    mapping: dict,
    sequence: list,
}


def _usually(kind: type[object] | None, form: Form) -> Form:
    if kind is not None:
        _USUAL[form] = kind
    return form


def word(*words: str) -> Form:
    """One of these texts."""

    *others, last = map(repr, words)
    told = f"{', '.join(others)} or {last}" if others else last

    def check(where: str, value: object) -> str | None:
        return None if isinstance(value, str) and value in words else wrong(where, value, told)

    return check


def unseen(form: Form) -> Form:
    """The same, of a value that no error may show: of which only the type is told."""

    def check(where: str, value: object) -> str | None:
        said = form(where, value)
        if said is None:
            return None
        return f"{where} is {its_type(value)}{_MUST_BE}{said.rpartition(_MUST_BE)[2]}"

    return check


def nullable(form: Form) -> Form:
    """The same, or None."""
    return _usually(_USUAL.get(form), lambda where, value: None if value is None else form(where, value))


def text_or(form: Form) -> Form:
    """A text, or something of another form."""
    return _usually(str, lambda where, value: None if isinstance(value, str) else form(where, value))


def each(form: Form) -> Form:
    """A list of values of one form."""

    usual = _USUAL.get(form)

    def check(where: str, value: object) -> str | None:
        if not is_sequence(value):
            return wrong(where, value, "a list")
        for index, one in enumerate(value):
            if type(one) is not usual and (said := form(f"{where}[{index}]", one)) is not None:
                return said
        return None

    return check


def values(form: Form) -> Form:
    """A mapping whose values have one form."""

    def check(where: str, value: object) -> str | None:
        if not is_mapping(value):
            return wrong(where, value, "a mapping")
        for key, one in value.items():
            if (said := form(f"{where}[{key!r}]", one)) is not None:
                return said
        return None

    return check


def fields(needed: Mapping[str, Form], optional: Mapping[str, Form] = _NOTHING, *, closed: bool = False) -> Form:
    """A mapping that has these keys, and perhaps those; `closed`: and no others."""
    known = frozenset((*needed, *optional))
    asked = [(key, form, _USUAL.get(form)) for key, form in needed.items()]
    may_be = [(key, form, _USUAL.get(form)) for key, form in optional.items()]

    def check(where: str, value: object) -> str | None:
        if not is_mapping(value):
            return wrong(where, value, "a mapping")
        for key, form, usual in asked:
            if type(one := value.get(key)) is usual:
                continue
            said = f"{where}.{key} is missing" if one is None else form(f"{where}.{key}", one)
            if said is not None:
                return said
        for key, form, usual in may_be:
            if key not in value or type(one := value[key]) is usual:
                continue
            if (said := form(f"{where}.{key}", one)) is not None:
                return said
        if closed and (unknown := value.keys() - known):
            return f"{where} has no {min(map(str, unknown))!r}"
        return None

    return check


def lazily(make: Callable[[], Form]) -> Form:
    """A form that is made when it is first asked: it may need a vendor's types, which take a while to load."""
    made = cache(make)
    return lambda where, value: made()(where, value)


def by_type(forms: Mapping[str, Form]) -> Form:
    """A mapping whose `type` says its form."""
    typed = fields({"type": word(*forms)})

    def check(where: str, value: object) -> str | None:
        return typed(where, value) or forms[str(mapping_of(value)["type"])](where, value)

    return check


CACHE: Form = fields({"type": word("ephemeral")}, {"ttl": word("5m", "1h")}, closed=True)
"""A `cache_control`, as Anthropic writes it."""
