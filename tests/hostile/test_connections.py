"""Connections that fail, at every point of a call: what a caller sees, in each dialect and each way to call."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import httpx2
import pytest

from polyvox import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    AsyncClient,
    Client,
    StreamInterruptedError,
    Timeout,
)
from tests.hostile.asking import WAYS, Came, Way, ask, assert_failed, each, every_way
from tests.hostile.dialect import HEL, TEXT, Dialect
from tests.hostile.dialects import ANTHROPIC, BEDROCK, COHERE, DIALECTS, GEMINI, OLLAMA, OPENAI, SAGEMAKER
from tests.hostile.vendor import (
    REQUEST_ID,
    HostileVendor,
    Misbehaviour,
    Peer,
    certificates,
    chunked,
    head,
    reply,
    saying,
)
from tests.mapping.asking import HELLO

every_dialect = each(dialect=DIALECTS, way=WAYS)


def transport(way: Way) -> httpx2.BaseTransport | httpx2.AsyncBaseTransport:
    """httpx2's own pool, which trusts the throw-away CA."""
    trusted = certificates()[1]
    return httpx2.AsyncHTTPTransport(verify=trusted) if way.asynchronous else httpx2.HTTPTransport(verify=trusted)


def call(vendor: HostileVendor, fault: Misbehaviour, way: Way, dialect: Dialect, **settings: object) -> Came:
    """Call, and meet this."""
    tls = bool(settings.pop("tls", False))
    return ask(way, dialect, None, api_base=vendor.address(fault, tls=tls), **settings)


def good(dialect: Dialect, way: Way) -> bytes:
    """A reply as it should be."""
    if way.stream:
        return head("transfer-encoding: chunked", kind=dialect.framing.media_type) + chunked(
            dialect.first, dialect.last, b""
        )
    return reply(dialect.reply)


@dataclass(frozen=True)
class Fault:
    """What the server does behind these bytes: of a good reply, or others."""

    says: Callable[[Dialect, Way], bytes]
    plain: type[APIError]
    stream: type[APIError]
    text: str | None = None
    """What arrived of a stream before it."""
    facts: bool = False
    """Whether the headers had come, and with them the request's id."""
    end: str = "close"

    def misbehave(self, dialect: Dialect, way: Way) -> Misbehaviour:
        """The same, for this call."""
        return saying(self.says(dialect, way), self.end)


def _nothing(dialect: Dialect, way: Way) -> bytes:
    return b""


def _half_head(dialect: Dialect, way: Way) -> bytes:
    return good(dialect, way)[:30]


def _only_head(dialect: Dialect, way: Way) -> bytes:
    return good(dialect, way).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _half(dialect: Dialect, way: Way) -> bytes:
    """Half of an answer, or a stream's first events."""
    if way.stream:
        return _only_head(dialect, way) + chunked(dialect.first)
    return reply(dialect.reply)[:-9]


def _half_event(dialect: Dialect, way: Way) -> bytes:
    return _half(dialect, way) + chunked(dialect.last[:9]) if way.stream else _half(dialect, way)


def _of_unknown_length(dialect: Dialect, way: Way) -> bytes:
    """A chunk that says it has another length than it has."""
    return head("transfer-encoding: chunked", kind=dialect.framing.media_type) + chunked(dialect.first) + b"zz\r\n{}"


def _another_protocol(dialect: Dialect, way: Way) -> bytes:
    return b"SSH-2.0-OpenSSH_9.9\r\n"


def _endless_head(dialect: Dialect, way: Way) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"x-padding: 0123456789\r\n" * 20_000


FAULTS: Final[dict[str, Fault]] = {
    "closed before headers": Fault(_nothing, APIConnectionError, APIConnectionError),
    "reset before headers": Fault(_nothing, APIConnectionError, APIConnectionError, end="reset"),
    "closed in headers": Fault(_half_head, APIConnectionError, APIConnectionError),
    "reset in headers": Fault(_half_head, APIConnectionError, APIConnectionError, end="reset"),
    "headers without end": Fault(_endless_head, APIConnectionError, APIConnectionError),
    "another protocol": Fault(_another_protocol, APIConnectionError, APIConnectionError),
    "closed before the first byte": Fault(_only_head, APIConnectionError, StreamInterruptedError, "", facts=True),
    "reset before the first byte": Fault(
        _only_head, APIConnectionError, StreamInterruptedError, "", facts=True, end="reset"
    ),
    "closed in the body": Fault(_half, APIConnectionError, StreamInterruptedError, HEL, facts=True),
    "reset in the body": Fault(_half, APIConnectionError, StreamInterruptedError, None, facts=True, end="reset"),
    "closed in an event": Fault(_half_event, APIConnectionError, StreamInterruptedError, HEL, facts=True),
    "a wrong length": Fault(_of_unknown_length, APIConnectionError, StreamInterruptedError, HEL, facts=True),
}


def _nothing_came(fault: Fault, way: Way, kind: type[APIError]) -> bool:
    """Whether another try can do no harm: no chunk has been handed out."""
    return kind is not StreamInterruptedError or (way.stream and fault.text == "")


@every_dialect
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_connection_that_breaks(vendor: HostileVendor, fault: Fault, dialect: Dialect, way: Way) -> None:
    _check_broken(call(vendor, fault.misbehave(dialect, way), way, dialect), fault, way, dialect)


# One vendor for each framing is enough over TLS: below the bytes there is no dialect.
FRAMINGS: Final = (OPENAI, OLLAMA, BEDROCK, SAGEMAKER)


@each(dialect=FRAMINGS, way=WAYS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_connection_over_tls_that_breaks(vendor: HostileVendor, fault: Fault, dialect: Dialect, way: Way) -> None:
    _check_broken(call(vendor, fault.misbehave(dialect, way), way, dialect, tls=True), fault, way, dialect)


@each(way=WAYS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_connection_of_a_given_transport_that_breaks(vendor: HostileVendor, fault: Fault, way: Way) -> None:
    address = vendor.address(fault.misbehave(OPENAI, way), tls=True)
    _check_broken(ask(way, OPENAI, transport(way), api_base=address), fault, way, OPENAI)


def _check_broken(came: Came, fault: Fault, way: Way, dialect: Dialect) -> None:
    kind = fault.stream if way.stream else fault.plain
    error = assert_failed(came, kind, dialect, status_code=None, retryable=_nothing_came(fault, way, kind))
    assert error.request_id == (REQUEST_ID if fault.facts else None)
    assert error.__cause__ is not None or way.stream
    if way.stream and fault.text is not None:
        assert came.text == fault.text


STALLS: Final[dict[str, Fault]] = {
    "before headers": Fault(_nothing, Timeout, Timeout, end="stall"),
    "in headers": Fault(_half_head, Timeout, Timeout, end="stall"),
    "before the first byte": Fault(_only_head, Timeout, StreamInterruptedError, "", facts=True, end="stall"),
    "in the body": Fault(_half, Timeout, StreamInterruptedError, HEL, facts=True, end="stall"),
    "in an event": Fault(_half_event, Timeout, StreamInterruptedError, HEL, facts=True, end="stall"),
}


# Seconds. On a machine that is busy the shorter ones may be over before the server has said its part.
PATIENCE: Final = (1.5, 15, 60)


@pytest.mark.parametrize("fault", STALLS.values(), ids=STALLS)
def test_a_vendor_that_falls_silent(vendor: HostileVendor, fault: Fault) -> None:
    # All at once: each waits for its own short deadline. That is the transport's, whoever speaks, so that a vendor of
    # each framing and of each reader that keeps something back is enough.
    plain = [(dialect, way, False) for dialect in (*FRAMINGS, ANTHROPIC, GEMINI, COHERE) for way in WAYS]
    cases = [*plain, *((OPENAI, way, True) for way in WAYS)]

    def silent(case: tuple[Dialect, Way, bool]) -> Came:
        dialect, way, tls = case
        misbehaviour, came = fault.misbehave(dialect, way), Came()
        for seconds in PATIENCE:
            came = call(vendor, misbehaviour, way, dialect, timeout=seconds, tls=tls)
            if not way.stream or came.text == fault.text:
                break
        return came

    with ThreadPoolExecutor(len(cases)) as threads:
        for (dialect, way, _), came in zip(cases, threads.map(silent, cases), strict=True):
            kind = fault.stream if way.stream else fault.plain
            error = assert_failed(came, kind, dialect, status_code=None, retryable=_nothing_came(fault, way, kind))
            assert "pass a longer `timeout`" in str(error)
            assert isinstance(error, TimeoutError) == (kind is Timeout)
            if way.stream:
                assert came.text == fault.text


@every_way
def test_a_handshake_that_does_not_come(vendor: HostileVendor, way: Way) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and says nothing
        port = silent.getsockname()[1]
        came = ask(way, OPENAI, None, api_base=f"https://127.0.0.1:{port}", timeout=0.2)
    assert_failed(came, Timeout, OPENAI, retryable=True)


@every_way
def test_a_connection_that_is_never_made(way: Way) -> None:
    with ExitStack() as held:
        full = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))  # nobody accepts
        for _ in range(8):  # more than may wait
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        came = ask(way, OPENAI, None, api_base=f"http://127.0.0.1:{full.getsockname()[1]}", timeout=0.2)
    assert_failed(came, Timeout, OPENAI, retryable=True)


@every_dialect
def test_nobody_is_there(dialect: Dialect, way: Way) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    came = ask(way, dialect, None, api_base=f"http://127.0.0.1:{port}")
    error = assert_failed(came, APIConnectionError, dialect, retryable=True)
    assert f"could not reach http://127.0.0.1:{port}" in str(error)
    assert "[Errno " in str(error)  # and how


@every_way
def test_a_certificate_that_nobody_vouches_for(
    vendor: HostileVendor, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    address = vendor.address(FAULTS["closed before headers"].misbehave(OPENAI, way), tls=True)
    came = ask(way, OPENAI, None, api_base=address, num_retries=2)
    error = assert_failed(came, APIConnectionError, OPENAI, retryable=False)
    assert "self-signed certificate" in str(error)
    assert "SSL_CERT_FILE" in str(error)
    assert vendor.asked(address) == 0


@every_way
def test_a_certificate_for_another_host(vendor: HostileVendor, way: Way) -> None:
    address = vendor.address(FAULTS["closed before headers"].misbehave(OPENAI, way), tls=True)
    came = ask(way, OPENAI, None, api_base=address.replace("127.0.0.1", "localhost"), num_retries=2)
    error = assert_failed(came, APIConnectionError, OPENAI, retryable=False)
    assert "certificate is not valid for 'localhost'" in str(error)
    assert vendor.asked(address) == 0


@every_way
def test_plain_http_where_tls_is_spoken(vendor: HostileVendor, way: Way) -> None:
    address = vendor.address(FAULTS["closed before headers"].misbehave(OPENAI, way), tls=True)
    came = ask(way, OPENAI, None, api_base=address.replace("https:", "http:"))
    assert_failed(came, APIConnectionError, OPENAI)


# --- odd, but good ----------------------------------------------------------------------------------------------------

EARLY: Final = {
    "100 Continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "102 Processing, often": b"HTTP/1.1 102 Processing\r\n\r\n" * 50,
    "103 Early Hints": b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n",
}


@every_dialect
@pytest.mark.parametrize("early", EARLY.values(), ids=EARLY)
def test_what_comes_before_the_answer(vendor: HostileVendor, early: bytes, dialect: Dialect, way: Way) -> None:
    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(early + good(dialect, way))
        return True

    came = call(vendor, misbehaviour, way, dialect)
    assert (came.text, came.error) == (TEXT, None)


@every_dialect
def test_one_byte_at_a_time(vendor: HostileVendor, dialect: Dialect, way: Way) -> None:
    async def misbehaviour(peer: Peer) -> bool:
        await peer.trickle(good(dialect, way))
        return True

    came = call(vendor, misbehaviour, way, dialect)
    assert (came.text, came.error) == (TEXT, None)


@every_way
def test_the_same_over_tls(vendor: HostileVendor, way: Way) -> None:
    async def slow(peer: Peer) -> bool:
        await peer.trickle(good(OPENAI, way))
        return True

    for misbehaviour in (slow, *(saying(early + good(OPENAI, way), "close") for early in EARLY.values())):
        came = call(vendor, misbehaviour, way, OPENAI, tls=True)
        assert (came.text, came.error) == (TEXT, None)


@every_way
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_headers_that_trickle_in_past_the_deadline(vendor: HostileVendor, way: Way, tls: bool) -> None:
    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            await peer.send(b"x")
            await asyncio.sleep(0.01)

    came = call(vendor, misbehaviour, way, OPENAI, timeout=0.2, tls=tls)
    assert_failed(came, Timeout, OPENAI)


@every_way
def test_a_switch_of_protocols_that_nobody_asked_for(vendor: HostileVendor, way: Way) -> None:
    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n")
        return False

    came = call(vendor, misbehaviour, way, OPENAI)
    assert_failed(came, APIConnectionError, OPENAI, status_code=None)


# --- connections that are used again ----------------------------------------------------------------------------------


@every_dialect
def test_a_connection_is_used_again(vendor: HostileVendor, dialect: Dialect, way: Way) -> None:
    served: list[Peer] = []

    async def misbehaviour(peer: Peer) -> bool:
        served.append(peer)
        await peer.send(good(dialect, way))
        return True

    assert ask(way, dialect, None, 3, api_base=vendor.address(misbehaviour)).text == TEXT
    assert served == [served[0]] * 3


@each(dialect=FRAMINGS, way=WAYS)  # each call waits before its second try; what is kept for it, the test above asks
def test_a_kept_connection_that_closes_as_it_is_used_again(vendor: HostileVendor, dialect: Dialect, way: Way) -> None:
    _check_kept(vendor, dialect, way, tls=False)


@pytest.mark.parametrize("way", [way for way in WAYS if not way.stream], ids=str)
def test_a_kept_connection_of_tls_that_closes_as_it_is_used_again(vendor: HostileVendor, way: Way) -> None:
    _check_kept(vendor, OPENAI, way, tls=True)


def _check_kept(vendor: HostileVendor, dialect: Dialect, way: Way, *, tls: bool) -> None:
    served: list[Peer] = []

    async def misbehaviour(peer: Peer) -> bool:
        if peer in served:
            return False  # the second request on this connection gets no answer
        served.append(peer)
        await peer.send(good(dialect, way))
        return True

    settings = {"api_base": vendor.address(misbehaviour, tls=tls), "num_retries": 1}
    assert ask(way, dialect, None, 2, **settings).text == TEXT
    assert len(served) == 2


class TwoAnswers:
    """One that was asked for, and at once another that was not; over TLS, in two records."""

    def __init__(self) -> None:
        self.said = threading.Event()

    async def __call__(self, peer: Peer) -> bool:
        right = reply(OPENAI.reply)
        await peer.send(right, right.replace(b'"Hello"', b'"WRONG"'))
        self.said.set()
        return True

    def heard(self) -> None:
        """Wait until both are on their way."""
        assert self.said.wait(30)
        self.said.clear()


every_line = pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])


@every_line
def test_an_answer_that_nobody_asked_for(vendor: HostileVendor, tls: bool) -> None:
    server = TwoAnswers()
    with Client(api_base=vendor.address(server, tls=tls), api_key="k") as client:
        for _ in range(5):
            assert client.completion(OPENAI.model, HELLO).choices[0].message.content == TEXT
            server.heard()


@every_line
def test_an_answer_that_nobody_asked_for_asynchronously(vendor: HostileVendor, tls: bool) -> None:
    server = TwoAnswers()

    async def main() -> None:
        async with AsyncClient(api_base=vendor.address(server, tls=tls), api_key="k") as client:
            for _ in range(5):
                answer = await client.completion(OPENAI.model, HELLO)
                assert answer.choices[0].message.content == TEXT
                server.heard()

    asyncio.run(main())


# --- redirects --------------------------------------------------------------------------------------------------------


@every_dialect
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("same", [True, False], ids=["same origin", "another origin"])
def test_no_redirect_is_followed(vendor: HostileVendor, status: int, same: bool, dialect: Dialect, way: Way) -> None:
    async def never(peer: Peer) -> bool:
        await peer.send(good(dialect, way))
        return True

    target = vendor.address(never, tls=not same)

    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(reply(b"", f"location: {target}/x?secret=1", status=f"{status} Elsewhere"))
        return True

    came = call(vendor, misbehaviour, way, dialect)
    error = assert_failed(came, APIError, dialect, status_code=status, retryable=False, request_id=REQUEST_ID)
    assert f"the address redirects to {target}/x;" in error.message
    assert vendor.asked(target) == 0


@every_way
@pytest.mark.parametrize("same", [True, False], ids=["same origin", "another origin"])
def test_no_redirect_is_followed_where_the_system_names_a_proxy(
    vendor: HostileVendor, same: bool, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTP_PROXY", "http://127.0.0.1:9")  # for nobody here; but then httpx2's client carries requests
    target = vendor.address(saying(good(OPENAI, way), "close"), tls=not same)
    redirect = reply(b"", f"location: {target}/x", status="307 Elsewhere")
    came = call(vendor, saying(redirect, "close"), way, OPENAI)
    assert "redirects" in assert_failed(came, APIError, OPENAI, status_code=307).message
    assert vendor.asked(target) == 0


# --- replies that are too much ----------------------------------------------------------------------------------------
# How much of a body is read is decided before a dialect sees it, and each of these costs a second.


@every_way
@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC], ids=str)
def test_an_error_of_which_only_the_start_matters(vendor: HostileVendor, dialect: Dialect, way: Way) -> None:
    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(head(f"content-length: {200 * 2**20}", status="503 Busy", kind="text/html") + b"<p>busy</p>")
        for _ in range(200):
            await peer.send(b" " * 2**20)
        return False

    came = call(vendor, misbehaviour, way, dialect)
    error = assert_failed(came, _busy(), dialect, status_code=503, request_id=REQUEST_ID, retryable=True)
    assert error.body is not None
    assert len(error.body) < 3 * 2**20


def _busy() -> type[APIError]:
    from polyvox import ServiceUnavailableError

    return ServiceUnavailableError


@every_way
def test_an_answer_of_200_megabytes(vendor: HostileVendor, way: Way) -> None:
    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(head("connection: close", kind=OPENAI.framing.media_type) + b"data: ")
        for _ in range(200):
            await peer.send(b"x" * 2**20)
        return False

    came = call(vendor, misbehaviour, way, OPENAI)
    assert "128 MiB" in str(assert_failed(came, APIResponseValidationError, OPENAI, request_id=REQUEST_ID))
