"""Anthropic: what each event and delta of a stream becomes (numbers: research/wire-oddities.md)."""

from __future__ import annotations

from typing import Final, cast, get_args

import pytest

from polyvox import (
    APIError,
    APIResponseValidationError,
    BadRequestError,
    ChatCompletionChunk,
    OverloadedError,
    StreamInterruptedError,
)
from polyvox.results import Annotation, ThinkingBlock, UrlCitation
from polyvox_wire.anthropic import responses as r
from tests.mapping.anthropic_events import PING, START, STOP, block, end, stream, thought, use, words
from tests.mapping.asking import ANTHROPIC_REPLY, Json, Wire, answered, as_bytes, assembled, named_sse, sse, streamed

MODEL: Final = "anthropic:claude-sonnet-4-5"


def text(chunks: list[ChatCompletionChunk]) -> str:
    """All text of a stream."""
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def test_a_plain_stream() -> None:
    chunks = streamed(MODEL, stream(*words("Hel", "lo")))
    assert {(chunk.id, chunk.model, chunk.object) for chunk in chunks} == {
        ("msg_1", "claude-sonnet-4-5-20250929", "chat.completion.chunk")
    }
    assert len({chunk.created for chunk in chunks}) == 1
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", *[None] * (len(chunks) - 1)]
    assert text(chunks) == "Hello"
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [*[None] * (len(chunks) - 1), "stop"]
    assert [chunk.usage is not None for chunk in chunks] == [*[False] * (len(chunks) - 1), True]


# The same answer, as it is really sent.
SAME: Final[dict[str, bytes]] = {
    "plain": stream(*words("Hel", "lo")),
    "pings between": named_sse(START, PING, *words("Hel"), PING, *words("lo", index=1), PING, end(), PING, STOP),  # 59
    "padded JSON": stream(*words("Hel", "lo")).replace(b"}\n\n", b"          }\n\n"),  # 60
    "no last blank line": stream(*words("Hel", "lo")).rstrip(b"\n"),  # 14
    "CRLF": stream(*words("Hel", "lo")).replace(b"\n", b"\r\n"),
    "no event names": sse(START, *words("Hel", "lo"), end(), STOP),
    "text in the start": stream(*block({"type": "text", "text": "Hel"}, {"type": "text_delta", "text": "lo"})),
    "an unknown event": named_sse(START, {"type": "brand_new", "a": 1}, *words("Hello"), end(), STOP),
    "an unknown delta": stream(
        *block({"type": "text", "text": ""}, {"type": "brand_new"}, {"type": "text_delta", "text": "Hello"})
    ),
    "an unknown block": stream(*block({"type": "brand_new", "a": 1}), *words("Hello", index=1)),
    "a delta without a start": named_sse(
        START,
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
        end(),
        STOP,
    ),
    "a gateway's end marker": stream(*words("Hello")) + b"data: [DONE]\n\n",
}


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_the_same_answer_in_another_form(body: bytes) -> None:
    chunks = streamed(MODEL, body)
    assert text(chunks) == "Hello"
    assert chunks[-1].choices[0].finish_reason == "stop"
    answer = assembled(MODEL, body)
    assert answer.choices[0].message.content == "Hello"
    assert answer.choices[0].finish_reason == "stop"


# A stream adds up to what the same answer is when it comes whole.
WHOLE: Final[dict[str, tuple[tuple[Json, ...], list[Json], str]]] = {
    "text": (words("Hel", "lo"), [{"type": "text", "text": "Hello"}], "end_turn"),
    "nothing": ((), [], "end_turn"),  # 64
    "two texts": (
        (*words("a"), *words("b", index=1)),
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        "end_turn",
    ),
    "thinking": (
        (*thought("1 ", "+ 2"), *words("3", index=1)),
        [{"type": "thinking", "thinking": "1 + 2", "signature": "sig"}, {"type": "text", "text": "3"}],
        "end_turn",
    ),
    "omitted thinking": (
        (*thought(signature="long"), *words("3", index=1)),
        [{"type": "thinking", "thinking": "", "signature": "long"}, {"type": "text", "text": "3"}],
        "end_turn",
    ),  # 65
    "redacted thinking": (
        (*block({"type": "redacted_thinking", "data": "enc"}), *words("3", index=1)),
        [{"type": "redacted_thinking", "data": "enc"}, {"type": "text", "text": "3"}],
        "end_turn",
    ),  # 66
    "thinking between calls": (
        (*use("{}"), *thought("x", index=1), *use("{}", index=2)),
        [
            {"type": "tool_use", "id": "toolu_0", "name": "add", "input": {}},
            {"type": "thinking", "thinking": "x", "signature": "sig"},
            {"type": "tool_use", "id": "toolu_2", "name": "add", "input": {}},
        ],
        "tool_use",
    ),
    "call": (
        use("", '{"a"', ":1}"),
        [{"type": "tool_use", "id": "toolu_0", "name": "add", "input": {"a": 1}}],
        "tool_use",
    ),  # 62
    "call that is complete at once": (
        use(given={"a": 1}),
        [{"type": "tool_use", "id": "toolu_0", "name": "add", "input": {"a": 1}}],
        "tool_use",
    ),  # 63
    "call without input": (
        use("", ""),
        [{"type": "tool_use", "id": "toolu_0", "name": "add", "input": {}}],
        "tool_use",
    ),
    "two calls": (
        (*words("Wait."), *use('{"a":1}', index=1), *use('{"a":2}', index=2)),
        [
            {"type": "text", "text": "Wait."},
            {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}},
            {"type": "tool_use", "id": "toolu_2", "name": "add", "input": {"a": 2}},
        ],
        "tool_use",
    ),
    "server tool": (
        (
            *block(
                {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {}},
                {"type": "input_json_delta", "partial_json": '{"query": "x"}'},
            ),
            *block({"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}, index=1),
            *words("Found.", index=2),
        ),
        [
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
            {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []},
            {"type": "text", "text": "Found."},
        ],
        "end_turn",
    ),  # 69
    "citations": (
        block(
            {"type": "text", "text": "", "citations": []},
            {"type": "text_delta", "text": "Cited."},
            {
                "type": "citations_delta",
                "citation": {"type": "web_search_result_location", "url": "https://x.test", "title": "X"},
            },
        ),
        [
            {
                "type": "text",
                "text": "Cited.",
                "citations": [{"type": "web_search_result_location", "url": "https://x.test", "title": "X"}],
            }
        ],
        "end_turn",
    ),  # 70
    "compaction": (
        (
            *block(
                {"type": "compaction", "content": None, "encrypted_content": None},
                {"type": "compaction_delta", "content": "so far", "encrypted_content": "enc"},
            ),
            *words("x", index=1),
        ),
        [{"type": "compaction", "content": "so far", "encrypted_content": "enc"}, {"type": "text", "text": "x"}],
        "compaction",
    ),  # 69
    "container upload": (
        (*words("x"), *block({"type": "container_upload", "file_id": "f1"}, index=1)),
        [{"type": "text", "text": "x"}, {"type": "container_upload", "file_id": "f1"}],
        "end_turn",
    ),
}


@pytest.mark.parametrize(("events", "blocks", "reason"), WHOLE.values(), ids=WHOLE)
def test_a_stream_adds_up_to_the_whole_answer(events: tuple[Json, ...], blocks: list[Json], reason: str) -> None:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 3, "output_tokens": 7, "service_tier": "standard"}
    whole = answered(MODEL, {**ANTHROPIC_REPLY, "content": blocks, "stop_reason": reason, "usage": usage})
    answer = assembled(MODEL, stream(*events, reason=reason))
    wanted, found = (cast("Json", one.model_dump(exclude={"created"})) for one in (whole, answer))
    assert _comparable(found) == _comparable(wanted)


def _comparable(answer: Json) -> Json:
    """An empty text and none at all are the same; a stream begins with an empty one."""
    for choice in cast("list[dict[str, Json]]", answer["choices"]):
        choice["message"]["content"] = choice["message"]["content"] or None
    return answer


def test_arguments_come_as_they_are_written() -> None:
    deltas = [chunk.choices[0].delta for chunk in streamed(MODEL, stream(*use("", '{"a"', ":1}"), reason="tool_use"))]
    calls = [call for delta in deltas for call in delta.tool_calls or ()]
    assert [(call.index, call.id) for call in calls] == [(0, "toolu_0"), (0, None), (0, None)]
    first = calls[0].function
    assert first is not None
    assert (first.name, first.arguments) == ("add", "")
    assert [call.function.arguments for call in calls[1:] if call.function] == ['{"a"', ":1}"]


def test_calls_are_numbered_from_0() -> None:
    chunks = streamed(MODEL, stream(*words("x"), *use("{}", index=1), *use("{}", index=2)))
    indices = [call.index for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert list(dict.fromkeys(indices)) == [0, 1]


def test_input_that_the_limit_cut_off() -> None:  # 29
    answer = assembled(MODEL, stream(*use('{"a": 1, "b": "x'), reason="max_tokens"))
    assert answer.choices[0].finish_reason == "length"
    assert answer.choices[0].message.tool_calls is not None
    assert answer.choices[0].message.tool_calls[0].function.arguments == '{"a": 1, "b": "x'


def test_thinking_is_streamed_and_signed_at_its_end() -> None:
    deltas = [chunk.choices[0].delta for chunk in streamed(MODEL, stream(*thought("1 ", "+ 2"), *words("3", index=1)))]
    assert [delta.reasoning_content for delta in deltas if delta.reasoning_content] == ["1 ", "+ 2"]
    assert [block for delta in deltas for block in delta.thinking_blocks or ()] == [
        ThinkingBlock(type="thinking", thinking="1 + 2", signature="sig")
    ]


def test_citations_are_annotations_at_the_end_of_their_text() -> None:
    citation: Json = {"type": "web_search_result_location", "url": "https://x.test", "title": None}
    cited = block(
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Cited."},
        {"type": "citations_delta", "citation": citation},
        index=1,
    )
    found = [
        one
        for chunk in streamed(MODEL, stream(*words("Ah. "), *cited))
        for one in chunk.choices[0].delta.annotations or ()
    ]
    assert found == [
        Annotation(
            type="url_citation", url_citation=UrlCitation(url="https://x.test", title="", start_index=4, end_index=10)
        )
    ]


USAGE: Final[dict[str, tuple[Json, tuple[int, int, int]]]] = {
    "output only": ({"output_tokens": 7}, (13, 7, 3)),
    "everything again": ({"input_tokens": 10, "cache_read_input_tokens": 3, "output_tokens": 7}, (13, 7, 3)),  # 61
    "corrected": ({"input_tokens": 20, "cache_read_input_tokens": 0, "output_tokens": 7}, (20, 7, 0)),
    "nulls": ({"input_tokens": None, "cache_read_input_tokens": None, "output_tokens": 7}, (13, 7, 3)),
}


@pytest.mark.parametrize(("counted", "seen"), USAGE.values(), ids=USAGE)
def test_the_last_count_replaces_the_first(counted: Json, seen: tuple[int, int, int]) -> None:
    usage = assembled(MODEL, named_sse(START, *words("x"), end("end_turn", **counted), STOP)).usage
    assert usage is not None
    assert usage.prompt_tokens_details is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details.cached_tokens) == seen
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


@pytest.mark.parametrize(
    "body",
    [b"", named_sse(START), named_sse(START, *words("Hello")), named_sse(START, *words("Hello"), end())],
    ids=["empty", "start", "text", "no message_stop"],
)
def test_a_stream_that_breaks_off(body: bytes) -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        streamed(MODEL, body)
    assert (caught.value.provider, caught.value.retryable) == ("anthropic", False)
    assert caught.value.partial is not None


def error(kind: str, message: str) -> Json:
    """An error event."""
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


ERRORS: Final[dict[str, tuple[bytes, type[APIError], str]]] = {
    "overloaded": (named_sse(error("overloaded_error", "busy")), OverloadedError, "busy"),
    "invalid request": (named_sse(error("invalid_request_error", "bad")), BadRequestError, "bad"),
    "unknown kind": (named_sse(error("brand_new_error", "new")), APIError, "new"),
    "not JSON": (sse("oops"), APIResponseValidationError, "oops"),
    "a broken event": (sse({"type": "content_block_delta", "delta": 3}), APIResponseValidationError, "delta"),
}


@pytest.mark.parametrize(("last", "kind", "says"), ERRORS.values(), ids=ERRORS)
def test_an_error_after_some_text(last: bytes, kind: type[APIError], says: str) -> None:
    opened = Wire(named_sse(START, *words("Hello")) + last).open(MODEL)
    with pytest.raises(kind, match=says) as caught:
        list(opened)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hello"


def test_a_json_body_instead_of_a_stream_is_read_as_an_error() -> None:
    with pytest.raises(OverloadedError, match="busy"):
        streamed(MODEL, as_bytes(error("overloaded_error", "busy")))


def test_every_event_and_delta_of_the_description_has_a_case() -> None:
    def kinds(union: object) -> set[str]:
        arms = get_args(get_args(union)[0])
        return {arm.model_fields["type"].default for arm in arms if arm.model_fields}

    tried = b"".join([*SAME.values(), *(stream(*events) for events, _, _ in WHOLE.values()), ERRORS["overloaded"][0]])
    for kind in kinds(r.MessageStreamEvent) | kinds(r.ContentBlockDeltaEventDelta):
        assert f'"{kind}"'.encode() in tried


# What is known of an answer beside the text: for a streamed one there is no `native` to look it up.
CONTAINER: Final[Json] = {"id": "container_1", "expires_at": "2026-01-01T00:00:00Z"}
MANAGED: Final[Json] = {"applied_edits": []}
COUNTED: Final[Json] = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 5,
    "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 0},
    "inference_geo": "eu",
    "speed": "fast",
}
LATER: Final[Json] = {
    "output_tokens": 7,
    "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
    "iterations": [{"type": "message", "input_tokens": 10, "output_tokens": 7}],
    "a_new_count": 3,
}


@pytest.mark.parametrize("streamed", [True, False])
def test_what_is_known_beside_the_answer(streamed: bool) -> None:
    message: Json = {**ANTHROPIC_REPLY, "content": [], "stop_reason": None, "usage": COUNTED}
    begin: Json = {"type": "message_start", "message": message}
    delta: Json = {"stop_reason": "end_turn", "container": CONTAINER}
    last: Json = {"type": "message_delta", "delta": delta, "usage": LATER, "context_management": MANAGED}
    body = named_sse(begin, *words("Hello"), last, STOP)
    whole: Json = {**ANTHROPIC_REPLY, "container": CONTAINER, "context_management": MANAGED, "usage": COUNTED | LATER}
    answer = assembled(MODEL, body) if streamed else answered(MODEL, whole)
    fields = answer.choices[0].provider_specific_fields
    assert fields == {"native_finish_reason": "end_turn", "container": CONTAINER, "context_management": MANAGED}
    assert answer.usage is not None
    found = answer.usage.model_dump(exclude_none=True)
    for name in ("cache_creation", "inference_geo", "speed", "server_tool_use", "a_new_count"):
        assert found[name] == (COUNTED | LATER)[name]
    (iteration,) = found["iterations"]
    assert (iteration["input_tokens"], iteration["output_tokens"]) == (10, 7)
