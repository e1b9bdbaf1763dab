"""A vendor for the soak: slow streams that repeat what they were asked, and one call in twenty that goes wrong.

Speaks OpenAI's dialect. Runs in a process of its own: `with running() as (url, ...)`.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import contextmanager, suppress
from typing import Final, TypeAlias

from benchmarks.server import process

FAULTS: Final = 0.05
PIECES: Final = 12
PAUSE: Final = 1.0
"""Seconds between two chunks: of a thousand streams that is a thousand chunks a second, and eighty new calls."""

Writer: TypeAlias = asyncio.StreamWriter
Fault: TypeAlias = "Callable[[Writer, str], Coroutine[None, None, None]]"


def many_files() -> None:
    """As many open files as the system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def pause() -> float:
    """Seconds between two chunks, as this process was told."""
    return float(sys.argv[1])


def expected(text: str) -> str:
    """The answer to `text`."""
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return [f"{text}.{number} " for number in range(PIECES)]


def _chunk(delta: Mapping[str, object], reason: str | None = None) -> bytes:
    head = {"id": "chatcmpl-soak", "object": "chat.completion.chunk", "created": 1780000000, "model": "soak"}
    body = json.dumps({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    return _framed(f"data: {body}\n\n".encode())


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _whole(text: str) -> bytes:
    message = {"role": "assistant", "content": expected(text)}
    head = {"id": "chatcmpl-soak", "object": "chat.completion", "created": 1780000000, "model": "soak"}
    body = json.dumps({**head, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


_STREAM: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


async def _stream(writer: Writer, text: str, pieces: int = PIECES) -> None:
    writer.write(_STREAM + _chunk({"role": "assistant", "content": ""}))
    for word in _words(text)[:pieces]:
        await asyncio.sleep(pause() * random.uniform(0.5, 1.5))
        writer.write(_chunk({"content": word}))
        await writer.drain()


async def _good(writer: Writer, text: str) -> None:
    await _stream(writer, text)
    writer.write(_chunk({}, "stop") + _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")
    await writer.drain()


async def _refused(writer: Writer, text: str) -> None:
    status = random.choice((b"500 Oops", b"503 Busy", b"429 Slow down"))
    body = b'{"error": {"message": "soak"}}'
    writer.write(b"HTTP/1.1 %s\r\nretry-after: 0\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body))


async def _reset(writer: Writer, text: str) -> None:
    writer.transport.abort()


async def _cut(writer: Writer, text: str) -> None:
    await _stream(writer, text, random.randrange(PIECES))
    writer.transport.abort()


async def _error_inside(writer: Writer, text: str) -> None:
    await _stream(writer, text, random.randrange(PIECES))
    writer.write(_framed(b'data: {"error": {"message": "soak", "code": 500}}\n\n') + b"0\r\n\r\n")


async def _garbage(writer: Writer, text: str) -> None:
    await _stream(writer, text, random.randrange(PIECES))
    writer.write(_framed(b"data: {not json\n\n") + b"0\r\n\r\n")


async def _no_end(writer: Writer, text: str) -> None:
    await _stream(writer, text, random.randrange(PIECES))
    writer.write(b"0\r\n\r\n")


_FAULTS: Final[tuple[Fault, ...]] = (_refused, _reset, _cut, _error_inside, _garbage, _no_end)


async def _answer(reader: asyncio.StreamReader, writer: Writer) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            asked = await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
            body = json.loads(asked)
            text = body["messages"][0]["content"]
            if random.random() < FAULTS:
                await random.choice(_FAULTS if body.get("stream") else _FAULTS[:2])(writer, text)
                await writer.drain()
            elif body.get("stream"):
                await _good(writer, text)
            else:
                await asyncio.sleep(pause())
                writer.write(_whole(text))
    writer.close()


async def _serve() -> None:
    many_files()
    server = await asyncio.start_server(_answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def running(pause: float = PAUSE) -> Generator[str]:
    """The server, in a process of its own; gives its address. `pause` is in seconds, between two chunks."""
    with process("benchmarks.soak_server", str(pause)) as port:
        yield f"http://127.0.0.1:{port}/v1"


if __name__ == "__main__":
    asyncio.run(_serve())
