"""Chunks add up to an answer, in one go or while they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyvox import ChatCompletion, ChatCompletionChunk, assemble
from polyvox.assembling import Assembler
from polyvox.results import (
    Annotation,
    ChunkChoice,
    CompletionUsage,
    Delta,
    FinishReason,
    FunctionCallDelta,
    ThinkingBlock,
    ToolCallDelta,
)
from tests.mapping.asking import Wire, sse
from tests.mapping.openai_events import COUNT, DONE, HELLO, ROLE, STOP


def chunk(delta: Delta | None = None, finish: FinishReason | None = None, index: int = 0) -> ChatCompletionChunk:
    """A chunk with one choice."""
    choice = ChunkChoice(index=index, delta=delta or Delta(), finish_reason=finish)
    return ChatCompletionChunk(id="c1", created=5, model="m", choices=[choice])


def _piece(index: int, made: str | None, name: str | None, arguments: str | None) -> ChatCompletionChunk:
    function = FunctionCallDelta(name=name, arguments=arguments)
    return chunk(Delta(tool_calls=[ToolCallDelta(index=index, id=made, function=function)]))


def test_text_reasoning_and_end() -> None:
    answer = assemble(
        [
            chunk(Delta(role="assistant", reasoning_content="1 ")),
            chunk(Delta(reasoning_content="+ 2")),
            chunk(Delta(content="It is ")),
            chunk(Delta(content="3"), "stop"),
        ]
    )
    assert (answer.id, answer.created, answer.model, answer.object) == ("c1", 5, "m", "chat.completion")
    choice = answer.choices[0]
    assert (choice.message.content, choice.message.reasoning_content, choice.finish_reason) == (
        "It is 3",
        "1 + 2",
        "stop",
    )
    assert choice.message.role == "assistant"


def test_calls_by_their_index() -> None:
    answer = assemble(
        [_piece(0, "a", "add", ""), _piece(1, "b", "sub", "{"), _piece(0, None, None, "{}"), _piece(1, None, None, "}")]
    )
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert [(one.id, one.function.name, one.function.arguments) for one in calls] == [
        ("a", "add", "{}"),
        ("b", "sub", "{}"),
    ]
    assert answer.choices[0].message.content is None


def test_lists_grow() -> None:
    first, second = ThinkingBlock(thinking="a", signature="s"), ThinkingBlock(type="redacted_thinking", data="x")
    answer = assemble(
        [
            chunk(Delta(thinking_blocks=[first], annotations=[Annotation()])),
            chunk(Delta(thinking_blocks=[second], annotations=[Annotation()])),
        ]
    )
    assert answer.choices[0].message.thinking_blocks == [first, second]
    assert len(answer.choices[0].message.annotations or ()) == 2


def test_the_last_usage_counts() -> None:
    first, last = chunk(Delta(content="a")), chunk(finish="stop")
    first.usage, last.usage = CompletionUsage(total_tokens=1), CompletionUsage(total_tokens=9)
    assert assemble([first, last]).usage == CompletionUsage(total_tokens=9)


def test_nothing_at_all_is_an_empty_answer() -> None:
    answer = assemble([])
    assert isinstance(answer, ChatCompletion)
    assert (answer.id, answer.choices, answer.usage) == ("", [], None)


def test_choices_are_in_order_of_their_index() -> None:
    answer = assemble([chunk(Delta(content="b"), index=1), chunk(Delta(content="a"), index=0)])
    assert [(one.index, one.message.content) for one in answer.choices] == [(0, "a"), (1, "b")]


def test_the_answer_so_far_may_be_asked_for_at_any_time() -> None:
    assembler = Assembler()
    texts: list[str | None] = []
    for letter in "abc":
        assembler.add(chunk(Delta(content=letter)))
        texts.append(assembler.completion().choices[0].message.content)
    assert texts == ["a", "ab", "abc"]
    assert assembler.completion() == assembler.completion()


def test_assembling_does_not_change_the_chunks() -> None:
    chunks = [chunk(Delta(content="a", thinking_blocks=[ThinkingBlock()])), chunk(Delta(content="b"), "stop")]
    before = [one.model_copy(deep=True) for one in chunks]
    assemble(chunks)
    assemble(chunks)
    assert chunks == before


def test_the_chunks_of_a_stream_add_up_to_its_completion() -> None:
    body = sse(ROLE, HELLO, STOP, COUNT, DONE)
    opened: Callable[[], Wire] = lambda: Wire(body)  # noqa: E731  (the same stream twice)
    chunks = list(opened().open("openai:gpt-5"))
    assert assemble(chunks).model_dump() == opened().open("openai:gpt-5").completion().model_dump()


_TEXTS: Final = st.lists(st.text(max_size=5), max_size=8)


@given(_TEXTS, _TEXTS)
def test_no_letter_is_lost(texts: list[str], arguments: list[str]) -> None:
    pieces = [_piece(0, "a", "add", None), *(_piece(0, None, None, text) for text in arguments)]
    answer = assemble([*(chunk(Delta(content=text)) for text in texts), *pieces])
    message = answer.choices[0].message
    assert (message.content or "") == "".join(texts)
    assert message.tool_calls is not None
    assert message.tool_calls[0].function.arguments == "".join(arguments)


@pytest.mark.parametrize("text", ["", None])
def test_an_empty_answer_has_an_empty_text(text: str | None) -> None:
    assert (assemble([chunk(Delta(content=text)), chunk(finish="stop")]).choices[0].message.content or "") == ""
