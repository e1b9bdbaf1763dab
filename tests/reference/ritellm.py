"""The examples of ritellm's page, in polyvox."""

from __future__ import annotations

import asyncio

import pytest

from polyvox import acompletion, completion


def synchronous() -> None:
    messages = [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Hello!"},
    ]

    # Non-streaming
    response = completion(model="openai/gpt-3.5-turbo", messages=messages)
    print(response["choices"][0]["message"]["content"])

    # Streaming
    stream = completion(model="openai/gpt-3.5-turbo", messages=messages, stream=True)  # adjusted: a name of its own
    for chunk in stream:
        print(chunk["choices"][0]["delta"].get("content", ""), end="")


def asynchronous() -> None:
    async def main() -> None:
        messages = [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Hello!"},
        ]

        # Non-streaming
        response = await acompletion(model="openai/gpt-3.5-turbo", messages=messages)
        print(response["choices"][0]["message"]["content"])

        # Streaming
        stream = await acompletion(model="openai/gpt-3.5-turbo", messages=messages, stream=True)
        async for chunk in stream:  # adjusted: ritellm's page iterates over it without `async`
            print(chunk["choices"][0]["delta"].get("content", ""), end="")

    asyncio.run(main())


def every_parameter() -> None:
    """The table of parameters."""
    response = completion(
        model="openai/gpt-4",
        messages=[{"role": "user", "content": "Hello!"}],
        temperature=1.5,
        max_tokens=64,
        base_url=None,
        stream=False,
        additional_params='{"top_p": 0.5, "verbosity": "low"}',
    )
    print(response["choices"][0]["finish_reason"])


def unknown_prefix() -> None:
    """Raises ValueError if the provider is not supported."""
    with pytest.raises(ValueError, match="openapi") as raised:
        completion(model="openapi/gpt-4", messages=[{"role": "user", "content": "Hello!"}])
    print(raised.value)
