"""The examples of any-llm's page on `completion`, in polyvox; each asks the page's model unless told another."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from polyvox import LLMProvider, acompletion, completion


def every_parameter() -> None:
    """The signature: each parameter that the page lists, by its name there."""
    stream = completion(
        model="gpt-4.1-mini",
        messages=[{"role": "user", "content": "Hello!"}],
        provider=LLMProvider.OPENAI,
        tools=[get_weather],
        tool_choice="auto",
        temperature=0.5,
        top_p=0.9,
        max_tokens=100,
        response_format={"type": "json_object"},
        stream=True,
        n=1,
        stop=["END"],
        presence_penalty=0.1,
        frequency_penalty=0.2,
        seed=7,
        api_key="local",
        api_base=None,
        user="user-1",
        session_label="a label for traces",
        parallel_tool_calls=False,
        logprobs=True,
        top_logprobs=2,
        logit_bias={"1734": -100.0},
        stream_options={"include_usage": True},
        max_completion_tokens=100,  # the same limit as max_tokens: two values would be an error
        reasoning_effort="auto",
        client_args={"timeout": 30.0, "max_retries": 1},
        openai={"prompt_cache_retention": "24h"},  # any-llm: **kwargs
    )
    print(stream.completion().choices[0].message.content)


def not_streaming(model: str = "mistral-small-latest", provider: str = "mistral") -> None:
    response = completion(
        model=model,
        provider=provider,
        messages=[{"role": "user", "content": "What is the capital of France?"}],
    )
    print(response.choices[0].message.content)


def streaming(model: str = "gpt-4.1-mini", provider: str = "openai") -> None:
    for chunk in completion(
        model=model,
        provider=provider,
        messages=[{"role": "user", "content": "Tell me a story."}],
        stream=True,
    ):
        print(chunk.choices[0].delta.content or "", end="")


def asynchronous(model: str = "claude-sonnet-4-20250514", provider: str = "anthropic") -> None:
    async def main() -> None:
        response = await acompletion(
            model=model,
            provider=provider,
            messages=[{"role": "user", "content": "Hello!"}],
        )
        print(response.choices[0].message.content)

    asyncio.run(main())


class CityInfo(BaseModel):
    name: str
    country: str
    population: int


def structured_output(model: str = "gpt-4.1-mini", provider: str = "openai") -> None:
    response = completion(
        model=model,
        provider=provider,
        messages=[{"role": "user", "content": "Tell me about Paris."}],
        response_format=CityInfo,
    )
    city = response.choices[0].message.parsed
    assert city is not None  # adjusted: a model may refuse, or call a tool
    print(f"{city.name}, {city.country} - pop. {city.population}")


def get_weather(location: str, unit: str = "F") -> str:
    """Get weather information for a location.

    Args:
        location: The city or location to get weather for
        unit: Temperature unit, either 'C' or 'F'

    Returns:
        Current weather description
    """
    return f"Weather in {location} is sunny and 75{unit}!"


def tools_as_callables(model: str = "mistral-small-latest", provider: str = "mistral") -> None:
    response = completion(
        model=model,
        provider=provider,
        messages=[{"role": "user", "content": "What's the weather in Paris?"}],
        tools=[get_weather],
    )
    print(response.choices[0].finish_reason)  # added


def addressing() -> None:
    """The three ways to name a model."""
    messages = [{"role": "user", "content": "Hello!"}]
    for response in (
        completion("gpt-4", messages, provider="openai"),
        completion("openai:gpt-4", messages),
        completion("openai/gpt-4", messages),
    ):
        print(response.provider, end=" ")
