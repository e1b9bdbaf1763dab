"""`AsyncClient`: the same as `Client`, asynchronous."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeVar, Unpack, cast, overload

from .client_settings import ClientSettings, check_ways, named_groups, wants_stream
from .errors import InvalidRequestError
from .parameters import CallParameters, Parameters

if TYPE_CHECKING:
    import asyncio
    from weakref import WeakKeyDictionary

    import httpx2
    from opentelemetry.trace import TracerProvider

    from .answer_streams import AsyncStream
    from .calling import Plan
    from .events import OnFailure, OnSuccess
    from .exchange import Tell
    from .groups import ModelGroup
    from .messages import Messages
    from .names import ModelName
    from .parsed_results import ParsedChatCompletion
    from .parsed_streams import AsyncParsedStream
    from .results import ChatCompletion, ChatCompletionChunk
    from .transport.connecting import AsyncOwnHTTP
    from .transport.replies import AsyncHTTP, AsyncReply

__all__ = ["AsyncClient"]

T = TypeVar("T")


class AsyncHTTPClient(Protocol):
    """A caller's own `httpx2.AsyncClient` or `httpx.AsyncClient`."""

    @property
    def is_closed(self) -> bool: ...
    async def aclose(self) -> None: ...


class AsyncClient(ClientSettings):
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
        check_ways(http_client, transport, closed_by="aclose", handled_by="handle_async_request")
        self._models = named_groups(models)
        self._given = http_client
        self._transport = transport
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopPool] | None = None
        self.chat = _AsyncChat(_AsyncCompletions(self))

    @overload
    async def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        stream: Literal[False] | None = None,
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion: ...
    @overload
    async def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[False] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T]: ...
    @overload
    async def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        response_format: type[T],
        stream: Literal[True],
        **parameters: Unpack[Parameters],
    ) -> AsyncParsedStream[T]: ...
    @overload
    async def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        stream: Literal[True],
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> AsyncStream[ChatCompletionChunk]: ...
    @overload
    async def completion(
        self,
        model: ModelName,
        messages: Messages,
        *,
        response_format: type[T],
        stream: bool | None,
        **parameters: Unpack[Parameters],
    ) -> ParsedChatCompletion[T] | AsyncParsedStream[T]: ...
    @overload
    async def completion(
        self,
        model: ModelName,
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
        from .calling import conceal, plan_answer, plan_stream  # together: each statement costs a microsecond

        conceal(parameters)
        settings = self._settings(model, cast("Mapping[str, object]", parameters))
        with self._watch(model, settings, bool(stream)) as watch:
            http = await self._http()
            if not wants_stream(stream):
                plan = watch.asked(plan_answer(model, messages, response_format, settings, self._models))
                return watch.answered((await self._carry_out(plan, watch.tell, http))[0])
            streamed = watch.asked(plan_stream(model, messages, response_format, settings, self._models))
            received, reply = await self._carry_out(streamed, watch.tell, http)
            assert reply is not None, "a streamed answer leaves its reply open"
            from .parsed_streams import async_stream_of

            return async_stream_of(received, reply, watch)

    async def _carry_out(self, plan: Plan[T], tell: Tell | None, http: AsyncHTTP) -> tuple[T, AsyncReply | None]:
        if plan.race:
            from .racing import arace

            return await arace(plan, http, tell)
        from .drivers import arun

        return await arun(plan.steps(tell), http)

    async def _http(self) -> AsyncHTTP:
        if self._given is not None:
            return cast("AsyncHTTP", self._given)
        from asyncio import get_running_loop
        from weakref import WeakKeyDictionary

        try:
            loop = get_running_loop()
        except RuntimeError:
            raise InvalidRequestError(
                "it needs asyncio's event loop, and none is running; under trio call the synchronous completion() by "
                "trio.to_thread.run_sync"
            ) from None
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
        from .transport.connecting import open_async_http

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
    """`client.chat.completions.create`: OpenAI's way to write `client.completion`, as is `parse`."""

    def __init__(self, client: AsyncClient) -> None:
        self.create = client.completion
        self.parse = client.completion


class _AsyncChat:
    def __init__(self, completions: _AsyncCompletions) -> None:
        self.completions = completions
