"""`make bench-profile`: where the microseconds of a call and of a chunk go, by module.

A timer that runs on the processor's time interrupts the program as often as the system's clock ticks, which may be a
hundred times a second. The innermost frame of polyvox or of a library that it needs is whom the moment is counted to;
what C does, and the standard library, counts to who called it, or to what is called next. Unlike a tracing profiler
this makes nothing slower that has many small functions.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from time import process_time
from types import FrameType
from typing import Final

from . import results
from .cases import Case
from .server import pin, running
from .subjects import our_call, our_stream

SECONDS: Final = 12.0
"""Of processor time, for each profile."""
_EVERY: Final = 0.001
_LIBRARIES: Final = ("polyvox", "polyvox_wire", "h11", "httpcore2", "httpx2", "anyio", "pydantic")
_LEAST: Final = 0.015
"""Share of what is told by itself."""


@cache
def _layer_of(file: str) -> str | None:
    """Whom a file's code is counted to: a module of polyvox, or a library."""
    for name in _LIBRARIES:
        folder = Path(str(import_module(name).__file__)).parent
        if folder in Path(file).parents:
            inside = Path(file).relative_to(folder)
            if name == "polyvox":
                return f"polyvox/{inside.as_posix()}"
            return "sockets, by httpcore2" if inside.parts[0] == "_backends" else name
    return None


def _layer(frame: FrameType | None) -> str:
    while frame is not None:
        if found := _layer_of(frame.f_code.co_filename):
            return found
        frame = frame.f_back
    return "the benchmark"


def profile(call: Callable[[], object], units: int = 1) -> dict[str, float]:
    """Microseconds per unit, by layer, the dearest first; `all` is their sum."""
    found: Counter[str] = Counter()

    def seen(number: int, frame: FrameType | None) -> None:
        found[_layer(frame)] += 1

    for _ in range(20):
        call()
    before, count = signal.signal(signal.SIGPROF, seen), 0
    started = process_time()
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    while (spent := process_time() - started) < SECONDS:
        call()
        count += 1
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)
    return _told(found, spent / count / units * 1e6)


def _told(found: Counter[str], whole: float) -> dict[str, float]:
    samples = found.total()
    told = {name: whole * number / samples for name, number in found.most_common() if number >= samples * _LEAST}
    return {"all": whole, **told, "the rest": whole - sum(told.values())}


def profiles(server: str) -> Mapping[str, dict[str, float]]:
    """Plain calls and streams."""
    calls = {f"call, {vendor}": profile(our_call(Case(vendor), server)) for vendor in ("openai", "anthropic")}
    streams = {
        f"chunk, {vendor}": profile(our_stream(Case(vendor, reply="2000", stream=True), server), 2000)
        for vendor in ("openai", "anthropic")
    }
    return calls | streams


def main() -> None:
    """Measure, print, save."""
    pin(0)
    with running() as server:
        found = profiles(server)
    for what, layers in found.items():
        print(what)
        for name, value in layers.items():
            print(f"  {name:40}{value:8.1f} µs {value / layers['all']:5.0%}")
    results.save(
        profile={what: {name: round(value, 1) for name, value in each.items()} for what, each in found.items()}
    )


if __name__ == "__main__":
    main()
