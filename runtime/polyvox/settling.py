"""From a model's parameters to a `Call`: whose options they are, and what the vendor can do of what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from .answering import settle_format
from .call import Call
from .choosing import settle_choice
from .errors import InvalidMessageError, InvalidRequestError, UnknownParameterError
from .guessing import nearest
from .keywords import OF_SOME_VENDORS
from .parameters import CALL_PARAMETERS, MODEL_PARAMETERS, VENDOR_OPTIONS
from .shapes import mapping_of
from .structured import wanted
from .support import NEUTRAL, Emulated, Unsupported
from .tools import check_functions, function_call_as_choice, functions_as_tools, refuse_foreign_tools, settle_tools

if TYPE_CHECKING:
    from .call import Format, Vendor
    from .dialects.dialect import Dialect
    from .messages import MessageParam
    from .parameters import CallParameters, ModelParameters

_LEFT_TO_THE_VENDOR = frozenset({"auto", "default"})


def settle(
    dialect: Dialect,
    model: str,
    messages: list[MessageParam],
    response_format: object,
    settings: CallParameters,
    stream: bool,
) -> Call:
    """One call, resolved: what it asks of the vendor, and what of that the vendor can do."""
    vendor = dialect.vendor
    if not messages and not dialect.holds_messages(model):
        raise InvalidMessageError("messages is empty; at least one message is needed")
    given, options = _sorted(dialect, cast("Mapping[str, object]", settings))
    form, typed = (None, None) if response_format is None else wanted(response_format)
    call = Call(
        vendor=vendor,
        model=model,
        messages=messages,
        given=given,
        stream=stream,
        format=_format(vendor, form),
        typed=typed,
        settings=settings,
        options=options,
        drop=bool(settings.get("drop_params")),
    )
    _in_one_form(dialect, call)
    _take_stances(dialect, call)
    if "stream_options" in given:
        _check_stream_options(dialect, call)
    if "tools" in given:
        refuse_foreign_tools(call)
    if "tool_choice" in given:
        settle_choice(call)
    if call.format is not None:
        settle_format(dialect, call)
    return call


def _format(vendor: Vendor, found: Format | None) -> Format | None:
    """What the answer must look like, as this vendor can be told.

    Together, Fireworks and llama-cpp-python write a schema as `{"type": "json_object", "schema": ...}`; for vendors who
    do not know this form it is a schema like any other.
    """
    if found is None or found.kind != "json_object" or not found.schema:
        return found
    is_gateway = vendor.dialect == "openai" and vendor.name != "openai"
    return found if is_gateway else replace(found, kind="json_schema")


def _in_one_form(dialect: Dialect, call: Call) -> None:
    """What can be said in several ways is said in one: tools, functions, the limit; an effort left open is not said."""
    given = call.given
    if "functions" in given:
        check_functions(given)
    if "tools" in given:
        settle_tools(given)
    if given.get("reasoning_effort") in _LEFT_TO_THE_VENDOR:
        del given["reasoning_effort"]
    if "functions" in given and isinstance(dialect.support["functions"], Emulated):
        call.by_functions = bool(given["functions"]) and not given.get("tools")
        functions_as_tools(given)
    if "function_call" in given and isinstance(dialect.support["function_call"], Emulated):
        function_call_as_choice(given)
    if "max_tokens" in given and "max_completion_tokens" in given:
        _one_limit(given)


def _one_limit(given: ModelParameters) -> None:
    """`max_tokens` and `max_completion_tokens` are one limit."""
    old, new = given.get("max_tokens"), given.get("max_completion_tokens")
    if old != new:
        raise InvalidRequestError(f"max_tokens={old} and max_completion_tokens={new} differ; give one of them")
    given.pop("max_tokens")


def _take_stances(dialect: Dialect, call: Call) -> None:
    support, settings = dialect.support, call.settings
    given = cast("dict[str, object]", call.given)
    for name in list(given):
        stance = support[name]
        if isinstance(stance, Unsupported):
            _take_back(call, name, given.pop(name), stance.reason)
    if not settings.keys().isdisjoint(OF_SOME_VENDORS):
        for name in sorted(settings.keys() & OF_SOME_VENDORS.keys() - dialect.own_settings):
            call.refuse(name, f"{call.vendor.name} has no such setting; it is for {OF_SOME_VENDORS[name]}")


def _take_back(call: Call, name: str, value: object, reason: str) -> None:
    """What the vendor cannot do is refused, unless the caller insists on it, or it asks for nothing."""
    if name in (call.settings.get("allowed_openai_params") or ()):
        call.insisted[name] = value
    elif name not in NEUTRAL or value != NEUTRAL[name]:
        call.refuse(name, reason)


def _check_stream_options(dialect: Dialect, call: Call) -> None:
    options = call.given.get("stream_options")
    if not options:
        return
    if not call.stream:
        raise InvalidRequestError("stream_options needs stream=True", param="stream_options")
    if isinstance(dialect.support["stream_options"], Emulated):
        for key in options:
            if key != "include_usage":
                call.refuse(f"stream_options[{key!r}]", f"{call.vendor.name} has no such option")
        del call.given["stream_options"]


def _sorted(dialect: Dialect, parameters: Mapping[str, object]) -> tuple[ModelParameters, dict[str, object]]:
    """What is for the model; and the vendor's own fields, from `anthropic={...}` and from keywords that are such."""
    known = dialect.option_paths
    given: dict[str, object] = {}
    options: dict[str, object] = {}
    for key, value in parameters.items():
        if key in MODEL_PARAMETERS:
            given[key] = value
        elif key in VENDOR_OPTIONS:
            options.update(_own_options(dialect, key, value, parameters))
        elif key in known and key not in CALL_PARAMETERS:
            options[key] = value
        elif key not in CALL_PARAMETERS:
            raise _unknown(dialect, key)
    if options:
        _check_options(dialect.options_name, options)
    return cast("ModelParameters", given), options


def _unknown(dialect: Dialect, key: str) -> UnknownParameterError:
    names = (*MODEL_PARAMETERS, *CALL_PARAMETERS, *dialect.option_paths, "stream", "response_format")
    hint = nearest(key, names)
    if not nearest(key, names, likeness=0.85):  # perhaps no slip, but a field that others have
        hint += " Or" if hint else ";"
        hint += " send a field that polyvox does not know as extra_body={...}"
    return UnknownParameterError(f"unknown parameter {key!r}{hint}", param=key, provider=dialect.options_name)


def _check_options(vendor: str, options: Mapping[str, object]) -> None:
    """Raises `InvalidRequestError` for one that is not of the type that the vendor describes."""
    from .described import misfit, options_of

    kinds = options_of(vendor) if vendor in VENDOR_OPTIONS else dict[str, object]()
    for key, value in options.items():
        if key in kinds and (said := misfit(f"{vendor}[{key!r}]", value, kinds[key])) is not None:
            raise InvalidRequestError(f"{said}; extra_body sends it as it is", param=key, provider=vendor)


def _own_options(
    dialect: Dialect, keyword: str, value: object, parameters: Mapping[str, object]
) -> Mapping[str, object]:
    """What `anthropic={...}` holds, if this is Anthropic. Another vendor's is for a fallback, or a mistake."""
    name, known = dialect.options_name, dialect.option_paths
    if keyword != name:
        if not (parameters.get("fallbacks") or parameters.get("fallback_models")):
            raise UnknownParameterError(f"{keyword}={{...}} is for {keyword}; this model is {name}'s", param=keyword)
        return {}
    options = mapping_of(value)
    for key in options:
        if key not in known:
            raise UnknownParameterError(f"{name} has no option {key!r}{nearest(key, known)}", param=key)
    return options
