"""The other libraries as subjects of `make bench`: each asked, a batch at a time, in a process of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from benchmarks.cases import HISTORY, MESSAGES

from .environments import ROOT, python_of


@dataclass(frozen=True, slots=True)
class Peer:
    """A library, and how it is measured."""

    says: str
    """Its name in the table."""
    environment: str
    package: str
    kind: str
    """Its class in `libraries.py`."""
    weight: float
    """How many calls of a plain batch it makes: the dearer a call, the fewer."""
    vendors: tuple[str, ...] = ("openai", "anthropic")


PEERS: Final = (
    Peer("OpenAI SDK", "openai", "openai", "OpenAISDK", 0.3, ("openai",)),
    Peer("Anthropic SDK", "anthropic", "anthropic", "AnthropicSDK", 0.3, ("anthropic",)),
    Peer("LiteLLM", "litellm", "litellm", "LiteLLM", 0.15),
    Peer("any-llm, instance", "any-llm", "any-llm-sdk", "AnyLLM", 0.2),
    Peer("any-llm, functions", "any-llm", "any-llm-sdk", "AnyLLMFunctions", 0.02),
    Peer("OneLLM", "onellm", "onellm", "OneLLM", 0.02),
    Peer("pydantic-ai", "pydantic-ai", "pydantic-ai-slim", "PydanticAI", 0.2),
)


@dataclass(frozen=True, slots=True)
class Way:
    """One group of `make bench` that other libraries are measured in too."""

    group: str
    way: str
    """As `worker.prepare` knows it."""
    reply: str = "1kB"
    messages: list[dict[str, object]] = field(default_factory=lambda: MESSAGES)
    in_flight: int = 1
    per: int = 1
    weight: float = 0.0
    """How many calls of a plain batch one is worth; 0 is as the library's own says."""


WAYS: Final = (
    Way("sync, {vendor}, 1 kB", "sync call"),
    Way("sync, {vendor}, 10 messages", "sync call", messages=HISTORY),
    Way("async, {vendor}, 1 in flight", "async call"),
    Way("async, {vendor}, 50 in flight", "async call", in_flight=50, weight=1.0),
    Way("stream, sync, {vendor}, 200 chunks", "sync stream", reply="200", per=200, weight=0.03),
    Way("stream, async, {vendor}, 200 chunks", "async stream", reply="200", per=200, weight=0.03),
)


_TRIES: Final = 5


class Worker:
    """A library's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **asked: object) -> Mapping[str, object]:
        """Its answer to a line. Raises RuntimeError with what went wrong there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline() or '{"error": "its process has ended"}'
        answer = cast("Mapping[str, object]", json.loads(line))
        if "error" in answer:
            raise RuntimeError(" ".join(str(answer["error"]).split())[:160])
        return answer


@contextmanager
def _worker(python: Path) -> Generator[Worker]:
    command = [str(python), "-m", "benchmarks.peers.worker"]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe, stderr=nowhere) as process:
        yield Worker(process)  # at the end its input is closed, and it ends


@dataclass(frozen=True, slots=True)
class PeerSubject:
    """One library in one group."""

    group: str
    name: str
    per: int
    weight: float
    worker: Worker
    number: int

    def run(self, count: int, /) -> float:
        """CPU seconds of its process for so many calls. Some libraries share events between loops, which fails at
        times: asked again, they answer."""
        for tries_left in reversed(range(_TRIES)):
            try:
                return float(cast("float", self.worker.ask(run=self.number, count=count)["cpu"]))
            except RuntimeError:
                if not tries_left:
                    raise
        raise AssertionError("there is a last try")


@dataclass(slots=True)
class Measured:
    """The subjects, and what is to be said of libraries that are none, or not everywhere."""

    subjects: list[PeerSubject] = field(default_factory=list[PeerSubject])
    versions: dict[str, str] = field(default_factory=dict[str, str])
    missing: dict[str, str] = field(default_factory=dict[str, str])
    """Why, by library, or by library and group."""


@contextmanager
def measured(server: str, only: str) -> Generator[Measured]:
    """Every library whose environment is there, in the groups whose name contains `only`."""
    found = Measured()
    with ExitStack() as stack:
        for peer in PEERS:
            try:
                worker = stack.enter_context(_worker(python_of(peer.environment)))
            except FileNotFoundError as error:
                found.missing[peer.says] = str(error)
                continue
            for subject in _subjects(peer, worker, server, only, found):
                found.subjects.append(subject)
        yield found


def _subjects(peer: Peer, worker: Worker, server: str, only: str, found: Measured) -> Iterator[PeerSubject]:
    for way in WAYS:
        for vendor in peer.vendors:
            group = way.group.format(vendor=vendor)
            if only not in group or (way.in_flight > 1 and peer.weight < 0.1):  # two seconds a batch
                continue
            asked = {"vendor": vendor, "base": f"{server}/{way.reply}", "messages": way.messages}
            try:
                told = worker.ask(kind=peer.kind, package=peer.package, way=way.way, in_flight=way.in_flight, ask=asked)
            except (RuntimeError, BrokenPipeError) as error:
                found.missing[f"{peer.says}: {group}"] = str(error)
                continue
            found.versions[peer.package] = str(told["version"])
            number = cast("int", told["number"])
            yield PeerSubject(group, peer.says, way.per, way.weight or peer.weight, worker, number)
