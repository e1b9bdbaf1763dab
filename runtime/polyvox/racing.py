"""`model_list`: several models asked at the same time. The first answer wins, and the others' connections are closed.

Synchronously each model has a thread for the time of the call; a loser that waits for its vendor is stopped by shutting
down its socket. (With a caller's own HTTP client, which may reuse connections whose sockets are not known here, it may
go on to the end of its request.) Asynchronously each has a task. A streamed answer counts from its first chunk.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar, cast

from .drivers import arun, run
from .errors import APIConnectionError, APIError
from .exchange import Candidate, Tell, exchange, exhausted
from .transport.handshakes import shut
from .transport.replies import HTTP, AsyncHTTP, AsyncReply, Reply

if TYPE_CHECKING:
    from .calling import Plan
    from .exchange import Headers

T = TypeVar("T")

Outcome: TypeAlias = "tuple[int, T | BaseException, Reply | None]"


class Lost(Exception):
    """Another model was faster."""


class _NetworkStream(Protocol):
    """What the HTTP library reports of a new connection."""

    def get_extra_info(self, info: str) -> object: ...


class Interruptible:
    """One racer's HTTP client: what it waits for can be stopped from another thread."""

    def __init__(self, http: HTTP) -> None:
        self._http = http
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.lost = False

    def build_request(
        self, method: str, url: str, *, headers: Headers, content: bytes, extensions: Mapping[str, object]
    ) -> object:
        """The request; the HTTP library tells of the connection that it opens for it."""
        watched = {**extensions, "trace": self._trace}
        return self._http.build_request(method, url, headers=headers, content=content, extensions=watched)

    def send(self, request: object, *, stream: bool, follow_redirects: bool) -> Reply:
        """Send it, unless the race is over."""
        if self.lost:
            raise Lost
        return self._http.send(request, stream=stream, follow_redirects=follow_redirects)

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        if not event.endswith(("connect_tcp.complete", "connect_unix_socket.complete", "start_tls.complete")):
            return
        found = cast("_NetworkStream", info["return_value"]).get_extra_info("socket")
        if isinstance(found, socket.socket):
            with self._lock:
                self._sockets.append(found)
                if self.lost:
                    shut(found)

    def stop(self) -> None:
        """End it, wherever it is."""
        with self._lock:
            self.lost = True
            for one in self._sockets:
                shut(one)


class _Race(Generic[T]):
    """One call's threads."""

    def __init__(self, plan: Plan[T], http: HTTP, tell: Tell | None) -> None:
        self._plan = plan
        self._tell = tell
        self._racers = [Interruptible(http) for _ in plan.candidates]
        self._outcomes: SimpleQueue[Outcome[T]] = SimpleQueue()
        self._over = False
        self._lock = threading.Lock()

    def run(self) -> tuple[T, Reply | None]:
        winner = -1
        try:
            for number, candidate in enumerate(self._plan.candidates):
                self._start(number, candidate)
            winner, answer, reply = self._winner()
            return answer, reply
        finally:
            self._end(winner)

    def _start(self, number: int, candidate: Candidate[T]) -> None:
        """In a copy of the caller's context, which holds his trace and what his logger adds."""
        ask = partial(copy_context().run, self._ask, number, candidate)
        try:
            threading.Thread(target=ask, name="polyvox-race", daemon=True).start()
        except RuntimeError as error:  # no more threads: the others may answer
            self._outcomes.put((number, APIConnectionError(f"it could not be asked: {error}"), None))

    def _winner(self) -> tuple[int, T, Reply | None]:
        failures: dict[int, APIError] = {}
        while len(failures) < len(self._racers):
            number, outcome, reply = self._outcomes.get()
            if isinstance(outcome, APIError):
                failures[number] = outcome
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                return number, outcome, reply
        raise exhausted([failures[number] for number in sorted(failures)])

    def _ask(self, number: int, candidate: Candidate[T]) -> None:
        reply: Reply | None = None
        outcome: T | BaseException
        try:
            answer, reply = run(exchange([candidate], self._plan.retries, self._tell), self._racers[number])
            outcome = answer
        except BaseException as error:
            outcome = error
        with self._lock:
            if not self._over:
                self._outcomes.put((number, outcome, reply))
            elif reply is not None:
                reply.close()

    def _end(self, winner: int) -> None:
        """Stop the losers, also one that came in second just now."""
        with self._lock:
            self._over = True
        for number, racer in enumerate(self._racers):
            if number != winner:
                racer.stop()
        while not self._outcomes.empty():
            _, _, reply = self._outcomes.get()
            if reply is not None:
                reply.close()


def race(plan: Plan[T], http: HTTP, tell: Tell | None) -> tuple[T, Reply | None]:
    """`run` for several models at once: the first result, and its open reply if it is streamed.

    Raises:
        FallbacksExhaustedError: none of them answered.
    """
    return _Race(plan, http, tell).run()


async def arace(plan: Plan[T], http: AsyncHTTP, tell: Tell | None) -> tuple[T, AsyncReply | None]:
    """The same as `race`, asynchronous."""
    asking = (arun(exchange([candidate], plan.retries, tell), http) for candidate in plan.candidates)
    tasks = [asyncio.ensure_future(one) for one in asking]
    winner: asyncio.Future[tuple[T, AsyncReply | None]] | None = None
    try:
        winner = await _first_done(tasks)
        return winner.result()
    finally:
        await _end([task for task in tasks if task is not winner])


async def _first_done(
    tasks: list[asyncio.Task[tuple[T, AsyncReply | None]]],
) -> asyncio.Future[tuple[T, AsyncReply | None]]:
    pending = set(tasks)
    while pending:
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task not in pending and not isinstance(task.exception(), APIError):
                return task
    raise exhausted([cast("APIError", task.exception()) for task in tasks])


async def _end(losers: list[asyncio.Task[tuple[T, AsyncReply | None]]]) -> None:
    for task in losers:
        task.cancel()
    for outcome in await asyncio.gather(*losers, return_exceptions=True):
        if not isinstance(outcome, BaseException) and outcome[1] is not None:
            await outcome[1].aclose()
