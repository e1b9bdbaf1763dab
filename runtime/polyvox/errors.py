"""Every error polyvox raises, with the facts an operator or a retry policy needs.

PolyvoxError
└── APIError                          anything that kept a call from its answer; the facts below are on all of them
    ├── APIConnectionError            no answer: refused, reset, DNS, TLS                       retryable
    │   ├── Timeout (TimeoutError)    the vendor was too slow, or the call's deadline passed    retryable
    │   └── StreamInterruptedError    a stream ended before its end marker; `.partial`
    ├── BadRequestError               400, and what no other class says
    │   ├── ContextWindowExceededError
    │   ├── ContentPolicyViolationError
    │   ├── RequestTooLargeError      413
    │   ├── UnprocessableEntityError  422
    │   └── InvalidRequestError (ValueError)      refused here, before any request
    │       ├── InvalidMessageError               which message, which key
    │       ├── UnknownParameterError (TypeError) a keyword nobody knows, with the nearest name
    │       ├── UnknownProviderError              with the nearest name
    │       └── UnsupportedParamsError            the vendor cannot do it: parameter, reason, what to do
    ├── AuthenticationError           401
    │   └── MissingApiKeyError        no key found; names every variable looked at
    ├── InsufficientFundsError        402
    ├── PermissionDeniedError         403
    ├── NotFoundError                 404
    ├── ConflictError                 409                                                       retryable
    ├── RateLimitError                429                                                       retryable
    │   └── QuotaExceededError        429 that waiting does not cure
    ├── InternalServerError           5xx                                                       retryable
    │   ├── BadGatewayError           502
    │   ├── ServiceUnavailableError   503
    │   ├── GatewayTimeoutError       504
    │   └── OverloadedError           529 and its like
    ├── APIResponseValidationError    the vendor answered with something no reader understands
    ├── StructuredOutputError         the answer does not fit `response_format`; `.completion`
    └── FallbacksExhaustedError       every model failed; `.attempts`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

if TYPE_CHECKING:
    from .results import ChatCompletion

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "AuthenticationError",
    "BadGatewayError",
    "BadRequestError",
    "ConflictError",
    "ContentPolicyViolationError",
    "ContextWindowExceededError",
    "FallbacksExhaustedError",
    "GatewayTimeoutError",
    "InsufficientFundsError",
    "InternalServerError",
    "InvalidMessageError",
    "InvalidRequestError",
    "MissingApiKeyError",
    "NotFoundError",
    "OverloadedError",
    "PermissionDeniedError",
    "PolyvoxError",
    "QuotaExceededError",
    "RateLimitError",
    "RequestTooLargeError",
    "ServiceUnavailableError",
    "StreamInterruptedError",
    "StructuredOutputError",
    "Timeout",
    "UnknownParameterError",
    "UnknownProviderError",
    "UnprocessableEntityError",
    "UnsupportedParamsError",
]


class PolyvoxError(Exception):
    """The base of all errors of polyvox."""


class APIError(PolyvoxError):
    """A call that got no answer. `str(error)` says what, where and what to do; the facts are attributes.

    Attributes:
        message: what went wrong, in one line.
        status_code: the HTTP status, or None where no reply came.
        code: the vendor's machine-readable code or type.
        param: the parameter the vendor complains about.
        provider: the canonical provider name.
        model: the model asked for.
        request_id: the vendor's id of the request, for its support.
        retry_after: seconds the vendor asks to wait.
        retryable: whether the same call may succeed later.
        body: the reply's body as text, whole.
        partial: what had arrived of a streamed answer, or None.
    """

    retryable_by_default: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        param: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        retryable: bool | None = None,
        body: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.code = code
        self.param = param
        self.provider = provider
        self.model = model
        self.request_id = request_id
        self.retry_after = retry_after
        self.retryable = self.retryable_by_default if retryable is None else retryable
        self.body = body
        self.partial: ChatCompletion | None = None

    def __str__(self) -> str:
        where = ":".join(part for part in (self.provider, self.model) if part)
        facts = [f"status {self.status_code}" if self.status_code else "", self.code or ""]
        facts.append(f"request {self.request_id}" if self.request_id else "")
        tail = ", ".join(fact for fact in facts if fact)
        return f"{where}: {self.message}"[0 if where else 2 :] + (f" ({tail})" if tail else "")

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are pickled by their positional arguments, which lack the facts.
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(kind: type[APIError], args: tuple[object, ...], facts: dict[str, object]) -> APIError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(facts)
    return error


class APIConnectionError(APIError):
    """No reply: the connection was refused, reset, or could not be made safe. (A certificate that is not trusted is not
    tried again.)"""

    retryable_by_default = True


class Timeout(APIConnectionError, TimeoutError):
    """The vendor took longer than `timeout`."""


class StreamInterruptedError(APIConnectionError):
    """A stream broke off. What had arrived is in `partial`; nothing is retried once a chunk was handed out."""

    retryable_by_default = False


class BadRequestError(APIError):
    """The request is wrong; sending it again will not help."""


class ContextWindowExceededError(BadRequestError):
    """Prompt and answer together are longer than the model's context."""


class ContentPolicyViolationError(BadRequestError):
    """The vendor refuses the prompt for its content."""


class RequestTooLargeError(BadRequestError):
    """The request has more bytes than the vendor takes."""


class UnprocessableEntityError(BadRequestError):
    """The vendor understood the request and refuses a value in it."""


class InvalidRequestError(BadRequestError, ValueError):
    """Refused by polyvox, before any request was made."""


class InvalidMessageError(InvalidRequestError):
    """A message is malformed; the text names its index and key."""


class UnknownParameterError(InvalidRequestError, TypeError):
    """A keyword that neither polyvox nor this provider knows."""


class UnknownProviderError(InvalidRequestError):
    """No provider of this name."""


class UnsupportedParamsError(InvalidRequestError):
    """The provider cannot do what a parameter or a message part asks for.

    Drop it from the call, or pass `drop_params=True`: it is then left out and listed in `response.dropped_params`.
    """


class AuthenticationError(APIError):
    """The vendor does not accept the key."""


class MissingApiKeyError(AuthenticationError):
    """No key was given and none stands in the environment."""


class InsufficientFundsError(APIError):
    """The account has no credit."""


class PermissionDeniedError(APIError):
    """The key is good, but not for this."""


class NotFoundError(APIError):
    """No such model, deployment or address."""


class ConflictError(APIError):
    """The vendor was busy with the same resource."""

    retryable_by_default = True


class RateLimitError(APIError):
    """Too many requests or tokens; `retry_after` says how long to wait, where the vendor says so."""

    retryable_by_default = True


class QuotaExceededError(RateLimitError):
    """The account's quota is used up; waiting a moment does not help."""

    retryable_by_default = False


class InternalServerError(APIError):
    """The vendor failed."""

    retryable_by_default = True


class BadGatewayError(InternalServerError):
    """A gateway in front of the vendor failed."""


class ServiceUnavailableError(InternalServerError):
    """The vendor is not available at the moment."""


class GatewayTimeoutError(InternalServerError):
    """A gateway gave up waiting for the vendor."""


class OverloadedError(InternalServerError):
    """The vendor has more requests than it can serve."""


class APIResponseValidationError(APIError):
    """The vendor's reply cannot be read; `body` has it whole."""


Misfit: TypeAlias = Literal["truncated", "content_filter", "invalid_json", "schema_mismatch"]


class StructuredOutputError(APIError):
    """The answer does not fit `response_format`. A refusal is no error: `message.refusal` has it, `parsed` is None.

    Attributes:
        reason: `truncated` (the token limit came first), `content_filter` (the vendor stopped the answer),
            `invalid_json`, or `schema_mismatch`.
        text: the text that should have been the object, as it came.
        completion: the whole answer as it came.
    """

    reason: Misfit
    text: str
    completion: ChatCompletion


class FallbacksExhaustedError(APIError):
    """The model and all its fallbacks failed; `attempts` has each one's own error, in order."""

    attempts: Sequence[APIError] = ()
