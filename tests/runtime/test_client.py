"""`Client`: one pool for all calls and threads, other people's HTTP clients, closing, other processes."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_all_start_methods
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import httpx
import httpx2
import pytest

import polyvox
from polyvox import APIConnectionError, APIError, AsyncClient, Client, OpenAI, Timeout
from polyvox.defaults import default_clients
from tests.mapping.asking import HELLO, OPENAI_REPLY, Wire
from tests.runtime.socket_server import Vendor, serving

if TYPE_CHECKING:
    from polyvox.client import HTTPClient

MODEL: Final = "openai:gpt-5"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A vendor with real sockets."""
    with serving() as found:
        yield found


def _client(vendor: Vendor) -> Client:
    return Client(api_base=vendor.url, api_key="k", num_retries=0)


def test_calls_share_a_connection(vendor: Vendor) -> None:
    with _client(vendor) as client:
        for _ in range(5):
            client.completion(MODEL, HELLO)
    assert (vendor.requests, len(vendor.connections)) == (5, 1)


def test_threads_share_a_client(vendor: Vendor) -> None:
    barrier = threading.Barrier(8)

    def ask(_: int) -> str | None:
        barrier.wait()
        return client.completion(MODEL, HELLO).choices[0].message.content

    with _client(vendor) as client, ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(40))) == {"Hello"}
        pool = client._pool
    assert vendor.requests == 40
    assert len(vendor.connections) <= 8
    assert pool is not None
    assert pool.is_closed


def test_threads_open_one_pool() -> None:
    client = Wire().client()
    barrier = threading.Barrier(8)

    def pool(_: int) -> int:
        barrier.wait()
        return id(client._http())

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(pool, range(8)))) == 1
    client.close()


def test_a_closed_client_opens_again(vendor: Vendor) -> None:
    client = _client(vendor)
    client.completion(MODEL, HELLO)
    client.close()
    client.close()
    client.completion(MODEL, HELLO)
    client.close()
    assert len(vendor.connections) == 2


def test_a_client_that_was_never_used_closes() -> None:
    with Client() as client:
        assert client._pool is None
    client.close()


def test_the_default_client_is_one_per_process() -> None:
    assert default_clients() is default_clients()


def test_openais_way_to_call() -> None:
    wire = Wire()
    answer = wire.client().chat.completions.create(model=MODEL, messages=HELLO)
    assert answer.choices[0].message.content == "Hello"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_connections_of_its_own(vendor: Vendor) -> None:
    # In a process of its own: a fork of the test process would also fork its threads' locks.
    program = f"""
import os, sys
from polyvox import Client
client = Client(api_base={vendor.url!r}, api_key="k", num_retries=0)
ask = lambda: client.completion({MODEL!r}, [{{"role": "user", "content": "Hi"}}]).choices[0].message.content
assert ask() == "Hello"
child = os.fork()
if child == 0:
    code = 1
    try:
        assert ask() == "Hello"
        client.close()
        code = 0
    finally:
        os._exit(code)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert ask() == "Hello"
client.close()
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert vendor.requests == 3
    assert len(vendor.connections) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_does_not_wait_for_its_parents_threads(vendor: Vendor) -> None:
    """In the parent a stream has the only place of a group, and a thread is just looking for one, under the group's
    lock; another has the client's."""
    program = f"""
import os, threading
from polyvox import Client, Deployment, ModelGroup
parent, looking, go_on = os.getpid(), threading.Event(), threading.Event()
def clock():
    if os.getpid() == parent and threading.current_thread() is not threading.main_thread():
        looking.set()
        go_on.wait()
    return 1000.0
place = Deployment({MODEL!r}, {{"api_base": {vendor.url!r}, "api_key": "k"}}, max_concurrent=1)
client = Client(models={{"chat": ModelGroup([place], clock=clock)}})
stream = client.completion("chat", [{{"role": "user", "content": "Hi"}}], stream=True)
ask = lambda: client.completion("chat", [{{"role": "user", "content": "Hi"}}]).choices[0].message.content
def hold():
    with client._lock:
        threading.Thread(target=ask).start()
        go_on.wait()
threading.Thread(target=hold).start()
looking.wait()
child = os.fork()
if child == 0:
    code = 1
    try:
        assert ask() == "Hello"
        code = 0
    finally:
        os._exit(code)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
stream.close()
go_on.set()
"""
    quiet = ("-W", "ignore::DeprecationWarning")  # Python 3.12 warns of every fork beside threads
    done = subprocess.run(
        [sys.executable, *quiet, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_may_use_the_default_client(vendor: Vendor) -> None:
    program = f"""
import os
from polyvox import completion
ask = lambda: completion({MODEL!r}, [{{"role": "user", "content": "Hi"}}], api_base={vendor.url!r}, api_key="k")
ask()
child = os.fork()
ask()
if child:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (vendor.requests, len(vendor.connections)) == (3, 2)


_SPAWNING = f"""
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from polyvox import completion

def ask(url):
    return completion({MODEL!r}, [{{"role": "user", "content": "Hi"}}], api_base=url, api_key="k", num_retries=0)

if __name__ == "__main__":
    method, url = sys.argv[1:]
    answers = [ask(url)]
    with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
        answers += pool.map(ask, [url] * 4)
    assert [answer.choices[0].message.content for answer in answers] == ["Hello"] * 5
"""


@pytest.mark.parametrize("method", [name for name in get_all_start_methods() if name != "fork"])
def test_spawned_children_answer_and_send_their_answers_back(vendor: Vendor, method: str, tmp_path: Path) -> None:
    (tmp_path / "spawning.py").write_text(_SPAWNING, encoding="utf-8")
    command = [sys.executable, "-W", "error", str(tmp_path / "spawning.py"), method, vendor.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert vendor.requests == 5


def test_a_process_ends_without_a_word(vendor: Vendor) -> None:
    program = f"""
import asyncio, polyvox
messages = [{{"role": "user", "content": "Hi"}}]
polyvox.completion({MODEL!r}, messages, api_base={vendor.url!r}, api_key="k")
asyncio.run(polyvox.acompletion({MODEL!r}, messages, api_base={vendor.url!r}, api_key="k"))
polyvox.completion({MODEL!r}, messages, api_base={vendor.url!r}, api_key="k", stream=True)
client = polyvox.Client(api_base={vendor.url!r}, api_key="k")
client.completion({MODEL!r}, messages)
for _ in range(2):  # nobody closes them
    polyvox.Client(api_base={vendor.url!r}, api_key="k").completion({MODEL!r}, messages)
"""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# A caller's own HTTP client, of either library.
OTHERS: Final[dict[str, Callable[[Callable[[object], object]], object]]] = {
    "httpx2": lambda answer: httpx2.Client(
        transport=httpx2.MockTransport(cast("Callable[[httpx2.Request], httpx2.Response]", answer)),
        headers={"x-own": "1"},
        follow_redirects=True,
    ),
    "httpx": lambda answer: httpx.Client(
        transport=httpx.MockTransport(cast("Callable[[httpx.Request], httpx.Response]", answer)),
        headers={"x-own": "1"},
        follow_redirects=True,
    ),
}
LIBRARIES: Final = {"httpx2": httpx2, "httpx": httpx}


@pytest.mark.parametrize("library", OTHERS)
def test_a_callers_own_client_is_used_and_not_closed(library: str) -> None:
    seen: list[httpx2.Request] = []

    def answer(request: object) -> object:
        seen.append(cast("httpx2.Request", request))
        return LIBRARIES[library].Response(200, json=OPENAI_REPLY)

    own = cast("HTTPClient", OTHERS[library](answer))
    with Client(http_client=own, api_key="k", api_base="https://h.test") as client:
        assert client.completion(MODEL, HELLO, timeout=9_000).choices[0].message.content == "Hello"
    assert not own.is_closed
    assert seen[0].headers["x-own"] == "1"
    assert seen[0].headers["authorization"] == "Bearer k"
    assert 8_000 < seen[0].extensions["timeout"]["read"] <= 9_000
    own.close()


@pytest.mark.parametrize("library", OTHERS)
def test_a_callers_own_client_follows_no_redirect_either(library: str) -> None:
    hosts: list[str] = []

    def answer(request: object) -> object:
        hosts.append(cast("httpx2.Request", request).url.host)
        return LIBRARIES[library].Response(307, headers={"location": "https://evil.test/"})

    own = cast("HTTPClient", OTHERS[library](answer))
    with pytest.raises(APIError, match="redirects"):
        Client(http_client=own, api_key="k", api_base="https://h.test").completion(MODEL, HELLO)
    assert hosts == ["h.test"]
    own.close()


FAILURES: Final = [("ConnectError", APIConnectionError), ("ReadTimeout", Timeout), ("PoolTimeout", Timeout)]


@pytest.mark.parametrize("library", OTHERS)
@pytest.mark.parametrize(("raised", "kind"), FAILURES)
def test_failures_of_either_library_are_ours(library: str, raised: str, kind: type[APIError]) -> None:
    error = getattr(LIBRARIES[library], raised)("broken")

    def answer(_: object) -> object:
        raise error

    own = cast("HTTPClient", OTHERS[library](answer))
    with pytest.raises(kind) as caught:
        Client(http_client=own, api_key="k", api_base="https://h.test", num_retries=0).completion(MODEL, HELLO)
    assert type(caught.value) is kind
    assert caught.value.__cause__ is error
    own.close()


@pytest.mark.parametrize("library", OTHERS)
def test_a_stream_through_either_library(library: str) -> None:
    body = (
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    )

    def answer(_: object) -> object:
        return LIBRARIES[library].Response(200, content=body)

    own = cast("HTTPClient", OTHERS[library](answer))
    stream = Client(http_client=own, api_key="k", api_base="https://h.test").completion(MODEL, HELLO, stream=True)
    assert [one.choices[0].delta.content for one in stream] == ["Hi"]
    own.close()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_copy_is_the_client_itself(vendor: Vendor, copied: Callable[[Client], Client]) -> None:
    with _client(vendor) as client:
        client.completion(MODEL, HELLO)
        assert copied(client) is client


@pytest.mark.parametrize("kind", [Client, AsyncClient, OpenAI])
def test_a_client_cannot_be_pickled_and_says_why(kind: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled: it has connections and may have a key"):
        pickle.dumps(kind())


def test_an_error_of_a_pool_goes_over_process_borders() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(APIConnectionError) as caught:
        Client(
            transport=httpx2.MockTransport(refuse), api_key="k", api_base="https://h.test", num_retries=0
        ).completion(MODEL, HELLO)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_cookies_of_one_reply_are_not_sent_with_the_next_call() -> None:
    wire = Wire(headers={"set-cookie": "session=1; Path=/"})
    client = wire.client()
    client.completion(MODEL, HELLO)
    client.completion(MODEL, HELLO)
    assert "cookie" not in wire.requests[1].headers


def test_no_global_state_is_made_by_importing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import polyvox.defaults; assert polyvox.defaults._clients is None"], check=False
    )
    assert done.returncode == 0
    assert polyvox.__version__
