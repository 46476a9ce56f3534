"""Which link types there are: the reader of each header we read, and the names of others people meet."""

from __future__ import annotations

from collections.abc import Callable

from pktscope.capture import link, wireless
from pktscope.capture.link import NAMED, Header

LINKS: dict[int, Callable[[bytes], Header]] = {
    0: link.null, 1: link.ethernet, 9: link.ppp, 12: link.raw, 14: link.raw, 50: link.ppp, 51: link.ppp_over_ethernet,
    101: link.raw, 104: link.hdlc, 105: wireless.bare, 108: link.loop, 113: link.cooked, 127: wireless.radiotap,
    228: link.raw4, 229: link.raw6, 239: link.nflog, 276: link.cooked2,
}  # fmt: skip
"""LINKTYPE_ number -> reader of its header."""

OTHERS = {
    3: "AX.25", 6: "Token Ring", 7: "ARCNET", 8: "SLIP", 10: "FDDI", 107: "Frame Relay", 117: "OpenBSD pflog",
    119: "IEEE 802.11 (Prism)", 122: "IP over Fibre Channel", 129: "ARCNET Linux", 138: "IP over FireWire",
    143: "DOCSIS", 144: "IrDA", 147: "private link type", 163: "IEEE 802.11 (AVS)", 166: "PPP pppd",
    187: "Bluetooth HCI", 189: "USB", 192: "PPI", 195: "IEEE 802.15.4", 201: "Bluetooth HCI", 203: "LAPD", 220: "USB",
    227: "CAN bus", 230: "IEEE 802.15.4", 231: "D-Bus", 240: "netANALYZER", 247: "InfiniBand", 249: "USB",
    251: "Bluetooth LE", 252: "Wireshark upper PDU", 253: "netlink", 254: "Bluetooth monitor", 258: "PKTAP",
    271: "vsock", 272: "Nordic Bluetooth LE",
}  # fmt: skip
"""Names of link types we do not read."""

NUMBERS = {
    "Ethernet": 1, "Linux cooked v1": 113, "Linux cooked v2": 276, "NULL": 0, "LOOP": 108, "RAW": 101, "IPv4": 228,
    "IPv6": 229, "PPP": 9, "PPPoE": 51, "Cisco HDLC": 104, "NFLOG": 239, "IEEE 802.11": 105, "radiotap": 127,
}  # fmt: skip
"""`Header.name` back to a LINKTYPE_ whose reader gives it."""


def read_link(number: int, data: bytes) -> Header:
    """The link header of a frame, whatever its link type; never an exception."""
    reader = LINKS.get(number)
    if reader is not None:
        return reader(data)
    name = OTHERS.get(number, f"link type {number}" if number >= 0 else "undescribed link")
    return Header(name, NAMED, 0, inner=name)
