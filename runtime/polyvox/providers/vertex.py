"""Gemini and Claude on Vertex AI: the same bodies at Google Cloud's addresses, with Google Cloud's tokens.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from __future__ import annotations

from os import environ
from typing import TYPE_CHECKING
from urllib.parse import quote

from typing_extensions import override

from ..errors import InvalidRequestError
from .anthropic import AnthropicDialect
from .dialect import Credentials, Dialect
from .gemini import GeminiDialect

if TYPE_CHECKING:
    from ..call import Call
    from ..exchange import Headers

SETTINGS = frozenset({"vertex_project", "vertex_location", "vertex_credentials"})


def _first(*names: str) -> str | None:
    return next((environ[name] for name in names if environ.get(name)), None)


def _location(call: Call) -> str:
    asked = call.settings.get("vertex_location")
    return asked or _first("VERTEXAI_LOCATION", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION") or "global"


def _is_token(key: str) -> bool:
    return key.startswith(("ya29.", "eyJ"))


def _express_key(dialect: Dialect, call: Call) -> str | None:
    """A key of express mode, which needs no project; None where tokens are used."""
    given = call.settings.get("api_key") or _first(*dialect.vendor.key_variables)
    return given if isinstance(given, str) and not _is_token(given) else None


def _base_url(dialect: Dialect, call: Call) -> str:
    given = call.api_base or _first(*dialect.vendor.base_variables)
    if given:
        return given.rstrip("/")
    location = _location(call)
    if not location.replace("-", "").isalnum():
        raise InvalidRequestError(f"vertex_location is {location!r}; it is e.g. 'us-central1' or 'global'")
    return f"https://{'' if location == 'global' else location + '-'}aiplatform.googleapis.com"


def _project(call: Call) -> str:
    asked = call.settings.get("vertex_project")
    project = asked or _first("VERTEXAI_PROJECT", "GOOGLE_CLOUD_PROJECT") or _project_of_credentials(call)
    if not project:
        raise InvalidRequestError("no project: pass vertex_project, or set VERTEXAI_PROJECT or GOOGLE_CLOUD_PROJECT")
    return quote(project, safe=":.")


def _project_of_credentials(call: Call) -> str | None:
    if call.settings.get("api_key") is not None:
        return None
    from ..google_tokens import tokens_for

    return tokens_for(call.settings.get("vertex_credentials")).project


def _credentials(call: Call) -> Credentials:
    given = call.settings.get("api_key")
    if given is not None:
        return Credentials(given, lambda key, _: _bearer(key))
    from ..google_tokens import tokens_for

    tokens = tokens_for(call.settings.get("vertex_credentials"))
    return Credentials(tokens.token, lambda key, _: _bearer(key), blocking=True, renew=tokens.forget)


def _bearer(key: str) -> Headers:
    return (("authorization", f"Bearer {key}"),)


def _models(call: Call, publisher: str) -> str:
    """The path to a publisher's models; a model given with its whole path keeps it."""
    if call.model.startswith("projects/"):
        return "/" + quote(call.model)
    where = f"/projects/{_project(call)}/locations/{_location(call)}/publishers/{publisher}/models/"
    return where + quote(call.model, safe="@")


class VertexDialect(GeminiDialect):
    """Gemini on Vertex AI."""

    own_settings = SETTINGS

    @override
    def base_url(self, call: Call) -> str:
        return _base_url(self, call)

    @override
    def path(self, call: Call) -> str:
        verb = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        if _express_key(self, call) is not None:
            return f"/v1beta1/publishers/google/models/{quote(call.model)}:{verb}"
        return f"/v1beta1{_models(call, 'google')}:{verb}"

    @override
    def credentials(self, call: Call) -> Credentials:
        express = _express_key(self, call)
        if express is not None:
            return Credentials(express, lambda key, _: (("x-goog-api-key", key),))
        return _credentials(call)


class VertexAnthropicDialect(AnthropicDialect):
    """Claude on Vertex AI: the model stands in the path, the version in the body."""

    own_settings = SETTINGS

    @override
    def base_url(self, call: Call) -> str:
        return _base_url(self, call)

    @override
    def path(self, call: Call) -> str:
        return f"/v1{_models(call, 'anthropic')}:{'streamRawPredict' if call.stream else 'rawPredict'}"

    @override
    def credentials(self, call: Call) -> Credentials:
        return _credentials(call)

    @override
    def body(self, call: Call) -> dict[str, object]:
        body = super().body(call)
        del body["model"]
        return {"anthropic_version": "vertex-2023-10-16", **body}
