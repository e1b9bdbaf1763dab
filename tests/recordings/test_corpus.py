"""The corpus is what the replay takes it for: every exchange of every file is some test's, and only one's."""

from __future__ import annotations

from collections import Counter
from typing import Final

from .corpus import FILES, FOLDER, INVOKE, WIRES, Record, every_record, needs_corpus, records
from .test_bedrock import invoked

pytestmark = needs_corpus

# Of one kept file of several requests there are several exchanges here: see `JOINED`.
EXCHANGES: Final = 5366


def test_every_file_is_replayed() -> None:
    assert {path.name.split(".")[0] for path in FOLDER.glob("*.jsonl*")} == {*FILES}


def test_every_exchange_is_replayed_once() -> None:
    every = [record for file in FILES for record in every_record(file)]
    assert len(every) == len({record.id for record in every}) >= EXCHANGES
    general = Counter(record.id for file in FILES for record in records(file))
    special = Counter(record.id for group in invoked() for record in group)
    assert general + special == Counter(record.id for record in every)


def test_every_wire_is_somebodys() -> None:
    every = {record.wire for file in FILES for record in every_record(file)}
    assert every == {*WIRES, INVOKE}


def test_a_vendor_is_asked_as_itself() -> None:
    """Who reads how many exchanges. Second APIs and unknown servers are `openai_like`."""
    read = Counter(record.provider for file in FILES for record in records(file))
    clouds = {"azure": 149, "azure_ai": 23, "azureanthropic": 20, "vertexai": 189, "vertexaianthropic": 22}
    natives = {"bedrock": 274, "bedrock_mantle": 2, "cohere": 98, "mistral": 171, "ollama": 36}
    assert {name: read[name] for name in (clouds | natives)} == clouds | natives
    assert read["openai_like"] == 50


def test_a_body_is_the_recorded_bytes() -> None:
    text = 'data: {"a": "ü"}\r\n\r\n'
    assert Record({"response_text": text}).body == text.encode()
    assert Record({"response_json": {"a": "ü"}}).body == '{"a": "ü"}'.encode()
    assert Record({"response_b64": "AAEC"}).body == b"\x00\x01\x02"
