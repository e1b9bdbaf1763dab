"""Cohere: what each part of a reply becomes."""

from __future__ import annotations

from typing import Final, cast, get_args

import pytest

from polyvox import APIResponseValidationError, BadRequestError, ContextWindowExceededError, RateLimitError
from polyvox.errors import APIError
from polyvox.results import Annotation, ChatCompletionMessage, UrlCitation, extras
from polyvox_wire.cohere import responses as r
from polyvox_wire.cohere.stubs import StopReasons
from tests.mapping.asking import HELLO, Json, Wire, as_bytes
from tests.mapping.test_cohere_parameters import COHERE


def _text(text: str) -> Json:
    return {"type": "text", "text": text}


THINKING: Final[Json] = {"type": "thinking", "thinking": "1 + 2"}
CALL: Final[Json] = {"id": "add_1", "type": "function", "function": {"name": "add", "arguments": '{"a":1}'}}


def _message(**fields: object) -> ChatCompletionMessage:
    return COHERE.answered(message={"role": "assistant", **fields}).choices[0].message


def test_a_plain_reply() -> None:
    answer = COHERE.answered()
    assert (answer.id, answer.model, answer.provider) == ("1", "command-a-03-2025", "cohere")
    assert answer.created > 1_700_000_000
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.role, choice.message.content) == ("stop", "assistant", "Hello")
    assert choice.message.provider_specific_fields == {}
    assert isinstance(answer.native, r.ChatResponseV2)


def test_a_missing_id_is_filled_in() -> None:
    assert COHERE.answered(id=None).id.startswith("chatcmpl-")


REASONS: Final = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "other",
    "TIMEOUT": "other",
}


@pytest.mark.parametrize(("said", "reason"), [*REASONS.items(), ("BRAND_NEW", "other")])
def test_finish_reason(said: str, reason: str) -> None:
    choice = COHERE.answered(finish_reason=said).choices[0]
    assert choice.finish_reason == reason
    assert choice.provider_specific_fields["native_finish_reason"] == said


def test_every_reason_of_the_description_is_in_the_table() -> None:
    assert set(REASONS) == StopReasons.__required_keys__


# message -> text, reasoning, number of calls; and whether the unified fields say everything.
MESSAGES: Final[dict[str, tuple[Json, tuple[str | None, str | None, int], bool]]] = {
    "text": ({"content": [_text("3")]}, ("3", None, 0), True),
    "no content": ({"content": []}, ("", None, 0), True),
    "null content": ({"content": None}, ("", None, 0), True),
    "thinking": ({"content": [THINKING, _text("3")]}, ("3", "1 + 2", 0), True),
    "thinking alone": ({"content": [THINKING]}, ("", "1 + 2", 0), True),
    "calls": ({"tool_calls": [CALL]}, (None, None, 1), True),
    "plan": ({"tool_calls": [CALL], "tool_plan": "I will add."}, (None, "I will add.", 1), True),  # 97
    "plan and text": (
        {"tool_calls": [CALL], "tool_plan": "I will.", "content": [_text("Adding.")]},
        ("Adding.", "I will.", 1),
        True,
    ),
    "plan without calls": ({"tool_plan": "I will.", "content": [_text("3")]}, ("3", "I will.", 0), False),
    "thinking before calls": ({"content": [THINKING], "tool_calls": [CALL]}, (None, "1 + 2", 1), False),
    "two texts": ({"content": [_text("a"), _text("b")]}, ("ab", None, 0), False),
    "thinking after text": ({"content": [_text("a"), THINKING]}, ("a", "1 + 2", 0), False),
    "citations": ({"content": [_text("3")], "citations": [{"start": 0, "end": 1, "text": "3"}]}, ("3", None, 0), False),
    "new block": ({"content": [{"type": "image", "data": "x"}, _text("3")]}, ("3", None, 0), False),
    "new field": ({"content": [_text("3")], "mood": "good"}, ("3", None, 0), False),
}


@pytest.mark.parametrize(("fields", "says", "plain"), MESSAGES.values(), ids=MESSAGES)
def test_message(fields: Json, says: tuple[str | None, str | None, int], plain: bool) -> None:
    message = _message(**fields)
    assert (message.content, message.reasoning_content, len(message.tool_calls or ())) == says
    assert ("cohere" not in message.provider_specific_fields) is plain


@pytest.mark.parametrize("fields", [fields for fields, _, _ in MESSAGES.values()], ids=list(MESSAGES))
def test_what_came_goes_back(fields: Json) -> None:
    wire = COHERE.wire()
    wire.ask(COHERE.model, [*HELLO, _message(**fields), *HELLO])
    back = cast("list[Json]", wire.body["messages"])[1]
    if isinstance(back.get("content"), str):
        back["content"] = [_text(str(back["content"]))] if back["content"] else []
    assert {key: value for key, value in back.items() if value} == {
        "role": "assistant",
        **{key: value for key, value in fields.items() if value},
    }


def test_every_block_of_the_description_has_a_case() -> None:
    arms = get_args(get_args(r.AssistantMessageResponseContentItem)[0])
    assert {arm.model_fields["type"].default for arm in arms if arm.model_fields} == {"text", "thinking"}


@pytest.mark.parametrize("arguments", [None, ""])
def test_no_arguments_are_an_empty_object(arguments: str | None) -> None:
    made = {**CALL, "function": {"name": "add", "arguments": arguments}}
    calls = _message(tool_calls=[made]).tool_calls
    assert calls is not None
    assert (calls[0].id, calls[0].function.name, calls[0].function.arguments) == ("add_1", "add", "{}")


@pytest.mark.parametrize("made", [{**CALL, "id": ""}, {**CALL, "function": None}])
def test_a_call_without_name_or_id_is_the_vendors_error(made: Json) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no"):
        _message(tool_calls=[made])


def _source(kind: str, **held: object) -> Json:
    return {"type": kind, "id": "s1", ("document" if kind == "document" else "tool_output"): held}


def test_citations_of_pages_are_annotations() -> None:
    page = _source("document", url="https://x.test/a", title="A")
    found = _source("tool", url="https://x.test/b")
    others = [_source("document", text="no address"), {"type": "brand_new", "url": "https://x.test/c"}]
    message = _message(
        content=[THINKING, _text("First. "), _text("Second.")],
        citations=[
            {"start": 0, "end": 6, "content_index": 2, "type": "TEXT_CONTENT", "sources": [page, found, *others]},
            {"start": 0, "end": 1, "content_index": 0, "type": "THINKING_CONTENT", "sources": [page]},
        ],
    )
    assert message.annotations == [
        Annotation(
            type="url_citation",
            url_citation=UrlCitation(url=f"https://x.test/{name}", title=title, start_index=7, end_index=13),
        )
        for name, title in (("a", "A"), ("b", ""))
    ]


USAGE: Final[dict[str, tuple[Json | None, tuple[object, ...] | None]]] = {
    "tokens, not what is billed": (
        {"billed_units": {"input_tokens": 1, "output_tokens": 2}, "tokens": {"input_tokens": 10, "output_tokens": 20}},
        (10, 20, 30, 0, None, None),
    ),
    "cached": (
        {"tokens": {"input_tokens": 10, "output_tokens": 2}, "cached_tokens": 8},
        (10, 2, 12, 8, None, None),
    ),
    "fractions": (
        {"tokens": {"input_tokens": 10.0, "output_tokens": 2.0, "reasoning_tokens": 1.0, "image_tokens": 4.0}},
        (10, 2, 12, 0, 1, 4),
    ),
    "only billed": ({"billed_units": {"input_tokens": 1, "output_tokens": 2}}, (1, 2, 3, 0, None, None)),
    "nothing": ({}, None),
    "null": (None, None),
}


@pytest.mark.parametrize(("counted", "seen"), USAGE.values(), ids=USAGE)
def test_usage(counted: Json | None, seen: tuple[object, ...] | None) -> None:
    usage = COHERE.answered(usage=counted).usage
    if usage is None:
        assert seen is None
        return
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    assert prompt is not None
    assert seen == (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        prompt.cached_tokens,
        completion.reasoning_tokens if completion else None,
        prompt.image_tokens,
    )


def test_what_is_billed_is_kept() -> None:
    units = {"input_tokens": 1, "search_units": 2}
    choice = COHERE.answered(usage={"billed_units": units}).choices[0]
    assert choice.provider_specific_fields["billed_units"] == units


def test_logprobs_of_pieces() -> None:
    one: Json = {"text": "Hel", "token_ids": [7], "logprobs": [-0.5]}
    two: Json = {"text": "lo", "token_ids": [8, 9], "logprobs": [-0.25, -0.5]}
    found = COHERE.answered(logprobs=[one, two]).choices[0].logprobs
    assert found is not None
    assert found.content is not None
    assert [(part.token, part.logprob) for part in found.content] == [("Hel", -0.5), ("lo", -0.75)]
    assert extras(found.content[1]) == {"token_ids": [8, 9], "logprobs": [-0.25, -0.5]}


ERRORS: Final[dict[str, tuple[int, Json, type[APIError]]]] = {
    "bad": (400, {"id": "e1", "message": "no"}, BadRequestError),
    "too long": (400, {"id": "e1", "message": "no", "error_type": "TOO_MANY_TOKENS"}, ContextWindowExceededError),
    "too fast": (429, {"id": "e1", "message": "slow down"}, RateLimitError),
    "inside a reply": (200, {"id": "e1", "message": "no"}, APIError),
}


@pytest.mark.parametrize(("status", "body", "kind"), ERRORS.values(), ids=ERRORS)
def test_error(status: int, body: Json, kind: type[APIError]) -> None:
    with pytest.raises(kind, match=str(body["message"])) as caught:
        Wire(as_bytes(body), status).ask(COHERE.model)
    assert (caught.value.provider, caught.value.request_id) == ("cohere", "e1")


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]", b"{}", b'{"id": "1", "message": {"content": ['])
def test_a_reply_that_is_none(body: bytes) -> None:
    with pytest.raises(APIResponseValidationError):
        Wire(body).ask(COHERE.model)
