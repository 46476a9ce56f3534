"""DHCP messages read from a datagram's octets (RFC 2131, RFC 2132): bounded, and never an exception. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

PORTS = frozenset({67, 68})
COOKIE = b"\x63\x82\x53\x63"
OPTIONS = 64
"""Read of one message."""

TYPES = {1: "DISCOVER", 2: "OFFER", 3: "REQUEST", 4: "DECLINE", 5: "ACK", 6: "NAK", 7: "RELEASE", 8: "INFORM"}


@dataclass(frozen=True, slots=True)
class Dhcp:
    """One message of the four, or another."""

    type: str
    """'DISCOVER', 'OFFER', 'REQUEST', 'ACK', ..."""
    transaction: int
    """Tells one client's talk from another's."""
    mac: str
    """The client's hardware address."""
    yours: str
    """The address offered or given; 0.0.0.0 where none is."""
    requested: str = ""
    server: str = ""
    mask: str = ""
    router: str = ""
    resolver: str = ""
    """The name server."""
    lease: int | None = None
    """Seconds."""


def parse(octets: bytes) -> Dhcp | None:
    """The message in a datagram; None where it is none."""
    if len(octets) < 240 or octets[236:240] != COOKIE or octets[0] not in (1, 2):
        return None
    options = read_options(octets, 240)
    kind, lease = options.get(53, b""), options.get(51, b"")
    requested, server, mask, router, resolver = (address(options.get(number, b"")) for number in (50, 54, 1, 3, 6))
    return Dhcp(
        TYPES.get(kind[0], f"type {kind[0]}") if kind else "BOOTP",
        int.from_bytes(octets[4:8], "big"), octets[28:34].hex(":"), address(octets[16:20]),
        requested, server, mask, router, resolver, int.from_bytes(lease, "big") if len(lease) == 4 else None,
    )  # fmt: skip


def address(octets: bytes) -> str:
    """The first address of an option; '' for none."""
    return str(IPv4Address(octets[:4])) if len(octets) >= 4 else ""


def read_options(octets: bytes, at: int) -> dict[int, bytes]:
    """The options by number; the first of each counts."""
    found: dict[int, bytes] = {}
    for _ in range(OPTIONS):
        if at >= len(octets) or octets[at] == 255:
            break
        if octets[at] == 0:
            at += 1
            continue
        if at + 1 >= len(octets) or at + 2 + octets[at + 1] > len(octets):
            break
        found.setdefault(octets[at], octets[at + 2 : at + 2 + octets[at + 1]])
        at += 2 + octets[at + 1]
    return found
