"""How each library is called: one class per library, with the same five methods. Runs in that library's environment.

Libraries are imported by name, since none of them is in the environment that checks types. All are used as their
pages say, with retries off where that is a setting; a client is kept where the library has one to keep.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Final, TypeAlias

KEY: Final = "bench-key-1234"
MODEL: Final = "bench"
Messages: TypeAlias = "Sequence[Mapping[str, str]]"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a library."""

    vendor: str
    """`openai` or `anthropic`: whose dialect the server speaks."""
    base: str
    """The server's address, without `/v1`."""
    messages: Messages


class Library:
    """One library, ready to ask. What is made for one event loop is made in it, so each loop takes a new one."""

    def __init__(self, ask: Ask) -> None:
        """Make the client, if there is one to keep."""

    def call(self) -> object:
        """The text of an answer."""
        raise NotImplementedError

    def stream(self) -> Iterator[object]:
        """Each piece of a streamed answer, as the library gives it."""
        raise NotImplementedError

    async def acall(self) -> object:
        """`call`, asynchronous."""
        raise NotImplementedError

    def astream(self) -> AsyncIterator[object]:
        """`stream`, asynchronous."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close what was opened in this loop."""


class OpenAISDK(Library):
    """`openai`."""

    def __init__(self, ask: Ask) -> None:
        openai = import_module("openai")
        given = {"api_key": KEY, "base_url": f"{ask.base}/v1", "max_retries": 0}
        self._client, self._async = openai.OpenAI(**given), openai.AsyncOpenAI(**given)
        self._asked = {"model": MODEL, "messages": ask.messages, "temperature": 0.2}

    def call(self) -> object:
        return self._client.chat.completions.create(**self._asked).choices[0].message.content

    def stream(self) -> Iterator[object]:
        yield from self._client.chat.completions.create(**self._asked, stream=True)

    async def acall(self) -> object:
        return (await self._async.chat.completions.create(**self._asked)).choices[0].message.content

    async def astream(self) -> AsyncIterator[object]:
        async for chunk in await self._async.chat.completions.create(**self._asked, stream=True):
            yield chunk

    async def close(self) -> None:
        await self._async.close()


class AnthropicSDK(Library):
    """`anthropic`, whose messages have no temperature any more."""

    def __init__(self, ask: Ask) -> None:
        anthropic = import_module("anthropic")
        given = {"api_key": KEY, "base_url": ask.base, "max_retries": 0}
        self._client, self._async = anthropic.Anthropic(**given), anthropic.AsyncAnthropic(**given)
        self._asked = {"model": MODEL, "messages": ask.messages, "max_tokens": 4096}

    def call(self) -> object:
        return self._client.messages.create(**self._asked).content[0].text

    def stream(self) -> Iterator[object]:
        yield from self._client.messages.create(**self._asked, stream=True)

    async def acall(self) -> object:
        return (await self._async.messages.create(**self._asked)).content[0].text

    async def astream(self) -> AsyncIterator[object]:
        async for event in await self._async.messages.create(**self._asked, stream=True):
            yield event

    async def close(self) -> None:
        await self._async.close()


class LiteLLM(Library):
    """`litellm`, its functions: it keeps its clients itself."""

    def __init__(self, ask: Ask) -> None:
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        self._litellm = import_module("litellm")
        base = ask.base + ("/v1" if ask.vendor == "openai" else "")
        self._asked = {"model": f"{ask.vendor}/{MODEL}", "messages": ask.messages, "temperature": 0.2}
        self._asked |= {"api_key": KEY, "api_base": base, "num_retries": 0}

    def call(self) -> object:
        return self._litellm.completion(**self._asked).choices[0].message.content

    def stream(self) -> Iterator[object]:
        yield from self._litellm.completion(**self._asked, stream=True)

    async def acall(self) -> object:
        return (await self._litellm.acompletion(**self._asked)).choices[0].message.content

    async def astream(self) -> AsyncIterator[object]:
        async for chunk in await self._litellm.acompletion(**self._asked, stream=True):
            yield chunk

    async def close(self) -> None:
        """Its logging works on after the call; a loop must not end before it does."""
        await asyncio.sleep(0)


class AnyLLM(Library):
    """`any_llm.AnyLLM`: one instance, kept."""

    def __init__(self, ask: Ask) -> None:
        any_llm = import_module("any_llm")
        base = ask.base + ("/v1" if ask.vendor == "openai" else "")
        self._llm: Any = any_llm.AnyLLM.create(ask.vendor, api_key=KEY, api_base=base)
        self._asked: dict[str, object] = {"model": MODEL, "messages": ask.messages, "temperature": 0.2}

    def call(self) -> object:
        return self._llm.completion(**self._asked).choices[0].message.content

    def stream(self) -> Iterator[object]:
        yield from self._llm.completion(**self._asked, stream=True)

    async def acall(self) -> object:
        return (await self._llm.acompletion(**self._asked)).choices[0].message.content

    async def astream(self) -> AsyncIterator[object]:
        async for chunk in await self._llm.acompletion(**self._asked, stream=True):
            yield chunk


class AnyLLMFunctions(AnyLLM):
    """`any_llm.completion` and `acompletion`, which make an instance for each call."""

    def __init__(self, ask: Ask) -> None:
        self._llm = import_module("any_llm")
        base = ask.base + ("/v1" if ask.vendor == "openai" else "")
        self._asked = {"model": MODEL, "provider": ask.vendor, "messages": ask.messages, "temperature": 0.2}
        self._asked |= {"api_key": KEY, "api_base": base}


class OneLLM(Library):
    """`onellm.ChatCompletion`; where it asks is a setting of the process."""

    _pointed: ClassVar[dict[str, str]] = {}

    def __init__(self, ask: Ask) -> None:
        self._onellm, self._config = import_module("onellm"), import_module("onellm.config")
        self._ask = ask
        self._asked = {"model": f"{ask.vendor}/{MODEL}", "messages": ask.messages, "temperature": 0.2}

    def _point(self) -> Any:
        vendor, base = self._ask.vendor, f"{self._ask.base}/v1"
        if self._pointed.get(vendor) != base:
            self._pointed[vendor] = base
            self._config.update_provider_config(vendor, api_key=KEY, api_base=base, max_retries=0)
        return self._onellm.ChatCompletion

    def call(self) -> object:
        return self._point().create(**self._asked).choices[0].message["content"]

    def stream(self) -> Iterator[object]:
        yield from self._point().create(**self._asked, stream=True)

    async def acall(self) -> object:
        return (await self._point().acreate(**self._asked)).choices[0].message["content"]

    async def astream(self) -> AsyncIterator[object]:
        async for chunk in await self._point().acreate(**self._asked, stream=True):
            yield chunk


class PydanticAI(Library):
    """`pydantic_ai.direct`, with a model object that is kept."""

    def __init__(self, ask: Ask) -> None:
        self._direct = import_module("pydantic_ai.direct")
        said = import_module("pydantic_ai.messages")
        self._asked = {
            "model": self._model(ask),
            "messages": [
                said.ModelRequest.user_text_prompt(turn["content"])
                if turn["role"] == "user"
                else said.ModelResponse(parts=[said.TextPart(turn["content"])])
                for turn in ask.messages
            ],
            "model_settings": {"temperature": 0.2},
        }

    def _model(self, ask: Ask) -> Any:
        models = import_module(f"pydantic_ai.models.{ask.vendor}")
        providers = import_module(f"pydantic_ai.providers.{ask.vendor}")
        if ask.vendor == "openai":
            return models.OpenAIChatModel(MODEL, provider=providers.OpenAIProvider(f"{ask.base}/v1", api_key=KEY))
        return models.AnthropicModel(MODEL, provider=providers.AnthropicProvider(base_url=ask.base, api_key=KEY))

    def call(self) -> object:
        return self._direct.model_request_sync(**self._asked).parts[0].content

    def stream(self) -> Iterator[object]:
        with self._direct.model_request_stream_sync(**self._asked) as stream:
            yield from stream

    async def acall(self) -> object:
        return (await self._direct.model_request(**self._asked)).parts[0].content

    async def astream(self) -> AsyncIterator[object]:
        async with self._direct.model_request_stream(**self._asked) as stream:
            async for event in stream:
                yield event
