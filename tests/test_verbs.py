"""`make help` and the verbs: each says what it needs, in its own terms, and fails where that is not given."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]


def made(*words: str) -> subprocess.CompletedProcess[str]:
    """What make says; nothing is run, and the environment is taken to be there."""
    command = ["make", "--dry-run", "--old-file=.venv/.ready", "--old-file=.venv-tools/.ready", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", ["refresh", "diff", "changelog"])
def test_a_verb_that_is_about_one_vendor(verb: str) -> None:
    ran = made(verb)
    assert ran.returncode == 2
    assert f"VENDOR is missing: make {verb} VENDOR=openai" in ran.stderr
    assert " groq" in made(verb, "VENDOR=groq").stdout


@pytest.mark.parametrize("python", ["false", "no-such-python"], ids=["too old", "not there"])
def test_a_python_that_will_not_do_is_said_so(python: str) -> None:
    command = ["make", "--assume-new=requirements-dev.lock", f"PYTHON={python}", "demo"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert f"needs Python 3.11 or newer, which {python} is not: make PYTHON=python3.11 demo\n" in ran.stderr


def test_what_git_would_know_is_not_known_without_git() -> None:
    command = [sys.executable, "-m", "codegen.stability"]
    ran = subprocess.run(command, cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (
        3,
        "codegen: git is not installed, and it alone knows what was there before\n",
    )


def test_every_verb_is_listed_and_nothing_else_is() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split()
    assert sorted(re.findall(r"^([a-z-]+):(?!=).*?## ", text, re.MULTILINE)) == sorted(phony)
