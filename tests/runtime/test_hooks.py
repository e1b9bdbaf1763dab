"""`on_success` and `on_failure`, and the `polyvox` logger: what they are told, and what they are never told."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import httpx2
import pytest

from polyvox import (
    APIConnectionError,
    AsyncClient,
    AuthenticationError,
    ChatCompletion,
    Client,
    FailureEvent,
    FallbacksExhaustedError,
    InternalServerError,
    InvalidRequestError,
    MissingApiKeyError,
    OpenAI,
    StreamInterruptedError,
    SuccessEvent,
    completion,
    configure,
)
from tests.mapping.asking import HELLO, KEY, Json, sse, usual_reply

if TYPE_CHECKING:
    from polyvox import Parameters

MODEL: Final = "openai:gpt-5"
EVENTS: Final = (
    {"id": "c", "choices": [{"index": 0, "delta": {"content": "Hel"}}]},
    {"id": "c", "choices": [{"index": 0, "delta": {"content": "lo"}}]},
    {"id": "c", "choices": [{"index": 0, "delta": {"content": None}, "finish_reason": "stop"}]},
    "[DONE]",
)


@dataclass
class Vendor:
    """Answers with these statuses (0: a connection that fails), then with 200; and who was told what."""

    statuses: list[int] = field(default_factory=list[int])
    stream: bytes = sse(*EVENTS)
    good: list[SuccessEvent] = field(default_factory=list[SuccessEvent])
    bad: list[FailureEvent] = field(default_factory=list[FailureEvent])

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 0:
            raise httpx2.ConnectError("refused")
        headers = {"retry-after": "0", "x-request-id": f"req-{status}"}
        if status != 200:
            return httpx2.Response(status, headers=headers, json={"error": {"message": f"no, {KEY}", "code": "odd"}})
        streamed = b'"stream":true' in request.content
        content = self.stream if streamed else usual_reply(request.url.path)
        return httpx2.Response(200, headers=headers, content=content)

    def client(self) -> Client:
        return Client(
            transport=httpx2.MockTransport(self.answer),
            api_key=KEY,
            api_base="https://h.test",
            on_success=self.good.append,
            on_failure=self.bad.append,
        )

    def async_client(self) -> AsyncClient:
        return AsyncClient(
            transport=httpx2.MockTransport(self.answer),
            api_key=KEY,
            api_base="https://h.test",
            on_success=self.good.append,
            on_failure=self.bad.append,
        )


def _requests(event: SuccessEvent | FailureEvent) -> list[tuple[str, str, int | None, str | None, str | None]]:
    return [
        (one.provider, one.model, one.status, one.request_id, type(one.error).__name__ if one.error else None)
        for one in event.requests
    ]


def test_a_success() -> None:
    vendor = Vendor()
    answer = vendor.client().completion(
        MODEL, HELLO, user="u1", metadata={"tag": "demo"}, session_label="s1", temperature=0.2
    )
    (event,) = vendor.good
    assert event.completion is answer
    assert (event.model, event.stream, event.complete) == (MODEL, False, True)
    assert (event.user, event.metadata, event.session_label) == ("u1", {"tag": "demo"}, "s1")
    assert list(event.messages) == HELLO
    assert event.duration >= event.requests[0].duration >= 0
    assert _requests(event) == [("openai", "gpt-5", 200, "req-200", None)]
    assert vendor.bad == []


def test_retries_and_fallbacks_are_requests_of_one_call() -> None:
    vendor = Vendor([500, 0])
    vendor.client().completion(MODEL, HELLO, fallbacks=["gpt-4.1"], num_retries=1)
    (event,) = vendor.good
    assert _requests(event) == [
        ("openai", "gpt-5", 500, "req-500", "InternalServerError"),
        ("openai", "gpt-5", None, None, "APIConnectionError"),
        ("openai", "gpt-4.1", 200, "req-200", None),
    ]
    assert vendor.bad == []


def test_a_failure_is_told_once_after_everything_was_tried() -> None:
    vendor = Vendor([500, 500, 401])
    with pytest.raises(FallbacksExhaustedError) as caught:
        vendor.client().completion(MODEL, HELLO, fallbacks=["gpt-4.1"], num_retries=1)
    (event,) = vendor.bad
    assert event.error is caught.value
    assert [type(one.error) for one in event.requests] == [
        InternalServerError,
        InternalServerError,
        AuthenticationError,
    ]
    assert vendor.good == []


def _ask(client: Client, given: Json) -> None:
    model, messages = cast("str", given.pop("model")), cast("list[Json]", given.pop("messages"))
    client.completion(model, messages, **cast("Parameters", given))


WRONG: Final[dict[str, tuple[Json, type[Exception]]]] = {
    "parameter": ({"model": "anthropic:m", "seed": 1}, InvalidRequestError),
    "provider": ({"model": "openapi:m"}, InvalidRequestError),
    "messages": ({"messages": [3]}, InvalidRequestError),
    "retries": ({"num_retries": -1}, InvalidRequestError),
    "mock": ({"mock_response": KeyError("x")}, KeyError),
}


@pytest.mark.parametrize(("wrong", "kind"), WRONG.values(), ids=WRONG)
def test_a_call_that_is_wrong_is_a_failure_without_a_request(wrong: Json, kind: type[Exception]) -> None:
    vendor = Vendor()
    with pytest.raises(kind) as caught:
        _ask(vendor.client(), {"model": MODEL, "messages": HELLO, **wrong})
    assert vendor.bad[0].error is caught.value
    assert vendor.bad[0].requests == ()


def test_a_missing_key_is_a_failure() -> None:
    told: list[FailureEvent] = []
    with pytest.raises(MissingApiKeyError), Client(on_failure=told.append) as client:
        client.completion("groq:m", HELLO)
    assert isinstance(told[0].error, MissingApiKeyError)


def test_a_streams_success_is_told_at_its_end() -> None:
    vendor = Vendor()
    stream = vendor.client().completion(MODEL, HELLO, stream=True)
    next(stream)
    assert vendor.good == []
    list(stream)
    (event,) = vendor.good
    assert event.completion.choices[0].message.content == "Hello"
    assert (event.stream, event.complete, len(event.requests)) == (True, True, 1)
    stream.close()
    assert len(vendor.good) == 1


def test_a_stream_that_is_left_early_has_what_had_come() -> None:
    vendor = Vendor(stream=sse(*EVENTS[:1]))
    with vendor.client().completion(MODEL, HELLO, stream=True) as stream:
        next(stream)
    (event,) = vendor.good
    assert event.complete is False
    assert event.completion.choices[0].message.content == "Hel"


def test_a_stream_that_nobody_reads() -> None:
    vendor = Vendor()
    vendor.client().completion(MODEL, HELLO, stream=True).close()
    assert [event.complete for event in vendor.good] == [False]


def test_a_stream_that_breaks_off_is_a_failure() -> None:
    vendor = Vendor(stream=sse(*EVENTS[:1]))
    with pytest.raises(StreamInterruptedError):
        list(vendor.client().completion(MODEL, HELLO, stream=True))
    assert [type(event.error) for event in vendor.bad] == [StreamInterruptedError]
    assert vendor.good == []


@pytest.mark.anyio
async def test_an_asynchronous_client() -> None:
    vendor = Vendor([401])
    async with vendor.async_client() as client:
        with pytest.raises(AuthenticationError):
            await client.completion(MODEL, HELLO)
        await client.completion(MODEL, HELLO)
        async for _ in await client.completion(MODEL, HELLO, stream=True):
            pass
        async with await client.completion(MODEL, HELLO, stream=True) as stream:
            await anext(stream)
    assert [event.complete for event in vendor.good] == [True, True, False]
    assert len(vendor.bad) == 1


@pytest.mark.anyio
async def test_a_cancelled_task_is_a_failure() -> None:
    asked, told = asyncio.Event(), list[FailureEvent]()

    async def never(_: httpx2.Request) -> httpx2.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with AsyncClient(
        transport=httpx2.MockTransport(never), api_key="k", api_base="https://h.test", on_failure=told.append
    ) as client:
        call = asyncio.create_task(client.completion(MODEL, HELLO))
        await asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    assert [type(event.error) for event in told] == [asyncio.CancelledError]


@pytest.mark.anyio
async def test_a_stream_whose_readers_task_is_cancelled_has_what_had_come() -> None:
    silent = asyncio.Event()

    async def then_nothing() -> AsyncIterator[bytes]:
        yield sse(*EVENTS[:1])
        silent.set()
        await asyncio.Event().wait()

    vendor = Vendor()
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, content=then_nothing()))
    told, failed = vendor.good.append, vendor.bad.append
    client = AsyncClient(transport=transport, provider="openai", api_key=KEY, on_success=told, on_failure=failed)
    async with client, await client.completion(MODEL, HELLO, stream=True) as stream:
        reading = asyncio.create_task(stream.completion())
        await silent.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    (event,) = vendor.good
    assert event.complete is False
    assert event.completion.choices[0].message.content == "Hel"
    assert vendor.bad == [], "a browser that has gone is no failure"


def test_a_race_is_one_call() -> None:
    vendor = Vendor()
    vendor.client().completion("gpt-4", HELLO, model_list=["gpt-4", "gpt-4.1"])
    assert len(vendor.good) == 1
    with vendor.client().completion("gpt-4", HELLO, model_list=["gpt-4"], stream=True) as stream:
        assert len(list(stream)) == 3
    assert [event.stream for event in vendor.good] == [False, True]
    assert vendor.good[1].completion.choices[0].message.content == "Hello"
    vendor.statuses = [401]
    with pytest.raises(FallbacksExhaustedError):
        vendor.client().completion("gpt-4", HELLO, model_list=["gpt-4"], stream=True)
    assert len(vendor.bad) == 1


def _broken(_: object) -> None:
    raise RuntimeError("the hook's own")


def test_a_hook_that_fails_is_logged_and_the_answer_is_there(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(on_success=_broken, on_failure=_broken)
    assert client.completion(MODEL, HELLO, mock_response="Hi").choices[0].message.content == "Hi"
    with pytest.raises(KeyError):
        client.completion(MODEL, HELLO, mock_response=KeyError("x"))
    assert [(one.name, one.levelname, one.message) for one in caplog.records] == [
        ("polyvox", "ERROR", "a hook of the client failed")
    ] * 2
    assert caplog.records[0].exc_info is not None


@pytest.mark.parametrize("name", ["on_success", "on_failure"])
def test_a_coroutine_function_is_no_hook(name: str) -> None:
    async def hook(_: object) -> None: ...

    for make in (Client, AsyncClient, OpenAI):
        with pytest.raises(InvalidRequestError, match=f"{name} is a coroutine function"):
            make(**{name: hook})  # type: ignore[arg-type]  # by name


def test_hooks_of_the_process() -> None:
    told: list[SuccessEvent] = []
    configure(on_success=told.append)
    try:
        completion(MODEL, HELLO, mock_response="Hi")
    finally:
        configure()
    completion(MODEL, HELLO, mock_response="Hi")
    assert [type(event.completion) for event in told] == [ChatCompletion]


def test_an_event_shows_no_content() -> None:
    vendor = Vendor()
    vendor.client().completion(MODEL, [{"role": "user", "content": "my secret"}])
    assert "my secret" not in repr(vendor.good[0])
    assert "Hello" not in repr(vendor.good[0])


# --- the logger ------------------------------------------------------------------------------------------------------


@pytest.fixture
def debugging(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The logger says what it says at level DEBUG."""
    with caplog.at_level(logging.DEBUG, logger="polyvox"):
        yield


@pytest.mark.usefixtures("debugging")
def test_each_request_is_a_line_with_facts_only(caplog: pytest.LogCaptureFixture) -> None:
    vendor = Vendor([500, 0])
    client = Client(transport=httpx2.MockTransport(vendor.answer), api_key=KEY, api_base="https://h.test")
    client.completion(MODEL, [{"role": "user", "content": "my secret"}])
    said = [message.split(" after ")[0] for message in caplog.messages]
    assert said == [
        "openai:gpt-5 request 1: status 500, InternalServerError",
        "openai:gpt-5 request 2: no reply, APIConnectionError",
        "openai:gpt-5 request 3: status 200",
    ]
    assert caplog.messages[0].endswith(" ms, id req-500")
    assert caplog.messages[1].endswith(" ms, id unknown")
    assert not any(word in caplog.text for word in (KEY, "my secret", "Hello", "odd"))


@pytest.mark.usefixtures("debugging")
def test_a_stream_is_a_line_too(caplog: pytest.LogCaptureFixture) -> None:
    vendor = Vendor()
    list(
        Client(transport=httpx2.MockTransport(vendor.answer), api_key=KEY, api_base="https://h.test").completion(
            MODEL, HELLO, stream=True
        )
    )
    assert len(caplog.messages) == 1


def test_without_configuration_nothing_is_printed() -> None:
    program = f"""
import polyvox
def broken(event):
    raise RuntimeError
polyvox.Client(on_success=broken).completion({MODEL!r}, [{{"role": "user", "content": "Hi"}}], mock_response="Hi")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_call_that_nobody_watches_makes_no_watch() -> None:
    from polyvox.watching import NOBODY

    assert Client()._watch(MODEL, {}, False) is NOBODY


def test_connection_errors_are_polyvoxs() -> None:
    vendor = Vendor([0])
    with pytest.raises(APIConnectionError):
        vendor.client().completion(MODEL, HELLO, num_retries=0)
    assert vendor.bad[0].requests[0].status is None
