"""What a tool's docstring says: the summary, and a text per parameter.

Read are Google's form (`Args:`), NumPy's (`Parameters` underlined) and Sphinx's (`:param x:`).
"""

from __future__ import annotations

import re

_GOOGLE = re.compile(r"^(Args|Arguments|Parameters):[ \t]*\n((?:[ \t]+.*\n|[ \t]*\n)*)", re.MULTILINE)
_GOOGLE_ENTRY = re.compile(
    r"^(?P<indent>[ \t]+)\*{0,2}(?P<name>\w+)(?: ?\([^)\n]*\))?:[ \t]*(?P<text>.*(?:\n(?P=indent)[ \t]+\S.*)*)",
    re.MULTILINE,
)
_NUMPY = re.compile(r"^(?:Other )?Parameters[ \t]*\n-{3,}[ \t]*\n(?P<body>(?:(?!.+\n-{3,}).*\n)*)", re.MULTILINE)
_NUMPY_ENTRY = re.compile(
    r"^\*{0,2}(?P<names>\w+(?:, *\w+)*)[ \t]*(?::.*)?\n(?P<text>(?:(?:[ \t]+\S.*|[ \t]*)\n)*)", re.MULTILINE
)
_SPHINX = re.compile(r"^[ \t]*:param (?:[^:\n]* )?(?P<name>\w+):[ \t]*(?P<text>.*(?:\n[ \t]+[^:\s].*)*)", re.MULTILINE)


def read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The first paragraph, and what is said of each parameter, each in one line."""
    text += "\n"
    entries: list[tuple[str, str]] = []
    if google := _GOOGLE.search(text):
        entries += [(entry["name"], entry["text"]) for entry in _GOOGLE_ENTRY.finditer(google[2])]
    for numpy in _NUMPY.finditer(text):
        entries += [
            (name.strip(), entry["text"])
            for entry in _NUMPY_ENTRY.finditer(numpy["body"])
            for name in entry["names"].split(",")
        ]
    entries += [(entry["name"], entry["text"]) for entry in _SPHINX.finditer(text)]
    said = {name: line for name, told in entries if (line := _one_line(told))}
    return _summary(text), said


def _summary(text: str) -> str:
    first = text.strip("\n").partition("\n\n")[0]
    is_section = _GOOGLE.match(first + "\n") or _NUMPY.match(first + "\n") or first.lstrip().startswith(":param")
    return "" if is_section else _one_line(first)


def _one_line(text: str) -> str:
    return " ".join(text.split())
