"""An error reply, in whatever shape the vendor gives it, as one of our errors.

Decided by machine code first, by status second; by wording only for a full context, which most vendors give no code,
and for an empty account, which Anthropic calls an invalid request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, cast

from pydantic_core import from_json

from . import errors
from .headers import request_id, retry_after, seconds
from .shapes import is_list, is_mapping, mapping_of

BY_STATUS: Final[Mapping[int, type[errors.APIError]]] = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.InsufficientFundsError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    408: errors.Timeout,
    409: errors.ConflictError,
    413: errors.RequestTooLargeError,
    422: errors.UnprocessableEntityError,
    425: errors.ConflictError,
    429: errors.RateLimitError,
    502: errors.BadGatewayError,
    503: errors.ServiceUnavailableError,
    504: errors.GatewayTimeoutError,
    529: errors.OverloadedError,
}
BY_CODE: Final[Mapping[str, type[errors.APIError]]] = {
    "context_length_exceeded": errors.ContextWindowExceededError,
    "exceed_context_size_error": errors.ContextWindowExceededError,
    "model_context_window_exceeded": errors.ContextWindowExceededError,
    "too_many_tokens": errors.ContextWindowExceededError,
    "content_policy_violation": errors.ContentPolicyViolationError,
    "content_filter": errors.ContentPolicyViolationError,
    "responsibleaipolicyviolation": errors.ContentPolicyViolationError,
    "insufficient_quota": errors.QuotaExceededError,
    "billing_error": errors.InsufficientFundsError,
    "insufficient_balance": errors.InsufficientFundsError,
    "invalid_api_key": errors.AuthenticationError,
    "api_key_invalid": errors.AuthenticationError,
    "authentication_error": errors.AuthenticationError,
    "permission_error": errors.PermissionDeniedError,
    "model_not_found": errors.NotFoundError,
    "not_found_error": errors.NotFoundError,
    "rate_limit_exceeded": errors.RateLimitError,
    "rate_limit_error": errors.RateLimitError,
    "overloaded_error": errors.OverloadedError,
    "timeout_error": errors.GatewayTimeoutError,
    "request_too_large": errors.RequestTooLargeError,
    "server_error": errors.InternalServerError,
    "api_error": errors.InternalServerError,
    "invalid_request_error": errors.BadRequestError,
    # google.rpc.Code
    "invalid_argument": errors.BadRequestError,
    "failed_precondition": errors.BadRequestError,
    "out_of_range": errors.BadRequestError,
    "unauthenticated": errors.AuthenticationError,
    "permission_denied": errors.PermissionDeniedError,
    "not_found": errors.NotFoundError,
    "resource_exhausted": errors.RateLimitError,
    "unavailable": errors.ServiceUnavailableError,
    "deadline_exceeded": errors.GatewayTimeoutError,
    "internal": errors.InternalServerError,
    # AWS
    "accessdeniedexception": errors.PermissionDeniedError,
    "expiredtokenexception": errors.AuthenticationError,
    "incompletesignatureexception": errors.AuthenticationError,
    "internaldependencyexception": errors.InternalServerError,
    "internalfailure": errors.InternalServerError,
    "internalserverexception": errors.InternalServerError,
    "internalstreamfailure": errors.InternalServerError,
    "invalidsignatureexception": errors.AuthenticationError,
    "missingauthenticationtokenexception": errors.AuthenticationError,
    "modelerror": errors.InternalServerError,
    "modelerrorexception": errors.InternalServerError,
    "modelnotreadyexception": errors.ServiceUnavailableError,
    "modelstreamerror": errors.InternalServerError,
    "modelstreamerrorexception": errors.InternalServerError,
    "modeltimeoutexception": errors.GatewayTimeoutError,
    "resourcenotfoundexception": errors.NotFoundError,
    "servicequotaexceededexception": errors.QuotaExceededError,
    "serviceunavailableexception": errors.ServiceUnavailableError,
    "throttlingexception": errors.RateLimitError,
    "unrecognizedclientexception": errors.AuthenticationError,
    "validationerror": errors.BadRequestError,
    "validationexception": errors.BadRequestError,
}
# More telling than the status they come with (OpenAI sends `insufficient_quota` with 429, others with 403).
_DECISIVE: Final = frozenset(
    code
    for code, kind in BY_CODE.items()
    if kind
    in (
        errors.ContextWindowExceededError,
        errors.ContentPolicyViolationError,
        errors.QuotaExceededError,
        errors.InsufficientFundsError,
        errors.OverloadedError,
    )
) | {
    "invalid_api_key",
    "api_key_invalid",
    # AWS: all these with 403, and a model that failed with 424
    "expiredtokenexception",
    "incompletesignatureexception",
    "invalidsignatureexception",
    "missingauthenticationtokenexception",
    "unrecognizedclientexception",
    "modelerrorexception",
    "modelstreamerrorexception",
}
AWS_ERROR_HEADER: Final = "x-amzn-errortype"
"""Where AWS says the code of an error, and nowhere else."""
_FULL_CONTEXT = re.compile(
    r"(maximum|max)[\w ]*context length|context (length|window|size)[\w ]* (exceed|of only)|(prompt|input) is too long"
    r"|exceeds? the (maximum|model'?s?|available)[\w ]*(context|number of( input)? tokens)"
    r"|input token count[^.]* exceeds|too many (input )?tokens|reduce the length of the messages",
    re.IGNORECASE,
)
_LONGEST: Final = 1000
"""Letters of an error's text; the rest is in its body."""
_NO_MONEY = re.compile(r"credit balance is too low", re.IGNORECASE)
_TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class Told(NamedTuple):
    """What a vendor's error body says."""

    message: str
    codes: tuple[str, ...]
    param: str | None
    status: int | None
    retry_after: float | None
    request_id: str | None


def failure(
    provider: str,
    model: str,
    status: int | None,
    headers: Mapping[str, str],
    body: bytes,
    own_codes: object = None,
) -> errors.APIError:
    """The error for a reply with an error status (or, inside a stream, for an error event: `status` None).

    `own_codes` is the vendor's own table of codes, if its description lists them.
    """
    told = read_error(body)
    if named := headers.get(AWS_ERROR_HEADER):
        told = told._replace(codes=(named.partition(":")[0], *told.codes))
    status = told.status if status is None else status
    kind = classify(status, told, cast("Mapping[str, type[errors.APIError]]", own_codes or {}))
    code = next((code for code in told.codes if not code.isdigit()), None)
    error = kind(
        _message(told.message, status, headers, body),
        status_code=status,
        code=code,
        param=told.param,
        provider=provider,
        model=model,
        request_id=request_id(headers) or told.request_id,
        retry_after=retry_after(headers) if retry_after(headers) is not None else told.retry_after,
        body=body.decode("utf-8", "replace"),
    )
    wish = headers.get("x-should-retry")
    if wish in ("true", "false"):
        error.retryable = wish == "true"
    return error


def located(error: errors.APIError, url: str, source: str) -> errors.APIError:
    """The error, with the address that was asked where nothing is there: a vendor with a code of its own knows better
    what is missing. And with the variable whose key was refused: a caller who gave none need not know that there was
    one."""
    if error.status_code in (404, 405) and error.code is None:
        error.message += f"; asked {url.partition('?')[0]}, is `api_base` right?"
    if isinstance(error, (errors.AuthenticationError, errors.PermissionDeniedError)) and source != "api_key":
        error.message += f"; the key is that of {source}"
    return error


def classify(
    status: int | None, told: Told, own_codes: Mapping[str, type[errors.APIError]] | None = None
) -> type[errors.APIError]:
    """The class for a status and what the body says."""
    codes = {**BY_CODE, **own_codes} if own_codes else BY_CODE
    known = [code for code in map(str.lower, told.codes) if code in codes]
    decisive = next((code for code in known if code in _DECISIVE), None)
    if decisive:
        return codes[decisive]
    if status is None:
        kind = codes[known[0]] if known else errors.APIError
    else:
        kind = BY_STATUS.get(status) or _by_class(status)
    if issubclass(kind, (errors.BadRequestError, errors.RateLimitError)) and _FULL_CONTEXT.search(told.message):
        return errors.ContextWindowExceededError
    if kind is errors.BadRequestError and _NO_MONEY.search(told.message):
        return errors.InsufficientFundsError
    return kind


def _by_class(status: int) -> type[errors.APIError]:
    if 520 <= status < 528:
        return errors.BadGatewayError  # a content delivery network in front of the vendor
    if status >= 500:
        return errors.InternalServerError
    return errors.BadRequestError if status >= 400 else errors.APIError


def read_error(body: bytes) -> Told:
    """What an error body says, whatever its shape."""
    try:
        document: object = from_json(body)
    except ValueError:
        return Told(_plain_text(body), (), None, None, None, None)
    objects = list(_objects(document))
    message = next((text for found in objects if (text := _text(found))), "")
    codes = tuple(str(found[key]) for found in objects for key in _CODE_KEYS if isinstance(found.get(key), (str, int)))
    param = next((found["param"] for found in objects if isinstance(found.get("param"), str)), None)
    status = next((int(code) for code in codes if code.isdigit() and 400 <= int(code) < 600), None)
    named = next((found[key] for found in objects if isinstance(found.get(key := _id_key(found)), str)), None)
    if not message and isinstance(document, str):
        message = document
    return Told(message, codes, cast("str | None", param), status, _delay(objects), cast("str | None", named))


_CODE_KEYS = ("code", "status", "type", "error_type", "reason", "errorCode", "status_code")


def _id_key(found: Mapping[str, object]) -> str:
    """Together calls it `id`, which elsewhere is the id of an answer."""
    return "id" if "error" in found and "choices" not in found and "request_id" not in found else "request_id"


def _objects(document: object) -> Iterator[Mapping[str, object]]:
    """The objects of an error body that may tell something, the most telling first."""
    if is_list(document):
        for item in document[:1]:
            yield from _objects(item)
    if not is_mapping(document):
        return
    found = document
    raw = mapping_of(found.get("metadata")).get("raw")
    if isinstance(raw, str):  # OpenRouter: the error of the vendor behind it, as text
        yield from _inside(raw, found)
    yield from _objects(found.get("error"))
    yield found
    yield from _objects(found.get("innererror"))
    for key in ("details", "detail", "errors"):
        inner = found.get(key)
        yield from filter(is_mapping, inner if is_list(inner) else ())
    choices = found.get("choices")  # OpenRouter again: an error in the place of an answer
    for choice in choices if is_list(choices) else ():
        yield from _objects(mapping_of(choice).get("error"))


def _inside(raw: str, around: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    try:
        document: object = from_json(raw)
    except ValueError:
        document = None
    if is_mapping(document):
        yield from _objects(document)
    elif raw.strip():
        yield {"message": f"{around.get('message') or 'error'}: {' '.join(raw.split())[:300]}"}


def _text(found: Mapping[str, object]) -> str:
    for key in ("message", "error_description", "error", "detail", "Message", "errorMessage"):
        value = found.get(key)
        if isinstance(value, str) and value:
            return value
        if is_list(value) and value:  # FastAPI: a list of what is wrong
            first = mapping_of(value[0])
            return str(first.get("msg") or first.get("message") or value[0])
    return ""


def _delay(objects: list[Mapping[str, object]]) -> float | None:
    for found in objects:  # google.rpc.RetryInfo
        delay = found.get("retryDelay")
        if isinstance(delay, str):
            return seconds(delay.removesuffix("s"))
    return None


def _plain_text(body: bytes) -> str:
    if b"\0" in body:  # packed, or in a charset of two bytes a letter
        return ""
    return " ".join(_TAG.sub(" ", body.decode("utf-8", "replace")).split())[:300]


def _line(text: str) -> str:
    """In one line that a log can take; the body has it as it came."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: _LONGEST + 1])
    return " ".join(shown.split()) if len(text) <= _LONGEST else " ".join(shown[:_LONGEST].split()) + " ..."


def _message(told: str, status: int | None, headers: Mapping[str, str], body: bytes) -> str:
    if status is not None and 300 <= status < 400:
        target = headers.get("location", "").split("?")[0]
        return f"the address redirects to {target or 'nowhere'}; give the right one as `api_base`"
    if told := _line(told):
        return told
    if start := _plain_text(body)[:80]:
        return f"the vendor gave no reason; its reply begins {start!r}"
    return "the vendor gave no reason" + ("" if body.strip() else " (empty body)")
