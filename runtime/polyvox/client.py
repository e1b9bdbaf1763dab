"""`Client` and `AsyncClient`: settings that hold for many calls, and the connection pool they share."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, Mapping
from inspect import iscoroutinefunction
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeVar, cast, overload

from typing_extensions import Unpack

from .errors import InvalidRequestError, UnknownParameterError
from .guessing import nearest
from .parameters import CALL_PARAMETERS, SAME, CallParameters, Parameters
from .secrecy import conceal
from .shapes import is_mapping

if TYPE_CHECKING:
    import asyncio
    from weakref import WeakKeyDictionary

    import httpx2
    from opentelemetry.trace import TracerProvider

    from polyvox_wire.models import KnownModel

    from .calling import Plan
    from .connecting import AsyncOwnHTTP, OwnHTTP
    from .drivers import HTTP, AsyncHTTP, AsyncReply, AsyncStream, Reply, Stream
    from .events import OnFailure, OnSuccess
    from .exchange import Tell
    from .groups import ModelGroup
    from .messages import Messages
    from .parsed_streams import AsyncParsedStream, ParsedStream
    from .results import ChatCompletion, ChatCompletionChunk, ParsedChatCompletion
    from .watching import Watch, Watchers

__all__ = ["AsyncClient", "Client"]

T = TypeVar("T")


class HTTPClient(Protocol):
    """A caller's own `httpx2.Client` or `httpx.Client`."""

    @property
    def is_closed(self) -> bool: ...
    def close(self) -> None: ...


class AsyncHTTPClient(Protocol):
    """A caller's own `httpx2.AsyncClient` or `httpx.AsyncClient`."""

    @property
    def is_closed(self) -> bool: ...
    async def aclose(self) -> None: ...


_SAME_AS = {name: group for group in SAME for name in group}


def _with_defaults(defaults: Mapping[str, object], given: Mapping[str, object]) -> Mapping[str, object]:
    """What the call says wins, under whichever of a parameter's names."""
    if not defaults:
        return given
    kept = {name: value for name, value in given.items() if value is not None}
    said = {other for name in kept if name in _SAME_AS for other in _SAME_AS[name]}
    for name in ("extra_headers", "extra_query"):
        if is_mapping(whole := defaults.get(name)) and is_mapping(own := kept.get(name)):
            kept[name] = _joined(whole, own)
    return {**{name: value for name, value in defaults.items() if name not in said}, **kept}


def _joined(whole: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """A client's headers and the call's; the same header may be written in other letters."""
    lowered = {name.lower() for name in own}
    return {**{name: value for name, value in whole.items() if name.lower() not in lowered}, **own}


# What a repr shows: nothing that may hold a credential.
_SHOWN = frozenset({"provider", "custom_llm_provider", "api_base", "base_url", "api_version", "timeout", "drop_params"})


class _Settings:
    """What both clients have in common."""

    _defaults: Mapping[str, object] = {}

    def __init__(
        self,
        defaults: CallParameters,
        on_success: OnSuccess | None,
        on_failure: OnFailure | None,
        tracer_provider: TracerProvider | None,
    ) -> None:
        self._configure(defaults, on_success, on_failure, tracer_provider)

    def _configure(
        self,
        settings: CallParameters,
        on_success: OnSuccess | None,
        on_failure: OnFailure | None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        conceal(settings)
        for name, hook in (("on_success", on_success), ("on_failure", on_failure)):
            if iscoroutinefunction(hook):
                raise InvalidRequestError(f"{name} is a coroutine function; it must be a plain one", param=name)
        self._hooks = (on_success, on_failure, tracer_provider)
        self._watchers: Watchers | None = None
        defaults = cast("Mapping[str, object]", settings)
        for name in defaults:
            if name not in CALL_PARAMETERS:
                hint = nearest(name, CALL_PARAMETERS) or "; what is for the model belongs to the call"
                raise UnknownParameterError(f"a client has no setting {name!r}{hint}", param=name)
        self._defaults = {name: value for name, value in defaults.items() if value is not None}

    def _settings(self, model: str, given: Mapping[str, object]) -> Mapping[str, object]:
        """What holds for one call."""
        return _with_defaults(self._defaults, given)

    def _watch(self, model: str, settings: Mapping[str, object], stream: bool) -> Watch:
        """Who is told of one call: its hooks, the logger, a trace; nobody, almost always."""
        if (watchers := self._watchers) is None:
            from .watching import Watchers

            watchers = self._watchers = Watchers(*self._hooks)
        return watchers.watch(model, settings, stream)

    def __repr__(self) -> str:
        shown = {name: value for name, value in self._defaults.items() if name in _SHOWN}
        if "api_key" in self._defaults:
            shown["api_key"] = "***"
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


class Client(_Settings):
    """Synchronous calls that share settings and connections. Thread-safe; survives a fork; use it as a context manager
    or call `close()`.

    Any keyword of `completion()` that is not for the model may be given here and holds for every call. `http_client`
    is a caller's own `httpx2.Client` or `httpx.Client`, which is not closed; `transport` an httpx2 transport.

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
        self._models = dict(models or {})
        self._given = http_client
        self._transport = transport
        self._pool: OwnHTTP | None = None
        self._pid = 0
        self._lock = threading.Lock()
        self._left_behind: list[object] = []
        self._race_pool: tuple[OwnHTTP, int] | None = None
        self.chat = _Chat(_Completions(self))

    @overload
    def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[False] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T]: ...
    @overload
    def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[True],
        **parameters: Unpack[Parameters],
    ) -> ParsedStream[T]: ...
    @overload
    def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        stream: Literal[True],
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> Stream[ChatCompletionChunk]: ...
    @overload
    def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        stream: Literal[False] | None = None,
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion: ...
    @overload
    def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        response_format: type[T],
        stream: bool | None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T] | ParsedStream[T]: ...
    @overload
    def completion(
        self,
        model: KnownModel | str,
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
        from .calling import plan_answer, plan_stream
        from .parsed_streams import stream_of

        conceal(parameters)
        settings = self._settings(model, cast("Mapping[str, object]", parameters))
        with self._watch(model, settings, bool(stream)) as watch:
            if not stream:
                plan = watch.asked(plan_answer(model, messages, response_format, settings, self._models))
                return watch.answered(self._carry_out(plan, watch.tell, self._http_for(plan))[0])
            streamed = watch.asked(plan_stream(model, messages, response_format, settings, self._models))
            http = self._http_for(streamed)
            opened, reply = self._carry_out(streamed, watch.tell, http)
            assert reply is not None, "a streamed answer leaves its reply open"
            return stream_of(opened, reply, http, watch)

    def _carry_out(self, plan: Plan[T], tell: Tell | None, http: HTTP) -> tuple[T, Reply | None]:
        if plan.race:
            from .racing import race

            return race(plan, http, tell)
        from .drivers import run
        from .exchange import exchange

        return run(exchange(plan.candidates, plan.retries, tell), http)

    def _http_for(self, plan: Plan[T]) -> HTTP:
        return self._race_http() if plan.race else self._http()

    def _http(self) -> HTTP:
        if self._given is not None:
            return cast("HTTP", self._given)
        if self._pool is None or self._pid != os.getpid():
            self._open()
        return cast("HTTP", self._pool)

    def _open(self) -> None:
        from .connecting import open_http

        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                return
            if self._pool is not None:
                # After a fork the sockets belong to the parent: closing them here would end its TLS sessions.
                self._left_behind.append(self._pool)
            self._pool, self._pid = open_http(self._transport), os.getpid()

    def _race_http(self) -> HTTP:
        """Connections that serve one request: losers are stopped by shutting down theirs."""
        if self._given is not None or self._transport is not None:
            return self._http()
        from .connecting import open_http

        with self._lock:
            if self._race_pool is None or self._race_pool[1] != os.getpid():
                self._race_pool = open_http(kept=0), os.getpid()
            return cast("HTTP", self._race_pool[0])

    def close(self) -> None:
        """Close the pool. A later call opens a new one."""
        with self._lock:
            pool, self._pool = self._pool, None
            racing, self._race_pool = self._race_pool, None
        if racing is not None and racing[1] == os.getpid():
            racing[0].close()
        if pool is not None and self._pid == os.getpid():
            pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Completions:
    """`client.chat.completions.create`: OpenAI's way to write `client.completion`."""

    def __init__(self, client: Client) -> None:
        self.create = client.completion


class _Chat:
    def __init__(self, completions: _Completions) -> None:
        self.completions = completions


class AsyncClient(_Settings):
    """The same as `Client`, asynchronous. It may be used in several event loops, at once or one after another: each
    gets a pool of its own, which closes with its loop."""

    def __init__(
        self,
        *,
        http_client: AsyncHTTPClient | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        on_success: OnSuccess | None = None,
        on_failure: OnFailure | None = None,
        tracer_provider: TracerProvider | None = None,
        models: Mapping[str, ModelGroup] | None = None,
        **defaults: Unpack[CallParameters],
    ) -> None:
        super().__init__(defaults, on_success, on_failure, tracer_provider)
        self._models = dict(models or {})
        self._given = http_client
        self._transport = transport
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopPool] | None = None
        self._lock = threading.Lock()
        self.chat = _AsyncChat(_AsyncCompletions(self))

    @overload
    async def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[False] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T]: ...
    @overload
    async def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[True],
        **parameters: Unpack[Parameters],
    ) -> AsyncParsedStream[T]: ...
    @overload
    async def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        stream: Literal[True],
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> AsyncStream[ChatCompletionChunk]: ...
    @overload
    async def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        stream: Literal[False] | None = None,
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion: ...
    @overload
    async def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        response_format: type[T],
        stream: bool | None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T] | AsyncParsedStream[T]: ...
    @overload
    async def completion(
        self,
        model: KnownModel | str,
        messages: Messages,
        *,
        stream: bool | None,
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]: ...
    async def completion(
        self,
        model: str,
        messages: Messages,
        *,
        stream: bool | None = None,
        response_format: type[object] | Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]:
        """The same as `polyvox.acompletion`, with this client's settings and connections."""
        from .calling import plan_answer, plan_stream
        from .parsed_streams import async_stream_of

        conceal(parameters)
        settings = self._settings(model, cast("Mapping[str, object]", parameters))
        with self._watch(model, settings, bool(stream)) as watch:
            http = await self._http()
            if not stream:
                plan = watch.asked(plan_answer(model, messages, response_format, settings, self._models))
                return watch.answered((await self._carry_out(plan, watch.tell, http))[0])
            streamed = watch.asked(plan_stream(model, messages, response_format, settings, self._models))
            opened, reply = await self._carry_out(streamed, watch.tell, http)
            assert reply is not None, "a streamed answer leaves its reply open"
            return async_stream_of(opened, reply, http, watch)

    async def _carry_out(self, plan: Plan[T], tell: Tell | None, http: AsyncHTTP) -> tuple[T, AsyncReply | None]:
        if plan.race:
            from .racing import arace

            return await arace(plan, http, tell)
        from .drivers import arun
        from .exchange import exchange

        return await arun(exchange(plan.candidates, plan.retries, tell), http)

    async def _http(self) -> AsyncHTTP:
        if self._given is not None:
            return cast("AsyncHTTP", self._given)
        from asyncio import get_running_loop
        from weakref import WeakKeyDictionary

        loop = get_running_loop()
        with self._lock:
            if self._pools is None:
                self._pools = WeakKeyDictionary()
            found = self._pools.get(loop)
            if found is not None and found.usable:
                return cast("AsyncHTTP", found.pool)
            pool = self._pools[loop] = _LoopPool(self._transport)
        await pool.keep()
        return cast("AsyncHTTP", pool.pool)

    async def close(self) -> None:
        """Close the running loop's pool. A later call opens a new one."""
        from asyncio import get_running_loop

        with self._lock:
            pool = self._pools.pop(get_running_loop(), None) if self._pools is not None else None
        if pool is not None:
            await pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()


class _LoopPool:
    """One loop's connections. They close with the loop: `asyncio.run` ends all asynchronous generators that are still
    open before it closes its loop, and one of them is ours."""

    def __init__(self, transport: httpx2.AsyncBaseTransport | None) -> None:
        from .connecting import open_async_http

        self.pool: AsyncOwnHTTP = open_async_http(transport)
        self._pid = os.getpid()
        self._keeper = self._close_at_end()

    @property
    def usable(self) -> bool:
        return self._pid == os.getpid() and not self.pool.is_closed

    async def keep(self) -> None:
        await anext(self._keeper)

    async def close(self) -> None:
        await self._keeper.aclose()

    async def _close_at_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await self.pool.aclose()


class _AsyncCompletions:
    """`client.chat.completions.create`: OpenAI's way to write `client.completion`."""

    def __init__(self, client: AsyncClient) -> None:
        self.create = client.completion


class _AsyncChat:
    def __init__(self, completions: _AsyncCompletions) -> None:
        self.completions = completions
