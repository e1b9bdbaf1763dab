"""A canary in the place of the key: whatever goes wrong, it is in no byte that came out, but for the request itself."""

from __future__ import annotations

import asyncio
import io
import logging
import pickle
import socket
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

import polyvox
from polyvox import APIConnectionError, APIError, AsyncClient, AuthenticationError, Client, InsecureAddressWarning
from polyvox.aiohttp_transport import AiohttpTransport
from tests.hostile.asking import WAYS, Way, ask, each, every_way
from tests.hostile.canary import ROOT, Caller, answering
from tests.hostile.dialect import HEL, Dialect
from tests.hostile.dialects import ANTHROPIC, BEDROCK, DESCRIBED, DIALECTS, EVERYBODY, NOVA, OLLAMA, OPENAI, SAGEMAKER
from tests.hostile.leaks import CANARY, forget, shown
from tests.hostile.test_connections import FAULTS, good
from tests.hostile.test_replies import Body
from tests.hostile.vendor import HostileVendor, Peer, certificates, chunked, head, reply, saying
from tests.mapping import bedrock_frames as aws
from tests.mapping.asking import HELLO, named_sse, sse

if TYPE_CHECKING:
    from polyvox import Parameters

# Who is sent the key itself; requests to the others are signed (`test_keys_of_aws`).
everybody = each(dialect=[one for one in EVERYBODY if "api_key" not in one.asked], way=WAYS)
pytestmark = pytest.mark.usefixtures("spans_tell_all")


ECHOES: Final[dict[str, tuple[int, bytes]]] = {
    "in a message": (401, b'{"error": {"message": "bad key %s", "code": "%s"}}'),
    "in a text": (403, b"no such key: %s"),
    "in a page": (502, b"<html><pre>authorization: Bearer %s</pre></html>"),
    "in a deep place": (400, b'{"error": {"details": [{"headers": {"x-api-key": "%s"}}], "param": "%s"}}'),
    "in a reply that nobody can read": (200, b'{"choices": "%s"'),
    "in a redirect": (307, b""),
}


@everybody
@pytest.mark.parametrize(("status", "body"), ECHOES.values(), ids=ECHOES)
def test_a_vendor_that_repeats_it(status: int, body: bytes, dialect: Dialect, way: Way, heard: io.StringIO) -> None:
    elsewhere = {"location": f"https://other.test/?key={CANARY}"} if status == 307 else {}
    pool = answering(status, body.replace(b"%s", CANARY.encode()), **elsewhere)
    assert isinstance(Caller(way, dialect, heard).ask(pool, api_base="https://h.test"), APIError)


_TOLD: Final = {"error": {"type": "overloaded_error", "message": f"bad key {CANARY}", "code": CANARY}}
# What comes in the middle of a stream, with the key in it.
IN_A_STREAM: Final[dict[str, tuple[Dialect, bytes]]] = {
    "an error": (OPENAI, sse(_TOLD)),
    "an event that is no JSON": (OPENAI, sse(f'{{"{CANARY}": ')),
    "an error of Anthropic's": (ANTHROPIC, named_sse({"type": "error", **_TOLD})),
    "an exception of Bedrock's": (BEDROCK, aws.exception("throttlingException", {"message": CANARY})),
    "no frame": (BEDROCK, b"Bearer " + CANARY.encode()),
    "a line that is no JSON": (OLLAMA, b'{"error": "' + CANARY.encode() + b"\n"),
    "an event without end": (OPENAI, b'data: {"' + CANARY.encode()),
}


@pytest.mark.parametrize("way", [way for way in WAYS if way.stream], ids=str)
@pytest.mark.parametrize(("dialect", "says"), IN_A_STREAM.values(), ids=IN_A_STREAM)
def test_a_stream_that_repeats_it(dialect: Dialect, says: bytes, way: Way, heard: io.StringIO) -> None:
    pool = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=Body([dialect.first, says])))
    error = Caller(way, dialect, heard).ask(pool, api_base="https://h.test")
    assert isinstance(error, APIError)
    assert error.partial is not None
    assert error.partial.choices[0].message.content == HEL


@each(dialect=DIALECTS, way=[way for way in WAYS if way.stream])
def test_a_stream_of_each_dialect_that_repeats_it(dialect: Dialect, way: Way, heard: io.StringIO) -> None:
    told = b"" if dialect.framing.is_frames else dialect.error.replace(b"busy", CANARY.encode())
    for says in (told or dialect.error, dialect.framing.event(b'{"%s": ' % CANARY.encode())):
        pool = httpx2.MockTransport(lambda _, body=(dialect.first, says): httpx2.Response(200, stream=Body([*body])))
        keys = {"aws_session_token": CANARY} if "api_key" in dialect.asked else {}
        error = Caller(way, dialect, heard).ask(pool, api_base="https://h.test", **keys)
        assert isinstance(error, APIError)
        assert error.partial is not None
        assert error.partial.choices[0].message.content == HEL


@everybody
def test_a_good_answer(dialect: Dialect, way: Way, heard: io.StringIO) -> None:
    pool = answering(200, dialect.stream if way.stream else dialect.reply)
    assert Caller(way, dialect, heard).ask(pool, api_base="https://h.test") is None


# Over TLS and over plain HTTP: what such an error shows comes from the transport, whoever speaks.
@every_way
@pytest.mark.parametrize("dialect", [OPENAI, BEDROCK], ids=str)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_connection_that_breaks(
    vendor: HostileVendor, fault: str, dialect: Dialect, way: Way, heard: io.StringIO
) -> None:
    address = vendor.address(FAULTS[fault].misbehave(dialect, way), tls=dialect is OPENAI)
    assert isinstance(Caller(way, dialect, heard).ask(None, api_base=address), APIError)


# A server that repeats it where no reply should have it; h11 says what it did not understand.
CHUNKED: Final = head("transfer-encoding: chunked")
BROKEN_ECHOES: Final[dict[str, bytes]] = {
    "as its first line": b"%s\r\n\r\n",
    "as its status": b"HTTP/1.1 %s\r\n\r\n",
    "in a header that is none": b"HTTP/1.1 200 OK\r\na b: %s\r\n\r\n",
    "as the length of a chunk": CHUNKED + b"%s\r\n",
    "as the length of a later one": CHUNKED + chunked(OPENAI.first) + b"%s\r\n",
}


@every_way
@pytest.mark.parametrize("says", BROKEN_ECHOES.values(), ids=BROKEN_ECHOES)
def test_a_server_that_repeats_it_in_no_reply(vendor: HostileVendor, says: bytes, way: Way, heard: io.StringIO) -> None:
    address = vendor.address(saying(says.replace(b"%s", CANARY.encode()), "close"))
    error = Caller(way, OPENAI, heard).ask(None, api_base=address)
    assert isinstance(error, APIConnectionError)
    assert "***" in str(error)


@pytest.mark.parametrize("way", WAYS[2:], ids=str)  # it is asynchronous
@pytest.mark.parametrize("fault", FAULTS)
def test_a_connection_of_aiohttps_that_breaks(vendor: HostileVendor, fault: str, way: Way, heard: io.StringIO) -> None:
    address = vendor.address(FAULTS[fault].misbehave(OPENAI, way))
    assert isinstance(Caller(way, OPENAI, heard).ask(AiohttpTransport(), api_base=address), APIError)


@every_way
def test_a_certificate_that_nobody_vouches_for(
    vendor: HostileVendor, way: Way, heard: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    address = vendor.address(FAULTS["closed before headers"].misbehave(OPENAI, way), tls=True)
    assert isinstance(Caller(way, OPENAI, heard).ask(None, api_base=address), APIError)


@every_way
@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError, OSError])
def test_a_transport_that_fails_in_its_own_way(kind: type[BaseException], way: Way, heard: io.StringIO) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise kind

    error = Caller(way, OPENAI, heard).ask(httpx2.MockTransport(answer), api_base="https://h.test")
    assert error is not None
    assert type(error) is kind
    # Its own frames are still there: they say where the mistake is.
    assert any(frame.name == "answer" for frame in traceback.extract_tb(error.__traceback__))


# Calls that are refused before any request: each in another place, with the key among its keywords.
REFUSED: Final[dict[str, dict[str, object]]] = {
    "a keyword that nobody knows": {"temprature": 1},
    "a parameter of the wrong kind": {"timeout": "soon"},
    "a call that cannot be written": {"metadata": {"a": object()}},
    "an address that is none": {"api_base": "h.test"},
    "a key that no header can carry": {"api_key": f"{CANARY}\r\nx-evil: 1"},
    "a key from a callable that no header can carry": {"api_key": lambda: f"{CANARY}é"},
    "two that differ": {"client_args": {"api_key": CANARY}, "num_retries": 1, "max_retries": 2},
    "a header that is none": {"extra_headers": {"x-a\n": CANARY}},
    "a header's value that is none": {"extra_headers": {"authorization": f"Bearer {CANARY}\n"}},
    "a fallback that is none": {"fallbacks": [{"api_key": CANARY}]},
    "a fallback that cannot": {"fallbacks": [{"model": "openai:x", "api_key": CANARY, "temprature": 1}], "n": "x"},
    "options that are none": {"additional_params": f'{{"key": "{CANARY}"'},
    "nothing that can be read": {"extra_body": {"key": CANARY, "value": {1, 2}}},
}


@every_way
@pytest.mark.parametrize("settings", REFUSED.values(), ids=REFUSED)
def test_a_call_that_is_refused(settings: dict[str, object], way: Way, heard: io.StringIO) -> None:
    pool = answering(500, b"{}")
    error = Caller(way, OPENAI, heard).ask(pool, **{"api_base": "https://h.test", **settings})
    assert isinstance(error, APIError)


@each(dialect=[BEDROCK, SAGEMAKER, NOVA], way=WAYS)
def test_keys_of_aws(dialect: Dialect, way: Way, heard: io.StringIO) -> None:
    keys = {"api_key": None, "aws_access_key_id": "AKIA1", "aws_secret_access_key": CANARY, "aws_session_token": CANARY}

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256")
        raise httpx2.ConnectError("refused")

    assert isinstance(Caller(way, dialect, heard).ask(httpx2.MockTransport(answer), **keys), APIError)


@each(dialect=[BEDROCK, SAGEMAKER, NOVA], way=WAYS)
@pytest.mark.parametrize(("status", "body"), ECHOES.values(), ids=ECHOES)
def test_aws_repeats_what_is_sent_of_its_keys(
    status: int, body: bytes, dialect: Dialect, way: Way, heard: io.StringIO
) -> None:
    elsewhere = {"location": f"https://other.test/?key={CANARY}"} if status == 307 else {}
    keys = {"api_key": None, "aws_access_key_id": "AKIA1", "aws_secret_access_key": "s", "aws_session_token": CANARY}
    pool = answering(status, body.replace(b"%s", CANARY.encode()), **elsewhere)
    assert isinstance(Caller(way, dialect, heard).ask(pool, **keys), APIError)


@pytest.mark.parametrize("model", ["openai:gpt-5", "anthropic:claude-sonnet-4-5", "gemini:gemini-2.5-flash"])
def test_a_key_from_the_environment(model: str, monkeypatch: pytest.MonkeyPatch, heard: io.StringIO) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(name, CANARY)
    dialect = next(one for one in DESCRIBED if one.provider == model.partition(":")[0])
    for way in WAYS:
        assert isinstance(Caller(way, dialect, heard).ask(answering(500, b"{}"), api_key=None), APIError)


CLIENTS: Final[dict[str, Callable[..., object]]] = {
    "Client": Client,
    "AsyncClient": AsyncClient,
    "OpenAI": polyvox.OpenAI,
    "AsyncOpenAI": polyvox.AsyncOpenAI,
}


@pytest.mark.parametrize("make", CLIENTS.values(), ids=CLIENTS)
def test_a_client(make: Callable[..., object]) -> None:
    client = make(provider="openai", api_key=CANARY, extra_headers={"x-key": CANARY}, client_args={"api_key": CANARY})
    assert CANARY not in f"{client!r} {client} {vars(client)}"
    with pytest.raises(TypeError):
        pickle.dumps(client)
    with pytest.raises(APIError) as caught:
        make(**{"api_key": CANARY, "temprature": 1})
    assert CANARY not in shown(caught.value)


def test_what_the_caller_handed_over_stays_as_it_is() -> None:
    settings: dict[str, object] = {
        "extra_headers": {"x-key": CANARY},
        "client_args": {"api_key": CANARY},
        "fallbacks": [{"model": "openai:x", "api_key": CANARY}],
    }
    with Client(transport=answering(200, OPENAI.reply)) as client:
        client.completion(OPENAI.model, HELLO, **cast("Parameters", settings))
    assert repr(settings).count(CANARY) == 3


# --- on the way -------------------------------------------------------------------------------------------------------


class Proxy:
    """An HTTP proxy that keeps all bytes it sees."""

    def __init__(self) -> None:
        self.seen = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._serve)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def _serve(self) -> None:
        client, _ = self._listening.accept()
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += client.recv(1)
        self.seen += head
        host, _, port = head.split(b" ")[1].decode().partition(":")
        vendor = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        back = threading.Thread(target=self._carry, args=(vendor, client))
        back.start()
        self._carry(client, vendor)
        back.join()
        client.close()
        vendor.close()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one who is done may reset what it was still being told
            while data := source.recv(65536):
                self.seen += data
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Proxy:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._threads[0].join(30)
        self._listening.close()


@pytest.mark.parametrize("named", ["by the caller", "by the environment"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_proxy_gets_it_only_inside_the_tunnel(
    vendor: HostileVendor, asynchronous: bool, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = Way(asynchronous, stream=False)

    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(good(OPENAI, way))
        return False

    address = vendor.address(misbehaviour, tls=True)
    with Proxy() as proxy:
        if named == "by the environment":
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            came = ask(way, OPENAI, None, api_key=CANARY, api_base=address)
            answer = came.text
        else:
            answer = asyncio.run(_through_async(proxy.url, address)) if asynchronous else _through(proxy.url, address)
    assert answer == "Hello"
    assert proxy.seen.startswith(b"CONNECT 127.0.0.1:")
    assert CANARY.encode() not in proxy.seen
    assert b"chat/completions" not in proxy.seen


def _through(proxy: str, address: str) -> str | None:
    with httpx2.Client(proxy=proxy, verify=certificates()[1]) as own:
        client = Client(http_client=own, api_key=CANARY, api_base=address)
        return client.completion(OPENAI.model, HELLO).choices[0].message.content


async def _through_async(proxy: str, address: str) -> str | None:
    async with httpx2.AsyncClient(proxy=proxy, verify=certificates()[1]) as own:
        client = AsyncClient(http_client=own, api_key=CANARY, api_base=address)
        return (await client.completion(OPENAI.model, HELLO)).choices[0].message.content


@every_way
def test_a_client_of_the_callers_that_follows_redirects_follows_none_with_a_key(
    vendor: HostileVendor, way: Way
) -> None:
    async def never(peer: Peer) -> bool:
        await peer.send(good(OPENAI, way))
        return False

    target = vendor.address(never)

    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(reply(b"", f"location: {target}/x", status="307 Elsewhere"))
        return False

    async def ask_async(address: str) -> None:
        async with httpx2.AsyncClient(follow_redirects=True) as own:
            client = AsyncClient(http_client=own, api_key=CANARY, api_base=address)
            await client.completion(OPENAI.model, HELLO, stream=way.stream)

    def ask(address: str) -> None:
        with httpx2.Client(follow_redirects=True) as own:
            client = Client(http_client=own, api_key=CANARY, api_base=address)
            client.completion(OPENAI.model, HELLO, stream=way.stream)

    address = vendor.address(misbehaviour)
    with pytest.raises(APIError, match="redirects"):
        asyncio.run(ask_async(address)) if way.asynchronous else ask(address)
    assert vendor.asked(target) == 0


# --- plain HTTP -------------------------------------------------------------------------------------------------------

LOCAL: Final = [
    "http://localhost:8000",
    "http://127.0.0.1:8000",
    "http://[::1]:8000",
    "http://10.0.0.7",
    "http://192.168.1.7:8080",
    "http://[fe80::7]:8080",
    "http://ollama:11434",
    "http://box.local",
    "http://host.docker.internal:11434",
    "https://far.test",
]


def _plain(base: str, **settings: object) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client = Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=OPENAI.reply)))
        for _ in range(3):
            client.completion("vllm:m", HELLO, **cast("Parameters", {"api_base": base, **settings}))
    return caught


def test_a_key_in_plain_http_is_warned_of_once() -> None:
    caught = _plain("http://far-away.test:8000/v1", api_key=CANARY)
    assert [one.category for one in caught] == [InsecureAddressWarning]
    assert "http://far-away.test:8000: the key travels unencrypted" in str(caught[0].message)
    assert CANARY not in str(caught[0].message)
    assert _plain("http://8.8.8.8/v1", api_key=CANARY) != []


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "Cookie"])
def test_a_header_of_the_callers_own_is_a_key_too(name: str) -> None:
    caught = _plain(f"http://{name.lower()}.far.test/v1", extra_headers={name: CANARY})
    assert [one.category for one in caught] == [InsecureAddressWarning]
    assert CANARY not in str(caught[0].message)


@pytest.mark.parametrize("base", LOCAL)
def test_nobody_listens_at_home(base: str) -> None:
    assert _plain(base, api_key=CANARY) == []


def test_without_a_key_there_is_nothing_to_warn_of() -> None:
    assert _plain("http://keyless.test/v1") == []


# --- what is committed ------------------------------------------------------------------------------------------------


def test_no_cassette_holds_a_key() -> None:
    for path in sorted((ROOT / "tests/cassettes").rglob("*.yaml")):
        text = path.read_text("utf-8").lower()
        for header in ("authorization:", "x-api-key:", "x-goog-api-key:", "api-key:", "set-cookie:"):
            assert header not in text, path


def test_the_canary_is_heard_if_it_sings(heard: io.StringIO) -> None:
    # The nets above have no hole that would let everything through.
    logging.getLogger("httpcore2.http11").debug(CANARY)
    assert CANARY in heard.getvalue()
    assert CANARY in shown(ValueError(CANARY))
    with pytest.raises(AuthenticationError) as caught:
        Client(transport=answering(401, b"no")).completion(OPENAI.model, HELLO, api_key=CANARY)
    caught.value.code = CANARY
    assert CANARY in shown(caught.value)
    # In a span, too: here as a model's name.
    with pytest.raises(AssertionError, match="openai:"):
        Caller(WAYS[0], OPENAI, io.StringIO(), model=f"openai:{CANARY}").ask(answering(200, OPENAI.reply))
    forget(heard)
