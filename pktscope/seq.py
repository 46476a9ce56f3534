"""Sequence numbers: arithmetic modulo 2**32 (RFC 9293 section 3.4), as a type so that nobody subtracts raw numbers."""

from __future__ import annotations

MODULUS = 1 << 32
HALF = 1 << 31


def distance(start: int, end: int) -> int:
    """How far `end` is ahead of `start` on the circle: negative if behind, from -2**31 to 2**31 - 1."""
    return ((end - start + HALF) % MODULUS) - HALF


class Line:
    """One direction's sequence numbers laid out straight: raw numbers in, numbers counted from the ISN out.

    A conversation may send more than 2**32 octets; each raw number is taken as the one nearest to the last seen.
    """

    __slots__ = ("base", "last")

    def __init__(self, base: int) -> None:
        """`base` is the raw number that shall be 0: the ISN."""
        self.base = base % MODULUS
        self.last = 0

    def place(self, raw: int) -> int:
        """The relative number of `raw`, near the highest seen."""
        at = self.last + distance((self.base + self.last) % MODULUS, raw)
        if at > self.last:
            self.last = at
        return at

    def peek(self, raw: int) -> int:
        """The same without moving the line: for numbers a stranger may have made up."""
        return self.last + distance((self.base + self.last) % MODULUS, raw)
