"""From keywords to a plan: everything that can be wrong with a call is found here, before any request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, cast
from urllib.parse import urlencode

from pydantic_core import PydanticSerializationError, from_json, to_json

from .addressing import NATIVE, endpoint, locate
from .call import Call
from .errors import APIError, InvalidRequestError, UnknownParameterError
from .exchange import Attempt, Headers, Request, Response, Timeouts
from .guessing import nearest
from .headers import request_id
from .messages import checked
from .parameters import CALL_PARAMETERS, LISTS, MODEL_PARAMETERS, OF_SOME_VENDORS, SAME, VENDOR_OPTIONS
from .providers import dialect_of
from .results import Facts
from .secrecy import Secrets
from .shapes import mapping_of
from .structured import parsed, wanted
from .support import NEUTRAL, Unsupported
from .tools import functions_as_tools, settle_tools

if TYPE_CHECKING:
    from .messages import MessageParam, Messages
    from .parameters import CallParameters, HasTimeouts, ModelParameters
    from .providers.dialect import Credentials, Dialect, StreamReader
    from .results import ChatCompletion

T = TypeVar("T")

MakeRead: TypeAlias = "Callable[[Dialect, Call, Secrets], Callable[[Response], T]]"

VERSION = "0.1.0"
DEFAULT_RETRIES = 2
DEFAULT_TIMEOUTS = Timeouts()
_COMMON_HEADERS = (
    ("content-type", "application/json"),
    ("accept-encoding", "gzip, deflate"),
    ("user-agent", f"polyvox/{VERSION}"),
)
_LEFT_TO_THE_VENDOR = frozenset({"auto", "default"})
_OF_ONE_MODEL = frozenset({"provider", "custom_llm_provider", "deployment_id"})
_OF_ONE_PROVIDER = _OF_ONE_MODEL | {
    "api_key",
    "api_base",
    "base_url",
    *OF_SOME_VENDORS,
    "extra_headers",
    "extra_query",
    "extra_body",
    "additional_params",
}
_CLIENT_ARGS = {
    "api_key": "api_key",
    "base_url": "base_url",
    "api_base": "api_base",
    "timeout": "timeout",
    "max_retries": "max_retries",
    "default_headers": "extra_headers",
    "default_query": "extra_query",
}


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """What `exchange()` needs."""

    candidates: Sequence[Callable[[], Attempt[T]]]
    retries: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A streamed answer whose headers have arrived."""

    reader: StreamReader
    call: Call
    facts: Facts
    secrets: Secrets


def plan_answer(
    model: str, messages: Messages, response_format: object, parameters: Mapping[str, object]
) -> Plan[ChatCompletion]:
    """The plan of a call whose answer comes whole."""
    return _plan(model, messages, response_format, parameters, stream=False, make_read=_read_whole)


def plan_stream(
    model: str, messages: Messages, response_format: object, parameters: Mapping[str, object]
) -> Plan[Opened]:
    """The plan of a call whose answer is streamed."""
    return _plan(model, messages, response_format, parameters, stream=True, make_read=_read_opened)


def _plan(
    model: str,
    messages: Messages,
    response_format: object,
    parameters: Mapping[str, object],
    *,
    stream: bool,
    make_read: MakeRead[T],
) -> Plan[T]:
    given = {name: value for name, value in parameters.items() if value is not None}
    settings = cast("CallParameters", given)
    _read_once(given)
    for name in LISTS:
        if isinstance(given.get(name), (str, bytes)):
            raise InvalidRequestError(f"{name} must be a list, not one text", param=name)
    _refuse_model_list(settings)
    _spread_client_args(given)
    plain = checked(messages)

    def candidate(name: str, own: Mapping[str, object], first: bool) -> Callable[[], Attempt[T]]:
        def prepare() -> Attempt[T]:
            merged = given if first else _for_fallback(model, given, name, own)
            return _attempt(name, plain, response_format, merged, stream, make_read)

        return prepare

    fallbacks = cast("Sequence[object]", one_of(settings, "fallbacks", "fallback_models") or ())
    candidates = [candidate(model, {}, first=True)]
    candidates.extend(candidate(*_fallback(entry), first=False) for entry in fallbacks)
    return Plan(candidates, _retries(settings))


def _read_once(given: dict[str, object]) -> None:
    """What can be read only once is read here: every model of a fallback chain needs it."""
    for name in ("tools", "functions", "stop", "modalities"):
        if isinstance(value := given.get(name), Iterator):
            given[name] = list(cast("Iterator[object]", value))


def _fallback(entry: object) -> tuple[str, Mapping[str, object]]:
    """A fallback's model, and what it changes."""
    if isinstance(entry, str):
        return entry, {}
    fields = mapping_of(entry)
    if isinstance(model := fields.get("model"), str):
        return model, {name: value for name, value in fields.items() if name != "model"}
    raise InvalidRequestError("a fallback is a model name or a mapping with 'model'", param="fallbacks")


def _for_fallback(
    first: str, given: Mapping[str, object], name: str, own: Mapping[str, object]
) -> Mapping[str, object]:
    """The first model's parameters for a fallback. Key, address and extras stay with the provider they were meant for;
    a fallback that names no provider has the first one's."""
    home = locate(first, _provider(given))[0].name
    vendor = locate(name, _provider(own), default=home)[0].name
    gone = _OF_ONE_MODEL if vendor == home else _OF_ONE_PROVIDER
    kept = {key: value for key, value in given.items() if key not in gone}
    if _provider(own) is None and locate(name, None)[0].name != vendor:
        kept["provider"] = vendor
    return {**kept, **own}


def _provider(parameters: Mapping[str, object]) -> str | None:
    named = one_of(cast("CallParameters", parameters), "provider", "custom_llm_provider")
    return None if named is None else str(getattr(named, "value", named))


def _spread_client_args(given: dict[str, object]) -> None:
    """any-llm's `client_args` are settings of the call under other names; what the call says itself wins."""
    arguments = mapping_of(given.pop("client_args", None))
    for name, value in arguments.items():
        if name not in _CLIENT_ARGS:
            raise UnknownParameterError(
                f"client_args has no {name!r}{nearest(name, _CLIENT_ARGS)}", param="client_args"
            )
        meant = _CLIENT_ARGS[name]
        if not any(given.get(same) is not None for same in _names_of(meant)):
            given[meant] = value


def _names_of(name: str) -> tuple[str, ...]:
    return next((group for group in SAME if name in group), (name,))


def _attempt(
    model: str,
    messages: list[MessageParam],
    response_format: object,
    parameters: Mapping[str, object],
    stream: bool,
    make_read: MakeRead[T],
) -> Attempt[T]:
    settings = cast("CallParameters", {name: value for name, value in parameters.items() if value is not None})
    vendor, name = locate(model, _provider(parameters))
    dialect = dialect_of(vendor)
    call = _call(dialect, name, messages, response_format, settings, stream)
    body = {**dialect.body(call)}
    body.update(call.insisted)
    _place(dialect, call.options, body)
    for extra in _extra_bodies(settings):
        _merge(body, extra)
    if (mock := settings.get("mock_response")) is not None:
        return _mocked(call, mock, make_read)
    secrets = Secrets()
    credentials = dialect.credentials(call)
    return Attempt(
        provider=vendor.name,
        model=name,
        request=_request(dialect, call, credentials, secrets, _encoded(body)),
        read=make_read(dialect, call, secrets),
        error=lambda reply: secrets.mask(dialect.error(call, reply.status, reply.headers, reply.body)),
        renew=credentials.renew,
    )


def _mocked(call: Call, mock: object, make_read: MakeRead[T]) -> Attempt[T]:
    """No request at all: the mock's bytes, in OpenAI's dialect, whoever the vendor is."""
    from .mocking import mock_body
    from .providers.openai import OpenAIDialect

    dialect = OpenAIDialect(replace(NATIVE["openai"], name=call.vendor.name))
    request = Request("mock:", (), b"", Timeouts(), call.stream, mock=mock_body(mock, call))
    return Attempt(
        provider=call.vendor.name,
        model=call.model,
        request=request,
        read=make_read(dialect, call, Secrets()),
        error=lambda reply: dialect.error(call, reply.status, reply.headers, reply.body),
    )


def _call(
    dialect: Dialect,
    model: str,
    messages: list[MessageParam],
    response_format: object,
    settings: CallParameters,
    stream: bool,
) -> Call:
    vendor = dialect.vendor
    parameters = cast("Mapping[str, object]", settings)
    given = cast("ModelParameters", {name: parameters[name] for name in parameters if name in MODEL_PARAMETERS})
    call = Call(
        vendor=vendor,
        model=model,
        messages=messages,
        given=given,
        stream=stream,
        format=wanted(response_format),
        settings=settings,
        options=_options(dialect, parameters),
        drop=bool(settings.get("drop_params")),
    )
    settle_tools(given)
    if given.get("reasoning_effort") in _LEFT_TO_THE_VENDOR:
        del given["reasoning_effort"]
    if vendor.dialect != "openai":
        functions_as_tools(given)
    _same_limit(given)
    _take_stances(dialect, call, settings)
    return call


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
    _check_stream_options(call)


def _check_stream_options(call: Call) -> None:
    options = call.given.get("stream_options")
    if not options:
        return
    if not call.stream:
        raise InvalidRequestError("stream_options needs stream=True", param="stream_options")
    if call.vendor.dialect != "openai":
        for key in options:
            if key != "include_usage":
                call.refuse(f"stream_options[{key!r}]", f"{call.vendor.name} has no such option")


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


def _place(dialect: Dialect, options: Mapping[str, object], body: dict[str, object]) -> None:
    for key, value in options.items():
        *above, last = dialect.option_paths[key]
        place = body
        for step in above:
            place = cast("dict[str, object]", place.setdefault(step, {}))
        place[last] = value


def _extra_bodies(settings: CallParameters) -> list[Mapping[str, object]]:
    extras: list[Mapping[str, object]] = []
    if text := settings.get("additional_params"):
        try:
            document: object = from_json(text)
        except ValueError as error:
            raise InvalidRequestError(f"additional_params is not JSON: {error}") from error
        if not isinstance(document, Mapping):
            raise InvalidRequestError("additional_params must be a JSON object")
        extras.append(cast("Mapping[str, object]", document))
    if body := settings.get("extra_body"):
        extras.append(body)
    return extras


def _merge(body: dict[str, object], extra: Mapping[str, object]) -> None:
    for key, value in extra.items():
        inner = body.get(key)
        if isinstance(inner, dict) and isinstance(value, Mapping):
            merged = dict(cast("dict[str, object]", inner))
            _merge(merged, cast("Mapping[str, object]", value))
            body[key] = merged
        else:
            body[key] = value


def _encoded(body: Mapping[str, object]) -> bytes:
    try:
        data = to_json(body)
        if b"NaN" in data or b"Infinity" in data:
            json.loads(data, parse_constant=_refuse_constant)
        return data
    except (PydanticSerializationError, ValueError) as error:
        raise InvalidRequestError(f"the call cannot be written as JSON: {error}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _request(dialect: Dialect, call: Call, credentials: Credentials, secrets: Secrets, body: bytes) -> Request:
    settings = call.settings
    one_of(settings, "api_base", "base_url")
    url = endpoint(dialect.base_url(call), dialect.path(call))
    if query := settings.get("extra_query"):
        url += ("&" if "?" in url else "?") + urlencode(query)
    headers = _headers(dialect, call, settings)
    request = Request(url, headers, body, timeouts_of(settings.get("timeout")), call.stream)

    def sign(key: str) -> Headers:
        return secrets.keep(key, _beside(headers, credentials.headers(key, request)))

    if isinstance(credentials.key, str):
        request.headers = (*headers, *sign(credentials.key))
    else:
        request.key, request.sign, request.blocking = credentials.key, sign, credentials.blocking
    return request


def _beside(headers: Headers, more: Headers) -> Headers:
    """What the vendor needs, but for what the caller gives himself."""
    given = {name for name, _ in headers}
    return tuple(pair for pair in more if pair[0] not in given)


def _headers(dialect: Dialect, call: Call, settings: CallParameters) -> Headers:
    accept = ("accept", dialect.stream_type if call.stream else "application/json")
    extra = {**dialect.vendor.headers, **(settings.get("extra_headers") or {})}
    if not extra:
        return (*_COMMON_HEADERS, accept)
    for name, value in extra.items():
        if not (name.isascii() and name.isprintable() and str(value).isprintable()):
            raise InvalidRequestError(f"extra_headers: {name!r} is not a header with a printable value")
    lowered = tuple((name.lower(), value) for name, value in extra.items())
    replaced = {name for name, _ in lowered}
    return (*(pair for pair in (*_COMMON_HEADERS, accept) if pair[0] not in replaced), *lowered)


def timeouts_of(value: float | str | HasTimeouts | None) -> Timeouts:
    """`timeout` in any of its forms."""
    if value is None:
        return DEFAULT_TIMEOUTS
    if not isinstance(value, (int, float, str)):
        if not hasattr(value, "as_dict"):
            kind = type(value).__name__
            raise InvalidRequestError(
                f"timeout is a {kind}; it is a number of seconds, or an httpx2 Timeout", param="timeout"
            )
        phases = value.as_dict()
        return Timeouts(phases.get("connect"), phases.get("read"), phases.get("write"), phases.get("pool"))
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise InvalidRequestError(f"timeout is {value!r}; it must be a number of seconds above 0", param="timeout")
    return Timeouts(seconds, seconds, seconds, seconds, total=seconds)


def _retries(settings: CallParameters) -> int:
    given = one_of(settings, "num_retries", "retries", "max_retries")
    if given is None:
        return DEFAULT_RETRIES
    if not isinstance(given, int) or given < 0:
        raise InvalidRequestError(f"num_retries is {given!r}; it must be 0 or more", param="num_retries")
    return given


def one_of(settings: CallParameters, *names: str) -> object:
    """The value of a parameter that has several names; different values are an error."""
    parameters = cast("Mapping[str, object]", settings)
    found: object = None
    for name in names:
        value = parameters.get(name)
        if value is not None and found is not None and value != found:
            given = " and ".join(each for each in names if parameters.get(each) is not None)
            raise InvalidRequestError(f"{given} are one parameter and differ; give one of them", param=name)
        found = value if found is None else found
    return found


def _refuse_model_list(settings: CallParameters) -> None:
    if settings.get("model_list"):
        raise InvalidRequestError("model_list is not supported yet; use fallbacks=[...]", param="model_list")


def _facts(dialect: Dialect, call: Call, response: Response) -> Facts:
    return Facts(
        provider=dialect.vendor.name,
        response_ms=response.elapsed * 1000,
        dropped_params=tuple(call.dropped),
        structured_by=call.structured_by,
        headers=response.headers,
    )


def _read_whole(dialect: Dialect, call: Call, secrets: Secrets) -> Callable[[Response], ChatCompletion]:
    def read(response: Response) -> ChatCompletion:
        facts = _facts(dialect, call, response)
        try:
            completion = dialect.read(call, response.body, facts)
        except APIError as error:
            error.request_id = error.request_id or request_id(response.headers)
            raise secrets.mask(error) from error.__cause__
        if call.format is not None and call.format.parse is not None:
            return parsed(completion, call.format, call.model)
        return completion

    return read


def _read_opened(dialect: Dialect, call: Call, secrets: Secrets) -> Callable[[Response], Opened]:
    def read(response: Response) -> Opened:
        facts = _facts(dialect, call, response)
        facts.response_ms = None
        return Opened(dialect.reader(call), call, facts, secrets)

    return read
