"""What reader and writer of packet scripts share: the words, and what follows from the lines before."""

from __future__ import annotations

from dataclasses import dataclass, field

from pktscope.model import (
    FLAG_NAMES,
    Call,
    Endpoint,
    Frame,
    Side,
)

TICK = 100_000
START = 1_700_000_000_000_000_000
UNITS = (("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1))
FLAGS = {name: bit for bit, name in FLAG_NAMES}
SIDES = {"C": Side.CLIENT, "S": Side.SERVER}
LETTER = {Side.CLIENT: "C", Side.SERVER: "S"}
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}


@dataclass(slots=True)
class Cursor:
    """What has been said so far: from it follow the numbers a line may leave out. Reader and writer share it."""

    protocol: str = "tcp"
    client: Endpoint = field(default_factory=lambda: Endpoint("127.0.0.1", 40000))
    server: Endpoint = field(default_factory=lambda: Endpoint("127.0.0.1", 8000))
    isn: dict[Side, int] = field(default_factory=lambda: {Side.CLIENT: 1000, Side.SERVER: 5000})
    time: int = START - TICK
    number: int = 0
    serial: int = 0
    nxt: dict[Side, int] = field(default_factory=lambda: {Side.CLIENT: 0, Side.SERVER: 0})
    open: dict[Side, list[Call]] = field(default_factory=lambda: {Side.CLIENT: [], Side.SERVER: []})
    pieces: dict[tuple[Side, int | None], list[int]] = field(default_factory=dict)
    newest: dict[Side, Frame] = field(default_factory=dict)

    def endpoint(self, side: Side) -> Endpoint:
        return self.client if side is Side.CLIENT else self.server

    def sent(self, side: Side, frame: Frame, end: int) -> None:
        """Book a frame."""
        self.number += 1
        self.newest[side] = frame
        self.nxt[side] = max(self.nxt[side], end)


def filler(start: int, length: int) -> bytes:
    """The payload a script means where it gives none: letters by their place in the stream."""
    return bytes(97 + (start + at) % 26 for at in range(length))
