"""`make install-size`: what `pip install polyvox` brings, in a fresh environment."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from .results import save_facts
from .targets import check

ROOT = Path(__file__).parents[1]


def measure() -> tuple[float, list[str]]:
    """MB on disk, and the distributions, without pip. What Python compiles at first use is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin/python")
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--no-compile", str(ROOT)], check=True, stderr=subprocess.DEVNULL)
        listed = subprocess.run([*pip, "list", "--format", "json"], capture_output=True, check=True, text=True).stdout
        names = [str(each["name"]) for each in json.loads(listed) if each["name"] not in ("pip", "setuptools")]
        subprocess.run(
            [*pip, "uninstall", "--quiet", "--yes", "setuptools", "pip"], check=True, stderr=subprocess.DEVNULL
        )
        (packages,) = Path(folder).glob("lib/python*/site-packages")
        return sum(file.stat().st_size for file in packages.rglob("*") if file.is_file()) / 1e6, names


def main() -> int:
    """Measure, print, and compare to the targets."""
    size, names = measure()
    print(f"{size:.1f} MB, {len(names)} distributions: {', '.join(names)}")
    found: dict[str, float] = {"MB, installation": size, "distributions, installation": len(names)}
    save_facts(found)
    return check([], found)


if __name__ == "__main__":
    sys.exit(main())
