"""NVIDIA Triton's generate extension, a prompt and its continuation, on one's own server.

https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_generate.html
What its parameters mean is the backend's business; those sent here are the ones that its vLLM backend documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from ..addressing import base_url, path_segment
from ..prompts import prompt_of, refuse_format
from ..shapes import is_mapping
from ..support import Renamed, Unsupported, takes_only
from .plain import PlainDialect, Said

if TYPE_CHECKING:
    from ..call import Call

_NAMES: Final = {
    **{name: name for name in ("temperature", "top_p", "max_tokens", "stop", "seed")},
    **{name: name for name in ("presence_penalty", "frequency_penalty")},
    "max_completion_tokens": "max_tokens",
}
SUPPORT: Final = takes_only(
    "the generate extension gives one text and takes no such parameter",
    **{name: Renamed(f"parameters.{to}") for name, to in _NAMES.items()},
    stream_options=Unsupported("the generate extension counts no tokens"),
)


class TritonDialect(PlainDialect):
    """Triton."""

    support = SUPPORT
    ends_silently = True

    @override
    def base_url(self, call: Call) -> str:
        base, mark, query = base_url(self.vendor, call.api_base).partition("?")
        for end in ("/generate", "/generate_stream"):  # a whole address, as LiteLLM wants it
            if base.endswith(end):
                base = base.removesuffix(end).rpartition("/v2/models/")[0] or base
        return base + mark + query

    @override
    def path(self, call: Call) -> str:
        return f"/v2/models/{path_segment(call.model)}/generate{'_stream' if call.stream else ''}"

    @override
    def body(self, call: Call) -> dict[str, object]:
        refuse_format(call)
        asked = cast("Mapping[str, object]", call.given)
        parameters = {to: asked[name] for name, to in _NAMES.items() if name in asked}
        return {"text_input": prompt_of(call), "parameters": {"stream": call.stream, **parameters}}

    @override
    def answer(self, call: Call, document: Mapping[str, object]) -> Said | None:
        if document.get("error"):
            raise self.error(call, None, {}, str(document["error"]).encode())
        text = document.get("text_output")
        more = {name: document[name] for name in ("model_name", "model_version") if name in document}
        return Said(text=text, more=more) if isinstance(text, str) else None

    @override
    def piece(self, call: Call, name: str, document: object) -> Said | None:
        return self.answer(call, document) if is_mapping(document) else None
