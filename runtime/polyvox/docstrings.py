"""What a tool's docstring says: the summary, and a text per parameter (Google's `Args:` or Sphinx's `:param x:`)."""

from __future__ import annotations

import re

_SECTION = re.compile(r"^(Args|Arguments|Parameters):[ \t]*\n((?:[ \t]+.*\n|[ \t]*\n)*)", re.MULTILINE)
_ENTRY = re.compile(
    r"^(?P<indent>[ \t]+)\*{0,2}(?P<name>\w+)(?: ?\([^)\n]*\))?:[ \t]*(?P<text>.*(?:\n(?P=indent)[ \t]+\S.*)*)",
    re.MULTILINE,
)
_PARAM = re.compile(r"^[ \t]*:param (?:[^:\n]* )?(?P<name>\w+):[ \t]*(?P<text>.*(?:\n[ \t]+[^:\s].*)*)", re.MULTILINE)


def read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The first paragraph, and what is said of each parameter, each in one line."""
    summary = _one_line(text.partition("\n\n")[0])
    section = _SECTION.search(text + "\n")
    entries = [*_ENTRY.finditer(section[2])] if section else []
    said = {entry["name"]: _one_line(entry["text"]) for entry in (*entries, *_PARAM.finditer(text))}
    return ("" if _SECTION.match(text) or summary.startswith(":param") else summary), said


def _one_line(text: str) -> str:
    return " ".join(text.split())
