"""`web_search_options` for Anthropic: its own web search tool, which its servers run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from ..shapes import mapping_of

if TYPE_CHECKING:
    from polyvox_wire.anthropic import requests as q

    from ..call import Call
else:
    from .dicts import requests as q

_PLACES: Final = ("city", "country", "region", "timezone")
_USUAL: Final = ("search_context_size", "medium")
_NO_OPTION: Final = "Anthropic's search has no such option; give its own tool in `tools` for max_uses and domains"


def search_tool(call: Call) -> q.WebSearchTool20250305 | None:
    """The tool, if a search is asked for."""
    options = call.given.get("web_search_options")
    if options is None:
        return None
    made = q.WebSearchTool20250305(type="web_search_20250305", name="web_search")
    for key, value in options.items():
        if key == "user_location":
            made["user_location"] = _location(value)
        elif (key, value) != _USUAL:
            call.refuse(f"web_search_options[{key!r}]", _NO_OPTION)
    return made


def _location(asked: object) -> q.UserLocation:
    """OpenAI's chat completions have the place one level below the kind."""
    given = mapping_of(asked)
    place = mapping_of(given.get("approximate")) or given
    known = {key: place[key] for key in _PLACES if place.get(key) is not None}
    return cast("q.UserLocation", {"type": "approximate", **known})
