"""Google Cloud's tokens: from a service account at a token server on this machine, kept, renewed once, shared."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qs

import httpx2
import pytest

from polyvox import (
    APIConnectionError,
    AsyncClient,
    AuthenticationError,
    InvalidRequestError,
    MissingApiKeyError,
)
from polyvox.google_tokens import tokens_for
from tests.mapping.asking import HELLO, Json
from tests.runtime.google_server import CLAUDE, MODEL, Google, Vertex, google

__all__ = ["google"]  # a fixture

if TYPE_CHECKING:
    from polyvox import Parameters

# --- where an identity is found ---------------------------------------------------------------------------------------


def _mapping(account: Json, _: Path, __: pytest.MonkeyPatch) -> object:
    return account


def _text(account: Json, _: Path, __: pytest.MonkeyPatch) -> object:
    return json.dumps(account)


def _file(account: Json, folder: Path, _: pytest.MonkeyPatch) -> object:
    path = folder / "account.json"
    path.write_text(json.dumps(account), encoding="utf-8")
    return str(path)


def _environment(account: Json, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(_file(account, folder, monkeypatch)))
    return None


def _variable_file(account: Json, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("VERTEXAI_CREDENTIALS", str(_file(account, folder, monkeypatch)))
    return None


def _variable_text(account: Json, _: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("VERTEXAI_CREDENTIALS", json.dumps(account))
    return None


FORMS: Final[dict[str, Callable[[Json, Path, pytest.MonkeyPatch], object]]] = {
    "mapping": _mapping,
    "text": _text,
    "file": _file,
    "environment": _environment,
    "LiteLLM's variable, a file": _variable_file,
    "LiteLLM's variable, text": _variable_text,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("model", [MODEL, CLAUDE], ids=["gemini", "claude"])
def test_a_service_account(
    model: str,
    form: Callable[[Json, Path, pytest.MonkeyPatch], object],
    google: Google,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vertex = Vertex()
    vertex.ask(model, vertex_credentials=form(google.account(), tmp_path, monkeypatch))
    assert vertex.tokens == ["t1"]
    assert vertex.requests[0].url.host == "aiplatform.googleapis.com"
    assert "/projects/p-key/locations/global/" in vertex.requests[0].url.path
    (asked,) = google.requests
    assert parse_qs(asked)["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]


@pytest.mark.parametrize("variable", ["VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT"])
def test_a_project_that_is_said_comes_before_the_accounts(
    variable: str, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    vertex, account = Vertex(), google.account()
    monkeypatch.setenv(variable, "p-env")
    vertex.ask(vertex_credentials=account)
    vertex.ask(vertex_credentials=account, vertex_project="p-arg")
    assert ["/p-env/" in vertex.requests[0].url.path, "/p-arg/" in vertex.requests[1].url.path] == [True, True]


def test_an_account_without_a_project(google: Google) -> None:
    vertex = Vertex()
    with pytest.raises(InvalidRequestError, match="no project: pass vertex_project, or set VERTEXAI_PROJECT"):
        vertex.ask(vertex_credentials=google.account(project_id=None))
    assert vertex.requests == []


def test_credentials_come_before_a_key_of_the_environment(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEXAI_API_KEY", "AIzaSyKey")
    vertex = Vertex()
    vertex.ask(vertex_credentials=google.account())
    assert vertex.tokens == ["t1"]


def test_a_change_of_the_environment_is_seen(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vertex = Vertex()
    for name in ("one", "two"):
        (tmp_path / name).write_text(json.dumps(google.account(project_id=f"p-{name}")), encoding="utf-8")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / name))
        vertex.ask()
    assert [request.url.path.split("/")[3] for request in vertex.requests] == ["p-one", "p-two"]


def test_a_machine_of_googles(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_GCE_CHECK")
    monkeypatch.setenv("GCE_METADATA_HOST", google.url.removeprefix("http://"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    google.project = "p-machine"
    vertex = Vertex("t1")
    with forgotten():
        vertex.ask()
        vertex.ask(CLAUDE)
    assert vertex.tokens == ["t1", "t2", "t2"]
    assert all("/projects/p-machine/" in request.url.path for request in vertex.requests)


def test_no_machine_of_googles(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_GCE_CHECK")
    monkeypatch.setenv("GCE_METADATA_HOST", google.url.removeprefix("http://"))
    with pytest.raises(MissingApiKeyError, match="no Google Cloud credentials"):
        Vertex().ask()
    assert google.requests == ["/computeMetadata/v1/project/project-id"]


@contextmanager
def forgotten() -> Generator[None]:
    """What the environment says is remembered for the process: no other test may see this one's."""
    try:
        yield
    finally:
        tokens_for(None).forget(tokens_for(None).token(30))


# --- kept and renewed -------------------------------------------------------------------------------------------------


def test_a_token_is_kept(google: Google) -> None:
    vertex, account = Vertex(), google.account()
    for model in (MODEL, CLAUDE, MODEL):
        vertex.ask(model, vertex_credentials=account)
    assert (vertex.tokens, len(google.requests)) == (["t1", "t1", "t1"], 1)


def test_a_token_that_runs_out_soon_is_not_used_again(google: Google) -> None:
    google.lasts = 60
    vertex, account = Vertex(), google.account()
    for _ in range(3):
        vertex.ask(vertex_credentials=account)
    assert vertex.tokens == ["t1", "t2", "t3"]


def test_a_refused_token_is_renewed_once(google: Google) -> None:
    vertex, account = Vertex("t1"), google.account()
    vertex.ask(vertex_credentials=account)
    vertex.ask(vertex_credentials=account)
    assert (vertex.tokens, len(google.requests)) == (["t1", "t2", "t2"], 2)


@pytest.mark.parametrize("retries", [0, 2])
def test_a_token_that_is_refused_again_is_an_error(retries: int, google: Google) -> None:
    vertex = Vertex("t1", "t2", "t3")
    with pytest.raises(AuthenticationError, match="invalid credentials") as caught:
        vertex.ask(vertex_credentials=google.account(), num_retries=retries)
    assert (caught.value.provider, caught.value.status_code) == ("vertexai", 401)
    assert vertex.tokens == ["t1", "t2"]


def test_a_renewal_reads_the_file_again(google: Google, tmp_path: Path) -> None:
    file, vertex = tmp_path / "account.json", Vertex()
    file.write_text(json.dumps(google.account()), encoding="utf-8")
    vertex.ask(vertex_credentials=str(file))
    file.write_text(json.dumps(google.account(client_email="new@p-key.iam.gserviceaccount.com")), encoding="utf-8")
    vertex.refused = ("t1",)
    vertex.ask(vertex_credentials=str(file))
    first, second = (parse_qs(asked)["assertion"][0].split(".")[1] for asked in google.requests)
    assert first != second


def test_calls_that_were_refused_together_renew_together(google: Google) -> None:
    tokens = tokens_for(google.account())
    old = tokens.token(30)
    for _ in range(3):
        tokens.forget(old)
        assert tokens.token(30) == "t2"
    assert len(google.requests) == 2


def test_forgetting_waits_for_nobody(google: Google) -> None:
    """An event loop does it, while a thread may be waiting for Google."""
    tokens = tokens_for(google.account())
    google.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tokens.token, 60)
        google.asked.wait(60)
        tokens.forget("old")
        assert not waiting.done()
        google.gate.set()
        assert waiting.result() == "t1"


def test_threads_share_one_token(google: Google) -> None:
    vertex, account = Vertex(), google.account()
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        vertex.ask(vertex_credentials=account)

    with ThreadPoolExecutor(8) as pool:
        for call in [pool.submit(ask) for _ in range(8)]:
            call.result()
    assert (set(vertex.tokens), len(vertex.tokens), len(google.requests)) == ({"t1"}, 8, 1)


# --- an event loop ----------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_an_event_loop_is_not_held_up(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google answers only when the loop, which has a call waiting for it, has said so."""
    _environment(google.account(), tmp_path, monkeypatch)
    google.gate.clear()
    vertex = Vertex()
    async with AsyncClient(transport=httpx2.MockTransport(vertex)) as client:
        call = asyncio.create_task(client.completion(MODEL, HELLO))
        await asyncio.to_thread(google.asked.wait, 60)
        assert (vertex.requests, call.done()) == ([], False)
        google.gate.set()
        await call
    assert vertex.tokens == ["t1"]
    assert "/projects/p-key/" in vertex.requests[0].url.path


@pytest.mark.anyio
async def test_a_refused_token_is_renewed_once_in_an_event_loop(google: Google) -> None:
    vertex = Vertex("t1")
    settings = cast("Parameters", {"vertex_credentials": google.account(), "num_retries": 0})
    async with AsyncClient(transport=httpx2.MockTransport(vertex)) as client:
        await client.completion(MODEL, HELLO, **settings)
    assert vertex.tokens == ["t1", "t2"]


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "provider"), [(MODEL, "vertexai"), (CLAUDE, "vertexaianthropic")], ids=["gemini", "claude"]
)
def test_an_account_that_google_refuses(model: str, provider: str, google: Google) -> None:
    google.refuses = "invalid_grant"
    vertex = Vertex()
    with pytest.raises(AuthenticationError, match="Google Cloud gave no token: invalid_grant: No") as caught:
        vertex.ask(model, vertex_credentials=google.account())
    assert not isinstance(caught.value, MissingApiKeyError)
    assert (caught.value.provider, vertex.requests, len(google.requests)) == (provider, [], 1)


def test_a_token_server_that_is_not_there(google: Google) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(APIConnectionError, match=f"gave no token: http://127.0.0.1:{port}/token"):
        Vertex().ask(vertex_credentials=google.account(token_uri=f"http://127.0.0.1:{port}/token"))


def test_an_account_that_fails_leaves_the_fallback(google: Google) -> None:
    google.refuses = "invalid_grant"
    vertex = Vertex()
    fallback = {"model": CLAUDE, "api_key": "ya29.other", "vertex_project": "p1"}
    vertex.ask(vertex_credentials=google.account(), fallbacks=[fallback])
    assert vertex.tokens == ["ya29.other"]


NO_KEY: Final[Json] = {"private_key": "sk-secret"}
BROKEN: Final[dict[str, tuple[object, str]]] = {
    "no file": (
        "/no/such/account.json",
        "their file cannot be read: No such file or directory; pass api_key or vertex",
    ),
    "no JSON": ("{", "Expecting property name"),
    "no kind": ({"project_id": "p1"}, "type is 'None'; it is one of service_account, "),
    "unknown kind": ({"type": "robot"}, "type is 'robot'"),
    "half an account": ({"type": "service_account", "private_key": "sk-secret"}, "missing fields"),
    "no key": (NO_KEY, "no Google Cloud credentials"),
}


@pytest.mark.parametrize(("given", "says"), BROKEN.values(), ids=BROKEN)
def test_credentials_that_are_none(given: object, says: str, google: Google) -> None:
    credentials = google.account(**NO_KEY) if given is NO_KEY else given
    with pytest.raises(MissingApiKeyError, match=says) as caught:
        Vertex().ask(vertex_credentials=credentials, vertex_project="p1")
    assert "GOOGLE_APPLICATION_CREDENTIALS" in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_a_file_that_the_environment_names_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(MissingApiKeyError, match=r"none\.json was not found"):
        Vertex().ask()


def test_a_mock_needs_no_credentials() -> None:
    vertex = Vertex()
    assert vertex.ask(mock_response="Hi").choices[0].message.content == "Hi"
    assert vertex.requests == []


WITHOUT: Final = """
import sys

class NoGoogle:
    def find_spec(self, name, path=None, target=None):
        if name == "google" or name.startswith("google."):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NoGoogle())
import httpx2
import polyvox
from tests.mapping.asking import usual_reply

def answer(request):
    return httpx2.Response(200, content=usual_reply(request.url.path))

def ask(model, **settings):
    client = polyvox.Client(transport=httpx2.MockTransport(answer), num_retries=0)
    return client.completion(model, [{"role": "user", "content": "Hi"}], **settings).choices[0].message.content

for model in ("vertex_ai/gemini-2.5-flash", "vertex_ai/claude-opus-4-1"):
    print(ask(model, api_key="ya29.token", vertex_project="p1"))
    print(ask(model, api_key=lambda: "token", vertex_project="p1"))
    for settings in ({}, {"vertex_credentials": {"type": "service_account", "project_id": "p1"}}):
        try:
            ask(model, **settings)
        except polyvox.MissingApiKeyError as error:
            print(error.provider, "pip install 'polyvox[vertex]'" in str(error), "api_key" in str(error))
print(ask("vertex_ai/gemini-2.5-flash", api_key="AIzaSyKey"))
"""


def test_without_google_auth_tokens_and_keys_do() -> None:
    told = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    gemini, claude = "vertexai True True", "vertexaianthropic True True"
    said = ["Hello", "Hello", gemini, gemini, "Hello", "Hello", claude, claude, "Hello"]
    assert (told.stdout.splitlines(), told.stderr) == (said, "")
