"""The conversation with vendors, without I/O: what to send, when to try again, when to give up.

`exchange()` is a generator that yields a `Request` and is sent an `Outcome`. Waiting is a field of the request and a
failed connection is an outcome, so that both drivers are loops of a few lines and every rule is tested without a clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar, cast

from .errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AuthenticationError,
    FallbacksExhaustedError,
    Timeout,
)
from .headers import request_id

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

Headers: TypeAlias = tuple[tuple[str, str], ...]

MAX_RETRY_AFTER = 60.0
"""Seconds: a vendor that asks for a longer wait gets no retry, the caller is told instead."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 8.0
MAX_REPLY = 128 * 2**20
"""Bytes, unpacked: more is not read of an answer, nor between two chunks of a stream. It is an error."""
MAX_ERROR_BODY = 2**20
"""Bytes: more is not read of an error reply. What is behind them is not missed."""


class UnreadableReplyError(Exception):
    """A reply whose bytes are not worth having: too many of them, or packed in a way that does not open."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, per phase, and for the whole call."""

    connect: float | None = 5.0
    read: float | None = 600.0
    write: float | None = 600.0
    pool: float | None = 600.0
    total: float | None = None

    def within(self, rest: float | None) -> Timeouts:
        """The same, none longer than the rest of the call."""
        if rest is None:
            return self
        connect, read, write, pool = (
            rest if phase is None else min(phase, rest) for phase in (self.connect, self.read, self.write, self.pool)
        )
        return Timeouts(connect, read, write, pool, total=rest)


@dataclass(slots=True)  # not frozen: one is made per call, and freezing doubles its cost
class Request:
    """One HTTP request, always a POST of JSON."""

    url: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    timeouts: Timeouts
    stream: bool = False
    key: Callable[[], object] | None = field(default=None, repr=False)
    """Gives the key for this request; None where the headers need none."""
    sign: Callable[[str], Headers] | None = field(default=None, repr=False)
    """Headers that carry the key, or a signature made with it."""
    blocking: bool = False
    """Whether `key` may take a while, so that an event loop must not wait for it."""
    after: float = 0.0
    """Seconds to wait before sending."""
    mock: bytes | None = field(default=None, repr=False)
    """A reply to use instead of sending anything (`mock_response`)."""


@dataclass(slots=True)  # not frozen: one is made per call, and freezing doubles its cost
class Response:
    """What came back. A streamed answer has no body yet: the driver holds the open connection."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    elapsed: float = 0.0
    """Seconds since the request was sent."""


@dataclass(slots=True)  # not frozen: one is made per call, and freezing doubles its cost
class Failure:
    """No reply."""

    error: Exception = field(repr=False)  # what a server said may repeat the key
    timed_out: bool = False
    elapsed: float = 0.0
    headers: Mapping[str, str] | None = None
    """Of a reply whose body did not come whole."""


Outcome: TypeAlias = Response | Failure


@dataclass(slots=True, eq=False)
class Pause:
    """Nothing to send yet: wait until something has happened, or so many seconds have passed."""

    until: Future[None]
    seconds: float


class More:
    """The next piece of the reply that is open is wanted. Its outcome has an empty body where the reply has ended."""


MORE = More()
Steps: TypeAlias = Generator[Request | Pause | More, Outcome, T]


@dataclass(slots=True, eq=False)
class Attempt(Generic[T]):
    """One model to ask: its request, and how to read its replies."""

    provider: str
    model: str
    request: Request
    read: Callable[[Response], T]
    error: Callable[[Response], APIError]
    renew: Callable[[], None] | None = None
    """Forgets a token that the vendor refuses: the next request gets a new one. Once per call."""
    mask: Callable[[APIError], APIError] | None = None
    """Hides the call's secrets in an error: a server may repeat them where no reply should have them."""
    begin: Callable[[T, Outcome], bool] | None = None
    """Takes the next piece of a streamed answer; true once it has begun, which ends the chance of another try."""


class Asked(Protocol):
    """Whom a request went to."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def request(self) -> Request: ...


Tell: TypeAlias = Callable[[Asked, Outcome, APIError | None], None]
"""Is told each outcome, and the error it stands for."""


def is_good(status: int) -> bool:
    """Whether a reply of this status is an answer."""
    return 200 <= status < 300


class Group(Protocol[T]):
    """Several places to ask for one model; it decides which, and when to go on to the next."""

    def steps(self, ask: Callable[[Attempt[T]], Steps[T]]) -> Steps[T]:
        """The exchange with them; `ask` is one with one of them, without a second try."""
        ...


Candidate: TypeAlias = Callable[[], Attempt[T]] | Group[T]


def exchange(candidates: Sequence[Candidate[T]], retries: int, tell: Tell | None = None) -> Steps[T]:
    """Ask the first model, then its fallbacks; each is tried `retries` more times where that can help.

    Nothing of a candidate happens before the first step.
    """
    if len(candidates) == 1:  # without a generator around it
        return _steps(candidates[0], retries, tell)
    return _chain(candidates, retries, tell)


def _chain(candidates: Sequence[Candidate[T]], retries: int, tell: Tell | None) -> Steps[T]:
    failures: list[APIError] = []
    for candidate in candidates:
        try:
            return (yield from _steps(candidate, retries, tell))
        except FallbacksExhaustedError as error:
            failures.extend(error.attempts)
        except APIError as error:
            failures.append(error)
    raise exhausted(failures)


def _steps(candidate: Candidate[T], retries: int, tell: Tell | None) -> Steps[T]:
    if callable(candidate):
        return _ask(candidate, retries, tell)
    return candidate.steps(lambda attempt: _ask(lambda: attempt, 0, tell))


def _ask(prepare: Callable[[], Attempt[T]], retries: int, tell: Tell | None) -> Steps[T]:
    attempt = prepare()
    request, rest = attempt.request, attempt.request.timeouts.total
    tried, renew = 0, attempt.renew
    while True:
        outcome = yield request
        if isinstance(outcome, Failure):
            error = _failed(attempt, outcome)
        elif not is_good(outcome.status):
            error = attempt.error(outcome)
        else:
            try:
                answer = attempt.read(outcome)
                if attempt.begin is not None:
                    yield from _until_begun(attempt.begin, answer, outcome)
            except APIError as inside:  # some vendors report their failures in replies of status 200
                error = inside
            else:
                if tell is not None:
                    tell(attempt, outcome, None)
                return answer
        if tell is not None:
            tell(attempt, outcome, error)
        rest = None if rest is None else rest - request.after - outcome.elapsed
        wait = next_wait(error, tried)
        if renew is not None and isinstance(error, AuthenticationError):
            renew()
            wait, renew = 0.0, None  # not a try of its own: the token had run out
        elif wait is None or tried == retries:
            wait = None
        else:
            tried += 1
        if wait is None or (rest is not None and wait >= rest):
            raise error from (error.__cause__ if isinstance(outcome, Failure) else None)
        timeouts = request.timeouts.within(None if rest is None else rest - wait)
        request = replace(attempt.request, after=wait, timeouts=timeouts)


def _until_begun(begin: Callable[[T, Outcome], bool], answer: T, reply: Response) -> Steps[None]:
    begun = False
    while not begun:
        piece = yield MORE
        reply.elapsed += piece.elapsed
        begun = begin(answer, piece)


def next_wait(error: APIError, tried: int) -> float | None:
    """Seconds to wait before the next try, or None if there should be none.

    The vendor's own wish counts first; else anything up to 0.5, 1, 2, 4, 8 seconds, by chance, so that many callers do
    not come back at once.
    """
    if not error.retryable:
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= MAX_RETRY_AFTER else None
    return min(FIRST_WAIT * 2.0**tried, LONGEST_WAIT) * random.random()


def _failed(attempt: Attempt[T], failure: Failure) -> APIError:
    kind: type[APIError] = Timeout if failure.timed_out else APIConnectionError
    limit = attempt.request.timeouts.total
    says = _words(failure.error)
    if failure.timed_out:
        says = f"no answer within {limit:g} s" if limit is not None else f"no answer in time ({says})"
        says += "; pass a longer `timeout`"
    elif isinstance(failure.error, UnreadableReplyError):
        kind, says = APIResponseValidationError, f"the vendor's reply cannot be read: {says}"
    elif failure.headers is not None:
        says = f"the connection broke before the reply was whole: {says}"
    else:
        from .unreachable import unreachable  # for who needs it

        says = unreachable(attempt.request.url, failure.error, says)
    error = kind(says, provider=attempt.provider, model=attempt.model)
    if "CERTIFICATE_VERIFY_FAILED" in says:  # the next try would see the same one
        error.retryable = False
    error.request_id = request_id(failure.headers or {})
    error.__cause__ = failure.error
    return error if attempt.mask is None else attempt.mask(error)


def _words(error: BaseException) -> str:
    """What it says, and what the system said where that is not in it: anyio tells that all attempts failed, not how."""
    says = str(error) or type(error).__name__
    reasons = dict.fromkeys(str(one) for one in _roots(error) if isinstance(one, OSError))
    told = "; ".join(reason for reason in reasons if reason not in says)
    return f"{says} ({told})" if told else says


def _roots(error: BaseException) -> Iterator[BaseException]:
    """Where it comes from."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, BaseExceptionGroup):
        for one in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from _roots(one)
    else:
        yield error


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    return "/".join(url.split("/", 3)[:3])


def exhausted(failures: Sequence[APIError]) -> FallbacksExhaustedError:
    """The error of a call whose every model failed."""
    told = "; ".join(map(str, failures))
    error = FallbacksExhaustedError(f"all {len(failures)} models failed: {told}")
    error.attempts = tuple(failures)
    return error
