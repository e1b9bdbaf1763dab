"""Claude on Azure: Anthropic's Messages API at a resource's own address.

https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-foundry-models-claude
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from typing_extensions import override

from ..headers import bearer
from .anthropic import AnthropicDialect
from .azure_login import credentials, is_token
from .dialect import Credentials

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers, Request

_VERSION: Final = ("anthropic-version", "2023-06-01")


class AzureAnthropicDialect(AnthropicDialect):
    """Claude on Azure: Anthropic's Messages API at a resource's own address."""

    @override
    def base_url(self, call: Call) -> str:
        base = super().base_url(call)
        parts = urlsplit(base)
        if not (parts.hostname or "").endswith(".services.ai.azure.com") or parts.path.startswith("/anthropic"):
            return base
        return f"{parts.scheme}://{parts.netloc}/anthropic"  # the resource's address, or that of its other models

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        return bearer(key) if is_token(key, variable) else (("x-api-key", key),)

    @override
    def credentials(self, call: Call) -> Credentials:
        found = credentials(self, call, super().credentials)

        def headers(key: str, request: Request) -> Headers:
            return (*found.headers(key, request), _VERSION)

        return replace(found, headers=headers)
