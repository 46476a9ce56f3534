"""What ARP has told so far: who was asked for, who answered, and so whom a hardware address belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from pktscope.model import Arp, Frame

KEPT = 4096
"""Addresses remembered; what asks for more than that is a scan."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An address on the link that has told where it is."""

    address: str
    mac: str
    frame: int
    """Number of the frame that told it."""
    time: int


@dataclass(slots=True)
class Neighbours:
    """All that ARP told on one link."""

    by_address: dict[str, Neighbour] = field(default_factory=dict)
    by_mac: dict[str, Neighbour] = field(default_factory=dict)
    asked: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Requests not answered yet, by the address asked for: frame number and time."""

    def hear(self, frame: Frame, arp: Arp) -> None:
        """Take an ARP packet. A request tells where its sender is, too."""
        if arp.operation == 1 and not arp.announces and len(self.asked) < KEPT:
            self.asked.setdefault(arp.target, []).append((frame.number, frame.time))
        if arp.sender == "0.0.0.0":
            return  # a probe: its sender has no address yet (RFC 5227 section 2.1.1)
        self.asked.pop(arp.sender, None)
        if len(self.by_address) < KEPT:
            told = Neighbour(arp.sender, arp.sender_mac, frame.number, frame.time)
            self.by_address[arp.sender] = self.by_mac[arp.sender_mac] = told

    def unanswered(self, address: str) -> list[tuple[int, int]]:
        """The requests for an address that nobody has answered."""
        return self.asked.get(address, [])


def target_mac(frame: Frame) -> str:
    """The hardware address a frame is for; '' where its link has none."""
    return frame.data[:6].hex(":") if frame.link == "Ethernet" and len(frame.data) >= 14 else ""
