"""From keywords to a plan: everything that can be wrong with a call is found here, before any request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, cast

from .addressing import NATIVE, locate
from .dialects import dialect_of
from .errors import APIError, InvalidRequestError, UnknownParameterError
from .exchange import Attempt, Request, Response, Timeouts
from .guessing import nearest
from .headers import request_id
from .messages import checked
from .parameters import LISTS, OF_ONE_MODEL, OF_ONE_PROVIDER, SAME, one_of, provider_of
from .requesting import body_of, request_of
from .results import Facts
from .secrecy import Secrets
from .settling import settle
from .shapes import mapping_of
from .structured import parsed

if TYPE_CHECKING:
    from .call import Call
    from .dialects.dialect import Dialect, StreamReader
    from .messages import MessageParam, Messages
    from .parameters import CallParameters
    from .results import ChatCompletion

T = TypeVar("T")

MakeRead: TypeAlias = "Callable[[Dialect, Call, Secrets], Callable[[Response], T]]"

DEFAULT_RETRIES = 2
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
    messages: list[MessageParam]
    race: bool = False
    """Whether to ask all candidates at the same time (`model_list`), and not one after another."""


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
    _spread_client_args(given)
    plain = checked(messages)

    def candidate(name: str, own: Mapping[str, object], first: bool) -> Callable[[], Attempt[T]]:
        def prepare() -> Attempt[T]:
            merged = given if first else _for_fallback(model, given, name, own)
            return _attempt(name, plain, response_format, merged, stream, make_read)

        return prepare

    fallbacks = cast("Sequence[object]", one_of(settings, "fallbacks", "fallback_models") or ())
    if (listed := given.pop("model_list", None)) is not None:
        if fallbacks:
            raise InvalidRequestError("model_list asks all at once, fallbacks one by one: give one of them")
        racers = [candidate(*entry, first=False) for entry in _deployments(model, cast("Sequence[object]", listed))]
        return Plan(racers, _retries(settings), plain, race=True)
    candidates = [candidate(model, {}, first=True)]
    candidates.extend(candidate(*_fallback(entry), first=False) for entry in fallbacks)
    return Plan(candidates, _retries(settings), plain)


def _read_once(given: dict[str, object]) -> None:
    """What can be read only once is read here: every model of a fallback chain needs it."""
    for name in ("tools", "functions", "stop", "modalities"):
        if isinstance(value := given.get(name), Iterator):
            given[name] = list(cast("Iterator[object]", value))


def _fallback(entry: object, what: str = "fallback") -> tuple[str, Mapping[str, object]]:
    """A fallback's model, and what it changes."""
    if isinstance(entry, str):
        return entry, {}
    fields = mapping_of(entry)
    if isinstance(model := fields.get("model"), str):
        return model, {name: value for name, value in fields.items() if name != "model"}
    raise InvalidRequestError(f"a {what} is a model name or a mapping with 'model'", param=f"{what}s")


def _deployments(model: str, listed: Sequence[object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Whom `model_list` says to ask: models as in `fallbacks`, or LiteLLM's deployments, of which those count that are
    named as the call's model."""
    found = 0
    for entry in listed:
        fields = mapping_of(entry)
        if "litellm_params" not in fields:
            yield _fallback(entry, "deployment")
        elif fields.get("model_name", model) == model:
            yield _fallback(fields["litellm_params"], "deployment")
        else:
            continue
        found += 1
    if not found:
        raise InvalidRequestError(f"model_list has no deployment with model_name {model!r}", param="model_list")


def _for_fallback(
    first: str, given: Mapping[str, object], name: str, own: Mapping[str, object]
) -> Mapping[str, object]:
    """The first model's parameters for a fallback. Key, address and extras stay with the provider they were meant for;
    a fallback that names no provider has the first one's."""
    home = locate(first, provider_of(given))[0].name
    vendor = locate(name, provider_of(own), default=home)[0].name
    gone = OF_ONE_MODEL if vendor == home else OF_ONE_PROVIDER
    kept = {key: value for key, value in given.items() if key not in gone}
    if provider_of(own) is None and locate(name, None)[0].name != vendor:
        kept["provider"] = vendor
    return {**kept, **own}


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
    vendor, name = locate(model, provider_of(parameters))
    dialect = dialect_of(vendor)
    call = settle(dialect, name, messages, response_format, settings, stream)
    body = body_of(dialect, call)
    if (mock := settings.get("mock_response")) is not None:
        return _mocked(call, mock, make_read)
    secrets = Secrets()
    credentials = dialect.credentials(call)
    return Attempt(
        provider=vendor.name,
        model=name,
        request=request_of(dialect, call, credentials, secrets, body),
        read=make_read(dialect, call, secrets),
        error=lambda reply: secrets.mask(dialect.error(call, reply.status, reply.headers, reply.body)),
        renew=credentials.renewal,
    )


def _mocked(call: Call, mock: object, make_read: MakeRead[T]) -> Attempt[T]:
    """No request at all: the mock's bytes, in OpenAI's dialect, whoever the vendor is."""
    from .dialects.openai import OpenAIDialect
    from .mocking import mock_body

    dialect = OpenAIDialect(replace(NATIVE["openai"], name=call.vendor.name))
    request = Request("mock:", (), b"", Timeouts(), call.stream, mock=mock_body(mock, call))
    return Attempt(
        provider=call.vendor.name,
        model=call.model,
        request=request,
        read=make_read(dialect, call, Secrets()),
        error=lambda reply: dialect.error(call, reply.status, reply.headers, reply.body),
    )


def _retries(settings: CallParameters) -> int:
    given = one_of(settings, "num_retries", "retries", "max_retries")
    if given is None:
        return DEFAULT_RETRIES
    if not isinstance(given, int) or given < 0:
        raise InvalidRequestError(f"num_retries is {given!r}; it must be 0 or more", param="num_retries")
    return given


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
