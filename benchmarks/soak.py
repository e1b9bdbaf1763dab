"""Load for a minute, or a quarter of an hour: 1,000 asynchronous streams and 200 threads, one call in 20 goes wrong.

`python -m benchmarks.soak [--seconds 900] [--streams 1000] [--threads 200]` ends with status 1 if a promise is broken:
every call has exactly one outcome, its own answer or an error of ours; once the process is warm (from the second minute
on, or the second quarter of a short run) memory, open files, tasks and threads do not grow, and the event loop is never
kept from its work for more than a second of this process's own time; nothing is left at the end.

Some 1,100 chunks and 100 new calls a second are asked for, about half of what one core can do: the two cores of a small
machine have time for this process and the server. Where other work takes the cores away, the loop is late by the clock:
that is told, and breaks no promise.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from time import monotonic, process_time
from typing import Final, TypeAlias, cast

from benchmarks import results
from benchmarks.soak_server import expected, many_files, running
from polyvox import APIError, AsyncClient, Client

MODEL: Final = "openai:soak"
LONGEST: Final = 1.0
"""Seconds of this process's own processor time that may pass before the event loop gets its turn."""
_SHORT: Final = 0.02
MANY: Final = 300
"""Calls of which one in twenty must have gone wrong."""
MORE_MEMORY: Final = 1.05
"""Times the memory of the warm process, which an allocator may come to; and 8 MB."""


@dataclass
class Tally:
    """What became of the calls."""

    numbers: count[int] = field(default_factory=count)
    asked: Counter[str] = field(default_factory=Counter[str])
    outcomes: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self) -> str:
        """The text of a new call, like no other."""
        with self.lock:
            self.asked["calls"] += 1
            return f"call{next(self.numbers)}"

    def end(self, text: str, answer: str | BaseException | None) -> None:
        """A call has ended."""
        with self.lock:
            if isinstance(answer, APIError):
                self.outcomes[type(answer).__name__] += 1
            elif answer == expected(text):
                self.outcomes["answered"] += 1
            else:
                self.outcomes["wrong"] += 1
                self.wrong.append(f"{text}: {answer!r:.300}")


@dataclass(frozen=True)
class Sample:
    """The process at one moment."""

    memory: int
    """Bytes."""
    files: int
    tasks: int
    threads: int
    late: float = 0.0
    """Seconds that the event loop was late, at most, since the last sample."""
    kept: float = 0.0
    """Processor seconds of this process, all threads, in such a wait, at most: what it did instead."""


def sample(late: float = 0.0, kept: float = 0.0) -> Sample:
    """Look at this process."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        pages = int(statm.read().split()[1])
    files = len(os.listdir("/proc/self/fd"))
    tasks, threads = len(asyncio.all_tasks()), threading.active_count()
    return Sample(pages * os.sysconf("SC_PAGE_SIZE"), files, tasks, threads, late, kept)


Going: TypeAlias = "Callable[[Tally], bool]"
"""Whether there is more to ask."""


async def ask_streams(client: AsyncClient, tally: Tally, going: Going) -> None:
    """One stream after another."""
    while going(tally):
        text = tally.ask()
        try:
            async with await client.completion(MODEL, [{"role": "user", "content": text}], stream=True) as stream:
                answer: str | BaseException = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        except Exception as error:
            answer = error
        tally.end(text, answer)


def ask_in_thread(client: Client, tally: Tally, going: Going) -> None:
    """One call after another, plain and streamed in turn."""
    streamed = False
    while going(tally):
        text, streamed = tally.ask(), not streamed
        messages = [{"role": "user", "content": text}]
        try:
            if streamed:
                with client.completion(MODEL, messages, stream=True) as stream:
                    answer: str | BaseException | None = stream.completion().choices[0].message.content
            else:
                answer = client.completion(MODEL, messages).choices[0].message.content
        except Exception as error:
            answer = error
        tally.end(text, answer)


async def watch(samples: list[Sample], tally: Tally, going: Going) -> None:
    """A sample a second; between them, how late a short sleep wakes up."""
    while going(tally):
        late, kept, next_sample = 0.0, 0.0, monotonic() + 1
        while (now := monotonic()) < next_sample:
            worked = process_time()
            await asyncio.sleep(_SHORT)
            late, kept = max(late, monotonic() - now - _SHORT), max(kept, process_time() - worked - _SHORT)
        samples.append(sample(late, kept))


async def soak(url: str, going: Going, streams: int, threads: int) -> tuple[Tally, list[Sample], Sample]:
    """The load. What became of the calls, the samples, and what was left at the end."""
    tally, samples = Tally(), list[Sample]()
    client = Client(api_key="soak", api_base=url, num_retries=0, timeout=60)
    several = AsyncClient(api_key="soak", api_base=url, num_retries=0, timeout=60)
    workers = [threading.Thread(target=ask_in_thread, args=(client, tally, going)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    async with asyncio.TaskGroup() as group:
        group.create_task(watch(samples, tally, going))
        for _ in range(streams):
            group.create_task(ask_streams(several, tally, going))
    for worker in workers:
        await asyncio.to_thread(worker.join)
    await several.close()
    client.close()
    await asyncio.get_running_loop().shutdown_default_executor()
    gc.collect()
    return tally, samples, sample()


def warm_from(samples: Sequence[Sample]) -> int:
    """Where warming up ends."""
    return 60 if len(samples) >= 240 else len(samples) // 4


def complaints(tally: Tally, before: Sample, after: Sample) -> list[str]:
    """Broken promises, of a run of any length."""
    found = [f"no answer of its own: {wrong}" for wrong in tally.wrong[:5]]
    if (ended := sum(tally.outcomes.values())) != tally.asked["calls"]:
        found.append(f"{tally.asked['calls']} calls have {ended} outcomes")
    if ended >= MANY and ended == tally.outcomes["answered"]:
        found.append("no call went wrong: the vendor has forgotten its faults")
    for name in ("files", "tasks", "threads"):
        if getattr(after, name) > getattr(before, name) + 3:
            found.append(f"{name} left at the end: {getattr(after, name)}, before it began {getattr(before, name)}")
    return found


def growth(samples: Sequence[Sample]) -> list[str]:
    """Broken promises of a process that was given the time to become warm."""
    found = list[str]()
    warm = warm_from(samples)
    width = max(1, min(60, len(samples) // 4))
    early, late = samples[warm : warm + width], samples[-width:]
    limits = {"memory": (MORE_MEMORY, 8 << 20), "files": (1.1, 20), "tasks": (1.05, 2), "threads": (1.05, 2)}
    for name, (times, more) in limits.items():
        first, last = (median(getattr(one, name) for one in part) for part in (early, late))
        if last > first * times + more:
            found.append(f"{name} grew from {first:,.0f} to {last:,.0f}")
    if (kept := max(one.kept for one in samples[warm:])) > LONGEST:
        found.append(f"the event loop waited for {kept:.1f} s of this process's own processor time")
    return found


async def _main(seconds: float, streams: int, threads: int) -> int:
    before, worked, began, busy = sample(), process_time(), monotonic(), os.getloadavg()[0]
    with running() as url:
        until = monotonic() + seconds
        tally, samples, after = await soak(url, lambda _: monotonic() < until, streams, threads)
    share = (process_time() - worked) / (monotonic() - began)
    found = figures(tally, samples) | {
        "processors used": round(share, 2),
        "load of the machine, before": round(busy, 1),
        "load of the machine, after": round(os.getloadavg()[0], 1),
    }
    print(", ".join(f"{number:,} {what}" for what, number in tally.outcomes.most_common()))
    for name, value in found.items():
        print(f"{name}: {value:,}")
    said = [*complaints(tally, before, after), *growth(samples)]
    for line in said:
        print(f"BROKEN: {line}")
    results.save(soak=cast("dict[str, object]", results.load().get("soak", {})) | {f"{seconds:g} s": found})
    return 1 if said else 0


def figures(tally: Tally, samples: Sequence[Sample]) -> dict[str, float]:
    """What came of it, by name."""
    warm = samples[warm_from(samples) :]
    memory, late = [one.memory >> 20 for one in warm], [one.late * 1000 for one in warm]
    wrong = tally.asked["calls"] - tally.outcomes["answered"]
    return {
        "calls": tally.asked["calls"],
        "of them with an error of ours": wrong,
        "MB, once warm": memory[0],
        "MB, at the end": memory[-1],
        "MB, at most": max(memory),
        "open files, at most": max(one.files for one in samples),
        "ms that the event loop was late, median of each second's worst": round(median(late)),
        "ms that the event loop was late, at most": round(max(late)),
        "ms of own processor time that it waited, at most": round(max(one.kept for one in warm) * 1000),
    }


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=200)
    given = parser.parse_args()
    many_files()
    return asyncio.run(_main(given.seconds, given.streams, given.threads))


if __name__ == "__main__":
    sys.exit(main())
