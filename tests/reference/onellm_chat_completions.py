"""The examples of OneLLM's page on chat completions, in polyvox."""

from __future__ import annotations

from polyvox import Message, OpenAI

client = OpenAI()


def basic_usage(model: str = "openai/gpt-4o-mini") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "user", "content": "Hello, how are you?"},
        ],
    )
    print(response.choices[0].message["content"])


def every_parameter() -> None:
    """The signature, and the snippet of each parameter."""
    response = client.chat.completions.create(
        messages=[
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Tell me a joke."},
        ],
        model="openai/gpt-4o-mini",
        frequency_penalty=0.5,  # Discourage repetition
        logit_bias={"1734": -1.0},
        logprobs=True,
        top_logprobs=2,
        max_tokens=150,  # Limit response length
        n=3,  # Generate 3 different responses
        presence_penalty=0.5,  # Encourage diversity
        response_format={"type": "json_object"},  # JSON mode
        seed=42,  # Deterministic generation
        stop=["\n", "END"],  # Stop at newline or "END"
        stream=False,
        temperature=0.7,  # Balanced creativity
        top_p=0.9,  # Consider top 90% probability mass
        tools=[
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "Get weather for a location",
                    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
                },
            }
        ],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        user="user-123",  # Track user
        timeout=30.0,  # 30 second timeout
    )
    print(response.choices[0].finish_reason)


def models() -> None:
    for model in ("openai/gpt-4o-mini", "anthropic/claude-3-5-sonnet-20241022", "google/gemini-1.5-flash"):
        response = client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}])
        print(response.provider, end=" ")


def standard_response(model: str = "openai/gpt-4o-mini") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Hello"}],
    )

    # Access the response
    print(response.id)  # Unique ID
    print(response.model)  # Model used
    print(response.created)  # Timestamp
    print(response.choices[0].message["content"])  # Message content
    print(response.choices[0].finish_reason)  # Why generation stopped
    assert response.usage is not None  # adjusted: not every vendor counts
    print(response.usage["total_tokens"])  # Token usage


def streaming_response(model: str = "openai/gpt-4o-mini") -> None:
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Count to 5"}],
        stream=True,
    )

    for chunk in stream:
        if chunk.choices[0].delta.get("content"):
            print(chunk.choices[0].delta["content"], end="")


def text_messages(model: str = "anthropic/claude-sonnet-4-6") -> None:
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Tell me about treasure."},
    ]
    print(client.chat.completions.create(model=model, messages=messages).choices[0].index)


def multimodal_messages(model: str = "openai/gpt-4o-mini") -> None:
    messages = [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What's in this image?"},
                {
                    "type": "image_url",
                    "image_url": {
                        "url": "https://example.com/image.jpg",
                        "detail": "high",  # Optional: high, low, auto
                    },
                },
            ],
        }
    ]
    print(client.chat.completions.create(model=model, messages=messages).choices[0].finish_reason)


def function_results(model: str = "openai/gpt-4o-mini") -> None:
    messages: list[Message] = [  # adjusted: mypy makes `object` of dicts that differ
        {"role": "user", "content": "What's the weather in Paris?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_123",
                    "type": "function",
                    "function": {
                        "name": "get_weather",
                        "arguments": '{"location": "Paris"}',
                    },
                }
            ],
        },
        {
            "role": "tool",
            "tool_call_id": "call_123",
            "content": '{"temperature": 22, "condition": "sunny"}',
        },
    ]
    print(client.chat.completions.create(model=model, messages=messages).choices[0].message.content)


def json_mode(model: str = "openai/gpt-4o-mini") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "Output valid JSON only"},
            {"role": "user", "content": "List 3 colors with hex codes"},
        ],
        response_format={"type": "json_object"},
    )
    print(response.choices[0].message["content"])


def function_calling(model: str = "openai/gpt-4o-mini") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "What's the weather in NYC?"}],
        tools=[
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "Get current weather",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "location": {"type": "string"},
                            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                        },
                        "required": ["location"],
                    },
                },
            }
        ],
        tool_choice="auto",
    )

    # Check if model wants to call a function
    tool_calls = response.choices[0].message.get("tool_calls")  # adjusted: asked for once, as it may be None
    if tool_calls:
        tool_call = tool_calls[0]
        print(f"Function: {tool_call['function']['name']}")
        print(f"Arguments: {tool_call['function']['arguments']}")


def multi_turn(model: str = "openai/gpt-4o-mini") -> None:
    messages: list[Message] = []  # adjusted: the type of what is kept in it

    # First turn
    messages.append({"role": "user", "content": "My name is Alice"})
    response1 = client.chat.completions.create(model=model, messages=messages)
    messages.append(response1.choices[0].message)

    # Second turn
    messages.append({"role": "user", "content": "What's my name?"})
    response2 = client.chat.completions.create(model=model, messages=messages)
    print(response2.choices[0].message["content"])


def multiple_completions(model: str = "openai/gpt-4o-mini") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "Give me a creative name"}],
        n=3,  # Generate 3 options
        temperature=0.9,
    )

    for i, choice in enumerate(response.choices):
        print(f"Option {i + 1}: {choice.message['content']}")


def creative_writing(model: str = "openai/gpt-4o-mini") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "You are a creative writer."},
            {"role": "user", "content": "Write a haiku about programming"},
        ],
        temperature=0.9,
        max_tokens=50,
    )
    print(response.choices[0].message["content"])


def code_generation(model: str = "anthropic/claude-3-5-sonnet-20241022") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "You are an expert programmer."},
            {"role": "user", "content": "Write a Python function to sort a list"},
        ],
        temperature=0.2,
        max_tokens=200,
    )
    print(response.choices[0].message["content"])


def data_extraction(model: str = "google/gemini-1.5-pro") -> None:
    response = client.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "Extract structured data as JSON."},
            {"role": "user", "content": "John Doe, 30 years old, john@example.com"},
        ],
        response_format={"type": "json_object"},
        temperature=0,
    )
    print(response.choices[0].message["content"])


def audio(model: str = "anthropic/claude-3-sonnet") -> None:
    """Claude does not hear, and OpenAI fetches no sound: refused with the reason, before anything is sent."""
    response = client.chat.completions.create(
        model=model,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Transcribe and analyze this audio clip"},
                    {"type": "audio_url", "audio_url": {"url": "https://example.com/audio.mp3"}},
                ],
            }
        ],
    )
    print(response.choices[0].finish_reason)


def with_fallback_models() -> None:
    # Use multiple models with automatic fallback
    response = client.chat.completions.create(
        model="openai/gpt-4",
        messages=[{"role": "user", "content": "Explain quantum computing"}],
        fallback_models=["anthropic/claude-3-opus", "mistral/mistral-large"],
    )
    print(response.provider)


def with_retries_and_fallbacks() -> None:
    # Enhanced reliability with retries before fallback
    response = client.chat.completions.create(
        model="openai/no-such-model",  # adjusted: gpt-4 would answer
        messages=[{"role": "user", "content": "Explain quantum computing"}],
        retries=3,  # Try it up to 3 additional times before failing or using fallbacks
        fallback_models=["anthropic/claude-3-opus", "mistral/mistral-large"],
    )
    print(response.provider)
