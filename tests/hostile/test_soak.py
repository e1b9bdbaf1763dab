"""The soak of `make soak`, short and small: every call has one outcome, and nothing is left."""

import pytest

from benchmarks.soak import complaints, sample, soak
from benchmarks.soak_server import running


@pytest.mark.anyio
async def test_a_short_soak() -> None:
    before = sample()
    with running(pause=0.1) as url:
        tally, samples, after = await soak(url, seconds=4, streams=40, threads=8)
    assert complaints(tally, samples, before, after) == []
    assert tally.outcomes["answered"] > 20
