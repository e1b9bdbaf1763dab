"""What a fresh process pays: CPU of import and of its first answer over http and https, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from random import sample
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median
from typing import Final

from .certificate import self_signed
from .server import running

ROUNDS = 15
_IMPORTS: Final = {
    "empty": "pass",
    "import polyvox": "import polyvox",
    "from polyvox import completion": "from polyvox import completion",
    "httpx2 and pydantic": "import httpx2, pydantic; pydantic.BaseModel",
}
_HEAVY = ("httpx2", "pydantic", "asyncio", "ssl", "logging")
_RAW = """
import httpx2, pydantic
class Reply(pydantic.BaseModel):
    id: str
    model: str
    {fields}
with httpx2.Client() as client:
    Reply.model_validate_json(client.post({url!r}, json={body!r}, headers={{"authorization": "Bearer bench"}}).content)
"""
_FIELDS = {
    "openai": "object: str; created: int; choices: list[dict[str, object]]",
    "anthropic": "type: str; role: str; content: list[dict[str, object]]",
}
_OURS = """
from polyvox import completion
completion("bench", {messages!r}, provider={vendor!r}, api_base={base!r}, api_key="bench-key-1234")
"""
# The high-water mark of this program alone: `ru_maxrss` begins with that of the process that forked it.
_MEMORY = "\nprint(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"


def _once(code: str, environment: dict[str, str]) -> tuple[float, str]:
    """CPU milliseconds of a process, and what it printed."""
    before = _spent()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return (_spent() - before) * 1000, done.stdout.strip()


def _spent() -> float:
    """CPU seconds of all processes that ended; `os.times` would count in steps of 10 ms."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment(**more: str) -> dict[str, str]:
    # Compiled files count as they do for users; an environment that forbids writing them would double every figure.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | more


def _medians(cases: dict[str, str], environment: dict[str, str]) -> dict[str, float]:
    """CPU milliseconds of each script, its process included; all interleaved."""
    times: dict[str, list[float]] = {name: [] for name in cases}
    for code in cases.values():
        _once(code, environment)  # compiles
    for _ in range(ROUNDS):
        for name in sample(list(cases), len(cases)):
            times[name].append(_once(cases[name], environment)[0])
    return {name: median(taken) for name, taken in times.items()}


def imports() -> dict[str, float]:
    """Milliseconds over an empty interpreter; memory; how many heavy modules came along."""
    times = _medians(_IMPORTS, _environment())
    floor = times.pop("empty")
    found = {f"ms, {name}": taken - floor for name, taken in times.items()}
    here = _IMPORTS["from polyvox import completion"]
    found["MB, from polyvox import completion"] = int(_once(here + _MEMORY, _environment())[1]) / 1024
    loaded = _once(f"{here}; import sys; print(sum(m in sys.modules for m in {_HEAVY}))", _environment())[1]
    found["heavy modules, from polyvox import completion"] = float(loaded)
    rows = "import sys; print(int('polyvox_wire.gateways' in sys.modules))"
    found["gateways' rows loaded, from polyvox import completion"] = float(_once(f"{here}; {rows}", _environment())[1])
    return found


def _scripts(server: str, vendor: str) -> dict[str, str]:
    path = {"openai": "/1kB/v1/chat/completions", "anthropic": "/1kB/v1/messages"}[vendor]
    base = server + {"openai": "/1kB/v1", "anthropic": "/1kB"}[vendor]
    messages = [{"role": "user", "content": "Hello"}]
    body = {"model": "bench", "messages": messages, "max_tokens": 100}
    return {
        f"{vendor}, raw httpx2": _RAW.format(url=server + path, body=body, fields=_FIELDS[vendor]),
        f"{vendor}, polyvox": _OURS.format(vendor=vendor, base=base, messages=messages),
    }


def first_answers() -> dict[str, float]:
    """Milliseconds from the start of a process to its first answer, over http and https; ratios; memory."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder, "server.pem")
        pem.write_bytes(self_signed())
        for certificate in (None, str(pem)):
            with running(certificate) as server:
                scheme = server.partition(":")[0]
                environment = _environment(SSL_CERT_FILE=str(pem)) if certificate else _environment()
                scripts = _scripts(server, "openai") | _scripts(server, "anthropic")
                times = _medians(scripts, environment)
                for name, taken in times.items():
                    found[f"ms to first answer, {scheme}, {name}"] = taken
                for vendor in ("openai", "anthropic"):
                    ratio = times[f"{vendor}, polyvox"] / times[f"{vendor}, raw httpx2"]
                    found[f"first answer over raw, {scheme}, {vendor}"] = ratio
                    used = _once(scripts[f"{vendor}, polyvox"] + _MEMORY, environment)[1]
                    found[f"MB after first answer, {scheme}, {vendor}"] = int(used) / 1024
    return found


def measure() -> dict[str, float]:
    """All of it."""
    return imports() | first_answers()
