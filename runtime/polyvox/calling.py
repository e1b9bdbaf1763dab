"""From keywords to a plan: everything that can be wrong with a call is found here, before any request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from errno import EMFILE, ENFILE, ENOMEM
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from .addressing import locate, locate_at
from .answering import AnswerReader, answered
from .candidates import Groups, Hold, candidates_of
from .checking import checked
from .dialects import dialect_of
from .errors import APIConnectionError, APIError, InvalidRequestError, UnknownParameterError
from .exchange import Attempt, Candidate, Outcome, Request, Response, Steps, Tell, Timeouts, exchange
from .functions import FunctionReader, called
from .guessing import nearest
from .headers import request_id
from .keywords import OF_SOME_VENDORS, RETRIES, SAME_AS, WHO_PAYS, one_of, provider_of
from .kinds import check_kinds
from .natives import NATIVE
from .requesting import body_of, request_of
from .results import Facts
from .secrecy import Secrets
from .secrecy import conceal as conceal  # the clients import all that a call needs in one statement
from .settling import settle
from .shapes import mapping_of
from .structured import parsed

if TYPE_CHECKING:
    from .call import Call
    from .dialects.dialect import Dialect
    from .groups import Lease
    from .messages import MessageParam, Messages
    from .parameters import CallParameters
    from .results import ChatCompletion
    from .streaming import Received

T = TypeVar("T")

DEFAULT_RETRIES = 2
_CLIENT_ARGS = {
    "api_key": "api_key",
    "base_url": "base_url",
    "api_base": "api_base",
    "timeout": "timeout",
    "max_retries": "max_retries",
    "default_headers": "extra_headers",
    "default_query": "extra_query",
    "region_name": "aws_region_name",
    **{name: name for name in OF_SOME_VENDORS},
}
_READ_ONCE = frozenset({"tools", "functions", "stop", "modalities"})


@dataclass(slots=True, eq=False)  # not frozen: one is made per call, and freezing doubles its cost
class Plan(Generic[T]):
    """Whom to ask, and how often."""

    candidates: Sequence[Candidate[T]]
    retries: int
    messages: list[MessageParam]
    race: bool = False
    """Whether to ask all candidates at the same time (`model_list`), and not one after another."""

    def steps(self, tell: Tell | None) -> Steps[T]:
        """The exchange with them, one after another."""
        return exchange(self.candidates, self.retries, tell)


@dataclass(slots=True, eq=False)
class _Kind(Generic[T]):
    """What a whole and a streamed answer do not have in common."""

    stream: bool
    read: Callable[[Dialect, Call, Secrets], Callable[[Response], T]]
    hold: Hold[T]
    begin: Callable[[T, Outcome], bool] | None = None


def plan_answer(
    model: str,
    messages: Messages,
    response_format: object,
    parameters: Mapping[str, object],
    groups: Groups | None = None,
) -> Plan[ChatCompletion]:
    """The plan of a call whose answer comes whole."""
    return _plan(model, messages, response_format, parameters, groups, _WHOLE)


def plan_stream(
    model: str,
    messages: Messages,
    response_format: object,
    parameters: Mapping[str, object],
    groups: Groups | None = None,
) -> Plan[Received]:
    """The plan of a call whose answer is streamed."""
    return _plan(model, messages, response_format, parameters, groups, _STREAMED)


def _plan(
    model: str,
    messages: Messages,
    response_format: object,
    parameters: Mapping[str, object],
    groups: Groups | None,
    kind: _Kind[T],
) -> Plan[T]:
    try:
        return _planned(model, messages, response_format, parameters, groups, kind)
    except (APIError, Warning, MemoryError):
        raise
    except Exception as error:
        raise _unusable(error) from error


_EXHAUSTED = frozenset({EMFILE, ENFILE, ENOMEM})


def _unusable(error: Exception) -> APIError:
    """For what no check foresaw: nested a thousand deep, a number of 5,000 digits, an object whose methods fail; or a
    machine that cannot even load the vendor's module now."""
    if isinstance(error, OSError) and error.errno in _EXHAUSTED:
        return APIConnectionError(f"no request could be made: {error}")
    if isinstance(error, RecursionError):
        return InvalidRequestError("the call cannot be written as a request: something in it is nested too deep")
    kind = type(error).__name__  # its words may be the key's, or the prompt's
    return InvalidRequestError(f"the call cannot be written as a request ({kind}; see this error's cause)")


def _planned(
    model: str,
    messages: Messages,
    response_format: object,
    parameters: Mapping[str, object],
    groups: Groups | None,
    kind: _Kind[T],
) -> Plan[T]:
    if not isinstance(cast("object", model), str):
        raise InvalidRequestError(f"model is {repr(model)[:60]}; it must be a text, e.g. 'openai:gpt-4.1-mini'")
    given = {name: value for name, value in parameters.items() if value is not None}
    if not _READ_ONCE.isdisjoint(given):
        _read_once(given)
    check_kinds(given)
    if "client_args" in given:
        _spread_client_args(model, given)
        check_kinds(given)
    plain = checked(messages)

    def ask(name: str, merged: Mapping[str, object]) -> Attempt[T]:
        if merged is not given:
            check_kinds(merged)
            merged = {key: value for key, value in merged.items() if value is not None}
        try:
            return _attempt(name, plain, response_format, merged, kind)
        except (APIError, Warning, MemoryError):
            raise
        except Exception as error:
            if error is merged.get("mock_response"):
                raise
            raise _unusable(error) from error

    candidates, race = candidates_of(model, given, groups or {}, ask, kind.hold)
    return Plan(candidates, _retries(given), plain, race)


def _read_once(given: dict[str, object]) -> None:
    """What can be read only once is read here: every model of a fallback chain needs it."""
    for name in _READ_ONCE & given.keys():
        if isinstance(value := given[name], Iterator):
            given[name] = list(cast("Iterator[object]", value))


def _spread_client_args(model: str, given: dict[str, object]) -> None:
    """any-llm's `client_args` are settings of the call under other names; what the call says itself wins."""
    arguments = dict(mapping_of(given.pop("client_args", None)))
    if not WHO_PAYS.keys().isdisjoint(arguments) and locate(model, provider_of(given))[0].name == "openai":
        payers = {header: arguments.pop(name) for name, header in WHO_PAYS.items() if name in arguments}
        arguments["default_headers"] = payers | dict(mapping_of(arguments.get("default_headers")))
    for name, value in arguments.items():
        if name not in _CLIENT_ARGS:
            hint = "; it belongs to a Client" if name == "http_client" else nearest(name, _CLIENT_ARGS)
            raise UnknownParameterError(f"client_args has no {name!r}{hint}", param="client_args")
        meant = _CLIENT_ARGS[name]
        if not any(given.get(same) is not None for same in SAME_AS.get(meant, (meant,))):
            given[meant] = value


def _attempt(
    model: str,
    messages: list[MessageParam],
    response_format: object,
    parameters: Mapping[str, object],
    kind: _Kind[T],
) -> Attempt[T]:
    address = parameters.get("api_base") or parameters.get("base_url")
    vendor, name = locate_at(address, model, provider_of(parameters))
    dialect = dialect_of(vendor)
    call = settle(dialect, name, messages, response_format, cast("CallParameters", parameters), kind.stream)
    body = body_of(dialect, call)
    if (mock := parameters.get("mock_response")) is not None:
        return _mocked(call, mock, kind)
    secrets = Secrets()
    credentials = dialect.credentials(call)
    request = request_of(dialect, call, credentials, secrets, body)
    return Attempt(
        provider=vendor.name,
        model=name,
        request=request,
        read=kind.read(dialect, call, secrets),
        error=lambda reply: secrets.mask(_refused(dialect, call, request, credentials.source, reply)),
        renew=credentials.renewal,
        mask=secrets.mask,
        begin=kind.begin,
    )


def _refused(dialect: Dialect, call: Call, request: Request, source: str, reply: Response) -> APIError:
    from .failures import located

    return located(dialect.error(call, reply.status, reply.headers, reply.body), request.url, source)


def _mocked(call: Call, mock: object, kind: _Kind[T]) -> Attempt[T]:
    """No request at all: the mock's bytes, in OpenAI's dialect, whoever the vendor is."""
    from .dialects.openai import OpenAIDialect
    from .mocking import mock_body

    dialect = OpenAIDialect(replace(NATIVE["openai"], name=call.vendor.name))
    request = Request("mock:", (), b"", Timeouts(), call.stream, mock=mock_body(mock, call))
    return Attempt(
        provider=call.vendor.name,
        model=call.model,
        request=request,
        read=kind.read(dialect, call, Secrets()),
        error=lambda reply: dialect.error(call, reply.status, reply.headers, reply.body),
        begin=kind.begin,
    )


def _retries(parameters: Mapping[str, object]) -> int:
    given = one_of(parameters, *RETRIES)
    if given is None:
        return DEFAULT_RETRIES
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
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
        if call.answer_tool is not None:
            completion = answered(completion, call.answer_tool)
        if call.by_functions:
            completion = called(completion)
        return completion if call.typed is None else parsed(completion, call.typed, call.model)

    return read


def _read_stream(dialect: Dialect, call: Call, secrets: Secrets) -> Callable[[Response], Received]:
    from .streaming import Received  # a call whose answer comes whole has no use for it

    def read(response: Response) -> Received:
        facts = _facts(dialect, call, response)
        facts.response_ms = None
        reader = dialect.reader(call)
        if call.answer_tool is not None:
            reader = AnswerReader(reader, call.answer_tool)
        if call.by_functions:
            reader = FunctionReader(reader)
        return Received(reader, call, facts, secrets)

    return read


def _held_whole(answer: ChatCompletion, lease: Lease) -> ChatCompletion:
    lease.end()
    return answer


def _held_stream(received: Received, lease: Lease) -> Received:
    received.held_by(lease)
    return received


_WHOLE = _Kind(False, _read_whole, _held_whole)
_STREAMED = _Kind(True, _read_stream, _held_stream, begin=lambda received, outcome: received.begin(outcome))
