"""What other libraries do to their callers (research/peers.md), and polyvox does not, where no other test says so."""

from __future__ import annotations

import json
from typing import Final

import pytest

from polyvox import UnknownProviderError
from tests.mapping.asking import HELLO, OPENAI_REPLY, REPLIES, Json, Wire, answered, as_bytes, sent

# A model of each dialect, and the end of the path that its reply stands under.
MODELS: Final[dict[str, str]] = {
    "openai:gpt-5": "",
    "anthropic:claude-x": "/messages",
    "gemini:gemini-2.5-flash": ":generateContent",
    "bedrock:anthropic.claude-v2": "/converse",
    "mistral:mistral-large": "",
    "cohere:command-a": "/v2/chat",
    "ollama:qwen3": "/api/chat",
}
CALLED: Final[list[Json]] = [
    *HELLO,
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "now", "arguments": ""}}],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "12:00"},
]


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Bedrock is called."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.mark.parametrize(("model", "path"), MODELS.items(), ids=MODELS)
def test_the_words_of_an_answer_are_not_tidied(model: str, path: str) -> None:
    text = "\u201cOne\u2009\u2014\u2009two\u2026\u201d \u2018three\u2019"
    reply = as_bytes(REPLIES.get(path, OPENAI_REPLY)).replace(b"Hello", json.dumps(text)[1:-1].encode())
    assert Wire(reply).ask(model).choices[0].message.content == text


@pytest.mark.parametrize("model", MODELS)
def test_no_content_is_not_the_word_none(model: str) -> None:
    assert "None" not in json.dumps(sent(model, CALLED))


@pytest.mark.parametrize("model", ["anthropic:claude-x", "gemini:gemini-2.5-flash", "bedrock:anthropic.claude-v2"])
def test_no_arguments_are_an_empty_object(model: str) -> None:
    body = json.dumps(sent(model, CALLED))
    assert any(f'"{name}": {{}}' in body for name in ("input", "args"))


@pytest.mark.parametrize("model", MODELS)
def test_no_setting_is_made_up(model: str) -> None:
    wire = Wire()
    wire.ask(model)
    plain = wire.body
    wire.ask(model, HELLO, temperature=0.7)
    assert '"temperature": 0.7' in json.dumps(wire.body)
    assert not {"temperature", "top_p", "topP", "generationConfig", "inferenceConfig", "options"} & plain.keys()


@pytest.mark.parametrize(("model", "name"), [("openai:gpt-5", "stop"), ("anthropic:claude-x", "stop_sequences")])
def test_no_stop_is_cut_off(model: str, name: str) -> None:
    stops = ["a", "b", "c", "d", "e", "\n"]
    assert sent(model, HELLO, stop=stops)[name] == stops


def test_a_user_is_sent_whatever_it_looks_like() -> None:
    assert sent("anthropic:claude-x", HELLO, user="ann@example.com")["metadata"] == {"user_id": "ann@example.com"}


def test_no_reason_to_end_is_made_up() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hel"}, "finish_reason": None}
    assert answered("openai:gpt-5", {**OPENAI_REPLY, "choices": [choice]}).choices[0].finish_reason is None


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    Wire().ask("openai:gpt-5")
    with pytest.raises(UnknownProviderError):
        Wire().ask("nobody/nothing")
    assert capfd.readouterr() == ("", "")
