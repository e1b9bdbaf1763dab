"""Results as text, and where they were measured."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.metadata import version

from .measuring import Row


def machine() -> dict[str, object]:
    """What a figure in microseconds depends on."""
    return {
        "python": platform.python_version(),
        "optimised": "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS")),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "httpx2": version("httpx2"),
        "pydantic": version("pydantic"),
    }


def as_table(rows: Sequence[Row], facts: Mapping[str, float], missing: Mapping[str, str]) -> str:
    """For a terminal."""
    lines = [f"{'µs per call or chunk':38}{'':26}{'CPU':>9}{'min':>9}{'max':>9}{'wall':>9}{'ratio':>7}"]
    for row in rows:
        figures = f"{row.cpu:9.1f}{row.cpu_min:9.1f}{row.cpu_max:9.1f}{row.wall:9.1f}{row.ratio:7.2f}"
        lines.append(f"{row.group:38}{row.name:26}{figures}")
    lines.extend(f"{name:64}{value:9.2f}" for name, value in facts.items())
    lines.extend(f"not measured: {who}: {why}" for who, why in missing.items())
    lines.append(f"Python {sys.version.split()[0]}, {platform.machine()}, {os.cpu_count()} cores")
    return "\n".join(lines)
