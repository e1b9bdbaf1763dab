"""ConverseStream's events, as chunks; ends, errors and cuts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx2
import pytest

from polyvox import (
    APIError,
    APIResponseValidationError,
    ChatCompletion,
    ChatCompletionChunk,
    Client,
    StreamInterruptedError,
    errors,
)
from tests.mapping.asking import HELLO, Json
from tests.mapping.bedrock_frames import (
    METADATA,
    MODEL,
    START,
    STOP,
    Event,
    assembled,
    delta,
    event,
    exception,
    frame,
    said,
    sent,
    start,
    stop,
    stream,
    streamed,
    wire,
)

CALL: Final = start(1, {"toolUse": {"toolUseId": "t1", "name": "add"}})


def signed(text: str) -> Json:
    return {"reasoningContent": {"text": text}}


def whole(*events: Event, end: Event = STOP) -> bytes:
    return stream(START, *events, end, METADATA)


def piece(chunk: ChatCompletionChunk) -> Json:
    return chunk.choices[0].delta.model_dump(exclude_unset=True, exclude_none=True, exclude_defaults=True)


TEXT: Final = whole(delta(0, {"text": "Hel"}), delta(0, {"text": "lo"}), stop(0))


def test_text_comes_without_an_announcement() -> None:  # 89
    chunks = streamed(TEXT)
    assert [piece(chunk) for chunk in chunks] == [
        {"role": "assistant", "content": ""},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]


def test_padding_is_no_part_of_the_answer() -> None:  # 90
    told = (START, delta(0, {"text": "Hel"}), delta(0, {"text": "lo"}), stop(0), STOP, METADATA)
    padded = stream(*((name, {**payload, "p": "abcdefgh"}) for name, payload in told))
    assert plain(streamed(padded)) == plain(streamed(TEXT))
    assert "abcdefgh" not in assembled(padded).model_dump_json()


def test_one_id_and_usage_on_the_last_chunk() -> None:
    chunks = streamed(TEXT)
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {
        (chunks[0].id, chunks[0].created, MODEL.removeprefix("bedrock:"))
    }
    assert [chunk.usage is None for chunk in chunks] == [True, True, True, False]
    last = chunks[-1]
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (1, 2, 3)
    assert last.choices[0].finish_reason == "stop"
    assert last.choices[0].provider_specific_fields == {"native_finish_reason": "end_turn", "metrics": {"latencyMs": 5}}


def test_the_role_comes_first_whatever_comes_first() -> None:
    chunks = streamed(stream(delta(0, {"text": "a"}), START, STOP, METADATA))
    assert [chunk.choices[0].delta.role for chunk in chunks] == ["assistant", None]


def test_a_call_in_pieces() -> None:
    pieces = (delta(1, {"toolUse": {"input": text}}) for text in ("", '{"a"', ": 1}"))
    chunks = streamed(whole(delta(0, {"text": "a"}), stop(0), CALL, *pieces, stop(1)))
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert [(call.index, call.id, call.type) for call in calls] == [
        (0, "t1", "function"),
        (0, None, None),
        (0, None, None),
    ]
    assert [call.function and call.function.arguments for call in calls] == ["", '{"a"', ": 1}"]


@pytest.mark.parametrize("pieces", [(), (delta(1, {"toolUse": {"input": ""}}),)], ids=["none", "empty"])
def test_calls_without_input_have_empty_objects(pieces: tuple[Event, ...]) -> None:  # 92
    (call,) = assembled(whole(CALL, *pieces, stop(1))).choices[0].message.tool_calls or []
    assert (call.function.name, call.function.arguments) == ("add", "{}")


def test_thoughts() -> None:  # 91
    answer = assembled(
        whole(
            delta(0, signed("h")),
            delta(0, signed("m")),
            delta(0, {"reasoningContent": {"signature": "s"}}),
            stop(0),
            delta(1, {"reasoningContent": {"redactedContent": "ZA=="}}),
            stop(1),
            delta(2, {"text": "a"}),
            stop(2),
        )
    )
    message = answer.choices[0].message
    assert (message.reasoning_content, message.content) == ("hm", "a")
    assert [block.model_dump(exclude_none=True) for block in message.thinking_blocks or ()] == [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "ZA=="},
    ]


WEB: Final[Json] = {"title": "T", "location": {"web": {"url": "https://x.org"}}}
NATIVE: Final[dict[str, tuple[tuple[Event, ...], list[Json]]]] = {
    "citations": (
        (delta(0, {"text": "20"}), delta(0, {"citation": WEB}), delta(0, {"text": " days"}), stop(0)),
        [{"citationsContent": {"content": [{"text": "20 days"}], "citations": [WEB]}}],
    ),
    "server tool": (
        (
            start(0, {"toolUse": {"toolUseId": "s1", "name": "code", "type": "server_tool_use"}}),
            delta(0, {"toolUse": {"input": '{"x": 1}'}}),
            stop(0),
            start(1, {"toolResult": {"toolUseId": "s1", "status": "success", "type": "code_result"}}),
            delta(1, {"toolResult": [{"json": {"out": 1}}]}),
            delta(1, {"toolResult": [{"text": "done"}]}),
            stop(1),
            delta(2, {"text": "a"}),
            stop(2),
        ),
        [
            {"toolUse": {"toolUseId": "s1", "name": "code", "input": {"x": 1}, "type": "server_tool_use"}},
            {
                "toolResult": {
                    "toolUseId": "s1",
                    "content": [{"json": {"out": 1}}, {"text": "done"}],
                    "status": "success",
                    "type": "code_result",
                }
            },
            {"text": "a"},
        ],
    ),
    "image": (
        (start(0, {"image": {"format": "png"}}), delta(0, {"image": {"source": {"bytes": "AAAA"}}}), stop(0)),
        [{"image": {"format": "png", "source": {"bytes": "AAAA"}}}],
    ),
}


@pytest.mark.parametrize(("events", "content"), NATIVE.values(), ids=NATIVE)
def test_a_stream_adds_up_to_what_a_whole_reply_says(events: tuple[Event, ...], content: list[Json]) -> None:
    answer = assembled(whole(*events))
    message, at_once = answer.choices[0].message, said(*content).choices[0].message
    kept = message.provider_specific_fields, at_once.provider_specific_fields
    assert kept[0] == kept[1]
    assert (message.content or "", message.annotations) == (at_once.content or "", at_once.annotations)
    assert sent([*HELLO, message])["messages"][1]["content"] == content  # type: ignore[index]  # a list


def test_blocks_whose_end_is_not_told_are_whole_at_the_end() -> None:
    message = assembled(whole(delta(0, signed("hm")), delta(1, {"text": "a"}), CALL)).choices[0].message
    assert [block.thinking for block in message.thinking_blocks or ()] == ["hm"]
    assert [call.function.arguments for call in message.tool_calls or ()] == ["{}"]


def test_what_guardrails_say_is_kept() -> None:  # 95
    trace: Json = {"guardrail": {"modelOutput": ["x"]}}
    last = ("metadata", {**METADATA[1], "trace": trace})
    answer = assembled(stream(START, ("messageStop", {"stopReason": "guardrail_intervened"}), last))
    assert answer.choices[0].finish_reason == "content_filter"
    assert answer.choices[0].provider_specific_fields == {
        "native_finish_reason": "guardrail_intervened",
        "trace": trace,
        "metrics": {"latencyMs": 5},
    }


def test_what_is_not_known_yet_is_passed_over() -> None:
    answer = assembled(
        stream(
            START,
            ("hologramStart", {"x": 1}),
            delta(0, {"text": "a"}),
            delta(0, {"hologram": 1}),
            delta(0, {"reasoningContent": {"hologram": 1}}),
            STOP,
            METADATA,
        )
    )
    assert answer.choices[0].message.content == "a"


# --- ends -------------------------------------------------------------------------------------------------------------


def partial(error: APIError) -> str | None:
    assert isinstance(error.partial, ChatCompletion)
    return error.partial.choices[0].message.content


def test_a_stream_without_end_is_an_error() -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        streamed(stream(START, delta(0, {"text": "Hel"})))
    assert partial(caught.value) == "Hel"


def test_the_counts_may_be_missing_at_the_end() -> None:
    chunks = streamed(stream(START, delta(0, {"text": "a"}), stop(0), STOP))
    assert (chunks[-1].choices[0].finish_reason, chunks[-1].usage) == ("stop", None)


def in_pieces(*pieces: bytes) -> list[ChatCompletionChunk]:
    def body() -> Iterator[bytes]:
        yield from pieces

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=body())

    client = Client(transport=httpx2.MockTransport(answer), num_retries=0)
    return list(client.completion(MODEL, HELLO, stream=True, aws_region_name="us-east-1", api_key="k"))


def plain(chunks: list[ChatCompletionChunk]) -> list[Json]:
    return [chunk.model_dump(exclude={"id", "created"}) for chunk in chunks]


def test_a_cut_at_any_byte_changes_nothing() -> None:
    body = whole(delta(0, {"text": "grün"}), stop(0), CALL, delta(1, {"toolUse": {"input": '{"a": 1}'}}), stop(1))
    wanted = plain(streamed(body))
    for cut in range(len(body)):
        assert plain(in_pieces(body[:cut], body[cut:])) == wanted


# --- errors -----------------------------------------------------------------------------------------------------------

EXCEPTIONS: Final[dict[str, tuple[type[APIError], bool]]] = {
    "internalServerException": (errors.InternalServerError, True),
    "modelStreamErrorException": (errors.InternalServerError, True),
    "validationException": (errors.BadRequestError, False),
    "throttlingException": (errors.RateLimitError, True),
    "serviceUnavailableException": (errors.ServiceUnavailableError, True),
    "modelTimeoutException": (errors.GatewayTimeoutError, True),
    "ofNextYearException": (errors.APIError, False),
}


@pytest.mark.parametrize(("name", "wanted"), EXCEPTIONS.items(), ids=EXCEPTIONS)
def test_an_exception_inside_a_stream_has_its_class(  # 94
    name: str, wanted: tuple[type[APIError], bool]
) -> None:
    body = stream(START, delta(0, {"text": "Hel"})) + exception(name, {"message": "No."})
    with pytest.raises(APIError) as caught:
        streamed(body)
    error = caught.value
    assert (type(error), error.retryable) == wanted
    assert (error.message, error.code, error.provider, partial(error)) == ("No.", name, "bedrock", "Hel")


def test_an_error_that_is_no_exception() -> None:
    told = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "Gone."}
    with pytest.raises(APIError, match=r"Gone\.") as caught:
        streamed(frame(told, b""))
    assert caught.value.code == "InternalFailure"


def test_a_broken_frame_is_told_after_what_came_before() -> None:
    body = stream(START, delta(0, {"text": "Hel"})) + event(*STOP)[:-1] + b"\x00"
    with pytest.raises(APIResponseValidationError, match="checksum of an event frame's message is wrong") as caught:
        streamed(body)
    assert (caught.value.provider, partial(caught.value)) == ("bedrock", "Hel")


@pytest.mark.parametrize(
    "events",
    [(start(0, {"toolUse": {"toolUseId": "", "name": "add"}}),), (delta(0, {"toolUse": {"input": "{}"}}),)],
    ids=["no id", "never begun"],
)
def test_a_call_that_cannot_be_answered(events: tuple[Event, ...]) -> None:
    with pytest.raises(APIResponseValidationError, match="tool call 0 of the reply has no id"):
        streamed(whole(*events))


def test_an_event_that_is_not_json() -> None:
    with pytest.raises(APIResponseValidationError, match="cannot be read"):
        streamed(frame({":message-type": "event", ":event-type": "messageStop"}, b"<html>"))


def test_frames_are_asked_for() -> None:
    asked = wire(TEXT)
    asked.ask_streamed(MODEL, HELLO, aws_region_name="us-east-1", api_key="k")
    assert asked.requests[-1].headers["accept"] == "application/vnd.amazon.eventstream"
    assert asked.requests[-1].url.path.endswith("/converse-stream")
