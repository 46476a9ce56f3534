"""The record walk of capture files: pcap and pcapng octets in, where each packet lies out.

A walk is fed buffers as they come (a file read in pieces, a pipe, a gzip being unpacked) and yields one plain tuple a
packet, because it runs once over every packet of a big capture. Nothing is believed: every length is held against what
is there, and what cannot be right becomes a complaint in plain words while everything before it stays.

Frames are numbered by packet records only. (tshark also counts some pcapng blocks that hold no packet, so in files with
such blocks its numbers run ahead of ours; our journal blocks are among them.)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from pktscope.capture.formats import (
    BLOCK_HEAD,
    BLOCK_TAIL,
    BYTE_ORDERS,
    DESCRIPTION,
    ENHANCED,
    JOURNAL_BLOCK,
    OBSOLETE,
    PACKET_FIELDS,
    PCAP_MAGICS,
    PCAP_RECORD,
    PCAPNG_MAGIC,
    RECORD_SIZE,
    SECTION,
    SIMPLE,
    STATISTICS,
    TIME_LIMIT,
    Interface,
    options,
    resolution,
    why_not,
)
from pktscope.words import _, say

BLOCK_LIMIT = 32 << 20
"""Octets of a pcapng block."""
COMPLAINT_LIMIT = 50

JOURNAL = -1
"""In place of an interface: the item is a journal block."""

Item: TypeAlias = tuple[int, int, int, int, int]
"""One record: offset of its data, captured octets, octets on the wire, time, interface index.

The offset is in the buffer given to `walk`. Of a journal block the data is its text and the interface is JOURNAL.
"""


@dataclass(slots=True)
class Walk:
    """The walk over one capture; feed it with `walk`, then say that nothing more comes with `finish`."""

    interfaces: list[Interface] = field(default_factory=list)
    """All interfaces of all sections, in order of description; an Item's last value is the index here."""
    complaints: list[str] = field(default_factory=list)
    dropped: dict[int, int] = field(default_factory=dict)
    """Frames the capturing program lost, by interface, where it says so."""
    packets: int = 0
    consumed: int = 0
    """Octets of the last buffer that need not be given again; the rest must start the next one."""
    broken: bool = False
    """The rest of the capture cannot be made sense of; stop feeding."""
    form: str = ""
    needed: int = 4
    """Octets the next record needs from `consumed` on, as far as known."""
    started: bool = False
    order: str = "<"
    described: list[int] = field(default_factory=list)
    """The current section's interfaces by their number in it: indexes into `interfaces`."""
    missing: int = -1
    """Index of the current section's stand-in for interfaces it does not describe."""
    plains: dict[int, int] = field(default_factory=dict)
    last_time: int = 0
    ending: str = ""
    """In plain words, what keeps the capture from being read to a proper end; empty where it was."""

    def walk(self, buffer: bytes, end: int) -> Iterator[Item]:
        """The records that lie whole in the first `end` octets of `buffer`; afterwards `consumed` says how far."""
        self.consumed = 0
        if self.broken or (not self.form and not self.begin(buffer, end)):
            return iter(())
        return self.walk_pcapng(buffer, end) if self.form == "pcapng" else self.walk_pcap(buffer, end)

    def begin(self, buffer: bytes, end: int) -> bool:
        """Read the file header; False while it is not all there."""
        head = bytes(buffer[: min(end, 24)])
        if len(head) < 4:
            return False
        if why_not(head):
            self.stop(_("the data does not start like a capture"))
            return False
        if head[:4] == PCAPNG_MAGIC:
            self.form = "pcapng"
            return True
        if len(head) < 24:
            self.needed = 24
            return False
        self.begin_pcap(head)
        return True

    def begin_pcap(self, head: bytes) -> None:
        form, order, unit = PCAP_MAGICS[head[:4]]
        major, minor, _, _, snaplen, network = struct.unpack(order + "HHIIII", head[4:24])
        swapped = "yes" if (major, minor) < (2, 3) else "maybe" if minor == 3 or major == 543 else "no"
        # The upper half of the field tells of frame check sequences (RFC draft pcap, "LinkType and additional
        # information"); the IP length keeps those out of every payload.
        link = Interface(network & 0xFFFF, form, order, snaplen=snaplen, multiply=unit, swapped=swapped)
        self.interfaces.append(link)
        self.form, self.order, self.started, self.consumed = form, order, True, 24

    def walk_pcap(self, buffer: bytes, end: int) -> Iterator[Item]:
        """Record headers and data, one after the other."""
        interface = self.interfaces[0]
        unpack, size = PCAP_RECORD[interface.form, interface.order]
        position, unit, limit, swapped = self.consumed, interface.multiply, interface.limit, interface.swapped != "no"
        while position + size <= end:
            fields = unpack(buffer, position)
            seconds, fraction, captured, wire = fields[0], fields[1], fields[2], fields[3]
            if swapped and (interface.swapped == "yes" or captured > wire):
                captured, wire = wire, captured
            start = position + size
            if captured > limit:
                self.stop(
                    say(
                        "packet {packet} claims {captured:,} captured octets, which no link sends",
                        {"packet": self.packets + 1, "captured": captured},
                    )
                )
                return
            if start + captured > end:
                self.needed = size + captured
                return
            self.packets += 1
            self.consumed = start + captured
            yield start, captured, wire, seconds * 1_000_000_000 + fraction * unit, 0
            position = start + captured
        self.needed = size

    def walk_pcapng(self, buffer: bytes, end: int) -> Iterator[Item]:
        """Blocks, each with its length at both ends."""
        position = self.consumed
        while position + 12 <= end:
            kind, length = BLOCK_HEAD[self.order](buffer, position)
            if kind == SECTION:
                if not self.section_order(buffer, position):
                    return
                length = BLOCK_HEAD[self.order](buffer, position)[1]
            # Some writers forget the padding in the length; Wireshark rounds up too.
            whole = (length + 3) & ~3
            if length < 12 or whole > BLOCK_LIMIT:
                self.stop(
                    say(
                        "a block behind packet {packet} claims {length:,} octets",
                        {"packet": self.packets, "length": length},
                    )
                )
                return
            if position + whole > end:
                self.needed = whole
                return
            if BLOCK_TAIL[self.order](buffer, position + whole - 4)[0] != length:
                self.stop(
                    say(
                        "a block behind packet {packet} gives two different lengths for itself",
                        {"packet": self.packets},
                    )
                )
                return
            self.consumed = position + whole
            item = self.block(kind, buffer, position, whole)
            if item is not None:
                yield item
            position += whole
        self.needed = 12

    def block(self, kind: int, buffer: bytes, position: int, whole: int) -> Item | None:
        """One whole block; what is not known is skipped (RFC draft pcapng, section 3.1)."""
        if kind in (ENHANCED, OBSOLETE):
            return self.packet(kind, buffer, position, whole)
        if kind == SIMPLE:
            return self.simple(buffer, position, whole)
        if kind == JOURNAL_BLOCK:
            return position + 8, whole - 12, 0, self.last_time, JOURNAL
        if kind == SECTION:
            self.described, self.missing = [], -1
        elif kind == DESCRIPTION:
            self.described.append(len(self.interfaces))
            self.interfaces.append(self.description(buffer, position, whole))
        elif kind == STATISTICS:
            self.statistics(buffer, position, whole)
        return None

    def packet(self, kind: int, buffer: bytes, position: int, whole: int) -> Item | None:
        if whole < 32:
            self.complain(
                say(
                    "a packet block behind packet {packet} is too short to hold a packet; it was left out",
                    {"packet": self.packets},
                )
            )
            return None
        number, high, low, captured, wire = PACKET_FIELDS[self.order](buffer, position + 8)
        if kind == OBSOLETE:
            number = struct.unpack_from(self.order + "H", buffer, position + 8)[0]
        self.packets += 1
        captured = self.fitting(captured, whole - 32)
        index = self.known(number)
        self.last_time = self.interfaces[index].time(high << 32 | low)
        return position + 28, captured, wire, self.last_time, index

    def simple(self, buffer: bytes, position: int, whole: int) -> Item | None:
        if whole < 16:
            self.complain(
                say(
                    "a packet block behind packet {packet} is too short to hold a packet; it was left out",
                    {"packet": self.packets},
                )
            )
            return None
        (wire,) = BLOCK_TAIL[self.order](buffer, position + 8)
        self.packets += 1
        index = self.plain(self.known(0))
        snaplen = self.interfaces[index].snaplen or wire
        captured = min(wire, snaplen, whole - 16)
        if min(wire, snaplen) > captured:
            self.fitting(min(wire, snaplen), captured)
        return position + 12, captured, wire, self.last_time, index

    def plain(self, index: int) -> int:
        """The stand-in for interface `index` that simple packet blocks come by: they have no time and no options."""
        if index not in self.plains:
            self.plains[index] = len(self.interfaces)
            self.interfaces.append(replace(self.interfaces[index], form="simple"))
        return self.plains[index]

    def fitting(self, captured: int, room: int) -> int:
        if captured <= room:
            return captured
        self.complain(
            say(
                "packet {packet} claims {captured:,} octets where its block has room for {room:,}",
                {"packet": self.packets, "captured": captured, "room": room},
            )
        )
        return room

    def known(self, number: int) -> int:
        """The index of the current section's interface `number`, or of a stand-in that has no link type."""
        if number < len(self.described):
            return self.described[number]
        self.complain(
            say(
                "packet {packet} came by interface {number}, which the file does not describe",
                {"packet": self.packets, "number": number},
            )
        )
        if self.missing < 0:
            self.missing = len(self.interfaces)
            self.interfaces.append(Interface(-1, "pcapng", self.order))
        return self.missing

    def section_order(self, buffer: bytes, position: int) -> bool:
        """Learn the byte order of the section that starts here."""
        magic = bytes(buffer[position + 8 : position + 12])
        if magic not in BYTE_ORDERS:
            self.stop(say("a section behind packet {packet} has no valid byte-order mark", {"packet": self.packets}))
            return False
        self.order, self.started = BYTE_ORDERS[magic], True
        return True

    def description(self, buffer: bytes, position: int, whole: int) -> Interface:
        """What an interface description block says."""
        if whole < 20:
            self.complain(_("an interface description is too short; its packets cannot be read"))
            return Interface(-1, "pcapng", self.order)
        link, _reserved, snaplen = struct.unpack_from(self.order + "HHI", buffer, position + 8)
        interface = Interface(link, "pcapng", self.order, snaplen=snaplen)
        for code, value in options(buffer, position + 16, position + whole - 4, self.order):
            if code == 2:
                interface = replace(interface, name=value.decode("utf-8", "replace")[:256])
            elif code == 9 and value:
                multiply, divide = resolution(value[0])
                interface = replace(interface, multiply=multiply, divide=divide)
            elif code == 14 and len(value) == 8:
                seconds = struct.unpack(self.order + "q", value)[0]
                interface = replace(interface, offset=max(-TIME_LIMIT, min(seconds * 10**9, TIME_LIMIT)))
        return interface

    def statistics(self, buffer: bytes, position: int, whole: int) -> None:
        """Take the drop counts of an interface statistics block: if_drop and os_drop, the latest of each interface."""
        if whole < 24:
            return
        (number,) = BLOCK_TAIL[self.order](buffer, position + 8)
        counts = [
            struct.unpack(self.order + "Q", value)[0]
            for code, value in options(buffer, position + 20, position + whole - 4, self.order)
            if code in (5, 7) and len(value) == 8
        ]
        if counts and number < len(self.described):
            self.dropped[self.described[number]] = min(sum(counts), TIME_LIMIT)

    def finish(self, left: int) -> None:
        """Nothing more comes; `left` octets behind `consumed` were never used."""
        if self.broken:
            return
        if not self.started:
            self.cease(_("the file stops in the middle of its header"))
        elif left and self.form == "pcapng":
            self.cease(
                say(
                    "the file stops in the middle of a block behind packet {packet}: {share}",
                    {"packet": self.packets, "share": self.share(left)},
                )
            )
        elif left:
            headless = left < RECORD_SIZE[self.form]
            used = 0 if headless else RECORD_SIZE[self.form]
            values = {"packet": self.packets + 1, "share": self.share(left - used, used)}
            if headless:
                self.cease(say("the file stops in the middle of the header of packet {packet}: {share}", values))
            else:
                self.cease(say("the file stops in the middle of packet {packet}: {share}", values))

    def share(self, left: int, used: int = 0) -> str:
        return say("{left:,} of {whole:,} octets are there", {"left": left, "whole": max(self.needed - used, left)})

    def stop(self, words: str) -> None:
        self.cease(say("{words}; the rest of the file was left unread", {"words": words}))
        self.broken = True

    def cease(self, words: str) -> None:
        """Say what ends the capture early."""
        self.complain(words)
        self.ending = self.ending or words

    def complain(self, words: str) -> None:
        if len(self.complaints) < COMPLAINT_LIMIT:
            self.complaints.append(words)


@dataclass(frozen=True, slots=True)
class Record:
    """One packet as the file has it."""

    number: int
    time: int
    link: int
    data: bytes
    wire_length: int
    interface: str = ""
    comment: str = ""
    oddity: str = ""
    """What is unusual about the record itself, in plain words."""
