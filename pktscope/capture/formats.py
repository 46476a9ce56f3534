"""The forms of capture files: how each begins, what the records of an interface share, where fields lie."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from pktscope.words import N_, _, say

SMALL_LIMIT = 262_144
"""Octets of a packet no link needs more of; libpcap's and Wireshark's own limit."""
LARGE_LIMIT = 16 << 20
"""... and the most we accept from a capture that announces a larger snapshot length."""
TIME_LIMIT = (1 << 63) - 1
"""Times are kept in 64 bits; a stamp beyond the year 2262 is set to the end of them."""
COMMENT_LIMIT = 4096


class BadCapture(Exception):
    """Not readable as a capture; the text is one plain line that names the file and the way out."""


@dataclass(frozen=True, slots=True)
class Interface:
    """What the records of one interface share; a plain pcap file has exactly one."""

    link: int
    """The LINKTYPE_ number; -1 where the file does not describe the interface."""
    form: str = "pcap"
    """'pcap', 'modified' (24-octet record headers), 'pcapng', or 'simple': packet blocks with data and nothing else."""
    order: str = "<"
    """As struct writes it."""
    name: str = ""
    snaplen: int = 0
    """0: no limit announced."""
    multiply: int = 1000
    divide: int = 1
    """A stamp times `multiply` over `divide` is nanoseconds."""
    offset: int = 0
    """Nanoseconds to add to every stamp (if_tsoffset)."""
    swapped: str = "no"
    """The two lengths of a pcap record exchanged: 'yes' before version 2.3, 'maybe' in 2.3 and by DG/UX."""

    @property
    def limit(self) -> int:
        """The most octets a packet may claim before we call it nonsense."""
        return max(SMALL_LIMIT, min(self.snaplen, LARGE_LIMIT))

    def time(self, ticks: int) -> int:
        """Nanoseconds since the epoch."""
        return max(-TIME_LIMIT, min(ticks * self.multiply // self.divide + self.offset, TIME_LIMIT))


PCAP_MAGICS: dict[bytes, tuple[str, str, int]] = {
    bytes.fromhex("d4c3b2a1"): ("pcap", "<", 1000),
    bytes.fromhex("a1b2c3d4"): ("pcap", ">", 1000),
    bytes.fromhex("4d3cb2a1"): ("pcap", "<", 1),
    bytes.fromhex("a1b23c4d"): ("pcap", ">", 1),
    bytes.fromhex("34cdb2a1"): ("modified", "<", 1000),
    bytes.fromhex("a1b2cd34"): ("modified", ">", 1000),
}
"""First four octets -> form, byte order, nanoseconds a fraction of a second is counted in."""

PCAPNG_MAGIC = bytes.fromhex("0a0d0d0a")

RECOGNISED: tuple[tuple[bytes, str], ...] = (
    (b"\x28\xb5\x2f\xfd", N_("it is compressed with zstd; unpack it first: zstd -d FILE")),
    (b"\xfd7zXZ\x00", N_("it is compressed with xz; unpack it first: xz -d FILE")),
    (b"BZh", N_("it is compressed with bzip2; unpack it first: bzip2 -d FILE")),
    (b"\x04\x22\x4d\x18", N_("it is compressed with lz4; unpack it first: lz4 -d FILE")),
    (b"PK\x03\x04", N_("it is a zip archive; unpack it first")),
    (b"snoop\x00\x00\x00", N_("it is a snoop capture; convert it: editcap -F pcapng FILE NEW")),
    (b"RTSS", N_("it is a Network Monitor capture; convert it: editcap -F pcapng FILE NEW")),
    (b"GMBU", N_("it is a Network Monitor capture; convert it: editcap -F pcapng FILE NEW")),
    (b"TRSNIFF data", N_("it is a Sniffer capture; convert it: editcap -F pcapng FILE NEW")),
    (b"\x1c\x00\x01\xac", N_("it is an IXIA capture; convert it: editcap -F pcapng FILE NEW")),
    (b"\x1c\x00\x01\xab", N_("it is an IXIA capture; convert it: editcap -F pcapng FILE NEW")),
    (b"\xac\x01\x00\x1c", N_("it is an IXIA capture; convert it: editcap -F pcapng FILE NEW")),
    (b"\xab\x01\x00\x1c", N_("it is an IXIA capture; convert it: editcap -F pcapng FILE NEW")),
)
"""Things people hand over in place of a capture, by their first octets."""

WANTED = N_("pktscope reads pcap and pcapng (also gzipped), as tcpdump -w and Wireshark write them")


def why_not(head: bytes) -> str:
    """What a file that starts with `head` is, if no capture, and what would help; '' if it looks like a capture."""
    if head[:4] in PCAP_MAGICS or head[:4] == PCAPNG_MAGIC:
        return ""
    if not head:
        return say("it is empty; {wanted}", {"wanted": _(WANTED)})
    for magic, words in RECOGNISED:
        if head.startswith(magic):
            return _(words)
    if len(head) < 4:
        values = {"count": len(head), "wanted": _(WANTED)}
        return say("it has only {count:octets}; {wanted}", values)
    if all(octet in b"\t\n\r\f\x1b" or octet >= 32 for octet in head):
        return say("it looks like text, not a capture; {wanted}", {"wanted": _(WANTED)})
    return say("it does not start like a capture; {wanted}", {"wanted": _(WANTED)})


SECTION, DESCRIPTION, OBSOLETE, SIMPLE, STATISTICS, ENHANCED = 0x0A0D0D0A, 1, 2, 3, 5, 6
JOURNAL_BLOCK = 9
BYTE_ORDERS = {bytes.fromhex("4d3c2b1a"): "<", bytes.fromhex("1a2b3c4d"): ">"}

PCAP_RECORD = {
    (form, order): (struct.Struct(order + layout).unpack_from, struct.calcsize(layout))
    for form, layout in (("pcap", "=IIII"), ("modified", "=IIIIIHBB"))
    for order, layout in (("<", layout[1:]), (">", layout[1:]))
}
RECORD_SIZE = {"pcap": 16, "modified": 24}
BLOCK_HEAD = {order: struct.Struct(order + "II").unpack_from for order in "<>"}
BLOCK_TAIL = {order: struct.Struct(order + "I").unpack_from for order in "<>"}
PACKET_FIELDS = {order: struct.Struct(order + "IIIII").unpack_from for order in "<>"}


def resolution(value: int) -> tuple[int, int]:
    """if_tsresol as a fraction: powers of ten, or of two where the highest bit is set."""
    if value & 0x80:
        return 10**9, 1 << (value & 0x7F)
    return 10 ** max(0, 9 - value), 10 ** max(0, value - 9)


def options(buffer: bytes, start: int, end: int, order: str) -> Iterator[tuple[int, bytes]]:
    """Code and value of each pcapng option between two offsets; stops where the lengths stop making sense."""
    while start + 4 <= end:
        code, length = struct.unpack_from(order + "HH", buffer, start)
        if code == 0 or start + 4 + length > end:
            return
        yield code, bytes(buffer[start + 4 : start + 4 + length])
        start += 4 + ((length + 3) & ~3)


def comment_of(block: bytes, captured: int, interface: Interface) -> str:
    """The comments of a packet block (option 1), one a line; `block` is the block from its first octet."""
    found = [
        value.decode("utf-8", "replace")
        for code, value in options(block, 28 + ((captured + 3) & ~3), len(block) - 4, interface.order)
        if code == 1
    ]
    return "\n".join(found)[:COMMENT_LIMIT]
