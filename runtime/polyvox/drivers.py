"""Carries each request of an exchange through an HTTP client.

`run` and `arun` are the same thing twice; all they decide with stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from inspect import isawaitable, iscoroutine
from time import monotonic, sleep
from typing import TypeVar, cast

from .errors import APIError, InvalidRequestError
from .exchange import Failure, Headers, More, Outcome, Pause, Request, Response, Steps, UnreadableReplyError, is_good
from .limits import Body, Phases, phases_of
from .secrecy import Hidden, forget_carriers
from .transport.replies import HTTP, AsyncHTTP, AsyncOpen, AsyncReply, MockReply, Open, Reply
from .transport.troubles import errors_of_libraries, is_named, timed_out

T = TypeVar("T")


def _failure(error: Exception, started: float, reply: Reply | AsyncReply | None) -> Failure:
    forget_carriers(error)
    if is_named(error, "DecodingError"):
        error = UnreadableReplyError(f"it does not unpack ({error})")
    return Failure(error, timed_out(error), monotonic() - started, None if reply is None else reply.headers)


def _stays_open(request: Request, status: int) -> bool:
    return request.stream and is_good(status)


def _key_headers(request: Request, key: object) -> Headers:
    if request.sign is None:
        return request.headers
    if not isinstance(key, str) or not key.strip():
        raise InvalidRequestError("the api_key callable returned no key", param="api_key")
    key = Hidden(key.strip())
    return (*request.headers, *request.sign(key))


def _sync_key_headers(request: Request) -> Headers:
    return _key_headers(request, _no_coroutine(request.key() if request.key is not None else None))


def _no_coroutine(key: object) -> object:
    if not isawaitable(key):
        return key
    if iscoroutine(key):
        key.close()
    raise InvalidRequestError("api_key is an async callable; use acompletion(), or a plain callable", param="api_key")


def run(steps: Steps[T], http: HTTP) -> tuple[T, Reply | None]:
    """Carry an exchange out. Returns its result, and the open reply if it is streamed."""
    reply: Reply | None = None
    step: Callable[[], Request | Pause | More] = partial(next, steps)
    try:
        while True:
            try:
                request = step()
            except StopIteration as done:
                return cast("T", done.value), reply
            if isinstance(request, More):
                assert reply is not None, "more is asked of a reply that is open"
                step = partial(steps.send, _more(reply))
                continue
            if reply is not None:
                reply.close()  # a stream that failed before it began
            reply = None
            if isinstance(request, Pause):
                _pause(request)
                step = partial(next, steps)
                continue
            if request.after:
                sleep(request.after)
            started = monotonic()
            try:
                headers = request.headers if request.key is None else _sync_key_headers(request)
                reply = _send(http, request, headers)
                come = Response(reply.status_code, reply.headers)
                if _stays_open(request, reply.status_code):
                    reply = Open(reply)
                else:
                    come.body = _read(reply, request, started)
                come.elapsed = monotonic() - started
                outcome: Outcome = come
            except APIError as refused:  # no key: the next model may have one
                step = partial(steps.throw, refused)
                continue
            except errors_of_libraries() as error:
                outcome = _failure(error, started, reply)
            step = partial(steps.send, outcome)
    except BaseException as stopped:
        forget_carriers(stopped)
        if reply is not None:
            reply.close()
        raise
    finally:
        steps.close()


def _more(reply: Reply) -> Outcome:
    started = monotonic()
    try:
        piece = next(filter(None, reply.iter_bytes()), b"")
    except errors_of_libraries() as error:
        return _failure(error, started, reply)
    return Response(reply.status_code, reply.headers, piece, monotonic() - started)


def _pause(pause: Pause) -> None:
    with suppress(TimeoutError):
        pause.until.result(pause.seconds)
    pause.until.cancel()


def _send(http: HTTP, request: Request, headers: Headers) -> Reply:
    if request.mock is not None:
        return MockReply(request.mock)
    phases = phases_of(request.timeouts)
    reply = http.send(_built(http, request, headers, phases), stream=True, follow_redirects=False)
    if request.stream and isinstance(phases, Phases):
        phases.begun()
    return reply


def _built(http: HTTP | AsyncHTTP, request: Request, headers: Headers, phases: Mapping[str, float | None]) -> object:
    """The request in the client's own type: a caller's client builds it itself, so that its headers and settings
    count."""
    extensions = {"timeout": phases}
    return http.build_request("POST", request.url, headers=headers, content=request.body, extensions=extensions)


def _read(reply: Reply, request: Request, started: float) -> bytes:
    body = Body(request, reply.status_code, started)
    try:
        for piece in reply.iter_bytes():
            if body.add(piece):
                break
    except errors_of_libraries() as error:
        body.broken(error)
    finally:
        reply.close()
    return body.whole


async def arun(steps: Steps[T], http: AsyncHTTP) -> tuple[T, AsyncReply | None]:
    """The same as `run`, asynchronous."""
    import asyncio  # a synchronous program never needs it

    reply: AsyncReply | None = None
    step: Callable[[], Request | Pause | More] = partial(next, steps)
    try:
        while True:
            try:
                request = step()
            except StopIteration as done:
                return cast("T", done.value), reply
            if isinstance(request, More):
                assert reply is not None, "more is asked of a reply that is open"
                step = partial(steps.send, await _amore(reply))
                continue
            if reply is not None:
                await reply.aclose()  # a stream that failed before it began
            reply = None
            if isinstance(request, Pause):
                await _apause(request)
                step = partial(next, steps)
                continue
            if request.after:
                await asyncio.sleep(request.after)
            started = monotonic()
            try:
                async with asyncio.timeout(request.timeouts.total):  # a key may take its time, and headers trickle in
                    headers = request.headers if request.key is None else await _async_key_headers(request)
                    reply = await _asend(http, request, headers)
                come = Response(reply.status_code, reply.headers)
                if _stays_open(request, reply.status_code):
                    reply = AsyncOpen(reply)
                else:
                    come.body = await _aread(reply, request, started)
                come.elapsed = monotonic() - started
                outcome: Outcome = come
            except APIError as refused:  # no key: the next model may have one
                step = partial(steps.throw, refused)
                continue
            except errors_of_libraries() as error:
                outcome = _failure(error, started, reply)
            step = partial(steps.send, outcome)
    except BaseException as stopped:
        forget_carriers(stopped)
        if reply is not None:
            await reply.aclose()
        raise
    finally:
        steps.close()


async def _amore(reply: AsyncReply) -> Outcome:
    started = monotonic()
    try:
        piece = b""
        async for piece in reply.aiter_bytes():
            if piece:
                break
    except errors_of_libraries() as error:
        return _failure(error, started, reply)
    return Response(reply.status_code, reply.headers, piece, monotonic() - started)


async def _apause(pause: Pause) -> None:
    import asyncio

    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.wrap_future(pause.until), pause.seconds)


async def _async_key_headers(request: Request) -> Headers:
    if request.blocking:
        import asyncio

        return await asyncio.to_thread(_sync_key_headers, request)
    key = request.key() if request.key is not None else None
    if isawaitable(key):
        key = await key
    if isinstance(key, str):
        key = Hidden(key)
    return _key_headers(request, key)


async def _asend(http: AsyncHTTP, request: Request, headers: Headers) -> AsyncReply:
    if request.mock is not None:
        return MockReply(request.mock)
    phases = phases_of(request.timeouts)
    reply = await http.send(_built(http, request, headers, phases), stream=True, follow_redirects=False)
    if request.stream and isinstance(phases, Phases):
        phases.begun()
    return reply


async def _aread(reply: AsyncReply, request: Request, started: float) -> bytes:
    body = Body(request, reply.status_code, started)
    try:
        async for piece in reply.aiter_bytes():
            if body.add(piece):
                break
    except errors_of_libraries() as error:
        body.broken(error)
    finally:
        await reply.aclose()
    return body.whole
