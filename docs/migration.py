"""What became of every parameter of the four peers' documents: one table, from which the pages `docs/from-*.md` are
made. A test compares it with the documents, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

ANY_LLM: Final = (
    "model",
    "messages",
    "provider",
    "tools",
    "tool_choice",
    "temperature",
    "top_p",
    "max_tokens",
    "response_format",
    "stream",
    "n",
    "stop",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "api_key",
    "api_base",
    "user",
    "session_label",
    "parallel_tool_calls",
    "logprobs",
    "top_logprobs",
    "logit_bias",
    "stream_options",
    "max_completion_tokens",
    "reasoning_effort",
    "client_args",
    "**kwargs",
)
LITELLM: Final = (
    "model",
    "messages",
    "timeout",
    "temperature",
    "top_p",
    "n",
    "stream",
    "stream_options",
    "stop",
    "max_completion_tokens",
    "max_tokens",
    "modalities",
    "prediction",
    "audio",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "user",
    "reasoning_effort",
    "verbosity",
    "response_format",
    "seed",
    "tools",
    "tool_choice",
    "logprobs",
    "top_logprobs",
    "parallel_tool_calls",
    "web_search_options",
    "deployment_id",
    "extra_headers",
    "safety_identifier",
    "service_tier",
    "functions",
    "function_call",
    "base_url",
    "api_version",
    "api_key",
    "model_list",
    "thinking",
    "**kwargs",
)
LITELLM_SKILL: Final = (
    "model",
    "messages",
    "temperature",
    "max_tokens",
    "stream",
    "tools",
    "tool_choice",
    "response_format",
    "timeout",
    "base_url",
    "api_key",
    "api_version",
    "num_retries",
    "fallbacks",
    "drop_params",
    "metadata",
)
ONELLM: Final = (
    "messages",
    "model",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "max_tokens",
    "n",
    "presence_penalty",
    "response_format",
    "seed",
    "stop",
    "stream",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "user",
    "timeout",
    "**kwargs",
)
RITELLM: Final = ("model", "messages", "temperature", "max_tokens", "base_url", "stream", "additional_params")

SIGNATURES: Final[Mapping[str, tuple[str, ...]]] = {
    "any-llm-completion": ANY_LLM,
    "litellm-completion": LITELLM,
    "litellm-completion-skill": LITELLM_SKILL,
    "onellm-chat-completions": ONELLM,
    "ritellm": RITELLM,
}
"""Document -> the parameters of its signature, in its order. (The skill page has tables instead.)"""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One library to come from."""

    name: str
    imports: tuple[str, str]
    """Its import, and ours."""
    documents: tuple[str, ...]
    also: tuple[str, ...] = ()
    """Parameters that its documents name outside of the signatures."""
    notes: Mapping[str, str] = field(default_factory=dict[str, str])
    """What to know about a parameter beyond what docs/parameters.md says."""
    beyond: tuple[tuple[str, str], ...] = ()
    """What is no parameter: theirs, and ours."""

    def parameters(self) -> tuple[str, ...]:
        """Every parameter of its documents, once."""
        named = [name for document in self.documents for name in SIGNATURES[document]]
        return tuple(dict.fromkeys([*named, *self.also]))


_KWARGS: Final = (
    "A field of the vendor that we know: as a keyword, or typed as `anthropic={...}`. Any other: `extra_body={...}`. "
    "A misspelt keyword is an error."
)
_DROPPED: Final = (
    "What a vendor cannot do is refused, unless `drop_params=True`; it is then in `response.dropped_params`."
)

PEERS: Final = (
    Peer(
        name="any-llm",
        imports=("from any_llm import completion, acompletion", "from polyvox import completion, acompletion"),
        documents=("any-llm-completion",),
        notes={
            "model": "`provider:model` and `provider/model` alike; a bare name goes by its family (`gpt-*`).",
            "messages": "The same. Messages of results go back in as they are.",
            "provider": "The same; a member of `polyvox.LLMProvider`, or any name or alias as text.",
            "tools": "The same: callables, whose docstring may be missing, and dicts; also a vendor's own tools.",
            "response_format": "The same; also a TypedDict. `.choices[0].message.parsed` is typed.",
            "session_label": "The same: on the span it is `anyllm.user_session_label`.",
            "reasoning_effort": "The same, and `max` and `default`. What is sent: docs/parameters.md.",
            "client_args": "The settings that we know of it: `api_key`, `base_url`, `timeout`, `max_retries`, "
            "`default_headers`, `default_query`. Any other key is an error.",
            "max_completion_tokens": "The same, for every vendor.",
            "**kwargs": _KWARGS,
        },
        beyond=(
            ("`LLMProvider`", "`polyvox.LLMProvider`"),
            ("`AnyLLM.create(...)`", "`polyvox.Client(provider=..., api_key=...)` and `AsyncClient`"),
            ("`azure` is Azure's model inference", "`azure_ai`; `azure` and `azureopenai` are Azure OpenAI"),
            ("`message.reasoning.content`", "`message.reasoning_content`, `message.thinking_blocks`"),
            ("`UnsupportedParameterError`", "`polyvox.UnsupportedParamsError`"),
            ("`ModelNotFoundError`", "`polyvox.NotFoundError`"),
            ("`ContextLengthExceededError`", "`polyvox.ContextWindowExceededError`"),
            ("`ContentFilterError`", "`polyvox.ContentPolicyViolationError`"),
            ("`UnsupportedProviderError`", "`polyvox.UnknownProviderError`"),
            ("`InvalidRequestError` for a vendor's 400", "`polyvox.BadRequestError`; ours is what never was sent"),
            ("`UpstreamProviderError`, `ProviderError`", "`polyvox.InternalServerError`, `polyvox.APIError`"),
            ("`AnyLLMError`", "`polyvox.PolyvoxError`; never a vendor SDK's own exception, and no variable to set"),
            ("`LengthFinishReasonError`", "`polyvox.StructuredOutputError` with `reason='truncated'`"),
            ("`ChatCompletionAccumulator`", "`stream.completion()`, or `polyvox.assemble(chunks)`"),
            ("`list_models(...)`", "none: ask the vendor's own list; `polyvox.providers()` has its address"),
            ("`responses`, `messages`, `embedding`, batches", "none: chat completions only"),
        ),
    ),
    Peer(
        name="LiteLLM",
        imports=("from litellm import completion, acompletion", "from polyvox import completion, acompletion"),
        documents=("litellm-completion", "litellm-completion-skill"),
        also=("api_base", "custom_llm_provider", "mock_response"),
        notes={
            "model": "The same prefixes. A bare name goes by its family, not by a price list; any other to OpenAI. An "
            "unknown prefix is an error.",
            "messages": "The same; your dicts are never changed.",
            "timeout": "The same forms. It holds for the whole call of a model, retries included.",
            "stop": "The same, and never cut: OpenAI itself refuses more than 4.",
            "response_format": "The same; with a type the answer is parsed too: `.choices[0].message.parsed`.",
            "max_tokens": "The same; OpenAI gets it as `max_completion_tokens`, which its newer models need.",
            "user": "The same. " + _DROPPED,
            "model_list": "The same: deployments of the model are asked at once, the first answer wins, the others are "
            "stopped. Plain model names are taken too.",
            "functions": "The same, sent as `tools`; the answer has both `function_call` and `tool_calls`.",
            "function_call": "The same; a vendor that lacks it gets `tool_choice`.",
            "deployment_id": "The same, for Azure.",
            "num_retries": "The same, for every vendor: additional tries, default 2.",
            "fallbacks": "The same: names, or mappings with parameters of their own. Or `FallbacksExhaustedError`.",
            "drop_params": "The same, and what was dropped is listed in `response.dropped_params`.",
            "metadata": "In the events of the hooks, and sent to the vendors that have it. For another vendor: with "
            "`drop_params=True`, and the events still have it. What is only for traces: `session_label`.",
            "mock_response": "The same: text, result or exception; streamed too. No magic words. Or a function.",
            "custom_llm_provider": "The same; `provider` is its other name.",
            "base_url": "The same; honoured by every provider, whole endpoints too. Another name: `api_base`.",
            "api_base": "The same; another name: `base_url`.",
            "**kwargs": _KWARGS,
        },
        beyond=(
            ("`litellm.drop_params = True`", "`polyvox.configure(drop_params=True)`, or `Client(drop_params=True)`"),
            ("`litellm.num_retries = 3`", "`polyvox.configure(num_retries=3)`"),
            ("`litellm.disable_stop_sequence_limit = True`", "not needed: no stop is ever cut off"),
            (
                "`litellm.api_key`, `litellm.api_base`",
                "the environment, or `Client(provider=..., api_key=..., api_base=...)`: no key is for every provider",
            ),
            (
                "`litellm.success_callback`, `litellm.failure_callback`",
                "`Client(on_success=..., on_failure=...)`, typed",
            ),
            ("`get_supported_openai_params(...)`", "the same, as a tuple of literal names"),
            ("`ModelResponse`", "`polyvox.ChatCompletion`: attributes and keys both"),
            ("`response.response_ms`", "the same"),
            ("`stream_chunk_builder(chunks)`", "`polyvox.assemble(chunks)`, or `stream.completion()`"),
            ("`litellm.AuthenticationError` and the others", "the same names in `polyvox`"),
            ("`except openai.RateLimitError`", "`except polyvox.RateLimitError`: no SDK of OpenAI's is beneath"),
            ("`error.llm_provider`", "`error.provider`; `error.model` and `error.status_code` are the same"),
            ("`litellm.JSONSchemaValidationError`", "`polyvox.StructuredOutputError`"),
            ("`Router`", "`polyvox.Client(models={...})` with `polyvox.ModelGroup`: docs/model-groups.md"),
            ("`batch_completion`", "`asyncio.gather` over `polyvox.acompletion`, or a pool of threads"),
            (
                "`completion_cost`, `token_counter`",
                "none: `response.usage` has the vendor's count; prices are for a library that keeps a list of them",
            ),
            (
                "`supports_function_calling` and its like, `get_model_info`",
                "`polyvox.providers()`: what a vendor takes, and why not; no list of models",
            ),
            (
                "`validate_environment`",
                "`polyvox.providers()` has the variables; `polyvox.MissingApiKeyError` names those looked at",
            ),
            ("`response.json()`", "`response.model_dump()`, `response.model_dump_json()`"),
            (
                "`response._hidden_params`, `_response_headers`",
                "`response.provider`, `response.request_id`, `response.response_headers`, `response.native`",
            ),
            ("`mock_tool_calls`", "`mock_response={...}`: an answer as OpenAI writes it, with its calls"),
            ("`headers=`", "`extra_headers=`"),
            ("`litellm.set_verbose`", "`logging.getLogger('polyvox')`; never a body or a key"),
            ("`litellm.cache`", "none: see the vendors' own prompt caches (`cache_control`, `prompt_cache_key`)"),
            ("`text_completion`", "`completion('text-completion-openai/...')`: a prompt in the form of a message"),
            ("`responses`, `embedding`, `image_generation`, the proxy", "none: chat completions only"),
        ),
    ),
    Peer(
        name="OneLLM",
        imports=("from onellm import OpenAI", "from polyvox import OpenAI"),
        documents=("onellm-chat-completions",),
        also=("retries", "fallback_models"),
        notes={
            "model": "The same prefixes (`google/` too); a bare name goes by its family.",
            "messages": "The same; `response.choices[0].message` may be appended as it is.",
            "timeout": "The same, and it is kept.",
            "tools": "The same, for Anthropic and Gemini too.",
            "response_format": "The same; a type too, and the answer is parsed into it.",
            "stream": "The same: `for chunk in stream`, or `async for` with `AsyncOpenAI`.",
            "retries": "The same: additional tries, exactly so many. Other names: `num_retries`, `max_retries`.",
            "fallback_models": "The same, for every kind of error. Other name: `fallbacks`.",
            "**kwargs": _KWARGS,
        },
        beyond=(
            ("`OpenAI(api_key=...)`", "the same, and the key is used, for OpenAI only"),
            ("`client.chat.completions.create(...)`", "the same; `client.completion(...)` too"),
            ("`message['content']`, `.get('tool_calls')`", "the same; attributes too"),
            ("`ChatCompletion.create`, `acreate`", "`polyvox.completion`, `acompletion`"),
            ("`create(messages, model)` by position", "`create(model=..., messages=...)`, as OpenAI's SDK has it"),
            ("`client.embeddings`, `client.images` and others", "none: chat completions only"),
            ("answers with quotes and dashes made plain", "never: an answer's text is not altered"),
            ("`RequestTimeoutError`, `ResourceNotFoundError`", "`polyvox.Timeout`, `polyvox.NotFoundError`"),
            ("`InvalidModelError`", "`polyvox.NotFoundError`, `polyvox.UnknownProviderError`"),
            ("`FallbackExhaustionError`", "`polyvox.FallbacksExhaustedError`, with each model's error in `attempts`"),
            ("`OneLLMError`", "`polyvox.PolyvoxError`, `polyvox.APIError`"),
        ),
    ),
    Peer(
        name="ritellm",
        imports=("from ritellm import completion, acompletion", "from polyvox import completion, acompletion"),
        documents=("ritellm",),
        notes={
            "model": "The same, for every provider.",
            "messages": "The same, and everything else that a message may hold.",
            "base_url": "The same: a whole endpoint, or what stands before `/chat/completions`.",
            "stream": "The same, and read as it arrives; `acompletion` gives an asynchronous iterator.",
            "additional_params": "The same: JSON text, whose keys win. As a mapping: `extra_body`.",
        },
        beyond=(
            ('`response["choices"][0]["message"]["content"]`', "the same; attributes too"),
            ("a `dict`, for `json.dumps(...)`", "`response.model_dump()`, `response.model_dump_json()`"),
            ("`ValueError` for an unknown prefix", "`polyvox.UnknownProviderError`, which is a `ValueError`"),
            ("`RuntimeError` for a vendor's error", "`polyvox.APIError` and its classes"),
        ),
    ),
)
ARGUMENTS: Final = {
    "model": "The same.",
    "messages": "The same.",
    "stream": "The same.",
    "response_format": "The same.",
}
"""What is an argument of its own in `completion()`."""


def pages(meanings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each page's file name and text; `meanings` are the words of docs/parameters.md."""
    for peer in PEERS:
        yield f"from-{peer.name.lower()}.md", "\n".join(_lines(peer, meanings)) + "\n"


def _lines(peer: Peer, meanings: Mapping[str, str]) -> Iterator[str]:
    yield f"# From {peer.name}\n"
    yield f"```python\n{peer.imports[1]}  # was: {peer.imports[0]}\n```\n"
    yield f"Every parameter of its documents, and what became of it. {_DROPPED}\n"
    yield "## Parameters\n\n| parameter | here |\n| --- | --- |"
    for name in peer.parameters():
        yield f"| `{name}` | {peer.notes.get(name) or meanings.get(name) or ARGUMENTS[name]} |"
    yield "\n## What is no parameter\n\n| there | here |\n| --- | --- |"
    for theirs, ours in peer.beyond:
        yield f"| {theirs} | {ours} |"
