"""What must never be shown: a key. Not in an error's text, nor in the locals of a traceback's frames."""

from __future__ import annotations

from collections.abc import Generator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar, cast
from warnings import warn

from typing_extensions import override

from .errors import InvalidRequestError
from .shapes import is_list, is_mapping

if TYPE_CHECKING:
    from .errors import APIError
    from .exchange import Headers

__all__ = ["InsecureAddressWarning"]

E = TypeVar("E", bound="APIError")


class InsecureAddressWarning(UserWarning):
    """A key goes to a host that is not local over plain HTTP, where everybody on the way can read it."""


_LONG_ENOUGH = 7
"""Letters; a placeholder for a local server ("EMPTY", "none") would be found in any text."""
_KEYS: Final = frozenset(
    {
        "api_key",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "vertex_credentials",
        "additional_params",
    }
)
_HEADERS: Final = frozenset({"extra_headers", "default_headers", "extra_query", "default_query", "extra_body"})
_SETTINGS: Final = frozenset({"client_args", "fallbacks", "fallback_models", "model_list"})
_HOLD_SECRETS: Final = _KEYS | _HEADERS | _SETTINGS


class Hidden(str):
    """A secret: text like any other, but for its repr."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return "'***'"

    @override
    def strip(self, chars: str | None = None, /) -> Hidden:
        return Hidden(super().strip(chars))


def conceal(parameters: object) -> None:
    """Hide the secrets in a call's own keywords, so that no frame above or below shows them. What the caller handed
    over stays as it is: a mapping or list that holds secrets is replaced by a copy.

    Raises:
        InvalidRequestError: it cannot be looked through: it is nested too deep, or its own methods fail.
    """
    given = cast("MutableMapping[str, object]", parameters)
    for name in _HOLD_SECRETS & given.keys():
        failed = None
        try:
            given[name] = _concealed(name, given[name])
        except Exception as error:
            failed, given[name] = type(error).__name__, None
        if failed is not None:  # outside of the handler: its frames show what is in there
            raise InvalidRequestError(f"{name} cannot be read ({failed})", param=name)


def _concealed(name: str, value: object) -> object:
    if name in _SETTINGS:
        return _within(value)
    if name in _KEYS and not is_mapping(value):
        return _hidden(value)
    return _hidden(value) if is_mapping(value) or is_list(value) else value


def _hidden(value: object) -> object:
    if is_mapping(value):
        return {key: _hidden(inner) for key, inner in value.items()}
    if is_list(value):  # where no list can be meant; the error is told of it later
        return [_hidden(one) for one in value]
    return Hidden(value) if isinstance(value, str) else value


def _within(value: object) -> object:
    if is_mapping(value):
        inner = dict(value)
        conceal(inner)
        return inner
    return [_within(one) for one in value] if is_list(value) else value


# Whose frames hold the request, key and all, as bytes on their way to the network.
_CARRIERS: Final = frozenset(
    {"httpx2", "httpcore2", "httpx", "httpcore", "h11", "h2", "aiohttp", "anyio", "asyncio", "ssl"}
)
_OURS: Final = ("polyvox.transport.", "polyvox.aiohttp_transport")


def forget_frames(error: BaseException | None) -> None:
    """Take all frames from an error about a vendor's bytes, and from those it comes from: they hold the bytes, in which
    the vendor may repeat a key, or a key in full. The error's text says the place."""
    waiting, known = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in known:
            known.add(id(one))
            one.__traceback__ = None
            waiting += [one.__cause__, one.__context__]


def forget_carriers(error: BaseException | None) -> None:
    """Take the frames of the HTTP library out of the traceback of an error, and of those it comes from."""
    known: set[int] = set()
    while error is not None and id(error) not in known:
        known.add(id(error))
        error.__traceback__ = _without_carriers(error.__traceback__)
        error = error.__cause__ or error.__context__


def _without_carriers(traceback: TracebackType | None) -> TracebackType | None:
    frames: list[TracebackType] = []
    while traceback is not None:
        frames.append(traceback)
        traceback = traceback.tb_next
    kept: TracebackType | None = None
    for one in reversed(frames):
        module = str(one.tb_frame.f_globals.get("__name__"))
        if module.partition(".")[0] not in _CARRIERS and not module.startswith(_OURS):
            line = one.tb_lineno or 0  # None where Ctrl-C came between two lines
            kept = TracebackType(kept, one.tb_frame, one.tb_lasti, line)
    return kept


_unheard: ContextVar[bool] = ContextVar("_unheard", default=False)


def _is_heard(_: object) -> bool:
    return not _unheard.get()


@contextmanager
def unheard(*libraries: str) -> Generator[None]:
    """Nobody hears what these libraries, which are loaded, log meanwhile in this thread: some log whole requests and
    replies, and so a secret, or the token that is given for it."""
    import logging  # slow to import, seldom needed

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in libraries:
            logging.getLogger(name).addFilter(_is_heard)  # once, however often
    before = _unheard.set(True)
    try:
        yield
    finally:
        _unheard.reset(before)


@lru_cache(maxsize=1)
def hide_sent_headers() -> None:
    """hpack, which writes the headers of HTTP/2, logs for debugging all that it writes; a key may be one of them."""
    import logging

    def tells_less(record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(("Adding ", "Encoded header block", "Evicting "))

    for name in ("hpack.hpack", "hpack.table"):
        logging.getLogger(name).addFilter(tells_less)


_PRIVATE = (
    "localhost",
    ".localhost",
    ".local",
    ".internal",
    ".lan",
    ".home.arpa",
)


@lru_cache(maxsize=256)
def warn_if_plain(origin: str) -> None:
    """A key in plain HTTP can be read by everybody on the way; said once for each address that is not a local one."""
    from urllib.parse import urlsplit

    if not _is_local(urlsplit(origin).hostname or ""):
        warn(
            f"{origin}: the key travels unencrypted; use https, unless the network is your own",
            InsecureAddressWarning,
            stacklevel=2,
        )


def _is_local(host: str) -> bool:
    if "." not in host and ":" not in host:
        return True  # a name of this machine, or of a neighbour in its network
    if host.endswith(_PRIVATE):
        return True
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_private or address.is_loopback or address.is_link_local


def hidden(headers: Headers, source: str = "api_key") -> Headers:
    """The headers of a key, with their values hidden. Refuses a key that no header can carry; `source` is where it
    came from."""
    wrong = [name for name, value in headers if not (value.isascii() and value.isprintable())]
    if wrong:
        headers = ()
        raise InvalidRequestError(f"{source} has characters that no header ({wrong[0]}) can carry", param="api_key")
    return tuple((name, Hidden(value)) for name, value in headers)


hidden_once = lru_cache(maxsize=256)(hidden)
"""The same, for keys that stay: a process has few of them. Not for signatures, of which each call has its own."""


def _without(secret: str, text: str) -> str:
    """The text without the secret, and without so much of its beginning as is left where a text was cut off."""
    start, rest = secret[: _LONG_ENOUGH + 1], secret[_LONG_ENOUGH + 1 :]
    before, *behind = text.replace(secret, "***").split(start)
    return before + "".join(f"***{one[_alike(rest, one) :]}" for one in behind)


def _alike(one: str, other: str) -> int:
    """How many letters they begin with in common."""
    apart = (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(apart, min(len(one), len(other)))


class Secrets:
    """One call's secrets. Some vendors and proxies repeat a key in an error."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: tuple[str, ...] = ()  # mostly one

    def keep(self, key: str) -> None:
        """Remember a key that is long enough to be told from other words."""
        if len(key) > _LONG_ENOUGH and key not in self._values:
            self._values = (*self._values, key if isinstance(key, Hidden) else Hidden(key))

    def masked(self, text: str) -> str:
        """The text with `***` for every secret."""
        for secret in self._values:
            text = _without(secret, text)
        return text

    def mask(self, error: E) -> E:
        """The same error, with `***` for every secret in its text, its facts and its body. One in which a secret stood
        is cut off from what it came from, where that stands too."""
        facts = vars(error)
        for secret in self._values:
            for name, value in facts.items():
                if isinstance(value, str) and secret[: _LONG_ENOUGH + 1] in value:
                    facts[name] = _without(secret, value)
                    error.__cause__ = error.__context__ = error.__traceback__ = None
        error.args = (error.message, *error.args[1:])
        return error
