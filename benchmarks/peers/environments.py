"""`make bench-peers`: an environment for each library, from the versions and hashes of its lock."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = Path(__file__).parent
ENVIRONMENTS: Final = ROOT / ".venv-peers"


def python_of(name: str) -> Path:
    """The interpreter of an environment. Raises FileNotFoundError, saying why, if it is not there."""
    folder = ENVIRONMENTS / name
    if (folder / "failed").exists():
        raise FileNotFoundError(f"does not install: {(folder / 'failed').read_text('utf-8')}")
    if not (folder / "ready").exists():
        raise FileNotFoundError("not installed: make bench-peers")
    return folder / "bin/python"


def build(lock: Path) -> str:
    """Make the environment of a lock, if it is not there as the lock says; gives what came of it."""
    folder, wanted = ENVIRONMENTS / lock.stem, lock.read_text("utf-8")
    ready = folder / "ready"
    if ready.exists() and ready.read_text("utf-8") == wanted:
        return "is there"
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=False, capture_output=True, text=True)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
        (folder / "failed").write_text(said[-1][:160], "utf-8")
        return f"does not install: {said[-1]}"
    ready.write_text(wanted, "utf-8")
    return "installed"


def main() -> int:
    """Build all of them; one that does not install is said in the table of `make bench`, and stops nothing."""
    for lock in sorted(LOCKS.glob("*.lock")):
        print(f"{lock.stem}: ", end="", flush=True)
        print(build(lock), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
