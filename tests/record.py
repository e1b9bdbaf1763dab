"""Records the cassettes again: `make record`, or `python -m tests.record`.

Each vendor whose key stands in the environment is asked for every conversation of `tests.scenarios`; the others are
skipped, and said to be. Nothing that identifies an account is written: only a few harmless headers are kept, ids of
accounts and requests in bodies are replaced, and a file with the shape of a key in it is never written.

`python -m tests.record --requests` needs no key: it keeps the replies and renews only what polyvox sends, after a
change that was meant (`git diff tests/cassettes` then shows it).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from importlib import import_module
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Final, Protocol, cast

import httpx2
import yaml

from polyvox import APIError, ChatCompletion, Client, NotFoundError, Parameters, __version__
from polyvox.natives import NATIVE
from tests.scenarios import CASSETTES, KINDS, MODELS, VENDORS, Ask, Kind, Vendor, conversation, converse

MATCH_ON: Final = ("method", "scheme", "host", "port", "path", "query", "body")

# Everything else is left out: keys, cookies, organisations, projects, request ids, rate limits of the account.
REQUEST_HEADERS: Final = frozenset({"content-type", "accept", "anthropic-version"})
RESPONSE_HEADERS: Final = frozenset({"content-type", "retry-after", "retry-after-ms", "x-should-retry"})
SECRET_QUERIES: Final = ("key", "api_key", "access_token")
# What token servers are shown, and what they give.
SECRET_FIELDS: Final = ("apikey", "assertion", "client_secret", "refresh_token", "subject_token")
_GIVEN: Final = re.compile(rb'((?:access_token|id_token|refresh_token|SecretAccessKey|Token)(?:"\s*:\s*"|>))[^"<]+')

KEY_SHAPES: Final[Mapping[str, re.Pattern[str]]] = {
    "OpenAI and its like": re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"),
    "Anthropic": re.compile(r"\bsk-ant-[A-Za-z0-9_-]{4,}"),
    "Google": re.compile(r"\bAIza[A-Za-z0-9_-]{20,}|\bya29\.[A-Za-z0-9_-]+|\bAQ\.A[A-Za-z0-9_-]{20,}"),
    "Groq": re.compile(r"\bgsk_[A-Za-z0-9]{8,}"),
    "xAI": re.compile(r"\bxai-[A-Za-z0-9]{8,}"),
    "AWS": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}"),
    "Hugging Face": re.compile(r"\bhf_[A-Za-z0-9]{16,}"),
    "Perplexity": re.compile(r"\bpplx-[A-Za-z0-9]{16,}"),
    "bearer token": re.compile(r"(?i)\bbearer\s+[A-Za-z0-9._~+/-]{8,}"),
    "JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "key header": re.compile(r"(?im)^\s*['\"]?(authorization|(x-|x-goog-)?api-key|(set-)?cookie)['\"]?\s*:"),
    "account header": re.compile(r"(?im)^\s*['\"]?(openai-organization|openai-project|(x-)?request-id)['\"]?\s*:"),
    "account": re.compile(r"\b(org|proj|user|wrkspc)[-_](?!hidden)[A-Za-z0-9]{16,}"),
    "request": re.compile(r"\breq_(?!hidden)[A-Za-z0-9]{16,}"),
}
_IDS: Final = re.compile(rb"\b(org|proj|user|wrkspc|req)([-_])[A-Za-z0-9]{16,}")


def leaks(text: str) -> list[str]:
    """What in this text looks like a secret, by kind."""
    return [kind for kind, shape in KEY_SHAPES.items() if shape.search(text)]


class RecordedRequest(Protocol):
    """vcrpy's request, as far as it is used here."""

    headers: dict[str, str]
    body: bytes


def clean_request(request: RecordedRequest) -> RecordedRequest:
    """Leave out every header that says who asks."""
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in REQUEST_HEADERS}
    return request


def clean_response(response: dict[str, Any]) -> dict[str, Any]:
    """Leave out every header that says who asked, and tokens and ids of accounts and requests in the body."""
    headers = {name.lower(): values for name, values in response["headers"].items()}
    body = _IDS.sub(rb"\1\2hidden", _GIVEN.sub(rb"\1hidden", response["body"]["string"]))
    return {
        **response,
        "headers": {name: headers[name] for name in headers if name in RESPONSE_HEADERS},
        "body": {"string": body},
    }


def record(vendor: Vendor, kind: Kind, folder: Path, client: Client) -> Path:
    """Ask for one conversation and write its cassette; an old one is replaced only if all went well.

    Raises:
        APIError: the vendor did not answer as the conversation needs it.
        ValueError: the answer holds what looks like a secret.
    """
    with TemporaryDirectory() as scratch:
        draft = Path(scratch) / "draft.yaml"
        with recorder(draft):
            answers = converse(conversation(vendor, kind), lambda ask: ask_client(client, ask))
        _check(kind, answers[-1])
        text = head(vendor, kind) + draft.read_text(encoding="utf-8")
    path = folder / vendor / f"{kind}.yaml"
    write(path, text)
    return path


def write(path: Path, text: str) -> None:
    """Write a cassette. Raises ValueError instead where it holds what looks like a secret."""
    if found := leaks(text):
        name = path.relative_to(path.parents[1]).as_posix()
        raise ValueError(f"{name} was not written: it holds what looks like a secret ({', '.join(found)})")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def ask_client(client: Client, ask: Ask, key: str | None = None) -> ChatCompletion:
    """One call; a stream is read to its end."""
    given: Parameters = {"api_key": key, **ask.parameters}
    answer = client.completion(ask.model, ask.messages, stream=ask.stream, response_format=ask.response_format, **given)
    return answer if isinstance(answer, ChatCompletion) else answer.completion()


def _check(kind: Kind, last: object) -> None:
    if isinstance(last, APIError) and not (kind == "error" and isinstance(last, NotFoundError)):
        raise last
    if kind == "error" and not isinstance(last, APIError):
        raise ValueError("a model that does not exist has answered")


def renewed(vendor: Vendor, kind: Kind) -> str:
    """The committed cassette with the same replies, to the requests that polyvox sends today."""
    path = CASSETTES / vendor / f"{kind}.yaml"
    text = path.read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    interactions = iter(document["interactions"])

    def answer(request: httpx2.Request) -> httpx2.Response:
        found = next(interactions)
        headers = {name: [value] for name, value in request.headers.items() if name in REQUEST_HEADERS}
        body = request.content.decode()
        found["request"] = {**found["request"], "uri": str(request.url), "body": body, "headers": headers}
        reply = found["response"]
        said = [(name, value) for name, values in reply["headers"].items() for value in values]
        return httpx2.Response(reply["status"]["code"], headers=said, content=reply["body"]["string"].encode())

    with Client(num_retries=0, transport=httpx2.MockTransport(answer)) as client:
        converse(conversation(vendor, kind), lambda ask: ask_client(client, ask, "none"))
    comment = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    return comment + Readable.serialize(document)


def head(vendor: Vendor, kind: Kind) -> str:
    """The comment that says who answered."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    model = "a model that does not exist" if kind == "error" else MODELS[vendor]
    return f"# Recorded from {vendor} ({model}), {when}, with polyvox {__version__}; secrets are left out.\n"


def recorder(path: Path) -> AbstractContextManager[object]:
    """Everything that is sent and answered in a `with` block, cleaned, in this file."""
    vcr: ModuleType = import_module("vcr")  # untyped
    machine = vcr.VCR(
        serializer="readable",
        record_mode="all",
        match_on=MATCH_ON,
        filter_query_parameters=SECRET_QUERIES,
        filter_post_data_parameters=SECRET_FIELDS,
        before_record_request=clean_request,
        before_record_response=clean_response,
        decode_compressed_response=True,
    )
    machine.register_serializer("readable", Readable)
    return cast("Callable[[str], AbstractContextManager[object]]", machine.use_cassette)(str(path))


class Readable:
    """vcrpy's format, written so that a person can read and compare it: bodies as blocks, keys in their order."""

    @staticmethod
    def serialize(cassette: object) -> str:
        text = yaml.dump(cassette, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize)
        return "".join(map(_one_event_per_line, text.splitlines(keepends=True)))

    @staticmethod
    def deserialize(text: str) -> object:
        return yaml.safe_load(text)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, where YAML can."""


def _as_block(_: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style="|" if "\n" in text or text.startswith("{") else None)


_Dumper.add_representer(str, _as_block)


def _one_event_per_line(line: str) -> str:
    """YAML has no block for lines that end in CR LF (Gemini's streams): break the quoted text after each event."""
    if not line.lstrip().startswith('string: "'):
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return re.sub(r'((?<=string: ")|(?<!\\)(\\r\\n){2})(?=data:)', rf"\1\\\n{indent}", line)


def main(arguments: Sequence[str] = ()) -> int:
    """Record what can be recorded."""
    if "--requests" in arguments:
        for vendor, kind in product(VENDORS, KINDS):
            write(CASSETTES / vendor / f"{kind}.yaml", renewed(vendor, kind))
        return 0
    worked = [_record_vendor(vendor) for vendor in VENDORS]
    return 0 if all(worked) else 1


def _record_vendor(vendor: Vendor) -> bool:
    """Whether there was nothing to do, or all of it worked."""
    variables = NATIVE[vendor].key_variables
    if not any(os.environ.get(name) for name in variables):
        print(f"{vendor:<10} skipped: set {' or '.join(variables)} to record it")
        return True
    try:
        with Client(num_retries=0) as client:
            for kind in KINDS:
                record(vendor, kind, CASSETTES, client)
                print(f"{vendor:<10} recorded: {kind}")
    except (APIError, ValueError) as error:
        print(f"{vendor:<10} failed: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
