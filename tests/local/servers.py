"""The servers: what installs them, how they start, which of polyvox's rows speaks to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MODEL: Final = "polyvox-tiny"
"""A model with random weights, made on the spot (`tiny_model`)."""


@dataclass(frozen=True)
class Server:
    """One server. `{python}`, `{bin}`, `{here}` and `{work}` in commands are paths; `{work}` is where it runs."""

    provider: str
    """The row of polyvox that it is asked by."""
    says: str
    """The server and its version, as the head of a cassette names it."""
    requirements: tuple[str, ...]
    port: int
    """Always the same: it stands in the cassettes."""
    build: tuple[str, ...] = ()
    """Makes of the packages what runs, where that is more than installing them."""
    make: tuple[str, ...] = ()
    """Writes what it needs to run."""
    start: tuple[str, ...] = ()
    behind: str | None = None
    """Another of these servers, which it passes calls on to."""
    key_variable: str | None = None
    """Where it is told the key that it wants, if it wants one."""

    @property
    def answers(self) -> str:
        """Who answers, with those behind it."""
        return self.says + (f" in front of {SERVERS[self.behind].answers}" if self.behind else "")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


SERVERS: Final[Mapping[str, Server]] = {
    "llama-cpp-python": Server(
        provider="llamacpp",
        says="llama-cpp-python 0.3.36",
        requirements=("llama-cpp-python[server]==0.3.36", "gguf==0.19.0"),
        port=18801,
        make=("{python}", "{here}/tiny_model.py", "{work}/model.gguf"),
        start=(
            *("{python}", "-m", "llama_cpp.server", "--model", "model.gguf", "--model_alias", MODEL),
            *("--host", "127.0.0.1", "--port", "18801", "--n_ctx", "2048", "--logits_all", "true", "--seed", "1"),
        ),
    ),
    "llama.cpp": Server(
        provider="llamacpp",
        says="llama.cpp, of the source of llama-cpp-python 0.3.36",
        requirements=("gguf==0.19.0",),
        port=18804,
        build=("{python}", "{here}/build_llama_server.py", "llama-cpp-python==0.3.36", "{bin}/llama-server"),
        make=("{python}", "{here}/tiny_model.py", "{work}/model.gguf"),
        start=(
            *("{bin}/llama-server", "--model", "model.gguf", "--alias", MODEL, "--jinja", "--seed", "1"),
            *("--host", "127.0.0.1", "--port", "18804", "--ctx-size", "4096", "--parallel", "2", "--offline"),
        ),
    ),
    "transformers": Server(
        provider="openai_like",
        says="transformers 5.23.0",
        requirements=("transformers[serving]==5.23.0", "torch==2.13.0"),
        port=18802,
        make=("{python}", "{here}/tiny_checkpoint.py", f"{{work}}/{MODEL}"),
        start=("{bin}/transformers", "serve", MODEL, "--host", "127.0.0.1", "--port", "18802", "--device", "cpu"),
    ),
    "litellm": Server(
        provider="litellm_proxy",
        says="litellm 1.106.2",
        requirements=("litellm[proxy]==1.106.2",),
        port=18803,
        make=("{python}", "{here}/proxy_config.py", "{work}/config.yaml"),
        start=("{bin}/litellm", "--config", "config.yaml", "--host", "127.0.0.1", "--port", "18803"),
        behind="llama-cpp-python",
        key_variable="LITELLM_MASTER_KEY",
    ),
}
