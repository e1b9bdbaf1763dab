"""Anthropic: what each block, stop reason and count of a reply becomes (numbers: research/wire-oddities.md)."""

from __future__ import annotations

from typing import Final, get_args

import pytest

from polyvox import APIError, APIResponseValidationError, OverloadedError
from polyvox.results import Annotation, ThinkingBlock, UrlCitation
from polyvox_wire.anthropic import responses as r
from polyvox_wire.anthropic.stubs import StopReasons
from tests.mapping.asking import ANTHROPIC_REPLY, Json, answered

MODEL: Final = "anthropic:claude-sonnet-4-5"


def _reply(*blocks: Json, stop: str | None = "end_turn", **more: object) -> Json:
    return {**ANTHROPIC_REPLY, "content": list(blocks), "stop_reason": stop, **more}


def _text(text: str, **more: object) -> Json:
    return {"type": "text", "text": text, **more}


USE: Final[Json] = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {"a": 1}}
THOUGHT: Final[Json] = {"type": "thinking", "thinking": "1 + 2", "signature": "sig"}
HIDDEN: Final[Json] = {"type": "redacted_thinking", "data": "enc"}


def test_a_plain_reply() -> None:
    answer = answered(MODEL, ANTHROPIC_REPLY)
    assert (answer.id, answer.model, answer.object) == ("msg_1", "claude-sonnet-4-5-20250929", "chat.completion")
    assert answer.created > 1_700_000_000
    choice = answer.choices[0]
    assert (choice.index, choice.finish_reason, choice.message.role, choice.message.content) == (
        0,
        "stop",
        "assistant",
        "Hello",
    )
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (1, 2, 3)


REASONS: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",  # 67
    "pause_turn": "other",  # 68
    "compaction": "other",
}


@pytest.mark.parametrize(("said", "reason"), [*REASONS.items(), ("brand_new", "other"), (None, None)])
def test_stop_reason(said: str | None, reason: str | None) -> None:
    choice = answered(MODEL, _reply(_text("x"), stop=said)).choices[0]
    assert choice.finish_reason == reason
    assert choice.provider_specific_fields["native_finish_reason"] == said


def test_every_stop_reason_of_the_description_is_in_the_table() -> None:
    assert set(REASONS) == StopReasons.__required_keys__


def test_what_ended_the_answer_is_kept() -> None:  # 71
    reply = _reply(
        _text("x"),
        stop="refusal",
        stop_sequence="END",
        stop_details={"type": "refusal", "category": "cyber", "explanation": None},
    )
    assert answered(MODEL, reply).choices[0].provider_specific_fields == {
        "native_finish_reason": "refusal",
        "stop_sequence": "END",
        "stop_details": {"type": "refusal", "category": "cyber"},
    }


def test_texts_are_joined() -> None:
    assert answered(MODEL, _reply(_text("Hello, "), _text("world"))).choices[0].message.content == "Hello, world"


def test_no_blocks_are_no_content() -> None:  # 64
    message = answered(MODEL, _reply()).choices[0].message
    assert (message.content, message.tool_calls, message.reasoning_content) == (None, None, None)


def test_thinking_keeps_order_signatures_and_what_is_hidden() -> None:  # 65, 66
    empty: Json = {"type": "thinking", "thinking": "", "signature": "sig2"}
    message = answered(MODEL, _reply(THOUGHT, HIDDEN, empty, _text("3"))).choices[0].message
    assert message.content == "3"
    assert message.reasoning_content == "1 + 2"
    assert message.thinking_blocks == [
        ThinkingBlock(type="thinking", thinking="1 + 2", signature="sig"),
        ThinkingBlock(type="redacted_thinking", data="enc"),
        ThinkingBlock(type="thinking", thinking="", signature="sig2"),
    ]


USES: Final[dict[str, tuple[Json, str]]] = {
    "input": (USE, '{"a":1}'),
    "no input": ({**USE, "input": {}}, "{}"),
    "caller": ({**USE, "caller": {"type": "direct"}}, '{"a":1}'),  # 71
    "nested input": ({**USE, "input": {"a": [1, {"b": None}], "ü": "☃"}}, '{"a":[1,{"b":null}],"ü":"☃"}'),
}


@pytest.mark.parametrize(("block", "arguments"), USES.values(), ids=USES)
def test_tool_use(block: Json, arguments: str) -> None:
    choice = answered(MODEL, _reply(_text("Adding."), block, stop="tool_use")).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "Adding."
    assert choice.message.tool_calls is not None
    (made,) = choice.message.tool_calls
    assert (made.id, made.type, made.function.name, made.function.arguments) == (
        "toolu_1",
        "function",
        "add",
        arguments,
    )


@pytest.mark.parametrize("block", [{**USE, "name": ""}, {**USE, "id": ""}])
def test_a_call_without_name_or_id_is_the_vendors_error(block: Json) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no"):
        answered(MODEL, _reply(block, stop="tool_use"))


# 69: what happened at the vendor is no part of the unified message, and is kept to be given back.
SERVER_BLOCKS: Final[dict[str, Json]] = {
    "server tool": {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "x"}},
    "unknown server tool": {"type": "server_tool_use", "id": "s1", "name": "brand_new", "input": {}},
    "web search": {
        "type": "web_search_tool_result",
        "tool_use_id": "s1",
        "content": [{"type": "web_search_result", "url": "https://x.test", "title": "X", "encrypted_content": "e"}],
    },
    "web search failed": {
        "type": "web_search_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "web_search_tool_result_error", "error_code": "unavailable"},
    },
    "web fetch": {
        "type": "web_fetch_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "web_fetch_tool_result_error", "error_code": "url_too_long"},
    },
    "code": {
        "type": "code_execution_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "code_execution_result", "stdout": "3", "stderr": "", "return_code": 0, "content": []},
    },
    "bash": {
        "type": "bash_code_execution_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "bash_code_execution_result", "stdout": "", "stderr": "", "return_code": 0, "content": []},
    },
    "text editor": {
        "type": "text_editor_code_execution_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "text_editor_code_execution_create_result", "is_file_update": False},
    },
    "tool search": {
        "type": "tool_search_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "tool_search_tool_search_result", "tool_references": []},
    },
    "advisor": {
        "type": "advisor_tool_result",
        "tool_use_id": "s1",
        "content": {"type": "advisor_result", "text": "x"},
    },
    "MCP use": {"type": "mcp_tool_use", "id": "m1", "name": "x", "server_name": "y", "input": {}},
    "MCP result": {"type": "mcp_tool_result", "tool_use_id": "m1", "is_error": False, "content": [_text("x")]},
    "container upload": {"type": "container_upload", "file_id": "f1"},
    "compaction": {"type": "compaction", "content": "so far"},
    "fallback": {
        "type": "fallback",
        "from": {"model": "a"},
        "to": {"model": "b"},
        "trigger": {"type": "refusal", "category": None},
    },
    "brand new": {"type": "brand_new", "data": [1, 2]},
}


@pytest.mark.parametrize("block", SERVER_BLOCKS.values(), ids=SERVER_BLOCKS)
def test_a_block_beside_the_text(block: Json) -> None:
    message = answered(MODEL, _reply(_text("x"), block)).choices[0].message
    assert message.content == "x"
    assert message.tool_calls is None
    assert message.provider_specific_fields["anthropic"] == {"content": [_text("x"), block], "text": "x"}


def test_every_block_of_the_description_has_a_case() -> None:
    tried = {str(block["type"]) for block in (*SERVER_BLOCKS.values(), USE, THOUGHT, HIDDEN, _text(""))}
    arms = get_args(get_args(r.ContentBlock)[0])
    assert {arm.model_fields["type"].default for arm in arms if arm.model_fields} == tried - {"brand_new"}


def test_citations_of_pages_are_annotations() -> None:
    page: Json = {
        "type": "web_search_result_location",
        "url": "https://x.test",
        "title": "X",
        "encrypted_index": "e",
        "cited_text": "a",
    }
    document: Json = {
        "type": "char_location",
        "cited_text": "a",
        "document_index": 0,
        "document_title": None,
        "start_char_index": 0,
        "end_char_index": 1,
    }
    new: Json = {"type": "brand_new", "cited_text": "a"}
    blocks = (_text("First. "), _text("Second.", citations=[page, document, new]))
    message = answered(MODEL, _reply(*blocks)).choices[0].message
    cited = UrlCitation(url="https://x.test", title="X", start_index=7, end_index=14)
    assert message.annotations == [Annotation(type="url_citation", url_citation=cited)]
    assert message.provider_specific_fields["anthropic"] == {"content": list(blocks), "text": "First. Second."}


USAGE: Final[dict[str, tuple[Json, tuple[object, ...]]]] = {
    "plain": ({"input_tokens": 1, "output_tokens": 2}, (1, 2, 3, 0, 0, None)),
    "cache": (
        {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 100},
        (111, 2, 113, 10, 100, None),
    ),
    "null cache": (
        {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": None, "cache_creation_input_tokens": None},
        (1, 2, 3, 0, 0, None),
    ),
    "thinking": (
        {"input_tokens": 1, "output_tokens": 20, "output_tokens_details": {"thinking_tokens": 15}},
        (1, 20, 21, 0, 0, 15),
    ),
}


@pytest.mark.parametrize(("counted", "seen"), USAGE.values(), ids=USAGE)
def test_usage(counted: Json, seen: tuple[object, ...]) -> None:
    usage = answered(MODEL, _reply(_text("x"), usage=counted)).usage
    assert usage is not None
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    assert prompt is not None
    assert seen == (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        prompt.cached_tokens,
        prompt.cache_write_tokens,
        completion.reasoning_tokens if completion else None,
    )


def test_the_tier_that_served() -> None:
    usage = {"input_tokens": 1, "output_tokens": 1, "service_tier": "priority", "inference_geo": "eu"}
    assert answered(MODEL, _reply(_text("x"), usage=usage)).service_tier == "priority"


@pytest.mark.parametrize("key", ["id", "model"])
@pytest.mark.parametrize("value", ["", None, "absent"])
def test_what_is_missing_is_filled_in(key: str, value: str | None) -> None:
    reply = {**ANTHROPIC_REPLY, key: value}
    if value == "absent":
        del reply[key]
    answer = answered(MODEL, reply)
    assert answer.id.startswith("chatcmpl-") if key == "id" else answer.model == "claude-sonnet-4-5"


def test_an_error_inside_a_200() -> None:
    body: Json = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}, "request_id": "req_1"}
    with pytest.raises(OverloadedError, match="busy") as caught:
        answered(MODEL, body)
    assert caught.value.request_id == "req_1"


UNREADABLE: Final = {
    "empty": b"",
    "html": b"<html></html>",
    "half": b'{"id": "msg_1", "content": [',
    "array": b"[]",
    "a known block that is broken": b'{"type": "message", "content": [{"type": "tool_use"}], "usage": {}}',
    "OpenAI's": b'{"id": "x", "choices": [{"message": {"content": "Hi"}}]}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_reply_that_is_none(body: bytes) -> None:
    with pytest.raises(APIError) as caught:
        answered(MODEL, body)
    assert (caught.value.provider, caught.value.model) == ("anthropic", "claude-sonnet-4-5")
    assert caught.value.body == body.decode()


def test_the_native_reply_is_typed() -> None:
    native = answered(MODEL, _reply(THOUGHT, _text("x"))).native
    assert isinstance(native, r.Message)
    assert isinstance(native.content[0], r.ThinkingBlock)
    assert native.content[0].signature == "sig"
