"""`stream_options={"include_usage": True}`: asked for where the vendor knows it, else what a stream counts anyway."""

from __future__ import annotations

from typing import Final

import pytest

from polyvox import UnsupportedParamsError
from tests.mapping.asking import HELLO, Json, Wire, sse

ASK: Final[Json] = {"include_usage": True}
COUNTED: Final[Json] = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
OPENAIS: Final = sse(
    {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}], "usage": COUNTED},
    "[DONE]",
)
# Who counts without being asked, and has no field to ask with -> such a stream.
STREAMS: Final[dict[str, bytes]] = {
    "watsonx": OPENAIS,
    "gigachat": OPENAIS,
    "ai21": OPENAIS,
    "codestral": OPENAIS,
    "fireworks": OPENAIS,
    "together": OPENAIS,
    "text-completion-codestral": OPENAIS,
    "watsonx_text": sse(
        {"results": [{"generated_text": "Hel", "stop_reason": "not_finished", "input_token_count": 5}]},
        {"results": [{"generated_text": "lo", "stop_reason": "eos_token", "generated_token_count": 2}]},
    ),
    "langgraph": b"event: messages\n"
    + sse([{"type": "ai", "content": "Hello", "usage_metadata": {"input_tokens": 5, "output_tokens": 2}}, {}])
    + b"event: end\ndata: null\n\n",
}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the instance runs."""
    monkeypatch.setenv("WATSONX_REGION", "us-south")


@pytest.mark.parametrize("provider", STREAMS)
def test_what_is_counted_anyway_arrives_and_is_not_asked_for(provider: str) -> None:
    wire = Wire(STREAMS[provider], headers={"content-type": "text/event-stream"})
    with wire.open("m", provider=provider, api_base="https://h.test", stream_options=ASK) as stream:
        *_, last = list(stream)
    assert "stream_options" not in wire.body
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (5, 2, 7)


@pytest.mark.parametrize("provider", STREAMS)
def test_another_option_is_refused(provider: str) -> None:
    asked: Json = {**ASK, "include_obfuscation": False}
    with pytest.raises(UnsupportedParamsError, match=r"include_obfuscation.*has no such option"):
        Wire().ask_streamed("m", HELLO, provider=provider, api_base="https://h.test", stream_options=asked)


@pytest.mark.parametrize("provider", ["triton", "liner"])
def test_who_never_counts_says_so(provider: str) -> None:
    with pytest.raises(UnsupportedParamsError, match=r"stream_options: .* count(s)? no tokens"):
        Wire().ask_streamed("m", HELLO, provider=provider, api_base="https://h.test", stream_options=ASK)
