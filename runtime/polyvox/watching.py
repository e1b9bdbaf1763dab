"""Who is told what happens in a call: a client's hooks, the `polyvox` logger, a trace. Nobody, almost always."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Self, TypedDict, TypeVar

from typing_extensions import override

from .errors import APIError, InvalidRequestError
from .exchange import Response
from .headers import request_id
from .shapes import mapping_of

if TYPE_CHECKING:
    from types import TracebackType

    from opentelemetry.trace import TracerProvider

    from .calling import Plan
    from .events import OnFailure, OnSuccess, RequestEvent
    from .exchange import Asked, Outcome, Tell
    from .messages import MessageParam
    from .results import ChatCompletion
    from .streaming import Received
    from .tracing import Trace, Tracing

T = TypeVar("T")
PlanT = TypeVar("PlanT", bound="Plan[ChatCompletion] | Plan[Received]")
CompletionT = TypeVar("CompletionT", bound="ChatCompletion")

logger = logging.getLogger("polyvox")
logger.addHandler(logging.NullHandler())


class Watch:
    """One call that nobody watches: the base of `Watching`, which does what is said here."""

    tell: Tell | None = None
    """What `exchange` reports each outcome to."""

    def asked(self, plan: PlanT) -> PlanT:
        """What is about to be asked."""
        return plan

    def answered(self, completion: CompletionT) -> CompletionT:
        """The call has its answer."""
        return completion

    def arrived(self, chunks: int) -> None:
        """More of a stream has come."""

    def ended(self, answer: Callable[[], ChatCompletion], *, complete: bool = True) -> None:
        """A stream has ended, or its reader has left it."""

    def failed(self, error: BaseException) -> None:
        """The call has failed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass


NOBODY = Watch()


class Watchers:
    """Whom a client tells."""

    def __init__(
        self, on_success: OnSuccess | None, on_failure: OnFailure | None, tracer_provider: TracerProvider | None
    ) -> None:
        self.on_success = on_success
        self.on_failure = on_failure
        self._tracer_provider = tracer_provider
        self._tracing: Tracing | None = None
        self._no_extra = False

    def watch(self, model: str, settings: Mapping[str, object], stream: bool) -> Watch:
        """One call's watch."""
        tracing = self.tracing()
        if tracing is None and not (self.on_success or self.on_failure or logger.isEnabledFor(logging.DEBUG)):
            return NOBODY
        return Watching(self, model, settings, stream, tracing)

    def tracing(self) -> Tracing | None:
        """Where traces go: nowhere unless the application has set a tracer provider and the `otel` extra is there."""
        trace = sys.modules.get("opentelemetry.trace")
        if trace is None or self._no_extra or self._tracing is not None:
            return self._tracing
        if self._tracer_provider is None and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            return None
        try:
            from .tracing import Tracing
        except ImportError as missing:
            if self._tracer_provider is not None:
                raise InvalidRequestError("tracer_provider needs the extra polyvox[otel]") from missing
            self._no_extra = True
            logger.debug("no spans: OpenTelemetry has a tracer provider, but polyvox[otel] is not installed")
            return None
        self._tracing = Tracing(self._tracer_provider)
        return self._tracing


class _Facts(TypedDict):
    """What both kinds of event say."""

    model: str
    messages: Sequence[MessageParam]
    stream: bool
    duration: float
    requests: tuple[RequestEvent, ...]
    user: str | None
    metadata: Mapping[str, object]
    session_label: str | None


class Watching(Watch):
    """One call that somebody watches."""

    def __init__(
        self,
        watchers: Watchers,
        model: str,
        settings: Mapping[str, object],
        stream: bool,
        tracing: Tracing | None,
    ) -> None:
        self._watchers = watchers
        self._model = model
        self._settings = settings
        self._stream = stream
        self._started = monotonic()
        self._messages: Sequence[MessageParam] = ()
        self._requests: list[RequestEvent] = []
        self._done = False
        self._trace: Trace | None = None if tracing is None else tracing.trace(model, settings, stream)
        self.tell = self._tell

    def _tell(self, asked: Asked, outcome: Outcome, error: APIError | None) -> None:
        from .events import RequestEvent  # only who is watched needs them

        reply = outcome if isinstance(outcome, Response) else None
        event = RequestEvent(
            provider=asked.provider,
            model=asked.model,
            status=None if reply is None else reply.status,
            duration=outcome.elapsed,
            request_id=None if reply is None else request_id(reply.headers),
            error=error,
        )
        self._requests.append(event)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s", _line(event, len(self._requests)))
        if self._trace is not None:
            self._trace.requested(asked.request.url, event)

    @override
    def asked(self, plan: PlanT) -> PlanT:
        self._messages = plan.messages
        return plan

    @override
    def answered(self, completion: CompletionT) -> CompletionT:
        self._succeeded(completion, complete=True)
        return completion

    @override
    def arrived(self, chunks: int) -> None:
        if self._trace is not None:
            for _ in range(chunks):
                self._trace.arrived()

    @override
    def ended(self, answer: Callable[[], ChatCompletion], *, complete: bool = True) -> None:
        if not self._done:
            self._succeeded(answer(), complete=complete)

    def _succeeded(self, completion: ChatCompletion, *, complete: bool) -> None:
        self._done = True
        if self._trace is not None:
            self._trace.answered(completion, self._messages)
        if (hook := self._watchers.on_success) is not None:
            from .events import SuccessEvent

            _call(hook, SuccessEvent(**self._facts(), completion=completion, complete=complete))

    @override
    def failed(self, error: BaseException) -> None:
        if self._done:
            return
        self._done = True
        if self._trace is not None:
            self._trace.failed(error, self._messages)
        if (hook := self._watchers.on_failure) is not None:
            from .events import FailureEvent

            _call(hook, FailureEvent(**self._facts(), error=error))

    @override
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is not None:
            self.failed(error)
        elif self._trace is not None:
            self._trace.handed_over()

    def _facts(self) -> _Facts:
        user, label = self._settings.get("user"), self._settings.get("session_label")
        return _Facts(
            model=self._model,
            messages=self._messages,
            stream=self._stream,
            duration=monotonic() - self._started,
            requests=tuple(self._requests),
            user=user if isinstance(user, str) else None,
            metadata=mapping_of(self._settings.get("metadata")),
            session_label=label if isinstance(label, str) else None,
        )


def _call(hook: Callable[[T], object], event: T) -> None:
    """A hook keeps books: its own failure is logged, and the caller still gets the answer, or the call's own error."""
    try:
        hook(event)
    except Exception:
        logger.exception("a hook of the client failed")


def _line(event: RequestEvent, number: int) -> str:
    """Facts only: the vendor's words, bodies and keys are not for a log."""
    outcome = "no reply" if event.status is None else f"status {event.status}"
    if event.error is not None:
        outcome += f", {type(event.error).__name__}"
    return (
        f"{event.provider}:{event.model} request {number}: {outcome} after {event.duration * 1000:.0f} ms"
        f", id {event.request_id or 'unknown'}"
    )
