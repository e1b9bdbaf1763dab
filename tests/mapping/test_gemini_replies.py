"""Gemini: what each part, finish reason and count of a reply becomes (numbers: research/wire-oddities.md)."""

from __future__ import annotations

from typing import Final, get_args

import pytest

from polyvox import APIError, APIResponseValidationError, RateLimitError
from polyvox.results import Annotation, UrlCitation
from polyvox_wire.gemini import responses as r
from polyvox_wire.gemini.stubs import StopReasons
from tests.mapping.asking import GEMINI_REPLY, Json, answered

MODEL: Final = "gemini:gemini-2.5-flash"


def _reply(*parts: Json, finish: object = "STOP", **more: object) -> Json:
    """A reply with one candidate; `more` stands beside its content."""
    candidate: Json = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, **more}
    return {**GEMINI_REPLY, "candidates": [candidate]}


CALL: Final[Json] = {"functionCall": {"name": "add", "args": {"a": 1}}}


def test_a_plain_reply() -> None:
    answer = answered(MODEL, GEMINI_REPLY)
    assert (answer.id, answer.model, answer.object) == ("resp-1", "gemini-2.5-flash", "chat.completion")
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
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",  # 83
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "FINISH_REASON_UNSPECIFIED": "other",
    "LANGUAGE": "other",
    "OTHER": "other",
    "MALFORMED_FUNCTION_CALL": "other",  # 82
    "UNEXPECTED_TOOL_CALL": "other",  # 81
    "TOO_MANY_TOOL_CALLS": "other",
    "MISSING_THOUGHT_SIGNATURE": "other",
    "MALFORMED_RESPONSE": "other",
    "IMAGE_OTHER": "other",
    "NO_IMAGE": "other",
    "ESCALATION": "other",
}
# 84: enums as numbers
NUMBERS: Final = {1: "stop", 2: "length", 3: "content_filter", 4: "content_filter", 5: "other"}


@pytest.mark.parametrize(
    ("said", "reason"), [*REASONS.items(), *NUMBERS.items(), ("BRAND_NEW", "other"), (99, "other"), (None, None)]
)
def test_finish_reason(said: object, reason: str | None) -> None:
    choice = answered(MODEL, _reply({"text": "x"}, finish=said)).choices[0]
    assert choice.finish_reason == reason
    native = choice.provider_specific_fields["native_finish_reason"]
    assert native == (None if said is None else str(said))


def test_every_finish_reason_of_the_description_is_in_the_table() -> None:
    assert set(REASONS) == StopReasons.__required_keys__


def test_texts_are_joined_and_thoughts_kept_apart() -> None:
    parts: list[Json] = [{"text": "1 + 2", "thought": True}, {"text": "It is "}, {"text": "3"}]
    message = answered(MODEL, _reply(*parts)).choices[0].message
    assert (message.content, message.reasoning_content) == ("It is 3", "1 + 2")


CALLS: Final[dict[str, tuple[Json, str]]] = {
    "arguments": (CALL, '{"a":1}'),
    "no arguments": ({"functionCall": {"name": "add"}}, "{}"),  # 76
    "null arguments": ({"functionCall": {"name": "add", "args": None}}, "{}"),
    "signature": ({**CALL, "thoughtSignature": "sig"}, '{"a":1}'),  # 72
}


@pytest.mark.parametrize(("part", "arguments"), CALLS.values(), ids=CALLS)
def test_function_call(part: Json, arguments: str) -> None:  # 74: Gemini says STOP
    choice = answered(MODEL, _reply(part)).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.provider_specific_fields["native_finish_reason"] == "STOP"
    assert choice.message.content is None
    assert choice.message.tool_calls is not None
    (made,) = choice.message.tool_calls
    assert (made.type, made.function.name, made.function.arguments) == ("function", "add", arguments)
    assert made.provider_specific_fields.get("thought_signature") == part.get("thoughtSignature")


def test_ids_of_calls_are_kept_or_made() -> None:  # 75
    own: Json = {"functionCall": {"id": "fc-1", "name": "add"}}
    calls = answered(MODEL, _reply(own, CALL, CALL)).choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].id == "fc-1"
    assert len({call.id for call in calls}) == 3


def test_a_call_without_a_name_is_the_vendors_error() -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no name"):
        answered(MODEL, _reply({"functionCall": {"args": {}}}))


def test_pictures() -> None:
    part: Json = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    message = answered(MODEL, _reply({"text": "Here:"}, part)).choices[0].message
    assert message.content == "Here:"
    assert message.provider_specific_fields["images"] == ["data:image/png;base64,AAAA"]


# 73, 87, 88: what has no place in the unified message is kept to be given back.
OTHER_PARTS: Final[dict[str, Json]] = {
    "file": {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://x"}},
    "code": {"executableCode": {"language": "PYTHON", "code": "1 + 2"}},
    "outcome": {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "3"}},
    "server call": {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t1", "args": {"queries": ["x"]}}},
    "server answer": {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t1", "response": {}}},
    "function answer": {"functionResponse": {"name": "add", "response": {"output": 3}}},
    "signature on nothing": {"text": "", "thoughtSignature": "sig"},
    "brand new": {"brandNew": {"a": 1}, "thoughtSignature": "sig"},
}


@pytest.mark.parametrize("part", OTHER_PARTS.values(), ids=OTHER_PARTS)
def test_a_part_beside_the_text(part: Json) -> None:
    message = answered(MODEL, _reply({"text": "x"}, part)).choices[0].message
    assert message.content == "x"
    assert message.tool_calls is None
    assert message.provider_specific_fields["gemini"] == {"parts": [{"text": "x"}, part], "text": "x"}


def test_every_part_of_the_description_has_a_case() -> None:
    arms = get_args(get_args(r.Part)[0])
    known = {next(iter(arm.model_fields)) for arm in arms if arm.model_fields}
    tried = {"inlineData", *CALL, *(key for part in OTHER_PARTS.values() for key in part)}
    assert known - tried == set()


@pytest.mark.parametrize("candidate", [{"content": {"role": "model"}}, {"content": {}}, {}, {"content": None}])
def test_a_candidate_without_parts(candidate: Json) -> None:  # 78, 79
    reply: Json = {**GEMINI_REPLY, "candidates": [{**candidate, "finishReason": "MAX_TOKENS"}]}
    choice = answered(MODEL, reply).choices[0]
    assert (choice.message.content, choice.finish_reason) == (None, "length")


def test_a_blocked_prompt() -> None:  # 80
    feedback: Json = {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": [{"category": "X", "probability": "HIGH"}]}
    answer = answered(
        MODEL, {"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4}}
    )
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("content_filter", None)
    assert choice.provider_specific_fields == {
        "native_finish_reason": "PROHIBITED_CONTENT",
        "prompt_feedback": feedback,
    }
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 4


def test_what_is_known_of_a_candidate_is_kept() -> None:
    more: Json = {
        "finishMessage": "why",
        "safetyRatings": [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}],
        "citationMetadata": {"citationSources": [{"uri": "https://x.test"}]},
        "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "https://x.test"}]},
        "groundingMetadata": {"webSearchQueries": ["x"]},
    }
    assert answered(MODEL, _reply({"text": "x"}, **more)).choices[0].provider_specific_fields == {
        "native_finish_reason": "STOP",
        "finish_message": "why",
        "safety_ratings": more["safetyRatings"],
        "citation_metadata": more["citationMetadata"],
        "url_context_metadata": more["urlContextMetadata"],
        "grounding_metadata": more["groundingMetadata"],
    }


def test_grounded_answers_have_annotations() -> None:
    grounding: Json = {
        "groundingChunks": [{"web": {"uri": "https://x.test", "title": "X"}}, {"retrievedContext": {"uri": "y"}}],
        "groundingSupports": [
            {"segment": {"endIndex": 3, "text": "It "}, "groundingChunkIndices": [0, 1, 9]},
            {"segment": {"startIndex": 3, "endIndex": 5}, "groundingChunkIndices": [0]},
        ],
    }
    message = answered(MODEL, _reply({"text": "It is."}, groundingMetadata=grounding)).choices[0].message
    cited = [
        UrlCitation(url="https://x.test", title="X", start_index=start, end_index=end)
        for start, end in ((0, 3), (3, 5))
    ]
    assert message.annotations == [Annotation(type="url_citation", url_citation=one) for one in cited]


def test_annotations_count_letters_not_bytes() -> None:
    grounding: Json = {
        "groundingChunks": [{"web": {"uri": "https://x.test", "title": "X"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 6}, "groundingChunkIndices": [0]}],
    }
    message = answered(MODEL, _reply({"text": "é — x"}, groundingMetadata=grounding)).choices[0].message
    assert message.annotations is not None
    cited = message.annotations[0].url_citation
    assert cited is not None
    assert message.content is not None
    assert message.content[cited.start_index : cited.end_index] == "—"


def test_log_probabilities() -> None:
    found = (
        answered(
            MODEL,
            _reply(
                {"text": "Hi"},
                logprobsResult={
                    "chosenCandidates": [{"token": "Hi", "tokenId": 5, "logProbability": -0.5}],
                    "topCandidates": [
                        {"candidates": [{"token": "Hi", "logProbability": -0.5}, {"token": "Yo", "logProbability": -2}]}
                    ],
                },
            ),
        )
        .choices[0]
        .logprobs
    )
    assert found is not None
    assert found.content is not None
    (token,) = found.content
    assert (token.token, token.logprob) == ("Hi", -0.5)
    assert [(top.token, top.logprob) for top in token.top_logprobs] == [("Hi", -0.5), ("Yo", -2)]


USAGE: Final[dict[str, tuple[Json, tuple[object, ...]]]] = {
    "plain": ({"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}, (1, 2, 3, 0, None)),
    "no answer": ({"promptTokenCount": 1, "totalTokenCount": 1}, (1, 0, 1, 0, None)),  # 86
    "thoughts": (
        {"promptTokenCount": 1, "candidatesTokenCount": 2, "thoughtsTokenCount": 10, "totalTokenCount": 13},
        (1, 12, 13, 0, 10),
    ),
    "cache": (
        {"promptTokenCount": 9, "candidatesTokenCount": 2, "cachedContentTokenCount": 8, "totalTokenCount": 11},
        (9, 2, 11, 8, None),
    ),
    "tools": (
        {"promptTokenCount": 9, "toolUsePromptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 16},
        (14, 2, 16, 0, None),
    ),
    "no total": ({"promptTokenCount": 9, "candidatesTokenCount": 2}, (9, 2, 11, 0, None)),
    "nothing": ({}, (0, 0, 0, 0, None)),
}


@pytest.mark.parametrize(("counted", "seen"), USAGE.values(), ids=USAGE)
def test_usage(counted: Json, seen: tuple[object, ...]) -> None:
    usage = answered(MODEL, {**GEMINI_REPLY, "usageMetadata": counted}).usage
    assert usage is not None
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    assert prompt is not None
    assert seen == (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        prompt.cached_tokens,
        completion.reasoning_tokens if completion else None,
    )


def test_what_is_missing_is_filled_in() -> None:
    answer = answered(MODEL, {"candidates": GEMINI_REPLY["candidates"]})
    assert answer.id.startswith("chatcmpl-")
    assert answer.model == "gemini-2.5-flash"
    assert answer.usage is None


def test_several_candidates() -> None:
    candidates: list[Json] = [
        {"content": {"parts": [{"text": text}]}, "finishReason": "STOP", **({"index": number} if number else {})}
        for number, text in enumerate("ab")
    ]
    answer = answered(MODEL, {**GEMINI_REPLY, "candidates": candidates}, n=2)
    assert [(choice.index, choice.message.content) for choice in answer.choices] == [(0, "a"), (1, "b")]


def test_an_error_inside_a_200() -> None:
    body: Json = {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}
    with pytest.raises(RateLimitError, match="slow down"):
        answered(MODEL, body)


UNREADABLE: Final = {
    "empty": b"",
    "html": b"<html></html>",
    "half": b'{"candidates": [',
    "array": b"[]",
    "nothing": b"{}",
    "no candidates": b'{"candidates": []}',
    "OpenAI's": b'{"id": "x", "choices": [{"message": {"content": "Hi"}}]}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_reply_that_is_none(body: bytes) -> None:
    with pytest.raises(APIError) as caught:
        answered(MODEL, body)
    assert (caught.value.provider, caught.value.model) == ("gemini", "gemini-2.5-flash")
    assert caught.value.body == body.decode()


def test_the_native_reply_is_typed() -> None:
    native = answered(MODEL, _reply(CALL)).native
    assert isinstance(native, r.GenerateContentResponse)
    assert native.candidates is not None
    assert native.candidates[0].content is not None
