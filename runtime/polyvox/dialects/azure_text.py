"""OpenAI's legacy completions on Azure: https://learn.microsoft.com/azure/ai-foundry/openai/reference#completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from .azure import AzureDialect
from .completions import CompletionsDialect

if TYPE_CHECKING:
    from ..call import Call, Vendor
    from ..results import ChatCompletion, Facts
    from .dialect import StreamReader


class AzureTextDialect(AzureDialect):
    """Azure OpenAI's addresses and keys, and the bodies of completions."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(vendor)
        self._completions = CompletionsDialect(vendor)
        self.support = self._completions.support
        self.option_paths = self._completions.option_paths
        self.options_name = self._completions.options_name

    @override
    def path(self, call: Call) -> str:
        return super().path(call).replace("/chat/completions", "/completions")

    @override
    def body(self, call: Call) -> dict[str, object]:
        return {**self._completions.body(call), "model": self._deployment(call)}

    @override
    def read(self, call: Call, body: bytes, facts: Facts) -> ChatCompletion:
        return self._completions.read(call, body, facts)

    @override
    def reader(self, call: Call) -> StreamReader:
        return self._completions.reader(call)
