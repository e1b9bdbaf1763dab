"""The corpus of real traffic in `../shared/recordings` (its README has the format), and the provider of each exchange.

The general replay (`test_replies`, `test_given_back`, `test_cuts`, and `test_requests` for those who speak OpenAI's
dialect) takes every exchange of every chat API: `records`. What InvokeModel sent is `test_bedrock.py`'s. The other
files that are named for a vendor have what only that vendor has.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

import pytest

JSON: TypeAlias = dict[str, Any]

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings"
needs_corpus: Final = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the corpus of real traffic (../shared/recordings) is not here"
)

OPENAI_WIRES: Final = ("openai_chat", "openai_like_v1_chat")
# Wire -> who speaks it; `ELSEWHERE` has the other houses where it is spoken.
WIRES: Final[Mapping[str, str]] = {
    **dict.fromkeys(OPENAI_WIRES, "openai"),
    "anthropic_messages": "anthropic",
    "gemini": "gemini",
    "bedrock_converse": "bedrock",
    "cohere_v2": "cohere",
    "ollama_chat": "ollama",
}
ELSEWHERE: Final = {
    ("anthropic_messages", "azure"): "azureanthropic",
    ("anthropic_messages", "vertex"): "vertexaianthropic",
    ("gemini", "vertex"): "vertexai",
}
# Each model's own body behind one address: no chat API.
INVOKE: Final = "bedrock_invoke"

# File -> the provider that reads its OpenAI-dialect records. Second APIs of vendors (Gemini's, Ollama's) are read
# through the row of anybody who speaks the dialect.
PROVIDERS: Final[Mapping[str, str]] = {
    "alibaba": "alibaba",
    "avian": "avian",
    "azure": "azure",
    "bedrock": "bedrock_mantle",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "crusoe": "crusoe",
    "databricks": "databricks",
    "deepseek": "deepseek",
    "doubleword": "doubleword",
    "fireworks": "fireworks",
    "gemini": "openai_like",
    "github_copilot": "github_copilot",
    "groq": "groq",
    "heroku": "heroku",
    "huggingface": "huggingface",
    "inception": "inception",
    "llamacpp": "llamacpp",
    "local_openai": "local_openai",
    "mistral": "mistral",
    "moonshot": "moonshot",
    "ollama": "openai_like",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "portkey": "portkey",
    "sambanova": "sambanova",
    "snowflake": "snowflake",
    "together": "together",
    "venice": "venice",
    "vercel": "vercel",
    "writer": "writer",
    "xai": "xai",
    "zai": "zai",
}
FILES: Final = tuple(sorted({*PROVIDERS, "anthropic", "cohere", "vertex"}))


@dataclass(frozen=True)
class Record:
    """One exchange."""

    raw: JSON

    @property
    def id(self) -> str:
        return str(self.raw["id"])

    @property
    def wire(self) -> str:
        return str(self.raw["wire"])

    @property
    def status(self) -> int:
        return int(self.raw["status"])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.raw["response_headers"] or {})

    @property
    def request_id(self) -> str | None:
        """By which the vendor knows the exchange, as far as it was recorded."""
        return self.headers.get("x-request-id") or self.headers.get("x-amzn-requestid")

    @property
    def request(self) -> JSON | None:
        found: JSON | None = self.raw["request_json"]
        return found

    @property
    def model(self) -> str:
        """What was asked for. Gemini, Bedrock and Azure have it in the address."""
        path = unquote(str(self.raw.get("path")))
        if found := re.search(r"/models/([^/:]+):|/model/(.+)/[a-z-]+$", path):
            return found[1] or found[2]
        deployed = re.search(r"/deployments/([^/]+)/", path)
        asked = (self.request or {}).get("model")
        return str(asked or (deployed[1] if deployed else "the-model-asked-for"))

    @property
    def streamed(self) -> bool:
        """Whether the answer comes in events (an error reply never does)."""
        raw = any(self.raw.get(key) is not None for key in ("response_text", "response_b64"))
        return self.status < 300 and ("stream" in self.raw["tags"] or raw)

    @property
    def asks_for_stream(self) -> bool:
        """Whether the request was for a stream; the reply may be an error all the same."""
        return self.streamed or "stream" in self.raw["tags"]

    @cached_property
    def body(self) -> bytes:
        """The reply's bytes."""
        if (text := self.raw.get("response_text")) is not None:
            return str(text).encode()
        if (frames := self.raw.get("response_b64")) is not None:
            return base64.b64decode(frames)
        return json.dumps(self.raw["response_json"], ensure_ascii=False).encode()

    def answered_by(self, reply: JSON) -> Record:
        """The same exchange, had it not been streamed and had this been the reply."""
        plain: JSON = {"tags": [], "response_text": None, "response_b64": None, "response_json": reply}
        return Record({**self.raw, **plain})

    @property
    def provider(self) -> str:
        """Who polyvox takes the vendor for."""
        file: str = self.raw["provider"]
        if self.wire in OPENAI_WIRES:
            return "azure_ai" if str(self.raw["host"]).endswith(".services.ai.azure.com") else PROVIDERS[file]
        return ELSEWHERE.get((self.wire, file), WIRES[self.wire])


def records(name: str) -> tuple[Record, ...]:
    """The exchanges of one file with a chat API."""
    return tuple(record for record in every_record(name) if record.wire in WIRES)


@cache
def every_record(name: str) -> tuple[Record, ...]:
    """All exchanges of one file; none without the corpus."""
    if not FOLDER.is_dir():
        return ()
    path = FOLDER / f"{name}.jsonl"
    lines = path.read_text() if path.exists() else gzip.decompress(path.with_suffix(".jsonl.gz").read_bytes()).decode()
    return tuple(one for line in lines.split("\n") if line for one in _split(json.loads(line)))


# Streams of several requests that the source project keeps in one file, one after the other.
JOINED: Final = {"935d18280fe05bfe": "event: message_start\n"}


def _split(raw: JSON) -> list[Record]:
    mark = JOINED.get(raw["id"])
    if mark is None:
        return [Record(raw)]
    streams = [mark + text for text in str(raw["response_text"]).split(mark)[1:]]
    return [Record({**raw, "id": f"{raw['id']}.{n}", "response_text": text}) for n, text in enumerate(streams)]


def report(failures: list[str], of: int) -> str:
    """All failures of a file as one text that can be read."""
    shown = "\n".join(failures[:40])
    more = f"\n... and {len(failures) - 40} more" if len(failures) > 40 else ""
    return f"{len(failures)} differences in {of} records:\n{shown}{more}"
