"""The plots of docs/performance.md, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from math import log2
from typing import Final

from benchmarks.measuring import Row
from benchmarks.targets import Verdict

_WIDTH, _LINE, _LEFT, _SCALE = 760, 18, 270, 230
_DOUBLING: Final = 58
"""Of the other libraries' plot, whose scale is logarithmic."""
_COLOURS: Final = ("#555555", "#2b7a0b", "#1f77b4", "#d62728", "#9467bd", "#e377c2", "#8c564b", "#ff7f0e", "#17becf")


def _svg(height: int, lines: Sequence[str]) -> str:
    style = 'font-family="sans-serif" font-size="11"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" {style}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *lines, "</svg>", ""])


def _label(text: str, top: int) -> str:
    return f'<text x="{_LEFT - 6}" y="{top + 11}" text-anchor="end">{text}</text>'


def targets(found: Sequence[Verdict]) -> str:
    """A bar for each ratio, a mark at its target, a line at raw httpx2."""
    height, at = _LINE * (len(found) + 2), _LEFT + _SCALE
    lines = [line for number, verdict in enumerate(found) for line in _bar(verdict, 6 + number * _LINE)]
    lines.append(f'<line x1="{at}" y1="4" x2="{at}" y2="{height - _LINE}" stroke="#555"/>')
    lines.append(f'<text x="{at}" y="{height - 6}" text-anchor="middle">1 = raw httpx2; marks are targets</text>')
    return _svg(height, lines)


def _bar(verdict: Verdict, top: int) -> list[str]:
    long, mark = verdict.found * _SCALE, _LEFT + verdict.target.most * _SCALE
    colour = "#4c8c4a" if verdict.met else "#c98a2b"
    return [
        _label(verdict.name, top),
        f'<rect x="{_LEFT}" y="{top}" width="{long:.0f}" height="{_LINE - 5}" fill="{colour}"/>',
        f'<line x1="{mark:.0f}" y1="{top - 2}" x2="{mark:.0f}" y2="{top + _LINE - 3}" stroke="black"/>',
        f'<text x="{_LEFT + long + 5:.0f}" y="{top + 11}">{verdict.found:.2f}</text>',
    ]


def libraries(rows: Sequence[Row]) -> str:
    """A line for each thing measured, a dot for each library, at its ratio to raw httpx2."""
    names = list(dict.fromkeys(row.name for row in rows))
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}
    groups = [(group, list(some)) for group, some in groupby(rows, key=lambda row: row.group)]
    bottom = 6 + len(groups) * _LINE
    lines = [line for doubling in range(-1, 8) for line in _gridline(doubling, bottom)]
    lines.append(_label("times raw httpx2", bottom + 2))
    for number, (group, some) in enumerate(groups):
        top = 6 + number * _LINE
        lines.append(_label(group, top))
        lines += [_dot(_across(log2(row.ratio)), top + 7, colours[row.name], row.name) for row in some]
    for number, name in enumerate(names):
        left, top = 20 + number % 4 * 180, bottom + 24 + number // 4 * _LINE
        lines += [_dot(left, top + 7, colours[name], name), f'<text x="{left + 9}" y="{top + 11}">{name}</text>']
    return _svg(bottom + 30 + (len(names) + 3) // 4 * _LINE, lines)


def _across(doublings: float) -> float:
    return _LEFT + (doublings + 1) * _DOUBLING


def _gridline(doubling: int, bottom: int) -> list[str]:
    at = _across(doubling)
    return [
        f'<line x1="{at:.0f}" y1="4" x2="{at:.0f}" y2="{bottom}" stroke="{"#555" if doubling == 0 else "#ddd"}"/>',
        f'<text x="{at:.0f}" y="{bottom + 13}" text-anchor="middle">{2**doubling:g}</text>',
    ]


def _dot(across: float, down: int, colour: str, name: str) -> str:
    return f'<circle cx="{across:.0f}" cy="{down}" r="4.5" fill="{colour}"><title>{name}</title></circle>'
