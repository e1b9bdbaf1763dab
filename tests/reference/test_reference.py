"""Every code example of the peers' documents, run against the local server for each vendor that its document names.

mypy and pyright check the examples as they stand. The table says where a document has an example, what it prints, and,
where that says little, a part of the last request it sent; where the documents are, no line of code may be outside of
the table. An example that takes a model is run for each vendor of its document (`VENDORS_OF`): it prints the same, or
`ELSEWHERE` says what else, or why it is refused. One that takes none names its vendors itself, or is about none. (None
of the documents has a command for a shell.)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from types import FunctionType, ModuleType
from typing import NamedTuple

import pytest

from polyvox import UnsupportedParamsError
from tests.reference import (
    any_llm_completion,
    litellm_completion,
    litellm_completion_skill,
    onellm_chat_completions,
    ritellm,
)
from tests.scenarios import VENDORS
from tests.server import JSON, LocalServer

any_llm, litellm, skill, onellm = (
    any_llm_completion,
    litellm_completion,
    litellm_completion_skill,
    onellm_chat_completions,
)


class Example(NamedTuple):
    """One example, and where its document has it: lines, from and to."""

    lines: str
    run: Callable[..., None]
    prints: str
    sends: Mapping[str, object] = {}


CITY = r'\{\s*"name":\s*"Paris".*\}\n'
CALL = r"get_\w*weather\n"
PARIS = r".*Paris.*"
IMAGE_PART = {"type": "image_url", "image_url": {"url": "https://example.com/cat.jpg"}}
# What any-llm's callable becomes: its signature and its docstring.
GET_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get weather information for a location.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "The city or location to get weather for"},
                "unit": {"type": "string", "description": "Temperature unit, either 'C' or 'F'", "default": "F"},
            },
            "required": ["location"],
            "additionalProperties": False,
        },
    },
}

EXAMPLES = [
    Example(
        "4-66 67-100",
        any_llm.every_parameter,
        PARIS,
        {
            "temperature": 0.5,
            "top_p": 0.9,
            "max_completion_tokens": 100,
            "tool_choice": "auto",
            "stop": ["END"],
            "logit_bias": {"1734": -100.0},
            "prompt_cache_retention": "24h",
            "response_format": {"type": "json_object"},
        },
    ),
    Example("101-110", any_llm.not_streaming, PARIS, {"model": "mistral-small-latest"}),
    Example("111-117", any_llm.streaming, PARIS, {"stream": True}),
    Example("118-127", any_llm.asynchronous, PARIS, {"model": "claude-sonnet-4-20250514", "max_tokens": 4096}),
    Example("128-141", any_llm.structured_output, r"Paris, France - pop\. \d+\n"),
    Example(
        "142-157", any_llm.tools_as_callables, "tool_calls\n", {"model": "mistral-small-latest", "tools": [GET_WEATHER]}
    ),
    Example("68-71", any_llm.addressing, "openai openai openai ", {"model": "gpt-4"}),
    Example(
        "3-51",
        litellm.every_parameter,
        PARIS,
        {"max_completion_tokens": 50, "verbosity": "low", "service_tier": "default"},
    ),
    Example(
        "53-60", litellm.messages, PARIS, {"systemInstruction": {"parts": [{"text": "You are a helpful assistant."}]}}
    ),
    Example("72-78", litellm.count_to_ten, PARIS),
    Example("79-79", litellm.stream_options, "True\n", {"stream_options": {"include_usage": True}}),
    Example(
        "80-97",
        litellm.tools,
        "(tool_calls ){3}",
        {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
    ),
    Example("99-101", litellm.json_mode, CITY, {"response_format": {"type": "json_object"}}),
    Example("102-110", litellm.structured_output, r"answer='.+' confidence=\d\.\d+\n"),
    Example("130-130", litellm.override_of_the_provider, "bedrock anthropic\n", {"model": "my-own-model"}),
    Example("131-131", litellm.mock_response, r"This is a test\.\n"),
    Example("132-133", litellm.fallbacks, PARIS),
    Example("48-48", litellm.model_list, PARIS),
    Example(
        "135-138", litellm.thinking, PARIS, {"thinking": {"type": "enabled", "budget_tokens": 1000}, "max_tokens": 5096}
    ),
    Example(
        "152-157",
        litellm.basic,
        PARIS,
        {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello, how are you?"}]},
    ),
    Example("159-167", litellm.streaming, PARIS, {"stream": True}),
    Example("169-177", litellm.asynchronous, PARIS),
    Example("179-207", litellm.function_calling, CALL),
    Example("209-232", litellm.multiple_providers, "openai anthropic bedrock azure ", {"model": "gpt-4"}),
    Example("234-248", litellm.error_handling, "Authentication failed: openai.*: no API key: .* set OPENAI_API_KEY\n"),
    Example("14-25", skill.quick_start, PARIS, {"model": "gpt-4o", "max_completion_tokens": 100, "temperature": 0.7}),
    Example("26-34", skill.prefixes, "openai anthropic vertexai bedrock ollama azure openai "),
    Example("35-40", skill.streaming, PARIS),
    Example("41-41", skill.streaming_with_usage, r"\d+\n"),
    Example(
        "42-48",
        skill.image,
        PARIS,
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Describe this image"}, IMAGE_PART]}]},
    ),
    Example("49-49", skill.other_content, "(stop ){4}"),
    Example("50-58", skill.error_handling, r"API error: \w+:no-such-model: .* \(status 40[04].*\)\n"),
    Example("59-69", skill.essential_parameters, "tool_calls\n", {"tool_choice": "none", "temperature": 0.2}),
    Example("70-78", skill.more_parameters, r"\('thinking',\)\n", {"metadata": {"tag": "demo"}}),
    Example("74-74", skill.api_version, PARIS, {"model": "gpt-4o"}),
    Example("79-81", skill.supported_parameters, "max_tokens stream tool_choice tools\n"),
    Example("82-86", skill.response_fields, r".*Paris.*\nstop\n\d+\nTrue\n(end_turn|stop|STOP)\n"),
    Example("87-87", skill.drop_params, r"\('seed',\)\n"),
    Example(
        "87-87", skill.deprecated_functions, "function_call\n", {"tool_choice": {"type": "tool", "name": "get_weather"}}
    ),
    Example("87-87", skill.json_mode, CITY),
    Example("7-18", onellm.basic_usage, PARIS),
    Example(
        "22-118",
        onellm.every_parameter,
        "tool_calls\n",
        {
            "frequency_penalty": 0.5,
            "max_completion_tokens": 150,
            "n": 3,
            "seed": 42,
            "stop": ["\n", "END"],
            "user": "user-123",
            "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
        },
    ),
    Example("56-59", onellm.models, "openai anthropic gemini "),
    Example("125-136", onellm.standard_response, r"\S+\n\S+\n\d+\n.*Paris.*\nstop\n\d+\n"),
    Example("140-148", onellm.streaming_response, PARIS),
    Example("154-157", onellm.text_messages, "0\n", {"system": "You are a pirate."}),
    Example("163-177", onellm.multimodal_messages, "stop\n"),
    Example("183-202", onellm.function_results, PARIS),
    Example("210-217", onellm.json_mode, CITY),
    Example("223-248", onellm.function_calling, r'Function: get_weather\nArguments: \{"location":"Paris"\}\n'),
    Example(
        "254-264",
        onellm.multi_turn,
        PARIS,
        {
            "messages": [
                {"role": "user", "content": "My name is Alice"},
                {"role": "assistant", "content": "The capital of France is Paris."},
                {"role": "user", "content": "What's my name?"},
            ]
        },
    ),
    Example("270-278", onellm.multiple_completions, r"Option 1: .*\n", {"n": 3}),
    Example("319-327", onellm.creative_writing, PARIS, {"max_completion_tokens": 50}),
    Example("331-339", onellm.code_generation, PARIS, {"system": "You are an expert programmer.", "max_tokens": 200}),
    Example(
        "343-351",
        onellm.data_extraction,
        CITY,
        {"generationConfig": {"temperature": 0, "responseMimeType": "application/json"}},
    ),
    Example("355-366", onellm.audio, "stop\n"),
    Example("370-375", onellm.with_fallback_models, "openai\n", {"model": "gpt-4"}),
    Example("379-386", onellm.with_retries_and_fallbacks, "anthropic\n", {"model": "claude-3-opus"}),
    Example("13-27", ritellm.synchronous, PARIS, {"stream": True}),
    Example("94-112", ritellm.asynchronous, PARIS, {"stream": True}),
    Example(
        "5-5 29-66 86-86 114-150",
        ritellm.every_parameter,
        "stop\n",
        {"top_p": 0.5, "verbosity": "low", "max_completion_tokens": 64},
    ),
    Example("75-80 160-165", ritellm.unknown_prefix, "unknown provider 'openapi'; did you mean 'openai'\\?\n"),
]


# What the document names -> the model to ask, and in any-llm's form the provider beside it.
VENDORS_OF: Mapping[ModuleType, Mapping[str, tuple[str, ...]]] = {
    any_llm: {
        "openai": ("gpt-4.1-mini", "openai"),
        "mistral": ("mistral-small-latest", "mistral"),
        "anthropic": ("claude-sonnet-4-20250514", "anthropic"),
    },
    litellm: {
        "openai": ("gpt-4",),
        "anthropic": ("claude-3-5-sonnet-20241022",),
        "gemini": ("gemini-pro",),
        "bedrock": ("bedrock/anthropic.claude-v2",),
        "azure": ("azure/gpt-4",),
    },
    skill: {
        "no prefix": ("gpt-4o",),
        "openai": ("openai/gpt-4o",),
        "anthropic": ("anthropic/claude-sonnet-4-6",),
        "vertex_ai": ("vertex_ai/gemini-pro",),
        "bedrock": ("bedrock/anthropic.claude-v2",),
        "ollama": ("ollama/llama3",),
        "azure": ("azure/gpt-4o",),
    },
    onellm: {
        "openai": ("openai/gpt-4o-mini",),
        "anthropic": ("anthropic/claude-3-5-sonnet-20241022",),
        "google": ("google/gemini-1.5-flash",),
        "groq": ("groq/llama-3.3-70b-versatile",),
        "mistral": ("mistral/mistral-large",),
    },
    ritellm: {"openai": ("openai/gpt-3.5-turbo",)},
}


ITS_OWN = "the model of the document"


class Refused(NamedTuple):
    """The vendor cannot do it: `UnsupportedParamsError` before any request, with this in it."""

    why: str


# Where an example does not do the same with a vendor as with its document's own.
_NO_THINKING = Refused("thinking: .* takes no thinking budget; use reasoning_effort")
_NO_SOUND = Refused(r"content\[1\] \(audio_url\): Anthropic takes text, images and documents")
ELSEWHERE: Mapping[tuple[Callable[..., None], str], str | Refused] = {
    (litellm.tools, "bedrock"): Refused("tool_choice: Converse cannot forbid calls; leave `tools` out"),
    (litellm.thinking, "openai"): _NO_THINKING,
    (litellm.thinking, "azure"): _NO_THINKING,
    (skill.image, "bedrock"): Refused("Bedrock fetches no addresses but s3://; give the content as a data URL"),
    (skill.image, "ollama"): Refused("Ollama fetches no addresses: give the image itself as data:"),
    (skill.deprecated_functions, "ollama"): Refused("tool_choice: Ollama leaves it to the model"),
    (onellm.multiple_completions, "anthropic"): Refused("n: Anthropic gives one answer per call"),
    (onellm.multiple_completions, "groq"): Refused("n: one choice per request"),
    (onellm.audio, ITS_OWN): _NO_SOUND,
    (onellm.audio, "anthropic"): _NO_SOUND,
    (onellm.audio, "openai"): Refused("it fetches no sound: give it as input_audio"),
}


def _id(example: Example) -> str:
    return f"{example.run.__module__.rpartition('.')[2]}-{example.run.__name__}"


def _module(example: Example) -> ModuleType:
    return next(module for module in VENDORS_OF if module.__name__ == example.run.__module__)


# Vendors without cassettes, whom the peers' examples ask too.
OTHERS = {
    "MISTRAL_API_BASE": "{url}/v1",
    "MISTRAL_API_KEY": "local",
    "GROQ_API_BASE": "{url}/v1",
    "GROQ_API_KEY": "local",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{url}",
    "AWS_BEARER_TOKEN_BEDROCK": "local",
    "AWS_REGION": "us-east-1",
    "AZURE_API_BASE": "{url}",
    "AZURE_API_KEY": "local",
    "VERTEXAI_API_BASE": "{url}",
    "VERTEXAI_API_KEY": "local",
    "OLLAMA_API_BASE": "{url}",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """The environment of somebody who has keys; every vendor's address is the local server's."""
    with LocalServer() as server:
        for vendor in VENDORS:
            for name, value in server.environment(vendor).items():
                monkeypatch.setenv(name, value)
        for name, value in OTHERS.items():
            monkeypatch.setenv(name, value.format(url=server.url))
        yield server


@pytest.mark.parametrize("example", EXAMPLES, ids=_id)
def test_example(example: Example, server: LocalServer, capsys: pytest.CaptureFixture[str]) -> None:
    other = ELSEWHERE.get((example.run, ITS_OWN))
    with expected(other, server):
        example.run()
    assert prints(example, other, capsys.readouterr().out)
    if example.sends:
        sent: JSON = server.requests[-1].json
        assert {name: sent.get(name) for name in example.sends} == example.sends


FOR_EACH = [
    pytest.param(example, vendor, id=f"{_id(example)}-{vendor}")
    for example in EXAMPLES
    if signature(example.run).parameters
    for vendor in VENDORS_OF[_module(example)]
]


@pytest.mark.parametrize(("example", "vendor"), FOR_EACH)
def test_for_each_vendor(
    example: Example, vendor: str, server: LocalServer, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ELSEWHERE.get((example.run, vendor))
    with expected(other, server):
        example.run(*VENDORS_OF[_module(example)][vendor])
    assert prints(example, other, capsys.readouterr().out)


def prints(example: Example, other: str | Refused | None, printed: str) -> bool:
    """Whether it printed what it should: nothing, where it is refused."""
    wanted = "" if isinstance(other, Refused) else other or example.prints
    return re.fullmatch(wanted, printed, re.DOTALL) is not None


@contextmanager
def expected(outcome: object, server: LocalServer) -> Generator[None]:
    """A refusal, if that is the outcome; else a request at least."""
    if not isinstance(outcome, Refused):
        yield
        return
    with pytest.raises(UnsupportedParamsError, match=outcome.why):
        yield
    assert server.requests == []


def test_every_example_is_run() -> None:
    written = {
        value
        for module in VENDORS_OF
        for value in vars(module).values()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__ and value.__name__ != "get_weather"
    }
    assert written == {example.run for example in EXAMPLES}
    assert len(EXAMPLES) == len(written)


# --- the documents ---------------------------------------------------------------------------------------------------

DOCUMENTS = Path(__file__).parents[3] / "shared" / "reference"
NAMES = {
    any_llm: "any-llm-completion.txt",
    litellm: "litellm-completion.txt",
    skill: "litellm-completion-skill.txt",
    onellm: "onellm-chat-completions.txt",
    ritellm: "ritellm.txt",
}
# How a line of Python begins, or ends, in these documents.
CODE = re.compile(
    r"""\s*(from\ \w+\ import|import\ \w|(async\ )?def\ \w|class\ \w+\ ?\(|try\ ?:|except\b|print\ ?\(|asyncio\.run
    |(for|if)\ .*:$ | [\w.\[\]]+\s?=\s?\S | ["{}\[\])]) | .*=\ ?[\[{(]?$ | .*\w\(.*\)$ | .*\w\ =\ \w+\.""",
    re.VERBOSE,
)
# Lines that look like it.
PROSE: Mapping[str, frozenset[int]] = {"litellm-completion-skill.txt": frozenset({5})}


def _lines(example: Example) -> Iterator[int]:
    for span in example.lines.split():
        first, last = map(int, span.split("-"))
        yield from range(first, last + 1)


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason=f"no {DOCUMENTS.parent.name}/{DOCUMENTS.name} beside the repository")
@pytest.mark.parametrize("module", NAMES, ids=NAMES.values())
def test_no_line_of_code_is_outside_of_the_table(module: ModuleType) -> None:
    lines = (DOCUMENTS / NAMES[module]).read_text(encoding="utf-8").splitlines()
    here = {number for example in EXAMPLES if _module(example) is module for number in _lines(example)}
    assert max(here) <= len(lines)
    code = {number for number, line in enumerate(lines, 1) if CODE.match(line)}
    missing = sorted(code - here - PROSE.get(NAMES[module], frozenset()))
    assert [f"{number}: {lines[number - 1]}" for number in missing] == []
    for example in EXAMPLES:
        if _module(example) is module:
            assert "".join(lines[number - 1] for number in _lines(example)).strip(), f"{_id(example)} has no lines"
