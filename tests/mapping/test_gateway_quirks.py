"""What single gateways do beside OpenAI's dialect, in the shapes of the recordings: nothing of it is lost."""

from __future__ import annotations

import json
from typing import Final

import pytest

from polyvox import BadGatewayError, ChatCompletion
from tests.mapping.asking import HELLO, KEY, OPENAI_REPLY, Json, Wire, sse
from tests.mapping.openai_events import COUNTED, DONE, HEAD, ROLE, STOP, chunk
from tests.mapping.openai_events import HELLO as SAID

CITED: Final[Json] = {
    "citations": ["https://x.test/a"],
    "search_results": [{"title": "A", "url": "https://x.test/a", "date": None}],
}
TIMES: Final[Json] = {"queue_time": 0.2, "total_time": 0.03}
COUNTED_BY_GROQ: Final[Json] = {"id": "req_1", "usage": {**COUNTED, **TIMES}}


def _both(model: str, reply: Json, *events: Json | str) -> list[ChatCompletion]:
    """The answer whole, and streamed."""
    return [Wire(json.dumps(reply).encode()).ask(model), Wire(sse(*events)).open(model).completion()]


def test_perplexitys_citations_stand_on_the_answer() -> None:
    events: list[Json | str] = [
        {**ROLE, **CITED},
        {**SAID, **CITED},
        {**chunk(finish="stop", usage=COUNTED), **CITED},
        DONE,
    ]
    for answer in _both("perplexity:sonar", {**OPENAI_REPLY, **CITED}, *events):
        assert {key: answer[key] for key in CITED} == CITED
        assert answer.choices[0].message.content == "Hello"


def test_groqs_usage_is_found_where_groq_has_it() -> None:
    first = chunk({"role": "assistant", "content": ""}, x_groq={"id": "req_1"})
    wire = Wire(sse(first, SAID, chunk(finish="stop", x_groq=COUNTED_BY_GROQ), DONE))
    *before, last = list(wire.open("groq:llama"))
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (1, 2, 3)
    assert last.usage["queue_time"] == 0.2
    assert [one.usage for one in before] == [None] * len(before)


def test_groqs_counts_that_are_none_lose_no_answer() -> None:
    wire = Wire(sse(SAID, chunk(finish="stop", x_groq={"usage": {"prompt_tokens": "many", "total_tokens": 3}}), DONE))
    usage = wire.open("groq:llama").completion().usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.total_tokens) == (0, 3)


def test_x_groq_is_kept() -> None:
    events: list[Json | str] = [chunk({"content": "Hello"}, x_groq={"id": "req_1"}), STOP, DONE]
    for answer in _both("groq:llama", {**OPENAI_REPLY, "x_groq": {"id": "req_1"}}, *events):
        assert answer["x_groq"] == {"id": "req_1"}


# As OpenRouter sends it: a chunk with an error beside a choice that has ended with `error`.
BROKEN: Final[Json] = {
    **HEAD,
    "provider": "Somebody",
    "error": {"code": 502, "message": "Upstream error"},
    "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
}


@pytest.mark.parametrize("model", ["openrouter:m", "groq:m", "vllm:m"])
def test_an_error_object_in_the_stream_ends_it(model: str) -> None:
    stream = Wire(sse(ROLE, SAID, BROKEN, STOP, DONE)).open(model, api_base="https://x.test/v1")
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "Hello"]
    with pytest.raises(BadGatewayError, match="Upstream error") as caught:
        next(stream)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hello"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_bedrocks_own_host_for_this_dialect(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorded exchange with `openai.gpt-oss-safeguard-20b`: whose host it is, and reasoning under `reasoning`."""
    monkeypatch.setenv("AWS_REGION", region)
    message: Json = {"role": "assistant", "content": "SAFE", "reasoning": "SAFE only.", "refusal": None}
    reply = {**OPENAI_REPLY, "choices": [{"index": 0, "logprobs": None, "message": message, "finish_reason": "stop"}]}
    wire = Wire(json.dumps(reply).encode())
    answer = wire.ask("bedrock_mantle:openai.gpt-oss-safeguard-20b", HELLO, max_completion_tokens=9)
    (request,) = wire.requests
    assert str(request.url) == f"https://bedrock-mantle.{region}.api.aws/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.content) == {
        "model": "openai.gpt-oss-safeguard-20b",
        "messages": HELLO,
        "max_tokens": 9,
    }
    said = answer.choices[0].message
    assert (said.content, said.reasoning_content) == ("SAFE", "SAFE only.")
