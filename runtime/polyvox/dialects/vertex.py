"""Gemini on Vertex AI: the same bodies at Google Cloud's addresses, with Google Cloud's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override

from ..support import Stance, Unsupported
from .dialect import ChangingReader, Credentials, StreamReader
from .gemini import SUPPORT as GEMINI
from .gemini import GeminiDialect
from .vertex_place import SETTINGS, Place

if TYPE_CHECKING:
    from ..call import Call
    from ..results import ChatCompletion, Choice, ChunkChoice, Facts

SUPPORT: dict[str, Stance] = {
    **GEMINI,
    "service_tier": Unsupported("Vertex AI takes it as a header: X-Vertex-AI-LLM-Shared-Request-Type"),
    "store": Unsupported("Vertex AI has no such setting"),
    "metadata": Unsupported("name what a call is for with labels={...}"),
}
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    **{name: path for name, path in GeminiDialect.option_paths.items() if name != "enableEnhancedCivicAnswers"},
    "labels": ("labels",),
    "modelArmorConfig": ("modelArmorConfig",),
    "audioTimestamp": ("generationConfig", "audioTimestamp"),
    "modelConfig": ("generationConfig", "modelConfig"),
    "routingConfig": ("generationConfig", "routingConfig"),
}


class VertexDialect(GeminiDialect):
    """Gemini on Vertex AI."""

    own_settings = SETTINGS
    support = SUPPORT
    option_paths = _OPTIONS

    def _place(self, call: Call) -> Place:
        return Place(self, call, "google", "/v1beta1")

    @override
    def base_url(self, call: Call) -> str:
        return self._place(call).base

    @override
    def path(self, call: Call) -> str:
        return self._place(call).path("streamGenerateContent?alt=sse" if call.stream else "generateContent")

    @override
    def credentials(self, call: Call) -> Credentials:
        return self._place(call).credentials()

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        completion = super().read(call, body, facts)
        for choice in completion.choices:
            _settle(choice)
        return completion

    @override
    def reader(self, call: Call) -> StreamReader:
        return _Reader(super().reader(call))


class _Reader(ChangingReader):
    """A stream of Gemini's, with Vertex AI's reason to stop."""

    @override
    def _choice(self, choice: ChunkChoice) -> None:
        _settle(choice)


def _settle(choice: Choice | ChunkChoice) -> None:
    """The one filter that Gemini's own description does not know."""
    if choice.provider_specific_fields.get("native_finish_reason") == "MODEL_ARMOR" and choice.finish_reason:
        choice.finish_reason = "content_filter"
