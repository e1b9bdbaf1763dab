"""Every recorded reply, through `completion` and `acompletion`: the right answer or the right error, nothing else."""

from __future__ import annotations

import pytest

from polyvox import AsyncClient, Client

from .corpus import FILES, Record, needs_corpus, records, report
from .expected import expected
from .replay import HOST, Outcome, Vendor, ask, ask_async, at_once, differences, places, plain

pytestmark = [needs_corpus, pytest.mark.block_network]


def judge(record: Record, outcome: Outcome) -> list[str]:
    wanted = expected(record.wire, record.status, record.headers, record.body, record.streamed)
    return [f"{record.id} {fault}" for fault in differences(record, wanted, outcome)]


@pytest.mark.parametrize("file", FILES)
def test_completion(file: str) -> None:
    vendor = Vendor()
    failures: list[str] = []
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        for record in records(file):
            vendor.record = record
            failures += judge(record, ask(client, record))
    assert not failures, report(failures, len(records(file)))


@pytest.mark.anyio
@pytest.mark.parametrize("file", FILES)
async def test_acompletion(file: str) -> None:
    vendor = Vendor()
    failures: list[str] = []
    async with AsyncClient(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        for record in records(file):
            vendor.record = record
            failures += judge(record, await ask_async(client, record))
    assert not failures, report(failures, len(records(file)))


@pytest.mark.parametrize("file", FILES)
def test_stream_adds_up(file: str) -> None:
    """A stream's assembled answer is what the same content as a whole reply gives, tool calls, thinking blocks,
    citations and what must be given back to the vendor included."""
    vendor = Vendor()
    streams = [record for record in records(file) if record.streamed]
    failures: list[str] = []
    with Client(transport=vendor, api_key="a-key", api_base=HOST, num_retries=0) as client:
        for record in streams:
            vendor.record = record
            streamed = ask(client, record).completion
            if streamed is None:
                continue  # an error: seen to above
            vendor.record = record.answered_by(at_once(record))
            other = ask(client, vendor.record).completion
            assert other is not None, record.id
            failures += [f"{record.id} {line}" for line in places(plain(streamed), plain(other))]
    assert not failures, report(failures, len(streams))
