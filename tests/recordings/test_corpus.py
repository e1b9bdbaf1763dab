"""The corpus is what the replay takes it for: no file, no wire and no record is left out unseen."""

from __future__ import annotations

from typing import Final

from .corpus import FILES, FOLDER, WIRES, Record, needs_corpus, records

pytestmark = needs_corpus

# Files without a wire that is read so far.
LATER: Final = {"cohere"}


def test_every_file_is_replayed() -> None:
    assert {path.name.split(".")[0] for path in FOLDER.glob("*.jsonl*")} == {*FILES, *LATER}


def test_every_wire_and_record_is_there() -> None:
    every = [record for file in FILES for record in records(file)]
    assert {record.wire for record in every} == set(WIRES)
    assert len(every) == len({record.id for record in every}) > 4700


def test_a_body_is_the_recorded_bytes() -> None:
    text = 'data: {"a": "ü"}\r\n\r\n'
    assert Record({"response_text": text}).body == text.encode()
    assert Record({"response_json": {"a": "ü"}}).body == '{"a": "ü"}'.encode()
