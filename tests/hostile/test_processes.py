"""Processes that end or fork in the middle of streams: no error, no hang, no warning, and nobody else's stream ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import Final

import pytest

from tests.hostile.asking import Way
from tests.hostile.dialects import OPENAI
from tests.hostile.test_connections import good
from tests.hostile.vendor import HostileVendor, Peer, chunked, head, saying

PLAIN: Final = good(OPENAI, Way(asynchronous=False, stream=False))
HALF: Final = head("transfer-encoding: chunked", kind=OPENAI.framing.media_type) + chunked(OPENAI.first)
BEGIN: Final = f"""
import asyncio, gc, os, sys, threading, polyvox

def ask(url, **more):
    return client.completion({OPENAI.model!r}, [{{"role": "user", "content": "Hi"}}], api_base=url, api_key="k", **more)

def begin(url):
    stream = ask(url, stream=True)
    next(stream)
    return stream

client = polyvox.Client(num_retries=0)
urls = sys.argv[1:3]
"""


def run(program: str, *addresses: str) -> None:
    """Run it in a process of its own, with warnings as errors: it must end well, and say nothing."""
    command = [sys.executable, "-W", "error", "-c", BEGIN + program, *addresses]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stderr


ENDING: Final = """
async def begin_async(client, url):
    stream = await client.completion(
        "openai:gpt-5", [{"role": "user", "content": "Hi"}], stream=True, api_base=url, api_key="k"
    )
    await anext(stream)
    return stream

kept = [begin(url) for url in urls]
several = polyvox.AsyncClient()
kept += [asyncio.run(begin_async(several, url)) for url in urls]
for url in urls:
    threading.Thread(target=list, args=(begin(url),), daemon=True).start()
"""


def test_a_process_ends_in_the_middle_of_streams(vendor: HostileVendor) -> None:
    run(ENDING, *(vendor.address(saying(HALF, "stall"), tls=tls) for tls in (False, True)))


FORKING: Final = """
streams = [begin(url) for url in urls]
for end in ("close", "drop", "call", "exit"):
    child = os.fork()
    if child == 0:
        if end == "exit":
            sys.exit()
        if end == "close":
            for stream in streams:
                stream.close()
        if end == "drop":
            del streams
            gc.collect()
        if end == "call":
            ask(sys.argv[3])
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
ask(sys.argv[4])
assert [stream.completion().choices[0].message.content for stream in streams] == ["Hello", "Hello"]
client.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_leaves_its_parents_streams_alone(vendor: HostileVendor) -> None:
    children_are_gone = asyncio.Event()

    async def slow(peer: Peer) -> bool:
        await peer.send(HALF)
        await children_are_gone.wait()
        await peer.send(chunked(OPENAI.last, b""))
        return True

    async def go(peer: Peer) -> bool:
        children_are_gone.set()
        await peer.send(PLAIN)
        return True

    async def plain(peer: Peer) -> bool:
        await peer.send(PLAIN)
        return True

    run(FORKING, vendor.address(slow), vendor.address(slow, tls=True), vendor.address(plain), vendor.address(go))
