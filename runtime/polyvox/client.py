"""`Client`: synchronous calls that share settings and connections."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeVar, Unpack, cast, overload
from weakref import finalize

from .client_settings import ClientSettings, check_ways, named_groups, wants_stream
from .parameters import CallParameters, Parameters

if TYPE_CHECKING:
    import httpx2
    from opentelemetry.trace import TracerProvider

    from .answer_streams import Stream
    from .calling import Plan
    from .events import OnFailure, OnSuccess
    from .exchange import Tell
    from .groups import ModelGroup
    from .messages import Messages
    from .names import ModelName
    from .parsed_results import ParsedChatCompletion
    from .parsed_streams import ParsedStream
    from .results import ChatCompletion, ChatCompletionChunk
    from .transport.connecting import OwnHTTP
    from .transport.replies import HTTP, Reply

__all__ = ["Client"]

T = TypeVar("T")


class HTTPClient(Protocol):
    """A caller's own `httpx2.Client` or `httpx.Client`."""

    @property
    def is_closed(self) -> bool: ...
    def close(self) -> None: ...


class Client(ClientSettings):
    """Synchronous calls that share settings and connections. Thread-safe; survives a fork; use it as a context manager
    or call `close()`.

    Any keyword of `completion()` that is not for the model may be given here and holds for every call; `api_key`
    needs its `provider` or `api_base` beside it, since calls may name any. `http_client` is a caller's own
    `httpx2.Client` or `httpx.Client`, which is not closed; `transport` an httpx2 transport.

    `on_success` and `on_failure` are called at the end of each call with a `SuccessEvent` or `FailureEvent`, in the
    caller's thread or event loop: a slow hook delays the answer. What a hook raises is logged and goes no further.
    `tracer_provider` is OpenTelemetry's, if it is not the process's (needs the `otel` extra).

    `models` gives names to groups of deployments that answer for one another: `completion("chat", ...)` then asks one
    of `ModelGroup([...])`, with weights, limits, and cooldowns after failures.
    """

    def __init__(
        self,
        *,
        http_client: HTTPClient | None = None,
        transport: httpx2.BaseTransport | None = None,
        on_success: OnSuccess | None = None,
        on_failure: OnFailure | None = None,
        tracer_provider: TracerProvider | None = None,
        models: Mapping[str, ModelGroup] | None = None,
        **defaults: Unpack[CallParameters],
    ) -> None:
        super().__init__(defaults, on_success, on_failure, tracer_provider)
        check_ways(http_client, transport, closed_by="close", handled_by="handle_request")
        self._models = named_groups(models)
        self._given = http_client
        self._transport = transport
        self._pool: OwnHTTP | None = None
        self._pid = 0
        self._race_pool: tuple[OwnHTTP, int] | None = None
        self._end: finalize[..., Client] | None = None
        self.chat = _Chat(_Completions(self))

    @overload
    def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        stream: Literal[False] | None = None,
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion: ...
    @overload
    def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[False] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T]: ...
    @overload
    def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[True],
        **parameters: Unpack[Parameters],
    ) -> ParsedStream[T]: ...
    @overload
    def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        stream: Literal[True],
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> Stream[ChatCompletionChunk]: ...
    @overload
    def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        response_format: type[T],
        stream: bool | None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T] | ParsedStream[T]: ...
    @overload
    def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        stream: bool | None,
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion | Stream[ChatCompletionChunk]: ...
    def completion(
        self,
        model: str,
        messages: Messages,
        *,
        stream: bool | None = None,
        response_format: type[object] | Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion | Stream[ChatCompletionChunk]:
        """The same as `polyvox.completion`, with this client's settings and connections."""
        from .calling import conceal, plan_answer, plan_stream  # together: each statement costs a microsecond

        conceal(parameters)
        settings = self._settings(model, cast("Mapping[str, object]", parameters))
        with self._watch(model, settings, bool(stream)) as watch:
            if not wants_stream(stream):
                plan = watch.asked(plan_answer(model, messages, response_format, settings, self._models))
                return watch.answered(self._carry_out(plan, watch.tell, self._http_for(plan))[0])
            streamed = watch.asked(plan_stream(model, messages, response_format, settings, self._models))
            http = self._http_for(streamed)
            received, reply = self._carry_out(streamed, watch.tell, http)
            assert reply is not None, "a streamed answer leaves its reply open"
            from .parsed_streams import stream_of

            return stream_of(received, reply, watch)

    def _carry_out(self, plan: Plan[T], tell: Tell | None, http: HTTP) -> tuple[T, Reply | None]:
        if plan.race:
            from .racing import race

            return race(plan, http, tell)
        from .drivers import run

        return run(plan.steps(tell), http)

    def _http_for(self, plan: Plan[T]) -> HTTP:
        return self._race_http() if plan.race else self._http()

    def _http(self) -> HTTP:
        if self._given is not None:
            return cast("HTTP", self._given)
        if self._pool is None or self._pid != os.getpid():
            self._open()
        return cast("HTTP", self._pool)

    def _open(self) -> None:
        from .transport.connecting import open_http

        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                return
            if self._pool is not None:
                self._pool.leave()  # `_end` of the parent's keeps it: collected, it would close what is not ours
            self._pool, self._pid = open_http(self._transport), os.getpid()
            self._end = finalize(self, _end, self._pool, self._pid)

    def _race_http(self) -> HTTP:
        """Connections that serve one request: losers are stopped by shutting down theirs."""
        if self._given is not None or self._transport is not None:
            return self._http()
        from .transport.connecting import open_http

        with self._lock:
            if self._race_pool is None or self._race_pool[1] != os.getpid():
                self._race_pool = open_http(kept=0), os.getpid()
            return cast("HTTP", self._race_pool[0])

    def close(self) -> None:
        """Close the pool. A later call opens a new one."""
        with self._lock:
            pool, self._pool = self._pool, None
            if self._end is not None:
                self._end.detach()
            racing, self._race_pool = self._race_pool, None
        if racing is not None and racing[1] == os.getpid():
            racing[0].close()
        if pool is not None and self._pid == os.getpid():
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _end(pool: OwnHTTP, pid: int) -> None:
    """A client that nobody closed is gone, or its process ends. (A forked child leaves its parent's connections.)"""
    if pid == os.getpid():
        pool.retire()


class _Completions:
    """`client.chat.completions.create`: OpenAI's way to write `client.completion`, as is `parse`."""

    def __init__(self, client: Client) -> None:
        self.create = client.completion
        self.parse = client.completion


class _Chat:
    def __init__(self, completions: _Completions) -> None:
        self.completions = completions
