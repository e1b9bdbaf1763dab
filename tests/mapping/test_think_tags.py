"""Thoughts in `<think>` tags at the start of the text, which some rows move to `reasoning_content`.

(Number 42 of research/wire-oddities.md.)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, cast

import httpx2
import pytest
from pydantic import BaseModel

from polyvox import ChatCompletion, ChatCompletionMessage, Client, StreamInterruptedError
from polyvox_wire.gateways import GATEWAYS
from tests.mapping.asking import HELLO, OPENAI_REPLY, Json, Wire, answered, sent, sse
from tests.mapping.openai_events import COUNT, DONE, STOP, chunk

VENDOR: Final = "groq:qwen/qwen3-32b"

# What the vendor wrote -> the thoughts, and the answer.
TEXTS: Final[dict[str, tuple[str, str | None, str]]] = {
    "as Qwen writes": ("<think>\nIt is 1 + 2.\n</think>\n\n3", "It is 1 + 2.\n", "3"),
    "as DeepSeek writes": ("<think>1 + 2</think>3", "1 + 2", "3"),
    "line ends of two characters": ("<think>\r\n1 + 2</think>\r\n\r\n3", "1 + 2", "3"),
    "spaces are the answer's": ("<think>1 + 2</think>\n  3", "1 + 2", "  3"),
    "no thoughts": ("<think>\n\n</think>\n\n3", None, "3"),
    "never closed": ("<think>\n1 + ", "1 + ", ""),
    "closed by half": ("<think>1 < 2 </thi", "1 < 2 </thi", ""),
    "nothing follows": ("<think>1 + 2</think>\n", "1 + 2", ""),
    "only the tag": ("<think>", None, ""),
    "tags in the answer": ("<think>a</think>b <think>c</think> d", "a", "b <think>c</think> d"),
    "a tag in the thoughts": ("<think>a <think> b</think>c", "a <think> b", "c"),
    # The text does not begin with the tag.
    "no tag": ("3", None, "3"),
    "an answer": ("\n3 </think>", None, "\n3 </think>"),
    "after something": ("Well <think>a</think>b", None, "Well <think>a</think>b"),
    "after a newline": ("\n<think>a</think>b", None, "\n<think>a</think>b"),
    "another tag": ("<thinking>a</thinking>b", None, "<thinking>a</thinking>b"),
    "half a tag": ("<thin", None, "<thin"),
    "nothing": ("", None, ""),
}


def _reply(message: Json) -> Json:
    return {**OPENAI_REPLY, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def _said(answer: ChatCompletion | None) -> tuple[str | None, str]:
    assert answer is not None
    message = answer.choices[0].message
    return message.reasoning_content, message.content or ""


def _back(message: ChatCompletionMessage, model: str = VENDOR) -> object:
    """The answer's turn in the next request."""
    body = sent(model, [*HELLO, message, *HELLO])
    turns = body["messages"]
    return cast("list[object]", turns)[1]


@pytest.mark.parametrize(("text", "thoughts", "answer"), TEXTS.values(), ids=TEXTS)
def test_a_reply(text: str, thoughts: str | None, answer: str) -> None:  # 42
    assert _said(answered(VENDOR, _reply({"content": text}))) == (thoughts, answer)


@pytest.mark.parametrize("end", [[STOP, COUNT, DONE], [DONE]], ids=["finish reason", "none"])
@pytest.mark.parametrize(("text", "thoughts", "answer"), TEXTS.values(), ids=TEXTS)
def test_a_stream_cut_anywhere(text: str, thoughts: str | None, answer: str, end: list[Json | str]) -> None:
    cuts = [
        [text[:here], text[here:there], text[there:]] for here in range(len(text) + 1) for there in (here, here + 1)
    ]
    for pieces in [list(text), *cuts]:
        wire = Wire(sse(chunk({"role": "assistant"}), *(chunk({"content": piece}) for piece in pieces), *end))
        assert _said(wire.open(VENDOR).completion()) == (thoughts, answer), pieces


@pytest.mark.parametrize(("text", "thoughts", "answer"), TEXTS.values(), ids=TEXTS)
def test_a_stream_that_breaks_off_has_lost_nothing(text: str, thoughts: str | None, answer: str) -> None:
    stream = Wire(sse(chunk({"role": "assistant"}), *(chunk({"content": piece}) for piece in text))).open(VENDOR)
    with pytest.raises(StreamInterruptedError) as caught:
        list(stream)
    assert _said(caught.value.partial) == (thoughts, answer)


@pytest.mark.parametrize(("text", "thoughts", "answer"), TEXTS.values(), ids=TEXTS)
def test_a_connection_that_breaks_has_lost_nothing(text: str, thoughts: str | None, answer: str) -> None:
    def body() -> Iterator[bytes]:
        for piece in ({"role": "assistant"}, *({"content": letter} for letter in text)):
            yield sse(chunk(piece))
        raise httpx2.ReadError("reset")

    with Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=body()))) as client:
        stream = client.completion(VENDOR, HELLO, stream=True, api_key="k")
        with pytest.raises(StreamInterruptedError, match="the connection broke") as caught:
            list(stream)
    assert _said(caught.value.partial) == (thoughts, answer)


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("text", [text for text, _, _ in TEXTS.values()], ids=TEXTS)
def test_the_message_goes_back_as_it_came(text: str, streamed: bool) -> None:
    if streamed:
        message = Wire(sse(*(chunk({"content": piece}) for piece in text), STOP, DONE)).open(VENDOR).completion()
    else:
        message = answered(VENDOR, _reply({"content": text}))
    assert _back(message.choices[0].message) == {"role": "assistant", "content": text}


def test_only_what_may_be_a_tag_is_held_back() -> None:
    pieces = ["<th", "ink>", "\n", "a <", "/b </th", "ink>", "\n", "\n3 <think", ">"]
    stream = Wire(sse(*(chunk({"content": piece}) for piece in pieces), STOP, DONE)).open(VENDOR)
    deltas = [one.choices[0].delta for one in stream]
    assert [(delta.reasoning_content, delta.content) for delta in deltas] == [
        (None, None),
        (None, None),
        (None, None),
        ("a ", None),
        ("</b ", None),
        (None, None),
        (None, None),
        (None, "3 <think"),
        (None, ">"),
        (None, None),
    ]


def test_each_choice_has_its_own() -> None:
    events = [
        chunk({"content": "<think>a"}),
        chunk({"content": "b"}, index=1),
        chunk({"content": "</think>c"}),
        chunk({"content": "<think>d"}, index=1),
    ]
    wire = Wire(sse(*events, STOP, chunk(finish="stop", index=1), DONE))
    found = [(one.message.reasoning_content, one.message.content) for one in wire.open(VENDOR).completion().choices]
    assert found == [("a", "c"), (None, "b<think>d")]


# As llama.cpp's `deepseek-legacy` does: the text is left alone, since nothing is missing.
APART: Final[Json] = {"reasoning_content": "a", "content": "<think>a</think>b"}


def test_a_vendor_that_gives_them_apart_as_well() -> None:
    assert _said(answered(VENDOR, _reply(APART))) == ("a", "<think>a</think>b")
    assert _said(Wire(sse(chunk(APART), STOP, DONE)).open(VENDOR).completion()) == ("a", "<think>a</think>b")


def test_thoughts_before_a_call() -> None:
    called: Json = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": "{}"}}
    message: Json = {"content": "<think>\nI add.\n</think>\n", "tool_calls": [called]}
    choice = answered(VENDOR, _reply(message)).choices[0]
    assert (choice.message.reasoning_content, choice.message.content) == ("I add.\n", "")
    assert _back(choice.message) == {"role": "assistant", **message}


def test_an_error_in_the_stream_comes_after_what_was_held_back() -> None:
    broken = sse(chunk({"content": "<think>a </th"}), {"error": {"message": "x", "code": 502}})
    stream = Wire(broken).open(VENDOR)
    seen: list[str] = []
    with pytest.raises(Exception, match="x") as caught:
        seen.extend(one.choices[0].delta.reasoning_content or "" for one in stream)
    assert "".join(seen) == "a </th"
    assert _said(getattr(caught.value, "partial", None)) == ("a </th", "")


class City(BaseModel):
    name: str


TYPED: Final = '<think>\nParis, in {"braces"}?\n</think>\n\n{"name": "Paris"}'


def test_a_type_is_read_from_the_answer_alone() -> None:
    reply = Wire(json.dumps(_reply({"content": TYPED})).encode())
    answer = reply.client().completion(VENDOR, HELLO, response_format=City)
    assert answer.choices[0].message.parsed == City(name="Paris")
    wire = Wire(sse(*(chunk({"content": piece}) for piece in TYPED), STOP, DONE))
    stream = wire.client().completion(VENDOR, HELLO, response_format=City, stream=True)
    assert stream.completion().choices[0].message.parsed == City(name="Paris")
    assert stream.partial == City(name="Paris")


def test_a_caller_may_give_the_answer_alone() -> None:
    message = answered(VENDOR, _reply({"content": "<think>a</think>b"})).choices[0].message
    assert _back(ChatCompletionMessage(role="assistant", content=message.content)) == {
        "role": "assistant",
        "content": "b",
    }


def test_to_a_vendor_without_such_texts_thoughts_go_as_thoughts() -> None:
    message = answered(VENDOR, _reply({"content": "<think>a</think>b"})).choices[0].message
    assert _back(message, "deepseek:m") == {"role": "assistant", "content": "b", "reasoning_content": "a"}
    assert _back(message, "openai:gpt-5") == {"role": "assistant", "content": "b"}


WITH: Final = [name for name, row in GATEWAYS.items() if row.think_tags]
WITHOUT: Final = ["deepseek", "together", "openai_like", "openai"]


def test_whose_texts_are_looked_at() -> None:
    assert WITH == ["fireworks", "groq", "huggingface", "llamacpp", "minimax", "openrouter", "sambanova", "vllm"]


@pytest.mark.parametrize("vendor", WITHOUT)
def test_nobody_elses_text_is_altered(vendor: str) -> None:
    text = "<think>a</think>b"
    given = {"api_base": "https://x.test"}
    reply = Wire(json.dumps(_reply({"content": text})).encode()).ask(f"{vendor}:m", **given)
    stream = Wire(sse(chunk({"content": "<thi"}), chunk({"content": "nk>a</think>b"}), STOP, DONE))
    assert _said(reply) == (None, text)
    assert _said(stream.open(f"{vendor}:m", **given).completion()) == (None, text)
