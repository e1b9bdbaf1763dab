"""What only Cohere counts and calls so: cached, thought and billed tokens, and the id of an error."""

from __future__ import annotations

import pytest

from polyvox import Client
from polyvox.errors import APIError

from .corpus import Record, needs_corpus, records
from .replay import Vendor, ask, at_once

pytestmark = [needs_corpus, pytest.mark.block_network]


def test_every_count() -> None:
    vendor = Vendor()
    answered = [record for record in records("cohere") if record.status < 300]
    with Client(transport=vendor, api_key="a-key", api_base="https://h.test", num_retries=0) as client:
        for record in answered:
            vendor.record = record
            completion = ask(client, record).completion
            assert completion is not None
            assert completion.usage is not None
            told = at_once(record)["usage"]
            prompt, answer = completion.usage.prompt_tokens_details, completion.usage.completion_tokens_details
            assert prompt is not None
            assert prompt.cached_tokens == told.get("cached_tokens", 0), record.id
            assert (answer and answer.reasoning_tokens) == told["tokens"].get("reasoning_tokens"), record.id
            assert completion.choices[0].provider_specific_fields["billed_units"] == told["billed_units"], record.id
    assert len(answered) == 96


@pytest.mark.parametrize("record", [record for record in records("cohere") if record.status >= 300], ids=lambda r: r.id)
def test_an_error_is_known_by_the_id_in_its_body(record: Record) -> None:
    vendor = Vendor()
    vendor.record = record
    with Client(transport=vendor, api_key="a-key", api_base="https://h.test", num_retries=0) as client:
        error = ask(client, record).error
    assert isinstance(error, APIError)
    assert error.request_id == record.raw["response_json"]["id"]
