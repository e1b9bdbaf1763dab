"""Libraries in a process of their own: `python -m benchmarks.peers.worker`, in the environment of one of them.

Reads a JSON object a line, answers with one: `{"kind": ..., "way": ...}` makes a way to ask, checks that it answers,
and gives its number; `{"run": number, "count": n}` makes so many calls, and gives the CPU seconds of this process, all
threads. What goes wrong is `{"error": "..."}`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from time import process_time
from typing import Any, Final

from benchmarks.peers.libraries import (
    AnthropicSDK,
    AnyLLM,
    AnyLLMFunctions,
    Ask,
    Library,
    LiteLLM,
    OneLLM,
    OpenAISDK,
    PydanticAI,
)
from benchmarks.replies import LENGTHS
from benchmarks.server import pin
from benchmarks.timing import Run, timed

CLASSES: Final[Mapping[str, type[Library]]] = {
    each.__name__: each for each in (OpenAISDK, AnthropicSDK, LiteLLM, AnyLLM, AnyLLMFunctions, OneLLM, PydanticAI)
}


def _async_timed(make: Callable[[], Library], call: Callable[[Library], Any], in_flight: int) -> Run:
    """Calls in a loop of their own; connections are opened before the clock starts."""

    async def all_of(count: int) -> float:
        library, each = make(), max(1, count // in_flight)

        async def some(times: int) -> None:
            for _ in range(times):
                await call(library)

        await asyncio.gather(*(some(1) for _ in range(in_flight)))
        started = process_time()
        await asyncio.gather(*(some(each) for _ in range(in_flight)))
        spent = process_time() - started
        await library.close()
        return spent * count / (each * in_flight)

    return lambda count: asyncio.run(all_of(count))


def _answered(text: object) -> None:
    if not str(text).startswith("the quick brown fox"):
        raise ValueError(f"not the server's answer: {text!r:.80}")


def _streamed(pieces: int) -> None:
    if pieces < min(LENGTHS) // 2:
        raise ValueError(f"{pieces} pieces of a stream of {min(LENGTHS)}")


async def _read(library: Library) -> None:
    _streamed(sum([1 async for _ in library.astream()]))


async def _ask(library: Library) -> None:
    _answered(await library.acall())


def prepare(kind: type[Library], way: str, in_flight: int, ask: Ask) -> Run:
    """A way to ask, `sync` or `async`, `call` or `stream`: e.g. `sync call`."""
    match way:
        case "sync call":
            library = kind(ask)
            return timed(lambda: _answered(library.call()))
        case "sync stream":
            library = kind(ask)
            return timed(lambda: _streamed(sum(1 for _ in library.stream())))
        case "async call":
            return _async_timed(lambda: kind(ask), _ask, in_flight)
        case _:
            return _async_timed(lambda: kind(ask), _read, in_flight)


def main() -> None:
    """Answer until standard input ends. What libraries print goes nowhere."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    pin(0)
    runs: list[Run] = []
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "run" in asked:
                gc.collect()
                answer: dict[str, object] = {"cpu": runs[asked["run"]](asked["count"])}
            else:
                kind, way, in_flight = CLASSES[asked["kind"]], asked["way"], asked["in_flight"]
                runs.append(prepare(kind, way, in_flight, Ask(**asked["ask"])))
                runs[-1](1)
                answer = {"number": len(runs) - 1, "version": version(asked["package"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
