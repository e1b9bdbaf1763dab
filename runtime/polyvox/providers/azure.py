"""OpenAI's and Anthropic's dialects on Azure: other addresses, other headers, the same bodies.

https://learn.microsoft.com/azure/ai-foundry/openai/reference
"""

from __future__ import annotations

from os import environ
from typing import TYPE_CHECKING
from urllib.parse import quote

from typing_extensions import override

from ..parameters import MODEL_PARAMETERS
from ..support import NATIVE, Stance, Unsupported
from .anthropic import AnthropicDialect
from .openai import OpenAIDialect

if TYPE_CHECKING:
    from ..call import Call, Vendor
    from ..exchange import Headers

SUPPORT: dict[str, Stance] = {
    **dict.fromkeys(MODEL_PARAMETERS, NATIVE),
    "thinking": Unsupported("Azure OpenAI takes no thinking budget; use reasoning_effort"),
}
# The version in which the service was recorded; a caller or AZURE_API_VERSION names another.
INFERENCE_VERSION = "2024-05-01-preview"


def is_token(key: str, variable: str | None) -> bool:
    """Whether it is a Microsoft Entra token, not a key of the resource."""
    return key.startswith("eyJ") or (variable or "").endswith("AD_TOKEN")


def _headers(key: str, variable: str | None) -> Headers:
    # A callable gives Entra tokens; a resource's key is a plain string.
    if is_token(key, variable):
        return (("authorization", f"Bearer {key}"),)
    return (("api-key", key),)


def _version(call: Call) -> str | None:
    return call.settings.get("api_version") or environ.get("AZURE_API_VERSION")


class AzureDialect(OpenAIDialect):
    """Azure OpenAI: a deployment's own path where a version is asked for, the v1 API where none is."""

    own_settings = frozenset({"api_version", "deployment_id"})

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.support = SUPPORT

    @override
    def path(self, call: Call) -> str:
        version, base = _version(call), self.base_url(call)
        if version is None:
            return "/chat/completions" if base.endswith("/openai/v1") else "/openai/v1/chat/completions"
        deployment = "" if "/deployments/" in base else f"/openai/deployments/{quote(self._deployment(call), safe='')}"
        return f"{deployment}/chat/completions?api-version={quote(version)}"

    def _deployment(self, call: Call) -> str:
        return call.settings.get("deployment_id") or call.model

    @override
    def body(self, call: Call) -> dict[str, object]:
        return {**super().body(call), "model": self._deployment(call)}

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        return _headers(key, variable)


class AzureAIDialect(OpenAIDialect):
    """Azure AI model inference: models of many vendors behind OpenAI's dialect."""

    own_settings = frozenset({"api_version"})

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.support = SUPPORT

    @override
    def path(self, call: Call) -> str:
        base = self.base_url(call)
        if base.endswith("/v1"):
            return "/chat/completions"
        models = "/models" if base.endswith(".services.ai.azure.com") else ""
        return f"{models}/chat/completions?api-version={quote(_version(call) or INFERENCE_VERSION)}"

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        return _headers(key, variable)


class AzureAnthropicDialect(AnthropicDialect):
    """Claude on Azure: Anthropic's Messages API at a resource's own address."""

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        auth = ("authorization", f"Bearer {key}") if is_token(key, variable) else ("x-api-key", key)
        return (auth, ("anthropic-version", "2023-06-01"))
