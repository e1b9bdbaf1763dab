"""A local server process that answers at once with prebuilt replies: what is left to measure is the client.

The first part of the path says which reply: `/1kB/v1/chat/completions`, `/2000/v1/messages`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from .replies import all_replies


class _Protocol(asyncio.Protocol):
    replies: dict[tuple[bytes, bytes], bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._waiting) < end + 4 + length:
                return
            path = self._waiting[: self._waiting.find(b"\r\n")].split(b" ")[1]
            self._waiting = self._waiting[end + 4 + length :]
            self._transport.write(self.replies[_vendor(path), path.split(b"/")[1]])


def _vendor(path: bytes) -> bytes:
    if b"/v1/messages" in path:
        return b"anthropic"
    if b"GenerateContent" in path or b"generateContent" in path:
        return b"gemini"
    return b"bedrock" if b"/converse" in path else b"openai"


async def _serve(certificate: str | None) -> None:
    _Protocol.replies = all_replies()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(_Protocol, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def pin(core: int) -> None:
    """Keep this process on one core, where the system allows it; a machine with one core stays as it is."""
    with contextlib.suppress(AttributeError, OSError, IndexError):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # who started it may have kept itself to one
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})


@contextmanager
def process(module: str, *arguments: str) -> Generator[int]:
    """A server in a process of its own, which prints its port first; gives the port."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        try:
            assert started.stdout is not None
            yield int(started.stdout.readline())
        finally:
            started.terminate()


@contextmanager
def running(certificate: str | None = None) -> Generator[str]:
    """This server; gives its address. With a certificate (PEM, key first) it speaks TLS."""
    with process("benchmarks.server", *([certificate] if certificate else [])) as port:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"


if __name__ == "__main__":
    pin(-1)
    asyncio.run(_serve(sys.argv[1] if len(sys.argv) > 1 else None))
