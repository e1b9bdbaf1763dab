"""Request types without their modules.

A TypedDict makes a dict, and vendors have hundreds of them: defining them takes longer than the rest of a first call.
So type checkers see `polyvox_wire.<vendor>.requests` as `q`, and at run time `q` is this, where every type is `dict`.
"""

from __future__ import annotations

from typing import Final


class _Dicts:
    def __getattr__(self, name: str) -> type[dict[str, object]]:
        setattr(self, name, dict)  # the next look is as fast as a module's
        return dict


requests: Final = _Dicts()

__all__ = ["requests"]
