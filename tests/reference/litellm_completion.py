"""The examples of LiteLLM's page on `completion`, in polyvox."""

from __future__ import annotations

import asyncio
import os
from typing import Literal

import httpx2
from pydantic import BaseModel

import polyvox
from polyvox import AuthenticationError, RateLimitError, Timeout


def every_parameter() -> None:
    """The signature: each parameter that the page lists and OpenAI takes."""
    response = polyvox.completion(
        model="gpt-5.4-mini",
        messages=[{"role": "user", "content": "Hello"}],
        timeout=httpx2.Timeout(600.0, connect=5.0),
        temperature=0.5,
        top_p=0.9,
        n=1,
        stream=False,
        stop=None,
        max_completion_tokens=50,
        max_tokens=None,
        modalities=["text", "audio"],
        prediction={"type": "content", "content": "Hello there"},
        audio={"voice": "alloy", "format": "wav"},
        presence_penalty=0.1,
        frequency_penalty=0.1,
        logit_bias={"1734": -100},
        user="user-1",
        reasoning_effort="low",
        verbosity="low",
        response_format=None,
        seed=42,
        tools=None,
        tool_choice=None,
        logprobs=True,
        top_logprobs=5,
        parallel_tool_calls=None,
        web_search_options={"search_context_size": "low"},
        deployment_id=None,
        extra_headers={"x-team": "demo"},
        safety_identifier="user-1",
        service_tier="default",
        functions=None,
        function_call=None,
        base_url=None,
        api_version=None,
        api_key="local",
        model_list=None,
        thinking=None,
        num_retries=2,
        metadata={"tag": "demo"},
    )
    print(response.choices[0].message.content)


def messages(model: str = "gemini-pro") -> None:
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "What is 2+2?"},
    ]
    print(polyvox.completion(model, messages).choices[0].message.content)


def count_to_ten(model: str = "gpt-4") -> None:
    response = polyvox.completion(
        model=model,
        messages=[{"role": "user", "content": "Count to 10"}],
        stream=True,
    )
    for chunk in response:
        print(chunk.choices[0].delta.content or "", end="")


def stream_options(model: str = "gpt-4") -> None:
    stream_options = {"include_usage": True}
    stream = polyvox.completion(
        model, [{"role": "user", "content": "Count to 10"}], stream=True, stream_options=stream_options
    )
    print(stream.completion().usage is not None)


def tools(model: str = "gpt-4") -> None:
    tools = [
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "Get the current weather",
                "parameters": {
                    "type": "object",
                    "properties": {"location": {"type": "string"}},
                    "required": ["location"],
                },
            },
        }
    ]
    choices: tuple[Literal["none", "auto"] | dict[str, object], ...] = (
        "none",
        "auto",
        {"type": "function", "function": {"name": "get_weather"}},
    )
    for tool_choice in choices:
        response = polyvox.completion(
            model, [{"role": "user", "content": "Weather?"}], tools=tools, tool_choice=tool_choice
        )
        print(response.choices[0].finish_reason, end=" ")


def json_mode(model: str = "gpt-4") -> None:
    response_format = {"type": "json_object"}
    response = polyvox.completion(model, [{"role": "user", "content": "JSON!"}], response_format=response_format)
    print(response.choices[0].message.content)


class Response(BaseModel):
    answer: str
    confidence: float


def structured_output(model: str = "gpt-4") -> None:
    response = polyvox.completion(
        model=model,
        messages=[{"role": "user", "content": "Is 91 a prime?"}],
        response_format=Response,
    )
    print(response.choices[0].message.parsed)  # adjusted: LiteLLM leaves it to the caller to parse the text


def override_of_the_provider() -> None:
    question = [{"role": "user", "content": "Hi"}]
    print(polyvox.completion("anthropic.claude-v2", question, custom_llm_provider="bedrock").provider, end=" ")
    print(polyvox.completion("my-own-model", question, custom_llm_provider="anthropic").provider)


def mock_response(model: str = "gpt-4") -> None:
    response = polyvox.completion(
        model=model, messages=[{"role": "user", "content": "Hello"}], mock_response="This is a test."
    )
    print(response.choices[0].message.content)


def fallbacks() -> None:
    response = polyvox.completion(
        model="gpt-4",
        messages=[{"role": "user", "content": "Hello"}],
        num_retries=2,
        fallbacks=["gpt-3.5-turbo", "claude-2"],
    )
    print(response.choices[0].message.content)


def model_list() -> None:
    """Deployments that are asked at the same time: the first answer wins."""
    deployments = [
        {"model_name": "gpt-4", "litellm_params": {"model": "gpt-4"}},
        {"model_name": "gpt-4", "litellm_params": {"model": "azure/my-gpt-4", "api_version": "2024-02-01"}},
    ]
    response = polyvox.completion("gpt-4", [{"role": "user", "content": "Hi"}], model_list=deployments)
    print(response.choices[0].message.content)


def thinking(model: str = "claude-sonnet-4-6") -> None:
    response = polyvox.completion(
        model=model,
        messages=[{"role": "user", "content": "Hello"}],
        thinking={"type": "enabled", "budget_tokens": 1000},
    )
    print(response.choices[0].message.content)


def basic(model: str = "gpt-4") -> None:
    response = polyvox.completion(
        model=model,
        messages=[{"role": "user", "content": "Hello, how are you?"}],
    )
    print(response.choices[0].message.content)


def streaming(model: str = "gpt-4") -> None:
    response = polyvox.completion(
        model=model,
        messages=[{"role": "user", "content": "Write a story"}],
        stream=True,
    )
    for chunk in response:
        if chunk.choices[0].delta.content:
            print(chunk.choices[0].delta.content, end="")


def asynchronous(model: str = "gpt-4") -> None:
    async def main() -> None:
        response = await polyvox.acompletion(
            model=model,
            messages=[{"role": "user", "content": "Hello!"}],
        )
        print(response.choices[0].message.content)

    asyncio.run(main())


def function_calling(model: str = "gpt-4") -> None:
    tools = [
        {
            "type": "function",
            "function": {
                "name": "get_current_weather",
                "description": "Get the current weather in a location",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "location": {
                            "type": "string",
                            "description": "City and state, e.g. San Francisco, CA",
                        },
                        "unit": {
                            "type": "string",
                            "enum": ["celsius", "fahrenheit"],
                        },
                    },
                    "required": ["location"],
                },
            },
        }
    ]
    response = polyvox.completion(
        model=model,
        messages=[{"role": "user", "content": "What's the weather in Boston?"}],
        tools=tools,
    )
    if response.choices[0].message.tool_calls:
        print(response.choices[0].message.tool_calls[0].function.name)


def multiple_providers() -> None:
    # OpenAI
    response = polyvox.completion(
        model="gpt-4",
        messages=[{"role": "user", "content": "Hi"}],
    )
    print(response.provider, end=" ")

    # Anthropic
    response = polyvox.completion(
        model="claude-3-5-sonnet-20241022",
        messages=[{"role": "user", "content": "Hi"}],
    )
    print(response.provider, end=" ")

    # AWS Bedrock
    response = polyvox.completion(
        model="bedrock/anthropic.claude-v2",
        messages=[{"role": "user", "content": "Hi"}],
    )
    print(response.provider, end=" ")

    # Azure OpenAI
    response = polyvox.completion(
        model="azure/gpt-4",
        messages=[{"role": "user", "content": "Hi"}],
        api_key="your-azure-key",
        api_base=os.environ["AZURE_API_BASE"],  # adjusted: https://your-endpoint.openai.azure.com/
        api_version="2024-02-01",
    )
    print(response.provider, end=" ")


def error_handling() -> None:
    del os.environ["OPENAI_API_KEY"]  # added: something must go wrong
    try:
        polyvox.completion(
            model="gpt-4",
            messages=[{"role": "user", "content": "Hello"}],
        )
    except AuthenticationError as e:
        print(f"Authentication failed: {e}")
    except RateLimitError as e:
        print(f"Rate limit exceeded: {e}")
    except Timeout as e:
        print(f"Request timed out: {e}")
    except Exception as e:
        print(f"An error occurred: {e}")
