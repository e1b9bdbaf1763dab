"""OpenAI's dialect on Azure: other addresses, other headers, the same bodies.

https://learn.microsoft.com/azure/ai-foundry/openai/reference
"""

from __future__ import annotations

import re
from os import environ
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from typing_extensions import override

from ..addressing import base_url, model_path
from ..errors import InvalidRequestError
from ..headers import bearer
from ..parameters import MODEL_PARAMETERS
from ..support import NATIVE, Stance, Unsupported
from .azure_login import credentials, is_token
from .dialect import Credentials, Dialect
from .openai import OPENAI, OpenAIDialect, described

if TYPE_CHECKING:
    from ..call import Call, Vendor
    from ..exchange import Headers

SUPPORT: dict[str, Stance] = {
    **dict.fromkeys(MODEL_PARAMETERS, NATIVE),
    "functions": OPENAI["functions"],
    "function_call": OPENAI["function_call"],
    "thinking": Unsupported("Azure OpenAI takes no thinking budget; use reasoning_effort"),
}
# The version in which model inference was recorded, and the only one its documentation names.
INFERENCE_VERSION: Final = "2024-05-01-preview"
# What Azure's v1 API knows beside nothing at all; any other version is a date, and belongs to a deployment's path.
_UNDATED: Final = {"v1": "", "latest": "?api-version=latest", "preview": "?api-version=preview"}
_OF_A_DEPLOYMENT = re.compile(r"/deployments/[^/]+$")
# LiteLLM's way to say what stands behind a deployment whose name does not.
_SERIES = re.compile(r"(o_series|gpt5_series)/")
# Models that refuse `max_tokens`, by the shape of their names.
_NEW_LIMIT = re.compile(r"gpt-[5-9]|o\d")
# Resources take their keys by `api-key`, models deployed by themselves as bearer tokens.
_RESOURCES: Final = (".services.ai.azure.com", ".openai.azure.com", ".cognitiveservices.azure.com")


class _Address(NamedTuple):
    """What an address says, whichever of Azure's pages it was copied from."""

    base: str
    version: str | None
    query: str

    @property
    def host(self) -> str:
        return urlsplit(self.base).hostname or ""

    @property
    def whole(self) -> str:
        return f"{self.base}?{self.query}" if self.query else self.base


def _address(dialect: Dialect, call: Call) -> _Address:
    base, _, query = base_url(dialect.vendor, call.api_base).partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    version = next((value for name, value in pairs if name == "api-version"), None)
    rest = urlencode([pair for pair in pairs if pair[0] != "api-version"])
    return _Address(base.rstrip("/").removesuffix("/chat/completions").rstrip("/"), version or None, rest)


class _OnAzure(OpenAIDialect):
    """What both services share."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.support = SUPPORT

    @override
    def base_url(self, call: Call) -> str:
        return _address(self, call).whole

    @override
    def headers(self, key: str, variable: str | None) -> Headers:
        return bearer(key) if is_token(key, variable) else (("api-key", key),)

    @override
    def credentials(self, call: Call) -> Credentials:
        return credentials(self, call, super().credentials)


class AzureDialect(_OnAzure):
    """Azure OpenAI: a deployment's own path where a dated version is asked for, the v1 API where none is."""

    own_settings = frozenset({"api_version", "deployment_id"})

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self.options_name = "openai"
        own = ("data_sources", "user_security_context")
        self.option_paths = {**described("openai").PATHS, **{name: (name,) for name in own}}

    @override
    def path(self, call: Call) -> str:
        address = _address(self, call)
        asked = call.settings.get("api_version") or address.version
        version = asked or environ.get("AZURE_API_VERSION", "").strip() or None
        if address.base.endswith("/openai/v1"):
            return f"/chat/completions{self._undated(call, asked)}"
        if _OF_A_DEPLOYMENT.search(address.base):
            return f"/chat/completions{self._dated(address, version)}"
        root = "" if address.base.endswith("/openai") else "/openai"
        if version is None or version in _UNDATED:
            return f"{root}/v1/chat/completions{_UNDATED[version or 'v1']}"
        name = model_path(self._deployment(call)).replace("/", "%2F")
        return f"{root}/deployments/{name}/chat/completions{self._dated(address, version)}"

    def _undated(self, call: Call, asked: str | None) -> str:
        """The version for an address that says v1 already: one from the environment is for other addresses."""
        if asked is None or asked in _UNDATED:
            return _UNDATED[asked or "v1"]
        raise InvalidRequestError(
            f"api_version={asked!r} is for a deployment's path, api_base says v1; leave one of them out",
            param="api_version",
            provider=self.vendor.name,
            model=call.model,
        )

    def _dated(self, address: _Address, version: str | None) -> str:
        if version is not None:
            return f"?api-version={quote(version, safe='')}"
        if address.host.endswith(".azure.com"):
            raise InvalidRequestError(
                "a deployment's address needs a version: pass api_version, or set AZURE_API_VERSION",
                param="api_version",
                provider=self.vendor.name,
            )
        return ""  # a gateway in front of Azure may have its own

    def _deployment(self, call: Call) -> str:
        return call.settings.get("deployment_id") or _SERIES.sub("", call.model, count=1)

    @override
    def body(self, call: Call) -> dict[str, object]:
        body = super().body(call)
        body["model"] = self._deployment(call)
        if "max_tokens" in body and any(map(self._has_new_limit, (call.model, str(body["model"])))):
            body["max_completion_tokens"] = body.pop("max_tokens")
        return body

    @staticmethod
    def _has_new_limit(name: str) -> bool:
        return bool(_SERIES.match(name) or _NEW_LIMIT.match(name))


class AzureAIDialect(_OnAzure):
    """Azure AI model inference: models of many vendors behind OpenAI's dialect."""

    own_settings = frozenset({"api_version"})

    @override
    def path(self, call: Call) -> str:
        # AZURE_API_VERSION is Azure OpenAI's: its versions are others.
        address = _address(self, call)
        version = call.settings.get("api_version") or address.version
        if address.base.endswith("/v1"):
            return f"/chat/completions?api-version={quote(version, safe='')}" if version else "/chat/completions"
        models = "/models" if address.base.endswith(".services.ai.azure.com") else ""
        return f"{models}/chat/completions?api-version={quote(version or INFERENCE_VERSION, safe='')}"

    @override
    def credentials(self, call: Call) -> Credentials:
        found = super().credentials(call)
        if _address(self, call).host.endswith(_RESOURCES):
            return found
        return Credentials(found.key, lambda key, _: bearer(key), found.blocking, found.renew, found.source)
