"""Runs the servers and records them: `make record-local [ONLY=llama-cpp-python]`. Never in CI, which replays.

Each server is installed into an environment of its own, from pinned versions, outside of polyvox's lock; compiling
llama.cpp takes a C++ compiler and some minutes. The model is made here: nothing is downloaded but the packages.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from polyvox import APIError, ChatCompletion, Client, __version__
from tests import record
from tests.local.scenarios import KINDS, Kind, conversation
from tests.local.servers import MODEL, SERVERS, Server
from tests.scenarios import CASSETTES, converse

HERE: Final = Path(__file__).parent
ENVIRONMENTS: Final = HERE.parents[1] / ".venv-local"
OFFLINE: Final = {**os.environ, "HF_HUB_OFFLINE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
KEY: Final = f"sk-{token_hex(32)}"
STARTS_WITHIN: Final = 300.0
"""Seconds: the first import of such a package takes its time."""


def environment(name: str, server: Server) -> Path:
    """The environment with the server in it; made once, and again when a pin changes."""
    folder = ENVIRONMENTS / name
    ready = folder / ".ready"
    wanted = "\n".join(server.requirements)
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        print(f"{name}: installing {', '.join(server.requirements)}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        pip = (str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, *server.requirements], check=True)
        if server.build:
            subprocess.run([part.format(**_places(folder, folder)) for part in server.build], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return folder


def _places(folder: Path, work: Path) -> Mapping[str, str]:
    """What stands for `{...}` in commands."""
    bin = folder / "bin"
    return {"python": str(bin / "python"), "bin": str(bin), "here": str(HERE), "work": str(work)}


@contextmanager
def running(name: str) -> Generator[None]:
    """The server, with those behind it, for the time of a `with` block."""
    server = SERVERS[name]
    with ExitStack() as stack:
        if server.behind:
            stack.enter_context(running(server.behind))
        folder = environment(name, server)
        work = Path(stack.enter_context(TemporaryDirectory()))
        places = _places(folder, work)
        subprocess.run([part.format(**places) for part in server.make], check=True, cwd=work)
        log = stack.enter_context((work / "log").open("w+", encoding="utf-8"))
        command = [part.format(**places) for part in server.start]
        told = {**OFFLINE, server.key_variable: KEY} if server.key_variable else OFFLINE
        process = subprocess.Popen(command, cwd=work, stdout=log, stderr=subprocess.STDOUT, env=told)
        try:
            _wait(server, process, work / "log")
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait(server: Server, process: subprocess.Popen[Any], log: Path) -> None:
    """Until it answers anything at all."""
    until = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < until:
        try:
            httpx2.get(f"{server.url}/models", timeout=5)
            return
        except httpx2.TransportError:
            time.sleep(0.5)
    raise RuntimeError(f"{server.says} does not answer:\n{log.read_text(encoding='utf-8')[-2000:]}")


def record_kind(name: str, kind: Kind) -> str:
    """Ask for one conversation, and write its cassette; gives what came of it."""
    server = SERVERS[name]
    with TemporaryDirectory() as scratch:
        draft = Path(scratch) / "draft.yaml"
        with record.recorder(draft), Client(num_retries=0, api_base=server.url, api_key=KEY) as client:
            answers = converse(conversation(name, kind), lambda ask: record.ask_client(client, ask))
        text = _of_no_machine(draft.read_text(encoding="utf-8"))
    record.write(CASSETTES / name / f"{kind}.yaml", head(server) + text)
    return ", ".join(_outcome(answer) for answer in answers)


def _of_no_machine(text: str) -> str:
    """Some servers show in their errors where they are installed."""
    for folder in ENVIRONMENTS.iterdir():
        text = text.replace(str(folder.resolve()), "<environment>").replace(str(folder), "<environment>")
    return text


def _outcome(answer: ChatCompletion | Exception) -> str:
    if isinstance(answer, ChatCompletion):
        return "/".join(str(choice.finish_reason) for choice in answer.choices)
    return f"{type(answer).__name__}: {str(answer)[:100]}"


def head(server: Server) -> str:
    """The comment that says who answered: the server and those behind it, with their versions, and the model."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    model = f"{MODEL}: random weights, made by tests/local"
    return f"# Recorded from {server.answers} ({model}), {when}, with polyvox {__version__}.\n"


def main(names: Sequence[str]) -> int:
    """Record these servers, or all."""
    if unknown := [name for name in names if name not in SERVERS]:
        sys.exit(f"{unknown[0]} is no server that is recorded; there are {', '.join(SERVERS)}")
    for name in names or SERVERS:
        print(f"{name}: {urlsplit(SERVERS[name].url).netloc}", flush=True)
        with running(name):
            for kind in KINDS:
                try:
                    print(f"  {kind:<24} {record_kind(name, kind)}", flush=True)
                except APIError as error:
                    print(f"  {kind:<24} failed: {error}", flush=True)
                    return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
