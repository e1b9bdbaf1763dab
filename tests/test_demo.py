"""`make demo`: what it prints without any vendor's key, and when it says that something did not work."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx2
import pytest

from polyvox import ChatCompletion, Client, completion
from tests.demo import Part, plain, show
from tests.scenarios import NO_SUCH_MODEL, VENDORS, Vendor
from tests.server import LocalServer, events, exchanges

ROOT: Final = Path(__file__).parents[1]
# What each vendor is asked, how the answer begins, and its finish reason.
ASKED: Final = (
    ("plain", r"\w", "stop"),
    ("streamed", r"\w", "stop"),
    ("tool call", r'get_weather\({"location":', "tool_calls"),
    ("tool result", r"\w", "stop"),
    ("structured", r"CityInfo\(name='Paris', country=", "stop"),
)


def test_without_keys_the_local_server_answers_everything() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.demo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    says = r" +\S+ +answered by the local server, with the committed cassettes \(no \w+_API_KEY.*\)"
    rows = [rf"{vendor} +{what} +{answer}.* +{end} +\d+\+\d+ +\d+" for vendor in VENDORS for what, answer, end in ASKED]
    lines = [
        *(vendor + says for vendor in VENDORS),
        "",
        "vendor +what +answer +finish +tokens +ms",
        *rows,
        "",
        "everything worked",
    ]
    printed = done.stdout.splitlines()
    assert len(printed) == len(lines)
    for text, expected in zip(printed, lines, strict=True):
        assert re.fullmatch(expected, text)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    with LocalServer() as server:
        for name, value in server.environment("openai").items():
            monkeypatch.setenv(name, value)
        yield server


def _fails(_: str) -> Iterator[ChatCompletion]:
    yield completion(f"openai:{NO_SUCH_MODEL}", [{"role": "user", "content": "Hello?"}])


@pytest.mark.parametrize(
    ("part", "says"),
    [
        pytest.param(Part(plain, (("plain", "length"),)), "plain .* stop ", id="another-finish-reason"),
        pytest.param(Part(_fails, (("plain", "stop"),)), r"plain +failed: NotFoundError\(", id="vendor-error"),
    ],
)
def test_what_does_not_work_is_said(
    part: Part, says: str, server: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show("openai", part) is False
    assert re.search(says, capsys.readouterr().out)
    assert len(server.requests) == 1


# --- the local server ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_stream_is_cut_into_its_events(vendor: Vendor) -> None:
    [recorded] = exchanges(f"{vendor}/stream")
    pieces = list(events(recorded.body))
    assert b"".join(pieces) == recorded.body
    assert all(piece.endswith((b"\n\n", b"\r\n\r\n")) for piece in pieces)
    assert sum(piece.count(b"data:") for piece in pieces) == len(pieces)


def test_connections_are_kept_alive_and_closed_at_the_end(server: LocalServer) -> None:
    with Client() as client:
        for _ in range(3):
            client.completion("openai:gpt-4.1-mini", [{"role": "user", "content": "Hello!"}])
        assert [request.headers["host"] for request in server.requests] == [server.url.removeprefix("http://")] * 3
        assert len({request.client for request in server.requests}) == 1


def test_an_unknown_path_is_not_found(server: LocalServer) -> None:
    reply = httpx2.post(f"{server.url}/v1/embeddings", json={"model": "m"})
    assert (reply.status_code, reply.json()) == (404, {"error": {"message": "no vendor has this path"}})
