"""Ways to a vendor: the default pools, aiohttp's, TLS with an authority or certificate of one's own, proxies."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Protocol

import httpx2
import pytest
from typing_extensions import override

import polyvox
from benchmarks.certificate import self_signed
from polyvox.aiohttp_transport import AiohttpTransport
from polyvox.transport.trusting import trust
from tests.runtime.socket_server import BODY, Vendor, serving
from tests.serving import Asked, answering, at_work

MESSAGES: Final = [{"role": "user", "content": "Hi"}]
MakeTransport = Callable[[], httpx2.AsyncBaseTransport | None]
ASYNC: Final[dict[str, MakeTransport]] = {"default": lambda: None, "aiohttp": AiohttpTransport}


@pytest.fixture(params=list(ASYNC.values()), ids=list(ASYNC))
def make(request: pytest.FixtureRequest) -> MakeTransport:
    made: MakeTransport = request.param
    return made


@pytest.fixture
def vendor() -> Generator[Vendor]:
    with serving() as found:
        yield found


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    path.write_bytes(self_signed())
    return path


def _client(url: str, make: MakeTransport) -> polyvox.AsyncClient:
    return polyvox.AsyncClient(api_key="key-12345", api_base=url, provider="openai", num_retries=0, transport=make())


@pytest.mark.anyio
async def test_calls_at_once_are_answered_and_their_connections_kept(make: MakeTransport, vendor: Vendor) -> None:
    async with _client(vendor.url, make) as client:
        for _ in range(2):
            answers = await asyncio.gather(*(client.completion("m", MESSAGES) for _ in range(8)))
            assert {answer.provider for answer in answers} == {"openai"}
    assert vendor.requests == 16
    assert len(vendor.connections) <= 8


@pytest.mark.anyio
async def test_leaving_a_stream_closes_its_connection(make: MakeTransport, vendor: Vendor) -> None:
    async with _client(vendor.url, make) as client:
        async with await client.completion("m", MESSAGES, stream=True) as stream:
            async for chunk in stream:
                assert chunk.choices[0].delta.content == "x"
                break
        assert await asyncio.to_thread(vendor.broken.wait, 60)


@pytest.mark.anyio
async def test_cancelling_a_stream_closes_its_connection(make: MakeTransport, vendor: Vendor) -> None:
    async with _client(vendor.url, make) as client:
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in await client.completion("m", MESSAGES, stream=True):
                begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(vendor.broken.wait, 60)


@pytest.mark.anyio
async def test_nobody_there_is_a_connection_error(make: MakeTransport) -> None:
    async with _client("http://127.0.0.1:9/v1", make) as client:
        with pytest.raises(polyvox.APIConnectionError, match=r"could not reach http://127\.0\.0\.1:9"):
            await client.completion("m", MESSAGES)


class _Silent(BaseHTTPRequestHandler):
    """Takes a request and does as `says`: waits until the test is over, or hangs up."""

    release: threading.Event
    hang_up: bool

    def do_POST(self) -> None:
        """Never answer."""
        if not self.hang_up:
            self.release.wait(60)
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _silent(*, hang_up: bool) -> Generator[str]:
    release = threading.Event()
    handler = type("Handler", (_Silent,), {"release": release, "hang_up": hang_up})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, at_work(server):
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            release.set()


@pytest.mark.anyio
async def test_no_answer_in_time_is_a_timeout(make: MakeTransport) -> None:
    with _silent(hang_up=False) as url:
        async with _client(url, make) as client:
            with pytest.raises(polyvox.Timeout):
                await client.completion("m", MESSAGES, timeout=httpx2.Timeout(5.0, read=0.05))


@pytest.mark.anyio
async def test_a_server_that_hangs_up_is_a_connection_error(make: MakeTransport) -> None:
    with _silent(hang_up=True) as url:
        async with _client(url, make) as client:
            with pytest.raises(polyvox.APIConnectionError) as caught:
                await client.completion("m", MESSAGES)
    assert not isinstance(caught.value, polyvox.Timeout)


@contextmanager
def _answering(context: ssl.SSLContext | None = None) -> Generator[tuple[str, list[str]]]:
    """Answers every request, also one for another host, as a proxy gets it: its address, and the paths it is asked."""
    paths: list[str] = []

    def answer(asked: Asked) -> tuple[int, bytes]:
        paths.append(asked.path)
        return 200, BODY

    with answering(answer, context=context) as url:
        yield url, paths


def _server_context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def _ask(url: str, transport: httpx2.BaseTransport | None = None) -> str:
    with polyvox.Client(api_key="key-12345", api_base=url, num_retries=0, transport=transport) as client:
        return client.completion("m", MESSAGES, provider="openai").provider


@pytest.mark.anyio
async def test_an_authority_named_by_the_environment_is_trusted(
    make: MakeTransport, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with _answering(_server_context(pem)) as (url, _):
        async with _client(f"{url}/v1", make) as client:
            assert (await client.completion("m", MESSAGES)).provider == "openai"
        assert await asyncio.to_thread(_ask, f"{url}/v1") == "openai"


@pytest.mark.anyio
async def test_an_authority_that_nobody_named_is_not_trusted(
    make: MakeTransport, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    with _answering(_server_context(pem)) as (url, _):
        async with _client(f"{url}/v1", make) as client:
            with pytest.raises(polyvox.APIConnectionError, match=r"(?i)certificate"):
                await client.completion("m", MESSAGES)
        with pytest.raises(polyvox.APIConnectionError, match=r"(?i)certificate"):
            await asyncio.to_thread(_ask, f"{url}/v1")


def test_there_is_one_tls_context_for_each_trust_setting(pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    named = trust()
    assert trust() is named
    monkeypatch.delenv("SSL_CERT_FILE")
    assert trust() is not named
    assert trust().verify_mode is ssl.CERT_REQUIRED
    assert trust().check_hostname


class Ask(Protocol):
    """One call over connections that the caller sets up; gives who answered."""

    def __call__(self, url: str, **how: Any) -> str: ...


def _by_transport(url: str, **how: Any) -> str:
    return _ask(url, httpx2.HTTPTransport(**how))


def _by_client(url: str, **how: Any) -> str:
    with httpx2.Client(**how) as own:
        client = polyvox.Client(api_key="key-12345", api_base=url, num_retries=0, http_client=own)
        return client.completion("m", MESSAGES, provider="openai").provider


async def _answered(url: str, transport: httpx2.AsyncBaseTransport) -> str:
    async with _client(url, lambda: transport) as client:
        return (await client.completion("m", MESSAGES)).provider


def _async_by_transport(url: str, **how: Any) -> str:
    return asyncio.run(_answered(url, httpx2.AsyncHTTPTransport(**how)))


def _by_aiohttp(url: str, **how: Any) -> str:
    return asyncio.run(_answered(url, AiohttpTransport(**how)))


def _async_by_client(url: str, **how: Any) -> str:
    async def asked() -> str:
        async with httpx2.AsyncClient(**how) as own:
            client = polyvox.AsyncClient(api_key="key-12345", api_base=url, num_retries=0, http_client=own)
            return (await client.completion("m", MESSAGES, provider="openai")).provider

    return asyncio.run(asked())


OF_THE_CALLERS: Final = pytest.mark.parametrize(
    "ask", [_by_transport, _by_client, _async_by_transport, _async_by_client, _by_aiohttp]
)


@OF_THE_CALLERS
def test_an_authority_of_the_callers_own_is_trusted(ask: Ask, pem: Path) -> None:
    with _answering(_server_context(pem)) as (url, _):
        assert ask(f"{url}/v1", verify=ssl.create_default_context(cafile=pem)) == "openai"


@OF_THE_CALLERS
def test_a_certificate_of_the_callers_own_is_shown(ask: Ask, pem: Path) -> None:
    wants_one = _server_context(pem)
    wants_one.verify_mode = ssl.CERT_REQUIRED
    wants_one.load_verify_locations(pem)
    trusting = ssl.create_default_context(cafile=pem)
    with _answering(wants_one) as (url, _):
        with pytest.raises(polyvox.APIConnectionError):
            ask(f"{url}/v1", verify=trusting)
        trusting.load_cert_chain(pem)
        assert ask(f"{url}/v1", verify=trusting) == "openai"


@OF_THE_CALLERS
@pytest.mark.filterwarnings("ignore::polyvox.InsecureAddressWarning")
def test_a_proxy_of_the_callers_own_is_asked(ask: Ask) -> None:
    with _answering() as (url, asked):
        assert ask("http://vendor.test/v1", proxy=url) == "openai"
    assert asked == ["http://vendor.test/v1/chat/completions"]


@OF_THE_CALLERS
def test_trust_env_keeps_the_environments_proxy_out(ask: Ask, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nobody is there
    assert ask(vendor.url, trust_env=False) == "openai"
    assert vendor.requests == 1


@pytest.mark.filterwarnings("ignore::polyvox.InsecureAddressWarning")
@pytest.mark.anyio
async def test_the_environments_proxy_is_used_but_for_the_hosts_it_excepts(
    make: MakeTransport, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _answering() as (url, asked):
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with _client("http://vendor.test/v1", make) as client:
            await client.completion("m", MESSAGES)
        async with _client(vendor.url, make) as client:
            await client.completion("m", MESSAGES)
        await asyncio.to_thread(_ask, "http://vendor.test/v1")
    assert asked == ["http://vendor.test/v1/chat/completions"] * 2
    assert vendor.requests == 1


# --- an environment that is wrong -------------------------------------------------------------------------------------

WRONG: Final = {
    "a file that is missing": ("SSL_CERT_FILE", "missing.pem"),
    "a folder where a file should be": ("SSL_CERT_FILE", "."),
    "a file that is no certificate": ("SSL_CERT_FILE", __file__),
    "an unknown kind of proxy": ("HTTPS_PROXY", "ftp://user:hunter2@proxy.test"),
    "an address that is none": ("HTTPS_PROXY", "http://user:hunter2@[::1"),
}


@pytest.mark.parametrize(("name", "value"), WRONG.values(), ids=WRONG)
def test_an_environment_that_cannot_be_used_is_told(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"https://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(polyvox.InvalidRequestError, match=name) as caught:
            polyvox.Client(api_base=address, api_key="k").completion("openai:m", MESSAGES)
        with pytest.raises(polyvox.InvalidRequestError, match=name):
            asyncio.run(polyvox.AsyncClient(api_base=address, api_key="k").completion("openai:m", MESSAGES))
    assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)
