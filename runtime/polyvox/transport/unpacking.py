"""Bodies that come packed in one of the ways that our requests allow; any other way is left to httpx2."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from ..exchange import UnreadableReplyError

PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 2**20
"""Bytes that come out at a time: a small packet may hold a thousand times its size."""


class Unpacker:
    """Takes a packed body piece by piece. gzip may come in several parts, one behind the other; what is no part counts
    for nothing."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._part = zlib.decompressobj()
        self._parts = 0
        self._inside = False
        self._over = False
        self._held = b""
        """Too few bytes to tell what begins with them."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What comes out of one more piece: at least something empty, so that its reader can look at the clock.

        Raises:
            UnreadableReplyError: it is not packed so.
        """
        yield b""
        data, self._held = self._held + piece, b""
        try:
            while self._inside or self._begins(data):
                out = self._part.decompress(data, _PIECE)
                if self._part.eof:
                    data, self._inside = self._part.unused_data, False
                elif out:
                    data = self._part.unconsumed_tail
                else:
                    return
                yield out
        except zlib.error as error:
            raise UnreadableReplyError(f"it does not unpack ({error})") from error

    def _begins(self, data: bytes) -> bool:
        """Whether a part begins here."""
        if len(data) < len(_GZIP) or self._over:
            self._held = b"" if self._over else data
            return False
        self._over = self._parts > 0 and not data.startswith(_GZIP)
        if not self._over:
            self._parts += 1
            self._part = zlib.decompressobj(self._bits(data))
            self._inside = True
        return self._inside

    def _bits(self, data: bytes) -> int:
        """How zlib is told the kind of header: gzip's or its own; or none, as some servers send `deflate`."""
        is_headed = data.startswith(_GZIP) or (data[0] & 15 == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0)
        return zlib.MAX_WBITS | 32 if is_headed or self._encoding != "deflate" else -zlib.MAX_WBITS
