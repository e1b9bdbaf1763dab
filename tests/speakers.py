"""Who speaks the dialects there are, and who reads their streams: classes of the runtime, found rather than listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

from polyvox import dialects
from polyvox.calling import plan_stream
from polyvox.exchange import Response
from polyvox.streaming import Received


def opened(model: str, settings: Mapping[str, object]) -> Received:
    """A stream of that model's, of which nothing has arrived yet."""
    parameters = {"api_key": "a-key", **settings}
    wanted = parameters.pop("response_format", None)
    (prepare,) = plan_stream(model, [{"role": "user", "content": "Hi"}], wanted, parameters).candidates
    assert callable(prepare)
    return prepare().read(Response(200, {}))


def every(kind: type) -> set[type]:
    """Our classes below this one of which there are instances."""
    for module in iter_modules(dialects.__path__, f"{dialects.__name__}."):
        import_module(module.name)
    return set(_below(kind))


def _below(kind: type) -> Iterator[type]:
    subclasses: list[type] = kind.__subclasses__()
    for one in subclasses:
        if one.__module__.startswith("polyvox.") and not isabstract(one):
            yield one
        yield from _below(one)
