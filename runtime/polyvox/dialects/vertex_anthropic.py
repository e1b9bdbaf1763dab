"""Claude on Vertex AI: Anthropic's bodies at Google Cloud's addresses, with Google Cloud's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from .anthropic import AnthropicDialect
from .dialect import Credentials
from .vertex_place import SETTINGS, Place

if TYPE_CHECKING:
    from ..call import Call


class VertexAnthropicDialect(AnthropicDialect):
    """Claude on Vertex AI: the model stands in the path, the version in the body."""

    own_settings = SETTINGS

    def _place(self, call: Call) -> Place:
        return Place(self, call, "anthropic", "/v1")

    @override
    def base_url(self, call: Call) -> str:
        return self._place(call).base

    @override
    def path(self, call: Call) -> str:
        return self._place(call).path("streamRawPredict" if call.stream else "rawPredict")

    @override
    def credentials(self, call: Call) -> Credentials:
        return self._place(call).credentials()

    @override
    def body(self, call: Call) -> dict[str, object]:
        body = super().body(call)
        del body["model"]
        return {"anthropic_version": "vertex-2023-10-16", **body}
