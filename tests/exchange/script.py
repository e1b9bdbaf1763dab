"""Plays an exchange: what its models answer is written down, what it asks for is kept. No I/O, no clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from polyvox import APIError
from polyvox.exchange import Attempt, Failure, Outcome, Pause, Request, Response, Timeouts, exchange
from polyvox.failures import failure

OK = Response(200, {}, b"fine")


@dataclass
class Played:
    """How an exchange went."""

    requests: list[Request]
    result: str | None = None
    error: APIError | None = None

    @property
    def waits(self) -> list[float]:
        """The wait before each request."""
        return [request.after for request in self.requests]

    @property
    def asked(self) -> list[str]:
        """Whom each request went to."""
        return [request.url.removeprefix("https://").partition("/")[0] for request in self.requests]


def attempt(
    name: str = "acme",
    timeouts: Timeouts | None = None,
    read: Callable[[Response], str] | None = None,
    begin: Callable[[str, Outcome], bool] | None = None,
) -> Attempt[str]:
    """One model at one host of the same name; its answer is its body as text."""
    return Attempt(
        provider=name,
        model="m",
        request=Request(f"https://{name}/chat", (("x", "1"),), b"{}", timeouts or Timeouts()),
        read=read or (lambda response: response.body.decode()),
        error=lambda response: failure(name, "m", response.status, response.headers, response.body),
        begin=begin,
    )


def play(
    outcomes: Sequence[Outcome],
    *,
    retries: int = 2,
    candidates: Sequence[Callable[[], Attempt[str]]] = (attempt,),
) -> Played:
    """Run an exchange to its end. More requests than outcomes are a mistake of the test."""
    steps = exchange(candidates, retries)
    played = Played([])
    rest = iter(outcomes)
    try:
        step = next(steps)
        while True:
            assert not isinstance(step, Pause), "only a model group has calls wait for room"
            played.requests += [step] if isinstance(step, Request) else []
            step = steps.send(next(rest))
    except StopIteration as done:
        played.result = done.value
    except APIError as error:
        played.error = error
    assert next(rest, None) is None, "the exchange asked for less than the test answers"
    return played


def said(status: int, code: str | None = None, elapsed: float = 0.0, **headers: str) -> Response:
    """A reply with an error; underscores in header names are hyphens."""
    body: Mapping[str, object] = {"error": {"message": "no", **({"code": code} if code else {})}}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, json.dumps(body).encode(), elapsed)


def refused(elapsed: float = 0.0) -> Failure:
    """A connection that could not be made."""
    return Failure(ConnectionRefusedError("connection refused"), elapsed=elapsed)


def late(elapsed: float = 0.0) -> Failure:
    """A reply that did not come in time."""
    return Failure(TimeoutError("read"), timed_out=True, elapsed=elapsed)
