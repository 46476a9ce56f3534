"""gzip, unpacked as it comes; of a file that is cut or damaged, what can be had."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

from pktscope.words import _

GZIP_MAGIC = b"\x1f\x8b"
PIECE = 1 << 20
"""Octets unpacked at once: a small file may hold a very large capture."""


def unpacked(first: bytes, rest: Iterator[bytes], complain: Callable[[str], None]) -> Iterator[bytes]:
    """The unpacked octets of one gzip member after another."""
    member = zlib.decompressobj(31)
    packed = first
    while True:
        before = member.copy()
        try:
            piece = member.decompress(packed, PIECE)
        except zlib.error:
            complain(_("the compressed file stops making sense: it is damaged, and the rest of it was left unread"))
            yield from salvaged(before, packed)
            return
        if piece:
            yield piece
        packed = member.unused_data if member.eof else member.unconsumed_tail
        if not packed and (piece := next(rest, b"")):
            packed = piece
        elif not packed and not member.eof and not member.unconsumed_tail:
            complain(_("the compressed file stops in the middle: the rest of it is missing"))
            return
        if member.eof:
            if packed[:2] != GZIP_MAGIC:
                if packed.strip(b"\0"):
                    complain(_("there is something behind the end of the compressed file; it was left unread"))
                return
            member = zlib.decompressobj(31)


def salvaged(member: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """What comes out of damaged data before the damage: zlib itself throws all of a call's output away."""
    for at in range(0, len(packed), 64):
        try:
            yield member.decompress(packed[at : at + 64])
        except zlib.error:
            return
