"""What a caller writes in Anthropic's own form, held to the types that its description has."""

from __future__ import annotations

from collections.abc import Mapping

from ..described import arms, items_of, misfit
from ..errors import InvalidMessageError, InvalidRequestError


def own_part(where: str, kind: str, part: Mapping[str, object]) -> Mapping[str, object]:
    """A part of a message."""
    from polyvox_wire.anthropic.requests import InputContentBlock

    described = arms(InputContentBlock).get(kind)
    if described is not None and (said := misfit(where, part, described)) is not None:
        raise InvalidMessageError(said)
    return part


def own_tool(where: str, tool: Mapping[str, object]) -> Mapping[str, object]:
    """A tool. A newer one than the description has goes as it is."""
    from polyvox_wire.anthropic.requests import CreateMessageParams

    described = arms(items_of(CreateMessageParams, "tools")).get(str(tool.get("type") or "custom"))
    if described is not None and (said := misfit(where, tool, described)) is not None:
        raise InvalidRequestError(said, param="tools")
    return tool
