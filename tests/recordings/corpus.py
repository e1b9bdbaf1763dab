"""The corpus of real traffic in `../shared/recordings` (its README has the format), and the provider of each file."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

JSON: TypeAlias = dict[str, Any]

FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "recordings"
needs_corpus: Final = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the corpus of real traffic (../shared/recordings) is not here"
)

OPENAI_WIRES: Final = ("openai_chat", "openai_like_v1_chat")
# Not read yet: bedrock_converse, bedrock_invoke, cohere_v2, ollama_chat.
WIRES: Final = (*OPENAI_WIRES, "anthropic_messages", "gemini")

# File -> the provider that reads its OpenAI-dialect records. Vendors without a row of their own yet are read through
# the row of anybody who speaks the dialect.
PROVIDERS: Final[Mapping[str, str]] = {
    "alibaba": "alibaba",
    "anthropic": "openai_like",
    "avian": "avian",
    "azure": "openai_like",
    "bedrock": "openai_like",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "crusoe": "crusoe",
    "databricks": "databricks",
    "deepseek": "deepseek",
    "doubleword": "doubleword",
    "fireworks": "fireworks",
    "gemini": "openai_like",
    "github_copilot": "openai_like",
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
    "vertex": "openai_like",
    "writer": "writer",
    "xai": "xai",
    "zai": "zai",
}
FILES: Final = tuple(PROVIDERS)


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
    def request(self) -> JSON | None:
        found: JSON | None = self.raw["request_json"]
        return found

    @property
    def model(self) -> str:
        if found := re.search(r"/models/([^/:]+):", str(self.raw.get("path"))):  # Gemini has it in the address
            return found[1]
        return str((self.request or {}).get("model") or "the-model-asked-for")

    @property
    def streamed(self) -> bool:
        """Whether the answer comes in events (an error reply never does)."""
        return self.status < 300 and ("stream" in self.raw["tags"] or self.raw.get("response_text") is not None)

    @property
    def asks_for_stream(self) -> bool:
        """Whether the request was for a stream; the reply may be an error all the same."""
        return self.streamed or "stream" in self.raw["tags"]

    @cached_property
    def body(self) -> bytes:
        """The reply's bytes."""
        if (text := self.raw.get("response_text")) is not None:
            return str(text).encode()
        return json.dumps(self.raw["response_json"], ensure_ascii=False).encode()

    def answered_by(self, reply: JSON) -> Record:
        """The same exchange, had it not been streamed and had this been the reply."""
        plain: JSON = {"tags": [], "response_text": None, "response_json": reply}
        return Record({**self.raw, **plain})

    @property
    def provider(self) -> str:
        """Who polyvox takes the vendor for."""
        if self.wire in OPENAI_WIRES:
            return PROVIDERS[self.raw["provider"]]
        return {"anthropic_messages": "anthropic", "gemini": "gemini"}[self.wire]


@cache
def records(name: str) -> tuple[Record, ...]:
    """The exchanges of one file that are read so far."""
    path = FOLDER / f"{name}.jsonl"
    lines = path.read_text() if path.exists() else gzip.decompress(path.with_suffix(".jsonl.gz").read_bytes()).decode()
    found = (one for line in lines.split("\n") if line for one in _split(json.loads(line)))
    return tuple(record for record in found if record.wire in WIRES)


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
