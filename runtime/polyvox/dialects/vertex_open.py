"""Open models on Vertex AI (Llama, DeepSeek, Qwen, gpt-oss): OpenAI's dialect, the owner in the model's name.

https://cloud.google.com/vertex-ai/generative-ai/docs/maas/call-open-model-apis
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from .dialect import Credentials
from .openai import OpenAIDialect
from .vertex_place import SETTINGS, Place

if TYPE_CHECKING:
    from ..call import Call


class VertexOpenDialect(OpenAIDialect):
    """Llama and other open models on Vertex AI."""

    own_settings = SETTINGS

    def _place(self, call: Call) -> Place:
        return Place(self, call, "openapi", "/v1")

    @override
    def base_url(self, call: Call) -> str:
        return self._place(call).base

    @override
    def path(self, call: Call) -> str:
        return self._place(call).open_path()

    @override
    def credentials(self, call: Call) -> Credentials:
        return self._place(call).credentials()
