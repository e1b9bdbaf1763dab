"""The name somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(wrong: object, names: Iterable[str], likeness: float = 0.6) -> str:
    """`; did you mean 'right'?`, or nothing when no name is near; 1 is the same name, 0 another one altogether."""
    from difflib import get_close_matches  # only needed on the way to an error

    known = list(names)
    same = [name for name in known if _letters(name) == _letters(str(wrong))]
    found = same or get_close_matches(str(wrong), known, n=1, cutoff=likeness)
    return f"; did you mean {found[0]!r}?" if found else ""


def _letters(name: str) -> str:
    """`topK` and `top_k` are one name in two hands."""
    return name.replace("_", "").replace("-", "").lower()
