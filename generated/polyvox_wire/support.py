"""What the generated types stand on. Its source is codegen/support/support.py; `make generate` copies it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final, TypeGuard, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue

T = TypeVar("T")


class Wire(BaseModel):
    """A part of a vendor's reply. What the vendor adds later is kept in `model_extra`.

    A key that is no name in Python (`from`) is an attribute with a `_` behind it; it is dumped as the vendor writes it.
    """

    model_config = ConfigDict(
        extra="allow", defer_build=True, protected_namespaces=(), serialize_by_alias=True, validate_by_name=True
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, object]]:
        """What has a value, long texts cut: a repr is for people."""
        for name, value in super().__repr_args__():
            if value is not None and value not in _EMPTY:
                yield name, _cut(value)


_EMPTY: Final[tuple[object, ...]] = ("", [], {})
_LONGEST = 200


def _cut(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}... ({len(value)} characters)"
    return value


class UnknownVariant(Wire):
    """A block, event or part that the vendor's description does not know yet; its content is in `model_extra`."""


class Record(Wire):
    """A part of a result: attributes, and the same values as keys. A key that is unset or null has no value."""

    def __getitem__(self, key: str, /) -> object:
        """The value of `key`; raises KeyError where there is none of that name."""
        if key in type(self).model_fields:
            return cast("object", getattr(self, key))
        return (self.model_extra or {})[key]

    def get(self, key: str, default: object = None, /) -> object:
        """The value of `key`, or `default` where it is unset, null, or no field at all."""
        try:
            value = self[key]
        except KeyError:
            return default
        return default if value is None else value

    def __contains__(self, key: object, /) -> bool:
        """Whether `key` is a field that was given a value, as `in` says of a dict from the wire."""
        return isinstance(key, str) and self.get(key) is not None

    def keys(self) -> list[str]:
        """The names that have a value, declared ones first."""
        names = [*type(self).model_fields, *(self.model_extra or {})]
        return [name for name in names if name in self]

    def items(self) -> list[tuple[str, object]]:
        """The names that have a value, each with it."""
        return [(name, self[name]) for name in self.keys()]


class Unrecognised(str):
    """A word that the vendor's description does not list. It compares as the plain string it is."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(coerce_numbers_to_str=True))


@dataclass(frozen=True)
class OpenLiteral:
    """Takes any string where callers are shown a closed `Literal`; whoever reads the reply replaces the others."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema()


@dataclass(frozen=True)
class OpenUnion:
    """A union told apart by the constant in `tag`, with `UnknownVariant` last for the tags that are not listed."""

    tag: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        variants = cast("tuple[type[Wire], ...]", get_args(source))
        *known, unknown = variants

        @cache
        def by_tag() -> dict[object, type[Wire]]:
            kinds = ((variant, variant.model_fields[self.tag].annotation) for variant in known)
            return {tag: variant for variant, kind in kinds for tag in get_args(kind)}

        def validated(value: object) -> object:
            # Not a union of pydantic's: that needs the validators of all variants, of which few ever come.
            tag = value.get(self.tag) if _is_bag(value) else None
            if isinstance(tag, str):
                variant = by_tag().get(tag, unknown)
            elif isinstance(value, variants):
                return value
            else:
                variant = unknown
            if not variant.__pydantic_complete__:
                variant.model_rebuild()
            try:
                return variant.__pydantic_validator__.validate_python(value)
            except ValidationError as error:
                raise _within(tag if isinstance(tag, str) else f"[{self.tag}]", error) from None

        return core_schema.no_info_plain_validator_function(validated, metadata={_VARIANTS: variants})

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Any of the variants, all of which are then built."""
        variants = cast("tuple[type[Wire], ...]", schema.get("metadata", {})[_VARIANTS])
        return handler(core_schema.union_schema([_built(each) for each in variants]))


_VARIANTS: Final = "polyvox_variants"


def _built(variant: type[Wire]) -> CoreSchema:
    variant.model_rebuild()
    return variant.__pydantic_core_schema__


def _within(tag: str, error: ValidationError) -> ValidationError:
    """The same complaints, with the variant's tag in their places, as pydantic's own unions have it."""
    details: list[InitErrorDetails] = []
    for one in error.errors(include_url=False):
        kind = PydanticCustomError(one["type"], one["msg"])  # pyright: ignore[reportArgumentType]  # pydantic's own words
        details.append({"type": kind, "loc": (tag, *one["loc"]), "input": one["input"]})
    return ValidationError.from_exception_data(error.title, details)


@dataclass(frozen=True)
class KeyedUnion:
    """A union of objects told apart by the one key that each requires, with `UnknownVariant` last."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        *known, unknown = cast("tuple[type[Wire], ...]", get_args(source))
        closed = core_schema.union_schema([handler.generate_schema(arm) for arm in known], mode="left_to_right")

        @cache
        def keys() -> frozenset[str]:
            fields = (item for variant in known for item in variant.model_fields.items())
            return frozenset(field.alias or name for name, field in fields if field.is_required())

        return _first_match(closed, handler.generate_schema(unknown), lambda bag: not keys().isdisjoint(bag))


def _first_match(closed: CoreSchema, unknown: CoreSchema, is_known: Callable[[dict[str, object]], bool]) -> CoreSchema:
    """`closed`, and for what it does not know `unknown`; a known variant that is broken stays an error."""

    def refuse_known(value: object) -> object:
        if _is_bag(value) and is_known(value):
            raise PydanticCustomError("broken_variant", "see the other error")
        return value

    checked = core_schema.no_info_before_validator_function(refuse_known, unknown)
    return core_schema.union_schema([closed, checked], mode="left_to_right")


def _is_bag(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


class Omit(Enum):
    """The type of `OMIT`, which means: this field is not sent."""

    OMIT = "omit"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "OMIT"


OMIT: Final = Omit.OMIT


def given(value: T | None) -> T | Omit:
    """`value`, or OMIT where it is None."""
    return OMIT if value is None else value


@dataclass(slots=True, kw_only=True)  # not frozen: one is made per call, and freezing doubles its cost
class Fields:
    """The base of the generated `RequestFields`, whose attributes are named as on the wire."""

    def wire(self) -> dict[str, object]:
        """What is sent: each field that is not OMIT, in order; nested fields too."""
        return {
            name: value.wire() if isinstance(value, Fields) else value
            for name, value in zip(self.__dataclass_fields__, self._values(), strict=False)
            if value is not OMIT
        }

    def __bool__(self) -> bool:
        """Whether anything is sent."""
        return any(value is not OMIT for value in self._values())

    def _values(self) -> tuple[object, ...]:
        """The fields' values, and once more the first, without which a single field would be no tuple."""
        kind = type(self)
        read = _readers.get(kind) or _readers.setdefault(kind, _reader(*kind.__dataclass_fields__))
        return read(self)


def _reader(first: str, *names: str) -> Callable[[Fields], tuple[object, ...]]:
    """What reads these fields of an object, all at once."""
    return attrgetter(first, *names, first)


_readers: Final[dict[type, Callable[[Fields], tuple[object, ...]]]] = {}


__all__ = [
    "OMIT",
    "Fields",
    "KeyedUnion",
    "Omit",
    "OpenLiteral",
    "OpenUnion",
    "Record",
    "UnknownVariant",
    "Unrecognised",
    "Wire",
    "given",
]
