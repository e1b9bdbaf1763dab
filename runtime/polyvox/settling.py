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
from .parameters import CALL_PARAMETERS, MODEL_PARAMETERS, OF_SOME_VENDORS, VENDOR_OPTIONS
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
    parameters = cast("Mapping[str, object]", settings)
    given = cast("ModelParameters", {name: parameters[name] for name in parameters if name in MODEL_PARAMETERS})
    check_functions(given)
    form, typed = wanted(response_format)
    call = Call(
        vendor=vendor,
        model=model,
        messages=messages,
        given=given,
        stream=stream,
        format=_format(vendor, form),
        typed=typed,
        settings=settings,
        options=_options(dialect, parameters),
        drop=bool(settings.get("drop_params")),
    )
    settle_tools(given)
    if given.get("reasoning_effort") in _LEFT_TO_THE_VENDOR:
        del given["reasoning_effort"]
    if isinstance(dialect.support["functions"], Emulated):
        call.by_functions = bool(given.get("functions")) and not given.get("tools")
        functions_as_tools(given)
    if isinstance(dialect.support["function_call"], Emulated):
        function_call_as_choice(given)
    _same_limit(given)
    _take_stances(dialect, call, settings)
    refuse_foreign_tools(call)
    settle_choice(call)
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


def _same_limit(given: ModelParameters) -> None:
    """`max_tokens` and `max_completion_tokens` are one limit."""
    old, new = given.get("max_tokens"), given.get("max_completion_tokens")
    if old is not None and new is not None:
        if old != new:
            raise InvalidRequestError(f"max_tokens={old} and max_completion_tokens={new} differ; give one of them")
        del given["max_tokens"]


def _take_stances(dialect: Dialect, call: Call, settings: CallParameters) -> None:
    support = dialect.support
    allowed = settings.get("allowed_openai_params") or ()
    given = cast("dict[str, object]", call.given)
    for name in list(given):
        stance = support[name]
        if not isinstance(stance, Unsupported):
            continue
        value = given.pop(name)
        if name in allowed:
            call.insisted[name] = value
        elif name not in NEUTRAL or value != NEUTRAL[name]:
            call.refuse(name, stance.reason)
    for name in settings.keys() & OF_SOME_VENDORS.keys() - dialect.own_settings:
        call.refuse(name, f"{call.vendor.name} has no such setting; it is for {OF_SOME_VENDORS[name]}")
    _check_stream_options(dialect, call)


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


def _options(dialect: Dialect, parameters: Mapping[str, object]) -> dict[str, object]:
    """The vendor's own fields: from `anthropic={...}` and from keywords that are such fields."""
    known = dialect.option_paths
    name = dialect.options_name
    options: dict[str, object] = {}
    for key, value in parameters.items():
        if key in MODEL_PARAMETERS:
            continue
        if key in CALL_PARAMETERS:
            if key in VENDOR_OPTIONS:
                options.update(_own_options(dialect, key, value, parameters))
            continue
        if key not in known:
            names = (*MODEL_PARAMETERS, *CALL_PARAMETERS, *known, "stream", "response_format")
            hint = nearest(key, names) or "; send a field that polyvox does not know as extra_body={...}"
            raise UnknownParameterError(f"unknown parameter {key!r}{hint}", param=key, provider=name)
        options[key] = value
    return options


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
