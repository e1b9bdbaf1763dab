"""The public API, used in every legal way. Never run: accepted by mypy --strict and pyright strict, types included."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol, TypedDict, TypeVar, Unpack, assert_type

import httpx
import httpx2
from opentelemetry.sdk.trace import TracerProvider
from pydantic import BaseModel

import polyvox
from polyvox import (
    APIError,
    AsyncClient,
    AsyncOpenAI,
    AsyncParsedStream,
    AsyncStream,
    CallParameters,
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    Choice,
    Client,
    CompletionUsage,
    ContextWindowExceededError,
    Delta,
    Deployment,
    Emulated,
    FailureEvent,
    FallbacksExhaustedError,
    FinishReason,
    LLMProvider,
    Message,
    MessageParam,
    Messages,
    MissingApiKeyError,
    ModelGroup,
    ModelParameters,
    Native,
    OpenAI,
    ParameterName,
    Parameters,
    ParsedChatCompletion,
    ParsedStream,
    Provider,
    ReasoningEffort,
    Renamed,
    RequestEvent,
    Stance,
    Stream,
    StreamInterruptedError,
    StructuredOutputError,
    SuccessEvent,
    ThinkingBlock,
    Timeout,
    ToolCall,
    UnknownParameterError,
    UnknownProviderError,
    Unsupported,
    acompletion,
    arun_tools,
    assemble,
    completion,
    configure,
    get_supported_openai_params,
    run_tools,
)
from polyvox.messages import FunctionMessage, ToolMessage
from polyvox.parameters import FunctionToolParam
from polyvox.results import ChoiceLogprobs, ChunkChoice, FunctionCall, ToolCallDelta
from polyvox_wire.anthropic import responses as anthropic
from polyvox_wire.anthropic.requests import FallbackConfigV2
from polyvox_wire.gemini import responses as gemini
from polyvox_wire.support import Wire

T = TypeVar("T")


class Model(BaseModel):
    name: str


@dataclass
class Data:
    name: str


class Typed(TypedDict):
    name: str


MESSAGES: list[MessageParam] = [{"role": "user", "content": "Hello!"}]
maybe: bool = bool(MESSAGES)

# --- completion(): what comes back follows from `stream` and `response_format` ---------------------------------------


def plain() -> None:
    assert_type(completion("gpt-4", MESSAGES), ChatCompletion)
    assert_type(completion(model="gpt-4", messages=MESSAGES), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, stream=False), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, stream=None), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, response_format=None), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, response_format={"type": "json_object"}), ChatCompletion)
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    assert_type(completion("gpt-4", MESSAGES, response_format=schema), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, response_format=schema, stream=False), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, response_format=Model.model_json_schema()), ChatCompletion)


def streamed() -> None:
    assert_type(completion("gpt-4", MESSAGES, stream=True), Stream[ChatCompletionChunk])
    assert_type(completion("gpt-4", MESSAGES, stream=True, response_format=Model), ParsedStream[Model])
    assert_type(
        completion("gpt-4", MESSAGES, stream=True, response_format={"type": "json_object"}),
        Stream[ChatCompletionChunk],
    )


def streamed_or_not() -> None:
    answer = completion("gpt-4", MESSAGES, stream=maybe)
    assert_type(answer, ChatCompletion | Stream[ChatCompletionChunk])
    whole = answer if isinstance(answer, ChatCompletion) else answer.completion()
    assert_type(whole, ChatCompletion)


def parsed() -> None:
    assert_type(completion("gpt-4", MESSAGES, response_format=Model), ParsedChatCompletion[Model])
    assert_type(completion("gpt-4", MESSAGES, response_format=Data), ParsedChatCompletion[Data])
    assert_type(completion("gpt-4", MESSAGES, response_format=Typed), ParsedChatCompletion[Typed])
    assert_type(completion("gpt-4", MESSAGES, response_format=list[int]), ParsedChatCompletion[list[int]])
    assert_type(completion("gpt-4", MESSAGES, response_format=Model, stream=False), ParsedChatCompletion[Model])
    answer = completion("gpt-4", MESSAGES, response_format=Model)
    assert_type(answer.choices[0].message.parsed, Model | None)
    assert_type(answer.choices[0].message.content, str | None)
    assert_type(answer.choices[0].finish_reason, FinishReason | None)
    assert_type(answer.choices[0].message["parsed"], object)  # only the attribute is typed
    attributes(answer)  # it is a ChatCompletion


def parsed_while_it_is_written() -> None:
    stream = completion("gpt-4", MESSAGES, stream=True, response_format=Model)
    for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)
        assert_type(stream.partial, Model | None)
    assert_type(stream.completion(), ParsedChatCompletion[Model])
    assert_type(stream.completion().choices[0].message.parsed, Model | None)
    with completion("gpt-4", MESSAGES, stream=True, response_format=Typed) as typed:
        assert_type(typed, ParsedStream[Typed])
        assert_type(list(typed), list[ChatCompletionChunk])
    assert_type(completion("gpt-4", MESSAGES, stream=True, response_format=Data).partial, Data | None)
    assert_type(completion("gpt-4", MESSAGES, stream=True, response_format=list[Model]).partial, list[Model] | None)
    assert_type(Client().completion("gpt-4", MESSAGES, stream=True, response_format=Model), ParsedStream[Model])
    any_stream: Stream[ChatCompletionChunk] = stream  # it is one
    print(any_stream)


async def parsed_while_it_is_written_awaited() -> None:
    stream = await acompletion("gpt-4", MESSAGES, stream=True, response_format=Model)
    async for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)
        assert_type(stream.partial, Model | None)
    assert_type(await stream.completion(), ParsedChatCompletion[Model])
    client = AsyncClient()
    assert_type(await client.completion("gpt-4", MESSAGES, stream=True, response_format=Data), AsyncParsedStream[Data])


def parsed_or_not(kind: type[object] | Mapping[str, object] | None) -> None:
    assert_type(
        completion("gpt-4", MESSAGES, stream=maybe, response_format=Model),
        ParsedChatCompletion[Model] | ParsedStream[Model],
    )
    answer: ChatCompletion = completion("gpt-4", MESSAGES, response_format=kind)
    stream: Stream[ChatCompletionChunk] = completion("gpt-4", MESSAGES, response_format=kind, stream=True)
    either: ChatCompletion | Stream[ChatCompletionChunk]
    either = completion("gpt-4", MESSAGES, response_format=kind, stream=maybe)
    print(answer, stream, either)


def parsed_as_asked(kind: type[T]) -> T | None:
    answer = completion("gpt-4", MESSAGES, response_format=kind)
    assert_type(answer, ParsedChatCompletion[T])
    return answer.choices[0].message.parsed


# --- completion() in a wrapper of one's own --------------------------------------------------------------------------


class Completer(Protocol):
    """A wrapper's type, or a stand-in's: `stream` and `response_format` by name, as pyright wants them."""

    def __call__(
        self,
        model: str,
        messages: Messages,
        *,
        stream: Literal[False] | None = None,
        response_format: Mapping[str, object] | None = None,
        **parameters: Unpack[Parameters],
    ) -> ChatCompletion: ...


def wrapped(model: str, question: str, **parameters: Unpack[Parameters]) -> str | None:
    answer = completion(model, [{"role": "user", "content": question}], **parameters)
    assert_type(answer, ChatCompletion)
    return answer.choices[0].message.content


def only_for_the_model(**parameters: Unpack[ModelParameters]) -> ChatCompletion:
    return completion("gpt-4", MESSAGES, **parameters)


def passed_on(ask: Completer = completion) -> None:
    assert_type(ask("gpt-4", MESSAGES, temperature=0.2, anthropic={"top_k": 40}), ChatCompletion)
    passed_on(Client().completion)
    plain: Callable[[str, Messages], ChatCompletion] = completion
    awaited: Callable[[str, Messages], Awaitable[ChatCompletion]] = acompletion
    print(plain, awaited, wrapped("gpt-4", "Hi", temperature=0.2), only_for_the_model(seed=1))
    assert_type(partial(completion, "gpt-4", temperature=0.2)(MESSAGES), ChatCompletion)


async def at_once() -> None:
    assert_type(await asyncio.gather(*(acompletion(name, MESSAGES) for name in ("a", "b"))), list[ChatCompletion])
    one, other = await asyncio.gather(acompletion("a", MESSAGES, response_format=Model), acompletion("b", MESSAGES))
    assert_type(one, ParsedChatCompletion[Model])
    assert_type(other, ChatCompletion)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(acompletion("a", MESSAGES, response_format=Model))
    assert_type(task.result().choices[0].message.parsed, Model | None)
    assert_type(await asyncio.to_thread(completion, "a", MESSAGES), ChatCompletion)


# --- acompletion(): the same, awaited --------------------------------------------------------------------------------


async def asynchronous() -> None:
    assert_type(await acompletion("gpt-4", MESSAGES), ChatCompletion)
    assert_type(await acompletion("gpt-4", MESSAGES, stream=False), ChatCompletion)
    assert_type(await acompletion("gpt-4", MESSAGES, response_format={"type": "text"}), ChatCompletion)
    assert_type(await acompletion("gpt-4", MESSAGES, response_format=Model), ParsedChatCompletion[Model])
    assert_type(await acompletion("gpt-4", MESSAGES, response_format=Data), ParsedChatCompletion[Data])
    assert_type(await acompletion("gpt-4", MESSAGES, response_format=Typed), ParsedChatCompletion[Typed])
    assert_type(await acompletion("gpt-4", MESSAGES, stream=True), AsyncStream[ChatCompletionChunk])
    assert_type(await acompletion("gpt-4", MESSAGES, stream=True, response_format=Model), AsyncParsedStream[Model])
    assert_type(
        await acompletion("gpt-4", MESSAGES, stream=maybe, response_format=Model),
        ParsedChatCompletion[Model] | AsyncParsedStream[Model],
    )
    assert_type(await acompletion("gpt-4", MESSAGES, stream=maybe), ChatCompletion | AsyncStream[ChatCompletionChunk])


async def asynchronous_stream() -> None:
    async with await acompletion("gpt-4", MESSAGES, stream=True) as stream:
        async for chunk in stream:
            assert_type(chunk, ChatCompletionChunk)
    assert_type(await stream.completion(), ChatCompletion)
    await stream.close()


# --- clients ---------------------------------------------------------------------------------------------------------


def client() -> None:
    with Client(provider="openai", api_key="...", timeout=30, num_retries=0, extra_headers={"x-team": "a"}) as client:
        assert_type(client.completion("gpt-4", MESSAGES), ChatCompletion)
        assert_type(client.completion("gpt-4", MESSAGES, stream=True), Stream[ChatCompletionChunk])
        assert_type(client.completion("gpt-4", MESSAGES, response_format=Model), ParsedChatCompletion[Model])
        assert_type(client.completion("gpt-4", MESSAGES, stream=maybe), ChatCompletion | Stream[ChatCompletionChunk])
        create = client.chat.completions.create
        assert_type(create(model="gpt-4", messages=MESSAGES), ChatCompletion)
        assert_type(create(model="gpt-4", messages=MESSAGES, stream=True), Stream[ChatCompletionChunk])
        assert_type(create(model="gpt-4", messages=MESSAGES, response_format=Data), ParsedChatCompletion[Data])
        assert_type(create(model="gpt-4", messages=MESSAGES, temperature=0.2, seed=1), ChatCompletion)


async def async_client() -> None:
    async with AsyncClient(api_base="http://localhost:8000/v1") as client:
        assert_type(await client.completion("gpt-4", MESSAGES), ChatCompletion)
        assert_type(await client.completion("gpt-4", MESSAGES, stream=True), AsyncStream[ChatCompletionChunk])
        assert_type(await client.completion("gpt-4", MESSAGES, response_format=Typed), ParsedChatCompletion[Typed])
        create = client.chat.completions.create
        assert_type(await create(model="gpt-4", messages=MESSAGES), ChatCompletion)
        assert_type(await create(model="gpt-4", messages=MESSAGES, stream=True), AsyncStream[ChatCompletionChunk])
        assert_type(await create(model="gpt-4", messages=MESSAGES, response_format=Model), ParsedChatCompletion[Model])


def clients_over_other_clients() -> None:
    group = ModelGroup(["openai:gpt-5", Deployment("azure:my-gpt", {"api_key": "..."}, weight=2)], sticky=True)
    assert_type(Client(models={"chat": group}).completion("chat", MESSAGES), ChatCompletion)
    AsyncClient(models={"chat": group})
    Client(http_client=httpx2.Client())
    Client(http_client=httpx.Client())
    AsyncClient(http_client=httpx2.AsyncClient())
    AsyncClient(http_client=httpx.AsyncClient())
    Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200)))
    AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200)))


def settings_of_one_s_own() -> None:
    settings: CallParameters = {"api_key": "...", "num_retries": 3, "drop_params": True}
    assert_type(Client(**settings).completion("gpt-4", MESSAGES), ChatCompletion)
    parameters: Parameters = {"temperature": 0.2, "anthropic": {"top_k": 40}}
    assert_type(completion("gpt-4", MESSAGES, **parameters), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, response_format=Model, **parameters), ParsedChatCompletion[Model])
    assert_type(completion("gpt-4", MESSAGES, stream=True, **parameters), Stream[ChatCompletionChunk])
    assert_type(Client().completion("gpt-4", MESSAGES, stream=True, **parameters), Stream[ChatCompletionChunk])


# --- messages --------------------------------------------------------------------------------------------------------


def messages_as_they_come() -> None:
    completion("gpt-4", [{"role": "user", "content": "Hello!"}])
    completion("gpt-4", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello!"}])
    completion("gpt-4", ({"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello!"}))
    plain_dicts: list[dict[str, str]] = [{"role": "user", "content": "Hello!"}]
    completion("gpt-4", plain_dicts)
    inferred = [{"role": "user", "content": "Hello!"}]
    completion("gpt-4", inferred)
    from_json: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}]
    completion("gpt-4", from_json)
    objects: Sequence[Mapping[str, object]] = from_json
    completion("gpt-4", objects)
    iterator: Iterable[MessageParam] = iter(MESSAGES)
    completion("gpt-4", iterator)
    any_of_them: Messages = MESSAGES
    completion("gpt-4", any_of_them)


def messages_made_elsewhere(turns: Iterable[tuple[Literal["user", "assistant"], str]], rules: str | None) -> None:
    def said(text: str) -> MessageParam:
        return {"role": "user", "content": text}

    conversation: list[Message] = [said("Hello!")]  # `Message`: the role of what follows is a variable
    for role, text in turns:
        conversation.append({"role": role, "content": text})
    completion("gpt-4", conversation)
    completion("gpt-4", [{"role": role, "content": text} for role, text in turns])
    inferred = [{"role": "system", "content": rules}] if rules else []
    completion("gpt-4", [*inferred, said("Hello!")])


def a_conversation() -> None:
    conversation: list[Message] = [{"role": "user", "content": "What is the weather in Paris?"}]
    answer = completion("gpt-4", conversation)
    conversation.append(answer.choices[0].message)
    for call in answer.choices[0].message.tool_calls or ():
        conversation.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
    completion("claude-sonnet-4-6", conversation)
    completion("gpt-4", [*MESSAGES, answer.choices[0].message, {"role": "user", "content": "And in Rome?"}])
    parsed_answer = completion("gpt-4", conversation, response_format=Model)
    conversation.append(parsed_answer.choices[0].message)


def every_role_and_part() -> None:
    every: list[MessageParam] = [
        {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "developer", "content": "Be brief.", "name": "boss"},
        {
            "role": "user",
            "name": "alice",
            "content": [
                {"type": "text", "text": "Look and listen."},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                {"type": "audio_url", "audio_url": {"url": "https://example.com/a.mp3"}},
                {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
                {"type": "file", "file": {"file_id": "file-1"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "1", "content": "sunny", "is_error": False},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "assistant", "reasoning_content": "Hm.", "thinking_blocks": [{"type": "thinking", "thinking": "Hm."}]},
        {"role": "function", "name": "f", "content": "sunny"},
    ]
    completion("gpt-4", every)


# --- parameters ------------------------------------------------------------------------------------------------------


def get_weather(location: str, unit: Literal["C", "F"] = "C") -> str:
    """Get the weather at a place."""
    return f"{location}: 24 {unit}"


async def get_weather_slowly(location: str) -> dict[str, float]:
    return {location: 24.0}


def tools() -> None:
    described: FunctionToolParam = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    inferred = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    native = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    completion("gpt-4", MESSAGES, tools=[described])
    completion("gpt-4", MESSAGES, tools=inferred)
    completion("gpt-4", MESSAGES, tools=[native])
    completion("gpt-4", MESSAGES, tools=[get_weather, get_weather_slowly, lambda: 1])
    completion("gpt-4", MESSAGES, tools=[described, get_weather, native])
    completion("gpt-4", MESSAGES, tools=(get_weather,), tool_choice="required", parallel_tool_calls=False)
    completion("gpt-4", MESSAGES, tools=[get_weather], tool_choice={"type": "function", "function": {"name": "f"}})


def the_loop(conversation: list[Message]) -> str | None:
    while True:
        response = completion("gpt-4", conversation, tools=[get_weather])
        message = response.choices[0].message
        conversation.append(message)
        if not message.tool_calls:
            return message.content
        conversation.extend(run_tools(response, [get_weather]))


async def the_loop_awaited(conversation: list[Message]) -> None:
    response = await acompletion("gpt-4", conversation, tools=[get_weather_slowly, get_weather])
    answers = await arun_tools(response, [get_weather_slowly, get_weather])
    assert_type(answers, list[ToolMessage | FunctionMessage])
    conversation += [response.choices[0].message, *answers]


def what_run_tools_takes(answer: ChatCompletion, stream: Stream[ChatCompletionChunk]) -> None:
    assert_type(run_tools(answer, [get_weather]), list[ToolMessage | FunctionMessage])
    run_tools(answer.choices[0].message, [get_weather, Model])
    run_tools(stream.completion(), (get_weather,))
    run_tools({"role": "assistant", "tool_calls": []}, {"get_weather": get_weather})
    run_tools(completion("gpt-4", MESSAGES, response_format=Model), [get_weather, {"type": "web_search"}])


def every_parameter(effort: ReasoningEffort, key: Callable[[], str], akey: Callable[[], Awaitable[str]]) -> None:
    completion(
        "gpt-4",
        MESSAGES,
        temperature=1,
        top_p=0.5,
        max_tokens=10,
        max_completion_tokens=10,
        stop="END",
        n=2,
        seed=1,
        presence_penalty=-1.5,
        frequency_penalty=0,
        logit_bias={"1": -100},
        logprobs=True,
        top_logprobs=3,
        user="u",
        functions=[{"name": "f"}],
        function_call="auto",
        stream_options={"include_usage": True},
        reasoning_effort=effort,
        thinking={"type": "enabled", "budget_tokens": 1024},
        verbosity="low",
        modalities=["text", "audio"],
        audio={"voice": "alloy", "format": "mp3"},
        prediction={"type": "content", "content": "Hello"},
        web_search_options={"search_context_size": "low"},
        service_tier="flex",
        metadata={"tag": "a"},
        store=False,
        safety_identifier="u",
        prompt_cache_key="k",
        provider=LLMProvider.OPENAI,
        custom_llm_provider="openai",
        api_key=key,
        api_base="https://example.com/v1",
        base_url="https://example.com/v1",
        timeout=httpx2.Timeout(10.0),
        num_retries=1,
        retries=1,
        max_retries=1,
        fallbacks=["gpt-4o", {"model": "claude-sonnet-4-6", "max_tokens": 5}],
        fallback_models=["gpt-4o"],
        drop_params=True,
        allowed_openai_params=["seed"],
        extra_headers={"x-team": "a"},
        extra_query={"q": "1"},
        extra_body={"new_field": {"deep": [1, 2]}},
        additional_params='{"new_field": 1}',
        client_args={"timeout": 3},
        mock_response="Hello!",
        session_label="a",
    )
    completion("gpt-4", MESSAGES, stop=["a", "b"], timeout=30, api_key="...", provider="openrouter", temperature=None)
    completion("gpt-4", MESSAGES, timeout="30", mock_response=ValueError("no"))
    completion("gpt-4", MESSAGES, mock_response=lambda model, messages: f"{model}: {messages[-1]['content']}")
    completion("gpt-4", MESSAGES, timeout=httpx.Timeout(10.0))
    Client(api_key=key, api_base="https://h.test")
    AsyncClient(api_key=akey, api_base="https://h.test")


def vendor_options() -> None:
    completion("claude-sonnet-4-6", MESSAGES, anthropic={"top_k": 40})
    completion("claude-sonnet-4-6", MESSAGES, anthropic={"top_k": 40, "cache_control": {"type": "ephemeral"}})
    model: FallbackConfigV2 = {"model": "claude-haiku-4-5"}
    completion("claude-sonnet-4-6", MESSAGES, anthropic={"fallbacks": [model, {"model": "x", "speed": "fast"}]})
    completion("claude-sonnet-4-6", MESSAGES, anthropic={"fallbacks": "default"})
    completion("openrouter:a/b", MESSAGES, openrouter={"trace": {"trace_id": "1", "of_my_own": 2}})
    completion("gemini-2.5-flash", MESSAGES, gemini={"topK": 40, "cachedContent": "cachedContents/1"})
    completion("gpt-4", MESSAGES, openai={"prompt_cache_retention": "24h"})
    completion("mistral:mistral-small", MESSAGES, mistral={"safe_prompt": True})
    completion("groq:openai/gpt-oss-20b", MESSAGES, groq={"reasoning_format": "parsed"})
    completion("ollama:llama3", MESSAGES, ollama={"keep_alive": "5m", "num_ctx": 8192})


def settings_of_clouds() -> None:
    completion("azure:gpt-4o", MESSAGES, api_version="2024-10-21", deployment_id="mine")
    completion("bedrock:anthropic.claude-sonnet-4-6", MESSAGES, aws_region_name="us-east-1", aws_profile_name="work")
    completion("vertex_ai/gemini-2.5-flash", MESSAGES, vertex_project="p1", vertex_location="global")
    completion("vertex_ai/gemini-2.5-flash", MESSAGES, vertex_credentials={"type": "service_account"})


# --- results ---------------------------------------------------------------------------------------------------------


def attributes(answer: ChatCompletion) -> None:
    assert_type(answer.id, str)
    assert_type(answer.model, str)
    assert_type(answer.created, int)
    assert_type(answer.choices, list[Choice])
    assert_type(answer.usage, CompletionUsage | None)
    assert_type(answer.choices[0].finish_reason, FinishReason | None)
    assert_type(answer.choices[0].logprobs, ChoiceLogprobs | None)
    assert_type(answer.choices[0].provider_specific_fields, dict[str, object])
    assert_type(answer.choices[0].message, ChatCompletionMessage)
    message = answer.choices[0].message
    assert_type(message.role, str)
    assert_type(message.content, str | None)
    assert_type(message.refusal, str | None)
    assert_type(message.reasoning_content, str | None)
    assert_type(message.thinking_blocks, list[ThinkingBlock] | None)
    assert_type(message.tool_calls, list[ToolCall] | None)
    for call in message.tool_calls or ():
        assert_type(call.id, str)
        assert_type(call.function.name, str)
        assert_type(call.function.arguments, str)
    if answer.usage is not None:
        assert_type(answer.usage.total_tokens, int)
        details = answer.usage.prompt_tokens_details
        assert_type(details.cached_tokens if details else None, int | None)


def facts(answer: ChatCompletion) -> None:
    assert_type(answer.provider, str)
    assert_type(answer.request_id, str | None)
    assert_type(answer.response_ms, float | None)
    assert_type(answer.dropped_params, tuple[str, ...])
    assert_type(answer.response_headers, Mapping[str, str])
    assert_type(answer.structured_by, str | None)
    assert_type(answer.native, Wire | None)


def keys(answer: ChatCompletion, chunk: ChatCompletionChunk) -> None:
    assert_type(answer["id"], str)
    assert_type(answer["choices"], list[Choice])
    assert_type(answer["choices"][0]["message"]["content"], str | None)
    assert_type(answer.choices[0].message["tool_calls"], list[ToolCall] | None)
    assert_type(answer.choices[0].message.get("tool_calls"), list[ToolCall] | None)
    assert_type(answer.choices[0].message.get("content", ""), str)
    assert_type(answer.get("usage"), CompletionUsage | None)
    assert_type(answer["something_new"], object)
    assert_type(answer.get("something_new"), object)
    assert_type("usage" in answer, bool)
    assert_type(chunk["choices"], list[ChunkChoice])
    assert_type(chunk["choices"][0]["delta"], Delta)
    assert_type(chunk["choices"][0]["delta"].get("content", ""), str)
    assert_type(chunk["choices"][0]["delta"].get("content"), str | None)
    assert_type(chunk["choices"][0]["delta"]["tool_calls"], list[ToolCallDelta] | None)
    for call in answer.choices[0].message.get("tool_calls") or ():
        assert_type(call["function"], FunctionCall)
        assert_type(call["function"]["arguments"], str)


def finish_reasons(reason: FinishReason) -> str:
    """Every reason is known, so that `match` needs no default."""
    match reason:
        case "stop" | "length" | "tool_calls" | "content_filter" | "function_call" | "other":
            return reason


def made_by_hand() -> None:
    """Results can be built, for tests of one's own."""
    usage = CompletionUsage(prompt_tokens=1, completion_tokens=2, total_tokens=3)
    message = ChatCompletionMessage(content="Hello!", tool_calls=[ToolCall(id="1", function=FunctionCall(name="f"))])
    answer = ChatCompletion(id="1", choices=[Choice(message=message, finish_reason="stop")], usage=usage)
    assert_type(completion("gpt-4", MESSAGES, mock_response=answer), ChatCompletion)


def streams(stream: Stream[ChatCompletionChunk]) -> None:
    for chunk in stream:
        assert_type(chunk, ChatCompletionChunk)
        assert_type(chunk.id, str)
        assert_type(chunk.usage, CompletionUsage | None)
        assert_type(chunk.choices[0].delta, Delta)
        assert_type(chunk.choices[0].delta.content, str | None)
        assert_type(chunk.choices[0].delta.role, str | None)
        assert_type(chunk.choices[0].delta.tool_calls, list[ToolCallDelta] | None)
        assert_type(chunk.choices[0].finish_reason, FinishReason | None)
    assert_type(next(stream), ChatCompletionChunk)
    assert_type(list(stream), list[ChatCompletionChunk])
    assert_type(assemble(stream), ChatCompletion)
    assert_type(stream.completion(), ChatCompletion)
    stream.close()
    with completion("gpt-4", MESSAGES, stream=True) as inner:
        assert_type(inner, Stream[ChatCompletionChunk])
    short: Stream = stream  # the chunk's type has a default
    assert_type(short, Stream[ChatCompletionChunk])


# --- errors ----------------------------------------------------------------------------------------------------------


def errors() -> None:
    try:
        completion("gpt-4", MESSAGES)
    except StructuredOutputError as error:
        assert_type(error.reason, Literal["truncated", "content_filter", "invalid_json", "schema_mismatch"])
        assert_type(error.text, str)
        assert_type(error.completion, ChatCompletion)
    except FallbacksExhaustedError as error:
        assert_type(error.attempts, Sequence[APIError])
    except StreamInterruptedError as error:
        assert_type(error.partial, ChatCompletion | None)
    except polyvox.RateLimitError as error:
        assert_type(error.retry_after, float | None)
    except APIError as error:
        assert_type(error.message, str)
        assert_type(error.status_code, int | None)
        assert_type(error.code, str | None)
        assert_type(error.param, str | None)
        assert_type(error.provider, str | None)
        assert_type(error.model, str | None)
        assert_type(error.request_id, str | None)
        assert_type(error.retryable, bool)
        assert_type(error.body, str | None)


def errors_by_kind(error: polyvox.PolyvoxError) -> None:
    match error:
        case polyvox.RateLimitError(retry_after=float() as seconds):
            assert_type(seconds, float)
        case FallbacksExhaustedError(attempts=attempts):
            assert_type(attempts, Sequence[APIError])
        case APIError(status_code=status, request_id=request):
            assert_type(status, int | None)
            assert_type(request, str | None)
        case _:
            assert_type(error, polyvox.PolyvoxError)


def the_vendor_s_own_answer(answer: ChatCompletion) -> None:
    match answer.native:
        case anthropic.Message(content=blocks):
            for block in blocks:
                match block:
                    case anthropic.TextBlock(text=text):
                        assert_type(text, str)
                    case anthropic.ToolUseBlock(input=values):
                        assert_type(values, dict[str, object])
                    case _:
                        pass
        case gemini.GenerateContentResponse(candidates=candidates):
            assert_type(candidates, list[gemini.Candidate] | None)
        case _:
            pass


def the_tree(
    unknown: UnknownProviderError,
    keyword: UnknownParameterError,
    late: Timeout,
    key: MissingApiKeyError,
    full: ContextWindowExceededError,
) -> None:
    """What callers of the standard library and of LiteLLM catch."""
    standard: tuple[ValueError, TypeError, TimeoutError] = (unknown, keyword, late)
    classes: tuple[polyvox.APIConnectionError, polyvox.AuthenticationError, polyvox.BadRequestError] = (late, key, full)
    every: list[polyvox.PolyvoxError] = [unknown, keyword, late, key, full]
    print(standard, classes, every)


def supported() -> None:
    assert_type(get_supported_openai_params("gpt-4"), tuple[ParameterName, ...])
    assert_type(get_supported_openai_params("claude-3", "anthropic"), tuple[ParameterName, ...])
    names: tuple[str, ...] = get_supported_openai_params("claude-3", custom_llm_provider="anthropic")
    print("seed" in names)
    assert_type(polyvox.__version__, str)


def openai_clients() -> None:
    """OpenAI's constructor; `create` has the overloads of `completion`."""
    client = OpenAI(
        api_key="k",
        organization="o",
        project="p",
        base_url="https://h.test/v1",
        timeout=httpx.Timeout(9),
        max_retries=3,
        default_headers={"x-a": "1"},
        default_query={"a": "1"},
        http_client=httpx.Client(),
        drop_params=True,
    )
    with client as opened:
        assert_type(opened, OpenAI)
    create = client.chat.completions.create
    assert_type(create(model="gpt-4", messages=MESSAGES), ChatCompletion)
    assert_type(create(messages=MESSAGES, model="gpt-4", response_format=Model), ParsedChatCompletion[Model])
    assert_type(create(model="gpt-4", messages=MESSAGES, stream=True), Stream[ChatCompletionChunk])
    parse = client.chat.completions.parse
    assert_type(parse(messages=MESSAGES, model="gpt-4", response_format=Model), ParsedChatCompletion[Model])
    assert_type(client.completion("gpt-4", MESSAGES, retries=3, fallback_models=["claude-3"]), ChatCompletion)


async def async_openai_clients() -> None:
    async with AsyncOpenAI(organization="o", http_client=httpx2.AsyncClient()) as client:
        create = client.chat.completions.create
        assert_type(await create(model="gpt-4", messages=MESSAGES), ChatCompletion)
        assert_type(await create(model="gpt-4", messages=MESSAGES, stream=True), AsyncStream[ChatCompletionChunk])


def hooks() -> None:
    """Events are typed; a hook may return anything."""

    def told(event: SuccessEvent) -> None:
        assert_type(event.completion, ChatCompletion)
        assert_type(event.requests[0].error, APIError | None)
        assert_type(event.requests, tuple[RequestEvent, ...])
        assert_type(event.metadata, Mapping[str, object])

    def failed(event: FailureEvent) -> None:
        assert_type(event.error, BaseException)

    configure(on_success=told, on_failure=failed)
    events: list[SuccessEvent] = []
    Client(on_success=events.append, on_failure=lambda event: print(event.error), timeout=3)
    AsyncClient(on_success=told)
    OpenAI(on_failure=failed)
    AsyncClient(tracer_provider=TracerProvider())


def races() -> None:
    deployments = [{"model_name": "gpt-4", "litellm_params": {"model": "gpt-4", "api_key": "k"}}]
    assert_type(completion("gpt-4", MESSAGES, model_list=deployments), ChatCompletion)
    assert_type(completion("gpt-4", MESSAGES, model_list=["gpt-4", {"model": "claude-3"}]), ChatCompletion)


def process_wide() -> None:
    assert_type(configure(drop_params=True, timeout=30, num_retries=1), None)
    configure()


def listing() -> None:
    assert_type(polyvox.providers(), tuple[Provider, ...])
    for provider in polyvox.providers():
        assert_type(provider.key_variables, tuple[str, ...])
        assert_type(provider.base_url, str | None)
        assert_type(provider.parameters, Mapping[str, Stance])
        match provider.parameters["seed"]:
            case Unsupported(reason):
                assert_type(reason, str)
            case Renamed(to):
                assert_type(to, str)
            case Emulated(how):
                assert_type(how, str)
            case Native():
                pass
