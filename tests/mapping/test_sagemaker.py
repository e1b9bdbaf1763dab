"""SageMaker: OpenAI's body without a model, to a token's address or to a signed one; streams in AWS's frames."""

from __future__ import annotations

import json
from typing import Final, cast

import httpx2
import pytest

from polyvox import (
    APIError,
    APIResponseValidationError,
    AsyncClient,
    BadRequestError,
    ChatCompletion,
    Client,
    ContextWindowExceededError,
    InternalServerError,
    InvalidRequestError,
    MissingApiKeyError,
    Parameters,
    StreamInterruptedError,
    UnsupportedParamsError,
)
from tests.mapping.asking import HELLO, OPENAI_REPLY, Json, Wire, as_bytes, parsed, sse
from tests.mapping.bedrock_frames import exception, frame

HOST: Final = "https://runtime.sagemaker.us-east-1.amazonaws.com"
SIGNED: Final = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "secret",
    "aws_region_name": "us-east-1",
}
CHUNKS: Final[list[Json]] = [
    {"id": "c1", "model": "qwen", "created": 7, "choices": [{"index": 0, "delta": {"role": "assistant"}}]},
    {"id": "c1", "model": "qwen", "created": 7, "choices": [{"index": 0, "delta": {"content": "Hé"}}]},
    {
        "id": "c1",
        "model": "qwen",
        "created": 7,
        "choices": [{"index": 0, "delta": {"content": "llo"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    },
]


class SageMaker:
    """An endpoint that keeps what it is asked, and answers so."""

    def __init__(self, body: bytes | None = None, status: int = 200) -> None:
        self.body, self.status = body, status
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(self.status, content=as_bytes(OPENAI_REPLY) if self.body is None else self.body)

    def ask(self, model: str = "sagemaker:my-endpoint", /, **settings: object) -> ChatCompletion:
        """The whole answer, streamed or not."""
        client = Client(transport=httpx2.MockTransport(self), num_retries=0)
        if settings.pop("stream", False):
            return client.completion(model, HELLO, stream=True, **cast("Parameters", settings)).completion()
        return client.completion(model, HELLO, **cast("Parameters", settings))

    @property
    def request(self) -> httpx2.Request:
        """The last one."""
        return self.requests[-1]


def payload(data: bytes) -> bytes:
    """One frame with a piece of what the container writes."""
    headers = {":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}
    return frame(headers, data)


def framed(data: bytes, size: int) -> bytes:
    """A container's stream, in frames of so many bytes."""
    return b"".join(payload(data[start : start + size]) for start in range(0, len(data), size))


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["sagemaker", "sagemaker_chat", "sagemaker_nova"])
def test_a_token_goes_to_the_address_that_speaks_openais_dialect(provider: str) -> None:
    vendor = SageMaker()
    answer = vendor.ask(f"{provider}:my-endpoint", api_key="t1", aws_region_name="eu-west-1", temperature=0.5)
    assert answer.choices[0].message.content == "Hello"
    assert str(vendor.request.url) == (
        "https://runtime.sagemaker.eu-west-1.amazonaws.com/endpoints/my-endpoint/openai/v1/chat/completions"
    )
    assert vendor.request.headers["authorization"] == "Bearer t1"
    assert parsed(vendor.request.content) == {"messages": HELLO, "temperature": 0.5}


@pytest.mark.parametrize(("stream", "verb"), [(False, "invocations"), (True, "invocations-response-stream")])
def test_aws_keys_sign_an_invocation(stream: bool, verb: str) -> None:
    vendor = SageMaker(framed(sse(*CHUNKS, "[DONE]"), 40) if stream else None)
    vendor.ask(stream=stream, extra_headers={"X-Amzn-SageMaker-Inference-Component": "c1"}, **SIGNED)
    assert str(vendor.request.url) == f"{HOST}/endpoints/my-endpoint/{verb}"
    assert parsed(vendor.request.content) == {"messages": HELLO, **({"stream": True} if stream else {})}
    signed = vendor.request.headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/us-east-1/sagemaker/aws4_request" in signed
    assert "x-amzn-sagemaker-inference-component" in signed


@pytest.mark.parametrize("host", ["runtime.sagemaker.eu-west-3.amazonaws.com", "runtime-fips.sagemaker.us-west-2.aws"])
def test_the_region_of_a_signature_is_that_of_the_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    vendor = SageMaker()
    vendor.ask(api_base=f"https://{host}")
    assert f"/{host.split('.')[2]}/sagemaker/" in vendor.request.headers["authorization"]


@pytest.mark.anyio
async def test_async_calls_are_the_same() -> None:
    vendor = SageMaker(framed(sse(*CHUNKS, "[DONE]"), 7))

    async def answer(request: httpx2.Request) -> httpx2.Response:
        return vendor(request)

    async with AsyncClient(transport=httpx2.MockTransport(answer)) as client:
        stream = await client.completion("sagemaker:e", HELLO, stream=True, **cast("Parameters", SIGNED))
        assert (await stream.completion()).choices[0].message.content == "Héllo"


def test_an_endpoint_cannot_break_out_of_its_address() -> None:
    vendor = SageMaker()
    with pytest.raises(InvalidRequestError):
        vendor.ask("sagemaker:..", api_key="t", aws_region_name="us-east-1")
    vendor.ask("sagemaker:a?b", api_key="t", aws_region_name="us-east-1")
    assert vendor.request.url.raw_path == b"/endpoints/a%3Fb/openai/v1/chat/completions"


def test_without_any_credentials_both_ways_are_named() -> None:
    vendor = SageMaker()
    with pytest.raises(
        MissingApiKeyError, match=r"bearer token of SageMaker's as api_key.*AWS_ACCESS_KEY_ID"
    ) as caught:
        vendor.ask(aws_region_name="us-east-1")
    assert (caught.value.provider, vendor.requests) == ("sagemaker", [])


# --- streams ----------------------------------------------------------------------------------------------------------

EVENTS: Final = sse(*CHUNKS, "[DONE]")
LINES: Final = b"".join(b"%s\n" % as_bytes(chunk) for chunk in CHUNKS)


@pytest.mark.parametrize("size", [1, 3, 17, 1000])
@pytest.mark.parametrize(
    "written",
    [EVENTS, LINES],
    ids=["events", "JSON lines"],
)
def test_a_stream_in_frames(written: bytes, size: int) -> None:
    answer = SageMaker(framed(written, size)).ask(stream=True, **SIGNED)
    assert (answer.id, answer.model) == ("c1", "qwen")
    assert answer.choices[0].message.content == "Héllo"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == 3


def test_a_stream_without_frames_for_a_token() -> None:
    answer = SageMaker(sse(*CHUNKS, "[DONE]")).ask(stream=True, api_key="t", aws_region_name="us-east-1")
    assert answer.choices[0].message.content == "Héllo"


@pytest.mark.parametrize(
    ("name", "told", "kind"),
    [
        (
            "ModelStreamError",
            {"Message": "The model died.", "ErrorCode": "ModelInvocationTimeExceeded"},
            InternalServerError,
        ),
        ("InternalStreamFailure", {"Message": "No more."}, InternalServerError),
    ],
)
def test_an_error_inside_of_a_stream(name: str, told: Json, kind: type[APIError]) -> None:
    body = framed(sse(*CHUNKS[:2]), 50) + exception(name, told)
    with pytest.raises(kind, match=str(told["Message"])) as caught:
        SageMaker(body).ask(stream=True, **SIGNED)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hé"


@pytest.mark.parametrize(
    "written",
    [sse(*CHUNKS[:2]), EVENTS[: len(sse(*CHUNKS[:2])) + 20], LINES[: LINES.index(b"\n", LINES.index(b"\n") + 1) + 20]],
    ids=["behind an event", "in an event", "in a line"],
)
def test_a_stream_that_was_cut_off(written: bytes) -> None:
    with pytest.raises(StreamInterruptedError) as caught:
        SageMaker(framed(written, 50)).ask(stream=True, **SIGNED)
    assert caught.value.partial is not None
    assert caught.value.partial.choices[0].message.content == "Hé"


def test_broken_frames_are_an_error_of_the_vendors() -> None:
    body = bytearray(framed(sse(*CHUNKS), 50))
    body[20] ^= 1
    with pytest.raises(APIResponseValidationError, match="checksum"):
        SageMaker(bytes(body)).ask(stream=True, **SIGNED)


def test_a_containers_error_is_what_the_container_says() -> None:
    said = json.dumps({"error": {"message": "Too long.", "code": "context_length_exceeded"}})
    told = {"Message": "Received client error (400)", "OriginalStatusCode": 400, "OriginalMessage": said}
    with pytest.raises(ContextWindowExceededError, match="Too long") as caught:
        SageMaker(json.dumps(told).encode(), 424).ask(**SIGNED)
    assert (caught.value.status_code, caught.value.body) == (400, json.dumps(told))


def test_sagemakers_own_error() -> None:
    with pytest.raises(BadRequestError, match="No such endpoint"):
        SageMaker(b'{"Message": "No such endpoint"}', 400).ask(**SIGNED)


# --- Nova -------------------------------------------------------------------------------------------------------------


def test_novas_own_fields_are_keywords() -> None:
    wire = Wire()
    wire.ask("sagemaker_nova:e", HELLO, aws_region_name="us-east-1", top_k=5, reasoning_effort="high")
    assert wire.body == {"messages": HELLO, "top_k": 5, "reasoning_effort": "high"}


def test_nova_takes_no_format() -> None:
    wire = Wire()
    asked: Json = {"aws_region_name": "us-east-1", "response_format": {"type": "json_object"}}
    with pytest.raises(UnsupportedParamsError, match="response_format"):
        wire.ask("sagemaker_nova:e", HELLO, **asked)
    answer = wire.ask("sagemaker_nova:e", HELLO, drop_params=True, **asked)
    assert (wire.body, answer.dropped_params) == ({"messages": HELLO}, ("response_format",))
