"""What only Ollama tells: when it answered, and how long each step took."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import pytest

from polyvox import Client

from .corpus import needs_corpus, records
from .replay import Vendor, ask, at_once

pytestmark = [needs_corpus, pytest.mark.block_network]

DURATIONS: Final = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


def test_every_time() -> None:
    vendor = Vendor()
    answered = [record for record in records("ollama") if record.wire == "ollama_chat" and record.status < 300]
    with Client(transport=vendor, num_retries=0) as client:
        for record in answered:
            vendor.record = record
            completion = ask(client, record).completion
            assert completion is not None
            told = at_once(record)
            said = int(datetime.fromisoformat(told["created_at"]).timestamp())
            assert completion.created == said if said else completion.created > 1_700_000_000, record.id
            fields = {"native_finish_reason": told["done_reason"], **{name: told[name] for name in DURATIONS}}
            assert completion.choices[0].provider_specific_fields == fields, record.id
            assert "authorization" not in vendor.sent[-1].headers
    assert len(answered) == 35
