"""The examples of the `litellm-completion` skill, in polyvox."""

from __future__ import annotations

import os

import pytest

import polyvox
from polyvox import completion, get_supported_openai_params

UNKNOWN = "no-such-model"


def quick_start(model: str = "openai/gpt-4o") -> None:
    os.environ["OPENAI_API_KEY"] = "sk-..."

    # Any provider — same call signature
    response = completion(
        model=model,  # provider/model-name
        messages=[{"role": "user", "content": "Hello"}],
        max_tokens=100,
        temperature=0.7,
    )
    print(response.choices[0].message.content)  # OpenAI-compatible access


def prefixes() -> None:
    """The table of prefixes."""
    messages = [{"role": "user", "content": "Hello"}]
    for model in (
        "openai/gpt-4o",
        "anthropic/claude-sonnet-4-6",
        "vertex_ai/gemini-pro",
        "bedrock/anthropic.claude-v2",
        "ollama/llama3",
        "azure/gpt-4",
        "gpt-4o",
    ):
        print(completion(model, messages).provider, end=" ")


def streaming(model: str = "openai/gpt-4o") -> None:
    for chunk in completion(
        model=model,
        messages=[{"role": "user", "content": "Write a poem"}],
        stream=True,
    ):
        print(chunk.choices[0].delta.content or "", end="")


def streaming_with_usage(model: str = "openai/gpt-4o") -> None:
    """`stream_options={"include_usage": True}`: polyvox puts the count on the last chunk."""
    stream = completion(
        model=model,
        messages=[{"role": "user", "content": "Write a poem"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    *_, last = stream
    assert last.usage is not None  # adjusted: not every vendor counts
    print(last.usage.total_tokens)


def image(model: str = "openai/gpt-4o") -> None:
    messages = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Describe this image"},
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.jpg"}},
            ],
        }
    ]
    print(completion(model, messages).choices[0].message.content)


def other_content() -> None:
    """`input_audio`, `video_url`, `file` and `document`: where the vendor takes them; elsewhere a clear refusal."""
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    film = {"type": "video_url", "video_url": {"url": "https://example.com/cat.mp4"}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "cat.pdf"}}
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A cat."}}
    for model, part in (
        ("openai/gpt-4o", sound),
        ("gemini/gemini-2.5-flash", film),
        ("openai/gpt-4o", file),
        ("anthropic/claude-sonnet-4-6", document),
    ):
        print(completion(model, [{"role": "user", "content": [part]}]).choices[0].finish_reason, end=" ")
    with pytest.raises(polyvox.UnsupportedParamsError, match="video_url"):
        completion("openai/gpt-4o", [{"role": "user", "content": [film]}])


def error_handling(model: str = "anthropic/claude-instant-1") -> None:
    vendor = model.rpartition("/")[0]
    try:
        # adjusted: the local server knows claude-instant-1
        polyvox.completion(model=f"{vendor}/{UNKNOWN}".lstrip("/"), messages=[{"role": "user", "content": "Hello"}])
    except polyvox.AuthenticationError as e:
        print(f"Bad API key: {e}")
    except polyvox.RateLimitError as e:
        print(f"Rate limited: {e}")
    except polyvox.APIError as e:
        print(f"API error: {e}")


def essential_parameters() -> None:
    response = completion(
        model="openai/gpt-4o",
        messages=[{"role": "user", "content": "Hello"}],
        temperature=0.2,
        max_tokens=100,
        stream=False,
        tools=[{"type": "function", "function": {"name": "get_weather"}}],
        tool_choice="none",
        response_format={"type": "json_object"},
        timeout=600,
    )
    print(response.choices[0].finish_reason)


def more_parameters() -> None:
    response = completion(
        model="openai/gpt-4o",
        messages=[{"role": "user", "content": "Hello"}],
        base_url=os.environ["OPENAI_BASE_URL"],
        api_key="sk-...",
        num_retries=3,
        fallbacks=["gpt-4o-mini", {"model": "anthropic/claude-sonnet-4-6", "max_tokens": 50}],
        drop_params=True,
        metadata={"tag": "demo"},
        thinking={"type": "enabled", "budget_tokens": 1024},
    )
    print(response.dropped_params)


def api_version() -> None:
    """Azure's; elsewhere it would say nothing, and is refused."""
    messages = [{"role": "user", "content": "Hello"}]
    print(completion("azure/gpt-4o", messages, api_version="2024-02-01").choices[0].message.content)
    with pytest.raises(polyvox.UnsupportedParamsError, match=r"api_version.*it is for Azure"):
        completion("openai/gpt-4o", messages, api_version="2024-02-01")


def supported_parameters() -> None:
    params = get_supported_openai_params(model="anthropic.claude-3", custom_llm_provider="bedrock")
    print(*sorted({"max_tokens", "tools", "tool_choice", "stream", "seed"} & set(params)))


def response_fields(model: str = "anthropic/claude-sonnet-4-6") -> None:
    response = completion(model, [{"role": "user", "content": "Hello"}])
    print(response.choices[0].message.content)  # assistant text
    print(response.choices[0].finish_reason)  # 'stop', 'length', 'tool_calls', 'content_filter'
    assert response.usage is not None  # adjusted: not every vendor counts
    print(response.usage.total_tokens)  # token count
    assert response.response_ms is not None  # adjusted: a stream that was put together has none
    print(response.response_ms > 0)  # latency in ms
    print(response.choices[0].provider_specific_fields["native_finish_reason"])


def drop_params() -> None:
    """For the process: `litellm.drop_params = True` is `polyvox.configure(drop_params=True)`."""
    messages = [{"role": "user", "content": "Hello"}]
    with pytest.raises(polyvox.UnsupportedParamsError, match="seed"):
        completion("anthropic/claude-sonnet-4-6", messages, seed=7)
    polyvox.configure(drop_params=True)
    print(completion("anthropic/claude-sonnet-4-6", messages, seed=7).dropped_params)
    polyvox.configure()  # adjusted: for the other examples


def deprecated_functions(model: str = "anthropic/claude-sonnet-4-6") -> None:
    """`functions` and `function_call` are deprecated: `tools` and `tool_choice`."""
    response = completion(
        model=model,
        messages=[{"role": "user", "content": "What's the weather in Paris?"}],
        functions=[{"name": "get_weather", "parameters": {"type": "object", "properties": {}}}],
        function_call={"name": "get_weather"},
    )
    print(response.choices[0].finish_reason)


def json_mode(model: str = "openai/gpt-4o") -> None:
    response = completion(
        model=model,
        messages=[{"role": "user", "content": "Tell me about Paris, as JSON."}],
        response_format={"type": "json_object"},
    )
    print(response.choices[0].message.content)
