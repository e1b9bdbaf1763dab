"""Bodies that come packed in one of the ways that our requests allow; any other way is left to httpx2."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from ..exchange import UnreadableReplyError

PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_PIECE: Final = 2**20
"""Bytes that come out at a time: a small packet may hold a thousand times its size."""


class Unpacker:
    """Takes a packed body piece by piece."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._packed = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip's header or zlib's
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What comes out of one more piece.

        Raises:
            UnreadableReplyError: it is not packed so.
        """
        try:
            out = self._first(piece) if not self._begun else self._packed.decompress(piece, _PIECE)
            self._begun = True
            while out:
                yield out
                out = self._packed.decompress(self._packed.unconsumed_tail, _PIECE)
        except zlib.error as error:
            raise UnreadableReplyError(f"it does not unpack ({error})") from error

    def _first(self, piece: bytes) -> bytes:
        try:
            return self._packed.decompress(piece, _PIECE)
        except zlib.error:
            if self._encoding != "deflate":
                raise
            self._packed = zlib.decompressobj(-zlib.MAX_WBITS)  # without a header, as some servers send it
            return self._packed.decompress(piece, _PIECE)
