"""Predibase: OpenAI's dialect at each deployment's own address, with the adapter in the place of the model.

https://docs.predibase.com/user-guide/inference/migrate-openai
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from ..addressing import path_segment
from .openai import OpenAIDialect

if TYPE_CHECKING:
    from ..call import Call


class PredibaseDialect(OpenAIDialect):
    """A deployment, or `deployment:repository/version` for an adapter on it."""

    @override
    def path(self, call: Call) -> str:
        return f"/{path_segment(call.model.partition(':')[0])}/v1/chat/completions"

    @override
    def body(self, call: Call) -> dict[str, object]:
        return {**super().body(call), "model": call.model.partition(":")[2]}
