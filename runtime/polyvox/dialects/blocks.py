"""The blocks of an answer, sorted into what the unified message has places for: of vendors that answer in blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..results import ChatCompletionMessage

if TYPE_CHECKING:
    from polyvox_wire.support import Wire

    from ..results import Annotation, ThinkingBlock, ToolCall


class Blocks:
    """What the blocks of one message say. Each vendor's own class adds them."""

    vendor: ClassVar[str]
    """Under which name they are kept."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self._length = 0
        self.reasoning: list[str] = []
        self.thinking: list[ThinkingBlock] = []
        self.calls: list[ToolCall] = []
        self.annotations: list[Annotation] = []
        self.blocks: list[Wire] = []
        self.plain = True
        """Whether the unified fields say everything, order included."""

    def say(self, text: str) -> tuple[int, int]:
        """One more text of the answer; where it begins and ends there."""
        start, self._length = self._length, self._length + len(text)
        self.text.append(text)
        return start, self._length

    def comes_first(self) -> None:
        """What comes now has one place in the unified message: before all texts and calls."""
        self.plain = self.plain and not self.text and not self.calls

    def message(self) -> ChatCompletionMessage:
        """The unified message."""
        return ChatCompletionMessage(
            content="".join(self.text) if self.text else None,
            reasoning_content="".join(self.reasoning) or None,
            thinking_blocks=self.thinking or None,
            tool_calls=self.calls or None,
            annotations=self.annotations or None,
            provider_specific_fields=self.kept(),
        )

    def kept(self) -> dict[str, object]:
        """All blocks as they came, to be given back in the next turn; nothing where the unified fields say it all."""
        if self.plain:
            return {}
        blocks = [block.model_dump(exclude_unset=True, by_alias=True) for block in self.blocks]
        return {self.vendor: {"content": blocks, "text": "".join(self.text)}}
