"""What a client's hooks are told of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .errors import APIError
    from .messages import MessageParam
    from .results import ChatCompletion

__all__ = ["CallEvent", "FailureEvent", "OnFailure", "OnSuccess", "RequestEvent", "SuccessEvent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent:
    """One request of a call: the first, a retry, or one to a fallback."""

    provider: str
    """The provider's canonical name."""
    model: str
    """The model, as the provider knows it."""
    status: int | None
    """The HTTP status; None where no reply came."""
    duration: float
    """Seconds until the answer; of a streamed one, until its headers."""
    request_id: str | None
    """The vendor's id of the request."""
    error: APIError | None
    """Why it gave no answer; None if it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """What is known about a call that has ended."""

    model: str
    """The model, as the caller wrote it."""
    messages: Sequence[MessageParam] = field(repr=False)
    """The conversation that was sent. Empty if the call was wrong before that."""
    stream: bool
    """Whether the answer was asked for in chunks."""
    duration: float
    """Seconds of the whole call: with its waits and fallbacks, of a stream until its end."""
    requests: tuple[RequestEvent, ...]
    """Every request, in order. Empty where none was made."""
    user: str | None
    """The call's `user`."""
    metadata: Mapping[str, object]
    """The call's `metadata`."""
    session_label: str | None
    """The call's `session_label`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessEvent(CallEvent):
    """A call that was answered."""

    completion: ChatCompletion = field(repr=False)
    """The answer; of a stream, its chunks put together."""
    complete: bool = True
    """False for a stream that its reader left before the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureEvent(CallEvent):
    """A call that failed, after all its retries and fallbacks."""

    error: BaseException
    """What the caller got: an `APIError`, or whatever stopped the call, such as a cancelled task."""


OnSuccess: TypeAlias = Callable[[SuccessEvent], object]
OnFailure: TypeAlias = Callable[[FailureEvent], object]
