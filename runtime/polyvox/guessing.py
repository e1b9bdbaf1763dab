"""The name somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(wrong: object, names: Iterable[str], likeness: float = 0.6) -> str:
    """`; did you mean 'right'?`, or nothing when no name is near; 1 is the same name, 0 another one altogether."""
    from difflib import get_close_matches  # only needed on the way to an error

    found = get_close_matches(str(wrong), list(names), n=1, cutoff=likeness)
    return f"; did you mean {found[0]!r}?" if found else ""
