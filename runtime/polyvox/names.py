"""Names that editors complete: of models, and of providers. Any other name works as a string."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

__all__ = ["LLMProvider", "ModelName"]

if TYPE_CHECKING:
    MYPY = False  # true for mypy alone, which would write out every name in each complaint about a call
    if MYPY:
        ModelName: TypeAlias = str  # pyright: ignore[reportRedeclaration]  # it takes the one below
    else:
        from polyvox_wire.models import KnownModel

        ModelName: TypeAlias = KnownModel | str  # pyright: ignore[reportRedeclaration]  # as above


class LLMProvider(StrEnum):
    """Names for `provider=`: the vendors with a dialect of their own, and the gateways that any-llm's enum names too.
    A string does as well, and reaches every gateway."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    AZURE = "azure"
    AZUREOPENAI = "azureopenai"
    AZURE_AI = "azure_ai"
    AZUREANTHROPIC = "azureanthropic"
    VERTEXAI = "vertexai"
    VERTEXAIANTHROPIC = "vertexaianthropic"
    BEDROCK = "bedrock"
    MISTRAL = "mistral"
    COHERE = "cohere"
    OLLAMA = "ollama"
    SAGEMAKER = "sagemaker"
    WATSONX = "watsonx"
    GIGACHAT = "gigachat"
    ATLASCLOUD = "atlascloud"
    CASCADIA = "cascadia"
    CEREBRAS = "cerebras"
    DASHSCOPE = "dashscope"
    DATABRICKS = "databricks"
    DEEPINFRA = "deepinfra"
    DEEPSEEK = "deepseek"
    EDENAI = "edenai"
    FIREWORKS = "fireworks"
    GMI = "gmi"
    GROQ = "groq"
    HUGGINGFACE = "huggingface"
    INCEPTION = "inception"
    KENARI = "kenari"
    LINER = "liner"
    LLAMACPP = "llamacpp"
    LLAMAFILE = "llamafile"
    LMSTUDIO = "lmstudio"
    META = "meta"
    MINIMAX = "minimax"
    MOONSHOT = "moonshot"
    MZAI = "mzai"
    NEBIUS = "nebius"
    NEOSANTARA = "neosantara"
    OPENROUTER = "openrouter"
    OTARI = "otari"
    OVHCLOUD = "ovhcloud"
    PERPLEXITY = "perplexity"
    PORTKEY = "portkey"
    QINIU = "qiniu"
    REQUESTY = "requesty"
    SAMBANOVA = "sambanova"
    TELNYX = "telnyx"
    TOGETHER = "together"
    VLLM = "vllm"
    XAI = "xai"
    ZAI = "zai"
