"""The canary in what a recorder writes: our own (`make record`), and vcrpy with the settings of docs/testing.md.

A call is recorded from a vendor on this machine, with a key in every place where one can be, and with every login.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from itertools import cycle, product
from pathlib import Path
from typing import Final, Protocol, TypeAlias, cast

import pytest

from polyvox import AsyncClient, Client, Parameters
from tests import record
from tests.hostile.asking import WAYS, Way, every_way
from tests.hostile.canary import ROOT
from tests.hostile.dialect import Dialect
from tests.hostile.dialects import ANTHROPIC, BEDROCK, GEMINI, OPENAI
from tests.hostile.leaks import CANARY, forget
from tests.hostile.logins import LOGINS, Login, Place, secret
from tests.hostile.test_connections import good
from tests.hostile.vendor import HostileVendor, Misbehaviour, Peer, reply
from tests.mapping.asking import HELLO

Recorder: TypeAlias = Callable[[Path], AbstractContextManager[object]]


class UsesCassettes(Protocol):
    """vcrpy's recorder, as far as it is used here."""

    def use_cassette(self, path: str) -> AbstractContextManager[object]: ...


@cache
def advised() -> Recorder:
    """What docs/testing.md tells to do; its last example is the recorder."""
    page = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
    settings = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)[-1]
    made: dict[str, object] = {}
    exec(settings, made)
    return lambda path: cast("UsesCassettes", made["recorder"]).use_cassette(str(path))


@pytest.fixture(autouse=True)
def what_vcrpy_says(heard: io.StringIO) -> Iterator[None]:
    """Is not judged here, but what it writes: at level DEBUG it logs all that it sees, with a key in an address."""
    yield
    forget(heard)


RECORDERS: Final[Mapping[str, Callable[[], Recorder]]] = {"make record": lambda: record.recorder, "the docs": advised}
every_recorder = pytest.mark.parametrize("recorder", RECORDERS.values(), ids=RECORDERS)


def answer(data: bytes) -> Misbehaviour:
    """Says this to whoever asks."""

    async def misbehaviour(peer: Peer) -> bool:
        await peer.send(data)
        return False

    return misbehaviour


def ask(way: Way, model: str, settings: Mapping[str, object]) -> str | None:
    """The text of an answer."""
    return asyncio.run(_ask_async(way, model, settings)) if way.asynchronous else _ask(way, model, settings)


def _ask(way: Way, model: str, settings: Mapping[str, object]) -> str | None:
    with Client(num_retries=0) as client:
        given = cast("Parameters", settings)
        if way.stream:
            return client.completion(model, HELLO, stream=True, **given).completion().choices[0].message.content
        return client.completion(model, HELLO, **given).choices[0].message.content


async def _ask_async(way: Way, model: str, settings: Mapping[str, object]) -> str | None:
    async with AsyncClient(num_retries=0) as client:
        given = cast("Parameters", settings)
        if way.stream:
            stream = await client.completion(model, HELLO, stream=True, **given)
            return (await stream.completion()).choices[0].message.content
        return (await client.completion(model, HELLO, **given)).choices[0].message.content


_AWS: Final = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": CANARY, "aws_session_token": CANARY}
PLACES: Final[Mapping[str, tuple[Dialect, Mapping[str, object]]]] = {
    "a bearer": (OPENAI, {"api_key": CANARY}),
    "a header of Anthropic's": (ANTHROPIC, {"api_key": CANARY}),
    "a header of Google's": (GEMINI, {"api_key": CANARY}),
    "a query": (GEMINI, {"api_key": CANARY, "extra_query": {"key": CANARY}}),
    "a header of the caller's": (OPENAI, {"api_key": "k", "extra_headers": {"Cookie": CANARY, "X-Own-Key": CANARY}}),
    "a signature": (BEDROCK, {**_AWS, "api_key": None}),
}


@every_recorder
@every_way
@pytest.mark.parametrize("place", ["a query", "a signature"])
def test_a_key(place: str, way: Way, recorder: Callable[[], Recorder], vendor: HostileVendor, tmp_path: Path) -> None:
    check(PLACES[place], way, recorder(), vendor, tmp_path / "cassette.yaml")


@pytest.mark.parametrize("place", PLACES)
@every_recorder
def test_a_key_in_every_place(
    place: str, recorder: Callable[[], Recorder], vendor: HostileVendor, tmp_path: Path
) -> None:
    check(PLACES[place], WAYS[0], recorder(), vendor, tmp_path / "cassette.yaml")


def check(
    place: tuple[Dialect, Mapping[str, object]], way: Way, recorder: Recorder, vendor: HostileVendor, path: Path
) -> None:
    """Record one call. The vendor sets a cookie that repeats the key."""
    dialect, settings = place
    head, _, body = good(dialect, way).partition(b"\r\n")
    address = vendor.address(answer(head + f"\r\nset-cookie: id={CANARY}\r\n".encode() + body))
    with recorder(path):
        assert ask(way, dialect.model, {**dialect.asked, **settings, "api_base": address}) == "Hello"
    assert vendor.asked(address) == 1
    assert "interactions:" in path.read_text("utf-8")
    assert CANARY not in path.read_text("utf-8")


# vcrpy cannot carry what botocore asks AWS's token service (STS): an error of vcrpy's, before anything is written
RECORDED: Final = {
    name: login for name, login in LOGINS.items() if login.settings.__name__ not in ("_role", "_web_identity")
}
TURNS: Final = cycle(product(RECORDERS.values(), WAYS))
CASES: Final = {name: (login, *turn) for (name, login), turn in zip(RECORDED.items(), TURNS, strict=False)}


@pytest.mark.parametrize(("login", "recorder", "way"), CASES.values(), ids=CASES)
def test_a_login(
    login: Login,
    recorder: Callable[[], Recorder],
    way: Way,
    vendor: HostileVendor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, mine = tmp_path / "cassette.yaml", secret()
    tokens = vendor.address(answer(reply(login.given(mine))))
    settings = login.settings(Place(tokens, mine, tmp_path, monkeypatch))
    address = vendor.address(answer(good(login.dialect, way)))
    with recorder()(path):
        given = {**login.dialect.asked, **settings, "api_base": address}
        assert ask(way, login.model, given) == "Hello"
    assert (vendor.asked(tokens) > 0, vendor.asked(address)) == (True, 1)
    assert CANARY not in path.read_text("utf-8")


@every_way
def test_a_recording_answers_who_has_no_key(way: Way, vendor: HostileVendor, tmp_path: Path) -> None:
    path, address = tmp_path / "cassette.yaml", vendor.address(answer(good(GEMINI, way)))
    for key in (CANARY, "none"):
        settings = {"api_base": address, "api_key": key, "extra_query": {"key": key}}
        with advised()(path):
            assert ask(way, GEMINI.model, settings) == "Hello"
    assert vendor.asked(address) == 1


def test_a_key_that_a_vendor_repeats(vendor: HostileVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    advised.cache_clear()  # it looks at the environment
    path, told = tmp_path / "cassette.yaml", OPENAI.reply.replace(b"Hello", CANARY.encode())
    with advised()(path):
        ask(WAYS[0], OPENAI.model, {"api_base": vendor.address(answer(reply(told)))})
    advised.cache_clear()
    assert "<OPENAI_API_KEY>" in path.read_text("utf-8")
    assert CANARY not in path.read_text("utf-8")


def test_a_recorder_without_settings_writes_it(vendor: HostileVendor, tmp_path: Path) -> None:
    """The tests above look where it would be."""
    path = tmp_path / "cassette.yaml"
    with cast("UsesCassettes", import_module("vcr").VCR()).use_cassette(str(path)):
        ask(WAYS[0], OPENAI.model, {"api_base": vendor.address(answer(good(OPENAI, WAYS[0]))), "api_key": CANARY})
    assert CANARY in path.read_text("utf-8")
