"""One call in each of the four ways there are to make it, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import httpx2
import pytest

from polyvox import APIError, AsyncClient, ChatCompletion, ChatCompletionChunk, Client
from polyvox.transport.pooling import AsyncPool, Pool
from tests.hostile.dialect import Dialect
from tests.hostile.leaks import CANARY, assert_hides, shown
from tests.mapping.asking import HELLO

if TYPE_CHECKING:
    from polyvox import Parameters


@dataclass(frozen=True)
class Way:
    """Synchronous or not, streamed or not."""

    asynchronous: bool
    stream: bool

    def __str__(self) -> str:
        return f"{'async' if self.asynchronous else 'sync'}-{'stream' if self.stream else 'plain'}"


WAYS: Final = tuple(Way(asynchronous, stream) for asynchronous in (False, True) for stream in (False, True))
every_way = pytest.mark.parametrize("way", WAYS, ids=str)

Test: TypeAlias = Callable[..., None]


def each(**values: Sequence[object]) -> Callable[[Test], Test]:
    """One test for all combinations of these: a call costs less than half a millisecond, a test of its own ten times as
    much. All that fail are told."""

    def decorate(test: Test) -> Test:
        @wraps(test)
        def all_of_them(**given: object) -> None:
            failed = list[Exception]()
            for combination in product(*values.values()):
                try:
                    test(**given, **dict(zip(values, combination, strict=True)))
                except Exception as error:
                    error.add_note(f"with {', '.join(map(str, combination))}")
                    failed.append(error)
            if failed:
                raise ExceptionGroup(test.__name__, failed)

        rest = [one for name, one in signature(test).parameters.items() if name not in values]
        all_of_them.__signature__ = signature(test).replace(parameters=rest)  # type: ignore[attr-defined]  # pytest's
        return all_of_them

    return decorate


@dataclass
class Came:
    """What a call came to."""

    error: APIError | None = None
    answer: ChatCompletion | None = None
    chunks: int = 0
    """How many were handed out."""

    @property
    def shown(self) -> str:
        """All that a caller may print of it."""
        if self.error is not None:
            return shown(self.error)
        return f"{self.answer!r} {self.answer.model_dump_json()} {self.answer.response_headers}" if self.answer else ""

    def kind_of(self, kinds: list[type[APIError]]) -> type[APIError]:
        """Which of these classes its error has."""
        found = [kind for kind in kinds if kind is type(self.error)]
        assert found, repr(self.error or self.answer)
        return found[0]

    @property
    def text(self) -> str | None:
        """What arrived, of an answer or of a part of one."""
        found = self.answer or (self.error.partial if self.error else None)
        if found is None:
            return None
        return (found.choices[0].message.content or "") if found.choices else ""


def ask(
    way: Way,
    dialect: Dialect,
    transport: httpx2.BaseTransport | httpx2.AsyncBaseTransport | None,
    times: int = 1,
    /,
    **settings: object,
) -> Came:
    """Call so many times, read to the end, and see that no task is left behind and nothing shows the key; what the last
    one came to. A mistake of ours is raised as it is."""
    given = cast("Parameters", {"num_retries": 0, "api_key": CANARY, **dialect.asked, **settings})
    if way.asynchronous:
        came = asyncio.run(_ask_async(way, dialect, cast("httpx2.AsyncBaseTransport | None", transport), times, given))
        assert_hides(came.shown)
        return came
    came = Came()
    with Client(transport=cast("httpx2.BaseTransport", transport)) as own:
        for _ in range(times):
            came = _ask(way, dialect, own, given)
        _check_idle(transport or own._pool)
    assert_hides(came.shown)
    return came


def _ask(way: Way, dialect: Dialect, own: Client, given: Parameters) -> Came:
    came = Came()
    try:
        if way.stream:
            with own.completion(dialect.model, HELLO, stream=True, **given) as stream:
                came.chunks = _count(stream, came)
                came.answer = stream.completion()
        else:
            came.answer = own.completion(dialect.model, HELLO, **given)
    except APIError as error:
        came.error = error
    return came


def _count(chunks: Iterable[ChatCompletionChunk], came: Came) -> int:
    for _ in chunks:
        came.chunks += 1
    return came.chunks


# A body that is not read to its end leaves httpx2's own generators to the loop, which ends them in its next turns.
_TURNS: Final = 9


async def _ask_async(
    way: Way, dialect: Dialect, transport: httpx2.AsyncBaseTransport | None, times: int, given: Parameters
) -> Came:
    came = Came()
    before = asyncio.all_tasks()
    async with AsyncClient(transport=transport) as own:
        for _ in range(times):
            came = await _ask_once_async(way, dialect, own, given)
        _check_idle(transport or await own._http())
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == before
    return came


async def _ask_once_async(way: Way, dialect: Dialect, own: AsyncClient, given: Parameters) -> Came:
    came = Came()
    try:
        if way.stream:
            async with await own.completion(dialect.model, HELLO, stream=True, **given) as stream:
                async for _ in stream:
                    came.chunks += 1
                came.answer = await stream.completion()
        else:
            came.answer = await own.completion(dialect.model, HELLO, **given)
    except APIError as error:
        came.error = error
    return came


def _check_idle(transport: object) -> None:
    """Every connection is closed, or back in the pool and free for the next call."""
    if isinstance(transport, (Pool, AsyncPool)):
        assert transport._shelf._busy == {}  # not even the memory of one that is gone
    elif (pool := getattr(transport, "_pool", None)) is not None:
        assert [connection for connection in pool.connections if not connection.is_idle()] == []


def assert_failed(came: Came, kind: type[APIError], dialect: Dialect, **facts: object) -> APIError:
    """This class of error exactly, with these facts; says whom it happened to."""
    assert came.error is not None, f"answered {came.text!r}"
    assert type(came.error) is kind, repr(came.error)
    model = dialect.model.partition(":")[2]
    expected = {"provider": dialect.provider, "model": model, **facts}
    assert {name: getattr(came.error, name) for name in expected} == expected
    assert str(came.error)
    return came.error
