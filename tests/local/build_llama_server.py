"""Compiles llama.cpp's own server from the source that a package brings: `python build_llama_server.py PIN FILE`.

It needs a C++ compiler, cmake and ninja. Compiled for little time to compile, not for speed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

OPTIONS = {
    "CMAKE_BUILD_TYPE": "None",
    "CMAKE_CXX_FLAGS": "-O0",
    "CMAKE_C_FLAGS": "-O1",
    "BUILD_SHARED_LIBS": "OFF",
    "GGML_NATIVE": "OFF",
    "GGML_OPENMP": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_UI": "OFF",
    "LLAMA_CURL": "OFF",
    "LLAMA_OPENSSL": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF",
}


def build(pin: str, target: Path) -> None:
    """Download the package's source, compile, and keep the one program."""
    with TemporaryDirectory() as scratch:
        work = Path(scratch)
        download = ("-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", pin.partition("==")[0], pin)
        subprocess.run([sys.executable, *download], check=True, cwd=work)
        (archive,) = work.glob("*.tar.gz")
        with tarfile.open(archive) as source:
            source.extractall(work, filter="data")
        (source_folder,) = work.glob("*/vendor/llama.cpp")
        options = [f"-D{name}={value}" for name, value in OPTIONS.items()]
        subprocess.run(["cmake", "-S", source_folder, "-B", work / "build", "-G", "Ninja", *options], check=True)
        subprocess.run(["cmake", "--build", work / "build", "--target", "llama-server"], check=True)
        shutil.copy2(work / "build/bin/llama-server", target)


if __name__ == "__main__":
    build(sys.argv[1], Path(sys.argv[2]))
