"""Every keyword of `completion()`, said once: its type, its meaning, its range.

Two groups: what is for the model, on which each provider takes a stance (see `support`), and what is for polyvox.
None always means "not given".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, TypedDict, Union

if TYPE_CHECKING:
    from polyvox_wire.ai21.options import AI21Options
    from polyvox_wire.anthropic.options import AnthropicOptions
    from polyvox_wire.bedrock.options import BedrockOptions
    from polyvox_wire.cerebras.options import CerebrasOptions
    from polyvox_wire.cohere.options import CohereOptions
    from polyvox_wire.completions.options import CompletionsOptions
    from polyvox_wire.deepseek.options import DeepSeekOptions
    from polyvox_wire.fireworks.options import FireworksOptions
    from polyvox_wire.gemini.options import GeminiOptions
    from polyvox_wire.groq.options import GroqOptions
    from polyvox_wire.huggingface.options import HuggingFaceOptions
    from polyvox_wire.mistral.options import MistralOptions
    from polyvox_wire.moonshot.options import MoonshotOptions
    from polyvox_wire.ollama.options import OllamaOptions
    from polyvox_wire.openai.options import OpenAIOptions
    from polyvox_wire.openrouter.options import OpenRouterOptions
    from polyvox_wire.perplexity.options import PerplexityOptions
    from polyvox_wire.sambanova.options import SambaNovaOptions
    from polyvox_wire.together.options import TogetherOptions
    from polyvox_wire.vllm.options import VLLMOptions
    from polyvox_wire.xai.options import XAIOptions
    from polyvox_wire.zai.options import ZAIOptions

    from .names import LLMProvider
    from .results import ChatCompletion

__all__ = [
    "CallParameters",
    "FunctionDefinition",
    "FunctionToolParam",
    "HasTimeouts",
    "ModelParameters",
    "ParameterName",
    "Parameters",
    "ReasoningEffort",
    "StreamOptions",
    "ThinkingParam",
    "ToolFunction",
]

ReasoningEffort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max", "auto", "default"]


ParameterName: TypeAlias = Literal[
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "n",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "user",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "stream_options",
    "reasoning_effort",
    "thinking",
    "verbosity",
    "modalities",
    "audio",
    "prediction",
    "web_search_options",
    "service_tier",
    "metadata",
    "store",
    "safety_identifier",
    "prompt_cache_key",
    "stream",
    "response_format",
]
"""What is for the model, by name."""


class FunctionDefinition(TypedDict, total=False):
    """A function the model may call. `name` is required; `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, object]
    strict: bool | None


class FunctionToolParam(TypedDict):
    """A tool of type `function`."""

    type: Literal["function"]
    function: FunctionDefinition


class ToolFunction(Protocol):
    """Anything that can be called. (Not `Callable[..., object]`: its dots are an Any to mypy, which then can no longer
    choose an overload of `completion` for `**parameters`.)"""

    @property
    def __call__(self) -> object: ...


class StreamOptions(TypedDict, total=False):
    """Options of a streamed answer. `include_usage`: count tokens on the last chunk."""

    include_usage: bool
    include_obfuscation: bool


class ThinkingParam(TypedDict, total=False):
    """Extended thinking. `type` is required; `budget_tokens` goes with `enabled` (at least 1,024 for Anthropic)."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int
    display: Literal["summarized", "omitted"]


class AudioParam(TypedDict, total=False):
    """Spoken output: a voice, and a format such as `mp3` or `wav`."""

    voice: str | Mapping[str, str]
    format: str


class HasTimeouts(Protocol):
    """An httpx2 or httpx `Timeout`: seconds for `connect`, `read`, `write` and `pool`."""

    def as_dict(self) -> dict[str, float | None]: ...


TokenProvider: TypeAlias = Union[str, Callable[[], str], Callable[[], Awaitable[str]]]
Fallback: TypeAlias = Union[str, Mapping[str, object]]
MockAnswer: TypeAlias = Union[str, "ChatCompletion", Mapping[str, object], BaseException]
MockVendor: TypeAlias = Callable[[str, Sequence[Mapping[str, object]]], MockAnswer]
"""Is asked instead of a vendor: `("openai:gpt-5", messages)` -> the answer."""


class ModelParameters(TypedDict, total=False):
    """What is for the model. What a provider cannot do is refused with the reason, unless `drop_params` is set."""

    temperature: float | None
    """Randomness of the answer, 0.0 to 2.0 (Anthropic: to 1.0). The vendor's default is usually 1.0."""
    top_p: float | None
    """Nucleus sampling: only tokens within this share of the probability mass, 0.0 to 1.0."""
    max_tokens: int | None
    """The most tokens to generate. Anthropic needs one: 4,096 is sent if none is given, plus a thinking budget."""
    max_completion_tokens: int | None
    """The most tokens to generate, thinking included. The same limit as `max_tokens` under its newer name."""
    stop: str | Sequence[str] | None
    """One or more texts that end the answer; they are not part of it. OpenAI takes 4, Gemini 5."""
    n: int | None
    """How many answers to generate, 1 to 128. Default 1."""
    seed: int | None
    """Makes sampling repeatable, as far as the vendor can."""
    presence_penalty: float | None
    """-2.0 to 2.0: above 0, tokens that occurred already become less likely. Default 0."""
    frequency_penalty: float | None
    """-2.0 to 2.0: above 0, tokens become less likely the more often they occurred. Default 0."""
    logit_bias: Mapping[str, float] | None
    """Token id to bias, -100 to 100, added before sampling."""
    logprobs: bool | None
    """Whether to return the log probability of each token. Default false."""
    top_logprobs: int | None
    """How many alternatives to list at each position, 0 to 20. Needs `logprobs=True`."""
    user: str | None
    """An opaque id of your end user, for the vendor's abuse monitoring."""
    tools: Iterable[FunctionToolParam | Mapping[str, object] | ToolFunction] | None
    """What the model may call: function tools as dicts, the vendor's own tools as it writes them, or callables."""
    tool_choice: str | Mapping[str, object] | None
    """`auto`, `none`, `required`, or `{"type": "function", "function": {"name": ...}}`. Default `auto`."""
    parallel_tool_calls: bool | None
    """Whether the model may call several tools in one answer. Default true."""
    functions: Sequence[FunctionDefinition | Mapping[str, object]] | None
    """Deprecated by OpenAI: use `tools`, as which they are sent. The answer has `function_call` beside `tool_calls`."""
    function_call: str | Mapping[str, object] | None
    """Deprecated by OpenAI: use `tool_choice`, as which it is sent."""
    stream_options: StreamOptions | Mapping[str, object] | None
    """Options of a streamed answer, e.g. `{"include_usage": True}`. Only with `stream=True`."""
    reasoning_effort: ReasoningEffort | None
    """How long to think before the answer. `auto`, `default` and None leave it to the vendor."""
    thinking: ThinkingParam | Mapping[str, object] | None
    """Thinking as Anthropic writes it: `{"type": "enabled", "budget_tokens": 2048}`, in tokens."""
    verbosity: Literal["low", "medium", "high"] | None
    """How long the answer should be."""
    modalities: Sequence[str] | None
    """Kinds of output, such as `["text", "audio"]`."""
    audio: AudioParam | Mapping[str, object] | None
    """Voice and format of spoken output; needed with `modalities=["text", "audio"]`."""
    prediction: Mapping[str, object] | None
    """Text of which the answer will largely consist: `{"type": "content", "content": ...}`."""
    web_search_options: Mapping[str, object] | None
    """Lets the model search the web: `search_context_size`, `user_location`."""
    service_tier: str | None
    """The vendor's processing tier, such as `auto`, `default`, `flex`, `priority`."""
    metadata: Mapping[str, object] | None
    """Up to 16 keys stored with the answer at the vendor. Anthropic: only `user_id`."""
    store: bool | None
    """Whether the vendor may keep the answer for its dashboard, evaluations or logs."""
    safety_identifier: str | None
    """An opaque id of your end user, for the vendor's safety checks. At most 64 characters."""
    prompt_cache_key: str | None
    """Requests with the same key are more likely to share the vendor's prompt cache."""


class CallParameters(TypedDict, total=False):
    """What is for polyvox."""

    provider: str | LLMProvider | None
    """The provider; the model's name is then taken as it is, but for this provider's own name and `:` before it.
    Without it: the part of `model` before `:` or `/`."""
    custom_llm_provider: str | LLMProvider | None
    """The same as `provider` (LiteLLM's name)."""
    api_key: TokenProvider | None
    """The key, or a callable that returns it for each request (async for `acompletion`). Default: the environment."""
    api_base: str | None
    """The provider's address, with or without `/chat/completions`. Default: the environment, then the vendor's."""
    base_url: str | None
    """The same as `api_base`; two different values are an error."""
    api_version: str | None
    """The version of a dated API (Azure, watsonx)."""
    deployment_id: str | None
    """The name of a deployment (Azure)."""
    aws_region_name: str | None
    """AWS: the region. Default: AWS_REGION_NAME, AWS_REGION, AWS_DEFAULT_REGION, the profile's."""
    aws_access_key_id: str | None
    """AWS: sign with this key (needs the `bedrock` extra). Default: what botocore finds."""
    aws_secret_access_key: str | None
    """AWS: the secret of `aws_access_key_id`."""
    aws_session_token: str | None
    """AWS: the session of temporary credentials."""
    aws_profile_name: str | None
    """AWS: a profile of the AWS configuration."""
    vertex_project: str | None
    """Vertex AI, GDC: the project. Default: VERTEXAI_PROJECT, GOOGLE_CLOUD_PROJECT, the credentials' own."""
    vertex_location: str | None
    """Vertex AI, GDC: the location. Default: VERTEXAI_LOCATION, GOOGLE_CLOUD_LOCATION, `global`."""
    vertex_credentials: str | Mapping[str, object] | None
    """Vertex AI: a service account, as JSON, as a mapping, or as a file's path (needs the `vertex` extra).

    Default: VERTEXAI_CREDENTIALS, then what google-auth finds."""
    timeout: float | str | HasTimeouts | None
    """Seconds for a model's whole call with its retries, or an httpx2 `Timeout`. Default: 600 to read, 5 to connect."""
    num_retries: int | None
    """How many more times to try after a failure that may pass. Default 2."""
    retries: int | None
    """The same as `num_retries` (OneLLM's name)."""
    max_retries: int | None
    """The same as `num_retries` (OpenAI's name)."""
    fallbacks: Sequence[Fallback] | None
    """Models to try, in order, when this one fails: names, or mappings with `model` and parameters of their own."""
    fallback_models: Sequence[Fallback] | None
    """The same as `fallbacks` (OneLLM's name)."""
    model_list: Sequence[Fallback] | None
    """Models to ask at the same time: the first answer wins, the others are stopped. Entries as in `fallbacks`, or
    LiteLLM's `{"model_name": ..., "litellm_params": {...}}`, of which those named as `model` count."""
    drop_params: bool | None
    """Leave out what the provider cannot do and list it in `response.dropped_params`. Default false: refuse it."""
    allowed_openai_params: Sequence[str] | None
    """Parameters to send as they are although the provider's row says that it cannot (gateways only)."""
    extra_headers: Mapping[str, str] | None
    """More HTTP headers."""
    extra_query: Mapping[str, str] | None
    """More query parameters."""
    extra_body: Mapping[str, object] | None
    """More keys of the request's body; they win over what polyvox would send."""
    additional_params: str | None
    """The same as `extra_body`, as JSON text (ritellm's name)."""
    client_args: Mapping[str, object] | None
    """Settings for this call (any-llm): `timeout`, `max_retries`, `default_headers`, `default_query`, `base_url`,
    `api_key`, and what only some vendors know, such as `api_version`, `organization`, `aws_region_name`."""
    mock_response: MockAnswer | MockVendor | None
    """Answer with this instead of asking the vendor: a text, a result, an exception to raise, or a function that is
    given the model and the messages and returns one of these."""
    session_label: str | None
    """A label for traces; never sent to the vendor."""
    openai: OpenAIOptions | None
    """Fields of OpenAI's API that have no unified name."""
    anthropic: AnthropicOptions | None
    """Fields of Anthropic's API that have no unified name, such as `top_k`."""
    gemini: GeminiOptions | None
    """Fields of Gemini's API that have no unified name, such as `safetySettings`."""
    bedrock: BedrockOptions | None
    """Fields of Bedrock's API that have no unified name, such as `guardrailConfig`."""
    mistral: MistralOptions | None
    """Fields of Mistral's API that have no unified name, such as `safe_prompt`."""
    cohere: CohereOptions | None
    """Fields of Cohere's API that have no unified name, such as `documents` and `safety_mode`."""
    completions: CompletionsOptions | None
    """Fields of OpenAI's legacy completions that have no unified name, such as `suffix` and `echo`."""
    ollama: OllamaOptions | None
    """Fields of Ollama's API that have no unified name, such as `keep_alive` and `num_ctx`."""

    ai21: AI21Options | None
    """Fields of AI21's API that have no unified name."""
    cerebras: CerebrasOptions | None
    """Fields of Cerebras's API that have no unified name."""
    deepseek: DeepSeekOptions | None
    """Fields of DeepSeek's API that have no unified name."""
    fireworks: FireworksOptions | None
    """Fields of Fireworks's API that have no unified name."""
    groq: GroqOptions | None
    """Fields of Groq's API that have no unified name."""
    huggingface: HuggingFaceOptions | None
    """Fields of Hugging Face's API that have no unified name."""
    moonshot: MoonshotOptions | None
    """Fields of Moonshot's API that have no unified name."""
    openrouter: OpenRouterOptions | None
    """Fields of OpenRouter's API that have no unified name."""
    perplexity: PerplexityOptions | None
    """Fields of Perplexity's API that have no unified name."""
    sambanova: SambaNovaOptions | None
    """Fields of SambaNova's API that have no unified name."""
    together: TogetherOptions | None
    """Fields of Together's API that have no unified name."""
    vllm: VLLMOptions | None
    """Fields of vLLM's API that have no unified name."""
    xai: XAIOptions | None
    """Fields of xAI's API that have no unified name."""
    zai: ZAIOptions | None
    """Fields of Z.AI's API that have no unified name."""


class Parameters(ModelParameters, CallParameters, total=False):
    """Every keyword of `completion()` beside `model`, `messages`, `stream` and `response_format`."""


MODEL_PARAMETERS = frozenset(ModelParameters.__annotations__)
CALL_PARAMETERS = frozenset(CallParameters.__annotations__)
VENDOR_OPTIONS = frozenset(
    name for name, kind in CallParameters.__annotations__.items() if "Options | None" in str(kind)
)
