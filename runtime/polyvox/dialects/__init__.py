"""Provider name to mapping. A vendor's module, and with it the vendor's types, is imported at its first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from ..call import Vendor
    from .dialect import Dialect


def dialect_of(vendor: Vendor) -> Dialect:
    """The mapping that speaks to this vendor; one instance per vendor."""
    key = (vendor.name, vendor.dialect)
    found = _loaded.get(key)
    if found is None or found.vendor is not vendor:
        found = _loaded[key] = _load(vendor)
    return found


_loaded: dict[tuple[str, str], Dialect] = {}


def _load(vendor: Vendor) -> Dialect:
    match vendor.dialect:
        case "openai":
            from .openai import OpenAIDialect

            return OpenAIDialect(vendor)
        case "anthropic":
            from .anthropic import AnthropicDialect

            return AnthropicDialect(vendor)
        case "gemini":
            from .gemini import GeminiDialect

            return GeminiDialect(vendor)
        case "azure":
            from .azure import AzureDialect

            return AzureDialect(vendor)
        case "azure_ai":
            from .azure import AzureAIDialect

            return AzureAIDialect(vendor)
        case "azureanthropic":
            from .azure_anthropic import AzureAnthropicDialect

            return AzureAnthropicDialect(vendor)
        case "vertex":
            from .vertex import VertexDialect

            return VertexDialect(vendor)
        case "vertexanthropic":
            from .vertex_anthropic import VertexAnthropicDialect

            return VertexAnthropicDialect(vendor)
        case "vertexopen":
            from .vertex_open import VertexOpenDialect

            return VertexOpenDialect(vendor)
        case "bedrock":
            from .bedrock import BedrockDialect

            return BedrockDialect(vendor)
        case "mistral":
            from .mistral import MistralDialect

            return MistralDialect(vendor)
        case "cohere":
            from .cohere import CohereDialect

            return CohereDialect(vendor)
        case "ollama":
            from .ollama import OllamaDialect

            return OllamaDialect(vendor)
        case "sagemaker":
            from .sagemaker import SageMakerDialect

            return SageMakerDialect(vendor)
        case "sagemaker_nova":
            from .sagemaker import SageMakerNovaDialect

            return SageMakerNovaDialect(vendor)
        case "watsonx":
            from .watsonx import WatsonxDialect

            return WatsonxDialect(vendor)
        case "gigachat":
            from .gigachat import GigaChatDialect

            return GigaChatDialect(vendor)
        case "completions":
            from .completions import CompletionsDialect

            return CompletionsDialect(vendor)
        case "fim":
            from .completions import FIMDialect

            return FIMDialect(vendor)
        case "azure_text":
            from .azure_text import AzureTextDialect

            return AzureTextDialect(vendor)
        case "watsonx_text":
            from .watsonx_text import WatsonxTextDialect

            return WatsonxTextDialect(vendor)
        case "predibase":
            from .predibase import PredibaseDialect

            return PredibaseDialect(vendor)
        case "gdc":
            from .gdc import GDCDialect

            return GDCDialect(vendor)
        case "triton":
            from .triton import TritonDialect

            return TritonDialect(vendor)
        case "liner":
            from .liner import LinerDialect

            return LinerDialect(vendor)
        case "langgraph":
            from .langgraph import LangGraphDialect

            return LangGraphDialect(vendor)
        case "langflow":
            from .langflow import LangflowDialect

            return LangflowDialect(vendor)
        case "databricks_agent":
            from .databricks_agent import DatabricksAgentDialect

            return DatabricksAgentDialect(vendor)
    assert_never(vendor.dialect)
